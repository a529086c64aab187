# SPDX-License-Identifier: MIT
# needs: go cmake ninja c++
# pip: opentelemetry-proto==1.45.2
# seconds: 900
"""The OpenTelemetry Collector, of its official components: what orcast sends it comes out of it."""

import json
import time

from support import check, collector, otlp

COUNT = 10_000


def received(path):
    found = {}
    for line in path.read_text().splitlines():
        if line.strip():
            found.update(otlp.spans_of(json.loads(line)))
    return found


def transfer(spans, format_, gzip):
    what = f"{COUNT} spans as {format_}" + (", gzip" if gzip else "")
    kept = check.FOLDER / "kept.hex"
    service = collector.start("batch")
    begin = time.monotonic()
    words = ["gzip"] if gzip else []
    said = json.loads(check.command(
        [spans, "send", COUNT, service.url, format_, kept, *words], what).splitlines()[-1])
    took = time.monotonic() - begin
    service.stop()  # it passes on what it still holds
    sent, arrived = otlp.kept_spans(kept, format_, gzip), received(service.output)
    if said["exported"] != said["started"] or len(sent) != said["exported"]:
        check.failed(what, f"{said}, {len(sent)} spans in what was accepted")
        return
    check.same(what, sent, arrived,
               f"{len(arrived)} came out, equal in every field; {took:.1f} s")


def killed(spans, format_):
    """Killed and started again in the middle, without a chance to say goodbye. What it accepted is
    in its file at once: this configuration has no batch processor, which would hold spans in
    memory after it has said yes."""
    what = f"the collector is killed and restarted, {format_}"
    import subprocess
    kept = check.FOLDER / "kept.hex"
    kept.unlink(missing_ok=True)
    service = collector.start("direct")
    with open(check.FOLDER / "spans.txt", "w+") as out:
        sender = subprocess.Popen([spans, "send", str(COUNT), service.url, format_, str(kept),
                                   "per_second=2500"], stdout=out)
        for _ in range(2):
            time.sleep(1.0)
            service.kill()
            time.sleep(0.3)
            service = service.again()
        sender.wait(120)
        service.stop()
        out.seek(0)
        said = json.loads(out.read().splitlines()[-1])
    sent, arrived = otlp.kept_spans(kept, format_, False), received(service.output)
    lost = [span for span in sent if span not in arrived]
    wrong = [span for span in sent if span in arrived and sent[span] != arrived[span]]
    if said["retries"] == 0:
        check.failed(what, f"no post was in the way of the kill: {said}")
    elif said["exported"] != len(sent) or lost or wrong:
        check.failed(what, f"{said}, {len(sent)} accepted, {len(lost)} lost, {len(wrong)} changed")
    elif said["exported"] + said["dropped"] != said["started"] or said["held"] != 0:
        check.failed(what, f"the accounts do not add up: {said}")
    else:
        check.passed(what, f"{said['exported']} of {said['started']} exported, each of them there; "
                           f"{said['retries']} retries, {said['dropped']} dropped")


program = check.build("spans")
collector.build()
for each in ("json", "protobuf"):
    for zipped in (False, True):
        transfer(program, each, zipped)
    killed(program, each)
check.done()
