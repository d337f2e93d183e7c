#!/usr/bin/env bash
# Starts real servers on localhost, for local use and for tests: Kafka (KRaft, one node), Redis, Prometheus.
# usage: ./deploy/local/up.sh [options] [kafka] [redis] [prometheus]      none named: all three
#   --dir DIR              data, logs and pid files (default build/local; VERDICT_LOCAL_DIR)
#   --kafka-port N         default 9092      any port: 0 takes a free one; DIR/<server>/port says which
#   --redis-port N         default 6379      a server that ran in DIR before keeps its port
#   --prometheus-port N    default 9090
#   --verdictd-http ADDR   what Prometheus scrapes (default 127.0.0.1:9464)
#   --replay               topics for history (--clock event): stamped by their producers, kept for ever
#   --no-topics            leave it to the caller to make topics
#   --while-pid PID        stop and wipe all of it again when that process has ended (tests)
# Can be run again: what runs is left alone. Exit 0 up, 1 failed, 2 wrong usage, 77 skipped: a piece is missing here.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/servers.sh"

dir=${VERDICT_LOCAL_DIR:-$top/build/local}
declare -A port=()
verdictd_http=127.0.0.1:9464 topics=1 while_pid=
while [ $# -gt 0 ]; do
  case $1 in
    --dir | --kafka-port | --redis-port | --prometheus-port | --verdictd-http | --while-pid)
      [ $# -gt 1 ] || usage_error "$1 needs a value"
      case $1 in
        --dir) dir=$2 ;;
        --verdictd-http) verdictd_http=$2 ;;
        --while-pid) while_pid=$2 ;;
        *)
          [[ $2 =~ ^[0-9]{1,5}$ ]] && [ "$2" -le 65535 ] || usage_error "$1: '$2' is no port"
          port[$(sed -E 's/^--(.*)-port$/\1/' <<<"$1")]=$2
          ;;
      esac
      shift
      ;;
    --replay) topics=replay ;;
    --no-topics) topics=0 ;;
    -h | --help) sed -n '2,13s/^# //p' "$0"; exit 0 ;;
    -*) usage_error "unknown option $1" ;;
    *) want "$1" ;;
  esac
  shift
done
[ ${#wanted[@]} -gt 0 ] || wanted=("${all_servers[@]}")
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# Two runs over one DIR take turns.
exec 9>"$dir/lock"
flock -w 120 9 || die "another run holds $dir/lock"

free_port() {
  local candidate
  for candidate in $(shuf -i 20000-32000 -n 50); do
    is_open "$candidate" || { echo "$candidate"; return; }
  done
  die "no free port between 20000 and 32000"
}

# choose_port SERVER DEFAULT: what was asked for, else what it had before, else the default.
choose_port() {
  local chosen=${port[$1]:-$(port_of "$1")}
  chosen=${chosen:-$2}
  [ "$chosen" != 0 ] || chosen=$(free_port)
  # A server that was killed a moment ago may still be letting go of its port.
  local deadline=$((SECONDS + 5))
  while [ "$chosen" = "$(port_of "$1")" ] && is_open "$chosen" && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
  is_open "$chosen" && die "$1: something else listens on 127.0.0.1:$chosen; choose another with --$1-port (0: any)"
  echo "$chosen"
}

# start SERVER COMMAND...: in its folder, its own session, its output in server.log. It is born in that folder: by it pid_of
# knows a process, from the first moment on.
start() {
  local server=$1 from=$PWD
  shift
  cd "$dir/$server"
  setsid "$@" >>server.log 2>&1 </dev/null 9>&- &
  echo $! >pid
  cd "$from"
}

# say_how_it_ended SERVER: sets `why`, of a process that start began in this run.
say_how_it_ended() {
  local pid status=0
  pid=$(cat "$dir/$1/pid")
  why="its process $pid lives, but works in $(readlink "/proc/$pid/cwd" 2>/dev/null || echo 'a folder that cannot be read')"
  grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null && return
  wait "$pid" || status=$?
  why="its process ended with status $status"
}

# await SERVER SECONDS CHECK...: until CHECK succeeds; what the server said last where it does not.
await() {
  local server=$1 seconds=$2 deadline=$((SECONDS + $2)) why=''
  shift 2
  until "$@"; do
    [ -n "$(pid_of "$server")" ] || say_how_it_ended "$server"
    [ $SECONDS -lt $deadline ] || why="not within $seconds s"
    if [ -n "$why" ]; then
      tail -n 15 "$dir/$server/server.log" | sed 's/^/    /' >&2
      [ -z "$(pid_of "$server")" ] || kill -9 "$(pid_of "$server")"
      die "$server did not come up ($why), see $dir/$server/server.log"
    fi
    sleep 0.1
  done
}

. "$here/kafka.sh"

up_redis() {
  command -v redis-server >/dev/null || missing "redis: redis-server is not installed (deploy/install-deps.sh servers)"
  local at
  at=$(choose_port redis 6379)
  mkdir -p "$dir/redis"
  echo "$at" >"$dir/redis/port"
  start redis redis-server --port "$at" --bind 127.0.0.1 --dir "$dir/redis" --maxmemory-policy noeviction \
    --appendonly yes --appendfsync everysec --save '' --daemonize no
  await redis 20 is_open "$at"
}

up_prometheus() {
  command -v prometheus >/dev/null || missing "prometheus: prometheus is not installed (deploy/install-deps.sh servers)"
  local at
  at=$(choose_port prometheus 9090)
  mkdir -p "$dir/prometheus"
  echo "$at" >"$dir/prometheus/port"
  cp "$top/deploy/prometheus/alerts.yml" "$dir/prometheus/"
  sed "s/127\.0\.0\.1:9464/$verdictd_http/" "$top/deploy/prometheus/prometheus.yml" >"$dir/prometheus/prometheus.yml"
  start prometheus prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$at"
  await prometheus 30 is_open "$at"
}

for server in "${wanted[@]}"; do
  if [ -n "$(pid_of "$server")" ]; then
    say "$server runs already on 127.0.0.1:$(port_of "$server") (pid $(pid_of "$server"))"
    continue
  fi
  mkdir -p "$dir/$server"
  "up_$server"
  say "$server on 127.0.0.1:$(port_of "$server") (pid $(pid_of "$server"))"
done

if [ -n "$while_pid" ]; then
  (
    exec 9>&- >/dev/null 2>&1 </dev/null
    while kill -0 "$while_pid"; do sleep 1; done
    "$here/down.sh" --dir "$dir" --wipe
  ) &
  disown
fi
