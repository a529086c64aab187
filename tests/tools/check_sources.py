#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the lists of test sources are what is in the tree; --write makes them so.

    tests/unit/sources.txt          each file mirrors a header: http/sse.cpp tests http/sse.hpp, and
                                    http/sse_cuts.cpp may test more of it
    tests/integration/sources.txt   tests of several layers together
    tests/stress/sources.txt        tests of one part under many threads

CMake and Meson read the lists, because Meson takes no wildcards.
"""

import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = TESTS.parent / "include" / "orcast"

# Unit tests of a promise that several headers of a layer keep together.
OF_A_LAYER = {"trace/hot_path.cpp"}


def mirrors_a_header(source):
    path = pathlib.PurePath(source)
    words = path.stem.split("_")
    return source in OF_A_LAYER or any(
        (INCLUDE / path.parent / ("_".join(words[:count]) + ".hpp")).exists()
        for count in range(1, len(words) + 1))


def main():
    write = "--write" in sys.argv[1:]
    complaints = []
    for name in ("unit", "integration", "stress"):
        folder = TESTS / name
        found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.cpp"))
        listing = folder / "sources.txt"
        if write:
            listing.write_text("".join(source + "\n" for source in found))
        listed = listing.read_text().split()
        complaints += [f"tests/{name}/{source} is not in sources.txt"
                       for source in found if source not in listed]
        complaints += [f"tests/{name}/sources.txt lists {source}, which is not there"
                       for source in listed if source not in found]
        if listed != sorted(listed):
            complaints.append(f"tests/{name}/sources.txt is not sorted")
        if name == "unit":
            complaints += [f"tests/unit/{source} mirrors no header"
                           for source in found if not mirrors_a_header(source)]
    for complaint in complaints:
        print(complaint)
    if complaints:
        sys.exit("tests/tools/check_sources.py --write brings the lists up to date")


if __name__ == "__main__":
    main()
