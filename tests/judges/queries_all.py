#!/usr/bin/env python3
"""Asks the corpus questions D1 to D11 through the REST interface; each is a check of its own.

The expected answers were computed from the raw files by the corpus's own script, `corpus/queries/queries.py`, which says what
each question means. The store must hold the whole of `corpus/data` (`corpus_all.py` makes it); D3 counts label files,
so it also reads the report of that ingest, which says what became of each file.
"""

import json
import os
import sys
import urllib.parse
from collections import Counter
from pathlib import Path

from harness import CANNOT_RUN, PROJECT, CannotRun, Client, Report, parser

KINDS = "product,collection,recipe,agent,mission,platform,instrument,target,document,source"


def search(client, limit=500, **parameters):
    """All records over all pages in order, and the totals that the pages gave (which must be one)."""
    records, totals = [], set()
    for page in client.pages("/api/v1/search", limit=limit, **parameters):
        records += page["records"]
        totals.add(page["matched"])
    return records, totals


def ask(client, address, /, **parameters):
    answer = client.get(address, **parameters)
    if answer.status != 200:
        raise RuntimeError(f"{address} {parameters} answered {answer.status}: {answer.body[:300]!r}")
    return answer.json()


def quote(text):
    return urllib.parse.quote(text, safe="")


def d1(client, expected, report, _):
    """A box, a year and a range of numbers."""
    asked = dict(collection="naip", bbox="-88.0,30.5,-87.5,30.8", datetime="2019-01-01T00:00:00Z/2019-12-31T23:59:59.999999Z", property="gsd<=0.6")
    for limit in (100, 3):
        records, totals = search(client, limit, **asked)
        found = sorted(record["id"] for record in records)
        report.check(len(set(found)) == len(found) == expected["count"], f"{len(found)} found, expected {expected['count']}")
        report.check(found[:5] == expected["first5"], f"the first are {found[:5]}")
        report.check(totals == {expected["count"]}, f"matched says {totals}")
    report.figure("scenes", expected["count"])


def d2(client, expected, report, _):
    """A range of numbers, in order of the same."""
    for limit in (100, 3):
        records, totals = search(client, limit, collection="sentinel-s2-l2a-cogs", property="eo:cloud_cover<5", sort="property:eo:cloud_cover,id")
        found = [record["id"] for record in records]
        report.check(found == expected["ids"], f"{found}, expected {expected['ids']}")
        report.check(totals == {expected["count"]}, f"matched says {totals}")
    everything, _ = search(client, 50, collection="sentinel-s2-l2a-cogs")
    report.check(len(everything) == expected["total"], f"{len(everything)} scenes in all, expected {expected['total']}")
    report.figure("scenes", f"{expected['count']} of {expected['total']}, in order")


def d3(client, expected, report, arguments):
    """One target across standards, counted per label file: one record may come from several files."""
    records, totals = search(client, target="Mars", kind=KINDS)
    report.check(totals == {len(records)}, f"matched says {totals}, {len(records)} given")
    for spelling in ("mars", "MARS"):
        page = ask(client, "/api/v1/search", target=spelling, kind=KINDS, limit=1)
        report.check(page["matched"] == len(records), f"{spelling} finds {page['matched']}, Mars {len(records)}")
    facet = ask(client, "/api/v1/search", kind=KINDS, facets="target", limit=1)["facets"]["target"]["buckets"]
    counts = {entry["value"]: entry["count"] for entry in facet if entry["value"].lower() == "mars"}
    report.check(counts == {"Mars": len(records)}, f"the facet counts {counts}, the search finds {len(records)}")
    by_key = {key_of(record): record for record in records}
    counted, both = Counter(), []
    for name, entry in ingest_report(arguments)["files"].items():
        of_mars = [by_key[key] for key in entry.get("records", []) if key in by_key]
        # A label is what describes one product or one collection of products; catalogue files of PDS3 volumes and the
        # answers of OPUS name the target, but are none.
        if not of_mars or entry.get("format") not in ("pds3", "pds4") or name.lower().endswith(".cat"):
            continue
        is_cube = of_mars[0].get("source", {}).get("media_type") == "text/x-isis-label"
        standard = "PDS4" if entry["format"] == "pds4" else "ISIS" if is_cube else "PDS3"
        counted[standard] += 1
        if is_cube and b"PDS_VERSION_ID" in Path(name).read_bytes()[:80_000]:
            both.append(name)
    # The corpus's script takes any file that holds PDS_VERSION_ID for PDS3. A cube of ISIS that keeps the PDS3 label it was made
    # from as its OriginalLabel is described by its own label all the same: one file here.
    report.check(len(both) == 1, f"{len(both)} cubes hold an original PDS3 label: {both}")
    counted["ISIS"] -= len(both)
    counted["PDS3"] += len(both)
    report.check(dict(counted) == expected["by_standard"], f"{dict(counted)}, expected {expected['by_standard']}")
    report.check(sum(counted.values()) == expected["total"], f"{sum(counted.values())} label files, expected {expected['total']}")
    report.figure("label files", ", ".join(f"{name} {count}" for name, count in sorted(counted.items())))
    report.figure("records", len(records))


def key_of(record):
    place = f"{record['collection']}/" if record["kind"] == "product" and record.get("collection") else ""
    return f"{record['kind']} {place}{record['id']}"


def ingest_report(arguments):
    if not arguments.ingest_report or not Path(arguments.ingest_report).exists():
        raise CannotRun("D3 needs the report of the ingest (--ingest-report)")
    return json.loads(Path(arguments.ingest_report).read_text(encoding="utf-8"))


def d4(client, expected, report, _):
    """Identifiers of the products of one collection, with their versions."""
    records, _ = search(client, collection="urn:nasa:pds:insight_rad:data_calibrated")
    found = sorted(name["value"] for record in records for name in record["identifiers"] if name["scheme"] == "lidvid")
    report.check(found == expected, f"{found}, expected {expected}")
    for lidvid in expected:
        matches = ask(client, "/api/v1/resolve", id=lidvid)["matches"]
        report.check(len(matches) == 1 and matches[0]["kind"] == "product", f"{lidvid} leads to {matches}")
    report.figure("products", len(found))


def d5(client, expected, report, _):
    """A controlled keyword, a duration as a number and a branch of a vocabulary."""
    asked = dict(kind="collection", property=["spase:Cadence_seconds<=1", "spase:MeasurementType=MagneticField"])
    paths = ask(client, "/api/v1/search", facets="keyword", limit=1, **asked)["facets"]["keyword"]["buckets"]
    branch = "Heliosphere > NearEarth"
    below = [path["value"] for path in paths if path["value"] == branch or path["value"].startswith(f"{branch} > ")]
    report.check(branch in below, f"the facet does not list {branch}")
    records, totals = search(client, keyword=below, **asked)
    found = sorted(record["id"] for record in records)
    report.check(found == expected, f"too many: {sorted(set(found) - set(expected))}, too few: {sorted(set(expected) - set(found))}")
    report.check(totals == {len(expected)}, f"matched says {totals}")
    report.figure("data sets", len(found))


def d6(client, expected, report, _):
    """Who refers to a person."""
    answer = ask(client, "/api/v1/links", to=expected["person"], rel="contact")
    # Instruments and observatories name him too; the question is about data sets.
    found = sorted(link["id"] for link in answer["links"] if link["kind"] == "collection")
    report.check(found == expected["ids"], f"too many: {sorted(set(found) - set(expected['ids']))}, too few: {sorted(set(expected['ids']) - set(found))}")
    report.check(len(found) == expected["count"], f"{len(found)}, expected {expected['count']}")
    report.check(answer["numberMatched"] == len(answer["links"]), f"numberMatched {answer['numberMatched']}, {len(answer['links'])} given")
    report.figure("data sets", f"{len(found)} of {len(answer['links'])} records that name him")


def d7(client, expected, report, _):
    """What inventories list and the archive does not hold."""
    found = []
    for part in ("raw", "calibrated", "derived"):
        address = f"/api/v1/collections/{quote(f'urn:nasa:pds:insight_rad:data_{part}')}/members"
        absent = ask(client, address, held="false")["members"]
        report.check(not any(member["held"] for member in absent), f"{part}: held=false gives a member that is held")
        held, everything = (ask(client, address, **given)["numberMatched"] for given in (dict(held="true"), {}))
        report.check(held + len(absent) == everything and held > 0, f"{part}: {held} held and {len(absent)} absent of {everything}")
        found += [member["name"] for member in absent]
    report.check(sorted(found) == expected, f"{sorted(found)}, expected {expected}")
    report.figure("absent", len(found))


def d8(client, expected, report, _):
    """Whether a delivery is what its list of checksums says, as the record of evidence keeps it."""
    records, _ = search(client, kind="evidence")
    lists = [record["id"] for record in records if record["id"].endswith("insight_rad/urn-nasa-pds-insight_rad.md5")]
    if not report.check(len(lists) == 1, f"evidence of the list: {lists}"):
        return
    fixity = {name.removeprefix("fixity:"): value for name, value in ask(client, f"/api/v1/records/evidence/{quote(lists[0])}")["properties"].items()}
    report.check(fixity["ok"] == expected["ok"], f"{fixity['ok']} ok, expected {expected['ok']}")
    # The question does not tell files that differ in their line endings alone from others; the record does.
    mismatch = sorted(fixity.get("files_differs", []) + fixity.get("files_line_endings", []))
    report.check(mismatch == expected["mismatch"], f"too many: {sorted(set(mismatch) - set(expected['mismatch']))}, too few: {sorted(set(expected['mismatch']) - set(mismatch))}")
    report.check(fixity["absent"] == expected["absent"], f"{fixity['absent']} absent, expected {expected['absent']}: {[name for name in fixity.get('files_absent', []) if '/' not in name.strip('/')]}")
    report.figure("files", f"{fixity['ok']} ok, {len(mismatch)} differ ({fixity.get('line_endings', 0)} in line endings alone), {fixity['absent']} absent")


def d9(client, expected, report, _):
    """Which metakernels load a kernel."""
    links = ask(client, "/api/v1/links", to="nsy_sclkscet_00014.tsc", rel="kernel")["links"]
    found = sorted(link["id"] for link in links)
    report.check(found == expected, f"{found}, expected {expected}")
    report.figure("metakernels", len(found))


def d10(client, expected, report, _):
    """A phrase, and the platforms of what it finds among records of the CMR."""
    phrase = "snow cover"
    page = ask(client, "/api/v1/search", kind="collection", q=f'"{phrase}"', facets="platform", limit=500)
    records = page["records"]
    report.check(page["matched"] == len(records), f"matched says {page['matched']}, {len(records)} given")
    counted = Counter(label for record in records for label in {name["label"] for name in record.get("platforms", [])})
    facet = {entry["value"]: entry["count"] for entry in page["facets"]["platform"]["buckets"]}
    report.check(facet == dict(counted), f"the facet counts {facet}, the records {dict(counted)}")
    # The search finds the phrase in keywords too; the question is about title and abstract, and about the CMR.
    of_cmr = [record for record in records if "cmr:format" in record.get("properties", {})]
    asked = [record for record in of_cmr if phrase in f"{record.get('title', '')} {record.get('description', '')}".lower()]
    others = [record for record in of_cmr if record not in asked]
    in_keywords = [record for record in others if any(phrase in keyword["path"].lower() for keyword in record.get("keywords", []))]
    report.check(others == in_keywords, f"found without the phrase: {[record['id'] for record in others if record not in in_keywords]}")
    report.check(len(asked) == expected["count"], f"{len(asked)} records, expected {expected['count']}")
    formats = Counter(f"CMR/{record['properties']['cmr:format']}" for record in asked)
    report.check(dict(formats) == expected["formats"], f"{dict(formats)}, expected {expected['formats']}")
    platforms = Counter(name for record in asked for name in {name["label"].lower() for name in record.get("platforms", [])})
    most = dict(sorted(platforms.items(), key=lambda entry: (-entry[1], entry[0]))[: len(expected["platforms"])])
    report.check(most == expected["platforms"], f"{most}, expected {expected['platforms']}")
    report.figure("records", f"{len(asked)}, and {len(others)} more by keyword alone")


def d11(client, expected, report, _):
    """A retired identifier."""
    name = "spase://VSPO/NumericalData/ACE/MAG/KeyParameters/PT3600S"
    matches = ask(client, "/api/v1/resolve", id=name)["matches"]
    found = [match["id"] for match in matches]
    report.check(found == expected, f"{found}, expected {expected}")
    report.check(all(match["status"] == "current" for match in matches), f"not current: {matches}")
    followed = [ask(client, match["href"])["id"] for match in matches]
    report.check(followed == expected, f"the addresses lead to {followed}")
    report.figure("record", ", ".join(found))


QUESTIONS = {"D1": d1, "D2": d2, "D3": d3, "D4": d4, "D5": d5, "D6": d6, "D7": d7, "D8": d8, "D9": d9, "D10": d10, "D11": d11}


def answer(name, arguments, expected):
    """One question with a report of its own; the exit code."""
    report = Report(f"question {name}", arguments.report)
    try:
        QUESTIONS[name](Client(arguments.url), expected[name], report, arguments)
    except CannotRun as reason:
        return report.finish(str(reason))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        report.check(False, f"{type(error).__name__}: {error}")
    return report.finish()


def main(arguments):
    file = Path(arguments.shared) / "corpus/queries/expected.json"
    if not file.exists():
        return Report("questions D1 to D11", arguments.report).finish(f"{file} is not there")
    expected = {question["id"]: question["answer"] for question in json.loads(file.read_text(encoding="utf-8"))}
    codes = [answer(name, arguments, expected) for name in arguments.questions]
    return 1 if 1 in codes else CANNOT_RUN if CANNOT_RUN in codes else 0


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="base of the service, such as http://127.0.0.1:8080")
    parsed.add_argument("questions", nargs="*", default=list(QUESTIONS), help="some of D1 to D11; without: all")
    parsed.add_argument("--ingest-report", help="report of the ingest of the store, for D3")
    parsed.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", str(PROJECT.parent / "shared")), help="folder that holds corpus/")
    sys.exit(main(parsed.parse_args()))
