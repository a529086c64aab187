#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that include/ keeps to its layers.

    check_layers.py               the tree
    check_layers.py --self-test   plants each violation in a copy of a small tree, and finds it

The table below is the design's: which folder may include which, who may name a third party, and
where a thread may be made. A header outside it is an error, not an oversight.
"""

import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]

MAY_INCLUDE = {
    "core": {"core"},
    "trace": {"core", "trace"},
    "http": {"core", "http"},
    "otlp": {"core", "trace", "http", "otlp"},
    "openrouter": {"core", "trace", "http", "openrouter"},
    "broadcast": {"core", "trace", "http", "otlp", "openrouter", "broadcast"},
    "transport": {"core", "http", "transport"},
}

# Files outside the layers.
EVERYONE_MAY_INCLUDE = {"orcast/config.hpp", "orcast/detail/third_party_begin.hpp",
                        "orcast/detail/third_party_end.hpp"}
UMBRELLAS = {"orcast/orcast.hpp", "orcast/src.hpp"}

# Third parties: a pattern of their headers, and of the files that may include them.
THIRD_PARTIES = {
    r"(concurrentqueue/|moodycamel/)?concurrentqueue\.h": r"orcast/http/mailbox\.hpp",
    r"boost/.*": r"orcast/((openrouter|broadcast)/impl/.*|openrouter/structured\.hpp)",
    r"httplib\.h": r"orcast/transport/(httplib\.hpp|detail/.*)",
    r"openssl/.*": r"orcast/transport/(httplib\.hpp|detail/.*)",
    r"zlib\.h": r"orcast/transport/gzip\.hpp",
    r"curl/.*": r"orcast/transport/(curl\.hpp|detail/.*)",
}

# The operating system: random bytes and fork in core, sockets in the transports, files in the spool.
SYSTEM = r"(sys|netinet|arpa)/\w+\.h|(unistd|fcntl|pthread|poll|dirent|netdb|errno|signal)\.h|" \
         r"(windows|winsock2|ws2tcpip|bcrypt|process)\.h"
MAY_INCLUDE_SYSTEM = r"orcast/(core|transport)/.*|orcast/otlp/(impl/)?spool\w*\..*"

LIBRARY = r"[a-z_0-9]+|cpuid\.h|immintrin\.h|emmintrin\.h|arm_neon\.h|intrin\.h"
FORBIDDEN_LIBRARY = {"functional", "iostream", "regex", "future", "filesystem"}
MAY_INCLUDE_THREAD = {"orcast/otlp/flush_thread.hpp", "orcast/otlp/impl/flush_thread.ipp",
                      "orcast/http/worker_pool.hpp", "orcast/http/impl/worker_pool.ipp"}

# What a host's locale, or its -ffast-math, changes the answers of; core/number.hpp has others.
FORBIDDEN_CALL = r"\b(strto(?:f|d|ld)|ato(?:f|i|l|ll)|sto(?:f|d|ld)|setlocale|isfinite|isnan|isinf)\("

TEXTUAL = {"orcast/detail/third_party_begin.hpp", "orcast/detail/third_party_end.hpp"}
# Lines of a header, and of a file of bodies.
LONGEST = {".hpp": 300, ".ipp": 400}


def layer_of(name):
    parts = name.split("/")
    return parts[1] if len(parts) > 2 else ""


def check_own_include(name, target):
    if target.startswith((".", "/")) or not target.startswith("orcast/"):
        return f'includes "{target}"; write "orcast/layer/file.hpp"'
    if target in EVERYONE_MAY_INCLUDE or name in UMBRELLAS:
        return None
    if target in UMBRELLAS:
        return f"includes the umbrella {target}"
    if layer_of(target) not in MAY_INCLUDE.get(layer_of(name), ()):
        return f"is in {layer_of(name) or 'no layer'} and may not include {target}"
    return None


def check_other_include(name, target, wrapped):
    for pattern, where in THIRD_PARTIES.items():
        if re.fullmatch(pattern, target):
            if not re.fullmatch(where, name):
                return f"may not include <{target}>"
            return None if wrapped else f"includes <{target}> without third_party_begin.hpp"
    if re.fullmatch(SYSTEM, target):
        return None if re.fullmatch(MAY_INCLUDE_SYSTEM, name) else f"may not include <{target}>"
    if not re.fullmatch(LIBRARY, target):
        return f"includes <{target}>, which tools/check_layers.py does not know"
    if target in FORBIDDEN_LIBRARY:
        return f"includes <{target}>, which no header of orcast may"
    if target == "thread" and name not in MAY_INCLUDE_THREAD:
        return "includes <thread>, which only the flush thread and the worker pool may"
    return None


def check_file(name, text):
    """What is wrong with one file, a line each."""
    found = []
    lines = text.splitlines()
    if not lines or lines[0] != "// SPDX-License-Identifier: MIT":
        found.append("does not begin with its SPDX line")
    if name not in TEXTUAL and "#pragma once" not in lines:
        found.append("has no #pragma once")
    longest = LONGEST[pathlib.PurePath(name).suffix]
    if len(lines) > longest:
        found.append(f"has {len(lines)} lines; {longest} are the most")
    if layer_of(name) not in MAY_INCLUDE and name not in EVERYONE_MAY_INCLUDE | UMBRELLAS:
        found.append("is in no layer")
    if not any(line.startswith("//") and not line.startswith("// SPDX") for line in lines):
        found.append("does not say what it is")
    wrapped = False
    for line in lines:
        wrapped = (wrapped or "detail/third_party_begin.hpp" in line) and (
            "detail/third_party_end.hpp" not in line)
        include = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', line)
        if include:
            ours, other = include.groups()
            found.append(check_own_include(name, ours) if ours else
                         check_other_include(name, other, wrapped))
        call = re.search(FORBIDDEN_CALL, line.partition("//")[0])
        if call:
            found.append(f"calls {call.group(1)}(); see core/number.hpp")
        macro = re.match(r"\s*#\s*(define|undef)\s+(\w+)", line)
        if macro and name not in TEXTUAL:
            if name != "orcast/config.hpp":
                found.append(f"has #{macro.group(1)} {macro.group(2)}; macros are in config.hpp")
            elif not macro.group(2).startswith("ORCAST_"):
                found.append(f"has a macro that is not ORCAST_*: {macro.group(2)}")
    return [f"{name} {complaint}" for complaint in found if complaint]


def check_tree(include):
    found = []
    paths = sorted((include / "orcast").rglob("*"))
    if not paths:
        found.append("include/orcast is empty, or not where tools/check_layers.py looks for it")
    for path in paths:
        if path.is_file():
            name = path.relative_to(include).as_posix()
            if path.suffix in (".hpp", ".ipp"):
                found += check_file(name, path.read_text())
            else:
                found.append(f"{name} is neither .hpp nor .ipp")
    return found


def self_test():
    begin = '#include "orcast/detail/third_party_begin.hpp"\n'
    end = '#include "orcast/detail/third_party_end.hpp"\n'
    good = {
        "config.hpp": "#define ORCAST_X 1\n",
        "core/a.hpp": '#include <string>\n#include "orcast/config.hpp"\n',
        "http/b.hpp": '#include "orcast/core/a.hpp"\n',
        "http/mailbox.hpp": begin + "#include <concurrentqueue/concurrentqueue.h>\n" + end,
        "http/worker_pool.hpp": "#include <thread>\n",
        "openrouter/impl/c.ipp": begin + "#include <boost/json.hpp>\n" + end,
        "transport/curl.hpp": begin + "#include <curl/curl.h>\n" + end + '#include "orcast/http/b.hpp"\n',
        "orcast.hpp": '#include "orcast/http/b.hpp"\n',
    }
    top = "// SPDX-License-Identifier: MIT\n#pragma once\n\n// What it is.\n\n"
    good = {name: top + text for name, text in good.items()}
    planted = {
        "may not include orcast/http/b.hpp": ("core/x.hpp", top + '#include "orcast/http/b.hpp"\n'),
        "may not include orcast/otlp/o.hpp": ("openrouter/x.hpp",
                                              top + '#include "orcast/otlp/o.hpp"\n'),
        "includes the umbrella": ("trace/x.hpp", top + '#include "orcast/orcast.hpp"\n'),
        'includes "../core/a.hpp"': ("core/x.hpp", top + '#include "../core/a.hpp"\n'),
        'includes "a.hpp"': ("core/x.hpp", top + '#include "a.hpp"\n'),
        "may not include <boost/json.hpp>": ("openrouter/x.hpp",
                                             top + "#include <boost/json.hpp>\n"),
        "may not include <concurrentqueue.h>": ("trace/x.hpp",
                                                top + "#include <concurrentqueue.h>\n"),
        "without third_party_begin.hpp": ("openrouter/impl/c.ipp",
                                          top + begin + end + "#include <boost/json.hpp>\n"),
        "may not include <httplib.h>": ("transport/curl.hpp", top + "#include <httplib.h>\n"),
        "may not include <curl/curl.h>": ("http/x.hpp", top + "#include <curl/curl.h>\n"),
        "may not include <openssl/ssl.h>": ("core/x.hpp", top + "#include <openssl/ssl.h>\n"),
        "may not include <zlib.h>": ("transport/curl.hpp", top + "#include <zlib.h>\n"),
        "may not include <sys/socket.h>": ("trace/x.hpp", top + "#include <sys/socket.h>\n"),
        "does not know": ("core/x.hpp", top + "#include <nlohmann/json.hpp>\n"),
        "includes <thread>": ("core/x.hpp", top + "#include <thread>\n"),
        "calls strtod()": ("core/x.hpp", top + "double d = std::strtod(text, nullptr);\n"),
        "calls isnan()": ("core/x.hpp", top + "bool b = isnan(1.0);\n"),
        "has #define SECRET": ("core/x.hpp", top + "#define SECRET 1\n"),
        "has #undef min": ("core/x.hpp", top + "#  undef min\n"),
        "a macro that is not ORCAST_*": ("config.hpp", top + "#define OTHER 1\n"),
        "no #pragma once": ("core/x.hpp", top.replace("#pragma once\n", "")),
        "its SPDX line": ("core/x.hpp", top.partition("\n")[2]),
        "does not say what it is": ("core/x.hpp", top.replace("// What it is.\n", "")),
        "301 lines": ("core/x.hpp", top + "\n" * (301 - top.count("\n"))),
        "401 lines": ("core/x.ipp", top + "\n" * (401 - top.count("\n"))),
        "is in no layer": ("stray/x.hpp", top),
        "neither .hpp nor .ipp": ("core/x.h", top),
    }
    for name in sorted(FORBIDDEN_LIBRARY):
        planted[f"includes <{name}>"] = ("core/x.hpp", top + f"#include <{name}>\n")

    def check(files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder) / "orcast" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_tree(pathlib.Path(folder))

    assert check(good) == [], check(good)
    assert len(check({})) == 1 and "is empty" in check({})[0], check({})
    for expected, (name, text) in planted.items():
        found = check({**good, name: text})
        assert len(found) == 1 and expected in found[0], f"planted '{expected}', found {found}"
    print(f"{len(planted) + 1} planted violations found")


def main():
    if "--self-test" in sys.argv[1:]:
        return self_test()
    found = check_tree(ROOT / "include")
    for complaint in found:
        print(complaint)
    return sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
