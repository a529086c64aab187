#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the README's first code is examples/hello, and that the examples which promise to be
short are: hello has fewer than 25 lines, each tier of custom_transport a class of 40 at most.

    check_readme.py               the tree
    check_readme.py --self-test   finds each mistake in a changed copy of the texts
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIERS = ("blocking", "asynchronous", "polled")


def first_code(readme):
    found = re.search(r"^```cpp\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def program(source):
    """Without the comment that it begins with."""
    lines = source.splitlines(keepends=True)
    while lines and (lines[0].startswith("//") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines)


def class_length(source):
    found = re.search(r"^class .*?^};", source, re.MULTILINE | re.DOTALL)
    return len(found.group(0).splitlines()) if found else 0


def problems(readme, hello, tiers):
    if first_code(readme) != program(hello):
        yield "README.md: the first code is not examples/hello/main.cpp"
    if len(hello.splitlines()) >= 25:
        yield "examples/hello/main.cpp has 25 lines or more"
    for name, source in tiers.items():
        if not 0 < class_length(source) <= 40:
            yield f"examples/custom_transport/{name}.hpp: its class has not 1 to 40 lines"


def read_tree():
    def text(name):
        return (ROOT / name).read_text(encoding="utf-8")
    return (text("README.md"), text("examples/hello/main.cpp"),
            {tier: text(f"examples/custom_transport/{tier}.hpp") for tier in TIERS})


def self_test():
    readme, hello, tiers = read_tree()
    changed = {
        "another code": (readme.replace("int main", "int  main", 1), hello, tiers),
        "no code": (readme.replace("```cpp", "```sh"), hello, tiers),
        "a long hello": (readme, "// more\n" * 25 + hello, tiers),
        "a long tier": (readme, hello, {"polled": "class a {\n" + "  int b;\n" * 40 + "};\n"}),
        "no tier": (readme, hello, {"polled": ""}),
    }
    missed = [name for name, texts in changed.items() if len(list(problems(*texts))) != 1]
    for name in missed:
        print(f"check_readme.py --self-test: not found: {name}")
    return 1 if missed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = list(problems(*read_tree()))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
