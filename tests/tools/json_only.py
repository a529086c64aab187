#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the program of tests/compile/json_only.cpp and looks for protobuf's encoder in it.

    json_only.py PROGRAM
"""

import subprocess
import sys


def main():
    program = sys.argv[1]
    subprocess.run([program], check=True)
    symbols = subprocess.run(["nm", "-C", program], check=True, capture_output=True,
                             text=True).stdout
    if "json_encoder::" not in symbols:
        sys.exit("json_only: not even the encoder of JSON is in it: has it no symbols?")
    found = [line for line in symbols.splitlines() if "protobuf_encoder" in line]
    if found:
        sys.exit("json_only: protobuf came along: " + found[0])
    print("json_only: the encoder of JSON alone")


if __name__ == "__main__":
    main()
