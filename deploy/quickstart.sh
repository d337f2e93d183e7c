#!/usr/bin/env bash
# Installs what is missing, builds, makes 30 days of payments, folds them, plays a day through Score and prints the result.
# usage: ./deploy/quickstart.sh [--full] [--keep] [--seed N] [--rate N] [--payments N] [--bin DIR]
#   --full        on a real Kafka broker and a real Redis, which it starts and stops (deploy/local; needs Java and Maven)
#   --keep        leave verdictd running, and say how to send it a payment
#   --seed N      other payments (default 20250131)
#   --rate N      Score calls a second, open loop (default 5200)
#   --payments N  payments of the played day (default 110000: 21 s at the default rate)
#   --bin DIR     take verdictd, verdict and verdict-load from DIR; nothing is installed or built
# The prepared history is kept under build/quickstart/, so that a second run is short. Last line: "quickstart: ok {figures as JSON}".
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

full=0 keep=0 seed=20250131 rate=5200 payments=110000 bin=
while [ $# -gt 0 ]; do
  case $1 in
    --full) full=1 ;;
    --keep) keep=1 ;;
    --seed | --rate | --payments | --bin)
      [ $# -gt 1 ] || { echo "quickstart: $1 needs a value" >&2; exit 2; }
      printf -v "${1#--}" %s "$2"
      shift
      ;;
    -h | --help) sed -n '2,10s/^# //p' "$0"; exit 0 ;;
    *) echo "quickstart: unknown option $1; see --help" >&2; exit 2 ;;
  esac
  shift
done
for number in "$seed" "$rate" "$payments"; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || { echo "quickstart: '$number' is not a whole number above 0" >&2; exit 2; }
done

began=$SECONDS
first_day=2025-01-01 today=2025-01-31 days=30 merchants=10000 cards=100000
work=build/quickstart
log=$work/verdictd.log
server= kept=0
mkdir -p "$work"
kept_pid=$(cat "$work/kept.pid" 2>/dev/null || true)
if [ -n "$kept_pid" ] && grep -qs verdictd "/proc/$kept_pid/cmdline"; then
  echo "quickstart: verdictd (pid $kept_pid), kept by an earlier run, still uses $work/day; end it first: kill $kept_pid" >&2
  exit 1
fi
rm -f "$work/kept.pid"

say() { printf '[%3d s] %s\n' $((SECONDS - began)) "$*"; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
servers=
stop_server() {
  [ -n "$server" ] || { stop_servers; return 0; }
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
  stop_servers
}
stop_servers() {
  [ -n "$servers" ] || return 0
  ./deploy/local/down.sh --dir "$servers" --wipe >/dev/null || true
  servers=
}
on_exit() {
  status=$?
  [ $kept -eq 1 ] || stop_server
  exit $status
}
trap on_exit EXIT
trap 'exit 130' INT TERM

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# free_port FIRST: FIRST where nothing listens there, else the next free one.
free_port() {
  local port
  for port in $(seq "$1" $(($1 + 200))); do
    taken "$port" || { echo "$port"; return; }
  done
  die "no free port from $1 on"
}
# ready PORT: whether /readyz answers 200 (bash alone: curl may not be installed).
ready() {
  local status
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  read -r -t 2 status <&3 || status=
  exec 3<&- 3>&-
  [[ $status == *" 200 "* ]]
}

if [ -z "$bin" ]; then
  ./deploy/install-deps.sh build
  say "building (release)"
  cmake --preset release >"$work/cmake.log" || { tail -n 20 "$work/cmake.log" >&2; die "cmake failed, see $work/cmake.log"; }
  cmake --build --preset release --target verdictd verdict verdict-load || die "the build failed"
  bin=build/release/bin
fi
for program in verdictd verdict verdict-load; do
  [ -x "$bin/$program" ] || die "$bin/$program is missing"
done

# --full: a topic of its own, whose records bear the times of their events, and an empty Redis.
start_servers() {
  ./deploy/install-deps.sh servers || { echo "skipped: the packages of deploy/local cannot be installed"; exit 77; }
  servers=$PWD/$work/servers
  rm -rf "$work/state" "$work/batch"
  ./deploy/local/down.sh --dir "$servers" --wipe >/dev/null 2>&1 || true
  say "starting Kafka and Redis"
  ./deploy/local/up.sh --dir "$servers" --kafka-port 0 --redis-port 0 --replay kafka redis || exit $?
  (umask 077; od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$work/secret"; echo >>"$work/secret")
  cat >"$work/verdict.json" <<J
{ "log": { "kafka": { "brokers": "127.0.0.1:$(cat "$servers/kafka/port")" } },
  "store": { "redis": { "address": "127.0.0.1:$(cat "$servers/redis/port")" } },
  "state": "$PWD/$work/state", "aggregate": { "dir": "$PWD/$work/batch" }, "secret_file": "$PWD/$work/secret",
  "clock": "event", "rules": "$PWD/rules" }
J
}

# What the prepared history depends on: the program, the rules, and what is asked of the generator.
key=$( (sha256sum "$bin/verdict" rules/features.json rules/schema.json; echo "$seed $payments $days $merchants $cards $first_day") |
  sha256sum | cut -c1-16)
prepared=$work/prepared-$key
[ $full -eq 0 ] || prepared=$work/prepared-full-$key
if [ $full -eq 1 ]; then
  start_servers
  if [ ! -e "$prepared/complete" ]; then
    rm -rf "$work"/prepared-full-*
    mkdir -p "$prepared"
    say "generating $days days of payments of $merchants merchants and $cards cards, and a day to play"
    "$bin/verdict" generate --seed "$seed" --start "$first_day" --days "$days" --merchants "$merchants" --cards "$cards" \
      --today-payments "$payments" --json-events --out "$prepared/payments" || die "verdict generate failed"
    touch "$prepared/complete"
  else
    say "taking the payments generated by an earlier run: $prepared"
  fi
  say "writing the history to the topic"
  "$bin/verdict" import "$prepared/payments/history.csv" --config "$work/verdict.json" || die "verdict import failed"
  say "folding the past days from the topic into Redis"
  "$bin/verdict" aggregate --config "$work/verdict.json" || die "verdict aggregate failed"
elif [ ! -e "$prepared/complete" ]; then
  rm -rf "$work"/prepared-????????????????
  mkdir -p "$prepared"
  say "generating $days days of payments of $merchants merchants and $cards cards, and a day to play"
  "$bin/verdict" generate --seed "$seed" --start "$first_day" --days "$days" --merchants "$merchants" --cards "$cards" \
    --today-payments "$payments" --json-events --out "$prepared/payments" ||
    die "verdict generate failed"
  say "importing the history; the log's time then stands at a quarter past the midnight before the played day"
  "$bin/verdict" import "$prepared/payments/history.csv" --until "${today}T00:15:00Z" --embedded "$prepared/dir" || die "verdict import failed"
  say "folding the past days up to the cut of 00:10"
  "$bin/verdict" aggregate --embedded "$prepared/dir" --rules rules || die "verdict aggregate failed"
  rm "$prepared/payments/history.csv"
  touch "$prepared/complete"
else
  say "taking the history prepared by an earlier run: $prepared"
fi
where=(--embedded "$work/day" --clock event --rules rules)
[ $full -eq 0 ] || where=(--config "$work/verdict.json")
if [ $full -eq 0 ]; then
  rm -rf "$work/day"
  cp -a --reflink=auto "$prepared/dir" "$work/day"
fi

grpc_port=$(free_port 50051) http_port=$(free_port 9464)
say "starting verdictd on the event clock: gRPC 127.0.0.1:$grpc_port, HTTP 127.0.0.1:$http_port"
"$bin/verdictd" "${where[@]}" \
  --listen "127.0.0.1:$grpc_port" --http "127.0.0.1:$http_port" >"$log" 2>&1 &
server=$!
for attempt in $(seq 300); do
  ready "$http_port" && break
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$log" >&2; server=; die "verdictd ended, see $log"; }
  [ "$attempt" -lt 300 ] || { tail -n 20 "$log" >&2; die "verdictd was not ready within 60 s, see $log"; }
  sleep 0.2
done

say "playing $payments payments of $today through Score at $rate/s, open loop"
load_status=0
"$bin/verdict-load" --target "127.0.0.1:$grpc_port" --from "$prepared/payments/today.jsonl" --keep-ids --rate "$rate" \
  --duration 600 --connections 4 --answers "$work/answers.csv" --format json >"$work/load.json" || load_status=$?
[ -s "$work/load.json" ] || die "verdict-load failed (exit $load_status)"

# figure KEY [SECTION]: a value of the load report, which holds one key a line.
figure() {
  awk -v key="\"$1\":" -v section="\"${2:-}\":" 'section != "\"\":" && $1 == section { inside = 1 }
    (section == "\"\":" || inside) && $1 == key { sub(/^[^:]*: */, ""); sub(/,$/, ""); gsub(/"/, ""); print; exit }' "$work/load.json"
}
planned=$(figure planned_rate) achieved=$(figure achieved_rate) failed=$(figure failed)
p50=$(figure p50_ms latency_from_intended) p99=$(figure p99_ms latency_from_intended)
p999=$(figure p999_ms latency_from_intended) worst=$(figure max_ms latency_from_intended)

# Answers against labels: flagged is DENY or REVIEW.
awk -F, 'NR == FNR { if ($2 == 1) kind[$1] = $3; next }
  FNR == 1 { next }
  { answers++; outcome[$2]++; provenance[$3]++; flagged = $2 == "DENY" || $2 == "REVIEW"; fraud = $1 in kind
    if (fraud) { frauds++; of_kind[kind[$1]]++; if (flagged) { hits++; caught[kind[$1]]++ } }
    if (flagged) flags++
    n = split($4, rules, "|"); for (i = 1; i <= n; i++) { matched[rules[i]]++; if (fraud) right[rules[i]]++ } }
  END { printf "total %d %d %d %d\n", answers, frauds, flags, hits
    for (o in outcome) printf "outcome %s %d\n", o, outcome[o]
    for (p in provenance) printf "provenance %s %d\n", p, provenance[p]
    for (k in of_kind) printf "kind %s %d %d\n", k, of_kind[k], caught[k]
    for (r in matched) printf "rule %s %d %d\n", r, matched[r], right[r] }' \
  "$prepared/payments/labels.csv" "$work/answers.csv" >"$work/figures.txt"
read -r answers frauds flags hits < <(awk '$1 == "total" { print $2, $3, $4, $5 }' "$work/figures.txt")
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (b > 0 ? a / b : 0) }'; }
precision=$(ratio "$hits" "$flags") recall=$(ratio "$hits" "$frauds")
count() { awk -v a="$1" -v b="$2" '$1 == a && $2 == b { n = $3 } END { print n + 0 }' "$work/figures.txt"; }

echo
echo "Decisions"
for outcome in ALLOW REVIEW DENY; do
  n=$(count outcome $outcome)
  printf '  %-24s %9d  %6.2f%%\n' $outcome "$n" "$(awk -v n="$n" -v all="$answers" 'BEGIN { print all ? 100 * n / all : 0 }')"
done
echo "Rules that matched most      matched   of frauds"
awk '$1 == "rule" { print $3, $4, $2 }' "$work/figures.txt" | sort -k1,1nr | head -n 8 |
  while read -r matched right rule; do printf '  %-24s %9d   %9d\n' "$rule" "$matched" "$right"; done
echo "Frauds by kind                frauds     flagged"
awk '$1 == "kind" { print $2, $3, $4 }' "$work/figures.txt" | sort |
  while read -r kind n caught; do printf '  %-24s %9d   %9d\n' "$kind" "$n" "$caught"; done
echo "Latency from the intended send, ms"
printf '  p50 %.2f   p99 %.2f   p99.9 %.2f   max %.2f\n' "$p50" "$p99" "$p999" "$worst"
echo "Rate, Score calls a second"
printf '  planned %.0f   achieved %.0f   failed %s\n' "$planned" "$achieved" "$failed"
echo "How whole the inputs were"
awk -v all="$answers" '$1 == "provenance" { printf "  %-24s %9d  %6.2f%%\n", $2, $3, 100 * $3 / all }' "$work/figures.txt"
echo "Against the labels (flagged: DENY or REVIEW)"
printf '  precision %s   recall %s   (%s frauds, %s flagged, %s of them frauds)\n' "$precision" "$recall" "$frauds" "$flags" "$hits"

# --full: the payment system writes each payment's event; it takes the place of what Score counted.
metric() { # NAME{LABELS}: its value now (bash alone: curl may not be installed)
  { exec 3<>"/dev/tcp/127.0.0.1/$http_port"; } 2>/dev/null || return 0
  printf 'GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  awk -v name="$1" '$1 == name { printf "%d", $2 }' <&3
  exec 3<&- 3>&-
}
if [ $full -eq 1 ]; then
  echo
  say "the payment system writes the day's payments to the topic"
  "$bin/verdict" import "$prepared/payments/today.jsonl" --config "$work/verdict.json" >"$work/today.txt" || die "verdict import failed"
  for attempt in $(seq 300); do
    [ "$(metric 'verdict_agg_provisional{state="live"}')" = 0 ] && break
    sleep 0.1
  done
  for state in replaced changed_by_event expired; do
    printf '  provisionals %-20s %9d\n' $state "$(metric "verdict_agg_provisional_total{state=\"$state\"}")"
  done
  for class in counted filtered duplicate quarantined dead_lettered; do
    printf '  events %-26s %9d\n' $class "$(metric "verdict_agg_events_total{class=\"$class\"}")"
  done
  printf '  decisions %-23s %9d\n' sent "$(metric 'verdict_decision_records_total{result="sent"}')"
fi

# A payment of the day sent once more under an id of its own, at the day's end: the answer with what it was made from.
last_ms=$(tail -n 1 "$prepared/payments/today.jsonl" | sed -E 's/.*"event_time_ms":"([0-9]+)".*/\1/')
echo
echo "Three decisions (payments of the day, sent again under new ids)"
for outcome in ALLOW REVIEW DENY; do
  id=$(awk -F, -v want="$outcome" '$2 == want { print $1; exit }' "$work/answers.csv")
  [ -n "$id" ] || { echo "  no payment ended in $outcome"; continue; }
  grep -m 1 "\"id\":\"$id\"" "$prepared/payments/today.jsonl" |
    sed -E "s/.*\"transaction\":(\{[^}]*\}).*/\1/; s/\"id\":\"$id\"/\"id\":\"again-$id\"/; s/(\"event_time_ms\":\")[0-9]+/\1$last_ms/" \
      >"$work/sample-$outcome.json"
  "$bin/verdict" score --addr "127.0.0.1:$grpc_port" --txn "$work/sample-$outcome.json" --features --no-record ||
    die "verdict score failed"
done

metrics="http://127.0.0.1:$http_port/metrics"
echo
echo "Metrics: $metrics (while verdictd runs; ./deploy/quickstart.sh --keep)"
problems=()
awk -v p="$precision" -v r="$recall" 'BEGIN { exit !(p >= 0.3 && r >= 0.3) }' || problems+=("precision or recall is below 0.3")
awk -v a="$achieved" -v p="$planned" 'BEGIN { exit !(a >= 0.99 * p) }' || problems+=("the achieved rate is below 99% of the planned one")
awk -v f="$(count provenance FULL)" -v all="$answers" 'BEGIN { exit !(f >= 0.99 * all) }' || problems+=("fewer than 99% of the answers are FULL")
[ "$failed" = 0 ] || problems+=("$failed calls failed")
[ "$load_status" -eq 0 ] || problems+=("verdict-load: $(figure fault)")
if [ $keep -eq 1 ]; then
  kept=1
  echo "$server" >"$work/kept.pid"
  echo "verdictd goes on as process $server; stop it with: kill $server"
  [ $full -eq 0 ] || echo "Kafka and Redis go on; stop them with: ./deploy/local/down.sh --dir $servers --wipe"
  echo "Send a payment by hand:"
  echo "  $bin/verdict score --addr 127.0.0.1:$grpc_port --txn $work/sample-ALLOW.json --features"
  echo "  grpcurl -plaintext -import-path proto -proto verdict/v1/fraud_decision.proto \\"
  echo "    -d \"{\\\"transaction\\\": \$(cat $work/sample-ALLOW.json)}\" 127.0.0.1:$grpc_port verdict.v1.FraudDecision/Score"
else
  stop_server
fi
[ ${#problems[@]} -eq 0 ] || die "not as promised: $(printf '%s; ' "${problems[@]}")"
printf 'quickstart: ok {"payments": %s, "allow": %s, "review": %s, "deny": %s, "full": %s, "planned_rate": %s, "achieved_rate": %s, "p50_ms": %s, "p99_ms": %s, "p99.9_ms": %s, "max_ms": %s, "failed": %s, "precision": %s, "recall": %s, "metrics": "%s", "seconds": %s}\n' \
  "$answers" "$(count outcome ALLOW)" "$(count outcome REVIEW)" "$(count outcome DENY)" "$(count provenance FULL)" "$planned" "$achieved" \
  "$p50" "$p99" "$p999" "$worst" "$failed" "$precision" "$recall" "$metrics" $((SECONDS - began))
