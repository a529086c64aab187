# SPDX-License-Identifier: MIT
"""What a check in Python prints its results with, and starts the systems with that it talks to."""

import atexit
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = pathlib.Path(os.environ.get("INTEROP", ROOT / "build" / "interop" / "by-hand"))
FOLDER.mkdir(parents=True, exist_ok=True)

_failed = False


def _row(verdict, what, detail):
    print(f"{verdict} {what.replace(': ', ' ')}: {' '.join(str(detail).split())}", flush=True)


def passed(what, detail=""):
    _row("PASS", what, detail)


def failed(what, detail=""):
    global _failed
    _failed = True
    _row("FAIL", what, detail)


def skip(what, why):
    """Ends the check: what it needs can't be had here."""
    _row("SKIP", what, why)
    sys.exit(0)


def same(what, expected, found, detail=""):
    """A row that passes when both are equal; else shows the first difference."""
    if expected == found:
        passed(what, detail)
        return
    failed(what, difference(expected, found))


def difference(expected, found, where=""):
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}, key=str):
            if expected.get(key) != found.get(key) or (key in expected) != (key in found):
                return difference(expected.get(key, "(none)"), found.get(key, "(none)"),
                                  f"{where}.{key}" if where else str(key))
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for i, (a, b) in enumerate(zip(expected, found)):
            if a != b:
                return difference(a, b, f"{where}[{i}]")
    return f"{where} expected {repr(expected)[:300]}, found {repr(found)[:300]}"


def done():
    sys.exit(1 if _failed else 0)


def command(arguments, what, **options):
    """Runs a command to its end; a failure ends the check with the command's last words."""
    ended = subprocess.run([str(each) for each in arguments], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace", **options)
    if ended.returncode != 0:
        print(ended.stdout[-6000:])
        failed(what, f"ended with {ended.returncode}")
        done()
    return ended.stdout


def build(name):
    """Builds an example, or a program of tests/interop/programs, where examples/run.sh builds, and
    returns its path."""
    tree = ROOT / "build" / "examples"
    command(["cmake", "-S", ROOT, "-B", tree, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DORCAST_BUILD_TESTS=OFF", "-DORCAST_BUILD_INTEROP=ON", "--log-level=WARNING"],
            f"configure {name}")
    command(["cmake", "--build", tree, "--target", name], f"build {name}")
    folders = (tree / "examples", tree / "tests" / "interop" / "programs")
    return next(folder / name for folder in folders if (folder / name).is_file())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A program that runs beside the check, from its ready() to the check's end."""

    def __init__(self, arguments, log, **options):
        self.log = FOLDER / log
        self._out = open(self.log, "ab")
        self.process = subprocess.Popen([str(each) for each in arguments], stdin=subprocess.DEVNULL,
                                        stdout=self._out, stderr=subprocess.STDOUT, **options)
        atexit.register(self.kill)

    def wait_for_port(self, port, seconds=90):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return self
            time.sleep(0.05)
        print(self.log.read_text(errors="replace")[-4000:])
        failed(self.log.stem, f"does not answer on port {port}")
        done()

    def stop(self, seconds=20):
        """Asks it to end, as an operator would, and waits."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._out.close()
