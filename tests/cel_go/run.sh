#!/usr/bin/env bash
# Verdict's rule language beside cel-go, the reference engine of CEL; needs a release build and Go.
# usage: ./tests/cel_go/run.sh agree [EXPRESSIONS] [SEED]   random expressions on random records, four each: every result must be cel-go's
#        ./tests/cel_go/run.sh bench [ROUNDS]               the five rules of rule_bench, alternated; fails below a mean of 5x or any of 3.5x
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=build/release/bin
command -v go >/dev/null || { echo "skipped: cel-go needs Go"; exit 77; }
(cd tests/cel_go && go build -o "$OLDPWD/build/cel_go" .) >build/cel_go.log 2>&1 || {
  grep -qE 'dial tcp|lookup |proxyconnect|connection refused|i/o timeout|TLS handshake' build/cel_go.log || { cat build/cel_go.log; exit 1; }
  echo "skipped: cel-go's modules cannot be had"
  exit 77
}
case ${1:-} in
  agree) "$bin/cel_pairs" "${2:-2500}" "${3:-$(date +%s)}" >build/cel_pairs.jsonl && build/cel_go agree <build/cel_pairs.jsonl ;;
  bench) python3 tests/cel_go/bench.py --rounds "${2:-3}" --ours "$bin/rule_bench" --theirs build/cel_go ;;
  *) sed -n '2,4p' "$0"; exit 2 ;;
esac
