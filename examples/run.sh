#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the examples and runs the main one, the game loop, with the arguments given here.
#
#   sh examples/run.sh
#   sh examples/run.sh --seconds 3 --traces traces.jsonl
#   sh examples/run.sh --help
#
# Installs what is missing and says so; where nothing is, it needs neither network nor root. What
# the game loop writes goes to build/examples unless the arguments say otherwise.

set -eu

fail() {
  echo "examples/run.sh: $1" >&2
  exit 1
}

# Arguments name files relative to the caller's directory, so this script does not leave it.
root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/examples
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

sh "$root/tools/install-dependencies.sh" build ||
  fail "something the examples need is missing, see above"

echo "== configure"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DORCAST_BUILD_TESTS=OFF \
  --log-level=WARNING || fail "cmake could not configure build/examples"

echo "== build"
cmake --build "$build" --parallel "$jobs" || fail "the examples do not build"

echo "== run"
status=0
"$build/examples/game_loop" "$@" || status=$?
[ "$status" = 0 ] || fail "the game loop ended with $status"
