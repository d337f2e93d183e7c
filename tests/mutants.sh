#!/usr/bin/env bash
# Is the simulator awake? Each patch of tests/mutants breaks one line of the engine; the simulator must notice every one.
# Builds in a copy of the tree, leaves nothing behind. MUTANTS="skip_dedup ..." tries only those.
set -euo pipefail
cd "$(dirname "$0")/.."
worlds=${MUTANT_WORLDS:-1500}
ops=${MUTANT_OPS:-200}
jobs=${JOBS:-$(nproc)}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$copy"
# As the release preset builds, so that the compiler's cache serves what no patch touches.
build="$copy/build/release"
(cd "$copy" && cmake --preset release) > "$copy/cmake.log" || { cat "$copy/cmake.log"; exit 2; }

run() { "$build/bin/simulator" --worlds "$1" --ops "$ops" --seed 1 --jobs "$jobs" 2>&1; }
compile() { ninja -C "$build" -j "$jobs" simulator > "$copy/build.log" 2>&1 || { tail -30 "$copy/build.log"; exit 2; }; }

compile
if ! run "$worlds" > "$copy/run.log"; then
  cat "$copy/run.log"
  echo "mutants: the simulator fails without any patch"
  exit 1
fi

survivors=0
printf '%-28s %-9s %s\n' mutant result 'what the simulator saw'
for patch in tests/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  if [[ -n "${MUTANTS:-}" && " $MUTANTS " != *" $name "* ]]; then continue; fi
  patch -s -p1 -d "$copy" < "$patch" || { echo "mutants: $patch no longer applies; make it anew"; exit 2; }
  compile
  seen=
  for tried in $((worlds / 5)) "$worlds"; do  # most are seen soon
    run "$tried" > "$copy/run.log" || true
    seen=$(grep -m1 '^FAILED' "$copy/run.log" | cut -c1-110 || true)
    [[ -z "$seen" ]] || break
  done
  if [[ -n "$seen" ]]; then
    printf '%-28s %-9s %s\n' "$name" killed "$seen"
  else
    printf '%-28s %-9s\n' "$name" SURVIVED
    survivors=$((survivors + 1))
  fi
  patch -s -R -p1 -d "$copy" < "$patch"
done
echo "mutants: $survivors survived"
[[ "$survivors" -eq 0 ]]
