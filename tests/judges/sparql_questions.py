#!/usr/bin/env python3
"""Asks D6 and D9 of the corpus as one SPARQL query each, those of docs/queries, and compares with the expected answers."""

import csv
import io
import json
from pathlib import Path

from harness import PROJECT, CannotRun, Client, parser, run_judge

QUESTIONS = {"D6": ("01-contacts.rq", "dataset"), "D9": ("02-used-by-kernel.rq", "metakernel")}


def names(client, iri):
    """Every name of a record that the graph has."""
    query = f"SELECT ?id {{ <{iri}> <http://purl.org/dc/terms/identifier> ?id }}"
    return {row["id"] for row in rows(client, query)}


def rows(client, query):
    answer = client.request("POST", "/sparql?wait=graph", query.encode(), {"Content-Type": "application/sparql-query", "Accept": "text/csv"})
    if answer.status != 200:
        raise RuntimeError(f"/sparql answered {answer.status}: {answer.body[:500]!r}")
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def judge(arguments, report):
    file = Path(arguments.shared, "corpus/queries/expected.json")
    if not file.exists():
        raise CannotRun(f"{file} is not there")
    expected = {question["id"]: question["answer"] for question in json.loads(file.read_text())}
    client = Client(arguments.url)
    for name, (query, variable) in QUESTIONS.items():
        answer = expected[name]
        wanted = set(answer["ids"] if isinstance(answer, dict) else answer)
        found = [row[variable] for row in rows(client, (PROJECT / "docs/queries" / query).read_text())]
        matched = [wanted & names(client, iri) for iri in found]
        report.check(all(matched), f"{name}: {found} holds what was not expected")
        report.check(set().union(*matched) == wanted, f"{name}: {wanted - set().union(*matched)} is missing")
        report.figure(name, len(found))


if __name__ == "__main__":
    parsed = parser(__doc__)
    parsed.add_argument("url", help="address of a service with the corpus")
    parsed.add_argument("--shared", required=True, help="folder of the corpus")
    run_judge("SPARQL, D6 and D9", judge, parsed.parse_args())
