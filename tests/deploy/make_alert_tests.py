#!/usr/bin/env python3
"""Writes the `promtool test rules` file: for each alert a case that fires, one just below, one that recovered.

usage: tests/deploy/make_alert_tests.py ALERTS_YML > TESTS_YML
"""

import json
import sys

REQUESTS = 'verdict_score_requests_total{job="verdict",instance="a",code="%s",decision="%s",provenance="%s"}'
OK = REQUESTS % ("OK", "ALLOW", "FULL")
SHED = REQUESTS % ("RESOURCE_EXHAUSTED", "", "")
HOURS_8 = 480


def rates(ok, other, series=SHED, minutes=HOURS_8):
    return [(OK, f"0+{ok}x{minutes}"), (series, f"0+{other}x{minutes}")]


def recovered(ok, other, series=SHED, bad=120, good=500):
    """The same fault, over for `good` minutes."""
    return [(OK, f"0+{ok}x{bad + good}"), (series, f"0+{other}x{bad} {other * bad}+0x{good}")]


def gauge(name, bad, good):
    series = f'{name}{{job="verdict",instance="a"}}'
    return [(series, f"{bad}+0x60")], [(series, f"{good}+0x60")], [(series, f"{bad}+0x30 {good}+0x30")]


def counter(name):
    series = f"{name}"
    return [(series, "0+1x60")], [(series, "5+0x60")], [(series, "0+1x30 30+0x60")]


def buckets(slow, minutes=60):
    return [
        ('verdict_score_duration_seconds_bucket{job="verdict",instance="a",le="0.2"}', f"0+{100000 - slow}x{minutes}"),
        ('verdict_score_duration_seconds_count{job="verdict",instance="a"}', f"0+100000x{minutes}"),
    ]


PARTIAL = REQUESTS % ("OK", "ALLOW", "PARTIAL")
DENY = REQUESTS % ("OK", "DENY", "FULL")
DENY_JUMP = [(OK, "0+90000x1440 129600000+80000x60"), (DENY, "0+10000x1440 14400000+20000x60")]
DENY_SMALL = [(OK, "0+90000x1440 129600000+89000x60"), (DENY, "0+10000x1440 14400000+11000x60")]
DENY_BACK = [
    (OK, "0+90000x1440 129600000+80000x60 134400000+89500x90"),
    (DENY, "0+10000x1440 14400000+20000x60 15600000+10500x90"),
]

lag = gauge("verdict_ingest_lag_seconds", 12, 4)
age = gauge("verdict_agg_checkpoint_age_seconds", 90, 59)
reload_ok = gauge("verdict_config_last_reload_success", 0, 1)
up = gauge("up", 0, 1)
shed = counter('verdict_score_shed_total{job="verdict",instance="a",reason="inflight"}')
append = counter('verdict_agg_append_total{job="verdict",instance="a",result="failed"}')
record = counter('verdict_log_appends_total{job="verdict",instance="a",result="failed"}')
fold = counter('verdict_agg_folds_total{job="verdict",instance="a",result="failed"}')
epochs = gauge('verdict_agg_live_epochs', 5, 3)
epochs = [[(series.replace("}", ',measure="m"}'), values.replace("x60", "x90")) for series, values in case] for case in epochs]


expiring = gauge('verdict_rules_expiring', 2, 0)
expiring = [[(expiring[0][0][0], values)] for values in ("2+0x120", "0+0x120", "2+0x100 0+0x40")]
lacks = gauge('verdict_agg_store_lacks', 1, 0)
lacks = [[(series.replace("}", ',measure="m"}'), values) for series, values in case] for case in lacks]


def disk(free):
    size = ('verdict_log_disk_size_bytes{job="verdict",instance="a"}', "1000+0x60")
    return [('verdict_log_disk_free_bytes{job="verdict",instance="a"}', free), size]


late = counter('verdict_score_shed_total{job="verdict",instance="a",reason="deadline"}')
proof = counter('verdict_agg_proof_mismatch_total{job="verdict",instance="a",measure="m",stage="readback"}')
dropped = counter('verdict_decision_records_total{job="verdict",instance="a",result="dropped"}')
spooled = counter('verdict_decision_records_total{job="verdict",instance="a",result="spooled"}')
misplaced = counter('verdict_kafka_misplaced_total{job="verdict",instance="a"}')


def margin(*values):
    return [('verdict_agg_retention_margin_seconds{job="verdict",instance="a",partition="3"}', " ".join(values))]


# alert -> (fires, just below, recovered), each (series, minute at which it is asked).
CASES = {
    "VerdictErrorBudgetFastBurn": ((rates(100000, 1600), 90), (rates(100000, 1300), 90), (recovered(100000, 1600), 200)),
    "VerdictErrorBudgetSlowBurn": ((rates(100000, 700), 470), (rates(100000, 550), 470), (recovered(100000, 900, bad=380, good=120), 430)),
    "VerdictSlowAnswers": ((buckets(150), 30), (buckets(90), 30), ([
        ('verdict_score_duration_seconds_bucket{job="verdict",instance="a",le="0.2"}', "0+99850x20 1997000+100000x40"),
        ('verdict_score_duration_seconds_count{job="verdict",instance="a"}', "0+100000x60")], 50)),
    "VerdictNotFull": ((rates(100000, 150, PARTIAL), 30), (rates(100000, 90, PARTIAL), 30), (recovered(100000, 150, PARTIAL, 20, 40), 50)),
    "VerdictIngestLag": ((lag[0], 10), (lag[1], 10), (lag[2], 50)),
    "VerdictCheckpointOld": ((age[0], 10), (age[1], 10), (age[2], 50)),
    "VerdictAppendFailed": ((append[0], 20), (append[1] + record[1], 20), (record[2], 60)),
    "VerdictFoldFailed": ((fold[0], 20), (fold[1], 20), ([(fold[2][0][0], "0+1x30 30+0x90")], 100)),
    "VerdictProofMismatch": ((proof[0], 20), (proof[1], 20), (proof[2], 60)),
    "VerdictLiveEpochs": ((epochs[0], 40), (epochs[1], 40), (epochs[2], 50)),
    "VerdictStoreLacks": ((lacks[0], 20), (lacks[1], 20), (lacks[2], 50)),
    "VerdictLogDisk": ((disk("50+0x60"), 20), (disk("110+0x60"), 20), (disk("50+0x20 200+0x40"), 50)),
    "VerdictRetentionNear": ((margin("86400+0x60"), 20), (margin("172801+0x60"), 20), (margin("86400+0x30", "500000+0x30"), 50)),
    "VerdictDecisionsDropped": ((dropped[0], 20), (dropped[1] + spooled[0], 20), (dropped[2], 60)),
    "VerdictMisplacedEvents": ((misplaced[0], 20), (misplaced[1], 20), (misplaced[2], 60)),
    "VerdictReloadRefused": ((reload_ok[0], 10), (reload_ok[1], 10), (reload_ok[2], 50)),
    "VerdictRulesExpiring": ((expiring[0], 90), (expiring[1], 90), (expiring[2], 130)),
    "VerdictDenyShareShift": ((DENY_JUMP, 1490), (DENY_SMALL, 1490), (DENY_BACK, 1585)),
    "VerdictDown": ((up[0], 10), (up[1], 10), (up[2], 50)),
    "VerdictOverloaded": ((shed[0], 20), (shed[1] + late[0], 20), (shed[2], 60)),
}


def alerts_of(text):
    """name -> (severity, annotations, labels beyond job) read without a YAML library: our file's shape is fixed."""
    alerts, name = {}, None
    for line in text.splitlines():
        key, _, value = line.strip().lstrip("- ").partition(": ")
        if key == "alert":
            name = value
            alerts[name] = {}
        elif key in ("record",):
            name = None
        elif name and key == "labels":
            alerts[name]["severity"] = value.strip("{}").split(": ")[1]
        elif name and key in ("summary", "runbook_url"):
            alerts[name][key] = json.loads(value)
    return alerts


def main():
    alerts = alerts_of(open(sys.argv[1]).read())
    if set(alerts) != set(CASES):
        sys.exit(f"alerts without three cases, or cases without an alert: {sorted(set(alerts) ^ set(CASES))}")
    instance_alerts = {"VerdictIngestLag", "VerdictCheckpointOld", "VerdictAppendFailed", "VerdictFoldFailed", "VerdictProofMismatch", "VerdictLiveEpochs", "VerdictStoreLacks", "VerdictLogDisk",
                       "VerdictReloadRefused", "VerdictRulesExpiring", "VerdictDown", "VerdictRetentionNear", "VerdictDecisionsDropped", "VerdictMisplacedEvents"}
    summaries = {
        "VerdictIngestLag": "Live totals are 12s behind the log",
        "VerdictCheckpointOld": "The last checkpoint is 1m 30s old: a restart would take long",
        "VerdictProofMismatch": "A proof of the aggregates failed (readback)",
        "VerdictLiveEpochs": "5 epochs of m are in memory: the batch is late, or its proof",
        "VerdictStoreLacks": "The store of aggregates lacks what was folded of m: answers are PARTIAL",
        "VerdictLogDisk": "5% of the log's disk is free",
        "VerdictRulesExpiring": "2 live rules expire within 14 days, or have expired: they act as shadow from then on",
        "VerdictDown": "a does not answer scrapes",
        "VerdictRetentionNear": "Retention removes events of partition 3 in 1d 0h 0m 0s that are not read yet",
    }
    extra = {"VerdictAppendFailed": {"result": "failed"}, "VerdictFoldFailed": {"result": "failed"}, "VerdictProofMismatch": {"measure": "m", "stage": "readback"}, "VerdictLiveEpochs": {"measure": "m"},
             "VerdictStoreLacks": {"measure": "m"}, "VerdictRetentionNear": {"partition": "3"}, "VerdictDecisionsDropped": {"result": "dropped"}}
    print("rule_files: [alerts.yml]\nevaluation_interval: 1m\ntests:")
    for name, cases in CASES.items():
        for position, (series, minute) in enumerate(cases):
            print("  - interval: 1m\n    input_series:")
            for metric, values in series:
                print(f"      - {{series: {json.dumps(metric)}, values: {json.dumps(values)}}}")
            print(f"    alert_rule_test:\n      - eval_time: {minute}m\n        alertname: {name}\n        exp_alerts:", end="")
            if position != 0:
                print(" []")
                continue
            labels = {"severity": alerts[name]["severity"], "job": "verdict"}
            if name in instance_alerts:
                labels["instance"] = "a"
            labels.update(extra.get(name, {}))
            annotations = {"summary": summaries.get(name, alerts[name]["summary"]), "runbook_url": alerts[name]["runbook_url"]}
            print(f"\n          - exp_labels: {json.dumps(labels)}\n            exp_annotations: {json.dumps(annotations)}")


if __name__ == "__main__":
    main()
