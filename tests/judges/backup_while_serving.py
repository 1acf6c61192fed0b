#!/usr/bin/env python3
"""Takes backups while records and files are being written, and restores them.

Everything acknowledged before a backup began is in it, with the digest of its receipt or a later revision; `verify` finds nothing
in it; ocfl-py calls its archive valid; served, it answers and finds what it holds. A second backup into the same folder
adds what is new.
"""

import shutil
import tempfile
import threading
import time
from pathlib import Path

import ocfl_valid
from harness import Client, Service, add_binary, parser, perennial, run_judge
from kill9 import COLLECTION, RECORD_WRITERS, FileWriter, RecordWriter, check_file, register


def acknowledged(records, files):
    return {identifier for writer in records for identifier in list(writer.digests)}, set(files.acknowledged)


def check_backup(binary, backup, before, files, number, report):
    identifiers, places = before
    verified = perennial(binary, backup, "verify", check=False)
    report.check(verified.returncode == 0, f"backup {number}: verify: {verified.returncode} {verified.stdout[-500:]}{verified.stderr[-500:]}")
    objects, good, messages, structure = ocfl_valid.validate(backup / "archive")
    report.check(structure and objects == good > 0, f"backup {number}: ocfl-py calls {good} of {objects} objects valid: {messages[:2]}")
    with tempfile.TemporaryDirectory(prefix="perennial-restore-") as name:
        restored = Path(name) / "store"
        shutil.copytree(backup, restored)
        with Service(binary, restored) as service:
            client = Client(service.base)
            found = set()
            for page in client.pages("/api/v1/search", collection=COLLECTION, sort="id", limit=500):
                found.update(record["id"] for record in page["records"])
            report.check(identifiers <= found, f"backup {number}: {len(identifiers - found)} of {len(identifiers)} records are missing: {sorted(identifiers - found)[:3]}")
            for place in sorted(places)[-20:]:
                check_file(client, files, place, report)
    report.figure(f"records acknowledged before backup {number}", len(identifiers))
    return len(found)


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-backup-"))
    records = [RecordWriter(number, arguments.seed) for number in range(RECORD_WRITERS)]
    files = FileWriter(arguments.seed)
    ended = threading.Event()
    errors = []

    def guarded(writer, base):
        try:
            writer.run(base, ended)
        except Exception as error:  # noqa: BLE001  told below
            errors.append(error)

    try:
        with Service(arguments.binary, folder / "store") as service:
            register(service.base)
            threads = [threading.Thread(target=guarded, args=(writer, service.base)) for writer in [*records, files]]
            for thread in threads:
                thread.start()
            known = []
            for number in (1, 2):
                time.sleep(arguments.seconds)
                known.append(acknowledged(records, files))
                perennial(arguments.binary, folder / "store", "backup", folder / "backup")
                if number == 1:
                    shutil.copytree(folder / "backup", folder / "first")
            ended.set()
            for thread in threads:
                thread.join()
        report.check(not errors, f"a writer failed: {errors[:1]}")
        first = check_backup(arguments.binary, folder / "first", known[0], files, 1, report)
        second = check_backup(arguments.binary, folder / "backup", known[1], files, 2, report)
        report.check(second > first, f"the second backup holds {second} records, the first {first}")
    finally:
        ended.set()
        if not report.failures:
            shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--seconds", type=float, default=1.5, help="writing before each backup")
    parsed.add_argument("--seed", type=int, default=2)
    run_judge("backup while serving", judge, parsed.parse_args())
