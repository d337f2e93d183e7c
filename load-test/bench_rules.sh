#!/usr/bin/env bash
# Writes the rules folder of the benchmarks: `transport` has no rules and no features, `full` 100 live rules over 12 features.
# usage: load-test/bench_rules.sh transport|full FOLDER
set -euo pipefail
[ $# -eq 2 ] || { sed -n '3p' "$0" >&2; exit 2; }
mode=$1 folder=$2
mkdir -p "$folder"
echo '{ "schema": "txn/1" }' >"$folder/schema.json"
echo '{ "review_at": 50, "deny_at": 100, "default": "allow", "reasons": ["BENCH"] }' >"$folder/policy.json"
if [ "$mode" = transport ]; then
  echo '{ "features": [] }' >"$folder/features.json"
  exit 0
fi

# Four entities, three features each: a sum, a count and an average over windows up to 30 days.
{
  echo '{ "features": ['
  separator=''
  for entity in merchant card customer device; do
    printf '%s{"name": "volume_30d", "entity": "%s", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d"},\n' "$separator" "$entity"
    printf '{"name": "count_1d", "entity": "%s", "aggregate": "count", "window": "1d"},\n' "$entity"
    printf '{"name": "avg_7d", "entity": "%s", "aggregate": "avg", "of": "txn.amount_base_minor", "window": "7d"}\n' "$entity"
    separator=', '
  done
  echo '] }'
} >"$folder/features.json"

# Every rule has three clauses, as analysts write them: a feature against a limit, two features, a field of the payment.
{
  echo '{ "schema": "txn/1", "rules": ['
  entities=(merchant card customer device)
  channels=(ecom pos moto)
  for i in $(seq 0 99); do
    entity=${entities[$((i % 4))]} channel=${channels[$((i % 3))]}
    [ "$i" -eq 0 ] || echo ','
    printf '{"id": "bench_%03d", "name": "Rule %d", "owner": "load test", "description": "Load for the benchmark.",\n' "$i" "$i"
    printf ' "mode": "live", "action": "none", "score": 1, "reason": "BENCH",\n'
    printf ' "when_all": ["%s.count_1d >= %d", "txn.amount > %d.0 * %s.avg_7d", "txn.channel == '"'%s'"'"],\n' \
      "$entity" $((3 + i)) $((2 + i % 7)) "$entity" "$channel"
    printf ' "tests": [{"name": "above all", "expect": "match", "given": {"%s": {"count_1d": %d, "avg_7d": 1.0}, "txn": {"amount": 100.0, "channel": "%s"}}},\n' \
      "$entity" $((3 + i)) "$channel"
    printf '  {"name": "too few", "expect": "no_match", "given": {"%s": {"count_1d": %d, "avg_7d": 1.0}, "txn": {"amount": 100.0, "channel": "%s"}}}]}\n' \
      "$entity" $((2 + i)) "$channel"
  done
  echo '] }'
} >"$folder/bench.json"
