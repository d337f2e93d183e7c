#!/usr/bin/env python3
"""A verdictd that is started while its brokers are away waits for them, and says so; what they answer and a person must mend ends it.
A Redis that loses everything under a running verdictd is noticed, and filled again with one command.

usage: tests/e2e/servers_away.py [--bin build/release/bin]
Exit 0: so it is; 1: findings; 77: a server cannot be had here.
"""

import argparse
import csv
import json
import os
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

from features_change import POLICY, TOP, VOLUME, amounts, free_port

UP, DOWN = TOP / "deploy/local/up.sh", TOP / "deploy/local/down.sh"
DAYS, MERCHANTS = 34, 20
PATIENCE = 120  # seconds; nothing here takes as long where all goes well


class World:
    def __init__(self, binaries):
        self.bin = binaries
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="verdict-away-"))
        self.servers = self.work / "servers"
        self.log = self.work / "verdictd.log"
        self.process = None
        self.findings = 0

    def up(self, *words):
        done = subprocess.run([UP, "--dir", self.servers, "--replay", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            sys.exit(77 if done.returncode == 77 else 1)

    def port(self, server):
        return int((self.servers / server / "port").read_text())

    def kill(self, server):
        pid = int((self.servers / server / "pid").read_text())
        os.kill(pid, signal.SIGKILL)
        self.until(f"{server} is gone", lambda: not self.listens(server))

    def listens(self, server):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port(server))) == 0

    def configure(self):
        rules = self.work / "rules"
        rules.mkdir()
        (rules / "schema.json").write_text('{ "schema": "txn/1" }')
        (rules / "policy.json").write_text(json.dumps(POLICY))
        (rules / "features.json").write_text(json.dumps({"features": [VOLUME]}))
        (self.work / "secret").write_text("00112233445566778899aabbccddeeff\n")
        self.config = self.write_config("verdict.json", "transactions", "state")
        self.lost = self.write_config("lost.json", "nowhere", "state-lost")

    def write_config(self, name, topic, state):
        path = self.work / name
        path.write_text(json.dumps({
            "log": {"kafka": {"brokers": f"127.0.0.1:{self.port('kafka')}", "topic": topic}},
            "store": {"redis": {"address": f"127.0.0.1:{self.port('redis')}"}}, "aggregate": {"dir": str(self.work / "batch")},
            "state": str(self.work / state), "secret_file": str(self.work / "secret"), "clock": "event",
            "rules": str(self.work / "rules"), "score": {"blob_wait_ms": 5000}}))
        return path

    def run(self, *words):
        done = subprocess.run([str(self.bin / "verdict"), *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout + done.stderr

    def must(self, *words):
        status, said = self.run(*words)
        if status != 0:
            sys.exit(f"servers_away: verdict {words[0]}: {said}")
        return said

    def start(self, config=None):
        self.address, self.http = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.said = self.log.stat().st_size if self.log.exists() else 0
        self.process = subprocess.Popen([str(self.bin / "verdictd"), "--config", str(config or self.config), "--listen", self.address,
                                         "--http", self.http], stderr=self.log.open("ab"))

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.http}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def new_log(self):
        return self.log.read_bytes()[self.said:].decode()

    def features(self, merchant, at):
        _, out = self.run("aggregate", "show", f"merchant:{merchant}", "--addr", self.address, "--at", at, "--rules", self.work / "rules",
                          "--format", "json")
        try:
            (shown,) = json.loads(out)
            return sum(part["sum"] for part in shown["parts"]), shown["provenance"]
        except json.JSONDecodeError:
            return out, "no answer"

    def until(self, name, done):
        for _ in range(PATIENCE * 5):
            if done():
                return self.expect(name, True, True)
            time.sleep(0.2)
        self.expect(name, "not so, for long", True)
        print(self.new_log())

    def expect(self, name, value, wanted):
        print(f"{'ok    ' if value == wanted else 'WRONG '} {name}" + ("" if value == wanted else f": {value}, wanted {wanted}"), flush=True)
        self.findings += value != wanted

    def stop(self, name):
        self.process.send_signal(signal.SIGTERM)
        self.expect(name, self.process.wait(PATIENCE), 0)
        self.process = None


def brokers_away(world, total, merchant, at):
    brokers = f"127.0.0.1:{world.port('kafka')}"
    world.kill("kafka")
    world.start()
    world.until("without brokers it lives", lambda: world.get("/healthz")[0] == 200)
    world.until("and says every few seconds which do not answer",
                lambda: world.new_log().count("the log cannot be reached, and is asked again") >= 2 and f"kafka at {brokers}" in world.new_log())
    status, body = world.get("/readyz")
    world.expect("it is not ready", status, 503)
    world.expect("and says why", "reaching the log" in body and brokers in body, True)
    payment = world.work / "payment.json"
    payment.write_text(json.dumps({"id": "t1", "event_time_ms": 1, "amount_minor": 1, "currency": "EUR", "merchant_id": "m1"}))
    status, said = world.run("score", "--addr", world.address, "--txn", payment, "--timeout-ms", 5000)
    world.expect("it decides nothing", (status, "not ready: reaching the log" in said), (2, True))
    world.stop("a stop ends it meanwhile")

    world.start()
    world.until("again without brokers", lambda: "cannot be reached" in world.new_log())
    world.up("kafka")
    world.until("it goes on when they come", lambda: world.get("/readyz")[0] == 200)
    world.expect("and knows all", world.features(merchant, at), (total, "FULL"))
    world.expect("what it waited for is told", "the log is reached" in world.new_log(), True)


def topic_missing(world):
    world.start(world.lost)
    world.expect("a topic that is not there is refused", world.process.wait(PATIENCE), 2)
    world.expect("with how to create it", "--create --topic nowhere" in world.new_log(), True)
    world.kill("kafka")
    world.start(world.lost)
    world.until("while the brokers are away nobody knows", lambda: "cannot be reached" in world.new_log())
    world.up("kafka")
    world.expect("once they are there it is refused", world.process.wait(PATIENCE), 2)
    world.process = None


def redis_lost(world, total, merchant, at):
    with socket.create_connection(("127.0.0.1", world.port("redis"))) as redis:
        redis.sendall(b"FLUSHALL\r\n")
        world.expect("Redis is emptied", redis.recv(100), b"+OK\r\n")
    world.until("that is noticed", lambda: "the aggregates lack" in world.new_log())
    answer = world.features(merchant, at)
    world.expect("an answer says so, whatever it adds up to", answer[1], "PARTIAL")
    status, said = world.run("aggregate", "--config", world.config)
    world.expect("nothing is folded into it", (status, "verdict aggregate upload" in said), (2, True))
    status, said = world.run("aggregate", "upload", "--config", world.config)
    world.expect("one command fills it", (status, "each read back" in said), (0, True))
    world.until("and all is whole again", lambda: world.features(merchant, at) == (total, "FULL"))
    world.expect("a fold goes on", world.run("aggregate", "--config", world.config)[0], 0)


def run(world):
    world.up("--kafka-port", "0", "--redis-port", "0", "--while-pid", str(os.getpid()), "kafka", "redis")
    world.configure()
    world.must("generate", "--seed", 5, "--days", DAYS, "--merchants", MERCHANTS, "--cards", 200, "--payments-per-day", 300,
               "--today-payments", 0, "--out", world.work)
    world.must("import", world.work / "history.csv", "--config", world.config)
    world.must("aggregate", "--config", world.config)
    history = list(csv.DictReader((world.work / "history.csv").open()))
    last_day = time.strftime("%Y-%m-%d", time.gmtime(int(history[-1]["event_time_ms"]) / 1000))
    at, merchant = f"{last_day}T23:59:59Z", history[-1]["merchant_id"]
    total = sum(a for a, _ in amounts(history, merchant, last_day, 30))
    brokers_away(world, total, merchant, at)
    redis_lost(world, total, merchant, at)
    world.stop("it ends well")
    topic_missing(world)


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
        subprocess.run([DOWN, "--dir", world.servers, "--wipe", "kafka", "redis"], capture_output=True)
    if world.findings == 0:
        shutil.rmtree(world.work)
    print(f"servers away: {world.findings} findings" + (f"; see {world.work}" if world.findings else ""))
    sys.exit(1 if world.findings else 0)


if __name__ == "__main__":
    main()
