#!/usr/bin/env bash
# Totals on data nobody here wrote, through a real Kafka and a real Redis: the file is produced with 1 % of its rows twice and 2 % out of
# order, folded, and its last days are scored; each 30-day sum and each 1-hour count is compared with SQL, to the cent.
# usage: tests/foreign_kafka.sh CSV MAPPING [SAMPLES] [SEED]     (CSV may be gzip; SAMPLES of the last days at least, default 10000)
#   BIN=DIR takes verdictd and verdict from DIR (default build/release/bin)
# MAPPING is a mapping of `verdict import`; ids, merchants, cards, times and cents come from its "id", "merchant_id", "card_id",
# "event_time_ms" (a text time in UTC) and "amount_minor" columns. Needs sqlite3, jq and python3.
# Exit 0: every value equal; 1: differences; 2: trouble; 77: a server cannot be had here.
set -euo pipefail
[ $# -ge 2 ] && [ $# -le 4 ] || { sed -n '2,8p' "$0" >&2; exit 2; }
csv=$(realpath "$1") mapping=$(realpath "$2") samples=${3:-10000} seed=${4:-1}
cd "$(dirname "$0")/.."
bin=${BIN:-build/release/bin}
trouble() { echo "foreign: $*" >&2; exit 2; }
for program in sqlite3 jq python3; do command -v $program >/dev/null || trouble "$program is not installed"; done
for program in verdictd verdict; do [ -x "$bin/$program" ] || trouble "$bin/$program is missing; build it first"; done

work=$(mktemp -d)
server=
on_exit() {
  status=$?
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  deploy/local/down.sh --dir "$work/servers" --wipe kafka redis >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT TERM

# The mapping's comments are whole lines.
strip() { sed -E 's@^[[:space:]]*//.*@@' "$mapping"; }
column() { strip | jq -er --arg f "$1" '.fields[$f] | if type == "string" then . else .column end' || trouble "$mapping: $1 is no column"; }
prefix() { strip | jq -r --arg f "$1" '.fields[$f] | if type == "string" then "" else .prefix // "" end'; }
id=$(column id) merchant=$(column merchant_id) card=$(column card_id) time=$(column event_time_ms) cents=$(column amount_minor)
currency=$(strip | jq -er '.fields.currency.constant') || trouble "$mapping: needs one constant currency"
id_prefix=$(prefix id)

zcat -f "$csv" >"$work/rows.csv"
sqlite3 "$work/check.db" ".import --csv $work/rows.csv r" \
  "CREATE TABLE per_day AS SELECT substr(\"$time\", 1, 10) AS day, count(*) AS n FROM r GROUP BY 1"
# The scored days: the last ones that have so many payments together.
mapfile -t days < <(sqlite3 "$work/check.db" "SELECT day FROM (SELECT day, sum(n) OVER (ORDER BY day DESC) - n AS after FROM per_day)
  WHERE after < $samples ORDER BY day")
[ ${#days[@]} -ge 2 ] || trouble "the last days of $csv are too few for $samples samples over a midnight"
from=${days[0]}
echo "foreign: $(basename "$csv"): history before $from, scored ${days[*]}, base currency $currency, seed $seed"

deploy/local/up.sh --dir "$work/servers" --kafka-port 0 --redis-port 0 --replay --while-pid $$ kafka redis >"$work/up.log" 2>&1 || {
  status=$?
  tail -n 5 "$work/up.log"
  exit $status
}
broker=127.0.0.1:$(cat "$work/servers/kafka/port") redis=127.0.0.1:$(cat "$work/servers/redis/port")

# A rule set that flags nothing: every payment is allowed, so approved. Its one rule reads every feature.
mkdir "$work/rules"
echo '{ "schema": "txn/1" }' >"$work/rules/schema.json"
cat >"$work/rules/features.json" <<'J'
{ "features": [
  { "name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d" },
  { "name": "count_1h", "entity": "merchant", "aggregate": "count", "window": "1h" },
  { "name": "count_1h", "entity": "card", "aggregate": "count", "window": "1h" } ] }
J
echo '{ "review_at": 50, "deny_at": 100, "default": "allow", "on": { "STALE": "decide", "PARTIAL": "decide", "DEFAULT": "review" }, "reasons": ["NONE"] }' \
  >"$work/rules/policy.json"
cat >"$work/rules/never.json" <<'J'
{ "schema": "txn/1", "rules": [
  { "id": "reads_all", "name": "Never matches", "owner": "tests", "description": "So that every feature counts for provenance.",
    "mode": "live", "action": "none", "score": 1, "reason": "NONE",
    "when_all": [ "merchant.volume_30d < -1.0", "merchant.count_1h < -1", "card.count_1h < -1" ] } ] }
J

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() { local p; for p in $(seq "$1" $(($1 + 500))); do taken "$p" || { echo "$p"; return; }; done; trouble "no free port"; }
grpc_port=$(free_port $((20000 + $$ % 10000))) http_port=$(free_port $((31000 + $$ % 10000)))
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/secret"
jq -n --arg work "$work" --arg broker "$broker" --arg redis "$redis" --arg currency "$currency" --arg grpc "127.0.0.1:$grpc_port" \
  --arg http "127.0.0.1:$http_port" '{ log: { kafka: { brokers: $broker, topic: "transactions" } }, store: { redis: { address: $redis } },
    state: ($work + "/state"), aggregate: { dir: ($work + "/aggregate") }, secret_file: ($work + "/secret"), clock: "event", zone: "UTC",
    base_currency: $currency, rules: ($work + "/rules"), listen: $grpc, http: $http }' >"$work/verdictd.json"

# produce FROM UNTIL: the rows of [FROM, UNTIL), with repeats and late ones.
produce() {
  python3 tests/disorder.py "$work/rows.csv" "$work/sent.csv" --time "$time" --from "$1" --until "$2" --seed "$seed"
  "$bin/verdict" import "$work/sent.csv" --map "$mapping" --config "$work/verdictd.json" >"$work/import.log" 2>&1 ||
    { tail -n 5 "$work/import.log" >&2; trouble "the import failed"; }
  sent=$((${sent:-0} + $(wc -l <"$work/sent.csv") - 1))
}
fold() {
  "$bin/verdict" aggregate --config "$work/verdictd.json" --format json >"$work/fold.json" 2>"$work/fold.log" ||
    { tail -n 5 "$work/fold.log" >&2; trouble "the fold failed"; }
  echo "foreign: folded $(cat "$work/fold.json")"
}

produce 0000 "$from"
fold
[ "$(jq .keys "$work/fold.json")" -gt 0 ] || trouble "nothing was folded"
"$bin/verdictd" --config "$work/verdictd.json" >"$work/verdictd.log" 2>&1 &
server=$!
ready() {
  local status
  { exec 3<>"/dev/tcp/127.0.0.1/$http_port"; } 2>/dev/null || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  read -r -t 2 status <&3 || status=
  exec 3<&- 3>&-
  [[ $status == *" 200 "* ]]
}
for attempt in $(seq 600); do
  ready && break
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$work/verdictd.log" >&2; server=; trouble "verdictd ended"; }
  [ "$attempt" -lt 600 ] || { tail -n 20 "$work/verdictd.log" >&2; trouble "verdictd was not ready within 120 s"; }
  sleep 0.2
done

# A day is scored, then the payment system writes it; after the second day the batch takes the cuts it has missed.
for i in "${!days[@]}"; do
  day=${days[$i]} next=$(date -u -d "${days[$i]} + 1 day" +%F)
  "$bin/verdict" score --addr "127.0.0.1:$grpc_port" --csv "$work/rows.csv" --map "$mapping" --from "$day" --until "$next" --serial \
    --features merchant.volume_30d,merchant.count_1h,card.count_1h --out "$work/answers-$i.csv" >"$work/score.log" 2>&1 ||
    { tail -n 5 "$work/score.log" >&2; trouble "scoring $day failed"; }
  produce "$day" "$next"
  [ "$i" -ne 1 ] || fold
done
for i in "${!days[@]}"; do
  if [ "$i" -eq 0 ]; then cat "$work/answers-$i.csv"; else tail -n +2 "$work/answers-$i.csv"; fi
done >"$work/answers.csv"

# Independent of Verdict: the file's own rows in the file's order, up to and including the payment; business days in UTC, an hour open where
# it begins.
sqlite3 "$work/check.db" >"$work/result.txt" <<SQL
.import --csv $work/answers.csv a
CREATE TABLE p AS SELECT rowid AS place, '$id_prefix' || "$id" AS id, "$merchant" AS m, "$card" AS c, substr("$time", 1, 10) AS day,
  CAST(strftime('%s', "$time") AS INTEGER) AS t, CAST("$cents" AS INTEGER) AS cents FROM r;
CREATE INDEX of_merchant ON p (m, t);
CREATE INDEX of_card ON p (c, t);
CREATE TABLE daily AS SELECT m, day, sum(cents) AS cents FROM p GROUP BY 1, 2;
CREATE UNIQUE INDEX daily_key ON daily (m, day);
CREATE TABLE today AS SELECT *, sum(cents) OVER (PARTITION BY m, day ORDER BY place) AS so_far FROM p WHERE day >= '$from';
CREATE TABLE expected AS SELECT place, id, m, c, so_far + coalesce((SELECT sum(d.cents) FROM daily d WHERE d.m = today.m AND
    d.day >= date(today.day, '-29 days') AND d.day < today.day), 0) AS cents,
  (SELECT count(*) FROM p WHERE p.m = today.m AND p.t > today.t - 3600 AND p.t <= today.t AND p.place <= today.place) AS m_hour,
  (SELECT count(*) FROM p WHERE p.c = today.c AND p.t > today.t - 3600 AND p.t <= today.t AND p.place <= today.place) AS c_hour FROM today;
CREATE INDEX by_id ON a (id);
CREATE TABLE joined AS SELECT e.*, a.provenance, a.partial_reasons, a."merchant.volume_30d" AS got_cents,
  a."merchant.count_1h" AS got_m_hour, a."card.count_1h" AS got_c_hour FROM expected e LEFT JOIN a ON a.id = e.id;
SELECT 'payments', count(*) FROM joined;
SELECT 'merchants', count(DISTINCT m) FROM joined;
SELECT 'cards', count(DISTINCT c) FROM joined;
SELECT 'answers', (SELECT count(*) FROM a);
SELECT 'full', count(*) FROM joined WHERE provenance = 'FULL';
SELECT 'volume_equal', count(*) FROM joined WHERE got_cents = CAST(cents AS TEXT);
SELECT 'merchant_hour_equal', count(*) FROM joined WHERE got_m_hour = CAST(m_hour AS TEXT);
SELECT 'card_hour_equal', count(*) FROM joined WHERE got_c_hour = CAST(c_hour AS TEXT);
SELECT 'largest_cents', max(cents) FROM joined;
SELECT 'largest_hour', max(max(m_hour), max(c_hour)) FROM joined;
SELECT 'wrong_and_full', count(*) FROM joined WHERE provenance = 'FULL' AND (got_cents IS NOT CAST(cents AS TEXT) OR
  got_m_hour IS NOT CAST(m_hour AS TEXT) OR got_c_hour IS NOT CAST(c_hour AS TEXT));
SELECT 'difference', id, m, c, 'expected', cents, m_hour, c_hour, 'got', got_cents, got_m_hour, got_c_hour, provenance, partial_reasons
  FROM joined WHERE got_cents IS NOT CAST(cents AS TEXT) OR got_m_hour IS NOT CAST(m_hour AS TEXT) OR got_c_hour IS NOT CAST(c_hour AS TEXT)
  ORDER BY place LIMIT 10;
SQL
value() { awk -F'|' -v k="$1" '$1 == k { print $2 }' "$work/result.txt"; }
payments=$(value payments)
printf '\n%-52s %12s\n' "through Kafka and Redis, against SQL over the CSV" ""
printf '%-52s %12s\n' "rows produced, repeats included" "$sent" "scored, of $(value merchants) merchants, $(value cards) cards" "$payments" \
  "answered" "$(value answers)" "provenance FULL" "$(value full)" "merchant's 30-day sum equal to the cent" "$(value volume_equal)" \
  "merchant's 1-hour count equal" "$(value merchant_hour_equal)" "card's 1-hour count equal" "$(value card_hour_equal)" \
  "FULL and different" "$(value wrong_and_full)" "largest sum, minor units of $currency" "$(value largest_cents)" \
  "most payments within an hour" "$(value largest_hour)"
grep '^difference' "$work/result.txt" || true
failed() { echo "foreign: FAILED, seed $seed: $*"; exit 1; }
for figure in answers volume_equal merchant_hour_equal card_hour_equal; do
  [ "$(value $figure)" = "$payments" ] || failed "$figure is $(value $figure) of $payments"
done
[ "$payments" -ge "$samples" ] || failed "only $payments payments were sampled"
[ $((payments * 999)) -le $(($(value full) * 1000)) ] || failed "$(value full) of $payments are FULL, less than 99.9 %"
echo "foreign: ok"
