#!/usr/bin/env bash
# What takes longer than CI allows: the fuzzers, ten minutes each, a thousand reloads, many simulator worlds, several kill -9 runs, and the seam on real servers over 50 business hours each,
# on fresh seeds.
# usage: ./tests/soak.sh [EVENTS] [KILL_RUNS] [SEAM_RUNS]     (default 10,000,000 events, 5 kill runs, 2 seam runs; needs a release build)
set -euo pipefail
cd "$(dirname "$0")/.."
events=${1:-10000000}
runs=${2:-5}
seams=${3:-2}
cmake --preset release >/dev/null
cmake --build --preset release --target cel_pairs reload_test simulator kill_test seam_test outage_test verdictd verdict verdict-load
seed=$(date +%s)
# 77: no broker, no Redis or no Go can be had here, and the program has said so.
where_it_can() {
  local status=0
  "$@" || status=$?
  [ $status -eq 77 ] || return $status
}
where_it_can tests/cel_go/run.sh agree 25000 "$seed"
tests/fuzz.sh 600
build/release/bin/reload_test --reloads 1000 --pairs 5 --p99-ratio-max 1.2
echo "soak: worlds from seed $seed, until $events events were recorded"
build/release/bin/simulator --events "$events" --jobs "$(nproc)" --ops 300 --seed "$seed"
for run in $(seq "$runs"); do
  echo "soak: kill run $run of $runs, seed $((seed + run))"
  build/release/bin/kill_test --verdictd build/release/bin/verdictd --kills 40 --events 200000 --seed $((seed + run))
done
for run in $(seq "$seams"); do
  echo "soak: seam run $run of $seams, seed $((seed + run))"
  where_it_can timeout 1800 build/release/bin/seam_test --seed $((seed + run))
done
[ "$seams" -eq 0 ] || where_it_can timeout 900 build/release/bin/outage_test
echo "soak: ok"
