#!/usr/bin/env python3
"""Asks `/sparql` good questions while many clients send it queries that have brought down stores.

Each bad query must end within the limit of a query plus a second, the service must live and must not grow, and the good
questions must be answered, within twice their usual 95th percentile. Once each bad client has an address of its own, and
once all have the address of the good one; there the good one asks what it has asked before (docs/sparql.md says why).
"""

import http.client
import json
import shutil
import statistics
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from harness import Client, Service, add_binary, in_threads, parser, run_judge

RECORDS = 3_000
# Limits of docs/sparql.md: 5 s of waiting for a place, 20 s of running, and a second.
LIMIT_SECONDS = 5 + 20 + 1
GROWTH_MIB = 64
GOOD_ADDRESS = "127.0.0.1"
# Two clocks and a scheduler are between us and the service: below this a factor of two says nothing.
FLOOR_MS = 5


def values(variable):
    return f"VALUES ?{variable} {{ {' '.join(str(number) for number in range(300))} }} "


def bad_queries():
    doubled = "".join(f"BIND(CONCAT(?x{n - 1}, ?x{n - 1}) AS ?x{n}) " for n in range(1, 40))
    cross = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
    return [
        "ASK " + "{" * 540 + "}" * 540,
        "ASK { FILTER(" + "(" * 5_000 + "1" + ")" * 5_000 + ") }",
        "ASK { FILTER(0 < " + "1+" * 40_000 + "1) }",
        f"SELECT * {{ {values('a')} {values('b')} {values('c')} FILTER(?a + ?b + ?c < 0) }}",
        f"SELECT (STRLEN(?x39) AS ?l) {{ BIND('0123456789abcdef' AS ?x0) {doubled} }}",
        f"SELECT * {{ {cross} }} ORDER BY ?a ?d ?g",
        f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {cross} }}",
        "SELECT (COUNT(*) AS ?n) { ?a (<urn:p>|!<urn:q>)* ?b . ?c (!<urn:q>|^<urn:p>)* ?d }",
        f"ASK {{ {cross} FILTER(REGEX(CONCAT(STR(?a), STR(?d), STR(?g)), '^(a+)+$')) }}",
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://169.254.169.254/> { ?s ?p ?o } }",
        "SELECT * { SERVICE <http://[::ffff:127.0.0.1]/> { ?s ?p ?o } }",
    ]


def ask(client, query):
    return client.request("POST", "/sparql", query.encode(), {"Content-Type": "application/sparql-query", "Accept": "text/csv"})


def good_times(base, seconds, report, varied, stop=None):
    """Times of good questions, milliseconds, for so long or until told to stop; each time another one if `varied`."""
    client, times, ends = Client(base, source=GOOD_ADDRESS), [], time.monotonic() + seconds
    while time.monotonic() < ends and not (stop and stop.is_set()):
        name = f"p{len(times) % RECORDS if varied else 42:05}"
        began = time.perf_counter()
        answer = ask(client, f"SELECT ?i {{ ?s <http://purl.org/dc/terms/identifier> ?i FILTER(?i = '{name}') VALUES ?i {{ '{name}' }} }}")
        times.append((time.perf_counter() - began) * 1000)
        report.check(answer.status == 200 and name.encode() in answer.body, f"a good question was answered {answer.status}: {answer.body[:200]!r}")
        time.sleep(0.02)
    return times


def share(times, percent):
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)]


def fill(base):
    client = Client(base)
    lines = [{"kind": "collection", "id": "c", "title": "Hostile"}]
    lines += [{"kind": "product", "collection": "c", "id": f"p{number:05}", "title": f"Product {number}"} for number in range(RECORDS)]
    client.ingest([json.dumps(line).encode() for line in lines])
    answer = client.get("/sparql?" + urllib.parse.urlencode({"query": "ASK {}", "wait": "graph"}))
    if answer.status != 200:
        raise RuntimeError(f"/sparql answered {answer.status}: {answer.body[:300]!r}")


def attack(service, report, name, address, arguments):
    """All bad clients at once, good questions beside them; `address` gives each client its own."""
    varied = address(0) != GOOD_ADDRESS
    usual = good_times(service.base, 5, report, varied)
    before = service.resident_mib()
    queries, stop, times, longest = bad_queries(), threading.Event(), [], [0.0]
    watcher = threading.Thread(target=lambda: times.extend(good_times(service.base, 900, report, varied, stop)))
    watcher.start()

    def client(number):
        for turn in range(arguments.turns):
            query = queries[(number + turn) % len(queries)]
            began = time.monotonic()
            answer = ask(Client(service.base, timeout=LIMIT_SECONDS + 30, source=address(number)), query)
            taken = time.monotonic() - began
            longest[0] = max(longest[0], taken)
            report.check(taken < LIMIT_SECONDS, f"{name}: {taken:.1f} s for {query[:80]}")
            report.check(answer.status in (200, 400, 403, 503), f"{name}: {answer.status} for {query[:80]}")

    in_threads(arguments.clients, client)
    stop.set()
    watcher.join()
    grown, most = service.resident_mib() - before, max(2 * share(usual, 95), FLOOR_MS)
    report.check(service.process.poll() is None, f"{name}: the service died")
    report.check(grown <= GROWTH_MIB, f"{name}: the service grew by {grown} MiB")
    # In small numbers on whatever machine this is a figure; `make judges` holds the service to it.
    report.check(share(times, 95) <= most or not arguments.strict, f"{name}: good questions took {share(times, 95):.1f} ms (p95), at most {most:.1f} ms were expected")
    report.figure(f"{name}: longest bad answer s", round(longest[0], 1))
    report.figure(f"{name}: good p95 before ms", round(share(usual, 95), 1))
    report.figure(f"{name}: good p50 and p95 beside ms", f"{statistics.median(times):.1f} and {share(times, 95):.1f}")
    report.figure(f"{name}: longest good ms", round(max(times)))
    report.figure(f"{name}: good questions", len(times))
    report.figure(f"{name}: service grew MiB", grown)


def probes(service, report):
    """One at a time: a gigabyte of results, documents that nest, records with addresses that are none."""
    before, client = service.resident_mib(), Client(service.base, timeout=LIMIT_SECONDS + 30)
    began = time.monotonic()
    try:
        answer = ask(client, "SELECT * { ?a ?b ?c . ?d ?e ?f }")
        report.check(answer.status >= 400, f"a gigabyte of results was answered {answer.status} with {len(answer.body)} bytes as if whole")
    except http.client.IncompleteRead as broken:
        report.check(len(broken.partial) <= 300 << 20, f"{len(broken.partial)} bytes came before the answer broke off")
        report.figure("bytes before a long answer broke off", len(broken.partial))
    report.check(time.monotonic() - began < LIMIT_SECONDS, f"{time.monotonic() - began:.1f} s for a gigabyte of results")
    client = Client(service.base)
    deep = '{"urn:p":' * 816 + "1" + "}" * 816
    for document, kind in ((deep, "application/ld+json"), ("[" * 100_000, "application/ld+json"), ("<urn:a> <urn:b> " + "[ <urn:c> " * 5_000, "text/turtle")):
        answer = client.request("PUT", "/graphs/context/deep", document.encode(), {"Content-Type": kind})
        report.check(answer.status == 400, f"a document that nests was answered {answer.status}")
    names = ["http://[::1", "http://a b/", "urn:", "<x>", "http://a/%", "javascript:alert(1)", "\u0000", "10.1/<>", "ltdp:x", "http://" + "a" * 5_000]
    lines = [{"kind": "product", "collection": "c", "id": f"strange-{number}", "doi": name, "links": [{"rel": "derived_from", "href": name}],
              "missions": [{"label": name, "iri": name}], "identifiers": [{"scheme": "x", "value": name}]} for number, name in enumerate(names)]
    receipts = client.ingest([json.dumps(line).encode() for line in lines])
    taken = [receipt for receipt in receipts if receipt["status"] == "created"]
    report.check(len(taken) > 0, f"no strange record was taken: {receipts[:1]}")
    for receipt in taken:
        for form in ("text/turtle", "application/rdf+xml", "application/ld+json"):
            answer = client.request("GET", f"/graphs/product/c/{receipt['id']}?wait=graph", headers={"Accept": form})
            report.check(answer.status == 200, f"the graph of {receipt['id']} as {form} was answered {answer.status}")
    grown = service.resident_mib() - before
    report.check(service.process.poll() is None and grown <= GROWTH_MIB, f"probes: the service died or grew by {grown} MiB")


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-sparql-hostile-"))
    report.figure("clients", arguments.clients)
    own = lambda number: f"127.0.1.{number % 250 + 1}"
    try:
        for name, address in (("own addresses", own), ("same address", lambda _: GOOD_ADDRESS)):
            # A service of its own for each: what it has learnt in one must not help in the other.
            with Service(arguments.binary, folder / name.partition(" ")[0]) as service:
                fill(service.base)
                if address(0) != GOOD_ADDRESS:
                    probes(service, report)
                attack(service, report, name, address, arguments)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--clients", type=int, default=200, help="clients at once")
    parsed.add_argument("--strict", action="store_true", help="good questions must stay within twice their usual time")
    parsed.add_argument("--turns", type=int, default=2, help="bad queries of each")
    run_judge("SPARQL, hostile", judge, parsed.parse_args())
