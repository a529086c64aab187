# SPDX-License-Identifier: MIT
# needs: cmake ninja c++ go
# pip: arize-phoenix==20.26.1
# seconds: 1200
"""Phoenix, the open-source Arize: spans straight to it in protobuf, and in JSON through a
collector; read back over its REST API and compared; its page in a browser, with our trace on it.
"""

import datetime
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from support import check, collector, otlp

COUNT = 60
# Costs Phoenix computes itself, from names of models and a table of its own; the kind it has as a
# field, which is compared.
OF_PHOENIX = ("llm.cost.", "openinference.span.kind")
STATUS = {0: "UNSET", 1: "OK", 2: "ERROR"}


def start():
    port, grpc = check.free_port(), check.free_port()
    folder = check.FOLDER / "data"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    settings = otlp.environment_without_keys(
        PHOENIX_HOST="127.0.0.1", PHOENIX_PORT=str(port), PHOENIX_GRPC_PORT=str(grpc),
        PHOENIX_WORKING_DIR=str(folder), PHOENIX_TELEMETRY_ENABLED="false",
        PHOENIX_ALLOW_EXTERNAL_RESOURCES="false", PYTHONPATH="")
    service = check.Service([sys.executable, "-m", "phoenix.server.main", "serve"], "phoenix.log",
                            env=settings)
    service.wait_for_port(port, 400)
    return service, f"http://127.0.0.1:{port}"


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def read_back(base, project, count):
    """All spans of a project by id, once `count` of them are stored: Phoenix stores after its yes."""
    end = time.monotonic() + 300
    while True:
        found, cursor = {}, None
        while True:
            query = {"limit": 1000, **({"cursor": cursor} if cursor else {})}
            try:
                page = get(f"{base}/v1/projects/{project}/spans?{urllib.parse.urlencode(query)}")
            except urllib.error.HTTPError as error:
                if error.code != 404:  # the project comes with its first span
                    raise
                page = {"data": []}
            found.update({span["context"]["span_id"]: span for span in page["data"]})
            cursor = page.get("next_cursor")
            if not cursor:
                break
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(1)


def microseconds(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6)


def flatten(prefix, value, out):
    if isinstance(value, dict):
        for key, inner in value.items():
            flatten(f"{prefix}.{key}", inner, out)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for number, inner in enumerate(value):
            flatten(f"{prefix}.{number}", inner, out)
    else:
        out[prefix] = value


def plain_attributes(attributes):
    """Phoenix keeps JSON in metadata and the like as a tree, and gives keys below it."""
    out = {}
    for key, value in attributes.items():
        if key in ("metadata", "tool.parameters") and isinstance(value, str):
            value = json.loads(value)
        flatten(key, value, out)
    return {key: value for key, value in out.items() if not key.startswith(OF_PHOENIX)}


def as_phoenix_has_it(sent):
    return {
        "trace": sent["traceId"], "parent": sent["parentSpanId"] or None, "name": sent["name"],
        "kind": sent["attributes"].get("openinference.span.kind", "UNKNOWN"),
        "start": sent["start"] // 1000, "end": sent["end"] // 1000,
        "status": (STATUS[sent["status"][0]], sent["status"][1]),
        "attributes": plain_attributes(sent["attributes"]),
        "events": [(e["name"], e["time"] // 1000, e["attributes"]) for e in sent["events"]],
    }


def from_phoenix(span):
    return {
        "trace": span["context"]["trace_id"], "parent": span["parent_id"], "name": span["name"],
        "kind": span["span_kind"],
        "start": microseconds(span["start_time"]), "end": microseconds(span["end_time"]),
        "status": (span["status_code"], span["status_message"]),
        "attributes": plain_attributes(span["attributes"]),
        "events": [(e["name"], microseconds(e["timestamp"]), e.get("attributes") or {})
                   for e in span["events"]],
    }


def accept_rounding(expected, found):
    """Phoenix keeps microseconds, and makes them by way of a float: one more or less is the same."""
    for name in ("start", "end"):
        if abs(expected[name] - found[name]) <= 1:
            found[name] = expected[name]
    for i, (a, b) in enumerate(zip(expected["events"], found["events"])):
        if abs(a[1] - b[1]) <= 1:
            found["events"][i] = (b[0], a[1], b[2])


def compare(what, sent, found):
    expected = {key: as_phoenix_has_it(span) for key, span in sent.items()}
    here = {key: from_phoenix(span) for key, span in found.items()}
    for key in expected.keys() & here.keys():
        accept_rounding(expected[key], here[key])
    attributes = sum(len(span["attributes"]) for span in expected.values())
    check.same(what, expected, here, f"{len(here)} spans, {attributes} attributes, equal")


def send(spans, base, format_, words, project, what):
    kept = check.FOLDER / "kept.hex"
    said = json.loads(check.command(
        [spans, "send", COUNT, f"{base}/v1/traces", format_, kept, f"project={project}", *words],
        what, env=otlp.environment_without_keys()).splitlines()[-1])
    if said["exported"] != said["started"]:
        check.failed(what, str(said))
        check.done()
    return otlp.kept_spans(kept, format_, "gzip" in words)


def game_loop(base):
    program = check.build("game_loop")
    traces = check.FOLDER / "game_loop.jsonl"
    out = check.command(
        [program, "--seconds", "2", "--traces", traces, "--html", check.FOLDER / "game_loop.html",
         "--script", check.ROOT / "examples" / "game_loop" / "dialogue.json"], "game_loop",
        env=otlp.environment_without_keys(PHOENIX_COLLECTOR_ENDPOINT=base,
                                          PHOENIX_PROJECT_NAME="harbour"))
    sent = {}
    for line in traces.read_text().splitlines():
        sent.update(otlp.spans_of(json.loads(line)))
    if not sent:
        check.failed("game_loop's spans", out[-300:])
        return None
    compare("game_loop's spans", sent, read_back(base, "harbour", len(sent)))
    # A trace with a tool in it is the one worth looking at.
    tools = [s for s in sent.values() if s["attributes"].get("openinference.span.kind") == "TOOL"]
    return (tools or list(sent.values()))[0]["traceId"]


def page(base, trace):
    """The page of a trace, drawn by a browser. What it shows is read from what it was drawn from."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        check.skip("the page of a trace", "chromium is not on this machine")
    project = next(p["id"] for p in get(f"{base}/v1/projects")["data"] if p["name"] == "harbour")
    picture = check.FOLDER / "trace.png"
    picture.unlink(missing_ok=True)
    profile = check.FOLDER / "profile"
    shutil.rmtree(profile, ignore_errors=True)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={profile}", "--window-size=1600,1000", "--virtual-time-budget=30000"]
    address = f"{base}/projects/{project}/traces/{trace}"
    check.command([browser, *flags, f"--screenshot={picture}", address], "the page of a trace",
                  timeout=240)
    drawn = subprocess.run([browser, *flags, "--dump-dom", address], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=240, check=False).stdout
    names = {span["name"] for span in read_back(base, "harbour", 1).values()
             if span["context"]["trace_id"] == trace}
    missing = [name for name in names if name not in drawn]
    if not picture.exists() or picture.stat().st_size < 10_000 or missing or not names:
        check.failed("the page of a trace", f"not on it: {missing}; see {picture}")
    else:
        check.passed("the page of a trace", f"shows {', '.join(sorted(names))}; see "
                     f"{picture.relative_to(check.ROOT)}")


def refused(spans, base):
    """JSON, which Phoenix does not take: said in one line, and counted."""
    kept = check.FOLDER / "refused.hex"
    said = json.loads(check.command(
        [spans, "send", 2, f"{base}/v1/traces", "json", kept], "refused").splitlines()[-1])
    check.same("JSON straight to Phoenix is refused, and its spans are counted as dropped",
               (0, said["started"]), (said["exported"], said["dropped"]))


program = check.build("spans")
collector.build()
phoenix, address = start()
for name, words in (("protobuf", []), ("protobuf, gzip", ["gzip"])):
    project = "direct-" + "-".join(["plain", *words])
    sent = send(program, address, "protobuf", words, project, name)
    compare(f"{name}, straight", sent, read_back(address, project, len(sent)))
between = collector.start("batch", to=f"{address}/v1/traces")
sent = send(program, between.url.removesuffix("/v1/traces"), "json", [], "collected", "JSON")
compare("JSON, through the collector", sent, read_back(address, "collected", len(sent)))
between.stop()
refused(program, address)
trace = game_loop(address)
if trace is not None:
    page(address, trace)
phoenix.stop()
check.done()
