#!/usr/bin/env python3
"""Harvests a catalogue by OAI-PMH with sickle and oaipmh-scythe while it changes and restarts.

The store holds the SPASE records of the corpus. While each client walks through ListRecords, at least 5 % a minute of the records are
changed, deleted and added, and the service is restarted twice. Every record that was there at the beginning must come exactly once. Then the
client asks for what changed since the date of its first answer: with that, what it has must be what the service has, byte for byte and
deletions included. Every answer, of all formats and of all faults, keeps to the schema of the protocol; Dublin Core and identifiers
are checked within it, ISO 19139 is read by OWSLib, DCAT by rdflib, and the native format has the digest that it says.
"""

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import rdflib
import requests
import sickle
from lxml import etree
from oaipmh_scythe import Scythe
from oaipmh_scythe.config import RetryConfig
from owslib import iso

from harness import PROJECT, CannotRun, Client, Service, add_binary, parser, perennial, run_judge

OAI = "{http://www.openarchives.org/OAI/2.0/}"
NATIVE = "{https://w3id.org/perennial/oai/}record"
RECORDS = 10108


def fixed_port(service):
    """Lets the service take the same port after a restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service.command = [part.replace("127.0.0.1:0", f"127.0.0.1:{port}") for part in service.command]


class Changes:
    """Writes at a steady rate until it is told to end; whoever restarts the service holds `lock` meanwhile."""

    def __init__(self, name, base, keys, per_second):
        self.name, self.base, self.keys, self.per_second = name, base, list(keys), per_second
        self.lock, self.over, self.count, self.error = threading.Lock(), threading.Event(), 0, None
        self.deleted, self.added = set(), 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def run(self):
        try:
            while not self.over.wait(1 / self.per_second):
                with self.lock:
                    self.change()
        except Exception as error:  # noqa: BLE001  the judge reports it
            self.error = error

    def change(self):
        self.count += 1
        # Records that were given already, that are to be given, and that nobody has seen, in turn.
        path = self.keys[(self.count * 7919) % len(self.keys)]
        if self.count % 5 == 0:
            self.added += 1
            record = {"kind": "agent", "id": f"{self.name}/{self.added}", "title": f"Added & <{self.added}>"}
            requests.put(f"{self.base}/api/v1/records/agent/{self.name}%2F{self.added}", data=json.dumps(record), timeout=60).raise_for_status()
        elif path in self.deleted:
            pass
        elif self.count % 5 == 1 and "/records/" in path:
            requests.delete(self.base + path, timeout=60).raise_for_status()
            self.deleted.add(path)
        else:
            record = requests.get(self.base + path, timeout=60).json()
            record["title"] = f"changed {self.count} times ]]> {record.get('title', '')}"
            requests.put(self.base + path, data=json.dumps(record), timeout=60).raise_for_status()


class Judge:
    def __init__(self, service, report):
        self.service, self.report = service, report
        self.schema = etree.XMLSchema(etree.parse(str(PROJECT / "tests/judges/schemas/OAI-PMH.xsd")))
        self.validated = 0

    @property
    def base(self):
        return self.service.base

    def oai(self, **arguments):
        """One answer, validated."""
        answer = requests.get(f"{self.base}/oai", params=arguments, timeout=120)
        self.report.check(answer.status_code == 200, f"{arguments}: status {answer.status_code}")
        document = etree.fromstring(answer.content)
        valid = self.schema.validate(document)
        self.report.check(valid, f"{arguments}: {self.schema.error_log.last_error}")
        self.validated += 1
        return document

    def walk(self, verb, **arguments):
        """All pages of a list."""
        while True:
            document = self.oai(verb=verb, **arguments)
            yield document
            token = document.find(f".//{OAI}resumptionToken")
            if token is None or not token.text:
                return
            arguments = {"resumptionToken": token.text}

    def listed(self, **arguments):
        """Identifiers and sha256 of what is listed in the native format; none where it was deleted."""
        found = {}
        for document in self.walk("ListRecords", metadataPrefix="perennial", **arguments):
            for record in document.iter(f"{OAI}record"):
                identifier, digest = read(record)
                self.report.check(identifier not in found, f"{identifier} comes twice")
                found[identifier] = digest
        return found

    def settle(self):
        """Waits for the end of the second in which the last change was."""
        time.sleep(1.1)

    def harvest(self, name, records, before, pace):
        """Walks with a client while everything changes; then takes what changed since."""
        keys = [path_of(identifier) for identifier, digest in before.items() if digest]
        began = self.oai(verb="Identify").findtext(f"{OAI}responseDate")
        per_second = max(8.0, len(keys) * 0.08 / 60)
        copy, restarts, twice, started = {}, 0, 0, time.monotonic()
        with Changes(name, self.base, keys, per_second) as changes:
            for number, (identifier, digest) in enumerate(records(self.base), 1):
                twice += identifier in copy
                copy[identifier] = digest
                if number % 500 == 0:
                    time.sleep(pace)
                if restarts < 2 and number >= (restarts + 1) * len(before) // 3:
                    restarts += 1
                    with changes.lock:
                        self.service.stop()
                        self.service.start()
        seconds = time.monotonic() - started
        self.report.check(changes.error is None, f"{name}: changing failed: {changes.error}")
        self.report.check(changes.count / len(keys) / (seconds / 60) >= 0.05, f"{name}: {changes.count} changes in {seconds:.1f} s")
        self.report.check(restarts == 2, f"{name}: {restarts} restarts")
        self.report.check(twice == 0, f"{name}: {twice} records came twice")
        self.report.check(set(copy) == set(before), f"{name}: {len(set(before) - set(copy))} records did not come, {len(set(copy) - set(before))} came that were not there")
        self.report.check(copy == before, f"{name}: {sum(copy.get(key) != digest for key, digest in before.items())} are not as they were")
        self.settle()
        copy.update(self.listed(**{"from": began}))
        now = self.listed()
        self.report.check(copy == now, f"{name}: {sum(copy.get(key) != digest for key, digest in now.items())} of {len(now)} are not what the service has")
        self.report.check(len(now) == len(before) + changes.added, f"{name}: {len(now)} records after {len(before)} and {changes.added} added")
        gone = sum(digest is None for digest in now.values()) - sum(digest is None for digest in before.values())
        self.report.check(gone == len(changes.deleted) > 0, f"{name}: {gone} deletions told, {len(changes.deleted)} made")
        self.report.figure(f"{name}: records", len(before))
        self.report.figure(f"{name}: changes meanwhile", changes.count)
        self.report.figure(f"{name}: of the records a minute", f"{100 * changes.count / len(keys) / (seconds / 60):.0f} %")
        return now

    def formats(self, pages):
        """Each format, read by who reads it elsewhere."""
        read_by = {"iso19139": self.read_iso, "dcat": self.read_dcat, "oai_datacite": self.read_datacite, "oai_dc": self.read_dc, "perennial": lambda _: None}
        formats = [element.text for element in self.oai(verb="ListMetadataFormats").iter(f"{OAI}metadataPrefix")]
        self.report.check(set(formats) == set(read_by), f"formats {formats}")
        for prefix in formats:
            document, seen = None, 0
            for number, document in enumerate(self.walk("ListRecords", metadataPrefix=prefix), 1):
                for metadata in document.iter(f"{OAI}metadata"):
                    if seen < 200:
                        read_by[prefix](metadata[0])
                    seen += 1
                if number >= pages:
                    break
            self.report.figure(f"{prefix}: read", seen)
            self.report.check(seen > 0 or document.find(f"{OAI}error") is not None, f"{prefix}: nothing")

    def read_dc(self, element):
        titles = element.findall("{http://purl.org/dc/elements/1.1/}title")
        self.report.check(len(titles) == 1 and bool(titles[0].text), "a record of Dublin Core without title")

    def read_iso(self, element):
        told = iso.MD_Metadata(element)
        self.report.check(bool(told.identifier) and bool(told.identification[0].title), "OWSLib finds no identifier and title")

    def read_dcat(self, element):
        graph = rdflib.Graph()
        graph.parse(data=etree.tostring(element), format="xml")
        self.report.check(len(graph) > 3, f"DCAT says {len(graph)} things")

    def read_datacite(self, element):
        names = {"d": "http://datacite.org/schema/kernel-4"}
        for path in ("d:identifier[@identifierType]", "d:creators/d:creator/d:creatorName", "d:titles/d:title", "d:publisher", "d:publicationYear", "d:resourceType[@resourceTypeGeneral]"):
            found = element.findall(f".//d:resource/{path}", names)
            self.report.check(bool(found) and all((each.text or "").strip() for each in found), f"DataCite without {path}")

    def faults(self):
        """What is refused is refused in the protocol's own words, and validly."""
        for expected, arguments in [
            ("badVerb", {}), ("badVerb", {"verb": "x"}), ("badArgument", {"verb": "ListRecords"}), ("badArgument", {"verb": "Identify", "x": "1"}),
            ("badArgument", {"verb": "ListRecords", "metadataPrefix": ["oai_dc", "oai_dc"]}),
            ("cannotDisseminateFormat", {"verb": "ListRecords", "metadataPrefix": "x"}), ("badResumptionToken", {"verb": "ListSets", "resumptionToken": "x"}),
            ("idDoesNotExist", {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:x:y"}),
            ("noRecordsMatch", {"verb": "ListRecords", "metadataPrefix": "oai_dc", "until": "1970-01-02"}),
            ("noRecordsMatch", {"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "mission:nobody"}),
        ]:
            errors = self.oai(**arguments).findall(f"{OAI}error")
            self.report.check([error.get("code") for error in errors] == [expected], f"{arguments}: {[error.get('code') for error in errors]}")

    def sets(self):
        names = [element.text for document in self.walk("ListSets") for element in document.iter(f"{OAI}setSpec")]
        self.report.check(len(names) == len(set(names)) > 0, f"{len(names)} sets")
        for name in [*names[:3], *names[-3:]]:
            told = self.oai(verb="ListIdentifiers", metadataPrefix="oai_dc", set=name)
            headers = list(told.iter(f"{OAI}header"))
            within = all(name in [spec.text for spec in header.iter(f"{OAI}setSpec")] for header in headers)
            self.report.check(headers and within, f"set {name}: {len(headers)} records, {'all' if within else 'not all'} of the set")


def read(record):
    """Identifier and sha256 of a record in the native format; none where it was deleted."""
    identifier = record.findtext(f"{OAI}header/{OAI}identifier")
    element = record.find(f"{OAI}metadata/{NATIVE}")
    if element is None:
        return identifier, None
    stored = base64.b64decode(element.text) if element.get("encoding") == "base64" else element.text.encode()
    digest = hashlib.sha256(stored).hexdigest()
    if digest != element.get("sha256"):
        raise ValueError(f"{identifier}: the text has {digest}, said is {element.get('sha256')}")
    return identifier, digest


def path_of(identifier):
    """Where the native interface has a record."""
    kind, rest = identifier.split(":", 2)[2].split("/", 1)
    if kind == "product":
        collection, name = rest.split("/", 1)
        return f"/api/v1/collections/{collection}/products/{name}"
    return f"/api/v1/collections/{rest}" if kind == "collection" else f"/api/v1/records/{kind}/{rest}"


def by_sickle(base):
    records = sickle.Sickle(f"{base}/oai", max_retries=5).ListRecords(metadataPrefix="perennial")
    while True:
        try:
            record = records.next()
        except StopIteration:
            return
        except requests.ConnectionError:
            # The service is starting; its place is in the client's token.
            time.sleep(0.2)
            continue
        yield read(record.xml)


def by_scythe(base):
    retry = RetryConfig(max_retries=8, retry_on_transport_error=True, default_retry_after=1)
    with Scythe(f"{base}/oai", retry_config=retry) as scythe:
        for record in scythe.list_records(metadata_prefix="perennial"):
            yield read(record.xml)


def filled(arguments, work):
    """A store with the records, as the catalogue's own verb takes them in."""
    packed = Path(arguments.shared) / "corpus/scale/spase_smwg_context_records.tar.zst"
    if not packed.is_file():
        raise CannotRun(f"{packed} is not there")
    raw = work / "raw"
    raw.mkdir()
    done = subprocess.run(["tar", "--zstd", "-xf", str(packed), "-C", str(raw)], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotRun(f"tar: {done.stderr.strip()[-300:]}")
    files = sorted(path for path in raw.rglob("*") if path.is_file())
    for path in files[arguments.records or len(files):]:
        path.unlink()
    store = work / "store"
    done = perennial(arguments.binary, store, "ingest", raw, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"ingest ended with {done.returncode}: {done.stderr[-1000:]}")
    return store


def judge(arguments, report):
    report.tools["sickle"] = "0.7.0"
    report.tools["oaipmh-scythe"] = "0.16.0"
    work = Path(tempfile.mkdtemp(prefix="perennial-oai-"))
    try:
        service = Service(arguments.binary, filled(arguments, work))
        fixed_port(service)
        with service:
            # Sets need a collection with products of a mission.
            client = Client(service.base)
            client.request("PUT", "/api/v1/collections/c", json.dumps({"kind": "collection", "id": "c", "title": "A collection"}))
            product = {"kind": "product", "id": "p/1", "collection": "c", "title": "A product", "missions": [{"label": "Mars Express"}],
                       "time": {"start": "2020-01-01T00:00:00Z"}, "space": [{"body": "earth", "bbox": [1, 2, 3, 4]}]}
            client.request("PUT", "/api/v1/collections/c/products/p%2F1", json.dumps(product))
            judged = Judge(service, report)
            judged.settle()
            before = judged.listed()
            # The two of ours beside those of the corpus.
            wanted = (arguments.records or RECORDS) + 2
            report.check(len(before) >= wanted, f"{len(before)} records are published, {wanted} were taken in")
            before = judged.harvest("sickle", by_sickle, before, arguments.pace)
            before = judged.harvest("oaipmh-scythe", by_scythe, before, arguments.pace)
            judged.faults()
            judged.sets()
            judged.formats(arguments.pages)
            report.figure("answers validated", judged.validated)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--records", type=int, default=0, help="how many of the records, 0 for all")
    parsed.add_argument("--pages", type=int, default=1000, help="pages of each format that are looked at")
    parsed.add_argument("--pace", type=float, default=0.5, help="seconds between pages, in which the catalogue changes")
    parsed.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", str(PROJECT.parent / "shared")), help="folder that holds corpus/")
    run_judge("sickle and oaipmh-scythe", judge, parsed.parse_args())
