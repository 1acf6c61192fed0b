#!/usr/bin/env python3
"""Asks the corpus questions D1 (box, time, range) and D2 (range, sort) through the REST search.

The expected answers were computed from the raw files by the corpus's own script. The store must hold
`corpus/data/stac` (`perennial ingest`).
"""

import json
import os
from pathlib import Path

from harness import PROJECT, CannotRun, Client, parser, run_judge


def ids(client, limit, **parameters):
    """All ids over all pages in order; `matched` must be the same on each page."""
    found, totals = [], set()
    for page in client.pages("/api/v1/search", limit=limit, **parameters):
        found += [record["id"] for record in page["records"]]
        totals.add(page["matched"])
    return found, totals


def judge(arguments, report):
    file = Path(arguments.shared) / "corpus/queries/expected.json"
    if not file.exists():
        raise CannotRun(f"{file} is not there")
    expected = {question["id"]: question["answer"] for question in json.loads(file.read_text())}
    client = Client(arguments.url)

    aerial = dict(collection="naip", bbox="-88.0,30.5,-87.5,30.8", datetime="2019-01-01T00:00:00Z/2019-12-31T23:59:59.999999Z", property="gsd<=0.6")
    clear = dict(collection="sentinel-s2-l2a-cogs", property="eo:cloud_cover<5", sort="property:eo:cloud_cover,id")
    for limit in (100, 3):
        found, totals = ids(client, limit, **aerial)
        report.check(len(found) == len(set(found)) == expected["D1"]["count"], f"D1: {len(found)} found, expected {expected['D1']['count']}")
        report.check(sorted(found)[:5] == expected["D1"]["first5"], f"D1: first are {sorted(found)[:5]}")
        report.check(totals == {expected["D1"]["count"]}, f"D1: matched says {totals}")
        found, totals = ids(client, limit, **clear)
        report.check(found == expected["D2"]["ids"], f"D2: {found}, expected {expected['D2']['ids']}")
        report.check(totals == {expected["D2"]["count"]}, f"D2: matched says {totals}")
    everything, _ = ids(client, 50, collection="sentinel-s2-l2a-cogs")
    report.check(len(everything) == expected["D2"]["total"], f"D2: {len(everything)} scenes in all, expected {expected['D2']['total']}")
    report.figure("D1", f"{expected['D1']['count']} scenes")
    report.figure("D2", f"{expected['D2']['count']} of {expected['D2']['total']} scenes, in order")


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="base of the service, such as http://127.0.0.1:8080")
    parsed.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", str(PROJECT.parent / "shared")), help="folder that holds corpus/")
    run_judge("questions D1 and D2", judge, parsed.parse_args())
