#!/usr/bin/env python3
"""Reads a Perennial archive without Perennial: Python 3 (standard library) and the `zstd` program.

usage: recover.py list                 one line a current record
       recover.py verify               every digest, every chain, the Merkle tree; exit code 1 when something is wrong
       recover.py export OUT           OUT/records.ndjson, OUT/tombstones.ndjson, OUT/payloads/<sha256>
       --archive DIR                   the storage root, if not the folder of this file
The formats are described in RECOVER.md beside this file.
"""
import argparse
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse

KINDS = ["product", "collection", "recipe", "agent", "mission", "platform", "instrument", "target", "document", "source",
         "context_graph", "hold", "evidence"]


class Report:
    """Counts what was wrong, and says it at once."""
    wrong = 0

    def say(self, text):
        self.wrong += 1
        print("WRONG " + text, file=sys.stderr)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def unpack(stored):
    done = subprocess.run(["zstd", "-dcq"], input=stored, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise ValueError("zstd: " + done.stderr.decode("utf-8", "replace").strip())
    return done.stdout


def digest_of_file(path, algorithm):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


@functools.lru_cache(maxsize=1)
def unpack_range(path, offset, length):
    """The content of frames within a pack; neighbours in a shared frame are read one after the other."""
    with open(path, "rb") as file:
        file.seek(offset)
        return unpack(file.read(length))


def original_pieces(place, compressed):
    """Original bytes. `place` is (path, offset, length, start, end); no length: the whole file; no start: all of the frames."""
    path, offset, length, start, end = place
    if length is not None:
        yield unpack_range(path, offset, length)[start:end]
    elif not compressed:
        with open(path, "rb") as file:
            yield from iter(lambda: file.read(1 << 20), b"")
    else:
        process = subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE)
        yield from iter(lambda: process.stdout.read(1 << 20), b"")
        process.stdout.close()
        if process.wait() != 0:
            raise ValueError("zstd cannot unpack " + path)


class Archive:
    """The objects of a storage root by id."""

    def __init__(self, root, report):
        self.root, self.report, self.objects = root, report, {}
        for folder, folders, files in os.walk(root):
            folders.sort()
            if "0=ocfl_object_1.1" in files:
                folders.clear()
                try:
                    identifier = json.loads(read(os.path.join(folder, "inventory.json")))["id"]
                except (OSError, ValueError, KeyError) as error:
                    report.say("%s: inventory.json cannot be read: %s" % (folder, error))
                    identifier = urllib.parse.unquote(os.path.basename(folder))
                self.objects[identifier] = folder
        # segment:<first> as committed, segment:<first>.<generation> when consolidated; readers accept overlaps.
        named = [(re.fullmatch(r"segment:(\d+)(?:\.(\d+))?", each), each) for each in self.objects]
        self.segments = sorted((int(found[1]), int(found[2] or 0), each) for found, each in named if found)
        if not os.path.exists(os.path.join(root, "0=ocfl_1.1")):
            report.say(root + ": no OCFL 1.1 storage root (0=ocfl_1.1 is missing)")

    def content(self, identifier, name):
        """Path of a content file of the head version, or None."""
        folder = self.objects.get(identifier)
        if folder is None:
            return None
        inventory = json.loads(read(os.path.join(folder, "inventory.json")))
        state = inventory["versions"][inventory["head"]]["state"]
        found = [digest for digest, names in state.items() if name in names]
        return os.path.join(folder, inventory["manifest"][found[0]][0]) if found else None

    def check_object(self, identifier):
        """Inventory against its sidecar, content against the manifest, nothing missing and nothing more."""
        folder = self.objects[identifier]
        try:
            path = os.path.join(folder, "inventory.json")
            inventory = json.loads(read(path))
            algorithm = inventory["digestAlgorithm"]
            if digest_of_file(path, algorithm) != read(path + "." + algorithm).split()[0].decode("ascii"):
                self.report.say(identifier + ": inventory.json is not what its sidecar says")
            known = set()
            for digest, paths in inventory["manifest"].items():
                for each in paths:
                    content = os.path.join(folder, each)
                    known.add(content)
                    if not os.path.exists(content):
                        self.report.say("%s: %s is missing" % (identifier, each))
                    elif digest_of_file(content, algorithm) != digest:
                        self.report.say("%s: %s has another %s" % (identifier, each, algorithm))
            for below, _, files in os.walk(folder):
                for name in files:
                    found = os.path.join(below, name)
                    if "/content/" in found[len(folder):] and found not in known:
                        self.report.say("%s: %s is in no manifest" % (identifier, found[len(folder) + 1:]))
        except (OSError, ValueError, KeyError, IndexError) as error:
            self.report.say("%s: %s" % (identifier, error))

    def lines(self):
        """Every event line once, in order, as bytes without the newline; with the segment's description after each."""
        expected = 1
        for first, _, identifier in self.segments:
            try:
                description = json.loads(read(self.content(identifier, "segment.json")))
                text = unpack(read(self.content(identifier, "records.ndjson.zst")))
            except (OSError, TypeError, ValueError) as error:
                self.report.say("%s cannot be read: %s" % (identifier, error))
                continue
            if first > expected:
                self.report.say("events %d to %d are missing" % (expected, first - 1))
            lines = text.split(b"\n")[:-1]
            for number, line in enumerate(lines, first):
                # A consolidated segment repeats lines that were read already.
                if number >= expected:
                    yield number, line, description if number == first + len(lines) - 1 else None
            expected = max(expected, first + len(lines))

    def payload_places(self):
        """sha256 -> (place, compressed) of every payload that a segment announces."""
        places = {}
        for _, _, identifier in self.segments:
            try:
                for line in self.listing(identifier):
                    entry = json.loads(line)
                    places[entry["sha256"]] = self.place_of(entry)
            except (OSError, ValueError, KeyError, TypeError) as error:
                self.report.say("%s: payloads.ndjson: %s" % (identifier, error))
        return places

    def listing(self, identifier):
        """The lines of payloads.ndjson, or of payloads.ndjson.zst (segments of version 2)."""
        plain, packed = (self.content(identifier, "payloads.ndjson" + end) for end in ("", ".zst"))
        if plain and packed:
            raise ValueError("there are two of them")
        text = read(plain or packed) if plain or packed else b""
        return (unpack(text) if packed else text).splitlines()

    def place_of(self, entry):
        if entry["in"] == "pack":
            holders = [each for first, _, each in self.segments if first == entry["segment"]]
            path, start = self.content(holders[-1], "pack-0000.zst") if holders else None, entry.get("start")
            return (path, entry["offset"], entry["stored"], start, None if start is None else start + entry["bytes"]), True
        identifier = "payload:sha256:" + entry["sha256"]
        packed = self.content(identifier, "payload.zst")
        return (packed or self.content(identifier, "payload.bin"), 0, None, None, None), bool(packed)


class Tree:
    """RFC 6962 Merkle tree over lines, as its frontier: the roots of the full subtrees, largest first."""

    def __init__(self):
        self.frontier, self.size = [], 0

    def add(self, line):
        node, size = hashlib.sha256(b"\0" + line).digest(), self.size
        while size & 1:
            node = hashlib.sha256(b"\1" + self.frontier.pop() + node).digest()
            size >>= 1
        self.frontier.append(node)
        self.size += 1

    def root(self):
        if not self.frontier:
            return hashlib.sha256(b"").hexdigest()
        node = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node.hex()


def record_of(line):
    """The record's bytes: `record` is the last member of the line."""
    event = json.loads(line)
    if "record" not in event:
        return event, None
    # Members before `record` hold no nested objects but `key`, so its first occurrence at depth one is found lexically.
    depth, at, text = 0, 0, line
    while True:
        byte = text[at:at + 1]
        if byte == b'"':
            end = at + 1
            while text[end:end + 1] != b'"':
                end += 2 if text[end:end + 1] == b"\\" else 1
            if depth == 1 and text[at:end + 2] == b'"record":':
                return event, line[end + 2:-1]
            at = end
        elif byte == b"":
            raise ValueError("a line without a readable record")
        else:
            depth += (byte in (b"{", b"[")) - (byte in (b"}", b"]"))
        at += 1


def fold(archive, report):
    """The last event of each key, with checks of sequence, revision, previous digest and Merkle root."""
    current, tree = {}, Tree()
    for number, line, description in archive.lines():
        tree.add(line)
        try:
            event, record = record_of(line)
        except ValueError as error:
            report.say("event %d: %s" % (number, error))
            continue
        if event["sequence"] != number:
            report.say("event %d says that it is %s" % (number, event["sequence"]))
        key = (event.get("collection", ""), event["id"], event["kind"])
        before = current.get(key)
        if event["revision"] != (before[0]["revision"] if before else 0) + 1:
            report.say("event %d: revision %d does not follow" % (number, event["revision"]))
        if before and before[1] is not None and event.get("previous") != hashlib.sha256(before[1]).hexdigest():
            report.say("event %d: previous is not the digest of the revision before" % number)
        event.pop("record", None)
        current[key] = (event, record, line if record is None else None)
        if description and description["tree"]["root"] != tree.root():
            report.say("segment ending with event %d: the Merkle root is another one" % number)
    return current


def check_payloads(archive, report, out):
    places = archive.payload_places().items()
    for digest, (place, compressed) in sorted(places, key=lambda each: (each[1][0][0] or "", each[1][0][1], each[0])):
        if place[0] is None:
            report.say("payload sha256:%s is missing" % digest)
            continue
        actual = hashlib.sha256()
        try:
            with open(os.path.join(out, digest) if out else os.devnull, "wb") as target:
                for piece in original_pieces(place, compressed):
                    actual.update(piece)
                    target.write(piece)
        except (OSError, ValueError) as error:
            report.say("payload sha256:%s: %s" % (digest, error))
        if actual.hexdigest() != digest:
            report.say("payload sha256:%s has the digest %s" % (digest, actual.hexdigest()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["list", "verify", "export"])
    parser.add_argument("out", nargs="?")
    parser.add_argument("--archive", default=os.path.dirname(os.path.abspath(__file__)))
    arguments = parser.parse_args()
    if (arguments.what == "export") != (arguments.out is not None):
        parser.error("export needs a folder, and nothing else does")
    archive = Archive(arguments.archive, Report())
    report = archive.report
    for identifier in sorted(archive.objects) if arguments.what == "verify" else []:
        archive.check_object(identifier)
    current = fold(archive, report)
    keys = sorted(current, key=lambda key: (key[0].encode(), key[1].encode(), (KINDS + [key[2]]).index(key[2])))
    for key in keys if arguments.what == "list" else []:
        event = current[key][0]
        print("\t".join([event["operation"], key[2], key[0], key[1], str(event["revision"]), event["time"]]))
    if arguments.what == "export":
        os.makedirs(os.path.join(arguments.out, "payloads"), exist_ok=True)
        with open(os.path.join(arguments.out, "records.ndjson"), "wb") as records, \
                open(os.path.join(arguments.out, "tombstones.ndjson"), "wb") as tombstones:
            for key in keys:
                _, record, tombstone = current[key]
                (records if tombstone is None else tombstones).write((record or tombstone) + b"\n")
    if arguments.what != "list":
        check_payloads(archive, report, os.path.join(arguments.out, "payloads") if arguments.out else None)
    print("%d records, %d objects, %d problems" % (len(keys), len(archive.objects), report.wrong), file=sys.stderr)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
