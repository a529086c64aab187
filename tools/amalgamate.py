#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes single_include/ from include/.

    amalgamate.py              writes single_include/
    amalgamate.py --check      fails when single_include/ is not what would be written
    amalgamate.py --self-test  tries itself on a small tree

orcast/orcast.hpp becomes one file: each header once, in the order of inclusion, the C++ library's
headers on top. Bodies that a header includes under ORCAST_SEPARATE_BODIES come last, so that
nothing between them and the declarations is hidden with them. orcast/src.hpp asks for those bodies
alone. orcast/transport/*.hpp and orcast/openrouter/structured.hpp stay files of their own: each
names one third party in its interface.
"""

import copy
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]

GUARD = "#if !defined(ORCAST_SEPARATE_BODIES)"
GUARDED = re.compile(re.escape(GUARD) + r'\n((?:#include "[^"\n]+"\n)+)')
INCLUDE = re.compile(r'^[ \t]*#\s*include\s+(?:"(orcast/[^"]+)"|<([^>]+)>)', re.MULTILINE)
CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|endif)\b")
EMPTY_CONDITION = re.compile(r"^#if[^\n]*\n(?:[ \t]*\n)*#endif[^\n]*\n", re.MULTILINE)

HEAD = """\
// SPDX-License-Identifier: MIT
//
// orcast {version}, generated from include/ by tools/amalgamate.py: change it there.
"""

LINKS = {
    "orcast.hpp": """\
// Spans and OTLP need nothing but a C++17 compiler and threads (-pthread).
// The mailbox needs the header of moodycamel::ConcurrentQueue on the include path.
// The OpenRouter and broadcast layers need Boost.JSON 1.81 or later: link it (-lboost_json), or
// include <boost/json/src.hpp> in one translation unit.
// To keep the bodies of the larger functions, and Boost with them, out of your game's code, define
// ORCAST_SEPARATE_BODIES everywhere and include "orcast/src.hpp" in one translation unit.
""",
    "src.hpp": """\
// The bodies that ORCAST_SEPARATE_BODIES keeps out of orcast.hpp. Include it in exactly one
// translation unit, before any other header of orcast, and link Boost.JSON there.
""",
    "transport/httplib.hpp": """\
// Needs orcast.hpp beside it, cpp-httplib and OpenSSL (-lssl -lcrypto). Where cpp-httplib is compiled, as on
// Debian, link it (-lcpp-httplib) and define the macros that it was compiled with: both are what
// `pkg-config --cflags --libs cpp-httplib` prints.
""",
    "openrouter/structured.hpp": """\
// Needs orcast.hpp beside it, Boost.JSON 1.81 or later (-lboost_json) and Boost.Describe.
""",
    "transport/curl.hpp": """\
// Needs orcast.hpp beside it and libcurl (-lcurl).
""",
    "transport/gzip.hpp": """\
// Needs orcast.hpp beside it and zlib (-lz).
""",
}


# Files of their own besides the transports.
APART = ["openrouter/structured.hpp"]


class Failure(Exception):
    pass


class File:
    """One file in the making."""

    def __init__(self, include, known):
        self.include = include
        self.known = known  # files of orcast that another single file brings
        self.emitted = {}   # name -> the conditions it stands under
        self.library = set()

    def is_textual(self, name):
        return name.endswith(".hpp") and "#pragma once" not in self.read(name)

    def read(self, name):
        path = self.include / name
        if not path.is_file():
            raise Failure(f"{name} is included, but is not there")
        return path.read_text()

    def expand(self, name, conditions=()):
        """The text of a file with the files that it includes."""
        textual = self.is_textual(name)
        if not textual:
            self.emitted[name] = conditions
        before = []
        out = []
        inner = list(conditions)
        outside = 0  # within a third party's pair, includes keep their place
        declared = False  # behind the file's own declarations they keep it too
        for line in self.read(name).splitlines():
            condition = CONDITION.match(line)
            if condition:
                if condition.group(1) == "endif":
                    inner.pop()
                else:
                    inner.append(line.strip())
            found = INCLUDE.match(line)
            if not found:
                if line.startswith("// SPDX") or line == "#pragma once":
                    continue
                if not (textual and line.startswith("//")):
                    out.append(line)
                declared = declared or line.startswith("namespace")
                continue
            ours, theirs = found.groups()
            if theirs:
                if re.fullmatch(r"[a-z_0-9]+", theirs) and not inner and not outside:
                    self.library.add(theirs)
                else:
                    out.append(line)
                continue
            outside += ours.endswith("third_party_begin.hpp") - ours.endswith("third_party_end.hpp")
            text = self.include_ours(name, ours, tuple(inner))
            plain = (ours.endswith(".hpp") and tuple(inner) == conditions and not outside
                     and not declared)
            (before if plain and not self.is_textual(ours) else out).append(text)
        text = EMPTY_CONDITION.sub("", "\n".join(out) + "\n")
        text = re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"
        if textual:
            return text
        return "".join(before) + f"\n// ---- {name} ----\n\n{text}"

    def include_ours(self, where, name, conditions):
        if name in self.known:
            return ""
        if self.is_textual(name):
            return self.expand(name, conditions).rstrip("\n")
        if name.endswith(".ipp") and conditions and conditions[-1] == GUARD:
            return ""  # see expand_bodies()
        if name in self.emitted:
            under = self.emitted[name]
            if under != conditions[:len(under)]:
                raise Failure(f"{where} includes {name}, which already stands under '{under[-1]}': "
                              "include it without a condition first")
            return ""
        return self.expand(name, conditions)

    def expand_all(self, wanted):
        return "".join(self.expand(name) for name in wanted if name not in self.emitted)

    def bodies(self, name, seen):
        """The guarded bodies that a file leads to, in the order that a compiler meets them."""
        seen.add(name)
        text = self.read(name)
        guarded = "".join(GUARDED.findall(text))
        found = []
        for ours in re.findall(r'^#include "(orcast/[^"]+)"', text, re.MULTILINE):
            if ours not in seen and ours not in self.known:
                found += self.bodies(ours, seen)
                if f'"{ours}"' in guarded:
                    found.append(ours)
        return found

    def all_bodies(self):
        seen = set()
        return [body for name in list(self.emitted) if name not in seen
                for body in self.bodies(name, seen)]

    def expand_bodies(self):
        """The bodies that go with all that has been expanded so far."""
        guard = f"{GUARD} || defined(ORCAST_BODIES)"
        text = "".join(self.expand(name, (guard,)) for name in self.all_bodies())
        return f"\n{guard}\n{text}\n#endif\n" if text else ""

    def library_includes(self):
        return "".join(f"#include <{name}>\n" for name in sorted(self.library))


def version_of(config):
    parts = re.findall(r"^#define ORCAST_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", config, re.MULTILINE)
    return ".".join(parts)


def names(include, folder="orcast"):
    return sorted(path.relative_to(include).as_posix()
                  for path in (include / folder).rglob("*.hpp"))


def stays_out(main, name):
    return (name.startswith("orcast/transport/") or "/impl/" in name or name == "orcast/src.hpp" or
            name[len("orcast/"):] in APART or main.is_textual(name))


def needed_by_transports(main):
    """The headers of lower layers that transports include, and what several transports share and
    what needs no third party."""
    wanted = []
    for name in names(main.include, "orcast/transport"):
        ours, theirs = zip(*INCLUDE.findall(main.read(name)))
        wanted += [lower for lower in ours if lower and not stays_out(main, lower)]
        if "/detail/" in name and not any(re.search("[/.]", other) for other in theirs):
            wanted.append(name)
    return wanted


def amalgamate(include):
    """The files of single_include/: name -> text."""
    made = {}
    main = File(include, ())
    text = main.expand("orcast/orcast.hpp")
    text += main.expand_all(needed_by_transports(main))
    # What nothing includes, such as the fake transport; after a trial of what the bodies include.
    trial = copy.deepcopy(main)
    trial.expand_bodies()
    text += main.expand_all(name for name in names(include) if name not in trial.emitted and
                            not stays_out(main, name))
    bodies = main.all_bodies()
    text += main.expand_bodies()
    head = HEAD.format(version=version_of(main.read("orcast/config.hpp")))

    def finish(name, *parts):
        text = head + "//\n" + LINKS.get(name, "") + "#pragma once\n\n" + "".join(parts)
        text = re.sub(r"\n{3,}", "\n\n", text)
        made["orcast/" + name] = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)

    finish("orcast.hpp", main.library_includes(), text)

    if (include / "orcast/src.hpp").is_file():
        source = main.read("orcast/src.hpp")
        missing = [name for name in bodies if f'#include "{name}"' not in source]
        if missing:
            raise Failure(f"orcast/src.hpp does not include {missing[0]}")
        finish("src.hpp",
               "#if !defined(ORCAST_SEPARATE_BODIES)\n"
               '#error "define ORCAST_SEPARATE_BODIES for the whole program, or leave src.hpp out"\n'
               "#elif defined(ORCAST_VERSION_MAJOR)\n"
               '#error "include orcast/src.hpp before any other header of orcast"\n'
               "#endif\n\n#define ORCAST_BODIES\n"
               '#include "orcast/orcast.hpp"\n#undef ORCAST_BODIES\n')

    shared = set()
    apart = [name for name in APART if (include / "orcast" / name).is_file()]
    for name in apart + sorted("transport/" + path.name
                               for path in (include / "orcast/transport").glob("*.hpp")):
        transport = File(include, main.emitted)
        text = transport.expand("orcast/" + name) + transport.expand_bodies()
        alien = [inner for inner in transport.emitted if inner != "orcast/" + name and
                 not inner.startswith("orcast/transport/")]
        twice = shared.intersection(transport.emitted)
        if alien or twice:
            raise Failure(f"orcast/{name}: {(alien + sorted(twice))[0]} would stand in two files")
        shared.update(transport.emitted)
        finish(name, '#include "orcast/orcast.hpp"\n\n', transport.library_includes(), text)
    return made


def complaints(made, target):
    there = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    found = [f"single_include/{name} should not be there" for name in sorted(there - set(made))]
    for name, text in sorted(made.items()):
        if name not in there:
            found.append(f"single_include/{name} is missing")
        elif (target / name).read_text() != text:
            found.append(f"single_include/{name} is out of date")
    return found


def self_test():
    files = {
        "config.hpp": "#pragma once\n#define ORCAST_VERSION_MAJOR 7\n",
        "orcast.hpp": '#pragma once\n#include "orcast/b.hpp"\n#include "orcast/a.hpp"\n',
        "a.hpp": '#pragma once\n#include <vector>\n#include "orcast/config.hpp"\nstruct a {};\n'
                 f'{GUARD}\n#include "orcast/impl/a.ipp"\n#endif\n',
        "b.hpp": '#pragma once\n#include "orcast/a.hpp"\nstruct b : a {};\n',
        "impl/a.ipp": '#pragma once\n#include "orcast/a.hpp"\n#include "orcast/detail/begin.hpp"\n'
                      "#include <boost/json.hpp>\nint body;\n",
        "detail/begin.hpp": "#undef check\n",
        "src.hpp": '#pragma once\n#include "orcast/impl/a.ipp"\n',
        "transport/x.hpp": '#pragma once\n#include "orcast/a.hpp"\n#include <x.h>\nstruct x {};\n',
    }

    def make(changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**files, **changes}.items():
                path = pathlib.Path(folder) / "orcast" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return amalgamate(pathlib.Path(folder))

    def refused(changes, word):
        try:
            make(changes)
        except Failure as failure:
            assert word in str(failure), failure
        else:
            assert False, f"not refused: {word}"

    apart = make({"openrouter/structured.hpp": '#pragma once\n#include "orcast/a.hpp"\nint own;\n'})
    assert "int own" not in apart["orcast/orcast.hpp"]
    assert "struct a {" not in apart["orcast/openrouter/structured.hpp"]
    made = make({})
    main = made["orcast/orcast.hpp"]
    assert sorted(made) == ["orcast/orcast.hpp", "orcast/src.hpp", "orcast/transport/x.hpp"]
    order = ["#include <vector>", "VERSION_MAJOR", "struct a", "struct b",
             "defined(ORCAST_BODIES)", "#undef check", "<boost/json.hpp>", "int body"]
    places = [main.index(word) for word in order]
    assert places == sorted(places) and main.count("struct a {") == 1, main
    assert '#include "orcast/' not in main and main.count("#if") == main.count("#endif") == 1, main
    assert "struct a" not in made["orcast/transport/x.hpp"]
    assert "struct orphan" in make({"orphan.hpp": "#pragma once\nstruct orphan {};\n"})[
        "orcast/orcast.hpp"]
    two = make({"a.hpp": f'#pragma once\nstruct a {{}};\n{GUARD}\n#include "orcast/impl/a.ipp"\n'
                         '#include "orcast/impl/more.ipp"\n#endif\n',
                "impl/more.ipp": "#pragma once\nint more_bodies;\n",
                "src.hpp": files["src.hpp"] + '#include "orcast/impl/more.ipp"\n'})
    assert "int more_bodies" in two["orcast/orcast.hpp"]
    # What is included behind its own declarations needs them.
    last = make({"a.hpp": '#pragma once\nnamespace a {}\n#include "orcast/needs_a.hpp"\n',
                 "needs_a.hpp": '#pragma once\n#include "orcast/a.hpp"\nstruct needs_a {};\n',
                 "src.hpp": "#pragma once\n", "b.hpp": files["b.hpp"]})["orcast/orcast.hpp"]
    assert last.index("namespace a") < last.index("struct needs_a") < last.index("struct b"), last
    refused({"src.hpp": "#pragma once\n"}, "does not include orcast/impl/a.ipp")
    refused({"b.hpp": '#pragma once\n#include "orcast/none.hpp"\n'}, "is not there")
    refused({"b.hpp": '#pragma once\n#if X\n#include "orcast/a.hpp"\n#endif\n'}, "under '#if X'")
    refused({"transport/y.hpp": '#pragma once\n#include "orcast/transport/x.hpp"\n'}, "two files")


def main():
    if "--self-test" in sys.argv[1:]:
        return self_test()
    target = ROOT / "single_include"
    try:
        made = amalgamate(ROOT / "include")
    except Failure as failure:
        sys.exit(f"amalgamate: {failure}")
    if "--check" in sys.argv[1:]:
        found = complaints(made, target)
        if found:
            sys.exit("\n".join(found + ["tools/amalgamate.py brings single_include/ up to date"]))
        return None
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(target).as_posix() not in made:
            path.unlink()
    for name, text in made.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
    return None


if __name__ == "__main__":
    main()
