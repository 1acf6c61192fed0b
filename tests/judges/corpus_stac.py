#!/usr/bin/env python3
"""Ingests the STAC part of the corpus into a new store and accounts for every document, by a count of its own.

Counted here, from the raw files: item and collection records, distinct ones, those that come with differing contents. Each
must be in the export, or be named as refused with a reason; differing contents must be revisions; the document that a
record was made from must be kept byte for byte. Ingesting again must change nothing.
"""

import hashlib
import json
import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path

from harness import PROJECT, CannotRun, Client, Service, add_binary, parser, perennial, product_path, run_judge

# What the corpus is known to hold; a count that differs means that the corpus or this judge changed.
KNOWN = {"items": 1424, "distinct items": 1367, "differing items": 56, "without collection": 22, "collections": 233, "distinct collections": 128}


def documents(folder):
    """(file, bytes, JSON) of each document: NDJSON lines one by one, JSON files whole."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".ndjson")):
        data = path.read_bytes()
        pieces = data.split(b"\n") if path.suffix == ".ndjson" else [data]
        for piece in pieces:
            if piece.strip():
                yield path, piece, json.loads(piece)


def count(folder):
    """Records by key, with their contents; keys of items without a collection have None there."""
    items, collections, wholes = defaultdict(list), defaultdict(list), {}
    for _, data, document in documents(folder):
        kind = document.get("type") if isinstance(document, dict) else None
        found = document.get("features", []) if kind == "FeatureCollection" else [document]
        for record in found:
            # Arrays of items are no STAC document; what the service makes of them is its own affair.
            if not isinstance(record, dict):
                continue
            canonical = json.dumps(record, sort_keys=True)
            if record.get("type") == "Feature" and ("assets" in record or "stac_version" in record):
                items[record.get("collection"), record.get("id")].append(canonical)
            elif "extent" in record and "stac_version" in record:
                collections[record.get("id")].append(canonical)
            else:
                continue
            if record is document:
                wholes[hashlib.sha256(data).hexdigest()] = (record.get("collection"), record.get("id"))
    return items, collections, wholes


def exported(binary, store, folder):
    perennial(binary, store, "export", "--output", folder)
    found = {}
    for path in sorted(folder.rglob("*records*.ndjson")):
        for line in path.read_bytes().split(b"\n"):
            if line:
                record = json.loads(line)
                found[record["kind"], record.get("collection"), record["id"]] = record
    return found


def ingest(binary, store, folder):
    done = perennial(binary, store, "ingest", "--json", folder, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"ingest ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def judge(arguments, report):
    folder = Path(arguments.shared).resolve() / "corpus/data/stac"
    if not folder.is_dir():
        raise CannotRun(f"{folder} is not there")
    items, collections, wholes = count(folder)
    counted = {
        "items": sum(map(len, items.values())), "distinct items": len(items),
        "differing items": sum(len(set(contents)) > 1 for contents in items.values()),
        "without collection": sum(len(contents) for (collection, _), contents in items.items() if not collection),
        "collections": sum(map(len, collections.values())), "distinct collections": len(collections),
    }
    report.check(counted == KNOWN, f"this judge counts {counted}, the corpus is known to hold {KNOWN}")
    store = Path(arguments.store)
    account = ingest(arguments.binary, store, folder)
    print(f"account: {json.dumps({name: value for name, value in account.items() if isinstance(value, (int, dict))})}", flush=True)
    refused = [name for name, reason in account["refusals"]]
    report.check(all(reason for _, reason in account["refusals"]), "something was refused without a reason")
    found = exported(arguments.binary, store, store.with_name(store.name + "-export"))
    shutil.rmtree(store.with_name(store.name + "-export"))
    ids = Counter(identifier for kind, _, identifier in found if kind == "product")
    missing = []
    for (collection, identifier), _ in items.items():
        # Without a collection a documented rule applies: it is filed under another name, or refused.
        held = ("product", collection, identifier) in found if collection else ids[identifier] > 0
        if not report.check(held or account["refused"] > 0, f"item {collection}/{identifier} is neither held nor refused"):
            missing.append(identifier)
    absent = [key for key in items if key[0] and ("product", *key) not in found]
    lost = [identifier for identifier in collections if ("collection", None, identifier) not in found]
    report.check(len(absent) + len(lost) <= account["refused"], f"{len(absent)} items and {len(lost)} collections are absent, only {account['refused']} refused: {absent[:3]} {lost[:3]}")
    check_revisions(arguments.binary, store, items, wholes, found, report)
    again = ingest(arguments.binary, store, folder)
    report.check(again["created"] == 0, f"ingesting again created {again['created']} records")
    for name, value in {**counted, "created": account["created"], "replaced": account["replaced"], "unchanged": account["unchanged"], "refused": len(refused)}.items():
        report.figure(name, value)


def check_revisions(binary, store, items, wholes, found, report):
    with Service(binary, store) as service:
        client = Client(service.base)
        for (collection, identifier), contents in items.items():
            if collection and len(set(contents)) > 1 and ("product", collection, identifier) in found:
                answer = client.get(product_path(collection, identifier) + "/revisions")
                revisions = answer.json().get("revisions", [])
                report.check(len(revisions) >= len(set(contents)), f"{collection}/{identifier}: {len(set(contents))} contents, {len(revisions)} revisions")
        kept = 0
        for digest, (collection, identifier) in wholes.items():
            record = found.get(("product", collection, identifier))
            if record is not None and len(set(items[collection, identifier])) == 1:
                source = client.get(product_path(collection, identifier) + "/source")
                report.check(hashlib.sha256(source.body).hexdigest() == digest or len(items[collection, identifier]) > 1, f"{collection}/{identifier}: the source is not the document")
                kept += 1
        report.figure("sources compared", kept)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="a new store; it stays for further judges")
    parsed.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", str(PROJECT.parent / "shared")), help="folder that holds corpus/")
    run_judge("corpus, STAC", judge, parsed.parse_args())
