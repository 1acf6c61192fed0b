#!/usr/bin/env python3
"""Asks the service for filters and compares with what the Python package `cql2` says of every item: by its own interface in
both languages, and by pystac-client (`Client.search(filter=…)`, all pages) in one of them.

The package evaluates one item at a time. Where it cannot say (a property is missing) it raises: that is *unknown*, and
an item of which a filter is unknown does not match. Left out, because the package differs from the standard or says
nothing: several values of one property (it compares the list as a whole), comparisons of different types (it turns
texts into numbers), full case folding (it lowers letters: `Straße` is not `STRASSE`), NOT of unknown (it raises
before it negates, which comes to the same), boxes across ±180° (it takes west for east).
"""

import json
import random
import shutil
import tempfile
from pathlib import Path

import cql2
import pystac_client

from harness import Client, Service, add_binary, parser, run_judge

TEXTS = ["", "a", "ab", "abc", "ABC", "x%y", "x_y", "Äpfel", "apfel", "äpfel", "LC08_L1", "LC08_L2", "LT05_L1"]
INSTANTS = [f"20{year:02}-{month:02}-15T12:00:00Z" for year in (9, 10, 11) for month in (1, 6, 12)]
TAGS = ["red", "green", "blue", "nir"]


def item(chance, number):
    """A product as the service takes it, and as the package reads it."""
    properties = {"number": number}
    if chance.random() < 0.8:
        properties["n"] = chance.randrange(12)
    if chance.random() < 0.8:
        properties["f"] = chance.randrange(-8, 32) / 4
    if chance.random() < 0.8:
        properties["s"] = chance.choice(TEXTS)
    if chance.random() < 0.8:
        properties["when"] = chance.choice(INSTANTS)
        properties["later"] = chance.choice(INSTANTS)
    if chance.random() < 0.7:
        properties["flag"] = chance.random() < 0.5
    if chance.random() < 0.7:
        properties["tags"] = chance.sample(TAGS, chance.randint(1, 3))
    west, south = chance.randrange(-170, 160), chance.randrange(-80, 70)
    if chance.random() < 0.5:
        geometry = {"type": "Point", "coordinates": [west, south]}
    else:
        ring = [[west, south], [west + 9, south], [west + 9, south + 9], [west, south + 9], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
    name = f"item-{number}"
    record = {"kind": "product", "collection": "oracle", "id": name, "title": name, "properties": properties,
              "space": [{"body": "earth", "geometry": geometry}]}
    return record, {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}


def filters(chance, count):
    text = lambda: "'" + chance.choice(TEXTS) + "'"
    number = lambda: str(chance.randrange(-4, 24) / 2)
    instant = lambda: f"TIMESTAMP('{chance.choice(INSTANTS)}')"
    sign = lambda: chance.choice(["=", "<>", "<", "<=", ">", ">="])

    def area():
        west, south = chance.randrange(-179, 90) + 0.5, chance.randrange(-89, 40) + 0.5
        east, north = west + chance.choice([3, 30, 80]), south + chance.choice([3, 20, 45])
        if chance.random() < 0.5:
            return f"BBOX({west},{south},{east},{north})"
        return f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {south}))"

    def interval():
        first, last = sorted(chance.sample(INSTANTS, 2))
        return chance.choice([f"INTERVAL('{first}','{last}')", f"INTERVAL('{first}','..')", f"INTERVAL('..','{last}')"])

    predicates = [
        lambda: f"{chance.choice('nf')} {sign()} {number()}",
        lambda: f"{number()} {sign()} {chance.choice('nf')}",
        lambda: f"n BETWEEN {number()} AND {number()}",
        lambda: f"n IN ({number()}, {number()}, 3)",
        lambda: f"s {sign()} {text()}",
        lambda: f"s IN ({text()}, {text()})",
        lambda: "s LIKE " + chance.choice(["'a%'", "'LC08%'", "'%b%'", "'_b_'", "'%'", "'L%1'"]),
        lambda: f"CASEI(s) = CASEI({text()})",
        lambda: f"ACCENTI(s) = ACCENTI({text()})",
        lambda: f"CASEI(ACCENTI(s)) = CASEI(ACCENTI({text()}))",
        lambda: f"CASEI(s) LIKE CASEI('{chance.choice(['A%', 'lc08%', '%B%'])}')",
        lambda: f"when {sign()} {instant()}",
        lambda: f"{chance.choice(['T_AFTER', 'T_BEFORE', 'T_DURING', 'T_INTERSECTS', 'T_DISJOINT', 'T_EQUALS'])}(when, {interval()})",
        lambda: f"{chance.choice(['T_AFTER', 'T_BEFORE', 'T_EQUALS'])}(when, {instant()})",
        lambda: f"A_{chance.choice(['CONTAINS', 'CONTAINEDBY', 'EQUALS', 'OVERLAPS'])}(tags, ('red','{chance.choice(TAGS[1:])}'))",
        lambda: f"S_{chance.choice(['INTERSECTS', 'DISJOINT', 'WITHIN'])}(geometry, {area()})",
        lambda: f"n {sign()} f {chance.choice('+-*')} 2",
        lambda: f"{chance.choice('nf')} IS NULL",
        lambda: "s IS NOT NULL",
        lambda: "flag = TRUE",
    ]

    def grown(depth):
        kind = chance.randrange(6)
        if depth and kind < 2:
            return chance.choice([" AND ", " OR "]).join(f"({grown(depth - 1)})" for _ in range(2))
        if depth and kind == 2:
            return f"NOT ({grown(depth - 1)})"
        return chance.choice(predicates)()

    return [predicate() for predicate in predicates] + [grown(2) for _ in range(count - len(predicates))]


def is_true(expression, known):
    try:
        return expression.matches(known)
    except Exception:  # noqa: BLE001  the package has no class of its own for unknown
        return False


def by_pystac(client, expression, text, number):
    """Ids of all pages, and what numberMatched says: texts by GET, JSON by POST, in turns."""
    asked = dict(filter=text, filter_lang="cql2-text", method="GET")
    if number % 2:
        asked = dict(filter=as_object(expression), filter_lang="cql2-json", method="POST")
    search = client.search(limit=1_500, fields={"include": ["id"], "exclude": []}, **asked)
    return [item["id"] for item in search.items_as_dicts()], search.matched()


def as_object(expression):
    form = expression.to_json()
    return json.loads(form) if isinstance(form, str) else form


def judge(arguments, report):
    report.tools["cql2"] = cql2.__version__
    report.tools["pystac-client"] = pystac_client.__version__
    chance = random.Random(arguments.seed)
    pairs = [item(chance, number) for number in range(arguments.items)]
    work = Path(tempfile.mkdtemp(prefix="perennial-cql2-"))
    try:
        with Service(arguments.binary, work / "store") as service:
            client = Client(service.base)
            lines = [{"kind": "collection", "id": "oracle", "title": "Items of the oracle", "description": "Made by a test.", "licence": "CC0-1.0"}, *(record for record, _ in pairs)]
            receipts = client.ingest([json.dumps(line).encode() for line in lines])
            report.check(len(receipts) == len(lines), f"{len(receipts)} receipts for {len(lines)} records")
            stac = pystac_client.Client.open(f"{service.base}/stac")
            telling = 0
            for number, text in enumerate(filters(chance, arguments.filters)):
                expression = cql2.parse_text(text)
                expected = {known["id"] for _, known in pairs if is_true(expression, known)}
                for form in ({"filter": text}, {"filter": json.dumps(as_object(expression)), "filter-lang": "cql2-json"}):
                    found, matched = set(), None
                    for page in client.pages("/api/v1/search", limit=10_000, **form):
                        found |= {record["id"] for record in page["records"]}
                        matched = page["matched"]
                    same = report.check(found == expected, f"{form}: {len(found)} found, {len(expected)} expected, for example {sorted(found ^ expected)[:3]}")
                    report.check(matched == len(found), f"{form}: matched says {matched}, {len(found)} came")
                    if not same:
                        break
                ids, matched = by_pystac(stac, expression, text, number)
                report.check(len(ids) == len(set(ids)), f"{text}: by pystac-client an item came twice")
                report.check(set(ids) == expected, f"{text}: by pystac-client {len(ids)} found, {len(expected)} expected, for example {sorted(set(ids) ^ expected)[:3]}")
                report.check(matched == len(ids), f"{text}: numberMatched says {matched}, {len(ids)} came")
                telling += 0 < len(expected) < len(pairs)
            report.figure("items", len(pairs))
            report.figure("filters", arguments.filters)
            report.figure("filters that tell items apart", telling)
            report.check(telling * 2 > arguments.filters, "most filters say nothing")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--items", type=int, default=20_000)
    parsed.add_argument("--filters", type=int, default=120)
    parsed.add_argument("--seed", type=int, default=4)
    run_judge("cql2 as oracle", judge, parsed.parse_args())
