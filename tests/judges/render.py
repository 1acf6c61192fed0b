#!/usr/bin/env python3
"""Turns the reports of the judges (JSON lines) into docs/JUDGES.md. Every figure comes from the reports of this run."""

import argparse
import json
import platform
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), platform.machine())
    threads = sum(line.startswith("processor") for line in open("/proc/cpuinfo", encoding="utf-8"))
    kib = next(int(line.split()[1]) for line in open("/proc/meminfo", encoding="utf-8") if line.startswith("MemTotal"))
    name = next((line.split("=", 1)[1].strip().strip('"') for line in open("/etc/os-release", encoding="utf-8") if line.startswith("PRETTY_NAME")), "Linux")
    return f"{threads} × {cpu}, {kib / 2**20:.0f} GiB, {name}, Linux {platform.release()}"


def verdict(row):
    if row["skipped"] is not None:
        return "not run"
    return "passed" if row["passed"] else "**FAILED**"


def row_text(row):
    figures = "; ".join(f"{name} {value}" for name, value in row["figures"].items())
    if row["skipped"] is not None:
        figures = row["skipped"]
    tools = ", ".join(f"{name} {version}" for name, version in row["tools"].items())
    cells = [row["judge"], verdict(row), str(row["checked"]), str(row["failed"]), figures, tools, f"{row['seconds']} s"]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("reports", help="file of JSON lines")
    given = arguments.parse_args()
    rows = [json.loads(line) for line in Path(given.reports).read_text(encoding="utf-8").split("\n") if line]
    passed = sum(verdict(row) == "passed" for row in rows)
    changed = " with uncommitted changes" if output_of("git", "status", "--porcelain", "--untracked-files=no") else ""
    lines = [
        "# Judges", "",
        "Written by `make judges`: full numbers and tools from outside, on a release build. Nothing here is written by hand.", "",
        f"- date: {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        f"- commit: {output_of('git', 'rev-parse', '--short=12', 'HEAD')}{changed}",
        f"- machine: {machine()}",
        f"- versions: {output_of('rustc', '--version')}; Python {platform.python_version()}; {output_of('zstd', '--version').strip('* ')}",
        f"- judges: {passed} of {len(rows)} passed", "",
        "| judge | verdict | checks | failures | figures | tools | time |",
        "|---|---|---:|---:|---|---|---:|",
        *map(row_text, rows),
    ]
    for row in rows:
        if row["failures"]:
            lines += ["", f"## Failures of {row['judge']}", "", *(f"- {failure}".replace("\n", " ")[:600] for failure in row["failures"])]
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
