#!/usr/bin/env bash
# Stops what up.sh started.
# usage: ./deploy/local/down.sh [--dir DIR] [--wipe] [kafka] [redis] [prometheus]      none named: all three
#   --dir DIR   as given to up.sh (default build/local; VERDICT_LOCAL_DIR)
#   --wipe      kill at once, and remove their data
# Can be run again. Exit 0 down, 2 wrong usage.
set -euo pipefail
. "$(dirname "$0")/servers.sh"

dir=${VERDICT_LOCAL_DIR:-$top/build/local}
wipe=0
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -gt 1 ] || usage_error "$1 needs a value"; dir=$2; shift ;;
    --wipe) wipe=1 ;;
    -h | --help) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
    -*) usage_error "unknown option $1" ;;
    *) want "$1" ;;
  esac
  shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${all_servers[@]}")

for server in "${wanted[@]}"; do
  pid=$(pid_of "$server")
  if [ -n "$pid" ]; then
    if [ $wipe -eq 1 ]; then kill -9 "$pid"; else kill "$pid"; fi
    for ((i = 0; i < 150; ++i)); do
      [ -n "$(pid_of "$server")" ] || break
      sleep 0.1
    done
    [ -z "$(pid_of "$server")" ] || { say "$server does not end by itself: killed"; kill -9 "$pid"; }
    say "$server is down"
  fi
  rm -f "$dir/$server/pid"
  [ $wipe -eq 0 ] || rm -rf "${dir:?}/$server"
done
