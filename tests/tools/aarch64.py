#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds a program for AArch64 and runs it in an emulator.

    aarch64.py FILE

Exits with 77 (skipped) where there is no cross compiler or no emulator.
"""

import argparse
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = "aarch64-linux-gnu-g++"
EMULATOR = "qemu-aarch64"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    options = parser.parse_args()

    at_home = platform.machine() in ("aarch64", "arm64")
    compiler = "c++" if at_home else COMPILER
    emulator = [] if at_home else [EMULATOR]
    for program in [compiler, *emulator]:
        if shutil.which(program) is None:
            print(f"skipped: no {program} (Debian: g++-aarch64-linux-gnu, qemu-user)")
            sys.exit(77)

    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "program"
        done = subprocess.run([compiler, "-std=c++17", "-O2", "-static", "-pthread", *WARNINGS,
                               f"-I{options.include}", str(options.file), "-o", str(program)],
                              text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit("does not build for AArch64:\n" + done.stderr)
        done = subprocess.run([*emulator, str(program)], text=True, capture_output=True,
                              errors="replace", timeout=120)
        sys.stdout.write(done.stdout + done.stderr)
        if done.returncode != 0:
            sys.exit(f"the program ended with {done.returncode}")


if __name__ == "__main__":
    main()
