#!/usr/bin/env python3
"""Walks through a STAC API with pystac-client as a user would, and counts.

Opens the API, lists the collections, pages through a search of everything with a small page size, then through each
collection: every item exactly once. Items are validated against the STAC core schemas that pystac carries (no network).
"""

import copy

import pystac
import pystac.validation
import pystac_client

from harness import parser, run_judge


def walk(search, report, what):
    """Ids of all items of a search; each must come once."""
    seen = set()
    for item in search.items():
        key = (item.collection_id, item.id)
        report.check(key not in seen, f"{what}: {key} came twice")
        seen.add(key)
    return seen


def judge(arguments, report):
    report.tools["pystac-client"] = pystac_client.__version__
    report.tools["pystac"] = pystac.__version__
    client = pystac_client.Client.open(arguments.url)
    for name in ("CORE", "ITEM_SEARCH", "FEATURES", "COLLECTIONS"):
        report.check(client.conforms_to(name), f"pystac-client does not see the conformance class {name}")

    collections = [collection.id for collection in client.get_collections()]
    report.check(len(collections) == len(set(collections)), "a collection is listed twice")
    report.check(len(collections) > 0, "no collection is listed")
    if arguments.collections is not None:
        report.check(len(collections) == arguments.collections, f"{len(collections)} collections, expected {arguments.collections}")

    search = client.search(limit=arguments.limit)
    matched = search.matched()
    everything = walk(search, report, "search of everything")
    report.check(matched == len(everything), f"numberMatched is {matched}, {len(everything)} items came")
    if arguments.items is not None:
        report.check(len(everything) == arguments.items, f"{len(everything)} items, expected {arguments.items}")

    by_collection = set()
    for collection in collections[: arguments.walks]:
        found = walk(client.search(collections=[collection], limit=arguments.limit), report, f"search in {collection}")
        expected = {key for key in everything if key[0] == collection}
        report.check(found == expected, f"{collection}: {len(found)} items by collection, {len(expected)} in all")
        by_collection |= found
    check_items(client, sorted(everything)[:: max(1, len(everything) // arguments.validate)], report)
    report.figure("collections", len(collections))
    report.figure("items", len(everything))
    report.figure("page size", arguments.limit)
    report.figure("items in walks by collection", len(by_collection))


def check_items(client, keys, report):
    """A sample: by id, and valid."""
    # The client puts ids into addresses as they are: those that need percent-encoding it cannot ask for.
    keys = [key for key in keys if not set("".join(key)) & set("/?#%")]
    for collection, identifier in keys:
        item = client.get_collection(collection).get_item(identifier)
        if not report.check(item is not None and item.id == identifier, f"{collection}/{identifier} is not found by id"):
            continue
        core = copy.deepcopy(item.to_dict(include_self_link=True, transform_hrefs=False))
        # Extension schemas would come from the network; the core schema is in the package.
        core["stac_extensions"] = []
        try:
            pystac.validation.validate_dict(core, stac_object_type=pystac.STACObjectType.ITEM)
            report.check(True, "")
        except pystac.STACValidationError as error:
            report.check(False, f"{collection}/{identifier} is not valid: {error}")
    report.figure("items validated", len(keys))


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="landing page of the STAC API, such as http://127.0.0.1:8080/stac")
    parsed.add_argument("--limit", type=int, default=7, help="page size")
    parsed.add_argument("--collections", type=int, help="how many collections there are")
    parsed.add_argument("--items", type=int, help="how many items there are")
    parsed.add_argument("--walks", type=int, default=50, help="collections to page through one by one")
    parsed.add_argument("--validate", type=int, default=40, help="items to read by id and validate")
    run_judge("pystac-client", judge, parsed.parse_args())
