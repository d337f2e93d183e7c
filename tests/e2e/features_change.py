#!/usr/bin/env python3
"""A feature is added to a verdictd that has a history, then taken away: the others keep their values and their state, the new
one says PARTIAL until it is whole, and then equals what the history adds up to.

usage: tests/e2e/features_change.py [--bin build/release/bin]
"""

import argparse
import csv
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
VOLUME = {"name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d"}
ADDED = {"name": "approved_7d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "7d",
         "where": "txn.status == 'approved'"}
POLICY = {"review_at": 50, "deny_at": 100, "default": "allow", "on": {"STALE": "decide", "PARTIAL": "decide", "DEFAULT": "review"}, "reasons": ["NONE"]}
DAYS, MERCHANTS = 34, 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class World:
    def __init__(self, binaries):
        self.bin = binaries
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="verdict-features-"))
        self.rules = self.work / "rules"
        self.rules.mkdir()
        (self.rules / "schema.json").write_text('{ "schema": "txn/1" }')
        (self.rules / "policy.json").write_text(json.dumps(POLICY))
        self.log = self.work / "verdictd.log"
        self.process = None
        self.findings = 0

    def declare(self, *features):
        (self.rules / "features.json").write_text(json.dumps({"features": list(features)}))

    def verdict(self, *words):
        done = subprocess.run([str(self.bin / "verdict"), *map(str, words)], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            sys.exit(f"features_change: verdict {words[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        self.address, http = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.said = self.log.stat().st_size if self.log.exists() else 0
        self.process = subprocess.Popen(
            [str(self.bin / "verdictd"), "--embedded", str(self.work / "dir"), "--rules", str(self.rules), "--clock", "event",
             "--listen", self.address, "--http", http, "--score-blob-wait-ms", "5000"], stderr=self.log.open("ab"))
        for _ in range(600):
            try:
                if urllib.request.urlopen(f"http://{http}/readyz", timeout=1).status == 200:
                    return
            except (urllib.error.URLError, OSError):
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit("features_change: verdictd is not ready:\n" + self.log.read_text())

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        self.expect("verdictd ends well", self.process.wait(60), 0)
        self.process = None

    def new_log(self):
        return self.log.read_bytes()[self.said:].decode()

    def features(self, merchant, at):
        out = self.verdict("aggregate", "show", f"merchant:{merchant}", "--addr", self.address, "--at", at, "--rules", self.rules, "--format", "json")
        return {f["feature"]: f for f in json.loads(out)}

    def expect(self, name, value, wanted):
        print(f"{'ok    ' if value == wanted else 'WRONG '} {name}" + ("" if value == wanted else f": {value}, wanted {wanted}"), flush=True)
        self.findings += value != wanted


def amounts(history, merchant, last_day, days):
    newest = int(time.mktime(time.strptime(last_day + " UTC", "%Y-%m-%d %Z")) - time.timezone)
    for row in history:
        if row["merchant_id"] != merchant:
            continue
        age = newest // 86400 - int(row["event_time_ms"]) // 86_400_000
        if 0 <= age < days:
            yield int(row["amount_base_minor"] or row["amount_minor"]), row["status"]


def run(world):
    world.verdict("generate", "--seed", 5, "--days", DAYS, "--merchants", MERCHANTS, "--cards", 200, "--payments-per-day", 300,
                  "--today-payments", 0, "--out", world.work)
    history = list(csv.DictReader((world.work / "history.csv").open()))
    last_day = time.strftime("%Y-%m-%d", time.gmtime(int(history[-1]["event_time_ms"]) / 1000))
    at = f"{last_day}T23:59:59Z"
    merchant = history[-1]["merchant_id"]
    volume = sum(a for a, _ in amounts(history, merchant, last_day, 30))
    approved = sum(a for a, status in amounts(history, merchant, last_day, 7) if status == "approved")

    def total_of(features, name="merchant.volume_30d"):
        shown = features[name]
        return sum(p["sum"] for p in shown["parts"]), shown["provenance"]

    world.declare(VOLUME)
    world.verdict("import", world.work / "history.csv", "--embedded", world.work / "dir")
    world.verdict("aggregate", "--embedded", world.work / "dir", "--rules", world.rules)
    world.start()
    world.expect("the first feature adds up", total_of(world.features(merchant, at)), (volume, "FULL"))
    world.stop()

    world.declare(VOLUME, ADDED)
    world.start()
    world.expect("the state goes on from its checkpoint", '"from":"checkpoint"' in world.new_log(), True)
    seen = set()
    for _ in range(300):
        features = world.features(merchant, at)
        if total_of(features) != (volume, "FULL"):
            world.expect("the first feature stays whole", total_of(features), (volume, "FULL"))
            break
        total, provenance = total_of(features, "merchant.approved_7d")
        seen.add(provenance)
        if provenance == "FULL":
            world.expect("and equals the history", total, approved)
            break
        time.sleep(0.1)
    world.expect("the new one became whole", "FULL" in seen, True)
    world.expect("it says nothing else than PARTIAL before", seen - {"FULL", "PARTIAL"}, set())
    world.expect("it was counted beside the others", "new measures caught up" in world.new_log(), True)
    world.stop()

    world.declare(VOLUME)
    world.start()
    world.expect("without it the state goes on too", '"from":"checkpoint"' in world.new_log(), True)
    world.expect("and so does the first feature", total_of(world.features(merchant, at)), (volume, "FULL"))
    world.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build/release/bin")
    world = World(parser.parse_args().bin)
    try:
        run(world)
    finally:
        if world.process is not None:
            world.process.kill()
            world.process.wait()
    if world.findings == 0:
        shutil.rmtree(world.work)
    print(f"features change: {world.findings} findings" + (f"; see {world.work}" if world.findings else ""))
    sys.exit(1 if world.findings else 0)


if __name__ == "__main__":
    main()
