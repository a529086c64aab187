#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that a program does not compile, and why.

    compile_fail.py FILE [--compiler g++] [--flag ...]

The file must be refused with a message that matches the regular expression in its line
"// expect: ...", and must compile once ORCAST_COMPILE_FAIL_FIXED is defined: otherwise it might be
refused for a reason that nobody meant.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    parser.add_argument("--flag", action="append", default=[], dest="flags")
    options = parser.parse_args()

    expected = re.search(r"^// expect: (.+)$", options.file.read_text(), re.MULTILINE)
    if not expected:
        sys.exit(f"{options.file}: the line '// expect: <regular expression>' is missing")

    command = [options.compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
               f"-I{options.include}", *[flag for flag in options.flags if flag],
               str(options.file)]
    fixed = subprocess.run(command + ["-DORCAST_COMPILE_FAIL_FIXED"], capture_output=True, text=True)
    if fixed.returncode != 0:
        sys.exit(f"{options.file}: refused even when it is right:\n{fixed.stderr}")
    broken = subprocess.run(command, capture_output=True, text=True)
    if broken.returncode == 0:
        sys.exit(f"{options.file}: compiles, but must not")
    if not re.search(expected.group(1), broken.stderr):
        sys.exit(f"{options.file}: refused, but not for '{expected.group(1)}':\n{broken.stderr}")
    print(f"{options.file.name}: refused as it should be")


if __name__ == "__main__":
    main()
