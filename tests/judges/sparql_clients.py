#!/usr/bin/env python3
"""Asks `/sparql` with clients as people use them: SPARQLWrapper, rdflib's SPARQLStore, and pyoxigraph, which joins data of
its own with ours through SERVICE. None of them is adapted; each answer is compared with what was ingested.
"""

import importlib.metadata
import json
import shutil
import tempfile
from pathlib import Path

import pyoxigraph
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TURTLE, XML, SPARQLWrapper

from harness import Client, Service, add_binary, parser, run_judge

DCTERMS = "http://purl.org/dc/terms/"
PRODUCTS = 40
TABLE = f"SELECT ?id WHERE {{ ?product a <http://www.w3.org/ns/dcat#Dataset> ; <{DCTERMS}identifier> ?id }} ORDER BY ?id"
GRAPH = f"CONSTRUCT {{ ?product <{DCTERMS}identifier> ?id }} WHERE {{ ?product a <http://www.w3.org/ns/dcat#Dataset> ; <{DCTERMS}identifier> ?id }}"


def identifiers():
    return [f"p{number:02}" for number in range(PRODUCTS)]


def fill(base):
    """A collection and its products; waits until the graph holds them."""
    lines = [{"kind": "collection", "id": "c", "title": "Clients"}]
    lines += [{"kind": "product", "collection": "c", "id": name, "title": f"Product {name}"} for name in identifiers()]
    client = Client(base)
    receipts = client.ingest([json.dumps(line).encode() for line in lines])
    if any(receipt["status"] != "created" for receipt in receipts):
        raise RuntimeError(f"ingest answered {receipts[:2]}")
    answer = client.get("/sparql", query="ASK {}", wait="graph")
    if answer.status != 200:
        raise RuntimeError(f"/sparql answered {answer.status}: {answer.body[:300]!r}")


def sparqlwrapper(base, report):
    for method in (None, POST):
        for direct in (False, True):
            wrapper = SPARQLWrapper(f"{base}/sparql")
            if method:
                wrapper.setMethod(method)
            if direct and method:
                wrapper.setRequestMethod(POSTDIRECTLY)
            wrapper.setQuery(TABLE)
            wrapper.setReturnFormat(JSON)
            rows = wrapper.queryAndConvert()["results"]["bindings"]
            found = [row["id"]["value"] for row in rows]
            report.check(found == identifiers(), f"SPARQLWrapper, JSON by {method}, direct {direct}: {found[:3]}")
            wrapper.setReturnFormat(XML)
            names = wrapper.queryAndConvert().getElementsByTagName("literal")
            report.check(len(names) == PRODUCTS, f"SPARQLWrapper, XML: {len(names)} literals")
            wrapper.setReturnFormat(CSV)
            lines = wrapper.queryAndConvert().decode().split()
            report.check(lines == ["id", *identifiers()], f"SPARQLWrapper, CSV: {lines[:3]}")
            wrapper.setQuery("ASK { ?s ?p ?o }")
            wrapper.setReturnFormat(JSON)
            report.check(wrapper.queryAndConvert()["boolean"] is True, "SPARQLWrapper, ASK")
            for form in (TURTLE, N3, RDFXML, JSONLD):
                wrapper.setQuery(GRAPH)
                wrapper.setReturnFormat(form)
                made = wrapper.queryAndConvert()
                graph = made if isinstance(made, rdflib.Graph) else rdflib.Graph().parse(data=made, format="turtle")
                report.check(len(graph) == PRODUCTS, f"SPARQLWrapper, {form}: {len(graph)} statements")


def rdflib_store(base, report):
    store = SPARQLStore(f"{base}/sparql")
    found = sorted(str(row[0]) for row in rdflib.Graph(store).query(TABLE))
    report.check(found == identifiers(), f"rdflib, query: {found[:3]}")
    triples = list(rdflib.Graph(store).triples((None, rdflib.URIRef(f"{DCTERMS}identifier"), rdflib.Literal("p07"))))
    report.check(len(triples) == 1, f"rdflib, triples: {triples}")
    named = rdflib.Graph(store, identifier=rdflib.URIRef(f"{base}/graphs/product/c/p07"))
    subjects = {str(subject).partition("#")[0] for subject, _, _ in named}
    report.check(subjects == {f"{base}/id/product/c/p07"}, f"rdflib, one graph: {subjects}")


def federated(base, report):
    """Notes of somebody else about three of our products, joined with our titles."""
    notes = pyoxigraph.Store()
    about = pyoxigraph.NamedNode("urn:example:about")
    for name in ("p03", "p05", "p31"):
        notes.add(pyoxigraph.Quad(pyoxigraph.NamedNode(f"urn:example:note-{name}"), about, pyoxigraph.Literal(name)))
    joined = f"""SELECT ?title WHERE {{ ?note <urn:example:about> ?id
        SERVICE <{base}/sparql> {{ ?product <{DCTERMS}identifier> ?id ; <{DCTERMS}title> ?title }} }} ORDER BY ?title"""
    titles = [row["title"].value for row in notes.query(joined)]
    report.check(titles == ["Product p03", "Product p05", "Product p31"], f"pyoxigraph, federated: {titles}")


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-sparql-clients-"))
    for package in ("SPARQLWrapper", "rdflib", "pyoxigraph"):
        report.tools[package] = importlib.metadata.version(package)
    try:
        with Service(arguments.binary, folder / "store") as service:
            fill(service.base)
            sparqlwrapper(service.base, report)
            rdflib_store(service.base, report)
            federated(service.base, report)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    run_judge("SPARQL clients", judge, parsed.parse_args())
