#!/usr/bin/env python3
"""Ingests the large deliveries of `corpus/scale` and measures what the archive takes of them, and the time.

Counted are the apparent sizes of all files under `archive/` (source documents and records together) against the apparent
sizes of the delivered files. Every label must make a record, every other file belong to one. What was asked of sizes
is a condition always; the time only with `--release`, since a debug build is several times slower.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from harness import PROJECT, CannotRun, add_binary, parser, perennial, run_judge

# Delivery: labels in it, part of the raw bytes that the archive may take (1/PART), seconds allowed.
DELIVERIES = {
    "maven_static_c_1287_labels": {"name": "MAVEN", "labels": 1287, "part": 15, "seconds": None},
    "spase_smwg_context_records": {"name": "SPASE", "labels": 10108, "part": 4, "seconds": 30},
}


def size(folder):
    """Files below a folder and their apparent sizes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return len(sizes), sum(sizes)


def unpack(packed, folder):
    folder.mkdir()
    done = subprocess.run(["tar", "--zstd", "-xf", str(packed), "-C", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotRun(f"tar: {done.stderr.strip()[-300:]}")


def measure(arguments, report, packed, promised, work):
    name, raw, store = promised["name"], work / "raw", work / "store"
    unpack(packed, raw)
    files, raw_bytes = size(raw)
    labels = sum(path.suffix == ".xml" for path in raw.rglob("*"))
    report.check(labels == promised["labels"], f"{name}: {labels} labels, {promised['labels']} are known")
    started = time.monotonic()
    done = perennial(arguments.binary, store, "ingest", "--report", work / "report.json", raw, check=False)
    seconds = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise RuntimeError(f"ingest ended with {done.returncode}: {done.stderr[-1000:]}")
    summary = json.loads((work / "report.json").read_text(encoding="utf-8"))["summary"]
    report.check(summary["imported_files"] == labels, f"{name}: {summary['imported_files']} of {labels} labels made a record: {summary['refusals'][:3]}")
    report.check(summary["imported_files"] + summary["attached_files"] == files, f"{name}: {files} files, {summary['refused_files']} of them refused")
    _, archive_bytes = size(store / "archive")
    part = raw_bytes / archive_bytes
    report.check(part >= promised["part"], f"{name}: {archive_bytes} of {raw_bytes} bytes is 1/{part:.2f}, asked is 1/{promised['part']}")
    if arguments.release and promised["seconds"]:
        report.check(seconds <= promised["seconds"], f"{name}: {seconds:.1f} s, promised are {promised['seconds']} s")
    report.check(perennial(arguments.binary, store, "verify", check=False).returncode == 0, f"{name}: verify finds the store unsound")
    report.figure(f"{name} MB raw", round(raw_bytes / 1e6, 2))
    report.figure(f"{name} MB in the archive", round(archive_bytes / 1e6, 3))
    report.figure(f"{name} part", f"1/{part:.1f}")
    report.figure(f"{name} seconds", round(seconds, 1))
    report.figure(f"{name} files/s", round(files / seconds))


def judge(arguments, report):
    folder = Path(arguments.shared).resolve() / "corpus/scale"
    if not folder.is_dir():
        raise CannotRun(f"{folder} is not there")
    work = Path(tempfile.mkdtemp(prefix="perennial-scale-"))
    try:
        for delivery, promised in DELIVERIES.items():
            (work / delivery).mkdir()
            measure(arguments, report, folder / f"{delivery}.tar.zst", promised, work / delivery)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--release", action="store_true", help="the program is a release build: its times count")
    parsed.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", str(PROJECT.parent / "shared")), help="folder that holds corpus/")
    run_judge("scale", judge, parsed.parse_args())
