#!/usr/bin/env python3
"""Runs Perennial on a disk that is really full, and on one that is really read-only.

A small tmpfs in a user and mount namespace of its own (`unshare -Urm`), so no rights are needed and nothing else is touched.
Checked: writes are refused in time with 507 and a problem document; with the threshold off, a write that meets the full disk
is wholly absent and the service goes on reading; after space is made, writing goes on; on the read-only disk reading works and
writes answer 503 with the reason; everything acknowledged is there at the end and `verify` finds nothing.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CannotRun, Client, Service, add_binary, parser, perennial, product_path, run_judge

INSIDE = "PERENNIAL_JUDGE_INSIDE_NAMESPACE"
COLLECTION = "full"
SIZE_MIB = 96


def enter_namespace():
    """Starts this judge again where it may mount; ends this process with its exit code."""
    allowed = subprocess.run(["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True)
    if allowed.returncode != 0:
        raise CannotRun(f"the kernel refuses `unshare -Urm` or mounts in it: {allowed.stderr.strip()}")
    done = subprocess.run(["unshare", "-Urm", sys.executable, *sys.argv], env={**os.environ, INSIDE: "1"})
    sys.exit(done.returncode)


def mount(*options):
    subprocess.run(["mount", *options], check=True)


def line(number):
    fill = hashlib.shake_256(str(number).encode()).hexdigest(4_000)
    return json.dumps({"kind": "product", "collection": COLLECTION, "id": f"f{number}", "title": "A record", "properties": {"test:fill": fill}}).encode()


def fill_up(base, first, acknowledged, limit=200_000):
    """Single requests of 200 incompressible records until one is refused; gives the refusal and the next number."""
    client = Client(base, timeout=60)
    for start in range(first, limit, 200):
        body = b"".join(line(number) + b"\n" for number in range(start, start + 200))
        answer = client.request("POST", "/api/v1/ingest", body, {"Content-Type": "application/x-ndjson"})
        if answer.status != 200:
            return answer.status, answer.json(), start + 200
        refusal = None
        for receipt in map(json.loads, answer.body.splitlines()):
            if "digest" in receipt:
                acknowledged[f"f{start + receipt['line'] - 1}"] = receipt["digest"]
            else:
                refusal = receipt.get("problem", receipt)
        if refusal:
            return refusal.get("status"), refusal, start + 200
    raise RuntimeError("the disk was never full")


def check_present(base, acknowledged, report, when):
    """A sample of what was acknowledged, the first and the last always with it."""
    client = Client(base)
    known = list(acknowledged.items())
    chosen = known[:100] + random.Random(1).sample(known, min(len(known), 3_000)) + known[-500:]
    for identifier, digest in chosen:
        answer = client.get(product_path(COLLECTION, identifier))
        found = hashlib.sha256(answer.body).hexdigest()
        report.check(answer.status == 200 and found == digest, f"{when}: {identifier}: status {answer.status}, digest {found}, acknowledged {digest}")


def check_refusal(status, problem, expected, report, when):
    report.check(status == expected, f"{when}: a write was answered {status}, expected {expected}: {problem}")
    report.check(bool(problem.get("detail")) and bool(problem.get("title")), f"{when}: no clear problem: {problem}")


def register(base):
    receipts = Client(base).ingest([json.dumps({"kind": "collection", "id": COLLECTION, "title": "Full", "description": "Made by a test.", "licence": "CC0-1.0"}).encode()])
    if receipts[0]["status"] not in ("created", "unchanged"):
        raise RuntimeError(f"the collection was not registered: {receipts}")


def check_read_only(service, acknowledged, report):
    when = f"on the read-only disk ({' '.join(service.command[-2:])})"
    try:
        service.start()
    except RuntimeError as error:
        report.check(False, f"{when}: {error}")
        return
    try:
        answer = Client(service.base).request("PUT", product_path(COLLECTION, "f0"), line(0), {"Content-Type": "application/json"})
        check_refusal(answer.status, answer.json(), 503, report, when)
        check_present(service.base, acknowledged, report, when)
        found = Client(service.base).get("/api/v1/search", collection=COLLECTION, limit=1).json()
        report.check(found["matched"] == len(acknowledged), f"{when}: {found['matched']} found, {len(acknowledged)} acknowledged")
    finally:
        service.stop()


def judge(arguments, report):
    if os.environ.get(INSIDE) != "1":
        enter_namespace()
    folder = Path(tempfile.mkdtemp(prefix="perennial-full-"))
    mount("-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "tmpfs", str(folder))
    store, acknowledged = folder / "store", {}
    try:
        with Service(arguments.binary, store, arguments.threshold_option, str(32 << 20)) as service:
            register(service.base)
            status, problem, following = fill_up(service.base, 0, acknowledged)
            check_refusal(status, problem, 507, report, "below the threshold")
            report.check(Client(service.base).get("/health").json().get("writes_refused"), "/health does not say that writes are refused")
            check_present(service.base, acknowledged, report, "below the threshold")
        report.figure("acknowledged before the threshold", len(acknowledged))

        with Service(arguments.binary, store, arguments.threshold_option, "0") as service:
            status, problem, following = fill_up(service.base, following, acknowledged)
            check_refusal(status, problem, 507, report, "on the full disk")
            check_present(service.base, acknowledged, report, "on the full disk")
        report.figure("acknowledged before the disk was full", len(acknowledged))

        mount("-o", f"remount,size={SIZE_MIB * 2}m", str(folder))
        with Service(arguments.binary, store) as service:
            receipts = Client(service.base).ingest([line(following)])
            report.check(receipts[0].get("status") == "created", f"after space was made: {receipts}")
            acknowledged[f"f{following}"] = receipts[0].get("digest")
            check_present(service.base, acknowledged, report, "after space was made")
        verified = perennial(arguments.binary, store, "verify", check=False)
        report.check(verified.returncode == 0, f"verify: {verified.returncode} {verified.stdout[-500:]}{verified.stderr[-500:]}")

        mount("-o", "remount,ro", str(folder))
        # The index is on a disk that can be written; a store that cannot is noticed with and without the option.
        for options in (["--read-only"], []):
            with tempfile.TemporaryDirectory(prefix="perennial-index-") as index:
                check_read_only(Service(arguments.binary, store, "--index", index, *options), acknowledged, report)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
        os.rmdir(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--threshold-option", default="--free-space-threshold", help="name of serve's option for the free-space threshold")
    run_judge("full and read-only disk", judge, parsed.parse_args())
