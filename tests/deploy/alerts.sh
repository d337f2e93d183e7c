#!/usr/bin/env bash
# Alert rules: promtool's own check, then three cases an alert (fires, just below, recovered).
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$top/deploy/prometheus/alerts.yml" "$work/"
promtool check rules "$work/alerts.yml"
promtool check config "$top/deploy/prometheus/prometheus.yml"
python3 "$top/tests/deploy/make_alert_tests.py" "$work/alerts.yml" >"$work/tests.yml"
promtool test rules "$work/tests.yml"
