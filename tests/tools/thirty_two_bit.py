#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs a program for a 32-bit processor without 64-bit atomic instructions.

    thirty_two_bit.py FILE [--compiler g++]

Nothing is linked but the C++ library: an atomic operation that the processor lacks would ask for
libatomic and fail to link. Exits with 77 (skipped) where the compiler has no 32-bit libraries.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ("core", "trace", "http", "otlp")
TARGET = ["-m32", "-march=i486"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    options = parser.parse_args()

    # Debian's g++-12-multilib alone has no <asm/*.h> for 32 bits; the kernel's are for both.
    multiarch = subprocess.run([options.compiler, "-print-multiarch"], text=True,
                               capture_output=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        compiler = [options.compiler, *TARGET, "-std=c++17", "-pthread", "-o", program,
                    "-idirafter", f"/usr/include/{multiarch}"]
        trial = "#include <string>\nint main() { return std::stoi(\"0\"); }\n"
        probe = subprocess.run(compiler + ["-x", "c++", "-"], input=trial, text=True,
                               capture_output=True)
        if probe.returncode != 0:
            print("skipped: no 32-bit C++ library (Debian: g++-multilib)")
            sys.exit(77)

        headers = [path.relative_to(options.include).as_posix() for layer in LAYERS
                   for path in sorted((options.include / "orcast" / layer).glob("*.hpp"))]
        everything = os.path.join(folder, "everything.cpp")
        with open(everything, "w") as source:
            source.writelines(f'#include "{header}"\n' for header in headers)
        warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef",
                    "-Werror"]
        done = subprocess.run(compiler + ["-O1", *warnings, f"-I{options.include}", everything,
                                          str(options.file)], text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit("does not build for a 32-bit processor:\n" + done.stderr)

        try:
            done = subprocess.run([program], text=True, capture_output=True, timeout=60)
        except OSError as error:
            print(f"built {len(headers)} headers; not run: {error}")
            return
        sys.stdout.write(done.stdout + done.stderr)
        if done.returncode != 0:
            sys.exit(f"the 32-bit program ended with {done.returncode}")
        print(f"built {len(headers)} headers and ran the program")


if __name__ == "__main__":
    main()
