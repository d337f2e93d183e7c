#!/usr/bin/env bash
# libFuzzer with both sanitizers over the rule language: lexer, parser, checker, both evaluators, and the loader of rule files.
# usage: ./tests/fuzz.sh [SECONDS] [TARGET...]     (default 60 seconds each; what was found is kept in build/fuzz/corpus)
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- lexer parser checker evaluators rule_file
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${@/#/fuzz_}"
python3 tests/fuzz/seeds.py build/fuzz/seeds

fuzz_one() {
  local target=$1 log=build/fuzz/$1.log length=4096 status=0
  [ "$target" != rule_file ] || length=20000
  mkdir -p "build/fuzz/corpus/$target" build/fuzz/crashes
  "build/fuzz/bin/fuzz_$target" -max_total_time="$seconds" -max_len=$length -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/crashes/$target-" "build/fuzz/corpus/$target" "build/fuzz/seeds/$target" >"$log" 2>&1 || status=$?
  local runs cover
  runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)$/\1/p' "$log")
  cover=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
  if [ $status -eq 0 ]; then
    printf 'fuzz %-10s %4d s  %9d inputs  %s\n' "$target" "$seconds" "${runs:-0}" "$cover"
    return 0
  fi
  printf 'fuzz %-10s FAILED (%d), see %s\n' "$target" "$status" "$log"
  grep -E 'ERROR|SUMMARY|Check failed|CHECK|Test unit written|runtime error' "$log" | head -n 8 | sed 's/^/    /'
  return 1
}
export -f fuzz_one
export seconds
printf '%s\n' "$@" | xargs -n 1 -P "$(nproc)" bash -c 'fuzz_one "$1"' _
echo "fuzz: $# targets, $seconds s each, nothing found"
