#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the benchmarks under build/bench and runs them. Each prints one JSON object a line, then
# comes a table. Exit 1 when a target is missed.
#
#   sh tests/bench/run.sh            all of them, one to three minutes
#   sh tests/bench/run.sh span/      those with "span/" in their name
#   sh tests/bench/run.sh encode/ --compare before.txt
#                                    beside the output of an earlier run
#   sh tests/bench/run.sh --smoke    few repetitions: does everything run, allocate nothing where
#                                    it should, and print JSON? With CI=true: is each peer there?
#
# Linux with glibc. CXX chooses the compiler (g++). docs/benchmarks.md explains the figures.

set -eu

cd "$(dirname "$0")/../.."

build=build/bench
program=$build/orcast_bench
compiler=${CXX:-g++}

[ -x "$program" ] || sh tools/install-dependencies.sh build

mkdir -p "$build"
if [ "$(cat "$build/compiler" 2>/dev/null)" != "$compiler" ]; then
  rm -f "$build"/*.o "$program"
  echo "$compiler" >"$build/compiler"
fi

# has HEADER: whether the compiler finds it
has() {
  echo "#include <$1>" | "$compiler" -E -x c++ - -o /dev/null 2>/dev/null
}

# stale OBJECT: whether it is older than something that it was made of, or that is gone
stale() {
  [ -e "$1" ] && [ -e "${1%.o}.d" ] || return 0
  # shellcheck disable=SC2046
  newer=$(find $(sed 's/^[^:]*://; s/\\$//' "${1%.o}.d") -newer "$1" -print -quit \
    2>/dev/null) || return 0
  [ -n "$newer" ]
}

sources=
objects=
for source in tests/bench/*.cpp; do
  object=$build/$(basename "$source" .cpp).o
  objects="$objects $object"
  if stale "$object"; then sources="$sources $source"; fi
done
if [ -n "$sources" ] || [ ! -x "$program" ]; then
  echo "building $program" >&2
  rm -f "$program"  # should this one fail
  # Other people's headers (-isystem would hide ours too) are not held to our warnings.
  # shellcheck disable=SC2016,SC2086
  [ -z "$sources" ] || printf '%s\n' $sources |
    xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)" sh -c '
      case $3 in
        */peer_*) warnings= ;;
        *) warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef" ;;
      esac
      exec "$1" -std=c++17 -O2 $warnings -pthread -Iinclude -Itests/bench -MMD \
        -c "$3" -o "$2/$(basename "$3" .cpp).o"' compile "$compiler" "$build"
  # "// link: LIBRARY", or "// link: LIBRARY where HEADER"
  libraries=
  while read -r line; do
    case $line in
      *" where "*) ! has "${line#* where }" || libraries="$libraries ${line% where *}" ;;
      *) libraries="$libraries $line" ;;
    esac
  done <<LINES
$(sed -n 's,^// link: ,,p' tests/bench/*.cpp | sort -u)
LINES
  # shellcheck disable=SC2086
  "$compiler" -pthread $objects -o "$program" $libraries
fi

if [ "${1:-}" != --smoke ]; then
  exec "$program" "$@"
fi

"$program" "$@" >"$build/smoke.txt" || {
  cat "$build/smoke.txt"
  exit 1
}
if grep '^not measured' "$build/smoke.txt" && [ "${CI:-}" = true ]; then
  echo "tests/bench: CI measures every peer, see above" >&2
  exit 1
fi
grep '^{' "$build/smoke.txt" | python3 -c '
import json, sys
fields = ["bench", "value", "unit", "floor", "ratio", "target", "ok"]
rows = [json.loads(line) for line in sys.stdin]
assert rows and all(list(row) == fields for row in rows), "not the fields that are promised"
print(f"tests/bench: {len(rows)} results, no allocation where none is allowed, JSON parses")
'
