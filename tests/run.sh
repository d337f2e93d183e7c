#!/usr/bin/env bash
# Everything that must be green before a change lands: installs what is missing, builds, runs every test.
# usage: ./tests/run.sh [--only REGEX]     runs the steps whose name matches; the last line counts passed, failed, skipped
# What takes longer is in tests/soak.sh.
set -uo pipefail
cd "$(dirname "$0")/.."
only=${2:-.}
[ $# -eq 0 ] || [ "${1:-}" = --only ] || { sed -n '2,4p' "$0"; exit 2; }

passed=0 failed=0 skipped=0
logs=build/tests
mkdir -p "$logs"
began=$SECONDS
if [ -t 1 ]; then green=$'\e[32m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'; else green='' red='' yellow='' plain=''; fi

wanted() { [[ $1 =~ $only ]]; }
report() { printf '%s%-7s%s %-44s %5d s  %s\n' "$1" "$2" "$plain" "$3" "$4" "${5:-}"; }
skip() { wanted "$1" || return 0; skipped=$((skipped + 1)); report "$yellow" skipped "$1" 0 "skipped: $2"; }

# What a script leaves out it says on a line of its own, "skipped: why".
count_skips() {
  local lines
  lines=$(grep -E '^skipped: ' "$1") || return 0
  skipped=$((skipped + $(wc -l <<<"$lines")))
  sed 's/^/    /' <<<"$lines"
}

# step NAME COMMAND...: one test, told by its exit status; 77 means skipped, and its last line says why.
step() {
  local name=$1 log start status
  shift
  wanted "$name" || return 0
  log=$logs/${name//[^a-zA-Z0-9_-]/_}.log
  start=$SECONDS
  "$@" >"$log" 2>&1 </dev/null
  status=$?
  case $status in
    0) passed=$((passed + 1)); count_skips "$log"; report "$green" passed "$name" $((SECONDS - start)) "$(tail -n 1 "$log" | cut -c1-100)" ;;
    77) skipped=$((skipped + 1)); report "$yellow" skipped "$name" $((SECONDS - start)) "$(tail -n 1 "$log")" ;;
    *) failed=$((failed + 1)); report "$red" FAILED "$name" $((SECONDS - start)) "exit $status, see $log"; tail -n 40 "$log" | sed 's/^/    /' ;;
  esac
  return $status
}

# gtest NAME PROGRAM [again]: every case of a GoogleTest program counts for itself; "again" gives it a second try.
gtest() {
  local name=$1 log start status n_passed n_failed n_skipped
  wanted "$name" || return 0
  log=$logs/${name//[^a-zA-Z0-9_-]/_}.log
  start=$SECONDS
  "$2" --gtest_color=no >"$log" 2>&1 </dev/null
  status=$?
  if [ $status -ne 0 ] && [ "${3:-}" = again ]; then
    mv "$log" "${log%.log}_first_try.log"
    echo "    $name: the first try ended with exit $status, see ${log%.log}_first_try.log; once more"
    "$2" --gtest_color=no >"$log" 2>&1 </dev/null
    status=$?
  fi
  n_passed=$(sed -nE 's/^\[  PASSED  \] ([0-9]+) tests?\.$/\1/p' "$log" | tail -n 1)
  n_skipped=$(sed -nE 's/^\[  SKIPPED \] ([0-9]+) tests?, listed below:$/\1/p' "$log" | tail -n 1)
  n_failed=$(sed -nE 's/^\[  FAILED  \] ([0-9]+) tests?, listed below:$/\1/p' "$log" | tail -n 1)
  passed=$((passed + ${n_passed:-0})) skipped=$((skipped + ${n_skipped:-0}))
  [ "${n_skipped:-0}" -eq 0 ] || grep -hE 'skipped: ' "$log" | sort -u | sed 's/^/    /'
  if [ $status -eq 0 ] && [ "${n_passed:-0}" -gt 0 ]; then
    report "$green" passed "$name" $((SECONDS - start)) "${n_passed} cases"
  else
    failed=$((failed + ${n_failed:-1}))
    report "$red" FAILED "$name" $((SECONDS - start)) "exit $status, see $log"
    grep -A 12 -E 'Failure$|^\[  FAILED|ERROR: |WARNING: ThreadSanitizer' "$log" | head -n 60 | sed 's/^/    /'
  fi
}

# for_want_of_time PATTERN COMMAND...: once more where all that was WRONG is what a machine that gives it no time makes wrong.
for_want_of_time() {
  local pattern=$1 out status
  shift
  out=$(timeout 420 "$@") && status=0 || status=$?
  printf '%s\n' "$out"
  if [ $status -ne 1 ] || grep '^WRONG' <<<"$out" | grep -qvE "$pattern"; then return $status; fi
  echo "once more"
  timeout 420 "$@"
}

must() { step "$@" || finish; }
finish() {
  printf '\ntook %d s\n%d passed, %d failed, %d skipped\n' $((SECONDS - began)) "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}
build() { cmake --preset "$1" >/dev/null && cmake --build --preset "$1" --target "${@:2}"; }

must "install" ./deploy/install-deps.sh
# Real servers, where they can be had: tests that need one say "skipped: why" without it.
servers() { ./deploy/install-deps.sh servers || { echo "skipped: the packages of deploy/local cannot be installed"; return 77; }; }
step "install servers" servers
step "house" python3 tests/house/check.py
step "house self-test" python3 tests/house/check.py --self-test
step "format" tests/static/format.sh
step "proto lint" tests/static/proto.sh
step "schemas of rule files" python3 tests/static/rule_schemas.py
step "alert rules" tests/deploy/alerts.sh
step "dashboard" python3 tests/deploy/dashboard.py
step "local servers" tests/deploy/local.sh

rooms_all=(base model rule wire feature ruleset mapping eventlog counters aggregate ingest decide settings rocks_store kafka_log redis_store grpc_api http_api cli)
rooms_asan=(base model rule wire feature ruleset mapping eventlog counters aggregate ingest decide)
rooms_tsan=(base model rule wire feature ruleset mapping eventlog counters aggregate ingest decide)

must "build release" build release all
bin=build/release/bin
for room in "${rooms_all[@]}"; do
  case $room in
    # Real servers, killed and started: a machine that gives them no time makes a wait too short. Once more, and said.
    kafka_log | redis_store) gtest "release $room" "$bin/${room}_test" again ;;
    *) gtest "release $room" "$bin/${room}_test" ;;
  esac
done
cel=${VERDICT_CEL:-../shared/cel-conformance}
if [ -d "$cel" ]; then
  step "public CEL tests, core" "$bin/cel_conformance" "$cel" --group A
  step "public CEL tests, with extensions" "$bin/cel_conformance" "$cel" --group A --group B --known tests/conformance/contested.txt
else
  skip "public CEL tests" "no test data under $cel (VERDICT_CEL names another folder)"
fi
step "agreement with cel-go" tests/cel_go/run.sh agree
step "simulator, 10000 worlds" "$bin/simulator" --worlds 10000 --jobs "$(nproc)" --ops 200 --seed 1
step "mutants" tests/mutants.sh
step "compose stack" python3 tests/deploy/compose.py --bin "$bin"
step "features change" python3 tests/e2e/features_change.py --bin "$bin"
step "servers away" timeout 420 python3 tests/e2e/servers_away.py --bin "$bin"
step "bad input" python3 tests/e2e/bad_input.py
step "let go" python3 tests/e2e/let_go.py
step "imported days" python3 tests/e2e/day_mode.py
step "kill -9, 34 times" "$bin/kill_test" --verdictd "$bin/verdictd" --kills 20 --events 100000 --seed 1
step "100 reloads under 10,000 Score/s" for_want_of_time 'Scores failed|out of the budget|longer than the load' \
  "$bin/reload_test" --reloads 100 --pairs 2
# On a real broker and a real Redis. What each takes here is a third of its limit; a run that hangs is stopped with all it started.
gtest "release seam test's own parts" "$bin/seam_parts_test"
step "seam on real servers, short" for_want_of_time 'less than 99.9 % of the answers' "$bin/seam_test" --short --seed 1
step "outages under 10,000 Score/s" for_want_of_time 'Scores failed|planned rate|outside of the budget|less than 99.9 %|answers do not say' \
  "$bin/outage_test" --rate 10000
data=${VERDICT_DATA:-../shared/data}
for set in handbook sparkov; do
  file=$(ls "$data/$set"-*.csv.gz 2>/dev/null | head -n 1)
  if [ -n "$file" ]; then
    step "foreign input, $set" tests/foreign.sh "$file" "tests/mappings/$set.json"
  else
    skip "foreign input, $set" "no $set data set under $data (VERDICT_DATA names another folder)"
  fi
done
file=$(ls "$data"/sparkov-*.csv.gz 2>/dev/null | head -n 1)
if [ -n "$file" ]; then
  step "foreign input through Kafka and Redis" timeout 600 tests/foreign_kafka.sh "$file" tests/mappings/sparkov.json
else
  skip "foreign input through Kafka and Redis" "no sparkov data set under $data (VERDICT_DATA names another folder)"
fi
step "clang thread safety" tests/static/clang.sh syntax
step "clang-tidy" tests/static/clang.sh tidy
step "fuzzers, 60 s each" tests/fuzz.sh 60
if must "build asan" build asan "${rooms_asan[@]/%/_test}"; then
  for room in "${rooms_asan[@]}"; do gtest "asan $room" "build/asan/bin/${room}_test"; done
fi
if must "build tsan" build tsan "${rooms_tsan[@]/%/_test}"; then
  for room in "${rooms_tsan[@]}"; do gtest "tsan $room" "build/tsan/bin/${room}_test"; done
fi

finish
