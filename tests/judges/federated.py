#!/usr/bin/env python3
"""Asks one question of real catalogues at once, and compares the answer with the union computed by hand.

The sources are pycsw, pygeoapi, two endpoints over pyoxigraph, another Perennial by its own protocol and a third by STAC, a port
that nobody listens at and a server of pages for people. Things are held by several of them: some under one DOI and different
ids, some under the same id, and some that share nothing but their title and stay apart. OWSLib and pystac-client, not adapted,
page through the federated endpoints. The seed fixes who holds what.
"""

import importlib.metadata
import json
import os
import random
import shutil
import tempfile
import urllib.parse
from pathlib import Path

import pystac_client
from owslib.ogcapi.records import Records

import peers
from harness import CannotRun, Client, Service, add_binary, parser, run_judge
from things import HOLDERS, dublin_core, expected, features, group_of, iso, native, turtle

THINGS = 60
PRODUCTS = 40
KINDS = {"sister": "perennial", "items": "stac", "csw": "csw", "iso": "csw", "records": "records", "sparql": "sparql", "own": "sparql"}
GARBAGE = ["perennial", "stac", "records", "csw", "sparql"]
OWN_QUERY = "CONSTRUCT { ?set ?term ?value } WHERE { ?set a <http://www.w3.org/ns/dcat#Dataset> ; ?term ?value }"


PROGRAMS = [("csw", peers.pycsw, dublin_core), ("iso", peers.pycsw, iso, "apiso"), ("records", peers.pygeoapi, features)]


def fill(service, lines):
    receipts = Client(service.base).ingest([json.dumps(line).encode() for line in lines])
    wrong = [receipt for receipt in receipts if receipt["status"] != "created"]
    if wrong:
        raise RuntimeError(f"ingest answered {wrong[:2]}")


def place(part):
    return part["source"], part["id"]


def found(pages):
    """The same of an answer."""
    hits = [hit for page in pages for hit in page["hits"]]
    return sorted((place(hit), tuple(sorted(place(part) for part in [hit, *hit["also_at"]]))) for hit in hits)


def outcomes(page):
    return {source["source"]: source["outcome"] for source in page["sources"]}


class World:
    """The archive that asks, its sources, and what each holds."""

    def __init__(self, arguments, folder, report):
        self.folder, self.report, self.python = folder, report, Path(arguments.peers)
        chance = random.Random(arguments.seed)
        self.holds = {holder: sorted(chance.sample(range(THINGS), 24 if holder == "local" else 14)) for holder in HOLDERS}
        self.products = {"local": range(0, PRODUCTS, 2), "sister": range(0, PRODUCTS, 3), "items": range(0, PRODUCTS, 5),
                         "csw": [*range(0, PRODUCTS, 8), PRODUCTS + 1]}
        self.binary, self.ends, self.urls, self.skipped = arguments.binary, [], {}, {}

    def perennial(self, holder, *options):
        service = Service(self.binary, self.folder / holder, "--no-graph", *options)
        self.ends.append(service.stop)
        service.start()
        fill(service, native(holder, self.holds[holder], self.products[holder]))
        return service

    def start(self):
        begun = {}
        for holder, begin, records, *more in PROGRAMS:
            package = begin.__name__
            try:
                self.report.tools[package] = peers.version(self.python, package)
                written = list(records(holder, self.holds[holder], self.products.get(holder, [])))
                begun[holder] = begin(self.python, self.folder / holder, written, *more)
                self.ends.append(begun[holder][0].stop)
            except CannotRun as reason:
                self.skip(holder, f"{package}: {reason}")
        for holder in ("sparql", "own"):
            server, self.urls[holder] = peers.endpoint(turtle(holder, self.holds[holder]))
            self.ends.append(server.shutdown)
        self.urls["sister"] = self.perennial("sister").base
        self.urls["items"] = f"{self.perennial('items').base}/stac"
        here = self.perennial("local", "--private-sources")
        for holder, (program, url) in begun.items():
            try:
                program.wait()
                self.urls[holder] = url
            except CannotRun as reason:
                self.skip(holder, str(reason))
        for holder, url in self.urls.items():
            more = {"query": OWN_QUERY} if holder == "own" else {}
            add_source(here, holder, KINDS[holder], url, trust=90 - HOLDERS.index(holder), **more)
        return here

    def product_places(self):
        """Where each product is."""
        places = {}
        for holder, numbers in self.products.items():
            for number in numbers if holder in self.holds else []:
                places.setdefault(f"p{number}", set()).add(holder)
        return places

    def for_products(self):
        """What becomes of each source that is asked for products: endpoints describe data sets."""
        return {holder: "unsupported" if KINDS.get(holder) == "sparql" else "ok" for holder in self.holds}

    def skip(self, holder, reason):
        """A peer that does not run here is left out, and said so."""
        print(f"!!!! skipped source {holder}: {reason}", flush=True)
        self.skipped[holder] = reason
        del self.holds[holder]

    def stop(self):
        for end in reversed(self.ends):
            end()


def add_source(here, name, protocol, url, **more):
    record = {"kind": "source", "id": name, "title": name, "protocol": protocol, "url": url, **more}
    answer = Client(here.base).request("PUT", f"/api/v1/records/source/{name}", json.dumps(record), {"content-type": "application/json"})
    if answer.status != 201:
        raise RuntimeError(f"source {name}: {answer.status} {answer.body[:300]!r}")


def unions(here, world, report):
    """Every way to ask for all gives the same set, each once; ordered, or on one page, the same stand together."""
    wanted = expected(world.holds)
    client = Client(here.base)
    for asked in ({"limit": 500}, {"sort": "title", "limit": 7}, {"sort": "-title", "limit": 11}, {"limit": 9}, {"q": "sea", "limit": 8}):
        pages = list(client.pages("/federation/search", kind="collection", **asked))
        got, told = found(pages), wanted
        if "q" in asked:
            told = [entry for entry in wanted if entry[0][1] != "scenes"]
        if asked not in ({"limit": 9}, {"q": "sea", "limit": 8}):
            report.check(got == told, f"{asked}: missing {[each for each in told if each not in got][:3]}, not expected {[each for each in got if each not in told][:3]}")
        # A later page leaves out what an earlier one gave of another source, so which copy comes depends on the pages.
        keys = lambda groups: sorted(group_of(entry) for entry in groups)
        report.check(keys(got) == keys(told), f"{asked}: {len(got)} hits of {len(told)} things")
        for page in pages:
            bad = {name: source for name, source in outcomes(page).items() if source != "ok"}
            report.check(not bad and page["complete"] is True, f"{asked}: {[each for each in page['sources'] if each['source'] in bad]}")
            report.check(set(outcomes(page)) == set(world.holds), f"{asked}: the outcomes are of {sorted(outcomes(page))}")
        if asked.get("sort"):
            titles = [hit["record"]["title"] for page in pages for hit in page["hits"]]
            report.check(titles == sorted(titles, reverse=asked["sort"][0] == "-"), f"{asked}: not in order: {titles}")
        if asked["limit"] == 500:
            report.check(pages[0]["matched"] == len(wanted), f"matched is {pages[0]['matched']}, there are {len(wanted)}")
            report.figure("hits", len(got))
            report.figure("merged", sum(len(places) > 1 for _, places in got))
            report.figure("sources", len(world.holds))
    return wanted


def products(here, world, report):
    """In the order of time, over all pages, what has no time last; a source that has no products says so."""
    pages = list(Client(here.base).pages("/federation/search", kind="product", sort="-time", limit=7))
    hits = [hit for page in pages for hit in page["hits"]]
    got = {hit["id"]: {hit["source"]} | {part["source"] for part in hit["also_at"]} for hit in hits}
    told = world.product_places()
    report.check(got == told and len(hits) == len(told), f"products: {[name for name in {**told, **got} if told.get(name) != got.get(name)][:5]}")
    numbers = [int(hit["id"][1:]) for hit in hits]
    timed = sorted((number for number in numbers if number < PRODUCTS), reverse=True)
    report.check(numbers == timed + [number for number in numbers if number >= PRODUCTS], f"products are not in order: {numbers}")
    for page in pages:
        report.check(outcomes(page) == world.for_products(), f"products: the outcomes are {outcomes(page)}")
        report.check(page["matched"] is None and page["complete"] is False, "products: a source was not asked, and the answer is complete")


def failures(here, world, report, wanted):
    """With sources that fail: what is there is given whole, each failure has its name, and the total is not known."""
    server, url = peers.garbage()
    add_source(here, "dead", "stac", f"http://127.0.0.1:{peers.free_port()}")
    for protocol in GARBAGE:
        add_source(here, f"garbage-{protocol}", protocol, url)
    told = {holder: "ok" for holder in world.holds} | {"dead": "unreachable"} | {f"garbage-{protocol}": "parse_error" for protocol in GARBAGE}
    client = Client(here.base)
    page = client.get("/federation/search", kind="collection", limit=500).json()
    report.check(outcomes(page) == told, f"the outcomes are {sorted(set(outcomes(page).items()) ^ set(told.items()))}")
    report.check(page["matched"] is None and page["complete"] is False, f"matched {page['matched']}, complete {page['complete']}")
    report.check(found([page]) == wanted, "sources that fail change what the others give")
    for source in page["sources"]:
        failed = source["outcome"] != "ok"
        report.check(not failed or source["matched"] is None, f"a failure has a count: {source}")
        report.check(not failed or source.get("detail"), f"a failure does not say why: {source}")
    rels = [link["rel"] for link in page["links"]]
    report.check("next" not in rels and "retry" in rels, f"links after the last page: {rels}")
    pages = list(client.pages("/federation/search", kind="collection", sort="title", limit=20))
    report.check(found(pages) == wanted, f"by pages, beside sources that fail: {len(found(pages))} of {len(wanted)}")
    for page in pages:
        report.check(set(outcomes(page)) == set(told), f"the outcomes are of {sorted(outcomes(page))}")
        report.check(outcomes(page)["dead"] in ("unreachable", "breaker_open"), f"dead is {outcomes(page)['dead']}")
        report.check(page["complete"] is False, "a page with failures calls itself complete")
    server.shutdown()


def owslib(here, world, report, wanted):
    """OWSLib's client of OGC API Records, by parameters as it passes them."""
    report.tools["OWSLib"] = importlib.metadata.version("OWSLib")
    service = Records(f"{here.base}/records")
    more, got = {}, []
    for _ in range(100):
        page = service.collection_items("catalogue", federated="true", limit=25, **more)
        got += [feature["properties"]["federation:origin"] for feature in page["features"]]
        report.check({source["source"] for source in page["federation"]["sources"]} == set(world.holds), "a source is not in the outcomes")
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        more = {"token": dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(following[0]).query))["token"]}
    names = sorted(group_of((place(origin),)) for origin in got)
    told = sorted(group_of(entry) for entry in wanted)
    report.check(names == told, f"OWSLib: {len(names)} records of {len(told)}: {sorted(set(told) ^ set(names))[:5]}")
    report.figure("by OWSLib", len(got))


def pystac(here, world, report):
    """pystac-client searches Items of all, by GET and by POST."""
    report.tools["pystac-client"] = importlib.metadata.version("pystac-client")
    told = sorted(world.product_places())

    def federated(request):
        if request.method == "POST" and request.json is not None:
            request.json["federated"] = True
        elif request.url.endswith("/search"):
            # Links to further pages have it already.
            request.params = {**(request.params or {}), "federated": "true"}
        return request

    client = pystac_client.Client.open(f"{here.base}/stac", request_modifier=federated)
    for method in ("GET", "POST"):
        for sortby in (None, "+id"):
            pages = list(client.search(method=method, limit=6, sortby=sortby).pages_as_dicts())
            items = [item for page in pages for item in page["features"]]
            got = [item["id"] for item in items]
            report.check(sorted(got) == told, f"pystac-client, {method} {sortby}: {len(got)} Items of {len(told)}: {sorted(set(got) ^ set(told))[:5]}")
            report.check(sortby is None or got == sorted(got), f"pystac-client, {method}: not in order: {got}")
            report.check(len(pages) > 3, f"pystac-client, {method}: {len(pages)} pages")
            for item in items:
                place(item["properties"]["federation:origin"])
            for page in pages:
                report.check(outcomes(page["federation"]) == world.for_products(), f"pystac-client: the outcomes are {outcomes(page['federation'])}")
        parsed = list(client.search(method=method, limit=50).items())
        report.check(sorted(item.id for item in parsed) == told, f"pystac-client, {method}: {len(parsed)} Items as objects")
    report.figure("by pystac-client", len(told))


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-federated-"))
    report.tools["pyoxigraph"] = importlib.metadata.version("pyoxigraph")
    world = World(arguments, folder, report)
    try:
        here = world.start()
        wanted = unions(here, world, report)
        products(here, world, report)
        owslib(here, world, report, wanted)
        try:
            pystac(here, world, report)
        except pystac_client.exceptions.APIError as error:
            report.check(False, f"pystac-client: {error}")
        failures(here, world, report, wanted)
        if world.skipped:
            report.figure("skipped", "; ".join(world.skipped.values()))
    finally:
        world.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    venv = os.environ.get("PERENNIAL_VENV", "venv")
    parsed.add_argument("--peers", default=f"{venv}-peers/bin/python", help="Python of the environment with pycsw and pygeoapi")
    parsed.add_argument("--seed", type=int, default=1, help="fixes who holds what")
    run_judge("federated search", judge, parsed.parse_args())
