#!/usr/bin/env python3
"""eodag searches collections through `/stac` as it searches any provider: every item once, page by page, counted."""

import importlib.metadata
import logging
import os
import tempfile

from harness import Client, CannotRun, parser, run_judge

PROVIDER = "perennial"


def gateway(url, folder):
    """eodag with this provider alone, and nothing fetched from elsewhere."""
    os.environ["HOME"] = folder
    os.environ["EODAG_CFG_DIR"] = folder
    os.environ["EODAG_EXT_COLLECTIONS_CFG_URI"] = ""
    logging.disable(logging.ERROR)
    from eodag import EODataAccessGateway

    dag = EODataAccessGateway()
    dag.add_provider(PROVIDER, f"{url}/search", priority=100)
    return dag


def judge(arguments, report):
    report.tools["eodag"] = importlib.metadata.version("eodag")
    client = Client(arguments.url)
    collections = [each["id"] for each in client.get("/collections").json()["collections"]]
    counted = {name: client.get("/search", collections=name, limit=1).json()["numberMatched"] for name in collections if "," not in name}
    chosen = sorted((name for name in counted if counted[name] > 0), key=lambda name: -counted[name])[: arguments.collections]
    if not chosen:
        raise CannotRun("the store has no items")
    with tempfile.TemporaryDirectory(prefix="perennial-eodag-") as folder:
        dag = gateway(arguments.url, folder)
        found = 0
        for name in chosen:
            expected = counted[name]
            first = dag.search(provider=PROVIDER, collection=name, limit=arguments.limit, count=True, raise_errors=True)
            report.check(first.number_matched == expected, f"{name}: eodag counts {first.number_matched}, expected {expected}")
            everything = dag.search_all(provider=PROVIDER, collection=name, limit=arguments.limit)
            ids = [product.properties["id"] for product in everything]
            report.check(len(ids) == len(set(ids)) == expected, f"{name}: {len(ids)} products, {len(set(ids))} of them different, expected {expected}")
            found += len(ids)
        report.figure("collections", len(chosen))
        report.figure("products", found)


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="landing page of the STAC API, such as http://127.0.0.1:8080/stac")
    parsed.add_argument("--collections", type=int, default=5, help="collections to search, the largest first")
    parsed.add_argument("--limit", type=int, default=20, help="page size")
    run_judge("eodag", judge, parsed.parse_args())
