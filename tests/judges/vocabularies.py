#!/usr/bin/env python3
"""The table of other vocabularies' terms (ontologies/terms.tsv) against the vocabularies as npm packages ship them.

Each term must be a subject there, of the kind that the table says. The packages `@vocabulary/*` hold one N-Quads file each;
DCAT is version 2 in them, and no package ships PREMIS or SPDX: those terms are counted as not checked, and named.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import PROJECT, CannotRun, parser, run_judge

# Package and its version, by prefix of the table.
PACKAGES = {
    "rdf": "rdf@1.0.6", "rdfs": "rdfs@1.0.6", "xsd": "xsd@1.0.6", "owl": "owl@1.0.6", "skos": "skos@1.0.6", "dcat": "dcat@1.0.5",
    "dcterms": "dcterms@1.0.6", "prov": "prov@1.0.6", "sosa": "sosa@1.0.6", "ssn": "ssn@1.0.6", "geosparql": "geo@1.0.6",
    "qudt": "qudt@2.0.0", "unit": "unit@2.0.0", "foaf": "foaf@1.0.6", "schema": "schema@1.1.0", "vcard": "vcard@1.1.0",
}
# Of DCAT 3 (W3C Recommendation of 22 August 2024), which no package ships.
DCAT_3 = {"dcat:DatasetSeries", "dcat:inSeries", "dcat:version", "dcat:previousVersion"}
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
KINDS = {
    "class": {RDFS + "Class", OWL + "Class"},
    "property": {
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#Property", OWL + "ObjectProperty", OWL + "DatatypeProperty", OWL + "AnnotationProperty",
        OWL + "FunctionalProperty", OWL + "OntologyProperty",
    },
    "datatype": {RDFS + "Datatype"},
}


def rows():
    lines = (PROJECT / "ontologies/terms.tsv").read_text(encoding="utf-8").splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]


def install(folder):
    if shutil.which("npm") is None:
        raise CannotRun("npm is missing; scripts/setup.sh judges installs it")
    names = [f"@vocabulary/{name}" for name in PACKAGES.values()]
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise CannotRun(f"npm could not install the vocabularies: {done.stderr[-300:]}")


def classes_of(file):
    """Subject to its classes, from N-Quads."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        quad = re.match(r"<([^>]+)> <([^>]+)> (?:<([^>]+)>)?", line)
        if quad:
            classes = found.setdefault(quad.group(1), set())
            if quad.group(2) == TYPE and quad.group(3):
                classes.add(quad.group(3))
    return found


def judge(arguments, report):
    table = rows()
    with tempfile.TemporaryDirectory(prefix="perennial-vocabularies-") as folder:
        install(folder)
        known = {}
        for prefix, package in PACKAGES.items():
            name = package.split("@")[0]
            known[prefix] = classes_of(Path(folder) / f"node_modules/@vocabulary/{name}/{name}.nq")
            report.tools[f"@vocabulary/{name}"] = package.split("@")[1]
    unchecked = []
    for row in table:
        prefix = row["name"].split(":")[0]
        if prefix not in known or row["name"] in DCAT_3:
            unchecked.append(row["name"])
            continue
        classes = known[prefix].get(row["iri"])
        if report.check(classes is not None, f"{row['name']} is no term of its vocabulary") and classes and row["kind"] in KINDS:
            is_kind = bool(classes & KINDS[row["kind"]])
            report.check(is_kind, f"{row['name']} is no {row['kind']} but {', '.join(sorted(classes))}")
    report.figure("terms", len(table))
    report.figure("not in any package", f"{len(unchecked)} ({' '.join(unchecked)})")


if __name__ == "__main__":
    run_judge("vocabularies", judge, parser(__doc__).parse_args())
