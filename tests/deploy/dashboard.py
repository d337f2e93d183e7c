#!/usr/bin/env python3
"""The dashboard is what its maker writes, and keeps the rules of good dashboards; with a metrics page, every metric it
and the alerts ask for exists there.

usage: tests/deploy/dashboard.py [--metrics FILE_OF_A_SCRAPE]
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
# Promised by Prometheus itself, not by our metrics page.
PROMETHEUS_OWN = {"up"}


def panel_findings(panel):
    name = panel.get("title") or f"panel {panel['id']}"
    for key in ("title", "description"):
        if not panel.get(key):
            yield f"{name}: no {key}"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield f"{name}: no unit"
    for target in panel["targets"]:
        expression = target["expr"]
        for window in re.findall(r"\[([^\]]+)\]", expression):
            if window != "$__rate_interval":
                yield f"{name}: a rate over {window} instead of $__rate_interval"
        for selector in re.findall(r"\{([^}]*)\}", expression):
            if "$job" not in selector or "$instance" not in selector:
                yield f"{name}: a selector without job and instance: {{{selector}}}"
        for metric in re.findall(r"(?<!rate\()\b([a-z_]+_total)\b", expression):
            yield f"{name}: the counter {metric} outside a rate"


def promql_findings(dashboard):
    """Every expression as a recording rule, read by promtool."""
    expressions = [t["expr"].replace("$__rate_interval", "5m") for p in dashboard["panels"] for t in p.get("targets", [])]
    rules = [{"record": f"panel:expression:{i}", "expr": e} for i, e in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        check = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
    return [] if check.returncode == 0 else [check.stderr.strip()]


def metrics_asked_for(dashboard):
    text = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", []))
    alerts = (TOP / "deploy/prometheus/alerts.yml").read_text()
    text += " ".join(re.findall(r"(?:expr: (?:>-\n)?)((?:.|\n)*?)(?=\n\s+(?:labels|for|- ))", alerts))
    names = set(re.findall(r"\b((?:verdict|process)_[a-z_]+)\b", text))
    return {re.sub(r"_(bucket|count)$", "", name) if "duration" in name else name for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=pathlib.Path)
    arguments = parser.parse_args()
    text = (TOP / "deploy/grafana/verdict.json").read_text()
    findings = []
    made = subprocess.run([sys.executable, str(TOP / "deploy/grafana/make_dashboard.py")], capture_output=True, text=True, check=True)
    if made.stdout != text:
        findings.append("verdict.json is not what make_dashboard.py writes")
    dashboard = json.loads(text)
    if dashboard["editable"]:
        findings.append("the dashboard must not be editable: it lives in the repository")
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            findings.extend(panel_findings(panel))
    findings.extend(promql_findings(dashboard))
    if arguments.metrics:
        exposed = set(re.findall(r"^# TYPE (\S+)", arguments.metrics.read_text(), re.M))
        for metric in sorted(metrics_asked_for(dashboard) - exposed - PROMETHEUS_OWN):
            if not metric.startswith("job:"):
                findings.append(f"{metric} is asked for and not on the metrics page")
    for finding in findings:
        print(finding)
    print(f"dashboard: {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
