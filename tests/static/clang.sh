#!/usr/bin/env bash
# clang over every source file of ours: `syntax` (thread-safety analysis is an error) or `tidy` (the list in .clang-tidy).
# usage: tests/static/clang.sh syntax|tidy [BUILD_DIR]
# A file is checked again only when it, a header, the flags or the tool changed (stamps under ~/.cache/verdict-static).
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=$1
build=${2:-build/release}
stamps=${XDG_CACHE_HOME:-$HOME/.cache}/verdict-static
mkdir -p "$stamps"
flags="-std=c++20 -Wall -Wextra -Werror -Wthread-safety -Iservice -isystem $build/proto/generated -DVERDICT_VERSION=\"0\""
common=$({ echo "$mode $flags"; clang --version; cat .clang-tidy; git ls-files -z -co --exclude-standard -- 'service/*.h' 'load-test/*.h' 'proto/*.proto' | xargs -0 cat; } | sha256sum)

check_one() {
  local file=$1 stamp
  stamp=$stamps/$({ echo "$common $file"; cat "$file"; } | sha256sum | cut -c1-40)
  [ -e "$stamp" ] && return 0
  case $mode in
    # shellcheck disable=SC2086
    syntax) clang++ -fsyntax-only $flags "$file" ;;
    # shellcheck disable=SC2086
    tidy) clang-tidy --quiet "$file" -- $flags 2> >(grep -v 'warnings generated\|Suppressed\|Use -header-filter' >&2) ;;
    *) echo "usage: tests/static/clang.sh syntax|tidy" >&2; return 2 ;;
  esac && touch "$stamp"
}
export -f check_one
export mode flags common stamps

git ls-files -z -co --exclude-standard -- 'service/*.cc' 'load-test/*.cc' | xargs -0 -n 1 -P "$(nproc)" bash -c 'check_one "$1"' _
