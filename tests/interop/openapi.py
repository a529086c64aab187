# SPDX-License-Identifier: MIT
# needs: cmake ninja c++
# pip: jsonschema==4.23.0 PyYAML==6.0.2
# seconds: 900
"""OpenRouter's own OpenAPI document: can every field of a chat request be expressed in orcast's
types, is every request that goes out valid, and is every reply of the stand-in?

The document is not part of this tree: ../shared/data/openrouter-openapi.yaml, or the file that
OPENROUTER_OPENAPI names.
"""

import itertools
import json
import os
import pathlib
import re
import subprocess
import urllib.error
import urllib.request

import jsonschema
import yaml

from support import check

KEY = "sk-or-v1-standin"
# Documented on OpenRouter's pages, not in the schema: each with a value, and a typed place.
BESIDE_THE_SCHEMA = {
    "prompt": "Once upon a time",
    "verbosity": "xhigh",
    "preset": "npc",
    "structured_outputs": True,
    "web_search_options": {"search_context_size": "low"},
    "audio": {"voice": "alloy", "format": "wav"},
    "reasoning": {"effort": "low", "max_tokens": 100, "exclude": True, "enabled": True,
                  "summary": "auto"},
}
# Legacy or without effect there: sent as members of chat_request::extra.
ONLY_AS_EXTRA = {
    "include_reasoning": True,
    "usage": {"include": True},
    "transforms": ["middle-out"],
    "safe_prompt": True,
    "raw_mode": True,
}

# What the schema knows and orcast keeps as JSON, by choice: where (a regular expression), and why.
KEPT_AS_JSON = {
    r"stop": "as a bare string; chat_request::stop writes a list",
    r"prediction\.content|prediction": "as parts; predicted_output is one text",
    r"plugins\.(?!(id|enabled|engine|mode|max_results|max_uses|search_prompt|include_domains"
    r"|exclude_domains)$)\w+": "plugins differ: what not most have is plugin::settings",
    r"provider\.sort": "with one of its two members; provider_sort writes a word then",
    r"messages\.model": "which model said it: informative, in message::extra",
    r"messages\.text\..*": "a text part with prompt_cache_breakpoint is sent as part::json",
    r"trace\..*": "the trace is open: further keys are trace_fields::metadata",
}

# How the stand-in deviates from the document on purpose, because OpenRouter was seen to: a regular
# expression on "where: what", and why.
DEVIATIONS = {
    r"ChatResult usage: None is not of type 'object'": "null usage (seen at the end of errors)",
    r"ChatStreamChunk error/code: '\w+' is not of type 'integer'":
        "an error code as a word (on the page about streaming)",
    r"ChatStreamChunk error/metadata: 'error_type' is a required property":
        "a provider's error in its older form (provider_name, raw)",
    r"ChatStreamChunk usage: None is not of type 'object'": "null usage",
    r"Chat\w+ .*tool_calls/\d+: 'id' is a required property": "a tool call without an id",
    r"Chat\w+ .*tool_calls/\d+/function: 'arguments' is a required property":
        "a tool call without arguments",
    r"ChatStreamChunk .*tool_calls/\d+: 'index' is a required property":
        "a tool call without an index",
    r"ChatResult : '\w+' is a required property": "HTTP 200 with an error instead of a reply",
    r"\w+Response error: 'code' is a required property":
        "errors with http_status and no code (availability)",
}


class Document:
    def __init__(self, path):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.whole = yaml.load(path.read_text(), loader)
        self.schemas = self.whole["components"]["schemas"]

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def problems(self, schema, value):
        """A line for each way in which a value is not what the schema says: "where: what"."""
        validator = jsonschema.Draft202012Validator(
            {"components": self.whole["components"], **schema})
        found = set()
        for error in validator.iter_errors(value):
            for leaf in leaves(error):
                where = "/".join(str(step) for step in leaf.absolute_path)
                found.add(f"{where}: {leaf.message[:200]}")
        return sorted(found)

    def operation(self, method, path):
        for template, item in self.whole["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in item:
                return item[method.lower()]
        return None


def leaves(error):
    """Of a choice between schemas, the errors of the branch that fits best."""
    if not error.context:
        return [error]
    branches = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    best = min(branches.values(), key=lambda errors: (
        any(each.validator in ("enum", "const") for each in errors), len(errors)))
    return [leaf for each in best for leaf in leaves(each)]


class Samples:
    """Values that together use every property, every branch and every word of a schema."""

    def __init__(self, document):
        self.document = document

    def of(self, schema, depth=0):
        schema = self.document.resolve(schema)
        if depth > 12:
            return []
        if "allOf" in schema:
            merged = {key: value for key, value in schema.items() if key != "allOf"}
            for part in schema["allOf"]:
                part = self.document.resolve(part)
                for key, value in part.items():
                    if isinstance(value, dict):
                        merged[key] = {**merged.get(key, {}), **value}
                    elif isinstance(value, list) and key == "required":
                        merged[key] = merged.get(key, []) + value
                    else:
                        merged[key] = value
            return self.of(merged, depth + 1)
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return [value for part in schema[choice] for value in self.of(part, depth + 1)]
        if "enum" in schema:
            return list(schema["enum"])
        types = schema.get("type")
        if types is None:
            types = "object" if "properties" in schema else "string"
        made = []
        for name in types if isinstance(types, list) else [types]:
            made += self.of_type(name, schema, depth)
        return made

    def of_type(self, name, schema, depth):
        if name == "object":
            return self.objects(schema, depth)
        if name == "array":
            items = self.of(schema.get("items", {}), depth + 1)
            return [[item] for item in items] + ([items[:2]] if len(items) > 1 else [])
        if name == "string":
            return ["text"]
        if name == "boolean":
            return [True, False]
        if name == "null":
            return [None]
        least = schema.get("minimum", 0)
        return [max(1, least)] if name == "integer" else [min(0.5, schema.get("maximum", 0.5))]

    def objects(self, schema, depth):
        properties = {name: self.of(each, depth + 1)
                      for name, each in schema.get("properties", {}).items()}
        needed = {name: properties[name][0] for name in schema.get("required", [])
                  if properties.get(name)}
        made = [dict(needed)] if needed or not properties else []
        for name, values in properties.items():
            made += [{**needed, name: value} for value in values]
        everything = {name: next((v for v in values if v is not None), None)
                      for name, values in properties.items() if values}
        if len(everything) > 1:
            made.append(everything)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            made += [{**needed, "key": value} for value in self.of(more, depth + 1)]
        return made


def through_orcast(program, bodies):
    done = subprocess.run([program], input="".join(json.dumps(b) + "\n" for b in bodies),
                          text=True, capture_output=True, check=False)
    made = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(made) != len(bodies):
        check.failed("orcast reads the samples", done.stderr[-500:])
        check.done()
    return made


def fields(document, program):
    """Every field of ChatRequest, at every depth, has a place that is not a heap of JSON."""
    schema = {"$ref": "#/components/schemas/ChatRequest"}
    properties = document.schemas["ChatRequest"]["properties"]
    samples = Samples(document)
    message = {"messages": [{"role": "user", "content": "Hi"}]}
    bodies = [{**message, name: value} for name, each in properties.items()
              for value in samples.of(each)]
    wrong = [body for body in bodies if document.problems(schema, body)]
    check.same("samples made from the schema are valid by it", [], wrong[:3],
               f"{len(bodies)} request bodies, {len(properties)} fields")
    made = through_orcast(program, bodies)

    lost = [(body, each) for body, each in zip(bodies, made) if not equal(each.get("body"), body)]
    check.same("each is written again as it was", [], lost[:2], f"{len(bodies)} bodies")

    untyped, by_choice = {}, {}
    for body, each in zip(bodies, made):
        for where, value in each.get("rest", {}).items():
            if value in (None, [], {}, "") or has_null(body[where.split(".")[0]]):
                continue  # "not set", spelled out
            reason = next((r for r in KEPT_AS_JSON if re.fullmatch(r, where)), None)
            place = by_choice if reason else untyped
            place.setdefault(reason or where, json.dumps(value)[:120])
    check.same("every field has a typed place", {}, untyped,
               f"{len(properties)} fields; {len(by_choice)} shapes are kept as JSON by choice")
    check.same("what is kept as JSON by choice is so still", sorted(KEPT_AS_JSON),
               sorted(by_choice))

    beside = [{**message, "stream": True, name: value} for name, value in
              itertools.chain(BESIDE_THE_SCHEMA.items(), ONLY_AS_EXTRA.items())]
    kept = {name: None for each in through_orcast(program, beside) for name in each["rest"]}
    check.same("fields that only pages document have one too", sorted(ONLY_AS_EXTRA), sorted(kept),
               " ".join(BESIDE_THE_SCHEMA))


def has_null(value):
    if isinstance(value, (dict, list)):
        return any(has_null(each) for each in (value.values() if isinstance(value, dict) else value))
    return value is None


def equal(made, body):
    """"stream": false is what no stream means."""
    if body.get("stream") is False:
        body = {name: value for name, value in body.items() if name != "stream"}
    return made == body


def judge(document, exchanges):
    """Counts and problems of requests and answers, by the operation that they belong to."""
    seen = {"requests": 0, "answers": 0, "chunks": 0, "refused": 0}
    wrong_requests, deviations = {}, {}

    def answer(name, schema, value):
        for problem in document.problems(schema, value):
            deviations.setdefault(f"{name} {problem}", json.dumps(value)[:300])

    for each in exchanges:
        path = each["path"].removeprefix("/api/v1")
        operation = document.operation(each["method"], path)
        if operation is None:
            continue
        status = each["status"]
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content and (status == 400 or (status == 401 and not is_json(each["request"]))):
            seen["refused"] += 1
        elif content:
            seen["requests"] += 1
            try:
                problems = document.problems(content["schema"], json.loads(each["request"]))
            except ValueError:
                problems = ["not JSON"]
            for problem in problems:
                wrong_requests.setdefault(f"{path} {problem}", each["request"][:300])
        described = operation["responses"].get(str(status), {}).get("content", {})
        media = each["type"].split(";")[0].strip()
        if not each["whole"] or media not in described or not each["answer"].strip():
            continue
        schema = described[media]["schema"]
        if media == "text/event-stream":
            chunk = {"$ref": "#/components/schemas/ChatStreamChunk"}
            for event in re.split(r"\n\n|\r\n\r\n|\r\r", each["answer"].lstrip("\ufeff")):
                data = "\n".join(re.sub(r"^data: ?", "", line) for line in event.splitlines()
                                 if line.startswith("data:"))
                if not data or data == "[DONE]":
                    continue
                try:
                    value = json.loads(data)
                except ValueError:
                    continue  # what a fault has spoiled
                seen["chunks"] += 1
                answer("ChatStreamChunk", chunk, value)
        else:
            try:
                value = json.loads(each["answer"])
            except ValueError:
                continue
            seen["answers"] += 1
            answer(schema["$ref"].rsplit("/", 1)[1] if "$ref" in schema else path, schema, value)
    return seen, wrong_requests, deviations


def is_json(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def exchanges_of(file):
    if not file.exists():
        return []
    with file.open(errors="replace") as lines:
        return [json.loads(line) for line in lines]


def recorded(command, file, environment, cwd=None):
    file.unlink(missing_ok=True)
    check.command(command, pathlib.Path(command[0]).name, cwd=cwd,
                  env={**environment, "STANDIN_TRAFFIC": str(file)})
    return exchanges_of(file)


def ask(base, body, headers=None):
    request = urllib.request.Request(
        base + "/chat/completions", json.dumps(body).encode(),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()
    except (urllib.error.HTTPError, OSError):
        pass  # what was answered is in the record


def stand_in(program, environment):
    """Asks the stand-in for each kind of answer and each of its faults, streamed and not."""
    file = check.FOLDER / "standin.jsonl"
    file.unlink(missing_ok=True)
    service = subprocess.Popen([program, "--at-once"], stdout=subprocess.PIPE, text=True,
                               env={**environment, "STANDIN_TRAFFIC": str(file)})
    base = service.stdout.readline().split()[0]
    source = (check.ROOT / "examples/standins/openrouter_errors.hpp").read_text()
    errors = re.findall(r'name [=!]= "([\w-]+)"', source)
    faults = ["", "no-usage", "null-usage", "no-finish-reason", "no-tool-id", "no-tool-arguments",
              "no-tool-index", "stream-error", "stream-error=string", "stream-error=choice",
              "stream-error=raw", "stream-error=availability",
              "comments=2", "crlf", "cr", "bom", "no-space", "unicode", "after-done"]
    faults += [f"error={each}" for each in sorted({*errors, "503-no-code"})]
    tool = {"type": "function", "function": {"name": "look", "description": "look at the ship",
                                             "parameters": {"type": "object", "properties": {
                                                 "what": {"type": "string"}}}}}
    kinds = [{}, {"tools": [tool], "tool_choice": "required"}, {"reasoning": {"effort": "high"}},
             {"response_format": {"type": "json_object"}}, {"max_completion_tokens": 3}]
    for fault in faults:
        for kind in kinds if not fault.startswith("error=") else kinds[:1]:
            for stream in (False, True):
                body = {"model": f"standin/{fault}/anthropic/claude-sonnet-4.5" if fault else
                        "openai/gpt-4o-mini", "stream": stream, **kind,
                        "messages": [{"role": "user", "content": "Look at the ship, please."}]}
                ask(base, body, {"X-OpenRouter-Metadata": "enabled"})
    for path in ("/models", "/key", "/credits"):
        request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()
    service.terminate()
    service.wait(20)
    return exchanges_of(file)


def tests():
    """The newest build of the integration tests."""
    built = list(check.ROOT.glob("build/*/tests/integration"))
    return max(built, key=lambda path: path.stat().st_mtime) if built else None


def main():
    named = os.environ.get("OPENROUTER_OPENAPI")
    path = pathlib.Path(named) if named else (
        check.ROOT.parent / "shared" / "data" / "openrouter-openapi.yaml")
    if not path.exists():
        check.skip("OpenRouter's OpenAPI document",
                   "../shared/data/openrouter-openapi.yaml is not there; OPENROUTER_OPENAPI names "
                   "another place")
    document = Document(path)
    program = check.build("chat_requests")
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("OPENROUTER_", "ARIZE_", "OTEL_"))}
    fields(document, program)

    every = stand_in(check.build("openrouter_standin"), environment)
    game = check.build("game_loop")
    played = recorded([game, "--seconds", "2", "--traces", check.FOLDER / "game.jsonl", "--html",
                       check.FOLDER / "game.html",
                       "--script", check.ROOT / "examples/game_loop/dialogue.json"],
                      check.FOLDER / "game-traffic.jsonl", environment)
    tested = tests()
    sent = recorded([tested, "~[.]"], check.FOLDER / "tests.jsonl", environment,
                    tested.parent.parent) if tested else None

    for what, exchanges in (("game_loop", played), ("the integration tests", sent)):
        if exchanges is None:
            print(f"SKIP requests of {what}: they are not built (tests/run.sh builds them)")
            continue
        seen, wrong, _ = judge(document, exchanges)
        check.same("requests of " + what, {}, wrong,
                   f"{seen['requests']} valid, {seen['refused']} refused on purpose with 400")
        if seen["requests"] == 0:
            check.failed("requests of " + what, "none was seen")
    seen, _, deviations = judge(document, every + played + (sent or []))
    used = {}
    unknown = {}
    for problem, example in deviations.items():
        reason = next((r for r in DEVIATIONS if re.fullmatch(r, problem)), None)
        if reason:
            used[reason] = problem
        else:
            unknown[problem] = example
    check.same("replies of the stand-in", {}, unknown,
               f"{seen['answers']} bodies and {seen['chunks']} chunks; "
               f"{len(used)} deviations, all on purpose")
    check.same("the list of deviations is what it does", sorted(DEVIATIONS), sorted(used))
    for reason in sorted(used):
        print(f"  deviates on purpose: {DEVIATIONS[reason]}")
    check.done()


main()
