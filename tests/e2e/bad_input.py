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
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
BULK = {f"a{i}": {"string_value": "x" * 900} for i in range(60)}  # 55 KB: within what one payment may weigh
CARD_NUMBERS = ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004"]
FULL = r"provenance +FULL\n"
ONE_LINE = r"\A[^\n]+\n\Z"
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
        print(f"skipped: {name}: {why}", flush=True)


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
    good = TOP / "tests/e2e/rules"
    bench.expect("a good folder is clean", bench.run("verdict", "lint", good), 0)
    with open("/dev/full", "w") as full:
        lint = subprocess.run([bench.binaries / "verdict", "lint", good], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    bench.expect("lint: an output that cannot be written", (lint.returncode, lint.stderr), 2, "cannot write the output: No space")


def settings(bench):
    config = bench.work / "config.json"
    for name, text, patterns in [
        ("malformed configuration", '{\n  "listen": ', [r"config\.json", r"line 2, column 13"]),
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

    def __init__(self, bench, directory, append_wait_ms=5000):
        self.bench = bench
        self.ports = [free_port(), free_port()]
        self.log = (bench.work / "verdictd.log").open("ab")
        self.process = subprocess.Popen(
            [str(bench.binaries / "verdictd"), "--embedded", str(directory), "--rules", str(TOP / "tests/e2e/rules"),
             "--listen", f"127.0.0.1:{self.ports[0]}", "--http", f"127.0.0.1:{self.ports[1]}", "--clock", "event",
             # A busy machine must not make an answer PARTIAL.
             "--score-blob-wait-ms", "5000", "--score-append-wait-ms", str(append_wait_ms)],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        self.address = f"127.0.0.1:{self.ports[0]}"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.ready_page()[0] != 200:
            if self.process.poll() is not None:
                break
            time.sleep(0.05)

    def page(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[1]}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready_page(self):
        return self.page("/readyz")

    def events(self, name):
        """How many events of the log ended in this class."""
        found = re.search(rf'^verdict_agg_events_total{{class="{name}"}} (\d+)', self.page("/metrics")[1], re.M)
        return int(found[1]) if found else -1

    def score_text(self, text, name="txn.json"):
        path = self.bench.work / name
        path.write_text(text)
        return self.bench.run("verdict", "score", "--addr", self.address, "--txn", path)

    def score(self, **changes):
        transaction = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
        return self.score_text(json.dumps(transaction))

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def transactions(bench, service):
    now = int(time.time() * 1000)
    bench.expect("score: a good payment", service.score(id="good"), 0, "ALLOW|DENY|REVIEW", FULL)
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
    for number in CARD_NUMBERS:
        code, output = service.score(id="pan", card_id=number)
        bench.expect(f"score: card number {number}", (code, output), 2, "INVALID_ARGUMENT", "card_id", "token")
        bench.expect("score: the card number is not repeated", (0 if number not in output else 1, output), 0)
    far_past(bench, service)
    bench.expect("score: same id, other amount", service.score(id="good", amount_minor=999), 2, "ALREADY_EXISTS")
    bench.expect("score: same id, same content", service.score(id="good"), 0, "replayed")
    bench.expect("score: oversized message", service.score(id="big", attributes={f"a{i}": {"string_value": "x" * 4000} for i in range(64)}), 2, "RESOURCE_EXHAUSTED|INVALID_ARGUMENT", "at most")
    bench.expect("score: too many attributes", service.score(id="many", attributes={f"a{i}": {"int_value": i} for i in range(65)}), 2, "attributes: 65 given; at most 64")
    (bench.work / "txn.json").write_text(json.dumps(GOOD))
    bench.expect("score: nobody listens", bench.run("verdict", "score", "--addr", f"127.0.0.1:{free_port()}", "--txn", bench.work / "txn.json"), 2,
                 "no service answers at 127\\.0\\.0\\.1:", "is verdictd running", "--addr")


def far_past(bench, service):
    before = service.events("quarantined")
    bench.expect("score: far past", service.score(id="old", event_time_ms=86_400_000), 0, r"DEFAULT \(too_old\)")
    deadline = time.monotonic() + 30
    while service.events("quarantined") != before + 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    after = service.events("quarantined")
    bench.expect("score: the payment of the far past is quarantined", (0 if after == before + 1 else 1, f"{before}, then {after}"), 0)


def payment_texts(bench, service):
    """JSON that is no payment, before the service sees it."""
    for name, text, patterns in [
        ("malformed JSON", "{ nonsense", [r"line 1, column 3: is not JSON: expected a field's name in double quotes, found `n`"]),
        ("a missing comma", '{\n  "id": "t1"\n  "currency": "EUR"\n}', [r"line 3, column 3: is not JSON: expected `,` or `}`, found `\"`"]),
        ("JSON that ends too soon", '{ "id": "t1",', [r"line 1, column 14: .*found the end of the text"]),
        ("an empty file", "", [r"line 1, column 1: is not JSON: expected `{`"]),
        ("a list", "[]", [r"line 1, column 1: is not JSON: expected `{`, found `\["]),
    ]:
        bench.expect(f"score: {name}", service.score_text(text, "not.json"), 2, ONE_LINE, r"not\.json: " + patterns[0], *patterns[1:])
    for name, changes, patterns in [
        ("unknown field", {"amuont_minor": 5}, [r'line 1, column \d+: unknown field "amuont_minor"; known are id, .*amount_minor']),
        ("unknown member of an attribute", {"attributes": {"a": {"int": 5}}}, [r'attributes\["a"\]: unknown field "int"; known are string_value']),
        ("a number for a string", {"id": 5}, [r"line 1, column 8: id: must be a string in double quotes, not a number"]),
        ("a string for a number", {"amount_minor": "ten"}, [r"column \d+: amount_minor: must be a whole number"]),
        ("a fraction for a whole number", {"amount_minor": 12.5}, [r"column \d+: amount_minor: must be a whole number"]),
        ("an attribute without its type", {"attributes": {"a": 5}}, [r'attributes\["a"\]: must be an object \{ \}, not a number']),
    ]:
        bench.expect(f"score: {name}", service.score(**changes), 2, ONE_LINE, *patterns)
    code, output = service.score(card_id=int(CARD_NUMBERS[0]))
    bench.expect("score: a card number as a number", (code, output), 2, ONE_LINE, "card_id: must be a string")
    bench.expect("score: that number is not repeated", (0 if CARD_NUMBERS[0] not in output else 1, output), 0)


def imports(bench):
    """Mapping files and JSON lines."""
    rows = bench.work / "rows.csv"
    rows.write_text("tx,at\nt1,2026-01-01\n")
    mapping = bench.work / "mapping.json"
    good = (TOP / "tests/mappings/handbook.json").read_text()
    for name, text, patterns in [
        ("malformed mapping", good.replace('"fields": {', '"fields" {'), [r"mapping\.json:\d+:\d+: not JSON: expected `:` after the key, found `{`"]),
        ("a mapping that ends too soon", '{\n  "fields": {', [r"mapping\.json:2:14: not JSON: expected"]),
        ("a key of a mapping twice", '{ "fields": {}, "fields": {} }', [r"mapping\.json:1:17: key `fields` stands twice"]),
        ("unknown key in a mapping", good.replace('"fields": {', '"feilds": {'), [r'mapping\.json: unknown key "feilds"; did you mean `fields`']),
        ("unknown key of a field", '{ "fields": { "id": { "colum": "tx" } } }', [r'mapping\.json: fields: id: unknown key "colum"; did you mean `column`']),
        ("unknown field in a mapping", '{ "fields": { "amuont_minor": "tx" } }', [r"fields: amuont_minor: there is no such field; did you mean `amount_minor`"]),
    ]:
        assert text != good, name
        mapping.write_text(text)
        bench.expect(f"import: {name}", bench.run("verdict", "import", rows, "--map", mapping, "--embedded", bench.work / "imported"), 2, ONE_LINE, *patterns)
    events = bench.work / "events.jsonl"
    payment = json.dumps({"kind": "EVENT_KIND_PAYMENT", "transaction": {**GOOD, "event_time_ms": str(GOOD["event_time_ms"])}})
    events.write_text("\n".join([
        payment,
        '{ nonsense',
        payment.replace("amount_minor", "amuont_minor"),
        payment.replace('"c1"', CARD_NUMBERS[0]),
        payment.replace("EVENT_KIND_PAYMENT", "PAYMENT"),
    ]) + "\n")
    result = bench.run("verdict", "import", events, "--embedded", bench.work / "imported")
    bench.expect("import: malformed JSON lines", result, 1, r"payments appended +1\n", r"bad +4\n",
                 r"(?m)^line 2: column 3: is not JSON: expected a field's name in double quotes, found `n`$",
                 r'(?m)^line 3: column \d+: transaction: unknown field "amuont_minor"; known are id, .*amount_minor',
                 r"(?m)^line 4: column \d+: transaction\.card_id: must be a string in double quotes, not a number$",
                 r"(?m)^line 5: column 10: kind: must be one of EVENT_KIND_PAYMENT, ")
    bench.expect("import: the card number is not repeated", (0 if CARD_NUMBERS[0] not in result[1] else 1, result[1]), 0)


def logs(bench):
    log = (bench.work / "verdictd.log").read_text(errors="replace")
    told = [number for number in CARD_NUMBERS if number in log]
    bench.expect("no card number is in the log of verdictd", (1 if told or "serving" not in log else 0, f"found: {told}"), 0)


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
    unreadable_folder(bench)


def unreadable_folder(bench):
    closed = bench.work / "closed"
    closed.mkdir(mode=0o700)
    if os.geteuid() != 0:
        closed.chmod(0)
        result = bench.run("verdictd", "--embedded", closed / "data", "--rules", TOP / "tests/e2e/rules")
        closed.chmod(0o700)
    else:
        # Root may look everywhere. The checkout may lie where nobody else may look: /root, say.
        bench.work.chmod(0o755)
        shutil.copy2(bench.binaries / "verdictd", bench.work)
        rules = rules_copy(bench, "open-rules")
        result = bench.run("verdictd", "--embedded", closed / "data", "--rules", rules, user="nobody", binaries=bench.work)
    bench.expect("verdictd: an unreadable folder", result, 2, "closed/data", "[Pp]ermission")


def whole_answer(service, prefix):
    """The first answer that says FULL, or the last of half a minute: a busy machine may take the log's time."""
    deadline, number = time.monotonic() + 30, 0
    while True:
        answer = service.score(id=f"{prefix}{number}")
        if re.search(FULL, answer[1]) or time.monotonic() > deadline:
            return answer
        number += 1
        time.sleep(0.2)


def full_disk(bench):
    directory = bench.work / "small"
    directory.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(directory)], capture_output=True).returncode != 0:
        bench.skip("a full disk", "this machine does not let us mount a small file system")
        return
    try:
        # While the log takes nothing, each answer takes as long as the wait for it.
        service = Service(bench, directory / "data", append_wait_ms=500)
        bench.expect("full disk: decides before it is full", whole_answer(service, "before"), 0, FULL)
        filler = directory / "filler"
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        # The log's file may have room left: it is filled by bulk. A slow log may say PARTIAL (log) too, but stays ready.
        outputs, page = [], (0, "")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (outputs and "PARTIAL (log)" in outputs[-1][1] and page[0] == 503):
            outputs.append(service.score(id=f"full{len(outputs)}", merchant_id=f"m{len(outputs)}", attributes=BULK))
            page = service.ready_page()
        bench.expect("full disk: every payment is still decided", (max(code for code, _ in outputs), outputs[-1][1]), 0)
        bench.expect("full disk: answers say PARTIAL (log)", outputs[-1], 0, r"PARTIAL \(log\)")
        bench.expect("full disk: not ready, and says why", (0 if page[0] == 503 else 1, page[1]), 0, "the log does not take events")
        filler.unlink()
        bench.expect("full disk: recovers by itself", whole_answer(service, "after"), 0, FULL)
        bench.expect("full disk: ends well", (service.stop(), ""), 0)
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build/release/bin")
    bench = Bench(parser.parse_args().bin.resolve())
    rule_files(bench)
    settings(bench)
    imports(bench)
    directory = bench.work / "data"
    service = Service(bench, directory)
    try:
        transactions(bench, service)
        payment_texts(bench, service)
        places(bench, service, directory)
    finally:
        status = service.stop()
    bench.expect("verdictd ends well after all of it", (status, ""), 0)
    full_disk(bench)
    logs(bench)
    print(f"bad input: {bench.tried - bench.wrong} of {bench.tried} answered clearly, {len(bench.skipped)} skipped")
    if bench.wrong == 0:
        shutil.rmtree(bench.work, ignore_errors=True)
    sys.exit(1 if bench.wrong else 0)


if __name__ == "__main__":
    main()
