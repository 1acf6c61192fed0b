#!/usr/bin/env python3
"""stac-api-validator against `/stac`: every class that it offers, over a collection that this judge makes for it.

It fetches schemas and the addresses of links and assets by network. Here it gets the schemas that pystac carries; those of
extensions are fetched by nobody and counted as unchecked, and no address of another host is opened. Its exit code is 0
after a crash too, so the validator is called as a library and a crash is a failure.
"""

import json
import logging
import sys
import urllib.parse

from harness import Client, parser, run_judge

COLLECTION = "judge-stac-api"
TRANSACTIONS = "judge-stac-transactions"
CLASSES = [
    "core", "browseable", "children", "collections", "features", "item-search", "transaction", "filter", "features#filter",
    "item-search#filter", "item-search#fields", "item-search#sort", "item-search#query",
    # Offered by its command line, answered by it with "not yet supported".
    "features#fields", "features#sort", "features#query",
]
GEOMETRY = {"type": "Polygon", "coordinates": [[[0, 0], [30, 0], [30, 20], [0, 20], [0, 0]]]}
# What it gets wrong itself: text of the error, and the reason.
EXCUSED = {}


def item(number):
    west = number % 25
    ring = [[west, 5], [west + 1, 5], [west + 1, 6], [west, 6], [west, 5]]
    return {
        "type": "Feature", "stac_version": "1.1.0", "stac_extensions": [], "id": f"judge-{number:03d}", "collection": COLLECTION,
        "geometry": {"type": "Polygon", "coordinates": [ring]}, "bbox": [west, 5, west + 1, 6],
        "properties": {
            "datetime": f"2021-{number % 12 + 1:02d}-{number % 28 + 1:02d}T10:00:{number % 60:02d}Z",
            "eo:cloud_cover": number, "platform": ["alpha-one", "alpha-two", "beta-one"][number % 3],
            # Of "in" it knows properties that are lists alone: the letters of a string are its values to it.
            "instruments": [["radar"], ["lidar", "camera"], ["camera"]][number % 3],
        },
        "links": [], "assets": {"data": {"href": "https://example.org/data.tif", "type": "image/tiff", "roles": ["data"], "title": "Data"}},
    }


def collection(name):
    return {
        "type": "Collection", "stac_version": "1.1.0", "stac_extensions": [], "id": name, "title": name, "description": "Made by a judge",
        "license": "CC-BY-4.0", "keywords": ["judge"], "links": [],
        "extent": {"spatial": {"bbox": [[0, 5, 26, 6]]}, "temporal": {"interval": [["2021-01-01T00:00:00Z", "2021-12-31T00:00:00Z"]]}},
    }


def prepare(client, items):
    """The two collections and the items, unless an earlier run left them."""

    def send(target, document):
        answer = client.request("POST", target, json.dumps(document), {"Content-Type": "application/json"})
        if answer.status not in (201, 409):
            raise RuntimeError(f"POST {target} answered {answer.status}: {answer.body[:300]!r}")

    for name in (COLLECTION, TRANSACTIONS):
        send("/collections", collection(name))
    features = [item(number) for number in range(items)]
    if client.get(f"/collections/{COLLECTION}/items/{features[-1]['id']}").status != 200:
        send(f"/collections/{COLLECTION}/items", {"type": "FeatureCollection", "features": features})


def keep_home(base, unchecked):
    """Keeps the validator's libraries from the network; `unchecked` collects the schemas that nobody has."""
    from pystac.validation.local_validator import get_local_schema_cache
    from stac_validator import utilities, validate

    own = urllib.parse.urlsplit(base).netloc
    known = get_local_schema_cache()

    def schema(address):
        if address not in known:
            unchecked.add(address)
        return known.get(address, {})

    def address_of(version, kind):
        return f"https://schemas.stacspec.org/v{version}/{kind}-spec/json-schema/{kind}.json"

    def visit(link, message, open_urls=True, headers=None):
        """As the library's own, but other hosts are not asked."""
        href = link["href"]
        local = urllib.parse.urlsplit(href).netloc == own
        message["format_valid" if utilities.is_url(href) else "format_invalid"].append(href)
        if not (open_urls and local):
            return
        status = Client(f"http://{own}").get(href).status
        message["request_valid" if status == 200 else "request_invalid"].append(href)

    replaced = {"fetch_and_parse_schema": schema, "set_schema_addr": address_of, "link_request": visit}
    for module in (utilities, validate):
        for name, function in replaced.items():
            if hasattr(module, name):
                setattr(module, name, function)
    utilities.fetch_schema_with_override = lambda path, schema_map=None: schema(path)
    from pystac.validation import RegisteredValidator

    RegisteredValidator.set_validator(local_validator())


def local_validator():
    """pystac's validator with its bundled schemas; extensions are not fetched."""
    from pystac.validation.stac_validator import JsonSchemaSTACValidator

    class Validator(JsonSchemaSTACValidator):
        def validate_extension(self, *_, **__):
            return None

    return Validator()


def judge(arguments, report):
    logging.disable(logging.WARNING)
    root = arguments.url
    client = Client(root)
    prepare(client, arguments.items)
    unchecked = set()
    keep_home(root, unchecked)
    import importlib.metadata

    from stac_api_validator.validations import QueryConfig, validate_api

    report.tools["stac-api-validator"] = importlib.metadata.version("stac-api-validator")
    config = QueryConfig(
        query_comparison_field="eo:cloud_cover", query_eq_value="7", query_neq_value="7", query_lt_value="9", query_lte_value="9",
        query_gt_value="3", query_gte_value="3", query_substring_field="platform", query_starts_with_value="alpha",
        query_ends_with_value="one", query_contains_value="a-t", query_in_field="instruments", query_in_values="radar,lidar",
    )
    for name in arguments.classes:
        # Without core it goes on after a landing page that it cannot use; the page is checked by the class core.
        warnings, errors = validate_api(
            root_url=root, ccs_to_validate=[name], collection=COLLECTION, geometry=json.dumps(GEOMETRY), auth_bearer_token=None,
            auth_query_parameter=None, fields_nested_property="properties.eo:cloud_cover", validate_pagination=arguments.pagination,
            query_config=config, transaction_collection=TRANSACTIONS, headers={}, open_assets_urls=False,
        )
        found = [error for error in errors if not any(excuse in error for excuse in EXCUSED)]
        for error in found:
            report.check(False, f"{name}: {error[:600]}")
        report.check(True, name)
        report.figure(name, f"{len(found)} errors, {len(list(warnings))} warnings")
        if arguments.verbose:
            for warning in warnings:
                print(f"{name} warns: {warning[:300]}")
    report.figure("schemas unchecked", " ".join(sorted(unchecked)) or "none")


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="landing page, such as http://127.0.0.1:8080/stac")
    parsed.add_argument("--classes", nargs="+", default=CLASSES, choices=CLASSES, help="some of the classes")
    parsed.add_argument("--items", type=int, default=40, help="items of the collection")
    parsed.add_argument("--pagination", action="store_true", help="also walk all pages")
    parsed.add_argument("--verbose", action="store_true", help="print warnings")
    run_judge("stac-api-validator", judge, parsed.parse_args())
    sys.exit(0)
