#!/usr/bin/env python3
"""Pages and what machines find on them, judged by readers from outside.

Of each record: the signposts of its headers and of its link set are the same to the package `signposting`, and each leads to an
answer of the type that it promises; DataCite's JSON keeps to the schema that the package `datacite` carries; `pybtex` reads the BibTeX
and `prov` the lineage; the structured data of the page use terms of schema.org that ontologies/terms.tsv explains; and the thing,
asked for each form, leads there by 303.
"""

import json
import random
import re
import urllib.parse

import prov.model
import pybtex.database
import requests
import signposting
from datacite import schema45

from harness import PROJECT, Service, add_binary, parser, run_judge
from shacl import Client, pages

FORMS = {
    "text/turtle": "text/turtle", "application/ld+json": "application/ld+json", "application/rdf+xml": "application/rdf+xml",
    "application/n-triples": "application/n-triples", "application/json": "application/json", "text/html": "text/html",
}


def terms_of(value):
    """Members and types of JSON-LD."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "@type":
                yield inner
            elif not name.startswith("@"):
                yield name
            yield from terms_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from terms_of(inner)


class Judge:
    def __init__(self, base, report):
        self.base, self.report = base, report
        self.session = requests.Session()
        rows = (PROJECT / "ontologies/terms.tsv").read_text(encoding="utf-8").splitlines()
        self.schema_org = {row.split("\t")[0].removeprefix("schema:") for row in rows if row.startswith("schema:")}
        self.followed = 0

    def get(self, path, accept="*/*", follow=True):
        return self.session.get(urllib.parse.urljoin(self.base, path), headers={"accept": accept}, allow_redirects=follow, timeout=60)

    def record(self, path):
        self.signposts(path)
        self.citations(path)
        self.structured(path)
        self.thing(path)
        lineage = self.get(self.lineage_path(path))
        document = prov.model.ProvDocument.deserialize(content=lineage.text, format="json")
        self.report.check(len(list(document.get_records(prov.model.ProvEntity))) >= 1, f"{path}: no entity in the lineage")

    @staticmethod
    def lineage_path(path):
        parts = path.split("/")
        if parts[1] == "products":
            return f"/api/v1/collections/{parts[2]}/products/{parts[3]}/lineage"
        return f"/api/v1/collections/{parts[2]}/lineage"

    def signposts(self, path):
        address = urllib.parse.urljoin(self.base, path)
        headers = signposting.find_signposting_http(address)
        linkset = signposting.find_signposting_linkset(f"{address}?format=linkset")
        of_page = linkset.for_context(address)
        self.report.check(headers.citeAs is not None and headers.linksets, f"{path}: no cite-as or link set in the headers")
        for relation in ("citeAs", "license", "collection"):
            one, other = getattr(headers, relation), getattr(of_page, relation)
            same = str(one and one.target) == str(other and other.target)
            self.report.check(same, f"{path}: {relation} is {one} in the headers and {other} in the link set")
        targets = lambda found: {(str(post.target), str(post.type)) for post in found}
        self.report.check(targets(headers.describedBy) == targets(of_page.describedBy), f"{path}: other descriptions in headers and link set")
        self.report.check(targets(headers.items) <= targets(of_page.items), f"{path}: files in the headers that the link set lacks")
        for target, media_type in sorted(targets(of_page.describedBy) | targets(of_page.items)):
            answer = self.session.get(target, stream=True, timeout=60)
            answer.close()
            self.followed += 1
            found = answer.headers.get("content-type", "")
            fits = answer.status_code == 200 and (media_type == "None" or found.split(";")[0] == media_type.split(";")[0])
            self.report.check(fits, f"{target} answers {answer.status_code} {found}, not {media_type}")
            self.report.check("link" in answer.headers, f"{target} does not lead back")

    def citations(self, path):
        datacite = self.get(f"{path}?format=datacite").json()
        broken = [error.message[:200] for error in schema45.validator.iter_errors(datacite)]
        self.report.check(not broken, f"{path}: DataCite: {broken[:3]}")
        bibtex = pybtex.database.parse_string(self.get(f"{path}?format=bibtex").text, "bibtex")
        fields = next(iter(bibtex.entries.values())).fields
        self.report.check(len(bibtex.entries) == 1 and "title" in fields and "year" in fields, f"{path}: BibTeX without title or year")
        csl = self.get(f"{path}?format=csl").json()
        self.report.check(csl["type"] == "dataset" and csl["title"], f"{path}: CSL-JSON without type or title")

    def structured(self, path):
        page = self.get(path, "text/html").text
        found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        if self.report.check(len(found) == 1, f"{path}: {len(found)} pieces of structured data"):
            dataset = json.loads(found[0])
            unknown = {term for term in terms_of(dataset) if term not in self.schema_org}
            self.report.check(not unknown, f"{path}: terms of schema.org that the table lacks: {unknown}")
            whole = dataset.get("name") and dataset.get("url") and dataset.get("identifier")
            self.report.check(whole, f"{path}: structured data without name, address or identifier")

    def thing(self, path):
        kind = "product" if path.startswith("/products/") else "collection"
        thing = f"/id/{kind}/" + path.split("/", 2)[2]
        for accept, expected in FORMS.items():
            first = self.get(thing, accept, follow=False)
            self.report.check(first.status_code == 303, f"{thing} answers {first.status_code}")
            last = self.get(thing, accept)
            found = last.headers.get("content-type", "").split(";")[0]
            self.report.check(last.status_code == 200 and found == expected, f"{thing} for {accept}: {last.status_code} {found}")


def judge(arguments, report):
    report.tools["signposting"] = "0.9.9"
    report.tools["datacite"] = "1.4.1"
    with Service(arguments.binary, arguments.store) as service:
        every = list(pages(Client(service.base)))
        chosen = random.Random(11).sample(every, min(arguments.records, len(every)))
        one = Judge(service.base, report)
        for path in chosen:
            one.record(path)
    report.figure("records", len(chosen))
    report.figure("signposts followed", one.followed)


if __name__ == "__main__":
    arguments = parser(__doc__)
    add_binary(arguments)
    arguments.add_argument("store", help="a store with records")
    arguments.add_argument("--records", type=int, default=60, help="how many records")
    run_judge("linked data", judge, arguments.parse_args())
