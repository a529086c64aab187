#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the program of tests/compile/lean.cpp and looks for what it should not contain.

    lean.py PROGRAM
"""

import subprocess
import sys

ABSENT = {
    "protobuf_encoder": "protobuf's encoder",
    "worker_pool": "a pool of threads",
    "blocking_hub": "what blocking transports need",
    "std::thread::": "threads",
}


def main():
    program = sys.argv[1]
    subprocess.run([program], check=True)
    symbols = subprocess.run(["nm", "-C", program], check=True, capture_output=True,
                             text=True).stdout
    for present in ("json_encoder::", "direct_hub::"):
        if present not in symbols:
            sys.exit(f"lean: not even {present} is in it: has it no symbols?")
    for name, what in ABSENT.items():
        found = [line for line in symbols.splitlines() if name in line]
        if found:
            sys.exit(f"lean: {what} came along: {found[0]}")
    print("lean: no " + ", no ".join(ABSENT))


if __name__ == "__main__":
    main()
