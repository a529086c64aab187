#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Shows orcast to systems that nobody here wrote, and says whether they understood it.
#
#   sh tests/interop/run.sh                    all checks
#   sh tests/interop/run.sh collector phoenix  some of them
#
# A check is a file: tests/interop/<name>.py or <name>.sh. Its first lines say what it needs:
#
#   # needs: go npm             programs
#   # pip: openai==1.2.3        Python packages, put into an environment of its own
#   # seconds: 300              how long it may take once they are there (default 300)
#
# and it prints a line for each thing that it looked at, `PASS what: how it was`, or FAIL, or SKIP;
# what else it prints is shown only when something failed. It runs in the root of the tree; INTEROP
# names its folder under build/interop, where what was installed and built is kept for the next run.
#
# What can't be installed or is not on this machine is skipped, visibly; with CI=true that is a
# failure. Ends with a table and "N passed, N failed, N skipped".

set -eu

cd "$(dirname "$0")/../.."

if ! python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "tests/interop/run.sh: needs Python 3.10 or later with venv (Debian: python3-venv)" >&2
  if [ "${CI:-}" = true ]; then
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
  fi
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi
exec python3 tests/interop/support/runner.py "$@"
