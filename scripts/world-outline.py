#!/usr/bin/env python3
"""Makes web/world.svg, the outline of the land on the maps of the pages, from Natural Earth (public domain).

Natural Earth's 1:110 million land comes as TopoJSON in the npm package world-atlas (its packaging is under the ISC licence;
the data are in the public domain, naturalearthdata.com). The SVG counts in degrees: x is longitude + 180, y is 90 - latitude.
usage: scripts/world-outline.py [land-110m.json]   without a file, the package is fetched by `npm pack`
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "world-atlas@2.0.2"
TARGET = Path(__file__).resolve().parents[1] / "web" / "world.svg"


def fetch():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            return package.extractfile("package/land-110m.json").read()


def arcs(topology):
    """Each arc as points in degrees: TopoJSON keeps differences of quantised coordinates."""
    scale, origin = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale[0] + origin[0], y * scale[1] + origin[1]))
        yield points


def ring(numbers, points):
    """A ring of arcs; a negative number is an arc taken backwards. Arcs share their end points."""
    joined = []
    for number in numbers:
        arc = points[number] if number >= 0 else points[~number][::-1]
        joined += arc if not joined else arc[1:]
    return joined


def path(rings):
    def place(point):
        return f"{round(point[0] + 180, 1):g} {round(90 - point[1], 1):g}"

    pieces = []
    for points in rings:
        places = [place(point) for point in points]
        kept = [places[0]] + [after for before, after in zip(places, places[1:]) if after != before]
        if len(kept) > 3:
            pieces.append("M" + "L".join(kept) + "Z")
    return "".join(pieces)


def main():
    topology = json.loads(Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else fetch())
    points = list(arcs(topology))
    rings = [
        ring(numbers, points)
        for geometry in topology["objects"]["land"]["geometries"]
        for polygon in geometry["arcs"]
        for numbers in polygon
    ]
    TARGET.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 180">\n'
        "<!-- Land of Natural Earth 1:110m (naturalearthdata.com), public domain; made by scripts/world-outline.py -->\n"
        f'<path id="land" d="{path(rings)}"/>\n</svg>\n',
        encoding="utf-8",
    )
    print(f"{TARGET}: {len(rings)} rings, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
