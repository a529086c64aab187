#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/attributes.md of the comments in include/orcast/trace/*_keys.hpp, and holds the keys
against the conventions.

    attributes.py           writes docs/attributes.md
    attributes.py --check   fails when it differs, when OpenInference has a key that orcast has no
                            constant for (or another type), or when a key is one that it must not be
    attributes.py --self-test
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "attributes.md"
LIST = ROOT / "tests" / "data" / "openinference_keys.tsv"
HEADERS = ["openinference_keys", "message_keys", "retrieval_keys", "feedback_keys", "gen_ai_keys",
           "openrouter_keys"]
OPENINFERENCE = HEADERS[:4]

# OpenInference's types, as the comments call them.
TYPES = {"string": "string", "json": "JSON", "int": "int", "double": "double", "bool": "bool",
         "string[]": "strings", "double[]": "doubles", "number": "double"}

# Under a prefix of the conventions, but not on their list.
EXTENSIONS = {"llm.token_count.prompt_details.video", "llm.token_count.completion_details.image"}

HEAD = """\
# Attributes

Every attribute that orcast can set, and from what. `#` is an index, counted from 0. The page is made by
`tools/attributes.py` of the comments beside the constants (`orcast::keys`), which a test compares with what calls really
leave in their spans. "By hand": there is a constant, but no call fills it.

Types: JSON is a string that holds JSON; strings and doubles are lists. What `recording` may hide, and how, is in
`orcast/trace/masks.hpp`.

Events: `First Token Stream Event` (streams: the first content, reasoning or tool delta), `retry` (before each further
attempt), `provider attempt` (each entry of openrouter_metadata.attempts, or of an error's previous_errors), `exception`
(failures).
"""

TITLES = {"openinference_keys": "OpenInference", "message_keys": "OpenInference: messages",
          "retrieval_keys": "OpenInference: embeddings, reranking, retrieval",
          "feedback_keys": "OpenInference: feedback", "gen_ai_keys": "OpenTelemetry",
          "openrouter_keys": "OpenRouter, orcast, Arize"}


def read(text):
    """The (key, type, meaning) of each constant; fails on one without a comment."""
    found = []
    comment = []
    pending = ""
    for line in text.splitlines():
        if line.startswith("///"):
            comment.append(line[3:].strip())
            continue
        if line.startswith("inline constexpr key ") or pending:
            pending += line.strip()
            if not pending.endswith("};"):
                continue
            name = re.fullmatch(r'inline constexpr key \w+\{"([^"]+)"\};', pending).group(1)
            kind, _, meaning = " ".join(comment).partition(". ")
            if kind not in TYPES.values() or not meaning:
                raise SystemExit(f'attributes.py: "{name}" has no comment "/// type. meaning"')
            found.append((name, kind, meaning))
            pending = ""
        comment = []
    return found


def page(keys):
    out = [HEAD]
    for header in HEADERS:
        out.append(f"\n## {TITLES[header]}\n\n| key | type | from what, and when |\n|---|---|---|\n")
        out += [f"| `{name}` | {kind} | {meaning} |\n" for name, kind, meaning in keys[header]]
    return "".join(out)


def conventions():
    rows = {}
    for line in LIST.read_text().splitlines():
        if not line.startswith("#"):
            name, kind = line.split("\t")
            rows[name] = kind
    return rows


def problems(keys, listed):
    found = []
    ours = {name: kind for header in OPENINFERENCE for name, kind, _ in keys[header]}

    def matches(name, key):
        return name == key or name.endswith("." + key)

    for key, kind in listed.items():
        if kind == "prefix":
            if not any(("." + name).find("." + key + ".") >= 0 for name in ours):
                found.append(f"no constant lies under the prefix {key}")
            continue
        fitting = [name for name in ours if matches(name, key)]
        if not fitting:
            found.append(f"no constant for {key}")
        for name in fitting:
            if ours[name] != TYPES[kind]:
                found.append(f"{name} is a {ours[name]}, but {key} is a {kind}")
    for name in ours:
        if name not in EXTENSIONS and not any(matches(name, key) for key in listed):
            found.append(f"{name} is no key of OpenInference's")
    every = [name for header in HEADERS for name, _, _ in keys[header]]
    for name in every:
        if every.count(name) > 1:
            found.append(f"{name} has two constants")
        for other in every:
            if other.startswith(name + "."):
                found.append(f"{name} is the beginning of {other}")
    return found


def self_test():
    good = read('/// string. Always\ninline constexpr key a{"llm.system"};\n')
    assert good == [("llm.system", "string", "Always")]
    keys = {header: [] for header in HEADERS}
    keys["message_keys"] = good
    assert problems(keys, {"llm.system": "string"}) == []
    assert problems(keys, {"llm.system": "int"}) != []
    assert problems(keys, {"llm.system": "string", "llm.provider": "string"}) != []
    assert problems(keys, {"llm.system": "string", "llm.tools": "prefix"}) != []
    assert problems(keys, {}) != []
    keys["gen_ai_keys"] = [("llm.system.more", "string", "x")]
    assert problems(keys, {"llm.system": "string"}) != []
    print("attributes.py: each kind of mistake is found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    keys = {header: read((ROOT / "include/orcast/trace" / f"{header}.hpp").read_text())
            for header in HEADERS}
    found = problems(keys, conventions())
    for problem in found:
        print(f"attributes.py: {problem}")
    made = page(keys)
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text() != made:
            found.append("page")
            print("attributes.py: docs/attributes.md is not what the comments make; "
                  "tools/attributes.py writes it")
    else:
        PAGE.write_text(made)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
