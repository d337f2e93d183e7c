#!/usr/bin/env bash
# Says which of the servers run that up.sh started.
# usage: ./deploy/local/status.sh [--dir DIR] [kafka] [redis] [prometheus]
# Exit 0 when all that are named run (none named: all three), 1 otherwise, 2 wrong usage.
set -euo pipefail
. "$(dirname "$0")/servers.sh"

dir=${VERDICT_LOCAL_DIR:-$top/build/local}
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -gt 1 ] || usage_error "$1 needs a value"; dir=$2; shift ;;
    -h | --help) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    -*) usage_error "unknown option $1" ;;
    *) want "$1" ;;
  esac
  shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${all_servers[@]}")

down=0
for server in "${wanted[@]}"; do
  pid=$(pid_of "$server")
  if [ -n "$pid" ] && is_open "$(port_of "$server")"; then
    printf '%-11s up     127.0.0.1:%-6s pid %s\n' "$server" "$(port_of "$server")" "$pid"
  else
    printf '%-11s down\n' "$server"
    down=1
  fi
done
exit $down
