# SPDX-License-Identifier: MIT
# needs: cmake ninja c++
# pip: openai==3.51.0
# seconds: 600
"""OpenAI's official clients for Python and JavaScript through the gateway, with nothing changed but
the base URL: do they work, and is each call's span right?"""

import json
import os
import shutil
import subprocess

import openai

from support import check, gateway

MODEL = "openai/gpt-4o-mini"
MESSAGES = [{"role": "user", "content": "Where does the night ferry land?"}]
TOOLS = [{"type": "function", "function": {
    "name": "tide_table", "description": "When the tide is high at a port",
    "parameters": {"type": "object", "properties": {"port": {"type": "string"}},
                   "required": ["port"]}}}]


def python_calls(service):
    client = openai.OpenAI(base_url=service.base_url, api_key=service.key, max_retries=0)
    said = {}
    chat = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    said["chat"] = {"text": chat.choices[0].message.content, "finish": chat.choices[0].finish_reason,
                    "prompt": chat.usage.prompt_tokens, "completion": chat.usage.completion_tokens}
    stream = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True,
                                            stream_options={"include_usage": True})
    said["stream"] = {"text": "", "finish": None, "prompt": None, "completion": None}
    for chunk in stream:
        if chunk.choices:
            said["stream"]["text"] += chunk.choices[0].delta.content or ""
            said["stream"]["finish"] = chunk.choices[0].finish_reason or said["stream"]["finish"]
        if chunk.usage:
            said["stream"].update(prompt=chunk.usage.prompt_tokens,
                                  completion=chunk.usage.completion_tokens)
    asked = [{"role": "user", "content": "When is the tide high at the north port?"}]
    first = client.chat.completions.create(model=MODEL, messages=asked, tools=TOOLS)
    call = first.choices[0].message.tool_calls[0]
    second = client.chat.completions.create(model=MODEL, tools=TOOLS, messages=[
        *asked, first.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": '{"high":"06:12"}'}])
    said["tools"] = {"name": call.function.name, "arguments": call.function.arguments,
                     "text": second.choices[0].message.content}
    try:
        client.chat.completions.create(model="standin/error=429/" + MODEL, messages=MESSAGES)
        said["error"] = {"status": 200}
    except openai.APIStatusError as error:
        said["error"] = {"status": error.status_code, "type": type(error).__name__}
    return said


def javascript_calls(service):
    if shutil.which("npm") is None or shutil.which("node") is None:
        check.skip("the openai client for JavaScript", "npm or node is not on this machine")
    folder = check.FOLDER / "npm"
    folder.mkdir(exist_ok=True)
    source = check.ROOT / "tests" / "interop" / "clients"
    wanted = (source / "package.json").read_text()
    stamp = folder / "made-for"
    if not stamp.exists() or stamp.read_text() != wanted:
        (folder / "package.json").write_text(wanted)
        made = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"],
                              cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if made.returncode != 0:
            print(made.stdout, made.stderr)
            check.skip("the openai client for JavaScript", "npm could not install it")
        stamp.write_text(wanted)
    shutil.copy(source / "calls.js", folder)
    out = check.command(["node", "calls.js"], "calls.js", cwd=folder,
                        env=dict(os.environ, BASE_URL=service.base_url, KEY=service.key))
    return json.loads(out.splitlines()[-1])


def judge(who, said, spans):
    """What the client was told, and what the span says, must be the same."""
    for name in ("chat", "stream", "tools", "error"):
        print(name, said.get(name))
    if len(spans) != 5:
        check.failed(f"{who}, spans", f"5 calls, {len(spans)} spans: {[s['name'] for s in spans]}")
        return
    chat, stream, ask, answer, error = [span["attributes"] for span in spans]
    for what, seen in (("chat", chat), ("stream", stream)):
        check.same(f"{who}, {what}", said[what], {
            "text": seen.get("llm.output_messages.0.message.content"),
            "finish": seen.get("llm.finish_reason"), "prompt": seen.get("llm.token_count.prompt"),
            "completion": seen.get("llm.token_count.completion")}, said[what]["text"])
    first_token = [e["name"] for e in spans[1]["events"]]
    check.same(f"{who}, stream, time to first token", ["First Token Stream Event"], first_token)
    tool = "llm.output_messages.0.message.tool_calls.0.tool_call.function."
    check.same(f"{who}, tools", said["tools"], {
        "name": ask.get(tool + "name"), "arguments": ask.get(tool + "arguments"),
        "text": answer.get("llm.output_messages.0.message.content")}, said["tools"]["arguments"])
    check.same(f"{who}, tool's result in the next call", '{"high":"06:12"}',
               answer.get("llm.input_messages.2.message.content"))
    check.same(f"{who}, error", (429, "RateLimitError", 429, 2),
               (said["error"]["status"], said["error"].get("type"),
                error.get("http.response.status_code"), spans[4]["status"][0]))
    check.same(f"{who}, status of the others", [1] * 4, [span["status"][0] for span in spans[:4]])
    check.same(f"{who}, kind", ["LLM"] * 5,
               [span["attributes"].get("openinference.span.kind") for span in spans])


service = gateway.Gateway()
for who, calls in (("Python", python_calls), ("JavaScript", javascript_calls)):
    said = calls(service)
    judge(who, said, service.receiver.take(5))
service.stop()
check.done()
