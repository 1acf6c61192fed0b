#!/usr/bin/env python3
"""Reads the whole DCAT feed as CKAN does: every page by its DCAT RDFParser, in each form, following its own pagination.

Every product must come as a dataset exactly once, with the title, the files and the collection that the native interface tells;
each page must be readable alone: every catalogue has a title, a description and a publisher with a name, and every series that a
dataset names is described. Pages and datasets keep to the shapes of DCAT-AP 3 by pySHACL. After changes and a deletion the feed of
changes since then has them and nothing else, and states the deletion.

Runs in the environment of requirements-ckan.txt.
"""

import json
import urllib.parse

import pyshacl
import rdflib
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, RDF

from harness import CannotRun, Client, Service, add_binary, parser, run_judge
from shacl import DcatAp

try:
    import ckan
    from ckanext.dcat.processors import RDFParser
except ImportError:
    # It tells how to use it all the same.
    ckan = RDFParser = None

FORMS = {"ttl": ("text/turtle", "turtle"), "rdf": ("application/rdf+xml", "xml"), "nt": ("application/n-triples", "nt"), "jsonld": ("application/ld+json", "json-ld")}
ACTIVITIES = rdflib.Namespace("https://www.w3.org/ns/activitystreams#")


class Judge:
    def __init__(self, client, report):
        self.client, self.report = client, report
        self.context = json.loads(client.get("/ontologies/context/v1.jsonld").body)
        self.dcat_ap = DcatAp(client)
        self.pages = self.shaped = 0

    def parsed(self, target, form):
        """A page as CKAN's parser reads it."""
        answer = self.client.get(target)
        media_type, name = FORMS[form]
        self.report.check(answer.status == 200 and answer.headers["content-type"].startswith(media_type), f"{target}: {answer.status} {answer.headers.get('content-type')}")
        text = answer.body.decode()
        if form == "jsonld":
            # The context is the one that the service serves at that address; rdflib would fetch it for each page.
            text = json.dumps({**json.loads(text), "@context": self.context["@context"]})
        page = RDFParser(profiles=["euro_dcat_ap_3"])
        page.parse(text, _format=name)
        self.pages += 1
        return page

    def walk(self, target, form):
        """Pages until there is no next one."""
        while target:
            page = self.parsed(target, form)
            yield page
            target = page.next_page()

    def stands_alone(self, graph, where):
        for catalogue in graph.subjects(RDF.type, DCAT.Catalog):
            for predicate in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher):
                self.report.check(graph.value(catalogue, predicate) is not None, f"{where}: a catalogue without {predicate}")
            self.report.check(graph.value(graph.value(catalogue, DCTERMS.publisher), FOAF.name) is not None, f"{where}: a publisher without name")
        for series in set(graph.objects(None, DCAT.inSeries)):
            self.report.check((series, RDF.type, DCAT.DatasetSeries) in graph, f"{where}: {series} is not described")
        for _, _, agent in graph.triples((None, DCTERMS.publisher, None)):
            self.report.check(graph.value(agent, FOAF.name) is not None, f"{where}: {agent} has no name")

    def keeps_to_shapes(self, graph, where):
        """Without what has no title or description: those who registered it may have had none."""
        told = rdflib.Graph()
        untold = set()
        for subject in set(graph.subjects(RDF.type, DCAT.Dataset)) | set(graph.subjects(RDF.type, DCAT.DatasetSeries)):
            if graph.value(subject, DCTERMS.title) is None or graph.value(subject, DCTERMS.description) is None:
                untold.add(str(subject))
        for triple in graph:
            if str(triple[0]).split("#")[0] not in untold and str(triple[2]) not in untold:
                told.add(triple)
        said = self.dcat_ap.findings(told)
        self.report.check(said is None, f"{where}: DCAT-AP: {(said or '')[:900]}")
        self.shaped += 1

    def whole(self, form, limit, expected):
        """The whole feed in one form."""
        found = {}
        for number, page in enumerate(self.walk(f"/dcat.{form}?limit={limit}", form), 1):
            where = f"page {number} in {form}"
            self.stands_alone(page.g, where)
            if form == "nt":
                self.keeps_to_shapes(page.g, where)
            datasets = list(page.datasets())
            self.report.check(len(datasets) == len(set(page.g.subjects(RDF.type, DCAT.Dataset))), f"{where}: CKAN reads {len(datasets)} datasets")
            for dataset in datasets:
                address = next(extra["value"] for extra in dataset["extras"] if extra["key"] == "uri") if "uri" not in dataset else dataset["uri"]
                self.report.check(address not in found, f"{where}: {address} comes twice")
                found[address] = dataset
        self.report.check(set(found) == set(expected), f"{form}: {len(set(expected) - set(found))} products are not in the feed, {len(set(found) - set(expected))} are no products")
        for address, record in expected.items():
            dataset = found.get(address, {"title": None, "resources": []})
            self.report.check(dataset.get("title") in (record.get("title"), record["id"]) or not record.get("title"), f"{address}: title {dataset.get('title')!r}")
            self.report.check(len(dataset["resources"]) == len(record.get("files", [])), f"{address}: {len(dataset['resources'])} files")
        self.report.figure(f"{form}: datasets", len(found))

    def products(self, base):
        found = {}
        for page in self.client.pages("/api/v1/search?kind=product&limit=500"):
            for each in page.get("features", page.get("records", [])):
                record = each.get("record", each)
                found[f"{base}/id/product/{quoted(record['collection'])}/{quoted(record['id'])}"] = record
        return found

    def changes(self, base, expected):
        """What changed since the feed was read, and nothing else."""
        first = self.parsed("/dcat.nt?limit=1", "nt").g
        since = first.value(rdflib.URIRef(f"{base}/dcat#catalogue"), DCTERMS.modified)
        gone, changed = sorted(expected)[:2]
        record = expected[changed]
        self.client.request("DELETE", native(expected[gone]))
        answer = self.client.request("PUT", native(record), json.dumps({**record, "title": "another title"}))
        self.report.check(answer.status == 200, f"a change was answered {answer.status}")
        told, deleted = {}, set()
        while gone not in deleted:
            told, deleted = {}, set()
            for page in self.walk(f"/dcat.nt?modifiedSince={urllib.parse.quote(str(since))}", "nt"):
                told.update({str(subject): page.g.value(subject, DCTERMS.title) for subject in page.g.subjects(RDF.type, DCAT.Dataset)})
                for activity in page.g.subjects(RDF.type, ACTIVITIES.Delete):
                    thing = page.g.value(activity, ACTIVITIES.object)
                    at = page.g.value(thing, PROV.invalidatedAtTime)
                    self.report.check(at is not None and at == page.g.value(activity, ACTIVITIES.published), f"{thing}: deleted {at}")
                    deleted.add(str(thing))
        self.report.check(deleted == {gone}, f"deleted are {deleted}")
        self.report.check(str(told.get(changed)) == "another title", f"{changed}: {told.get(changed)}")
        # The last event before comes once more: its second is the one that was asked for.
        self.report.check(len(told) <= 2, f"{len(told)} datasets for one change")


def quoted(text):
    return urllib.parse.quote(text, safe="")


def native(record):
    return f"/api/v1/collections/{quoted(record['collection'])}/products/{quoted(record['id'])}"


def judge(arguments, report):
    if ckan is None:
        raise CannotRun("ckan and ckanext-dcat are not in this environment; scripts/setup.sh makes the one of requirements-ckan.txt")
    report.tools.update({"ckan": ckan.__version__, "ckanext-dcat": "2.4.4", "pyshacl": pyshacl.__version__, "rdflib": rdflib.__version__})
    with Service(arguments.binary, arguments.store) as service:
        judged = Judge(Client(service.base), report)
        expected = judged.products(service.base)
        for form in FORMS:
            judged.whole(form, arguments.limit, expected)
        judged.changes(service.base, expected)
        # The shapes do find what is wrong.
        broken = rdflib.Graph()
        broken.parse(data=f"<urn:x> a <{DCAT.Dataset}> ; <{DCAT.distribution}> <urn:y> . <urn:y> a <{DCAT.Distribution}> .", format="turtle")
        report.check(judged.dcat_ap.findings(broken) is not None, "the shapes accept a dataset without title and a distribution without address")
        report.figure("pages", judged.pages)
        report.figure("pages against DCAT-AP", judged.shaped)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="a store with products, to which is written")
    parsed.add_argument("--limit", type=int, default=50, help="datasets of a page")
    run_judge("CKAN, DCAT feed", judge, parsed.parse_args())
