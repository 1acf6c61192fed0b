#!/usr/bin/env python3
"""Searches a STAC API with pystac-client by filter, query, sortby, fields and q, and collections too.

What must be found is computed here from the items themselves, all of which are read first.
"""

import collections
import statistics
import warnings

import pystac_client

from harness import parser, run_judge

SEEN = ["FILTER", "QUERY", "SORT", "FIELDS", "COLLECTION_SEARCH", "COLLECTION_SEARCH_FREE_TEXT"]


def key(item):
    return item["collection"], item["id"]


def scalars(value):
    """The values of a property: elements of a list are several, an object has none of its own."""
    if isinstance(value, list):
        return [each for element in value for each in scalars(element)]
    return [] if value is None or isinstance(value, dict) else [value]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value):
    return isinstance(value, str)


def properties(items, of_type):
    """Properties at the top of items that have values of a type, the most frequent first: of each all its values by item."""
    found = collections.defaultdict(dict)
    for item in items:
        for name, value in item["properties"].items():
            if scalars(value):
                found[name][key(item)] = scalars(value)
    typed = [(name, values) for name, values in found.items() if any(of_type(value) for of_item in values.values() for value in of_item)]
    return sorted(typed, key=lambda entry: -len(entry[1]))


def where(values, test):
    """Items of which one value passes: one of several is enough."""
    return [each for each, of_item in values.items() if any(test(value) for value in of_item)]


# Names that mean what the catalogue knows of a product, where the Item's own document is silent too (docs/filters.md).
KNOWN_ANYWAY = {"mission", "platform", "instruments", "title", "description", "processing:level"}


class Judge:
    def __init__(self, arguments, report):
        self.report = report
        self.limit = arguments.limit
        self.client = pystac_client.Client.open(arguments.url)
        self.items = list(self.client.search(limit=1000).items_as_dicts())
        self.asked = 0

    def same(self, what, expected, unseen=(), **asked):
        """A search finds exactly these items, and says how many. What an Item does not show may be known all the same."""
        self.asked += 1
        search = self.client.search(limit=self.limit, **asked)
        found = [key(item) for item in search.items_as_dicts()]
        self.report.check(len(found) == len(set(found)), f"{what}: an item came twice")
        self.report.check(set(found) - set(unseen) == set(expected) - set(unseen), f"{what}: {len(found)} found, expected {len(expected)}; too many {sorted(set(found) - set(expected))[:3]}, too few {sorted(set(expected) - set(found))[:3]}")
        self.report.check(search.matched() == len(found), f"{what}: numberMatched is {search.matched()}, {len(found)} came")

    def numbers(self, most):
        for name, values in properties(self.items, is_number)[:most]:
            middle = statistics.median_low(value for of_item in values.values() for value in of_item if is_number(value))
            below = where(values, lambda value: is_number(value) and value < middle)
            rest = [each for each in values if each not in set(below)]
            above = where(values, lambda value: is_number(value) and value >= middle)
            near = set(where(values, lambda value: is_number(value) and value <= middle + 5))
            self.same(f"{name} < {middle} as text", below, filter=f'"{name}" < {middle!r}', filter_lang="cql2-text", method="GET")
            argument = [{"property": name}, middle]
            self.same(f"{name} < {middle} as JSON", below, filter={"op": "<", "args": argument}, filter_lang="cql2-json")
            self.same(f"not {name} < {middle}", rest, filter={"op": "not", "args": [{"op": "<", "args": argument}]}, filter_lang="cql2-json")
            self.same(f"{name} gte {middle}", above, query={name: {"gte": middle}})
            self.same(f"{name} between", [each for each in above if each in near], query={name: {"gte": middle, "lte": middle + 5}})
            self.ordered(name, values)

    def ordered(self, name, values):
        """In order, numbers before everything else and those without the property last, in either direction."""
        for sign, first in (("+", min), ("-", max)):
            found = [key(item) for item in self.client.search(limit=self.limit, sortby=f"{sign}properties.{name}").items_as_dicts()]
            self.report.check(len(found) == len(self.items), f"sorted by {sign}{name}: {len(found)} items of {len(self.items)}")
            places = [[value for value in values.get(each, []) if is_number(value)] for each in found]
            numbers = [first(place) for place in places if place]
            self.report.check(numbers == sorted(numbers, reverse=sign == "-"), f"not sorted by {sign}{name}")
            self.report.check(all(places[: len(numbers)]), f"sorted by {sign}{name}: an item without a number before one with it")
            missing = [each not in values for each in found]
            self.report.check(missing == sorted(missing), f"sorted by {sign}{name}: an item without it before one with it")

    def texts(self, most):
        named = [(name, values) for name, values in properties(self.items, is_text) if not name.endswith(("datetime", "created", "updated"))]
        for name, values in named[:most]:
            counts = collections.Counter(value for of_item in values.values() for value in set(filter(is_text, of_item)))
            common = counts.most_common(1)[0][0]
            # A text that looks like a number or a time is compared as one too.
            if not common.isascii() or '"' in common or "'" in common or common[:1].isdigit() or common[:1] == "-":
                continue
            equal = where(values, lambda value: value == common)
            unseen = [key(item) for item in self.items if key(item) not in values] if name in KNOWN_ANYWAY else []
            self.same(f"{name} = {common}", equal, unseen, filter=f"\"{name}\" = '{common}'", filter_lang="cql2-text", method="GET")
            self.same(f"{name} <> {common}", where(values, lambda value: value != common), unseen, query={name: {"neq": common}})
            start = common[:3]
            self.same(f"{name} starts with {start}", where(values, lambda value: is_text(value) and value.startswith(start)), unseen, query={name: {"startsWith": start}})
            self.same(f"{name} in", equal, unseen, filter={"op": "in", "args": [{"property": name}, [common, "no such value"]]}, filter_lang="cql2-json")
            self.same(f"{name} absent", [key(item) for item in self.items if key(item) not in values], unseen, filter={"op": "isNull", "args": [{"property": name}]}, filter_lang="cql2-json")

    def fields(self):
        chosen = next(self.client.search(limit=1, fields={"include": ["id", "properties.datetime"], "exclude": []}).items_as_dicts())
        self.report.check(set(chosen["properties"]) <= {"datetime"} and "assets" not in chosen, f"fields gives {sorted(chosen)}")
        left = next(self.client.search(limit=1, fields="-geometry,-links", method="GET").items_as_dicts())
        self.report.check("geometry" not in left and "properties" in left, f"fields gives {sorted(left)}")

    def collections(self):
        every = {collection.id: collection.to_dict() for collection in self.client.get_collections()}
        found = [collection.id for collection in self.client.collection_search(limit=self.limit).collections()]
        self.report.check(sorted(found) == sorted(every), f"collection search finds {len(found)} of {len(every)}")
        one = sorted(every)[0]
        found = [collection.id for collection in self.client.collection_search(filter=f"id = '{one}'", filter_lang="cql2-text").collections()]
        self.report.check(found == [one], f"collection search by id finds {found}")
        words = collections.Counter(word.lower() for each in every.values() for word in set((each.get("title") or "").split()) if word.isalpha() and len(word) > 4)
        for word, _ in words.most_common(3):
            found = {collection.id for collection in self.client.collection_search(q=word).collections()}
            titled = {name for name, each in every.items() if word in (each.get("title") or "").lower().split()}
            self.report.check(titled <= found, f"q={word} does not find {sorted(titled - found)[:3]}")
        self.report.figure("collections", len(every))


def judge(arguments, report):
    warnings.simplefilter("ignore")
    report.tools["pystac-client"] = pystac_client.__version__
    session = Judge(arguments, report)
    for name in SEEN:
        report.check(session.client.conforms_to(name), f"pystac-client does not see the conformance class {name}")
    session.numbers(arguments.properties)
    session.texts(arguments.properties)
    session.fields()
    session.collections()
    report.figure("items", len(session.items))
    report.figure("searches compared", session.asked)


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="landing page of the STAC API, such as http://127.0.0.1:8080/stac")
    parsed.add_argument("--limit", type=int, default=100, help="page size")
    parsed.add_argument("--properties", type=int, default=4, help="properties of each type to ask for")
    run_judge("pystac-client, searches", judge, parsed.parse_args())
