# SPDX-License-Identifier: MIT
"""The gateway between a client and the stand-in for OpenRouter, and a receiver of its spans."""

import http.server
import json
import threading
import time

from support import check, otlp


class Receiver:
    """Takes OTLP/HTTP JSON, as a collector does."""

    def __init__(self):
        spans, changed = {}, threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with changed:
                    spans.update(otlp.spans_of(json.loads(body)))
                    changed.notify_all()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.spans, self.changed = spans, changed
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, count, seconds=30):
        """The next `count` spans, by start; fewer when they do not come."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.spans) >= count, seconds)
            taken = sorted(self.spans.values(), key=lambda span: span["start"])
            self.spans.clear()
        return taken


def first_line(service, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and service.process.poll() is None:
        lines = service.log.read_text().splitlines()
        if lines:
            return lines[0]
        time.sleep(0.05)
    print(service.log.read_text())
    check.failed(service.log.stem, "it does not start")
    check.done()


class Gateway:
    """`base_url` and `key` are all that a client needs to be told."""

    def __init__(self):
        openrouter, gateway = check.build("openrouter_standin"), check.build("gateway")
        self.receiver = Receiver()
        for log in ("openrouter.log", "gateway.log"):
            (check.FOLDER / log).unlink(missing_ok=True)
        self.upstream = check.Service([openrouter], "openrouter.log")
        upstream_url, self.key = first_line(self.upstream).split()
        settings = check.FOLDER / "settings.json"
        settings.write_text(json.dumps({"destinations": [
            {"name": "receiver", "kind": "otlp", "base_url": self.receiver.url,
             "model_id": "interop"}]}))
        settings.chmod(0o600)
        self.gateway = check.Service(
            [gateway, "--listen", "127.0.0.1:0", "--upstream", upstream_url.removesuffix("/api/v1"),
             "--settings", settings], "gateway.log", env=otlp.environment_without_keys())
        self.base_url = first_line(self.gateway).split()[-1] + "/api/v1"

    def stop(self):
        self.gateway.stop()
        self.upstream.stop()
