# SPDX-License-Identifier: MIT
# needs: cmake ninja c++
# pip: opentelemetry-proto==1.45.2
"""The official protobuf definitions of OTLP: is every request that orcast writes one of theirs, and
do its two formats say the same?

JSON is parsed strictly: a member that the definitions do not know is an error.
"""

import json

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support import check, otlp


def parse(text):
    return otlp.from_json(text, ExportTraceServiceRequest(), json_format)


def encoders():
    program = check.build("spans")
    as_json, as_protobuf = check.FOLDER / "spans.json", check.FOLDER / "spans.pb"
    check.command([program, "encode", "3000", as_json, as_protobuf], "encode")
    text = as_json.read_text()
    first = parse(text)
    second = ExportTraceServiceRequest()
    second.ParseFromString(as_protobuf.read_bytes())
    spans = sum(len(s.spans) for r in second.resource_spans for s in r.scope_spans)
    check.same("the two formats of the same spans", True, first == second,
               f"{spans} spans, {len(text)} bytes of JSON, {as_protobuf.stat().st_size} of protobuf")
    unknown = otlp.unknown_fields(second)
    check.same("protobuf has no field that the definitions lack", [], unknown)


def bodies(what, lines):
    spans = 0
    for number, line in enumerate(lines, 1):
        try:
            message = parse(line)
        except (json_format.ParseError, ValueError) as error:
            check.failed(what, f"request {number}: {error}")
            return
        spans += sum(len(s.spans) for r in message.resource_spans for s in r.scope_spans)
    if spans == 0:
        check.failed(what, "no span was seen")
    else:
        check.passed(what, f"{len(lines)} requests, {spans} spans, parsed strictly")


def game_loop():
    program = check.build("game_loop")
    traces = check.FOLDER / "game_loop.jsonl"
    check.command([program, "--seconds", "2", "--traces", traces, "--html",
                   check.FOLDER / "game_loop.html",
                   "--script", check.ROOT / "examples" / "game_loop" / "dialogue.json"],
                  "game_loop", env=otlp.environment_without_keys())
    bodies("game_loop's requests", traces.read_text().splitlines())


def integration_tests():
    """All that the integration tests sent to their stand-in for Arize."""
    built = [path for path in (check.ROOT / "build").glob("*/tests/integration") if path.is_file()]
    if not built:
        check.skip("the integration tests' requests", "they are not built: sh tests/run.sh")
    newest = max(built, key=lambda path: path.stat().st_mtime)
    kept = check.FOLDER / "tests.jsonl"
    kept.unlink(missing_ok=True)
    check.command([newest, "~[.]"], "integration tests", cwd=newest.parent.parent,
                  env=dict(otlp.environment_without_keys(), ORCAST_STANDIN_ARIZE_BODIES=str(kept)))
    bodies("the integration tests' requests", kept.read_text().splitlines())


def self_test():
    """The strictness itself: what must not pass does not."""
    good = (check.FOLDER / "spans.json").read_text()
    one = json.loads(good)
    span = one["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    one["resourceSpans"][0]["scopeSpans"][0]["spans"] = [span]
    parse(json.dumps(one))
    wrong = {"an unknown member": {"colour": 1}, "a name for an enum": {"kind": "CLIENT_OR_SO"},
             "a short id": {"traceId": "abc"}, "snake case": {"trace_state": 7}}
    for what, change in wrong.items():
        try:
            parse(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{**span, **change}]}]}]}))
        except (json_format.ParseError, ValueError):
            continue
        check.failed("the check refuses what is wrong", what)
        return
    check.passed("the check refuses what is wrong", ", ".join(wrong))


encoders()
self_test()
game_loop()
integration_tests()
check.done()
