#!/usr/bin/env python3
"""Kills a serving Perennial at random moments of a running ingest and checks its graph.

After each `kill -9` the service is started again and ingests on. At the end, and every few kills, all statements of the
graph, as `/sparql` gives them, are compared with those of a graph that was built anew from the archive alone. The seed
fixes what is sent and when the kills come.
"""

import http.client
import random
import shutil
import tempfile
import urllib.parse
from pathlib import Path

from harness import Client, Service, add_binary, parser, run_judge
from kill9 import RECORD_WRITERS, RecordWriter, register, run_writers

# Statements of one answer; the service refuses longer ones than a million rows. Nobody writes meanwhile, so that the pages of
# a checkpoint fit together; that all have seen the same event is checked.
PAGE = 100_000
QUERY = "SELECT ?g ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} }} LIMIT {limit} OFFSET {offset}"
COMPARE_EVERY = 25


def page(base, offset):
    """Statements from a place on, and the event that they have seen."""
    answer, query = None, QUERY.format(limit=PAGE, offset=offset)
    for _ in range(30):
        try:
            answer = Client(base).request("GET", f"/sparql?wait=graph&format=tsv&query={urllib.parse.quote(query)}")
        except http.client.IncompleteRead:
            # Longer than a query may take, on a busy machine.
            continue
        if answer.status == 200:
            # Addresses of the service hold its port, which is another after each start.
            lines = answer.body.replace(base.encode(), b"BASE").splitlines()[1:]
            return lines, int(answer.headers["perennial-sequence"])
        if answer.status != 503:
            break
    said = f"{answer.status}: {answer.body[:500]!r}" if answer else "in pieces"
    raise RuntimeError(f"/sparql answered {said}")


def dump(base):
    """All statements, sorted, and the event that they have seen."""
    lines, sequence = page(base, 0)
    more = lines
    while len(more) == PAGE:
        more, again = page(base, len(lines))
        if again != sequence:
            raise RuntimeError(f"the graph went from event {sequence} to {again} while it was read")
        lines.extend(more)
    return sorted(lines), sequence


def compare(service, store, report):
    """The graph as it was kept, and as it is built from nothing."""
    kept, sequence = dump(service.base)
    service.kill()
    shutil.rmtree(store / "index" / "graph")
    service.start()
    fresh, again = dump(service.base)
    report.check(sequence == again, f"the kept graph has seen {sequence}, the fresh one {again}")
    if not report.check(kept == fresh, f"{len(kept)} statements were kept, {len(fresh)} are right"):
        kept, fresh = set(kept), set(fresh)
        for line in sorted(kept - fresh)[:5]:
            print(f"  too much: {line!r}")
        for line in sorted(fresh - kept)[:5]:
            print(f"  missing:  {line!r}")
    return len(fresh)


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-graph-kill9-", dir=arguments.folder))
    chance = random.Random(arguments.seed)
    writers = [RecordWriter(number, arguments.seed) for number in range(RECORD_WRITERS)]
    service = Service(arguments.binary, folder / "store")
    service.start()
    try:
        register(service.base)
        statements = 0
        for kill in range(arguments.kills):
            run_writers(service.base, writers, chance.uniform(0.02, arguments.longest), service)
            service.start()
            if (kill + 1) % COMPARE_EVERY == 0 or kill + 1 == arguments.kills:
                statements = compare(service, folder / "store", report)
                print(f"{kill + 1} of {arguments.kills} kills, {statements} statements", flush=True)
        report.check(service.stop() == 0, "serve did not end well on SIGTERM")
        report.figure("kills", arguments.kills)
        report.figure("statements", statements)
    finally:
        if service.process.poll() is None:
            service.kill()
        if report.failures:
            print(f"kept for inspection: {folder}, log {service.log}", flush=True)
        else:
            shutil.rmtree(folder)
            service.log.unlink()


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("--kills", type=int, default=20, help="how often")
    parsed.add_argument("--seed", type=int, default=1, help="fixes what is sent and when the kills come")
    parsed.add_argument("--longest", type=float, default=1.0, help="longest time to a kill, seconds")
    parsed.add_argument("--folder", help="where to make the store (default: the system's temporary folder)")
    run_judge("kill -9, graph", judge, parsed.parse_args())
