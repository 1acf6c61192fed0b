#!/usr/bin/env python3
"""Every item and collection that `/stac` serves, against the schemas of STAC 1.1.0 that pystac carries, formats included.

What came as STAC is also compared with its source document, which the link `source` leads to: of documents of 1.0 and
1.1 every member must come back as it was written, numbers digit by digit; of older ones no value may be lost.
"""

import json
import warnings

import jsonschema
import pystac

from harness import Client, parser, run_judge

# What the service answers by itself, and what it may correct because STAC 1.1.0 refuses it as it was.
OWN = {"type", "stac_version", "links"}
CORRECTED = {"Feature": {"datetime", "start_datetime", "end_datetime", "created", "updated"}, "Collection": {"extent", "license"}}
DROPPED_RELATIONS = {"self", "root", "parent", "collection", "items", "item", "child", "next", "prev", "aggregate", "aggregations"}


def exact(text):
    """JSON with numbers as they are written; a name that occurs twice is an error."""

    def members(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError(f"a member occurs twice: {[name for name, _ in pairs]}")
        return dict(pairs)

    return json.loads(text, parse_float=lambda digits: ("number", digits), parse_int=lambda digits: ("number", digits), object_pairs_hook=members)


# Formats of addresses.
ADDRESSES = ("iri", "iri-reference", "uri", "uri-reference")


def validators():
    with warnings.catch_warnings():
        # The class is the only way to all schemas at once without the network.
        warnings.simplefilter("ignore")
        from pystac.validation.local_validator import LocalValidator

        local = LocalValidator()
        registry = local.registry()
        schemas = {"Feature": local.item_validator().schema, "Collection": local.collection_validator().schema}
    formats = jsonschema.Draft7Validator.FORMAT_CHECKER
    return {kind: jsonschema.Draft7Validator(schema, registry=registry, format_checker=formats) for kind, schema in schemas.items()}


def leaves(value):
    """Every scalar of a document."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


class Judge:
    def __init__(self, client, report):
        self.client = client
        self.report = report
        self.validators = validators()
        self.sources = 0
        self.versions = {}
        self.ours = client.get("/stac").json()["links"][0]["href"].removesuffix("stac")
        self.strange = set()

    def document(self, served):
        kind, name = served["type"], f"{served.get('collection', 'collection')}/{served['id']}"
        errors = list(self.validators[kind].iter_errors(served))
        # Addresses are given back as their producers wrote them; only ours must be addresses.
        theirs = [
            error for error in errors
            if error.validator_value in ADDRESSES and not str(error.instance).startswith(self.ours)]
        self.strange.update(str(error.instance) for error in theirs)
        errors = [error.message[:200] for error in errors if error not in theirs]
        self.report.check(not errors, f"{name} is not valid: {errors[:3]}")
        sources = [link["href"] for link in served["links"] if link["rel"] == "source" and "/api/v1/" in link["href"]]
        if sources:
            self.compare(name, served, sources[0])

    def compare(self, name, served, address):
        own = next(link["href"] for link in served["links"] if link["rel"] == "self")
        answer, source = self.client.get(own), self.client.get(address)
        if not self.report.check(source.status == 200, f"{name}: its source answers {source.status}"):
            return
        # Only what came as STAC is compared: sources of other standards are XML, labels and headers.
        if "json" not in source.headers.get("content-type", "").split(";")[0]:
            return
        given, came = exact(source.body), exact(answer.body)
        if not isinstance(given, dict):
            return
        version = given.get("stac_version", "none")
        if version == "none":
            return
        self.sources += 1
        self.versions[version] = self.versions.get(version, 0) + 1
        if version.startswith("1.") and "-" not in version:
            self.same(name, given, came)
        else:
            kept = {str(leaf) for leaf in leaves(came)}
            values = {key: value for key, value in given.items() if key not in OWN | {"stac_extensions", "extent", "license"}}
            # Times of day that were missing are added, and bands are given where only their numbers stood.
            lost = [leaf for leaf in leaves(values) if str(leaf) not in kept and leaf not in given.get("properties", {}).values()]
            lost = [leaf for leaf in lost if not (isinstance(leaf, tuple) and leaf[1].isdigit())]
            self.report.check(not lost, f"{name} of {version} lost {lost[:5]}")

    def same(self, name, given, came):
        for member, value in given.items():
            if member in OWN | CORRECTED[came["type"]]:
                continue
            if member == "properties" and came["type"] == "Feature":
                value = {key: inner for key, inner in value.items() if key not in CORRECTED["Feature"]}
                inner = {key: inner for key, inner in came[member].items() if key not in CORRECTED["Feature"]}
                self.report.check(inner == value, f"{name}: properties differ from the source")
            elif value is not None:
                self.report.check(came.get(member) == value, f"{name}: {member} differs from the source")
        for link in given.get("links", []):
            if link.get("rel") not in DROPPED_RELATIONS and link.get("rel") and link.get("href"):
                self.report.check(link in came["links"], f"{name}: the link {link['rel']} was lost")


def judge(arguments, report):
    report.tools["pystac"] = pystac.__version__
    client = Client(arguments.url)
    judging = Judge(client, report)
    collections = [collection for page in client.pages("/stac/collections", limit=100) for collection in page["collections"]]
    for collection in collections:
        judging.document(collection)
    items = 0
    for page in client.pages("/stac/search", limit=100):
        for item in page["features"]:
            judging.document(item)
            items += 1
    report.check(items + len(collections) > 0, "nothing is served")
    report.figure("items", items)
    report.figure("collections", len(collections))
    report.figure("compared with their source", judging.sources)
    report.figure("producers' addresses that are no IRI", len(judging.strange))
    report.figure("versions of sources", " ".join(f"{version}:{count}" for version, count in sorted(judging.versions.items())))


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="the service's address")
    run_judge("STAC 1.1.0 schemas", judge, parsed.parse_args())
