# What up.sh, down.sh and status.sh share; sourced. Each server lives in $dir/<server>: pid, port, its log, its data.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
all_servers=(kafka redis prometheus)
self=$(basename "$0" .sh)

say() { printf '%s: %s\n' "$self" "$*"; }
die() { printf '%s: %s\n' "$self" "$*" >&2; exit 1; }
usage_error() { printf '%s: %s; see --help\n' "$self" "$*" >&2; exit 2; }
# A piece that this machine lacks, as opposed to one that is broken: tests say so and go on.
missing() { printf 'skipped: %s\n' "$*" >&2; exit 77; }

wanted=()
want() {
  local known
  for known in "${all_servers[@]}"; do
    [ "$1" = "$known" ] && { wanted+=("$1"); return; }
  done
  usage_error "there is no server '$1'; known are ${all_servers[*]}"
}

is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# pid_of SERVER: the process that up.sh started and that still runs; nothing where there is none.
pid_of() {
  local pid
  pid=$(cat "$dir/$1/pid" 2>/dev/null) || return 0
  # A pid is used again some day: ours works in our folder.
  [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$(readlink -f "$dir/$1")" ] && echo "$pid"
  return 0
}

# port_of SERVER: where it listens, or listened last.
port_of() { cat "$dir/$1/port" 2>/dev/null || true; }
