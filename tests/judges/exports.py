#!/usr/bin/env python3
"""Reads results as files with the tools that people use: csv, pyarrow, stac-geoparquet, geopandas, GDAL (pyogrio), astropy.

Every file of a result, on every face, must hold exactly what the pages of JSON hold.
"""

import csv
import datetime
import importlib.metadata
import io
import json
import math
import sys
import urllib.parse
import warnings

import astropy.io.votable
import geopandas
import pyarrow
import pyarrow.parquet
import pyogrio
import shapely
import shapely.geometry
import stac_geoparquet.arrow

from harness import Client, parser, run_judge

FORMATS = {
    "ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8; header=present", "geojson": "application/geo+json",
    "geoparquet": "application/vnd.apache.parquet", "votable": "application/x-votable+xml",
}
TOOLS = ["astropy", "geopandas", "pyarrow", "pyogrio", "stac-geoparquet"]
OTHER = "other_properties"
# A number that went through text and back may differ in its last digit.
CLOSE = 1e-15


def is_instant(text):
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def same(found, expected):
    """Equal, where a missing member is null, and an instant may be written in several ways."""
    if isinstance(found, datetime.datetime) and isinstance(expected, str):
        return found == is_instant(expected)
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(same(found.get(name), expected.get(name)) for name in found.keys() | expected.keys())
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(same(*pair) for pair in zip(found, expected))
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)) and not isinstance(expected, bool):
        return math.isclose(found, expected, rel_tol=CLOSE)
    return type(found) is type(expected) and found == expected


def as_text(value):
    """A value as a cell of a text table holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def same_cell(cell, value):
    """A cell of a text table holds a value: numbers, lists and objects as their JSON."""
    if isinstance(value, (list, dict)) or isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return same(json.loads(cell), value)
        except ValueError:
            return False
    text = as_text(value)
    # What a spreadsheet would take for a formula has an apostrophe before it.
    return cell == text or (cell[:1] == "'" and cell[1:] == text and text[0] in "=+-@\t\r")


def lengths(geometry):
    """How many numbers its positions have."""
    if isinstance(geometry, dict):
        return lengths(geometry.get("coordinates", geometry.get("geometries", [])))
    if geometry and isinstance(geometry[0], (int, float)):
        return {len(geometry)}
    return set().union(*map(lengths, geometry))


class Face:
    """A resource, what its pages hold, and which of it has columns."""

    def __init__(self, client, path, is_native):
        self.path = path
        self.is_native = is_native
        self.sort = {"sort": "id"} if is_native else {"sortby": "id"}
        self.expected = [each for page in client.pages(path, **self.sort, limit=250) for each in page["records" if is_native else "features"]]

    def members(self, document):
        """What has a column of its name: the members of a feature and its properties, or the properties of a record."""
        if self.is_native:
            return document.get("properties", {})
        found = {name: value for name, value in document.items() if name not in ("properties", "geometry", "bbox")}
        for name, value in document["properties"].items():
            found[f"properties.{name}" if name in found or name in ("geometry", "bbox") else name] = value
        if len(document.get("bbox", [])) == 6:
            found["perennial:bbox"] = document["bbox"]
        if document.get("geometry") and lengths(document["geometry"]) not in ({2}, {3}, set()):
            found["perennial:geometry"] = document["geometry"]
        return found


class Judge:
    def __init__(self, arguments, report):
        self.client = Client(arguments.url, timeout=600)
        self.report = report
        self.bytes = dict.fromkeys(FORMATS, 0)
        self.cells = 0
        self.read_as_items = 0

    def file(self, face, form, **parameters):
        answer = self.client.get(face.path, **face.sort, f=form, **parameters)
        if answer.status != 200:
            raise RuntimeError(f"{face.path} as {form} answered {answer.status}: {answer.body[:300]!r}")
        self.report.check(answer.headers["content-type"] == FORMATS[form], f"{face.path}: {form} is {answer.headers['content-type']}")
        self.bytes[form] += len(answer.body)
        return answer

    def rows(self, face, form, rows, is_same, taken=()):
        """Each row holds what its document holds: in the column of its name, or in the last one."""
        if not self.report.check(len(rows) == len(face.expected), f"{face.path}: {form} has {len(rows)} rows, expected {len(face.expected)}"):
            return
        for row, document in zip(rows, face.expected):
            others = json.loads(row.get(OTHER) or "{}")
            if face.is_native and form == "geoparquet":
                others = {name.removeprefix("properties."): value for name, value in others.items()}
            where = f"{face.path}: {form}, {document['id']}"
            members = face.members(document)
            wrong = []
            for name, value in members.items():
                if value is None:
                    continue
                if name in others:
                    holds = same(others[name], value)
                else:
                    cell = row.get(f"properties.{name}" if name in taken or name == OTHER else name)
                    holds = cell is not None and is_same(cell, value)
                self.cells += 1
                if not holds:
                    wrong.append(name)
            self.report.check(not wrong, f"{where}: {wrong[:5]} differ")
            # A record is more than its properties.
            self.report.check(face.is_native or others.keys() <= members.keys(), f"{where}: what is {list(others)[:5]}")

    def lines(self, face):
        text = self.file(face, "ndjson").body.decode()
        self.report.check([json.loads(line) for line in text.splitlines()] == face.expected, f"{face.path}: lines differ from the pages")

    def csv(self, face):
        body = self.file(face, "csv").body.decode()
        rows = list(csv.DictReader(io.StringIO(body, newline=""), strict=True))
        first = next(csv.reader(io.StringIO(body, newline="")))
        taken = first[: first.index("licence") + 1] if face.is_native else first[:6]
        self.rows(face, "csv", [{**row, "id": row["id"]} for row in rows], same_cell, taken if face.is_native else ())
        places = [row for row in rows if row["geometry"]]
        self.report.check(all(shapely.geometry.shape(json.loads(row["geometry"])) for row in places), f"{face.path}: csv has a geometry that is none")

    def geojson(self, face):
        answer = self.file(face, "geojson")
        collection = answer.json()
        self.report.check(collection["numberReturned"] == len(collection["features"]), f"{face.path}: geojson miscounts itself")
        if face.is_native:
            pairs = zip(collection["features"], face.expected, strict=True)
            wrong = [record["id"] for feature, record in pairs if feature["id"] != record["id"] or not all(same(feature["properties"].get(name), value) for name, value in record.get("properties", {}).items())]
            self.report.check(not wrong, f"{face.path}: geojson differs for {wrong[:5]}")
        else:
            self.report.check(collection["features"] == face.expected, f"{face.path}: geojson differs from the pages")
        read = pyogrio.read_info(io.BytesIO(answer.body), force_feature_count=True)["features"]
        self.report.check(read == len(face.expected), f"{face.path}: GDAL reads {read} features, expected {len(face.expected)}")

    def geoparquet(self, face):
        body = self.file(face, "geoparquet").body
        source = pyarrow.parquet.ParquetFile(io.BytesIO(body))
        table = source.read()
        metadata = {name.decode(): json.loads(text) for name, text in source.metadata.metadata.items() if name in (b"geo", b"stac-geoparquet")}
        self.report.check(metadata["geo"]["version"] == "1.1.0" and "version" in metadata["stac-geoparquet"], f"{face.path}: metadata {metadata}")
        rows = [{field.name: decoded(field, row[field.name]) for field in table.schema} for row in table.to_pylist()]
        taken = set(table.column_names) if face.is_native else ()
        columns = {name for name in taken if f"properties.{name}" in taken}
        self.rows(face, "geoparquet", rows, same, columns)
        if not face.is_native:
            self.footprints(face, rows)
        frame = geopandas.read_parquet(io.BytesIO(body))
        self.report.check(len(frame) == len(rows) and frame.crs.equals("OGC:CRS84"), f"{face.path}: geopandas reads {len(frame)} rows in {frame.crs}")
        # Its reader knows no Item without a place, nor assets that are too many for columns.
        if face.path.startswith("/stac") and pyarrow.types.is_struct(table.schema.field("assets").type):
            self.read_as_items += 1
            placed = table.filter(table["bbox"].is_valid()).combine_chunks()
            items = list(stac_geoparquet.arrow.stac_table_to_items(placed))
            pairs = zip(items, (item for item in face.expected if item.get("bbox")), strict=True)
            wrong = [item["id"] for item, expected in pairs if any(item[name] != expected[name] for name in ("id", "collection", "type", "stac_version"))]
            self.report.check(not wrong, f"{face.path}: stac-geoparquet makes other Items of {wrong[:5]}")

    def footprints(self, face, rows):
        for row, feature in zip(rows, face.expected):
            where = f"{face.path}: geoparquet, {feature['id']}"
            expected = feature.get("geometry") and shapely.geometry.shape(feature["geometry"])
            expected = shapely.force_2d(expected) if expected and lengths(feature["geometry"]) != {3} else expected
            found = row["geometry"] and shapely.from_wkb(row["geometry"])
            self.report.check((found or None) == (expected or None), f"{where}: the geometry differs")
            sides = feature.get("bbox")
            sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), sides if len(sides) == 4 else [*sides[:2], *sides[3:5]])) if sides else None
            self.report.check(same(row["bbox"], sides), f"{where}: the box differs")

    def votable(self, face):
        body = self.file(face, "votable").body
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            table = astropy.io.votable.parse(io.BytesIO(body), verify="warn").get_first_table()
        said = sorted({str(each.message).split(":")[-1].strip() for each in said})
        self.report.check(not said, f"{face.path}: astropy warns: {said[:3]}")
        names = [field.name for field in table.fields]
        core = names[: names.index("level") + 1]
        rows = [{name: plain(value, missing) for name, value, missing in zip(names, row, hidden)} for row, hidden in zip(table.array.data.tolist(), table.array.mask.tolist())]
        self.rows(face, "votable", rows, same_in_votable, core)
        ids = [row["obs_id"] for row in rows]
        self.report.check(ids == [each["id"] for each in face.expected], f"{face.path}: the identifiers in the table differ")

    def pages(self, face, form="csv", limit=37):
        """A client that was cut off goes on by the link of the last page."""
        ids, answer, pages = [], self.file(face, form, limit=limit), 0
        while True:
            ids.extend(row["id"] for row in csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
            pages += 1
            link = answer.headers.get("link", "")
            if 'rel="next"' not in link:
                break
            answer = self.client.get(link[1:].split(">")[0])
        self.report.check(ids == [each["id"] for each in face.expected], f"{face.path}: {pages} pages of {form} have {len(ids)} rows, expected {len(face.expected)}")
        accepted = self.client.request("GET", f"{face.path}?{urllib.parse.urlencode(face.sort)}", headers={"accept": "text/csv"})
        self.report.check(accepted.body == self.file(face, form).body, f"{face.path}: Accept and f give different files")


def same_in_votable(cell, value):
    """astropy leaves out the blanks around a text."""
    if isinstance(cell, str) and isinstance(value, str):
        return cell.strip() == value.strip()
    return same(cell, value) or isinstance(cell, str) and same_cell(cell, value)


def decoded(field, value):
    """A value of a column, with what is JSON in it read."""
    if value is None:
        return None
    if (field.metadata or {}).get(b"perennial:encoding") == b"json":
        return json.loads(value)
    if pyarrow.types.is_struct(field.type):
        return {each.name: decoded(each, value[each.name]) for each in field.type}
    if pyarrow.types.is_list(field.type):
        return [decoded(field.type.value_field, each) for each in value]
    return value


def plain(value, missing):
    if missing is True or value is None:
        return None
    return value.decode() if isinstance(value, bytes) else value


def faces(client, most):
    yield Face(client, "/api/v1/search", True)
    yield Face(client, "/stac/search", False)
    yield Face(client, "/records/collections/catalogue/items", False)
    counted = []
    for collection in client.get("/stac/collections", limit=1000).json()["collections"]:
        name = urllib.parse.quote(collection["id"], safe="")
        counted.append((client.get(f"/stac/collections/{name}/items", limit=1).json()["numberMatched"], name))
    for _, name in sorted(counted, reverse=True)[:most]:
        yield Face(client, f"/stac/collections/{name}/items", False)
        yield Face(client, f"/records/collections/{name}/items", False)


def judge(arguments, report):
    csv.field_size_limit(sys.maxsize)
    report.tools.update({name: importlib.metadata.version(name) for name in TOOLS})
    judging = Judge(arguments, report)
    records = 0
    for face in faces(judging.client, arguments.collections):
        records += len(face.expected)
        for part in (judging.lines, judging.csv, judging.geojson, judging.geoparquet, judging.votable, judging.pages):
            part(face)
    report.figure("records", records)
    report.figure("values", judging.cells)
    report.check(judging.read_as_items > 0, "no table was read as Items")
    report.figure("tables read as Items", judging.read_as_items)
    report.figure("MB", round(sum(judging.bytes.values()) / 1e6, 1))


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="base of the service, such as http://127.0.0.1:8080")
    parsed.add_argument("--collections", type=int, default=2, help="collections read on their own, the largest first")
    run_judge("exports", judge, parsed.parse_args())
