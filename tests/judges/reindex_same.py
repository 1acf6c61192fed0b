#!/usr/bin/env python3
"""Asks a store many questions, restarts, deletes `index/`, reindexes, and asks again: every answer must be the same.

Compared are the export (bytes), records by id (bytes and ETag), searches with text, facets, sorts, boxes and times (records,
order, totals, facet counts), the second page by a token from *before* the restart, the STAC face, and collections.
"""

import itertools
import shutil
import tempfile
from pathlib import Path

from harness import Client, Service, add_binary, parser, perennial, product_path, run_judge

FACETS = "collection,mission,platform,instrument,target,level,data_type,body,access,keyword"


def questions(client):
    """Searches made of what the store holds, so that they find something."""
    first = client.get("/api/v1/search", facets=FACETS, limit=50).json()
    yield {}
    yield {"sort": "-time"}
    yield {"sort": "id", "count": "none"}
    yield {"datetime": "1990-01-01T00:00:00Z/2015-01-01T00:00:00Z", "sort": "time"}
    yield {"bbox": "170,-60,-170,60"}
    yield {"bbox": "-20,30,40,70", "datetime": "../2020-06-01T00:00:00Z"}
    for facet, values in sorted(first["facets"].items()):
        for value in values["buckets"][:3]:
            if facet != "body" and "," not in value["value"]:
                yield {facet: value["value"]}
    for record in first["records"][:10]:
        words = record.get("title", "").split()
        if words:
            yield {"q": words[0], "sort": "relevance"}
            yield {"q": f"{words[-1]}", "limit": "3"}


def answers(base, asked, tokens):
    """All that the service says, free of its own address."""
    client = Client(base)
    said = {}
    for number, question in enumerate(asked):
        page = client.get("/api/v1/search", **{"facets": FACETS, "limit": "5", **question})
        if page.status != 200:
            raise RuntimeError(f"{question} answered {page.status}: {page.body[:500]!r}")
        page = page.json()
        said[f"search {question}"] = [page.get("matched"), page["records"], page["facets"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if following:
            # The token of the very first run is asked again each time.
            token = tokens.setdefault(number, following[0][following[0].index("/api/v1/"):])
            second = client.get(token)
            said[f"page two of {question}"] = [second.status, second.json().get("records"), second.json().get("matched")]
    for record in itertools.islice(client.get("/api/v1/search", limit=50).json()["records"], 50):
        answer = client.get(product_path(record["collection"], record["id"]))
        said[f"record {record['collection']}/{record['id']}"] = [answer.body, answer.headers["etag"]]
    for path in ("/api/v1/collections", "/stac/collections", "/stac/search?limit=20", "/stac/search?bbox=-20,30,40,70&limit=9"):
        said[path] = client.get(path).body.replace(base.encode(), b"")
    return said


def exported(binary, store, folder):
    perennial(binary, store, "export", "--output", folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def compare(before, after, when, report):
    report.check(before.keys() == after.keys(), f"{when}: other questions can be asked: {sorted(before.keys() ^ after.keys())[:3]}")
    for name in before.keys() & after.keys():
        report.check(before[name] == after[name], f"{when}: {name} was {str(before[name])[:300]}, is {str(after[name])[:300]}")


def judge(arguments, report):
    with tempfile.TemporaryDirectory(prefix="perennial-reindex-") as name:
        folder = Path(name)
        store = folder / "store"
        shutil.copytree(arguments.store, store, ignore=shutil.ignore_patterns("lock"))
        tokens = {}
        with Service(arguments.binary, store) as service:
            asked = list(questions(Client(service.base)))
            before = answers(service.base, asked, tokens)
        export = exported(arguments.binary, store, folder / "before")
        with Service(arguments.binary, store) as service:
            compare(before, answers(service.base, asked, tokens), "after a restart", report)
        shutil.rmtree(store / "index")
        perennial(arguments.binary, store, "reindex")
        with Service(arguments.binary, store) as service:
            compare(before, answers(service.base, asked, tokens), "after rm -r index and reindex", report)
        compare(export, exported(arguments.binary, store, folder / "after"), "export after reindex", report)
        report.figure("questions", len(before))
        report.figure("old page tokens asked again", len(tokens))
        report.check(len(tokens) > 0, "no search had a second page")


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="a store with some records; it is copied, no process may be writing it")
    run_judge("reindex", judge, parsed.parse_args())
