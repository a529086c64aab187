# SPDX-License-Identifier: MIT
"""The OpenTelemetry Collector of tests/interop/collector, built once and started with a
configuration of one receiver and one exporter."""

import json
import shutil
import subprocess

from support import check

SOURCE = check.ROOT / "tests" / "interop" / "collector"
PROGRAM = check.ROOT / "build" / "interop" / "collector" / "collector"


def build():
    """Skips the check where its modules can't be had."""
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("go") is None:
        check.skip("collector", "go is not on this machine")
    built = subprocess.run(["go", "build", "-o", PROGRAM, "."], cwd=SOURCE, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
    if built.returncode != 0:
        print(built.stdout[-4000:])
        check.skip("collector", "it can't be built here: " + (built.stdout.splitlines() or [""])[-1])


class Collector(check.Service):
    def __init__(self, configuration, port, output):
        self.configuration, self.port, self.output = configuration, port, output
        self.url = f"http://127.0.0.1:{port}/v1/traces"
        super().__init__([PROGRAM, "--config", configuration], "collector.log")
        self.wait_for_port(port)

    def again(self):
        """The same one on the same port, after a kill; its file goes on."""
        return Collector(self.configuration, self.port, self.output)


def start(kind, to=None):
    """`kind` "batch" has the batch processor before its file or the address `to`; "direct" has
    nothing in between, and writes each request before it answers."""
    port = check.free_port()
    output = check.FOLDER / "collected.jsonl"
    output.unlink(missing_ok=True)
    exporters = {"file": {"path": str(output), "append": True}}
    if kind == "direct":
        # With rotation the file is written without a buffer.
        exporters = {"file": {"path": str(output), "rotation": {"max_megabytes": 4096}}}
    if to is not None:
        exporters = {"otlp_http": {"traces_endpoint": to, "compression": "none"}}
    pipeline = {"receivers": ["otlp"], "exporters": list(exporters)}
    configuration = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": exporters,
        "service": {"telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                    "pipelines": {"traces": pipeline}},
    }
    if kind == "batch":
        configuration["processors"] = {"batch": {"timeout": "200ms", "send_batch_size": 1000}}
        pipeline["processors"] = ["batch"]
    path = check.FOLDER / f"collector-{kind}.yaml"
    path.write_text(json.dumps(configuration, indent=1))  # JSON is YAML
    return Collector(path, port, output)
