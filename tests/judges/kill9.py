#!/usr/bin/env python3
"""Kills a serving Perennial at random moments of a running ingest and checks what is left.

Writers send NDJSON over HTTP and upload files; what was acknowledged is remembered. After each `kill -9` the service is
started again and asked: every acknowledged record is there with the digest of its receipt, every acknowledged file has its
bytes, and what was not acknowledged is absent or whole. Some kills come while the service is still recovering. At the end
the same is read from `perennial export`, and `perennial verify` must find nothing. The seed fixes what is sent and when the
kills come; how far the service is then is up to the machine.
"""

import hashlib
import http.client
import json
import random
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from harness import Client, Service, add_binary, parser, perennial, product_path, run_judge

COLLECTION = "kill-test"
# Sizes of files: small ones travel in a segment's pack, the last is an object of its own.
FILE_SIZES = [1, 900, 70_000, 1_300_000, 8 * 1024 * 1024 + 17]
FILE_PRODUCTS = 20
RECORD_WRITERS = 3
# What a broken connection looks like on this side.
BROKEN = (OSError, http.client.HTTPException)
GOAL_RECOVERY_SECONDS = 5.0


def record(identifier, fill):
    """A record that proves its own wholeness: `test:sum` is the digest of `test:fill`."""
    made = {
        "kind": "product", "collection": COLLECTION, "id": identifier, "title": f"Record {identifier}",
        "properties": {"test:fill": fill, "test:sum": hashlib.sha256(fill.encode()).hexdigest()},
    }
    return json.dumps(made, ensure_ascii=False).encode()


def filling(generator):
    return "é漢 " + generator.randbytes(generator.randint(1, 600)).hex()


def is_whole(body):
    properties = json.loads(body)["properties"]
    return hashlib.sha256(properties["test:fill"].encode()).hexdigest() == properties["test:sum"]


class RecordWriter:
    """Sends new records, and now and then new revisions of its own; remembers what was acknowledged."""

    def __init__(self, number, seed):
        self.number = number
        self.generator = random.Random(seed * 1000 + number)
        self.sent = 0
        self.digests = {}  # id: digest of the last receipt
        self.open = set()  # ids sent without a receipt yet: absent, old or new, but whole
        self.touched = set()  # ids of this round

    def batch(self):
        if self.generator.random() < 0.25 and self.digests:
            known = list(self.digests)
            return sorted({self.generator.choice(known) for _ in range(self.generator.randint(1, 40))})
        return self.new_ids(self.generator.choice([1, 1, 10, 100, 500]))

    def new_ids(self, count):
        first = self.sent
        self.sent += count
        return [f"p:{self.number}:{number}" for number in range(first, first + count)]

    def send(self, client, identifiers):
        lines = [record(identifier, filling(self.generator)) for identifier in identifiers]
        self.open.update(identifiers)
        self.touched.update(identifiers)

        def acknowledge(receipt):
            if receipt["status"] not in ("created", "replaced"):
                raise RuntimeError(f"a good line was answered {receipt}")
            identifier = identifiers[receipt["line"] - 1]
            self.digests[identifier] = receipt["digest"]
            self.open.discard(identifier)

        return client.ingest(lines, acknowledge)

    def run(self, base, killed):
        client = Client(base, timeout=30)
        while not killed.is_set():
            identifiers = self.batch()
            try:
                receipts = self.send(client, identifiers)
            except BROKEN as error:
                return require_kill(killed, error)
            if len(receipts) < len(identifiers):
                return require_kill(killed, "the stream of receipts ended early")


class FileWriter:
    """Uploads files to a few products."""

    def __init__(self, seed):
        self.generator = random.Random(seed * 1000 + 999)
        self.digests = {}  # (product, name): digest, for every file that was sent
        self.acknowledged = set()
        self.touched = set()

    def run(self, base, killed):
        client = Client(base, timeout=30)
        while not killed.is_set():
            body = self.generator.randbytes(self.generator.choice(FILE_SIZES))
            place = (f"files:{self.generator.randrange(FILE_PRODUCTS)}", f"{len(self.digests)}.bin")
            self.digests[place] = hashlib.sha256(body).hexdigest()
            self.touched.add(place)
            try:
                answer = client.request("PUT", file_path(place), body, {"Content-Type": "application/octet-stream"})
            except BROKEN as error:
                return require_kill(killed, error)
            if answer.status not in (200, 201):
                raise RuntimeError(f"PUT of a file answered {answer.status}: {answer.body[:500]!r}")
            self.acknowledged.add(place)


def file_path(place):
    return f"{product_path(COLLECTION, place[0])}/files/{place[1]}"


def require_kill(killed, error):
    """A connection may break only because of the kill."""
    if not killed.wait(10):
        raise RuntimeError(f"a connection broke before the kill: {error}")


def register(base):
    collection = {"kind": "collection", "id": COLLECTION, "title": "Records for kill tests", "description": "Made by a test.", "licence": "CC0-1.0"}
    lines = [json.dumps(collection).encode()] + [record(f"files:{number}", "") for number in range(FILE_PRODUCTS)]
    for receipt in Client(base).ingest(lines):
        if receipt["status"] != "created":
            raise RuntimeError(f"registering answered {receipt}")


def run_writers(base, writers, kill_after, service):
    """Lets the writers run, kills the service after the given time, waits for the writers."""
    killed = threading.Event()
    errors = []

    def guarded(writer):
        try:
            writer.run(base, killed)
        except Exception as error:  # noqa: BLE001  told below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    time.sleep(kill_after)
    service.kill()
    killed.set()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(f"{errors[0]}; log: {service.tail()}")


def check_record(client, writer, identifier, report):
    answer = client.get(product_path(COLLECTION, identifier))
    acknowledged = writer.digests.get(identifier)
    if answer.status == 404 and acknowledged is None:
        report.check(True, "")
        writer.open.discard(identifier)
        return
    if not report.check(answer.status == 200, f"{identifier}: status {answer.status}, acknowledged {acknowledged}"):
        return
    digest = hashlib.sha256(answer.body).hexdigest()
    report.check(answer.headers.get("etag") == f'"{digest}"', f"{identifier}: ETag {answer.headers.get('etag')} is not the digest {digest}")
    report.check(is_whole(answer.body), f"{identifier}: half a record")
    if identifier not in writer.open:
        report.check(digest == acknowledged, f"{identifier}: acknowledged {acknowledged}, found {digest}")
    # What was sent without an answer is now known: old or new.
    writer.digests[identifier] = digest
    writer.open.discard(identifier)


def check_file(client, writer, place, report):
    answer = client.get(file_path(place))
    if place not in writer.acknowledged and answer.status == 404:
        report.check(True, "")
        return
    digest = hashlib.sha256(answer.body).hexdigest()
    if report.check(answer.status == 200 and digest == writer.digests[place], f"file {place}: status {answer.status}, digest {digest}"):
        writer.acknowledged.add(place)


def check_round(base, records, files, chance, report):
    """What this round touched, and a sample of older things."""
    client = Client(base)
    for writer in records:
        older = list(writer.digests)
        sample = {chance.choice(older) for _ in range(30)} if older else set()
        for identifier in sorted(writer.touched | sample):
            check_record(client, writer, identifier, report)
        writer.touched = set()
    sample = {chance.choice(sorted(files.acknowledged)) for _ in range(3)} if files.acknowledged else set()
    for place in sorted(files.touched | sample):
        check_file(client, files, place, report)
    files.touched = set()


def check_export(binary, store, records, files, folder, report):
    """Every acknowledged record stands in the export with the digest of its receipt."""
    perennial(binary, store, "export", "--output", folder)
    found = {}
    for file in sorted(Path(folder).rglob("*.ndjson")):
        with open(file, "rb") as lines:
            for line in lines:
                line = line.rstrip(b"\n")
                entity = json.loads(line)
                if entity.get("collection") == COLLECTION:
                    found[entity["id"]] = hashlib.sha256(line).hexdigest()
    for writer in records:
        for identifier, digest in writer.digests.items():
            report.check(found.get(identifier) == digest, f"{identifier}: acknowledged {digest}, exported {found.get(identifier)}")
    return len(found)


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-kill9-", dir=arguments.folder))
    chance = random.Random(arguments.seed)
    records = [RecordWriter(number, arguments.seed) for number in range(RECORD_WRITERS)]
    files = FileWriter(arguments.seed)
    service = Service(arguments.binary, folder / "store")
    service.start()
    try:
        register(service.base)
        client = Client(service.base)
        while records[0].sent < arguments.records:
            records[0].send(client, records[0].new_ids(min(2_000, arguments.records - records[0].sent)))
        records[0].touched = set()
        recoveries, during_recovery = [], 0
        for kill in range(arguments.kills):
            run_writers(service.base, [*records, files], chance.uniform(0.02, arguments.longest), service)
            while chance.random() < 0.1:
                try:
                    service.start(timeout=chance.uniform(0.01, 0.3))
                except RuntimeError:
                    during_recovery += 1
                service.kill()
            recoveries.append(service.start())
            check_round(service.base, records, files, chance, report)
            if (kill + 1) % 10 == 0:
                print(f"{kill + 1} of {arguments.kills} kills, {sum(len(writer.digests) for writer in records)} records, last recovery {recoveries[-1]:.2f} s", flush=True)
        report.check(service.stop() == 0, "serve did not end well on SIGTERM")
        verified = perennial(arguments.binary, folder / "store", "verify", check=False)
        report.check(verified.returncode == 0, f"verify ended with {verified.returncode}: {verified.stdout[-1000:]}{verified.stderr[-1000:]}")
        exported = check_export(arguments.binary, folder / "store", records, files, folder / "export", report)
        report.check(max(recoveries) < GOAL_RECOVERY_SECONDS, f"a recovery took {max(recoveries):.2f} s")
        report.figure("kills", arguments.kills)
        report.figure("of them while recovering", during_recovery)
        report.figure("records at the end", exported)
        report.figure("files acknowledged", len(files.acknowledged))
        report.figure("recovery, median s", round(statistics.median(recoveries), 2))
        report.figure("recovery, longest s", round(max(recoveries), 2))
    finally:
        if service.process.poll() is None:
            service.kill()
        if report.failures:
            print(f"kept for inspection: {folder}, log {service.log}", flush=True)
        else:
            shutil.rmtree(folder)
            service.log.unlink()


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--kills", type=int, default=20, help="how often")
    parsed.add_argument("--seed", type=int, default=1, help="fixes what is sent and when the kills come")
    parsed.add_argument("--records", type=int, default=2_000, help="records before the first kill")
    parsed.add_argument("--longest", type=float, default=1.0, help="longest time to a kill, seconds")
    parsed.add_argument("--folder", help="where to make the store (default: the system's temporary folder)")
    given = parsed.parse_args()
    run_judge("kill -9", judge, given)
