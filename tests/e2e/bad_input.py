#!/usr/bin/env python3
"""Bad input, tried on the real binaries: each must be answered with what is wrong, where, and how to mend it.

usage: tests/e2e/bad_input.py [--bin build/release/bin]
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BULK = {f"a{i}": {"string_value": "x" * 900} for i in range(60)}  # 55 KB: within what one payment may weigh
GOOD = {"id": "t1", "event_time_ms": 1_767_225_600_000, "amount_minor": 1250, "currency": "EUR", "merchant_id": "m1", "card_id": "c1"}


class Bench:
    def __init__(self, binaries):
        self.binaries = binaries
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="verdict-bad-"))
        self.wrong = 0
        self.tried = 0
        self.skipped = []

    def run(self, *words, timeout=30, user=None, binaries=None):
        command = [str((binaries or self.binaries) / words[0]), *map(str, words[1:])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, user=user)
        return done.returncode, done.stdout + done.stderr

    def expect(self, name, result, status, *patterns):
        """The exit status, and every pattern in the output."""
        self.tried += 1
        code, output = result
        missing = [p for p in patterns if not re.search(p, output)]
        if code == status and not missing:
            print(f"ok     {name}")
            return
        self.wrong += 1
        print(f"WRONG  {name}: exit {code} (wanted {status}), not said: {missing}\n" + "".join(f"         {l}\n" for l in output.splitlines()[:8]))

    def skip(self, name, why):
        self.skipped.append(name)
        print(f"skipped: {name}: {why}")


def rules_copy(bench, name):
    folder = bench.work / name
    shutil.copytree(TOP / "tests/e2e/rules", folder)
    return folder


def edit(path, old, new):
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))


def rule_files(bench):
    cases = [
        ("malformed schema.json", "schema.json", '"txn/1" }', '"txn/1" ', [r"schema\.json:\d+:\d+: error\[R5\d\d\]"]),
        ("malformed features.json", "features.json", '"entity": "merchant",', '"entity": "merchant"', [r"features\.json:3:\d+: error\[R5\d\d\]"]),
        ("malformed policy.json", "policy.json", '"review_at": 50', '"review_at": fifty', [r"policy\.json:1:\d+: error\[R5\d\d\]"]),
        ("malformed rule file", "turns.json", '"mode": "live", "action": "deny"', '"mode": "live" "action": "deny"', [r"turns\.json:4:\d+: error\[R5\d\d\]"]),
        ("unknown key in schema.json", "schema.json", '"schema"', '"shema": 1, "schema"', [r"schema\.json:1:3", "shema"]),
        ("unknown key in features.json", "features.json", '"window": "30d"', '"windw": "30d"', [r"features\.json:3:\d+", "windw", "window"]),
        ("unknown key in policy.json", "policy.json", '"review_at"', '"reviw_at"', [r"policy\.json:1:3", "reviw_at", "review_at"]),
        ("unknown key in a rule", "turns.json", '"owner": "tests"', '"ownr": "tests"', [r"turns\.json:4:\d+", "ownr", "owner"]),
        ("duplicate rule id", "turns.json", '"one_more"', '"every_third"', [r"turns\.json:8:\d+", "every_third", "turns\\.json:4"]),
        ("duplicate key", "turns.json", '"owner": "tests"', '"owner": "tests", "owner": "us"', [r"error\[R501\]", "owner"]),
        ("unknown field", "turns.json", "merchant.count_30d % 3 == 1", "merchant.cont_30d % 3 == 1", [r"error\[R1\d\d\]", "cont_30d", "count_30d"]),
        ("wrong type in an expression", "turns.json", "merchant.count_30d % 3 == 1", "merchant.count_30d == 'one'", [r"error\[R2\d\d\]"]),
        ("wrong type of a value", "policy.json", '"deny_at": 100', '"deny_at": "100"', [r"policy\.json:1:\d+: error\[R5\d\d\]", "deny_at"]),
        ("huge number", "policy.json", '"deny_at": 100', '"deny_at": 99999999999999999999', [r"policy\.json:1:\d+: error\[R5\d\d\]", "deny_at"]),
        ("unknown window", "features.json", '"window": "1d"', '"window": "1y"', [r"features\.json:5:\d+", "1y"]),
        ("mixed currencies", "features.json", "txn.amount_base_minor", "txn.amount_minor", [r"error\[R214\]"]),
        ("failing test of a rule", "turns.json", '"count_30d": 3 }', '"count_30d": 4 }', [r"turns\.json", "every_third", "third"]),
    ]
    for number, (name, file, old, new, patterns) in enumerate(cases):
        folder = rules_copy(bench, f"rules{number}")
        edit(folder / file, old, new)
        bench.expect(f"lint: {name}", bench.run("verdict", "lint", folder), 1, *patterns)
    folder = rules_copy(bench, "rules_utf8")
    (folder / "turns.json").write_bytes(b'{ "schema": "txn/1", "rules": [ "\xff\xfe" ] }')
    bench.expect("lint: not UTF-8", bench.run("verdict", "lint", folder), 1, r"turns\.json:1:\d+", "UTF-8")
    folder = rules_copy(bench, "rules_deep")
    (folder / "turns.json").write_text("[" * 100_000)
    bench.expect("lint: nested without end", bench.run("verdict", "lint", folder), 1, r"turns\.json:1:\d+", "nest|deep")
    bench.expect("lint: no such folder", bench.run("verdict", "lint", bench.work / "nowhere"), 2, "nowhere")
    bench.expect("a good folder is clean", bench.run("verdict", "lint", TOP / "tests/e2e/rules"), 0)


def settings(bench):
    config = bench.work / "config.json"
    for name, text, patterns in [
        ("malformed configuration", '{ "listen": ', ["config.json"]),
        ("unknown key in the configuration", '{ "listne": "127.0.0.1:1" }', ["config.json", "listne", "listen"]),
        ("wrong type in the configuration", '{ "listen": 50051 }', ["config.json", "listen"]),
        ("bad zone", '{ "zone": "Mars/Olympus" }', ["zone", "Mars/Olympus"]),
    ]:
        config.write_text(text)
        result = bench.run("verdictd", "--config", config, "--embedded", bench.work / "d", "--check-config")
        bench.expect(f"verdictd: {name}", result, 2, *patterns)
    bench.expect("verdictd: unknown flag", bench.run("verdictd", "--embeded", "x"), 2, "embeded")
    bench.expect("verdictd: a public address without TLS", bench.run("verdictd", "--embedded", bench.work / "d", "--listen", "0.0.0.0:0"), 2, "--insecure-listen")


class Service:
    """A verdictd on a folder of its own."""

    def __init__(self, bench, directory, *flags):
        self.bench = bench
        self.ports = [free_port(), free_port()]
        self.log = (bench.work / "verdictd.log").open("ab")
        self.process = subprocess.Popen(
            [str(bench.binaries / "verdictd"), "--embedded", str(directory), "--rules", str(TOP / "tests/e2e/rules"),
             "--listen", f"127.0.0.1:{self.ports[0]}", "--http", f"127.0.0.1:{self.ports[1]}", "--clock", "event", *flags],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        self.address = f"127.0.0.1:{self.ports[0]}"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.ready_page()[0] != 200:
            if self.process.poll() is not None:
                break
            time.sleep(0.05)

    def ready_page(self):
        import urllib.error
        import urllib.request
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[1]}/readyz", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def score(self, **changes):
        transaction = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
        path = self.bench.work / "txn.json"
        path.write_text(json.dumps(transaction))
        return self.bench.run("verdict", "score", "--addr", self.address, "--txn", path)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def transactions(bench, service):
    now = int(time.time() * 1000)
    bench.expect("score: a good payment", service.score(id="good"), 0, "ALLOW|DENY|REVIEW", "FULL")
    for name, changes, patterns in [
        ("empty id", {"id": ""}, ["INVALID_ARGUMENT", r"\bid\b"]),
        ("long id", {"id": "x" * 129}, ["INVALID_ARGUMENT", r"\bid\b", "128"]),
        ("empty merchant", {"merchant_id": ""}, ["INVALID_ARGUMENT", "merchant_id"]),
        ("negative amount", {"amount_minor": -1}, ["INVALID_ARGUMENT", "amount_minor"]),
        ("huge amount", {"amount_minor": 9_000_000_000_000_000_000}, ["INVALID_ARGUMENT", "amount_minor"]),
        ("unknown currency", {"currency": "EURO"}, ["INVALID_ARGUMENT", "currency"]),
        ("no time", {"event_time_ms": 0}, ["INVALID_ARGUMENT", "event_time_ms"]),
        ("far future", {"event_time_ms": now + 86_400_000}, ["INVALID_ARGUMENT", "event_time_ms"]),
        ("country that is none", {"merchant_country": "FRANCE"}, ["INVALID_ARGUMENT", "merchant_country"]),
    ]:
        bench.expect(f"score: {name}", service.score(**changes), 2, *patterns)
    for number in ("4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004"):
        code, output = service.score(id="pan", card_id=number)
        bench.expect(f"score: card number {number[:4]}...", (code, output), 2, "INVALID_ARGUMENT", "card_id", "token")
        bench.expect("score: the card number is not repeated", (0 if number not in output else 1, output), 0)
    bench.expect("score: far past", service.score(id="old", event_time_ms=86_400_000), 0, "ALLOW|DENY|REVIEW")
    bench.expect("score: same id, other amount", service.score(id="good", amount_minor=999), 2, "ALREADY_EXISTS")
    bench.expect("score: same id, same content", service.score(id="good"), 0, "replayed")
    bench.expect("score: oversized message", service.score(id="big", attributes={f"a{i}": {"string_value": "x" * 4000} for i in range(64)}), 2, "RESOURCE_EXHAUSTED|INVALID_ARGUMENT", "at most")
    bench.expect("score: too many attributes", service.score(id="many", attributes={f"a{i}": {"int_value": i} for i in range(65)}), 2, "attributes: 65 given; at most 64")
    path = bench.work / "not.json"
    path.write_text("{ nonsense")
    bench.expect("score: malformed JSON", bench.run("verdict", "score", "--addr", service.address, "--txn", path), 2, r"not\.json")
    path = bench.work / "txn.json"
    path.write_text(json.dumps(GOOD))
    bench.expect("score: nobody listens", bench.run("verdict", "score", "--addr", f"127.0.0.1:{free_port()}", "--txn", bench.work / "txn.json"), 2,
                 "no service answers at 127\\.0\\.0\\.1:", "is verdictd running", "--addr")
    bench.expect("the card numbers are in no log", (1 if b"4111" in (bench.work / "verdictd.log").read_bytes() else 0, ""), 0)


def places(bench, service, directory):
    result = bench.run("verdictd", "--embedded", directory, "--rules", TOP / "tests/e2e/rules", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
    bench.expect("verdictd: a folder in use", result, 2, str(service.process.pid), "in use")
    result = bench.run("verdict", "aggregate", "--embedded", directory, "--rules", TOP / "tests/e2e/rules")
    bench.expect("verdict aggregate: a folder in use", result, 2, str(service.process.pid))
    result = bench.run("verdictd", "--embedded", bench.work / "other", "--rules", TOP / "tests/e2e/rules", "--listen", service.address, "--http", "127.0.0.1:0")
    bench.expect("verdictd: the gRPC port in use", result, 2, re.escape(service.address), "in use")
    http = f"127.0.0.1:{service.ports[1]}"
    result = bench.run("verdictd", "--embedded", bench.work / "other", "--rules", TOP / "tests/e2e/rules", "--listen", f"127.0.0.1:{free_port()}", "--http", http)
    bench.expect("verdictd: the HTTP port in use", result, 2, re.escape(http), "in use")
    if os.geteuid() != 0:
        bench.skip("an unreadable folder", "needs root, to run as another user")
        return
    closed = bench.work / "closed"
    closed.mkdir(mode=0o700)
    bench.work.chmod(0o755)
    # The checkout may lie where nobody else may look: /root, say.
    shutil.copy2(bench.binaries / "verdictd", bench.work)
    rules = rules_copy(bench, "open-rules")
    result = bench.run("verdictd", "--embedded", closed / "data", "--rules", rules, user="nobody", binaries=bench.work)
    bench.expect("verdictd: an unreadable folder", result, 2, "closed/data", "[Pp]ermission")


def full_disk(bench):
    directory = bench.work / "small"
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(directory)], capture_output=True).returncode != 0:
        bench.skip("a full disk", "this machine does not let us mount a small file system")
        return
    try:
        service = Service(bench, directory / "data")
        bench.expect("full disk: decides before it is full", service.score(id="before"), 0, "FULL")
        filler = directory / "filler"
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        outputs = [service.score(id=f"full{i}") for i in range(200)]
        partial = [o for o in outputs if o[0] == 0 and "PARTIAL" in o[1]]
        bench.expect("full disk: every payment is still decided", (max(code for code, _ in outputs), outputs[-1][1]), 0)
        if not partial:
            # The write-ahead log had room left: fill it by bulk.
            for i in range(2000):
                outputs = [service.score(id=f"more{i}", merchant_id=f"m{i}", attributes=BULK)]
                partial = [o for o in outputs if o[0] == 0 and "PARTIAL" in o[1]]
                if partial:
                    break
        bench.expect("full disk: answers say PARTIAL(log)", (0 if partial else 1, (partial or outputs)[-1][1]), 0, "log")
        code, body = service.ready_page()
        bench.expect("full disk: not ready, and says why", (0 if code == 503 else 1, body), 0, "log")
        filler.unlink()
        deadline, good = time.monotonic() + 30, (1, "")
        while time.monotonic() < deadline:
            good = service.score(id=f"after{time.monotonic_ns()}")
            if "FULL" in good[1]:
                break
            time.sleep(0.2)
        bench.expect("full disk: recovers by itself", good, 0, "FULL")
        bench.expect("full disk: ends well", (service.stop(), ""), 0)
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build/release/bin")
    bench = Bench(parser.parse_args().bin.resolve())
    rule_files(bench)
    settings(bench)
    directory = bench.work / "data"
    service = Service(bench, directory)
    try:
        transactions(bench, service)
        places(bench, service, directory)
    finally:
        status = service.stop()
    bench.expect("verdictd ends well after all of it", (status, ""), 0)
    full_disk(bench)
    print(f"bad input: {bench.tried - bench.wrong} of {bench.tried} answered clearly, {len(bench.skipped)} skipped")
    if bench.wrong == 0:
        shutil.rmtree(bench.work, ignore_errors=True)
    sys.exit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
