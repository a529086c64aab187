#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds orcast and runs all its tests.
#
#   sh tests/run.sh                      as users build it (the preset "release")
#   sh tests/run.sh dev                  another preset of CMakePresets.json: dev, tsan, clang, ...
#   sh tests/run.sh release -R trace     what follows the preset goes to ctest
#   sh tests/run.sh --long               and then a thousand million operations on the span ring
#
# Installs what is missing and says so; where nothing is, it needs neither network nor root. The
# build is under build/<preset>. Ends with ctest's verdict.

set -eu

cd "$(dirname "$0")/.."

step() {
  echo "== $1"
}
fail() {
  echo "tests/run.sh: $1" >&2
  exit 1
}

long=
if [ "${1:-}" = --long ]; then
  long=yes
  shift
fi
preset=release
if [ $# -gt 0 ]; then
  case $1 in
    -*) ;;
    *)
      preset=$1
      shift ;;
  esac
fi
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

sh tools/install-dependencies.sh tests || fail "something the tests need is missing, see above"

step "configure ($preset)"
cmake --preset "$preset" --log-level=WARNING || fail "cmake could not configure build/$preset"

step "build"
cmake --build --preset "$preset" --parallel "$jobs" || fail "build/$preset does not build"

step "test"
ctest --preset "$preset" --parallel "$jobs" --no-tests=error "$@" || fail "tests failed, see above"

if [ -n "$long" ]; then
  step "a thousand million operations (minutes)"
  ORCAST_STRESS_OPERATIONS=1000000000 "build/$preset/tests/stress" -w NoTests "operations*" ||
    fail "the stress test failed, see above"
fi
