#!/usr/bin/env bash
# What takes longer than CI allows: many simulator worlds, several kill -9 runs on fresh seeds.
# usage: ./tests/soak.sh [WORLDS] [KILL_RUNS]     (default 20000 worlds, 5 kill runs; needs a release build)
set -euo pipefail
cd "$(dirname "$0")/.."
worlds=${1:-20000}
runs=${2:-5}
cmake --preset release >/dev/null
cmake --build --preset release --target simulator kill_test verdictd
seed=$(date +%s)
echo "soak: $worlds worlds from seed $seed"
build/release/bin/simulator --worlds "$worlds" --ops 300 --seed "$seed"
for run in $(seq "$runs"); do
  echo "soak: kill run $run of $runs, seed $((seed + run))"
  build/release/bin/kill_test --verdictd build/release/bin/verdictd --kills 40 --events 200000 --seed $((seed + run))
done
echo "soak: ok"
