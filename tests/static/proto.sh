#!/usr/bin/env bash
# The contract, linted by buf (from the npm registry, kept under ~/.cache). Skipped where npm is not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v npm >/dev/null || { echo "skipped: npm is not installed, and buf comes from its registry"; exit 77; }
tools=${XDG_CACHE_HOME:-$HOME/.cache}/verdict-buf
if [ ! -x "$tools/node_modules/.bin/buf" ]; then
  mkdir -p "$tools"
  npm install --silent --no-fund --no-audit --prefix "$tools" @bufbuild/buf@1 >"$tools/install.log" 2>&1 ||
    { tail -n 2 "$tools/install.log"; echo "skipped: npm could not install @bufbuild/buf"; exit 77; }
fi
"$tools/node_modules/.bin/buf" lint proto
echo "buf lint: clean"
