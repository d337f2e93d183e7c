#!/usr/bin/env bash
# deploy/local: up, status and down do what they say, again and again, and say what is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
local=$PWD/deploy/local
work=$(mktemp -d)
cleanup() {
  local dir
  for dir in "$work"/*/; do "$local/down.sh" --wipe --dir "$dir" >/dev/null 2>&1 || true; done
  rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "FAILED: $*"; exit 1; }
# expect STATUS WORDS COMMAND...: its exit status, and words that it says.
expect() {
  local want=$1 words=$2 status=0 said
  shift 2
  said=$("$@" 2>&1) || status=$?
  [ "$status" -eq "$want" ] || fail "$*: exit $status instead of $want: $said"
  [[ $said == *"$words"* ]] || fail "$*: does not say '$words': $said"
}
port() { cat "$work/$1/$2/port"; }
pid() { cat "$work/$1/$2/pid"; }
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$(port "$1" "$2")") 2>/dev/null; }

expect 2 "there is no server 'oracle'" "$local/up.sh" oracle
expect 2 "is no port" "$local/up.sh" --kafka-port 70000
expect 2 "unknown option" "$local/down.sh" --now
expect 0 "usage" "$local/up.sh" --help
expect 1 "redis       down" "$local/status.sh" --dir "$work/a" redis

# A machine without Java, Maven, Redis: skipped, with the reason.
mkdir "$work/bin"
for tool in bash env dirname basename cat mkdir flock readlink shuf seq sed sha256sum cut tail head grep rm touch sleep stat; do
  ln -s "$(command -v $tool)" "$work/bin/"
done
expect 77 "skipped: kafka: java is not installed" env PATH="$work/bin" "$local/up.sh" --dir "$work/a" kafka
expect 77 "skipped: redis: redis-server is not installed" env PATH="$work/bin" "$local/up.sh" --dir "$work/a" redis
printf '#!/bin/sh\nexit 1\n' >"$work/bin/java"
chmod +x "$work/bin/java"
expect 77 "mvn is not installed" env PATH="$work/bin" XDG_CACHE_HOME="$work/cache" "$local/up.sh" --dir "$work/a" kafka
printf '#!/bin/sh\necho "[ERROR] no route to host"\nexit 1\n' >"$work/bin/mvn"
chmod +x "$work/bin/mvn"
expect 77 "Maven could not fetch its jars ([ERROR] no route to host" \
  env PATH="$work/bin" XDG_CACHE_HOME="$work/cache" "$local/up.sh" --dir "$work/a" kafka

# have SERVER...: those that can be had here are up in folder a; the others are told.
running=()
for server in redis prometheus kafka; do
  status=0
  said=$("$local/up.sh" --dir "$work/a" --"$server"-port 0 "$server" 2>&1) || status=$?
  case $status in
    0) running+=("$server") ;;
    77) echo "$said" | grep '^skipped: ' ;;
    *) fail "$server: $said" ;;
  esac
done
[ ${#running[@]} -gt 0 ] || { echo "skipped: none of the servers can be had here"; exit 77; }

expect 0 "up" "$local/status.sh" --dir "$work/a" "${running[@]}"
for server in "${running[@]}"; do
  first=$(pid a "$server")
  answers a "$server" || fail "$server does not answer"
  expect 0 "$server runs already" "$local/up.sh" --dir "$work/a" "$server"
  [ "$(pid a "$server")" = "$first" ] || fail "$server was started twice"
  # Another folder at the same time; its default port is taken, or not, by whoever: any will do.
  "$local/up.sh" --dir "$work/b" --"$server"-port 0 --no-topics "$server" >/dev/null || fail "a second $server"
  [ "$(port a "$server")" != "$(port b "$server")" ] || fail "two $server on one port"
  expect 1 "something else listens" "$local/up.sh" --dir "$work/c" --"$server"-port "$(port a "$server")" "$server"
  "$local/down.sh" --dir "$work/b" --wipe "$server" >/dev/null
  [ ! -e "$work/b/$server" ] || fail "$server: --wipe left its data"
  answers a "$server" || fail "$server went down with another one"
  # Killed, it comes back on its port.
  before=$(port a "$server")
  kill -9 "$first"
  "$local/up.sh" --dir "$work/a" --no-topics "$server" >/dev/null || fail "$server does not come back"
  [ "$(port a "$server")" = "$before" ] || fail "$server came back on another port"
  "$local/down.sh" --dir "$work/a" "$server" >/dev/null
  ! answers a "$server" || fail "$server is still there"
  expect 0 "" "$local/down.sh" --dir "$work/a" "$server"
  expect 1 "$server" "$local/status.sh" --dir "$work/a" "$server"
done

if [[ " ${running[*]} " == *" kafka "* ]]; then
  [ "$(grep -c '^Created topic' "$work/a/kafka/topics.log")" -eq 3 ] || fail "the three topics were not made"
  # It goes with whom it was started for.
  sleep 600 &
  owner=$!
  "$local/up.sh" --dir "$work/d" --kafka-port 0 --no-topics --while-pid $owner kafka >/dev/null
  broker=$(pid d kafka)
  kill $owner
  for ((i = 0; i < 100; ++i)); do [ -e "/proc/$broker" ] || break; sleep 0.1; done
  [ ! -e "/proc/$broker" ] || fail "the broker outlives its owner"
fi
echo "local servers: ${running[*]}"
