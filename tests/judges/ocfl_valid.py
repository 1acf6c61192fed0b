#!/usr/bin/env python3
"""Lets ocfl-py validate an OCFL storage root: structure, every object, every digest. Warnings are counted.

With --damage a copy is damaged first (one byte of one content file): the validator must then refuse it. That proves that
this judge can say no: ocfl-py's `StorageRoot.validate` is true for a root whose objects are invalid.
"""

import contextlib
import io
import logging
import shutil
import tempfile
from pathlib import Path

import ocfl

from harness import parser, run_judge


def validate(root):
    """(objects, valid objects, messages, structure is valid)"""
    logging.getLogger().setLevel(logging.WARNING)
    storage = ocfl.StorageRoot(root=str(root))
    with contextlib.redirect_stdout(io.StringIO()) as said:
        structure = storage.validate(validate_objects=True, check_digests=True, log_warnings=True, log_errors=True)
    messages = [message for _, message in getattr(storage, "errors", [])]
    messages += [line for line in str(storage.log).splitlines() + said.getvalue().splitlines() if line.strip()]
    return storage.num_objects, storage.good_objects, messages, structure


def judge(arguments, report):
    report.tools["ocfl-py"] = ocfl.__version__
    objects, good, messages, structure = validate(arguments.root)
    report.check(structure, f"the root's structure is not valid: {messages[:3]}")
    report.check(objects > 0, "no object was found")
    report.check(objects == good, f"{objects - good} of {objects} objects are not valid: {messages[:3]}")
    report.checked += objects
    report.figure("objects", objects)
    report.figure("valid", good)
    report.figure("warnings", sum("[W" in message for message in messages))
    if arguments.damage:
        judge_damaged(arguments.root, report)


def judge_damaged(root, report):
    with tempfile.TemporaryDirectory(prefix="perennial-ocfl-") as folder:
        copy = Path(folder) / "archive"
        shutil.copytree(root, copy)
        content = min(path for path in copy.rglob("content/*") if path.is_file() and path.stat().st_size > 0)
        content.chmod(0o644)
        changed = bytearray(content.read_bytes())
        changed[len(changed) // 2] ^= 1
        content.write_bytes(changed)
        objects, good, _, _ = validate(copy)
        report.check(good == objects - 1, f"one byte was damaged, but {good} of {objects} objects are called valid")


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("root", help="the storage root, STORE/archive")
    parsed.add_argument("--damage", action="store_true", help="also check that a damaged copy is refused")
    run_judge("ocfl-py", judge, parsed.parse_args())
