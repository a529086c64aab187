#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what orcast's build needs and this machine lacks, and says what and why.
#
#   sh tools/install-dependencies.sh build     the library and the examples
#   sh tools/install-dependencies.sh tests     and the tests
#   sh tools/install-dependencies.sh bench     the build, and what the benchmarks compare with
#   sh tools/install-dependencies.sh ci        all, the second compiler, Meson, what other processors need
#
# Looks at what is there, not at the package database: on a machine that has everything it needs
# neither network nor root, whatever its distribution. Installs with apt-get.

set -eu

wanted=${1:-build}
packages=
reasons=

# need PACKAGE REASON TEST...: notes the package when the test fails
need() {
  package=$1
  reason=$2
  shift 2
  if ! "$@" >/dev/null 2>&1; then
    packages="$packages $package"
    reasons="$reasons
  $package: $reason"
  fi
}

program() { command -v "$1"; }

# header FLAGS... NAME: whether the compiler finds a header; without a compiler, whether it is there
header() {
  for name in "$@"; do
    :
  done
  if command -v c++; then
    echo "#include <$name>" | c++ -std=c++17 -E -x c++ - -o /dev/null
  else
    test -e "/usr/include/$name" || test -n "$(find /usr/include -path "*/$name" -print -quit)"
  fi
}

# The header alone may be older than what is needed: Debian's default Boost has no JSON.
boost_json() {
  header boost/json.hpp && { test -e /usr/lib/libboost_json.so ||
    find /usr/lib /usr/local/lib -name 'libboost_json.*' -print -quit | grep -q .; }
}

cpp_httplib() { pkg-config --exists cpp-httplib || header httplib.h; }

concurrentqueue() {
  header concurrentqueue/concurrentqueue.h || header moodycamel/concurrentqueue.h ||
    header concurrentqueue.h
}

catch2() { header catch2/catch.hpp || header catch2/catch_all.hpp; }

clang_sanitizers() {
  test -e "$(clang++-14 --print-runtime-dir)/libclang_rt.asan-$(uname -m).a"
}

python_venv() { python3 -c 'import ensurepip, venv'; }

chromium() { command -v chromium || command -v chromium-browser; }

thirty_two_bit() {
  case $(uname -m) in
    x86_64)
      echo '#include <bits/c++config.h>' | c++ -m32 -E -x c++ - -o /dev/null ;;
    *) true ;;
  esac
}

need g++ "the compiler" program c++
need cmake "the build" program cmake
need ninja-build "runs the build" program ninja
need pkg-config "finds cpp-httplib" program pkg-config
need libboost1.81-dev "Boost's headers" boost_json
need libboost-json1.81-dev "JSON for the OpenRouter layer" boost_json
need libcpp-httplib-dev "one of the transports, and the stand-in servers" cpp_httplib
need libcurl4-openssl-dev "the other transport" header curl/curl.h
need libssl-dev "TLS for cpp-httplib" header openssl/ssl.h
need zlib1g-dev "compression for cpp-httplib" header zlib.h
need libconcurrentqueue-dev "the queue of finished requests" concurrentqueue
need ca-certificates "the authorities that HTTPS is checked against" test -e /etc/ssl/certs

if [ "$wanted" = tests ] || [ "$wanted" = ci ]; then
  need catch2 "the tests" catch2
  need python3 "checks of the tree" program python3
fi
if [ "$wanted" = bench ] || [ "$wanted" = ci ]; then
  need libspdlog-dev "a peer of the benchmarks" header spdlog/async_logger.h
  need liblttng-ust-dev "another" header lttng/tracepoint.h
  need lttng-tools "its daemon" program lttng-sessiond
  need libsimdjson-dev "another" header simdjson.h
  need rapidjson-dev "another" header rapidjson/writer.h
  need nlohmann-json3-dev "another" header nlohmann/json.hpp
fi
if [ "$wanted" = ci ]; then
  need clang-14 "the second compiler" program clang++-14
  need libclang-rt-14-dev "its sanitizers" clang_sanitizers
  need clang-format-14 "the format check" program clang-format-14
  need meson "the second build system" program meson
  need python3-venv "systems of others, in tests/interop" python_venv
  need chromium "the page of Phoenix" chromium
  # Not g++-multilib, which excludes cross compilers.
  need g++-12-multilib "the build for 32 bits" thirty_two_bit
  need g++-aarch64-linux-gnu "the build for AArch64" program aarch64-linux-gnu-g++
  need qemu-user "runs it" program qemu-aarch64
fi

if [ -z "$packages" ]; then
  exit 0
fi

echo "orcast needs packages that are not here:$reasons"
case "$packages" in
  *libboost1.81-dev*)
    if [ -e /usr/include/boost/version.hpp ]; then
      echo "  (Boost 1.81 takes the place of this machine's Boost headers, which have no JSON)"
    fi ;;
esac

if ! command -v apt-get >/dev/null; then
  echo "install-dependencies: no apt-get here; install the above by the means of this system" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  root=
elif command -v sudo >/dev/null; then
  root=sudo
else
  echo "install-dependencies: neither root nor sudo; as root: apt-get install$packages" >&2
  exit 1
fi

install() {
  # shellcheck disable=SC2086 # a list of packages
  $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages </dev/null
}
# The list of packages may be empty (a fresh container) or old.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $root apt-get update && install; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "install-dependencies: apt-get could not install$packages" >&2
  exit 1
fi
echo "installed:$packages"
