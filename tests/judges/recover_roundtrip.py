#!/usr/bin/env python3
"""Compares what recover.py makes of an archive with `perennial export`, byte for byte.

recover.py runs on a copy of `archive/` alone, with an empty environment whose PATH holds python3 and zstd and nothing else:
the program is not there. It must also verify the copy, and refuse it once a byte of each kind of file is damaged. Some of the
payloads must share a frame, or the comparison says nothing of those.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CannotRun, add_binary, parser, perennial, run_judge

MAX_LINES = 300


def bare_machine(folder):
    """An environment that knows python3 and zstd only."""
    programs = folder / "bin"
    programs.mkdir()
    zstd = shutil.which("zstd")
    if zstd is None:
        raise CannotRun("the program zstd is missing")
    (programs / "zstd").symlink_to(zstd)
    (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    return {"PATH": str(programs), "HOME": str(folder), "LC_ALL": "C"}


def recover(archive, environment, *arguments):
    command = [f"{environment['PATH']}/python3", "-I", "-S", "-W", "error", str(archive / "recover.py"), *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, timeout=3600)


def shared_payloads(archive):
    """How many payloads stand in a shared frame behind another one."""
    count = 0
    for path in archive.rglob("payloads.ndjson.zst"):
        listed = subprocess.run(["zstd", "-dcq", str(path)], capture_output=True, check=True).stdout
        count += sum(json.loads(line).get("start", 0) > 0 for line in listed.splitlines())
    return count


def files_of(folder):
    return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def compare(exported, recovered, report):
    ours, theirs = files_of(exported), files_of(recovered)
    report.check(ours.keys() == theirs.keys(), f"export made {sorted(ours)[:9]}, recover.py {sorted(theirs)[:9]}")
    total = 0
    for name in ours.keys() & theirs.keys():
        same = ours[name].read_bytes() == theirs[name].read_bytes()
        report.check(same, f"{name} differs between export and recover.py")
        total += ours[name].stat().st_size
    return len(ours), total


def judge(arguments, report):
    with tempfile.TemporaryDirectory(prefix="perennial-recover-") as name:
        folder = Path(name)
        environment = bare_machine(folder)
        archive = folder / "archive"
        shutil.copytree(Path(arguments.store) / "archive", archive)
        script = (archive / "recover.py").read_text(encoding="utf-8")
        report.check(len(script.splitlines()) <= MAX_LINES, f"recover.py has {len(script.splitlines())} lines")

        shared = shared_payloads(archive)
        report.check(shared > 0, "no payload of this store shares a frame with another")
        report.figure("payloads behind another in a frame", shared)
        perennial(arguments.binary, arguments.store, "export", "--payloads", "--output", folder / "exported")
        verified = recover(archive, environment, "verify")
        report.check(verified.returncode == 0, f"verify: {verified.returncode} {verified.stderr[-500:]}{verified.stdout[-500:]}")
        done = recover(archive, environment, "export", folder / "recovered")
        report.check(done.returncode == 0, f"export: {done.returncode} {done.stderr[-1000:]}")
        count, size = compare(folder / "exported", folder / "recovered", report)
        listed = recover(archive, environment, "list")
        report.check(listed.returncode == 0, f"list: {listed.returncode} {listed.stderr[-500:]}")
        records = sum(len(path.read_bytes().split(b"\n")) - 1 for name, path in files_of(folder / "exported").items() if name.endswith("records.ndjson"))
        lines = len(listed.stdout.splitlines())
        report.check(lines >= records > 0, f"{lines} lines listed, {records} records exported")
        report.figure("records", records)
        report.figure("files compared", count)
        report.figure("bytes", size)
        report.figure("lines of recover.py", len(script.splitlines()))
        damage(archive, environment, report)


def damage(archive, environment, report):
    """One byte at a time: recover.py must say no and name the object."""
    kinds = {}
    for path in sorted(archive.rglob("*")):
        if path.is_file() and path.stat().st_size and "content" in path.parts:
            kinds.setdefault(path.name, path)
    for path in kinds.values():
        before = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        refused = recover(archive, environment, "verify")
        report.check(refused.returncode != 0, f"recover.py verify did not see the damage in {path.name}")
        path.write_bytes(before)
    report.figure("kinds of files damaged", len(kinds))


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="the store; no process may be writing it")
    run_judge("recover.py", judge, parsed.parse_args())
