#!/usr/bin/env python3
"""OWSLib's client of OGC API Records and GDAL's driver of OGC API Features read `/records` and `/stac`."""

import importlib.metadata
import shutil
import subprocess
import urllib.parse

from owslib.ogcapi.records import Records

from harness import CannotRun, Client, parser, run_judge

CATALOGUE = "catalogue"


def owslib(arguments, report):
    """Searches as a federating catalogue does."""
    report.tools["OWSLib"] = importlib.metadata.version("OWSLib")
    service = Records(f"{arguments.url}/records")
    report.check(any(uri.endswith("record-core") for uri in service.conformance()["conformsTo"]), "OWSLib sees no record-core")
    report.check(service.api()["openapi"].startswith("3.0"), "the interface description is not of OpenAPI 3.0")
    catalogues = service.records()
    report.check(CATALOGUE in catalogues and len(catalogues) > 1, f"OWSLib finds the catalogues {catalogues[:5]}")
    report.check(service.collection(CATALOGUE)["id"] == CATALOGUE, "a catalogue is not found by name")
    report.check("title" in service.collection_queryables(CATALOGUE)["properties"], "title is no queryable")
    everything = service.collection_items(CATALOGUE, limit=1000)
    matched, ids = everything["numberMatched"], [record["id"] for record in everything["features"]]
    report.check(min(matched, 1000) == len(set(ids)) == len(ids) == everything["numberReturned"], f"{len(ids)} records, numberMatched {matched}")
    for record in everything["features"][:: max(1, len(ids) // 10)]:
        one = service.collection_item(CATALOGUE, record["id"])
        report.check(one == record, f"{record['id']} differs alone and in the list")
    titled = next(record for record in everything["features"] if record["properties"]["title"].isascii() and "'" not in record["properties"]["title"])
    found = service.collection_items(CATALOGUE, filter=f"title = '{titled['properties']['title']}'", limit=100)
    report.check(titled["id"] in [record["id"] for record in found["features"]], "a record is not found by its title")
    word = max(titled["properties"]["title"].split(), key=len)
    found = service.collection_items(CATALOGUE, q=word, limit=1000)
    report.check(titled["id"] in [record["id"] for record in found["features"]], f"a record is not found by its word {word}")
    placed = next(record for record in everything["features"] if record.get("bbox"))
    found = service.collection_items(CATALOGUE, bbox=placed["bbox"], limit=1000)
    report.check(placed["id"] in [record["id"] for record in found["features"]], "a record is not found by its own box")
    report.figure("records by OWSLib", len(ids))
    return catalogues


def ogrinfo(*arguments):
    """GDAL's answer as JSON or text."""
    done = subprocess.run(["ogrinfo", *arguments], capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    if done.returncode != 0 or "ERROR" in done.stderr:
        raise RuntimeError(f"ogrinfo {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout


def gdal(arguments, report):
    """Reads layers as a desktop program does: all features, page by page, and those of a box."""
    if shutil.which("ogrinfo") is None:
        raise CannotRun("ogrinfo is not there (Debian: gdal-bin)")
    report.tools["GDAL"] = ogrinfo("--version").split(",")[0].removeprefix("GDAL ")
    client = Client(arguments.url)
    features = 0
    for face in ("records", "stac"):
        collections = [each["id"] for each in client.get(f"/{face}/collections").json()["collections"]]
        layers = ogrinfo("-ro", f"OAPIF:{arguments.url}/{face}")
        missing = [name for name in collections if f": {name}" not in layers]
        report.check(not missing, f"{face}: GDAL does not list {missing[:5]}")
        counted = {name: total(client, face, name) for name in collections}
        for name in sorted(counted, key=lambda name: -counted[name])[: arguments.layers]:
            asked = ("-ro", "-q", "-al", "-oo", "PAGE_SIZE=50", "-geom=NO", "-fields=NO")
            text = ogrinfo(*asked, f"OAPIF:{arguments.url}/{face}/collections/{urllib.parse.quote(name, safe='')}")
            found = text.count("OGRFeature(")
            report.check(found == counted[name], f"{face}: GDAL reads {found} features of {name}, expected {counted[name]}")
            features += found
            box = ("-10", "30", "40", "60")
            text = ogrinfo(*asked, "-spat", *box, f"OAPIF:{arguments.url}/{face}/collections/{urllib.parse.quote(name, safe='')}")
            answer = client.get(f"/{face}/collections/{urllib.parse.quote(name, safe='')}/items", bbox=",".join(box), limit=1).json()
            # GDAL tests the boxes of footprints again itself; none that it keeps may be unknown to the service.
            report.check(text.count("OGRFeature(") <= answer["numberMatched"], f"{face}: GDAL finds more in a box of {name} than the service")
    report.figure("features by GDAL", features)


def total(client, face, name):
    answer = client.get(f"/{face}/collections/{urllib.parse.quote(name, safe='')}/items", limit=1)
    return answer.json()["numberMatched"] if answer.status == 200 and "/" not in name else 0


def judge(arguments, report):
    owslib(arguments, report)
    gdal(arguments, report)


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="base of the service, such as http://127.0.0.1:8080")
    parsed.add_argument("--layers", type=int, default=3, help="layers that GDAL reads of each face, the largest first")
    run_judge("OWSLib and GDAL", judge, parsed.parse_args())
