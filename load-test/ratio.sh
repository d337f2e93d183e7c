#!/usr/bin/env bash
# How much of an empty gRPC server's throughput Verdict keeps: alternated pairs in one run, the median of their ratios.
#   load-test/ratio.sh transport   no rules, no features, record off            target: 0.90
#   load-test/ratio.sh full        100 rules over 12 features, 1M merchants, payments recorded   target: 0.50, then 0.65
# Exits with 1 below the target.
# usage: load-test/ratio.sh transport|full [--bin DIR] [--rules DIR] [--pairs N] [--requests N] [--connections N] [--streams N] [--merchants N]
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-}
case "$mode" in
  transport | full) shift ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
bin=build/release/bin rules='' pairs=3 requests=400000 connections=8 streams=32 merchants=1000000
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "ratio.sh: $1 needs a value" >&2; exit 2; }
  case "$1" in
    --bin) bin=$2 ;;
    --rules) rules=$2 ;;
    --pairs) pairs=$2 ;;
    --requests) requests=$2 ;;
    --connections) connections=$2 ;;
    --streams) streams=$2 ;;
    --merchants) merchants=$2 ;;
    *) echo "ratio.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
for program in verdictd empty-server verdict-load; do
  [ -x "$bin/$program" ] || { echo "ratio.sh: $bin/$program is missing: cmake --build --preset release" >&2; exit 2; }
done
if [ $((pairs * requests)) -lt 1000000 ]; then
  echo "ratio.sh: $pairs pairs of $requests requests are fewer than 1,000,000 distinct ids" >&2
  exit 2
fi

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

load=("$bin/verdict-load" --closed --connections "$connections" --streams "$streams" --requests "$requests" --duration 600
      --timeout-ms 0 --format json)
if [ -z "$rules" ]; then
  rules=$work/rules
  load-test/bench_rules.sh "$mode" "$rules"
fi
[ "$mode" = full ] || load+=(--no-record)

"$bin/empty-server" --listen 127.0.0.1:50052 >"$work/empty.log" 2>&1 &
pids+=($!)
"$bin/verdictd" --embedded "$work/state" --rules "$rules" --listen 127.0.0.1:50053 --http 127.0.0.1:9465 2>"$work/verdictd.log" &
pids+=($!)
verdictd=$!
for _ in $(seq 100); do
  curl -sf 127.0.0.1:9465/readyz >/dev/null && break
  kill -0 "$verdictd" 2>/dev/null || { cat "$work/verdictd.log" >&2; exit 1; }
  sleep 0.1
done
curl -sf 127.0.0.1:9465/readyz >/dev/null || { tail -n 3 "$work/verdictd.log" >&2; exit 1; }

if [ "$mode" = full ]; then
  echo "filling: $merchants merchants"
  "$bin/verdict-load" --target 127.0.0.1:50053 --closed --connections "$connections" --streams "$streams" --every-merchant \
    --pool "$merchants" --merchants "$merchants" --requests "$merchants" --duration 600 --timeout-ms 0 >"$work/fill.txt" ||
    { cat "$work/fill.txt" >&2; exit 1; }
fi

cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{print ($14 + $15) / hz}' "/proc/$verdictd/stat"; }
stages() { curl -s 127.0.0.1:9465/metrics | grep -E '^verdict_score_stage_(nanoseconds|samples)_total' || true; }
measure() { # target, output
  "${load[@]}" --target "$1" >"$2" || { jq -r .fault "$2" >&2; exit 1; }
}

ratios=()
stages >"$work/before"
cpu_before=$(cpu_seconds)
for pair in $(seq "$pairs"); do
  if [ $((pair % 2)) -eq 1 ]; then
    measure 127.0.0.1:50052 "$work/empty.json"
    measure 127.0.0.1:50053 "$work/verdict.json"
  else
    measure 127.0.0.1:50053 "$work/verdict.json"
    measure 127.0.0.1:50052 "$work/empty.json"
  fi
  ratio=$(jq -n --slurpfile v "$work/verdict.json" --slurpfile e "$work/empty.json" '$v[0].achieved_rate / $e[0].achieved_rate')
  ratios+=("$ratio")
  printf 'pair %d: empty %.0f/s, verdictd %.0f/s, ratio %.3f, replayed %d\n' "$pair" "$(jq .achieved_rate "$work/empty.json")" \
    "$(jq .achieved_rate "$work/verdict.json")" "$ratio" "$(jq .replayed "$work/verdict.json")"
done
cpu_after=$(cpu_seconds)
stages >"$work/after"

jq -r '"hardware: \(.hardware.cpu), \(.hardware.cores) cores, shared by server and client, \(.hardware.kernel)"' "$work/verdict.json"
echo "layout: $connections connections x $streams streams, $((pairs * requests)) distinct ids, mode $mode"
awk -v a="$cpu_after" -v b="$cpu_before" -v n=$((pairs * requests)) 'BEGIN {printf "verdictd: %.2f CPU s a million calls\n", (a - b) * 1e6 / n}'
# Stage figures are of sampled calls between the two scrapes.
awk '
  { name = $1; sub(/.*stage="/, "", name); sub(/".*/, "", name); is_ns = $1 ~ /nanoseconds/ }
  FNR == NR { before[is_ns, name] = $2; next }
  { d = $2 - before[is_ns, name]; if (is_ns) ns[name] = d; else samples[name] = d }
  END { for (name in samples) if (samples[name] > 0) printf "stage %-9s %7.2f us\n", name, ns[name] / samples[name] / 1000 }
' "$work/before" "$work/after" | sort
median=$(printf '%s\n' "${ratios[@]}" | sort -n | awk '{v[NR] = $1} END {print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}')
target=$([ "$mode" = transport ] && echo 0.90 || echo 0.50)
met=$(awk -v m="$median" -v t="$target" 'BEGIN { print (m >= t ? "met" : "missed") }')
printf 'median ratio: %.3f, target %s: %s\n' "$median" "$target" "$met"
[ "$met" = met ]
