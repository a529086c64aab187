#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every header of orcast the way hosts do, without building anything.

    compile_check.py alone       each header in a translation unit of its own, included twice
    compile_check.py together    all headers in one, e.g. with --flag=-fno-exceptions, or after macros
                                 (--hostile functions, --hostile objects)
    compile_check.py separate    all headers with ORCAST_SEPARATE_BODIES, with no third party in sight
    compile_check.py macros      no macro leaks that isn't in tests/compile/macros.txt

The headers are found, not listed: a new one is checked from its first day.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef",
            "-Wsign-conversion", "-Wdouble-promotion", "-Wnon-virtual-dtor", "-Werror"]

# Textual headers, and the one that belongs into exactly one translation unit.
NOT_ALONE = {"orcast/detail/third_party_begin.hpp", "orcast/detail/third_party_end.hpp",
             "orcast/src.hpp"}

# Windows has min and max as functions; as (std::min) they can be used beside those, but not beside
# objects. The others may be either.
FUNCTION_LIKE = ["min", "max"]
EITHER = ["check", "verify", "ensure", "TEXT", "PI", "ERROR", "near", "far", "small"]


# A header whose interface is in a third party's types; the umbrella does not include it.
BRINGS_BOOST = {"orcast/openrouter/structured.hpp"}


def find_headers(include, layers):
    found = []
    for path in sorted((include / "orcast").rglob("*.hpp")):
        name = path.relative_to(include).as_posix()
        parts = name.split("/")
        layer = parts[1] if len(parts) > 2 else ""
        if name in NOT_ALONE or "impl" in parts:
            continue
        if layers is None or layer in layers:
            found.append(name)
    if not found:
        sys.exit(f"compile_check: no headers under {include}")
    return found


def standard_includes(include):
    """The C++ library's headers that orcast includes, so that a test can include them first."""
    names = set()
    for path in (include / "orcast").rglob("*.[hi]pp"):
        names.update(re.findall(r"^#include <([a-z_0-9]+)>", path.read_text(), re.MULTILINE))
    return [f"#include <{name}>" for name in sorted(names)]


def hostile(include, headers, object_like):
    """The headers after the macros of engines and operating systems, and a look that the macros
    are still there afterwards."""
    wrecked = "this macro must not be used"
    # min and max would break the C++ library too, so it comes first.
    lines = standard_includes(include)
    lines += [f"#define {name}(...) {wrecked}" for name in FUNCTION_LIKE]
    lines += [f"#define {name}{'' if object_like else '(...)'} {wrecked}" for name in EITHER]
    lines += [f'#include "{header}"' for header in headers]
    for name in FUNCTION_LIKE + EITHER:
        lines += [f"#if !defined({name})", f'#error "orcast took the macro {name} away"', "#endif"]
    return lines


def compile_lines(options, lines, extra=()):
    """Compiles one translation unit; returns the compiler's complaint, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "check.cpp"
        source.write_text("\n".join(lines) + "\n")
        command = [options.compiler, f"-std={options.standard}", *WARNINGS, "-fsyntax-only",
                   *options.flags, *extra, str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr or f"{command[0]} failed"


def preprocess(options, lines, *flags):
    command = [options.compiler, f"-std={options.standard}", *options.flags, *flags,
               "-x", "c++", "-"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def check_alone(options, headers):
    def one(header):
        return compile_lines(options, [f'#include "{header}"'] * 2)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        complaints = list(pool.map(one, headers))
    return [f"{header} does not compile alone:\n{text}"
            for header, text in zip(headers, complaints) if text]


def check_together(options, headers):
    name = "together"
    lines = [f'#include "{header}"' for header in headers]
    if options.hostile:
        name = f"after macros that are {options.hostile}"
        lines = hostile(options.include, headers, options.hostile == "objects")
    text = compile_lines(options, lines)
    return [f"the headers do not compile {name}:\n{text}"] if text else []


def check_separate(options, headers):
    found = []
    lines = ["#define ORCAST_SEPARATE_BODIES"]
    lines += [f'#include "{header}"' for header in headers if header not in BRINGS_BOOST]
    text = compile_lines(options, lines)
    if text:
        found.append(f"the headers do not compile with ORCAST_SEPARATE_BODIES:\n{text}")
        return found
    # What game code includes then is free of Boost and its compile time.
    boost = [line for line in preprocess(options, lines, "-M").split() if "/boost/" in line]
    if boost:
        found.append("with ORCAST_SEPARATE_BODIES a public header still includes " + boost[0])
    return found


def check_macros(options, headers):
    """Follows the preprocessor's output: every macro that one of our files defines and keeps."""
    allowed_list = ROOT / "tests" / "compile" / "macros.txt"
    allowed = {line.strip() for line in allowed_list.read_text().splitlines()
               if line.strip() and not line.startswith("#")}
    kept = {}
    where = ""
    lines = [f'#include "{header}"' for header in headers]
    for line in preprocess(options, lines, "-E", "-dD").splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            where = marker.group(1)
            continue
        macro = re.match(r"#(define|undef) (\w+)", line)
        if not macro:
            continue
        if macro.group(1) == "undef":
            kept.pop(macro.group(2), None)
        elif os.path.realpath(where).startswith(str(options.include) + os.sep):
            kept[macro.group(2)] = os.path.relpath(where, options.include)
    return [f"{where} leaves the macro {name} behind" for name, where in sorted(kept.items())
            if name not in allowed]


def main():
    modes = {"alone": check_alone, "together": check_together, "separate": check_separate,
             "macros": check_macros}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=modes)
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    parser.add_argument("--standard", default="c++17")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    parser.add_argument("--layers", help="only these folders, with commas between them")
    parser.add_argument("--flag", action="append", default=[], dest="flags",
                        help="a flag for the compiler; may be repeated")
    parser.add_argument("--hostile", choices=["functions", "objects"],
                        help="after macros such as check and min, like functions or like objects")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    options.include = options.include.resolve()
    # Ours first: the other flags may name include/ where single_include/ is meant.
    options.flags = [f"-I{options.include}"] + [flag for flag in options.flags if flag]
    layers = options.layers.split(",") if options.layers else None

    headers = find_headers(options.include, layers)
    found = modes[options.mode](options, headers)
    for complaint in found:
        print(complaint)
    print(f"{options.mode}: {len(headers)} headers, {len(found)} complaints")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
