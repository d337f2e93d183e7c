#!/usr/bin/env python3
"""What is let go of, by the real binary: a month goes by on the event clock; epochs are dropped, the log is trimmed, answers stay.

usage: tests/e2e/let_go.py [--bin DIR]     exit 0: memory and log no longer grow by the day, and every total is right; 1: not so; 2: trouble
Days of payments go in through `verdict import` and a running verdictd, day by day. Then sweep and heal find nothing to say.
"""

import argparse
import csv
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

DAY = 86_400
START = 1_767_225_600  # 2026-01-01T00:00:00Z
MERCHANTS, PAYMENTS_A_DAY, HISTORY_DAYS, LIVE_DAYS = 7, 240, 12, 6

FEATURES = """{ "features": [
  { "name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d" },
  { "name": "count_3d", "entity": "merchant", "aggregate": "count", "window": "3d" } ] }"""
POLICY = """{ "review_at": 50, "deny_at": 100, "default": "allow", "reasons": ["NONE"],
  "on": { "STALE": "decide", "PARTIAL": "decide", "DEFAULT": "review" } }"""
RULES = """{ "schema": "txn/1", "rules": [
  { "id": "reads", "name": "Never matches", "owner": "tests", "mode": "live", "action": "none", "score": 1, "reason": "NONE",
    "when_all": [ "merchant.volume_30d < -1.0", "merchant.count_3d < -1" ] } ] }"""

wrong = 0


def require(holds, what):
    global wrong
    if not holds:
        wrong += 1
        print(f"WRONG {what}")


def amount(day, i):
    return 100 + (day * 131 + i * 17) % 997


def payment(day, i):
    at = START + day * DAY + i * (DAY // PAYMENTS_A_DAY)
    return {"id": f"t{day}-{i}", "event_time_ms": at * 1000, "amount_minor": amount(day, i), "currency": "EUR",
            "merchant_id": f"m{i % MERCHANTS}", "card_id": f"c{i}", "status": "approved"}


def write_days(path, days):
    with open(path, "w", newline="") as file:
        rows = csv.DictWriter(file, payment(0, 0).keys())
        rows.writeheader()
        for day in days:
            rows.writerows(payment(day, i) for i in range(PAYMENTS_A_DAY))


def total(merchant, last_day, window):
    days = range(max(0, last_day - window + 1), last_day + 1)
    amounts = [amount(d, i) for d in days for i in range(PAYMENTS_A_DAY) if i % MERCHANTS == merchant]
    return sum(amounts), len(amounts)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Verdictd:
    def __init__(self, bin_dir, work):
        self.grpc, self.http = free_port(), free_port()
        self.log = open(work / "verdictd.log", "ab")
        self.process = subprocess.Popen(
            [bin_dir / "verdictd", "--embedded", work / "dir", "--rules", work / "rules", "--clock", "event", "--listen",
             f"127.0.0.1:{self.grpc}", "--http", f"127.0.0.1:{self.http}", "--checkpoint-period-ms", "200",
             "--log-retention-days", "3", "--score-blob-wait-ms", "5000", "--score-append-wait-ms", "5000"],
            stdout=self.log, stderr=self.log)
        self.wait(lambda: self.get("/readyz") is not None, "it never gets ready")

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def wait(self, holds, otherwise, seconds=90):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end or self.process.poll() is not None:
                print(f"let go: {otherwise}")
                sys.exit(2)
            time.sleep(0.1)

    def metric(self, name, **labels):
        values = []
        for line in (self.get("/metrics") or "").splitlines():
            found = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
            if found and all(f'{k}="{v}"' in (found.group(1) or "") for k, v in labels.items()):
                values.append(float(found.group(2)))
        return values

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        return self.process.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build/release/bin", type=lambda p: pathlib.Path(p).resolve())
    bin_dir = parser.parse_args().bin
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / "rules").mkdir()
        for file, text in (("schema", '{ "schema": "txn/1" }'), ("features", FEATURES), ("policy", POLICY), ("reads", RULES)):
            (work / "rules" / f"{file}.json").write_text(text)

        def verdict(*arguments, statuses=(0,)):
            done = subprocess.run([bin_dir / "verdict", *arguments], capture_output=True, text=True)
            if done.returncode not in statuses:
                print(f"let go: verdict {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}{done.stdout}")
                sys.exit(2)
            return done.stdout

        embedded = ["--embedded", work / "dir", "--clock", "event"]
        with_rules = [*embedded, "--rules", work / "rules", "--format", "json"]
        write_days(work / "history.csv", range(HISTORY_DAYS))
        verdict("import", work / "history.csv", *embedded)
        # The whole history is in memory first: the fold of all its days at once is compared with it.
        server = Verdictd(bin_dir, work)
        last_day = HISTORY_DAYS
        for last_day in range(HISTORY_DAYS, HISTORY_DAYS + LIVE_DAYS):
            write_days(work / "day.csv", [last_day])
            verdict("score", "--csv", work / "day.csv", "--out", work / "answers.csv", "--addr", f"127.0.0.1:{server.grpc}")
            cut = (START + last_day * DAY) // DAY
            server.wait(lambda: min(server.metric("verdict_agg_cut_id", state="published"), default=0) >= cut,
                        f"day {last_day} is never published")
        server.wait(lambda: min(server.metric("verdict_agg_cut_id", state="dropped"), default=0) >= cut - 1, "epochs are never dropped")
        epochs = server.metric("verdict_agg_live_epochs")
        print(f"epochs in memory after {last_day + 1} days: {epochs}; guards {server.metric('verdict_agg_bytes', kind='guard')} bytes")
        require(max(epochs) <= 3, f"{epochs} epochs are in memory")
        require(not any(server.metric("verdict_agg_proof_mismatch_total")), "a proof failed")
        require(server.stop() == 0, "verdictd did not end well")

        server = Verdictd(bin_dir, work)  # what was dropped does not come back
        require(max(server.metric("verdict_agg_live_epochs")) <= 3, "dropped epochs came back")
        server.wait(lambda: "log trimmed" in (work / "verdictd.log").read_text(), "the log is never trimmed")
        for merchant in range(MERCHANTS):
            at = time.strftime("%Y-%m-%dT23:59:59Z", time.gmtime(START + last_day * DAY))
            shown = json.loads(verdict("aggregate", "show", f"merchant:m{merchant}", "--addr", f"127.0.0.1:{server.grpc}",
                                       "--at", at, "--rules", work / "rules", "--format", "json"))
            for feature in shown:
                window = 30 if feature["feature"].endswith("30d") else 3
                expected = total(merchant, last_day, window)
                found = (sum(p["sum"] for p in feature["parts"]), sum(p["count"] for p in feature["parts"]))
                same = found == expected if window == 30 else found[1] == expected[1]
                require(same, f"m{merchant} {feature['feature']}: {found}, not {expected}")
                require(feature["provenance"] == "FULL", f"m{merchant} {feature['feature']} is {feature['provenance']}")
        require(server.stop() == 0, "verdictd did not end well")
        for result in json.loads(verdict("aggregate", "sweep", *with_rules)):
            require(result["compared"] and not result["differences"], f"sweep: {result}")
        healed = json.loads(verdict("aggregate", "heal", *with_rules))
        require(healed["changed"] == 0, f"heal: {healed}")
        for result in json.loads(verdict("aggregate", "sweep", *with_rules)):
            require(result["compared"] and not result["differences"], f"sweep after heal: {result}")
        if wrong:
            print((work / "verdictd.log").read_text()[-4000:])
    print("let go: " + ("right" if wrong == 0 else f"{wrong} things are wrong"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
