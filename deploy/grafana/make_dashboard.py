#!/usr/bin/env python3
"""Writes deploy/grafana/verdict.json, the dashboard: one row a question, every panel with title, meaning and unit.

usage: deploy/grafana/make_dashboard.py > deploy/grafana/verdict.json
"""

import json

SELECT = 'job=~"$job",instance=~"$instance"'


def rate(metric, extra="", by=""):
    inner = f"rate({metric}{{{SELECT}{',' + extra if extra else ''}}}[$__rate_interval])"
    return f"sum by ({by}) ({inner})" if by else f"sum({inner})"


def quantile(q, metric):
    return f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{{{SELECT}}}[$__rate_interval])))"


def gauge(metric, extra=""):
    return f"{metric}{{{SELECT}{',' + extra if extra else ''}}}"


# row -> panels: (title, what it tells, unit, [(expression, legend)])
ROWS = {
    "Is it well?": [
        ("Answered in time", "Share of Score calls that were answered (not shed, not failed). Objective 99.9 %.", "percentunit",
         [(f'1 - ({rate("verdict_score_requests_total", "code=~" + chr(34) + "INTERNAL|UNAVAILABLE|RESOURCE_EXHAUSTED|DEADLINE_EXCEEDED|UNKNOWN" + chr(34))} or vector(0)) / {rate("verdict_score_requests_total")}', "answered")]),
        ("FULL answers", "Share of answers whose inputs were whole. Objective 99.9 % outside faults.", "percentunit",
         [(f'{rate("verdict_score_requests_total", "code=" + chr(34) + "OK" + chr(34) + ",provenance=" + chr(34) + "FULL" + chr(34))} / {rate("verdict_score_requests_total", "code=" + chr(34) + "OK" + chr(34))}', "FULL")]),
        ("Ready", "1 once the first catch-up is done; 0 while draining or while the log does not take events.", "none",
         [(gauge("verdict_ready"), "{{instance}}")]),
    ],
    "Score": [
        ("Calls a second", "Score calls by gRPC code.", "reqps", [(rate("verdict_score_requests_total", by="code"), "{{code}}")]),
        ("Decisions a second", "What was answered.", "reqps", [(rate("verdict_score_requests_total", 'code="OK"', by="decision"), "{{decision}}")]),
        ("Provenance", "How whole the inputs were.", "reqps", [(rate("verdict_score_requests_total", 'code="OK"', by="provenance"), "{{provenance}}")]),
        ("Latency", "From receipt to finish inside the service.", "s",
         [(quantile(q, "verdict_score_duration_seconds"), f"p{name}") for q, name in ((0.5, "50"), (0.99, "99"), (0.999, "99.9"))]),
        ("Shed calls", "Refused early under overload, by reason. The client must not retry these.", "reqps", [(rate("verdict_score_shed_total", by="reason"), "{{reason}}")]),
        ("In flight", "Calls inside the service now.", "none", [(gauge("verdict_score_inflight"), "{{instance}}")]),
    ],
    "Rules": [
        ("Rule hits", "Matches a second, by rule.", "reqps", [(rate("verdict_rule_hits_total", 'result="match"', by="rule"), "{{rule}}")]),
        ("Rules without an answer", "Rules that ended missing or in an error: they did not decide.", "reqps", [(rate("verdict_rule_hits_total", 'result=~"missing|error"', by="rule,result"), "{{rule}} {{result}}")]),
        ("Last reload", "1: the folder's set is live. 0: it was refused and the old one decides.", "none", [(gauge("verdict_config_last_reload_success"), "{{instance}}")]),
    ],
    "Events and totals": [
        ("Events a second", "Every event read ends in one of these classes.", "ops", [(rate("verdict_agg_events_total", by="class"), "{{class}}")]),
        ("Lag", "Age of the newest event not yet in live totals; 0 when caught up.", "s", [(gauge("verdict_ingest_lag_seconds"), "{{instance}}")]),
        ("Appends", "Payments written to the embedded log, by result.", "ops", [(rate("verdict_agg_append_total", by="result"), "{{result}}")]),
        ("Checkpoint age", "A restart replays the log from here.", "s", [(gauge("verdict_agg_checkpoint_age_seconds"), "{{instance}}")]),
        ("Memory of live state", "Bytes by kind.", "bytes", [(gauge("verdict_agg_bytes"), "{{kind}}")]),
    ],
    "Process": [
        ("CPU", "Cores in use.", "none", [(f'rate(process_cpu_seconds_total{{{SELECT}}}[$__rate_interval])', "{{instance}}")]),
        ("Memory", "Resident bytes.", "bytes", [(gauge("process_resident_memory_bytes"), "{{instance}}")]),
        ("Open files", "File descriptors.", "none", [(gauge("process_open_fds"), "{{instance}}")]),
    ],
}


def variable(name, query):
    return {"name": name, "type": "query", "datasource": {"type": "prometheus", "uid": "${datasource}"}, "query": query,
            "refresh": 2, "includeAll": True, "multi": True, "current": {"text": "All", "value": "$__all"}}


def main():
    panels, y, number = [], 0, 1
    for row, contents in ROWS.items():
        panels.append({"type": "row", "title": row, "id": number, "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []})
        number, y = number + 1, y + 1
        for position, (title, description, unit, targets) in enumerate(contents):
            panels.append({
                "type": "timeseries", "id": number, "title": title, "description": description,
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "gridPos": {"x": 8 * (position % 3), "y": y + 7 * (position // 3), "w": 8, "h": 7},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "targets": [{"refId": chr(65 + i), "expr": expression, "legendFormat": legend} for i, (expression, legend) in enumerate(targets)],
            })
            number += 1
        y += 7 * -(-len(contents) // 3)
    print(json.dumps({
        "uid": "verdict", "title": "Verdict", "tags": ["verdict"], "editable": False, "schemaVersion": 38, "version": 1,
        "time": {"from": "now-1h", "to": "now"}, "refresh": "10s",
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}},
            variable("job", "label_values(verdict_score_requests_total, job)"),
            variable("instance", 'label_values(verdict_score_requests_total{job=~"$job"}, instance)'),
        ]},
        "panels": panels,
    }, indent=1))


if __name__ == "__main__":
    main()
