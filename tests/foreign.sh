#!/usr/bin/env bash
# 30-day totals on data nobody here wrote: every payment of one day is scored, and each total is compared with SQL, to the cent.
# usage: tests/foreign.sh CSV MAPPING [DAYS]     (CSV may be gzip; DAYS of history, at least 40, default 40)
#   BIN=DIR takes verdictd and verdict from DIR (default build/release/bin)
# MAPPING is a mapping of `verdict import`; ids, merchants, times and cents come from its "id", "merchant_id", "event_time_ms" (a text
# time in UTC) and "amount_minor" columns. Needs sqlite3 and jq. Exit 0: every total equal and FULL; 1: differences; 2: trouble.
set -euo pipefail
[ $# -ge 2 ] && [ $# -le 3 ] || { sed -n '2,6p' "$0" >&2; exit 2; }
csv=$(realpath "$1") mapping=$(realpath "$2") days=${3:-40}
cd "$(dirname "$0")/.."
bin=${BIN:-build/release/bin}
trouble() { echo "foreign: $*" >&2; exit 2; }
[[ $days =~ ^[0-9]+$ ]] && [ "$days" -ge 40 ] || trouble "DAYS is a whole number from 40 on"
for program in sqlite3 jq; do command -v $program >/dev/null || trouble "$program is not installed"; done
for program in verdictd verdict; do [ -x "$bin/$program" ] || trouble "$bin/$program is missing; build it first"; done

work=$(mktemp -d)
server=
on_exit() {
  status=$?
  [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
  rm -rf "$work"
  exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT TERM

# The mapping's comments are whole lines.
strip() { sed -E 's@^[[:space:]]*//.*@@' "$mapping"; }
column() { strip | jq -er --arg f "$1" '.fields[$f] | if type == "string" then . else .column end' || trouble "$mapping: $1 is no column"; }
prefix() { strip | jq -r --arg f "$1" '.fields[$f] | if type == "string" then "" else .prefix // "" end'; }
id=$(column id) merchant=$(column merchant_id) time=$(column event_time_ms) cents=$(column amount_minor)
currency=$(strip | jq -er '.fields.currency.constant') || trouble "$mapping: needs one constant currency"
id_prefix=$(prefix id)

zcat -f "$csv" >"$work/rows.csv"
first=$(sqlite3 :memory: ".import --csv $work/rows.csv r" "SELECT min(substr(\"$time\", 1, 10)) FROM r")
day=$(date -u -d "$first + $days days" +%F) next=$(date -u -d "$first + $((days + 1)) days" +%F)
from=$(date -u -d "$day - 29 days" +%F)
echo "foreign: $(basename "$csv"): history $first .. (excluding) $day, scored day $day, base currency $currency"

# A rule set that flags nothing: every payment is allowed, so approved, so counted. Its one rule reads both features.
mkdir "$work/rules"
echo '{ "schema": "txn/1" }' >"$work/rules/schema.json"
cat >"$work/rules/features.json" <<'J'
{ "features": [
  { "name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d" },
  { "name": "count_30d", "entity": "merchant", "aggregate": "count", "window": "30d" } ] }
J
echo '{ "review_at": 50, "deny_at": 100, "default": "allow", "on": { "STALE": "decide", "PARTIAL": "decide", "DEFAULT": "review" }, "reasons": ["NONE"] }' \
  >"$work/rules/policy.json"

cat >"$work/rules/never.json" <<'J'
{ "schema": "txn/1", "rules": [
  { "id": "reads_both", "name": "Never matches", "owner": "tests", "description": "So that both features count for provenance.",
    "mode": "live", "action": "none", "score": 1, "reason": "NONE", "when_all": [ "merchant.volume_30d < -1.0", "merchant.count_30d < -1" ] } ] }
J

common=(--base-currency "$currency" --clock event)
"$bin/verdict" import "$work/rows.csv" --map "$mapping" --until "$day" --embedded "$work/dir" "${common[@]}" || trouble "the import failed"
"$bin/verdict" aggregate --embedded "$work/dir" --rules "$work/rules" "${common[@]}" --format json >"$work/fold.json" ||
  trouble "the fold failed"
echo "foreign: folded $(cat "$work/fold.json")"
[ "$(sed -E 's/.*"keys": ([0-9]+).*/\1/' "$work/fold.json")" -gt 0 ] || trouble "nothing was folded"

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() { local p; for p in $(seq "$1" $(($1 + 500))); do taken "$p" || { echo "$p"; return; }; done; trouble "no free port"; }
# Waits of 5 s for store and log: what is tested are the totals, not how quick this machine's disk is.
grpc_port=$(free_port $((20000 + $$ % 10000))) http_port=$(free_port $((31000 + $$ % 10000)))
"$bin/verdictd" --embedded "$work/dir" --rules "$work/rules" "${common[@]}" --listen "127.0.0.1:$grpc_port" \
  --http "127.0.0.1:$http_port" --score-blob-wait-ms 5000 --score-append-wait-ms 5000 >"$work/verdictd.log" 2>&1 &
server=$!
ready() {
  local status
  { exec 3<>"/dev/tcp/127.0.0.1/$http_port"; } 2>/dev/null || return 1
  printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  read -r -t 2 status <&3 || status=
  exec 3<&- 3>&-
  [[ $status == *" 200 "* ]]
}
for attempt in $(seq 300); do
  ready && break
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$work/verdictd.log" >&2; server=; trouble "verdictd ended"; }
  [ "$attempt" -lt 300 ] || { tail -n 20 "$work/verdictd.log" >&2; trouble "verdictd was not ready within 60 s"; }
  sleep 0.2
done
"$bin/verdict" score --addr "127.0.0.1:$grpc_port" --csv "$work/rows.csv" --map "$mapping" --from "$day" --until "$next" --serial \
  --features merchant.volume_30d,merchant.count_30d --out "$work/answers.csv" || trouble "scoring failed"

# Independent of Verdict: the file's own rows in the file's order, business days in UTC, up to and including the payment.
# Totals of the 29 days before are added up once a merchant; the day itself by a running sum.
sqlite3 "$work/check.db" >"$work/result.txt" <<SQL
.import --csv $work/rows.csv r
.import --csv $work/answers.csv a
CREATE TABLE past AS SELECT "$merchant" AS m, sum(CAST("$cents" AS INTEGER)) AS cents, count(*) AS n FROM r
  WHERE substr("$time", 1, 10) >= '$from' AND substr("$time", 1, 10) < '$day' GROUP BY 1;
CREATE TABLE today AS SELECT rowid AS place, '$id_prefix' || "$id" AS id, "$merchant" AS m,
  sum(CAST("$cents" AS INTEGER)) OVER w AS cents, count(*) OVER w AS n FROM r WHERE substr("$time", 1, 10) = '$day'
  WINDOW w AS (PARTITION BY "$merchant" ORDER BY rowid ROWS UNBOUNDED PRECEDING);
CREATE TABLE expected AS SELECT today.place, today.id, today.m, today.cents + coalesce(past.cents, 0) AS cents,
  today.n + coalesce(past.n, 0) AS n FROM today LEFT JOIN past USING (m);
CREATE INDEX by_id ON a (id);
CREATE TABLE joined AS SELECT e.*, a.provenance, a.partial_reasons, a."merchant.volume_30d" AS got_cents,
  a."merchant.count_30d" AS got_n FROM expected e LEFT JOIN a ON a.id = e.id;
SELECT 'payments', count(*) FROM joined;
SELECT 'merchants', count(DISTINCT m) FROM joined;
SELECT 'answers', (SELECT count(*) FROM a);
SELECT 'full', count(*) FROM joined WHERE provenance = 'FULL';
SELECT 'volume_equal', count(*) FROM joined WHERE got_cents = CAST(cents AS TEXT);
SELECT 'count_equal', count(*) FROM joined WHERE got_n = CAST(n AS TEXT);
SELECT 'largest_cents', max(cents) FROM joined;
SELECT 'difference', id, m, 'expected', cents, n, 'got', got_cents, got_n, provenance, partial_reasons FROM joined
  WHERE got_cents IS NOT CAST(cents AS TEXT) OR got_n IS NOT CAST(n AS TEXT) OR provenance IS NOT 'FULL' ORDER BY place LIMIT 10;
SQL
value() { awk -F'|' -v k="$1" '$1 == k { print $2 }' "$work/result.txt"; }
payments=$(value payments)
printf '\n%-44s %12s\n' "of $day, against SQL over the CSV" payments
printf '%-44s %12s\n' "scored, of $(value merchants) merchants" "$payments" "answered" "$(value answers)" "provenance FULL" "$(value full)" \
  "30-day volume equal to the cent" "$(value volume_equal)" "30-day count equal" "$(value count_equal)" \
  "largest volume, minor units of $currency" "$(value largest_cents)"
grep '^difference' "$work/result.txt" || true
for figure in answers full volume_equal count_equal; do
  [ "$(value $figure)" = "$payments" ] || { echo "foreign: FAILED: $figure is $(value $figure) of $payments"; exit 1; }
done
[ "$payments" -gt 0 ] || { echo "foreign: FAILED: no payment on $day"; exit 1; }
echo "foreign: ok"
