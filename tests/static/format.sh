#!/usr/bin/env bash
# Every C++ file stands as clang-format would write it. --fix rewrites them.
set -euo pipefail
cd "$(dirname "$0")/../.."
mode=(--dry-run -Werror)
[ "${1:-}" = --fix ] && mode=(-i)
git ls-files -z --cached --others --exclude-standard -- 'service/*.h' 'service/*.cc' 'load-test/*.h' 'load-test/*.cc' 'tests/*.h' 'tests/*.cc' |
  xargs -0 -n 16 -P "$(nproc)" clang-format "${mode[@]}"
