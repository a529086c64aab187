#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds build/bench/lttng/program and runs it, with the arguments given, in a session of LTTng: a
# daemon of its own, events of this program alone, in memory, the oldest overwritten. Prints what
# the program prints; exit 3 where the daemon can't run. tests/bench/peer_lttng.cpp calls it from the
# root of the repository.

set -eu

folder=build/bench/lttng
mkdir -p "$folder"
log=$folder/log.txt

"${CXX:-g++}" -std=c++17 -O2 -pthread -Iinclude -Itests/bench -Itests/bench/lttng \
  tests/bench/lttng/program.cpp build/bench/main.o build/bench/allocations.o \
  -llttng-ust -ldl -o "$folder/program"

# The daemon's sockets have short names. One that runs already serves as well.
LTTNG_HOME=$(mktemp -d)
export LTTNG_HOME
session=orcast_bench_$$
stop() {
  status=$?
  set +e  # what follows only tidies up
  lttng destroy "$session" >>"$log" 2>&1
  [ -s "$LTTNG_HOME/pid" ] && kill "$(cat "$LTTNG_HOME/pid")" 2>>"$log"
  rm -rf "$LTTNG_HOME"
  exit "$status"
}
trap stop EXIT
if ! lttng-sessiond --no-kernel --daemonize --pidfile "$LTTNG_HOME/pid" >"$log" 2>&1; then
  echo "no daemon of its own: if one runs already, the session is made there" >>"$log"
fi
{
  lttng create "$session" --snapshot --output="$LTTNG_HOME/trace"
  lttng enable-channel --session="$session" --userspace --overwrite --subbuf-size=1M events
  lttng enable-event --session="$session" --userspace --channel=events 'orcast_bench:*'
  lttng start "$session"
} >>"$log" 2>&1 || {
  echo "no session of LTTng can be started here, see $log"
  exit 3
}

"$folder/program" "$@"
