# SPDX-License-Identifier: MIT
"""Runs the checks of tests/interop: prepares what each needs, runs it, and prints the table.

run.sh is the way in and says what a check is.
"""

import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHECKS = ROOT / "tests" / "interop"
BUILD = ROOT / "build" / "interop"
CI = os.environ.get("CI") == "true"


class Missing(Exception):
    """What a check needs is not on this machine and can't be brought here."""


def directives(path):
    """The lines "# name: words" that a check begins with."""
    found = {"needs": [], "pip": [], "seconds": ["300"]}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            break
        match = re.match(r"# (needs|pip|seconds): (.*)", line)
        if match:
            found[match.group(1)] = (found[match.group(1)] if match.group(1) != "seconds" else []
                                     ) + match.group(2).split()
    return found


def run_quietly(command, log, **options):
    with open(log, "ab") as out:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                              **options).returncode == 0


def python_with(packages, folder):
    """An environment that has these packages; made once, and again when the list changes."""
    if not packages:
        return pathlib.Path(sys.executable)
    venv = folder / "venv"
    stamp = venv / "made-for"
    wanted = hashlib.sha256("\n".join([sys.version, str(venv), *packages]).encode()).hexdigest()
    python = venv / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"  installing {' '.join(packages)}", flush=True)
    log = folder / "pip.log"
    log.write_text("")
    shutil.rmtree(venv, ignore_errors=True)
    made = run_quietly([sys.executable, "-m", "venv", venv], log) and run_quietly(
        [python, "-m", "pip", "install", "--quiet", "--no-input",
         "--disable-pip-version-check", *packages], log)
    if not made:
        raise Missing(f"{' '.join(packages)} can't be installed, see {log.relative_to(ROOT)}")
    stamp.write_text(wanted)
    return python


def run_check(path, shown):
    """Appends (check, verdict, what, detail) for each line that the check prints."""
    name = path.stem
    print(f"== {name}", flush=True)
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    needs = directives(path)
    try:
        for program in needs["needs"]:
            if shutil.which(program) is None:
                raise Missing(f"{program} is not on this machine")
        python = python_with(needs["pip"], folder)
    except Missing as missing:
        shown.append((name, "FAIL" if CI else "SKIP", "", str(missing)))
        return
    command = [python, "-u", path] if path.suffix == ".py" else ["sh", path]
    environment = dict(os.environ, INTEROP=str(folder), PYTHONPATH=str(CHECKS),
                       PYTHONDONTWRITEBYTECODE="1")
    log = folder / "output.txt"
    begin = time.monotonic()
    seconds = int(needs["seconds"][0])
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = f"no end after {seconds} s"
        finally:
            # What the check has started goes with it.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
    rows = []
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(PASS|FAIL|SKIP) (.*?)(?:: (.*))?$", line)
        if match:
            verdict, what, detail = match.groups()
            # A check skips what it can't bring here; continuous integration has to have it.
            rows.append((name, "FAIL" if CI and verdict == "SKIP" else verdict, what, detail or ""))
    if not rows and status == 0:
        status = "it printed no result"
    if status != 0 and not any(row[1] == "FAIL" for row in rows):
        rows.append((name, "FAIL", "", f"ended with {status}"))
    if any(row[1] == "FAIL" for row in rows):
        print(log.read_text(errors="replace")[-8000:])
    print(f"  {time.monotonic() - begin:.0f} s", flush=True)
    shown += rows


def table(rows):
    widths = [max([len(row[i]) for row in rows], default=0) for i in range(3)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, [*widths, 0])).rstrip())


def main():
    checks = {path.stem: path for path in sorted(CHECKS.iterdir())
              if path.suffix in (".py", ".sh") and path.name != "run.sh"}
    wanted = sys.argv[1:] or list(checks)
    for name in wanted:
        if name not in checks:
            print(f"tests/interop/run.sh: there is no check {name}; there are: {' '.join(checks)}",
                  file=sys.stderr)
            return 2
    rows = []
    for name in wanted:
        run_check(checks[name], rows)
    print()
    table(rows)
    counts = {verdict: sum(row[1] == verdict for row in rows)
              for verdict in ("PASS", "FAIL", "SKIP")}
    print(f"\n{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
