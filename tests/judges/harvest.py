#!/usr/bin/env python3
"""Harvests a repository that pyoai serves, through random `kill -9`s, and compares the copies with what the repository holds.

The repository is written by others (the package pyoai) and holds records and tombstones. The harvester is killed at random moments and
started again until it ends; then the repository changes, and the next run must bring exactly the changes. An emptied repository must
delete nothing. The seed fixes when the kills come.
"""

import datetime
import json
import random
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import oaipmh.common
import oaipmh.error
import oaipmh.metadata
import oaipmh.server
from harness import Client, Service, add_binary, parser, perennial, run_judge

# pyoai reads tokens by a function that Python moved.
oaipmh.server.cgi.parse_qs = urllib.parse.parse_qs

FIRST = datetime.datetime(2026, 1, 1)
SOURCE = "there"


class Repository:
    """What pyoai asks of a repository; titles by id, none for a tombstone."""

    def __init__(self, count):
        self.records = {f"r{number:05}": (FIRST, f"Scene {number}") for number in range(count)}

    def identify(self):
        return oaipmh.common.Identify(
            repositoryName="Judge",
            baseURL="http://localhost/oai",
            protocolVersion="2.0",
            adminEmails=["nobody@example.org"],
            earliestDatestamp=FIRST,
            deletedRecord="persistent",
            granularity="YYYY-MM-DDThh:mm:ssZ",
            compression=["identity"],
        )

    def listMetadataFormats(self, identifier=None):  # noqa: N802 - named by pyoai
        namespace = "http://www.openarchives.org/OAI/2.0/oai_dc/"
        return [("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", namespace)]

    def listSets(self, cursor=0, batch_size=10):  # noqa: N802
        raise oaipmh.error.NoSetHierarchyError()

    def _fitting(self, from_, until):
        fitting = sorted(self.records.items())
        return [(name, record) for name, record in fitting if (not from_ or record[0] >= from_) and (not until or record[0] <= until)]

    def listRecords(self, metadataPrefix, set=None, from_=None, until=None, cursor=0, batch_size=10):  # noqa: A002, N802, N803
        made = []
        for name, (time_, title) in self._fitting(from_, until)[cursor : cursor + batch_size]:
            header = oaipmh.common.Header(None, f"oai:judge:{name}", time_, [], title is None)
            fields = {"title": [title], "identifier": [name], "type": ["Dataset"], "date": ["2020-01-01"]}
            metadata = None if title is None else oaipmh.common.Metadata(None, fields)
            made.append((header, metadata, None))
        return made

    def listIdentifiers(self, *arguments, **names):  # noqa: N802
        return [header for header, _, _ in self.listRecords(*arguments, **names)]

    def getRecord(self, metadataPrefix, identifier):  # noqa: N802, N803
        raise oaipmh.error.IdDoesNotExistError(identifier)


def serve(repository, batch, pause):
    """The repository over HTTP on loopback, a little slow so that kills find it at work."""
    registry = oaipmh.metadata.MetadataRegistry()
    registry.registerWriter("oai_dc", oaipmh.server.oai_dc_writer)
    answers = oaipmh.server.BatchingServer(repository, metadata_registry=registry, resumption_batch_size=batch)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            path, _, query = self.path.partition("?")
            if path != "/oai":
                return self.send_error(404)
            time.sleep(pause)
            body = answers.handleRequest(dict(urllib.parse.parse_qsl(query)))
            body = body if isinstance(body, bytes) else body.encode()
            try:
                self.send_response(200)
                self.send_header("content-type", "text/xml")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # whoever asked was killed

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/oai"


def harvest(options, store, *more, kill_after=None):
    """One run; its report, or nothing when it was killed."""
    command = [options.binary, "--store", store, "--json", "harvest", SOURCE, "--private-sources", *more]
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=kill_after or 300)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if not out.strip():
        raise RuntimeError(f"no report: {err[-500:]}")
    return json.loads(out)


def copies(options, store):
    """Titles of all copies by what the source calls them."""
    with Service(options.binary, store, "--no-graph", "--no-harvest") as service:
        found, local = {}, Client(service.base).get("/api/v1/search", limit=0).json()["matched"]
        collection = urllib.parse.quote(f"harvested:{SOURCE}:uncollected", safe="")
        for page in Client(service.base).pages("/api/v1/search", scope=f"harvested:{SOURCE}", limit=500, kind="product"):
            for record in page["records"]:
                record = record.get("record", record)
                found[record["harvested"]["id"].removeprefix("oai:judge:")] = record["title"]
        first = next(iter(sorted(found)), None)
        source = None
        if first:
            path = f"/api/v1/collections/{collection}/products/{urllib.parse.quote('oai:judge:' + first, safe='')}/source"
            source = Client(service.base).request("GET", path).body
        return found, local, source


def judge(options, report):
    chance = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="harvest-"))
    store = folder / "store"
    repository = Repository(options.records)
    server, url = serve(repository, 20, options.pause)
    perennial(options.binary, store, "sources", "add", SOURCE, "oai", url, "--rate", "1000")
    kills, done = 0, None
    while done is None:
        # The later the kill, the further it comes: in the end it is done.
        limit = chance.uniform(0.4, options.longest) if kills < options.kills else None
        done = harvest(options, store, kill_after=limit)
        kills += done is None
    report.check(done["outcome"] == "complete", f"the run ended as {done['outcome']}: {done.get('fault')}")
    report.check(kills == 0 or done["resumed"], "the last run began anew after a kill")
    held = {name: title for name, (_, title) in repository.records.items() if title}
    found, local, source = copies(options, store)
    report.check(found == held, f"{len(found)} copies of {len(held)} records after {kills} kills")
    report.check(local == 0, f"local searches see {local} records")
    report.check(source is not None and b"Scene 0" in source and b"oai_dc" in source, "the document is not kept")

    changed = chance.sample(sorted(repository.records), 20)
    later = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    for number, name in enumerate(changed):
        repository.records[name] = (later, None if number < 5 else f"Changed {number}")
    repository.records["fresh"] = (later, "Fresh")
    counts = harvest(options, store)["counts"]
    got = [counts[name] for name in ("new", "changed", "deleted")]
    report.check(got == [1, 15, 5], f"new, changed, deleted are {got}")
    held = {name: title for name, (_, title) in repository.records.items() if title}
    report.check(copies(options, store)[0] == held, "the copies are not what the repository holds")

    repository.records.clear()
    for _ in range(3):
        emptied = harvest(options, store, "--full")
        report.check(emptied["counts"]["deleted"] == 0, f"an empty listing deleted {emptied['counts']['deleted']}")
    verified = perennial(options.binary, store, "verify", check=False)
    report.check(verified.returncode == 0, f"the store does not verify: {verified.stdout[-500:]}")
    report.figure("records", options.records)
    report.figure("kills", kills)
    report.figure("resumed", int(done["resumed"]))
    server.shutdown()
    shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--records", type=int, default=2_000, help="records of the repository")
    parsed.add_argument("--kills", type=int, default=20, help="how often at most")
    parsed.add_argument("--longest", type=float, default=1.5, help="longest run before a kill, seconds")
    parsed.add_argument("--pause", type=float, default=0.1, help="how long the repository thinks, seconds")
    parsed.add_argument("--seed", type=int, default=1, help="fixes when the kills come")
    run_judge("harvest", judge, parsed.parse_args())
