#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the benchmarks under build/bench and runs them. Each prints one JSON object a line, then
# comes a table. Exit 1 when a target is missed.
#
#   sh tests/bench/run.sh            all of them, about two minutes
#   sh tests/bench/run.sh span/      those with "span/" in their name
#   sh tests/bench/run.sh encode/ --compare before.txt
#                                    beside the output of an earlier run
#   sh tests/bench/run.sh --smoke    few repetitions: does everything run, allocate nothing where
#                                    it should, and print JSON?
#
# Linux with glibc. CXX chooses the compiler (g++). docs/benchmarks.md explains the figures.

set -eu

cd "$(dirname "$0")/../.."

build=build/bench
program=$build/orcast_bench
compiler=${CXX:-g++}

[ -x "$program" ] || sh tools/install-dependencies.sh build

mkdir -p "$build"
changed=
if [ ! -x "$program" ] || [ "$(cat "$build/compiler" 2>/dev/null)" != "$compiler" ] ||
  [ -n "$(find include tests/bench -newer "$program" -type f -print -quit)" ]; then
  changed=yes
fi
if [ -n "$changed" ]; then
  echo "building $program" >&2
  libraries=$(sed -n 's,^// link: ,,p' tests/bench/*.cpp | sort -u)
  # Other people's headers (-isystem would hide ours too) are not held to our warnings.
  objects=
  for source in tests/bench/*.cpp; do
    case $source in
      */peer_*) warnings= ;;
      *) warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef" ;;
    esac
    object=$build/$(basename "$source" .cpp).o
    objects="$objects $object"
    # shellcheck disable=SC2086
    "$compiler" -std=c++17 -O2 $warnings -pthread -Iinclude -Itests/bench -c "$source" -o "$object"
  done
  # shellcheck disable=SC2086
  "$compiler" -pthread $objects -o "$program" $libraries
  echo "$compiler" >"$build/compiler"
fi

if [ "${1:-}" != --smoke ]; then
  exec "$program" "$@"
fi

"$program" "$@" >"$build/smoke.txt" || {
  cat "$build/smoke.txt"
  exit 1
}
grep '^{' "$build/smoke.txt" | python3 -c '
import json, sys
fields = ["bench", "value", "unit", "floor", "ratio", "target", "ok"]
rows = [json.loads(line) for line in sys.stdin]
assert rows and all(list(row) == fields for row in rows), "not the fields that are promised"
print(f"tests/bench: {len(rows)} results, no allocation where none is allowed, JSON parses")
'
