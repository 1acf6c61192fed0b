#!/usr/bin/env python3
"""Lets one Perennial follow the log of another through random kills of both, and compares them to the byte.

Writers put records and files into the source all the while. Source and mirror are killed with `kill -9` at random moments. At the
end the mirror catches up, and both must have the same Merkle root, the same export (records, tombstones, payloads) and sound
archives; the mirror must have refused every write. The seed fixes what is sent and when the kills come.
"""

import json
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

from harness import Client, Service, add_binary, parser, perennial, run_judge


def product(number, version):
    return {
        "id": f"p{number:05}",
        "kind": "product",
        "collection": "c",
        "title": f"Product {number}, version {version}",
        "properties": {"version": version},
    }


class Writer(threading.Thread):
    """Puts, replaces and deletes, and attaches files; what fails while the source is down is left."""

    def __init__(self, service, seed, largest):
        super().__init__(daemon=True)
        self.service, self.random, self.largest = service, random.Random(seed), largest
        self.ended, self.written = threading.Event(), 0

    def run(self):
        while not self.ended.is_set():
            number, draw = self.random.randrange(2_000), self.random.random()
            path = f"/api/v1/collections/c/products/p{number:05}"
            record = json.dumps(product(number, self.random.randrange(1_000_000))).encode()
            try:
                client = Client(self.service.base)
                if draw < 0.1:
                    answer = client.request("DELETE", path)
                elif draw < 0.25:
                    content = self.random.randbytes(int(self.largest ** self.random.random()))
                    answer = client.request("PUT", f"{path}/files/data.bin", content)
                else:
                    answer = client.request("PUT", path, record, {"content-type": "application/json"})
                self.written += answer.status in (200, 201)
            except OSError:
                time.sleep(0.02)
            except Exception:  # noqa: BLE001 - a killed service breaks off anywhere
                time.sleep(0.02)


def checkpoint(base):
    answer = Client(base).request("GET", "/api/v1/log/checkpoint?f=json")
    told = json.loads(answer.body)
    return told["size"], told["root"]


def same_tree(one, other):
    """Files of two folders that differ."""
    names = {path.relative_to(one) for path in one.rglob("*") if path.is_file()}
    others = {path.relative_to(other) for path in other.rglob("*") if path.is_file()}
    differing = [str(name) for name in sorted(names ^ others)]
    differing += [str(name) for name in sorted(names & others) if (one / name).read_bytes() != (other / name).read_bytes()]
    return differing, len(names)


def judge(options, report):
    chance = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="mirror-"))
    source = Service(options.binary, folder / "source", "--no-graph")
    source.start()
    Client(source.base).request(
        "PUT", "/api/v1/collections/c", b'{"id":"c","kind":"collection","title":"C"}', {"content-type": "application/json"}
    )
    # The address of the source must outlive its kills: it listens on the same port again.
    source.command[source.command.index("--listen") + 1] = source.base.removeprefix("http://")
    mirror_store = folder / "mirror"
    perennial(options.binary, mirror_store, "mirror", source.base, "--private-sources")
    mirror = Service(options.binary, mirror_store, "--no-graph", "--private-sources", "--mirror-every", "0.05")
    mirror.start()
    writers = [Writer(source, f"{options.seed}-{number}", options.largest) for number in range(3)]
    for writer in writers:
        writer.start()
    for kill in range(options.kills):
        time.sleep(chance.uniform(0.05, options.longest))
        victim = mirror if chance.random() < 0.6 else source
        victim.kill()
        if victim is source:
            source.start()
        else:
            mirror.start()
        if kill % 10 == 9:
            refused = Client(mirror.base).request(
                "PUT", "/api/v1/collections/mine", b'{"id":"mine","kind":"collection"}', {"content-type": "application/json"}
            )
            report.check(refused.status == 503, f"the mirror took a write: {refused.status}")
    for writer in writers:
        writer.ended.set()
        writer.join()
    end, deadline = checkpoint(source.base), time.monotonic() + 120
    while checkpoint(mirror.base) != end and time.monotonic() < deadline:
        time.sleep(0.1)
    report.check(checkpoint(mirror.base) == end, f"the mirror is at {checkpoint(mirror.base)}, its source at {end}")
    source.stop()
    mirror.stop()
    for store in ("source", "mirror"):
        perennial(options.binary, folder / store, "export", "--output", folder / f"{store}-export", "--payloads")
        verified = perennial(options.binary, folder / store, "verify", check=False)
        report.check(verified.returncode == 0, f"{store} does not verify: {verified.stdout[-500:]}")
    differing, files = same_tree(folder / "source-export", folder / "mirror-export")
    report.check(not differing, f"exports differ in {differing[:5]}")
    report.figure("kills", options.kills)
    report.figure("lines", end[0])
    report.figure("exported files", files)
    report.figure("writes acknowledged", sum(writer.written for writer in writers))
    shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--kills", type=int, default=20, help="how often")
    parsed.add_argument("--seed", type=int, default=1, help="fixes what is sent and when the kills come")
    parsed.add_argument("--longest", type=float, default=0.8, help="longest time between two kills, seconds")
    parsed.add_argument("--largest", type=int, default=200_000, help="largest file, bytes")
    run_judge("mirror", judge, parsed.parse_args())
