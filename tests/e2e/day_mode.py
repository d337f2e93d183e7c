#!/usr/bin/env python3
"""Imported days (DAY mode) on the real binaries: sums of a lake below b, the log from b on, against plain sums of all payments;
an import that is killed, a corrected one, an orphan, a fold beside it, a verdictd that is killed.

usage: tests/e2e/day_mode.py [--bin build/release/bin]
"""

import argparse
import collections
import csv
import datetime
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from bad_input import TOP, free_port  # noqa: E402

FEATURE = "merchant.volume_30d"
FIRST, B, LAST = "2025-01-01", "2025-01-11", "2025-01-12"
LATE = "1d"
SPEAKS_FROM = "2024-12-01"  # the file has every day of the window, those without payments too
SHOWN = 25


class Checks:
    def __init__(self):
        self.tried = self.wrong = 0

    def __call__(self, name, right, said=""):
        self.tried += 1
        if right:
            print(f"ok     {name}")
        else:
            self.wrong += 1
            print(f"WRONG  {name}: {str(said)[:600]}")


def run(binaries, *words, environment=None, timeout=120):
    command = [str(binaries / words[0]), *map(str, words[1:])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout + done.stderr


def day_of(row):
    return datetime.datetime.fromtimestamp(int(row["event_time_ms"]) / 1000, datetime.timezone.utc).date().isoformat()


class Payments:
    """What was generated: the lake has the days before b, the log the others."""

    def __init__(self, binaries, work):
        code, said = run(binaries, "verdict", "generate", "--seed", 5, "--days", 12, "--start", FIRST, "--merchants", 60,
                         "--cards", 400, "--payments-per-day", 1500, "--today-payments", 0, "--out", work / "made")
        assert code == 0, said
        with (work / "made/history.csv").open() as file:
            reader = csv.DictReader(file)
            self.columns, self.rows = reader.fieldnames, list(reader)
        self.days = collections.defaultdict(lambda: [0, 0])  # (merchant, day) -> sum, count
        self.totals = collections.Counter()
        for row in self.rows:
            tile = self.days[row["merchant_id"], day_of(row)]
            tile[0] += int(row["amount_base_minor"])
            tile[1] += 1
            self.totals[row["merchant_id"]] += int(row["amount_base_minor"])

    def write_log(self, path):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(row for row in self.rows if day_of(row) >= B)

    def write_lake(self, path, extra=0):
        with gzip.open(path, "wt", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["entity", "id", "day", "sum", "count"])
            for (merchant, day), (total, count) in self.days.items():
                if day < B:
                    writer.writerow(["merchant", merchant, day, total + extra, count])

    def lake_days(self, merchant):
        return sum(1 for (name, day) in self.days if name == merchant and day < B)


class Verdictd:
    def __init__(self, binaries, directory, work):
        self.ports = [free_port(), free_port()]
        self.log = (work / "verdictd.log").open("ab")
        self.process = subprocess.Popen(
            [str(binaries / "verdictd"), "--embedded", str(directory), "--rules", str(TOP / "rules"), "--clock", "event",
             "--listen", f"127.0.0.1:{self.ports[0]}", "--http", f"127.0.0.1:{self.ports[1]}",
             "--score-blob-wait-ms", "5000", "--checkpoint-period-ms", "100"],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None and not self.ready():
            time.sleep(0.05)

    def page(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[1]}{path}", timeout=5) as answer:
            return answer.read().decode()

    def ready(self):
        try:
            return self.page("/readyz") != ""
        except OSError:
            return False

    def events(self, name):
        found = re.search(rf'^verdict_agg_events_total{{class="{name}"}} (\d+)', self.page("/metrics"), re.M)
        return int(found[1]) if found else -1

    def volume(self, binaries, merchant):
        """Sum of all parts of the feature, its provenance, its mode."""
        code, said = run(binaries, "verdict", "aggregate", "show", f"merchant:{merchant}", "--addr",
                         f"127.0.0.1:{self.ports[0]}", "--rules", TOP / "rules", "--at", f"{LAST}T23:59:59Z", "--format", "json")
        if code != 0:
            return said, "", ""
        for value in json.loads(said):
            if value["feature"] == FEATURE:
                return sum(part["sum"] for part in value["parts"]), value["provenance"], value["mode"]
        return "no such feature", "", ""

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=60)


def compare(check, name, binaries, service, payments, more=0):
    wrong = []
    for merchant in sorted(payments.totals)[:SHOWN]:
        expected = (payments.totals[merchant] + more * payments.lake_days(merchant), "FULL", "DAY")
        said = service.volume(binaries, merchant)
        if said != expected:
            wrong.append((merchant, said, expected))
    check(f"{name}: {SHOWN} merchants' totals are the plain sums, FULL, mode DAY", not wrong, wrong[:3])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=TOP / "build/release/bin")
    binaries = parser.parse_args().bin.resolve()
    work = pathlib.Path(tempfile.mkdtemp(prefix="verdict-days-"))
    check = Checks()
    payments = Payments(binaries, work)
    directory = work / "data"
    where = ["--embedded", directory]
    payments.write_log(work / "log.csv")
    payments.write_lake(work / "tiles.csv.gz")
    code, said = run(binaries, "verdict", "import", work / "log.csv", *where)
    check("the log takes the payments from b on", code == 0, said)

    def bring(file, *flags, environment=None):
        return run(binaries, "verdict", "aggregate", "--import", work / file, "--feature", FEATURE, "--late", LATE, "--from", SPEAKS_FROM, *where,
                   "--rules", TOP / "rules", *flags, environment=environment)

    code, said = bring("tiles.csv.gz", "--until", LAST)
    check("a day that may still get events is refused", code == 2 and "may still get events" in said, said)
    code, said = bring("tiles.csv.gz", "--log-from", B, environment={"VERDICT_FAILPOINTS": "import.before_publish=kill:1:1"})
    check("an import is killed before it is published", code == -signal.SIGKILL, (code, said))
    code, said = bring("tiles.csv.gz", "--log-from", B)
    check("the same import goes on", code == 0 and "(rev 0)" in said and FEATURE in said, said)
    code, said = bring("tiles.csv.gz", "--log-from", B)
    check("the same file again is no import", code == 0 and "nothing to do" in said, said)
    code, said = run(binaries, "verdict", "aggregate", *where, "--rules", TOP / "rules")
    check("a fold leaves it alone and says so", code == 0 and re.search(f"left alone: .*{FEATURE}", said), said)
    code, said = run(binaries, "verdict", "aggregate", "--import", work / "tiles.csv.gz", "--feature", "merchant.count_30d", *where,
                     "--rules", TOP / "rules")
    check("a folded feature is refused", code == 2 and "CUT mode" in said, said)

    service = Verdictd(binaries, directory, work)
    compare(check, "imported", binaries, service, payments)
    service.kill()
    service = Verdictd(binaries, directory, work)
    compare(check, "after kill -9", binaries, service, payments)
    check("verdictd ends well", service.stop() == 0)

    # One that comes two days late, with --late 1d: in no total, and told. What was recorded in the millisecond of the import is the
    # import's, so the log's time goes on first: by a payment of somebody else.
    newest_ms = max(int(row["event_time_ms"]) for row in payments.rows)
    punctual = dict(payments.rows[0], id="punctual", merchant_id="somebody-else", event_time_ms=str(newest_ms + 1000))
    late = dict(payments.rows[0], id="late", merchant_id=sorted(payments.totals)[0])
    late["event_time_ms"] = str(int(datetime.datetime.fromisoformat("2025-01-10T12:00:00+00:00").timestamp() * 1000))
    with (work / "late.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, payments.columns)
        writer.writeheader()
        writer.writerows([punctual, late])
    code, said = run(binaries, "verdict", "import", work / "late.csv", *where)
    check("a late payment is recorded", code == 0, said)
    code, said = run(binaries, "verdict", "aggregate", "late", *where, "--rules", TOP / "rules", "--format", "json")
    listed = [event for event in json.loads(said)["events"] if code == 0]
    check("it is listed as an orphan", len(listed) == 1 and listed[0]["id"] == "late" and FEATURE in listed[0]["why"], said)
    payments.write_lake(work / "corrected.csv.gz", extra=100)
    code, said = bring("corrected.csv.gz")
    check("a corrected file is another revision", code == 0 and "(rev 1)" in said, said)
    service = Verdictd(binaries, directory, work)
    check("what came too late is an orphan", service.events("orphan") == 1, service.events("orphan"))
    compare(check, "corrected", binaries, service, payments, more=100)
    check("verdictd ends well again", service.stop() == 0)
    print(f"imported days: {check.tried - check.wrong} of {check.tried} right")
    if check.wrong == 0:
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if check.wrong else 0)


if __name__ == "__main__":
    main()
