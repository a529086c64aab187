# SPDX-License-Identifier: MIT
# needs: cmake ninja c++
# pip: openai==3.51.0 openinference-instrumentation-openai==0.1.66 opentelemetry-sdk
# seconds: 600
"""OpenInference's own instrumentor of the openai package, and orcast: two spans of one exchange.

The instrumented client calls through orcast's gateway, so both see the same bytes. docs/parity.md
shows what each made of them and is held up to date here:

    PARITY=write sh tests/interop/run.sh parity
"""

import json
import os
import re

import openai
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from support import check, gateway

MODEL = "openai/gpt-4o-mini"
TOOLS = [{"type": "function", "function": {
    "name": "tide_table", "description": "When the tide is high at a port",
    "parameters": {"type": "object", "properties": {"port": {"type": "string"}},
                   "required": ["port"]}}}]
PICTURE = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
           "DwADhgGAWjR9awAAAABJRU5ErkJggg==")


def user(text):
    return [{"role": "system", "content": "You are Mira, a smith."},
            {"role": "user", "content": text}]


def blocking(client):
    client.chat.completions.create(model=MODEL, messages=user("Who shoes horses here?"),
                                   temperature=0.2, user="player-1")


def streamed(client):
    for _ in client.chat.completions.create(model=MODEL, messages=user("Where is the quay?"),
                                            stream=True, stream_options={"include_usage": True}):
        pass


def tool_call(client):
    client.chat.completions.create(model=MODEL, tools=TOOLS, messages=[
        {"role": "user", "content": "When is the tide high at the north port?"}])


def tool_call_streamed(client):
    for _ in client.chat.completions.create(
            model=MODEL, tools=TOOLS, stream=True, stream_options={"include_usage": True},
            messages=[{"role": "user", "content": "When is the tide high at the north port?"}]):
        pass


def tool_result(client):
    call = {"id": "call_1", "type": "function",
            "function": {"name": "tide_table", "arguments": '{"port":"north"}'}}
    client.chat.completions.create(model=MODEL, tools=TOOLS, messages=[
        {"role": "user", "content": "When is the tide high?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"high":"06:12"}'}])


def multimodal(client):
    client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is on this picture?"},
        {"type": "image_url", "image_url": {"url": PICTURE}}]}])


def reasoning(client):
    client.chat.completions.create(model=MODEL, messages=user("Is the tide a clock?"),
                                   extra_body={"reasoning": {"effort": "low"}})


def structured(client):
    client.chat.completions.create(model=MODEL, messages=user("Name a port."), response_format={
        "type": "json_schema", "json_schema": {"name": "port", "strict": True, "schema": {
            "type": "object", "properties": {"port": {"type": "string"}}, "required": ["port"],
            "additionalProperties": False}}})


def refused(client):
    try:
        client.chat.completions.create(model="standin/error=429/" + MODEL, messages=user("Hello?"))
    except openai.RateLimitError:
        pass


def cancelled(client):
    stream = client.chat.completions.create(model=MODEL, stream=True, messages=user(
        "Tell me all that you know of the harbour, slowly."))
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()


def embeddings(client):
    client.embeddings.create(model="openai/text-embedding-3-small", input=["north", "south"])


EXCHANGES = {
    "blocking": blocking, "streamed": streamed, "a tool is called": tool_call,
    "a tool is called, streamed": tool_call_streamed, "a tool's result": tool_result,
    "a picture": multimodal, "reasoning": reasoning, "a JSON schema": structured,
    "an error (429)": refused, "cancelled": cancelled, "embeddings": embeddings,
}

# Where the two differ, why orcast's is as it is: of which exchanges, of which attributes, and whether
# that is what the two values show. What nothing explains fails the check.
def parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return {}


def contains(larger, smaller):
    return all(larger.get(key) == value for key, value in smaller.items())


def same_message(theirs, ours):
    """Two assembled answers: the same text and tools, whatever else is in them."""
    def message(text):
        choices = parsed(text).get("choices") or [{}]
        found = choices[0].get("message", {})
        calls = [call["function"] for call in found.get("tool_calls") or []]
        return found.get("content") or "", calls
    return message(theirs) == message(ours)


EXPLAINED = [
    ("blocking", r"llm\.invocation_parameters",
     lambda a, b: parsed(a) == {**parsed(b), "user": "player-1"},
     "the player is in `user.id` alone, where a pseudonym can take the name's place"),
    ("a picture", r"input\.value|.*\.image\.url",
     lambda a, b: "data:image/png" in a and "data:" not in b and "[image/png, 70 bytes, sha256 " in b,
     "what is encoded is named by type, size and digest; `hide.base64_image_max_length` keeps it"),
    ("reasoning", r"input\.value|llm\.invocation_parameters",
     lambda a, b: contains(parsed(b), parsed(a)) and "reasoning" in parsed(b),
     "the instrumentor does not see `extra_body`; orcast records what was sent"),
    ("streamed|a tool is called, streamed", r"output\.value", same_message,
     "both put the chunks together; orcast's has OpenRouter's members too (provider, cost, ...)"),
    ("cancelled", r"output\.value|llm\.output_messages\.0\.message\.content",
     lambda a, b: b is not None,
     "each as far as it had come: to the client, and to the gateway"),
    (r"an error \(429\)", r"llm\.system", lambda a, b: b == "standin",
     "the author in the model's slug; the instrumentor says openai whatever the model"),
    ("embeddings", r"llm\.system", lambda a, b: b is None,
     "OpenInference's specification: a span of embeddings has none"),
    ("embeddings", r"embedding\.embeddings\.\d+\.embedding\.vector|output\.(value|mime_type)",
     lambda a, b: b is None, "vectors are large and tell nobody anything: left out"),
]
# These depend on how far the answer had come, so they are explained even where they happen to agree.
BY_CHANCE = {("cancelled", "output.value"), ("cancelled", "llm.output_messages.0.message.content")}


def plain(value):
    return list(value) if isinstance(value, (tuple, list)) else value


def same_json(a, b):
    try:
        return json.loads(a) == json.loads(b)
    except (TypeError, ValueError):
        return False


def shown(value):
    text = value if isinstance(value, str) else json.dumps(value)
    text = re.sub(r"gen-[\w-]+", "gen-...", text)
    text = re.sub(r"call_[A-Za-z0-9]{6,}", "call_...", text)
    text = re.sub(r"\b1[78]\d{8}\b", "(time)", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:...", text)
    text = " ".join(text.split()).replace("|", "\\|")
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"


def judge(exchange, key, theirs, ours):
    """What to say of an attribute that the instrumentor has; None when nothing explains it."""
    if (exchange, key) not in BY_CHANCE:
        if theirs == ours:
            return "same"
        if same_json(theirs, ours):
            return "same JSON"
    for where, pattern, holds, why in EXPLAINED:
        if re.fullmatch(where, exchange) and re.fullmatch(pattern, key) and holds(theirs, ours):
            return why
    return None


def section(exchange, theirs, ours, unexplained):
    """The table of an exchange."""
    theirs_attributes = {k: plain(v) for k, v in (theirs.attributes or {}).items()}
    ours_attributes = ours["attributes"]
    lines = [f"## {exchange[0].upper()}{exchange[1:]}", "",
             "| | instrumentor | orcast | |", "|---|---|---|---|"]

    def row(what, left, right, verdict):
        if verdict is None:
            unexplained.append(f"{exchange}, {what}: {left!r} and {right!r}")
            verdict = "**not explained**"
        same = verdict in ("same", "same JSON")
        lines.append(f"| {what} | {shown(left) if left is not None else '-'} | "
                     f"{'' if same else shown(right) if right is not None else '-'} | {verdict} |")

    names = {0: "UNSET", 1: "OK", 2: "ERROR"}
    status = names[ours["status"][0]]
    row("status", theirs.status.status_code.name, status,
        "same" if theirs.status.status_code.name == status else None)
    for key in sorted(theirs_attributes):
        left, right = theirs_attributes[key], ours_attributes.get(key)
        hidden = (exchange, key) in BY_CHANCE
        row(key, left, "..." if hidden else right, judge(exchange, key, left, right))
    more = sorted(set(ours_attributes) - set(theirs_attributes))
    lines += ["", f"orcast also has: {', '.join(f'`{key}`' for key in more)}.",
              f"Events: instrumentor {[e.name for e in theirs.events]}, orcast "
              f"{[e['name'] for e in ours['events']]}.", ""]
    counted = sum(1 for key in theirs_attributes if judge(
        exchange, key, theirs_attributes[key], ours_attributes.get(key)) in ("same", "same JSON"))
    check.passed(exchange, f"{counted} of {len(theirs_attributes)} attributes the same, "
                           f"{len(more)} more in orcast's span")
    return lines


HEAD = """# Parity with OpenInference's instrumentor

Generated by `PARITY=write sh tests/interop/run.sh parity`, which fails when this page is not what it finds: the `openai`
package for Python under `openinference-instrumentation-openai`, calling through orcast's gateway, so that both made a
span of the same exchange. Where the two differ, the last column says why. Names, kinds and times differ by design
(`docs/design.md`) and are left out.
"""


def main():
    service = gateway.Gateway()
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    client = openai.OpenAI(base_url=service.base_url, api_key=service.key, max_retries=0)
    page, unexplained = [HEAD], []
    for exchange, call in EXCHANGES.items():
        memory.clear()
        try:
            call(client)
        except openai.APIStatusError as error:
            check.skip(exchange, f"the stand-in says {error.status_code}: {error.message}")
        ours = service.receiver.take(1)
        provider.force_flush()
        theirs = memory.get_finished_spans()
        if len(ours) != 1:
            check.failed(exchange, f"{len(ours)} spans of orcast's")
        elif not theirs:
            check.failed(exchange, "no span of the instrumentor's")
        else:
            page += section(exchange, theirs[-1], ours[0], unexplained)
    service.stop()
    for each in unexplained:
        check.failed("a difference that nothing explains", each)
    text = "\n".join(page)
    target = check.ROOT / "docs" / "parity.md"
    if os.environ.get("PARITY") == "write":
        target.write_text(text)
    check.same("docs/parity.md is up to date", text.splitlines(),
               target.read_text().splitlines() if target.exists() else [],
               f"{len(text.splitlines())} lines")


main()
check.done()
