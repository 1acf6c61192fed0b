#!/usr/bin/env python3
"""What the service says of its records as RDF, judged by pySHACL and rdflib.

Of each record: the graph keeps to ontologies/shapes.ttl as the service serves it; it has no blank node; Turtle, JSON-LD,
RDF/XML and N-Triples say the same (their sets of statements are equal, which is what isomorphic means without blank nodes).
"""

import json
import random
import urllib.parse

import pyshacl
import rdflib

from harness import Client, Service, add_binary, parser, run_judge

FORMS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}


def pages(client):
    """Paths of the pages of all products and collections."""
    target = "/api/v1/search?limit=500"
    while target:
        body = client.get(target).json()
        for found in body["features"] if "features" in body else body["records"]:
            record = found.get("record", found)
            if record["kind"] in ("product", "collection"):
                yield page(record)
        links = [link["href"] for link in body.get("links", []) if link["rel"] == "next"]
        target = links[0] if links else None


def page(record):
    quote = lambda text: urllib.parse.quote(text, safe="")
    if record["kind"] == "product":
        return f"/products/{quote(record['collection'])}/{quote(record['id'])}"
    return f"/collections/{quote(record['id'])}"


def graph_of(text, form, context):
    if form == "jsonld":
        document = json.loads(text)
        # The context is the one that the service serves at that address; rdflib would fetch it once for each record.
        document["@context"] = context["@context"]
        text = json.dumps(document)
    graph = rdflib.Graph()
    graph.parse(data=text, format=FORMS[form])
    return graph


def judge(arguments, report):
    report.tools["pyshacl"] = pyshacl.__version__
    report.tools["rdflib"] = rdflib.__version__
    with Service(arguments.binary, arguments.store) as service:
        client = Client(service.base)
        shapes = rdflib.Graph()
        shapes.parse(data=client.get("/ontologies/shapes.ttl").body.decode(), format="turtle")
        context = json.loads(client.get("/ontologies/context/v1.jsonld").body)
        every = list(pages(client))
        chosen = every if arguments.records == 0 else random.Random(7).sample(every, min(arguments.records, len(every)))
        statements = 0
        for path in chosen:
            texts = {form: client.get(f"{path}?format={form}") for form in FORMS}
            for form, answer in texts.items():
                report.check(answer.status == 200, f"{path}: {form} answers {answer.status}")
            graphs = {form: graph_of(answer.body.decode(), form, context) for form, answer in texts.items()}
            reference = graphs["nt"]
            blank = [node for triple in reference for node in triple if isinstance(node, rdflib.BNode)]
            report.check(not blank, f"{path}: {len(blank)} blank nodes")
            for form, graph in graphs.items():
                difference = set(graph) ^ set(reference)
                report.check(not difference, f"{path}: {form} differs from N-Triples in {list(difference)[:2]}")
            statements += len(reference)
            conforms, _, said = pyshacl.validate(reference, shacl_graph=shapes, inference="none", advanced=False)
            report.check(conforms, f"{path}: {' '.join(said.split())[:600]}")
        # The shapes do find what is wrong.
        broken = rdflib.Graph()
        broken.parse(data="<urn:x> a <http://spdx.org/rdf/terms#Checksum> .", format="turtle")
        report.check(not pyshacl.validate(broken, shacl_graph=shapes)[0], "the shapes accept a checksum without digits")
    report.figure("records", len(chosen))
    report.figure("statements", statements)


if __name__ == "__main__":
    arguments = parser(__doc__)
    add_binary(arguments)
    arguments.add_argument("store", help="a store with records")
    arguments.add_argument("--records", type=int, default=0, help="how many records, 0 for all")
    run_judge("SHACL and forms of RDF", judge, arguments.parse_args())
