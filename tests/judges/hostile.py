#!/usr/bin/env python3
"""Sends a serving Perennial what no client should send, and checks that the answers are clear and nothing else suffered.

Each case has the statuses that are right for it. Every refusal must be a problem document (RFC 9457) with the request id of its
header. In the end the service must still answer, hold exactly what was accepted, stay small in memory, and `verify` must
find nothing.
"""

import base64
import gzip
import hashlib
import json
import shutil
import socket
import tempfile
import urllib.parse
from pathlib import Path

from harness import Client, Service, add_binary, parser, perennial, product_path, run_judge

COLLECTION = "hostile"
PRODUCTS = f"/api/v1/collections/{COLLECTION}/products"
JSON = {"Content-Type": "application/json"}
GOAL_RESIDENT_MIB = 600
NASTY_IDS = ["a/b", "a:b", "100%", "a%2Fb", "..a", "a..", "in ner space", "é漢字", "a?b#c&d=e+f", "urn:nasa:pds:x::1.0", "x" * 512, "a//b", "~", "%00", "\u2028"]


def product(identifier, **more):
    return {"kind": "product", "collection": COLLECTION, "id": identifier, "title": "A product", **more}


def encoded(value):
    return json.dumps(value, ensure_ascii=False).encode()


def bad_bodies():
    """(what, body, statuses) for POST of a product."""
    good = encoded(product("never"))
    yield "empty body", b"", {400, 422}
    yield "no JSON", b"hello", {400, 422}
    yield "bytes after JSON", good + b" {}", {400, 422}
    yield "cut JSON", good[:-5], {400, 422}
    yield "invalid UTF-8", good.replace(b"A product", b"A \xff\xfe product"), {400, 422}
    yield "NUL in a string", encoded(product("a\u0000b")), {400, 422}
    yield "raw NUL", good.replace(b"A product", b"A \x00 product"), {400, 422}
    yield "nesting of 10,000 arrays", good[:-1] + b',"properties":{"x:y":' + b"[" * 10_000 + b"]" * 10_000 + b"}}", {400, 422}
    yield "nesting of 10,000 objects", good[:-1] + b',"properties":{"x:y":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}}", {400, 422}
    yield "duplicate member", b'{"title":"One",' + encoded(product("twofold"))[1:], {201, 400, 422}
    yield "a list", b"[" + good + b"]", {400, 422}
    yield "a number", b"1e999", {400, 422}
    yield "a number that no double holds", good[:-1] + b',"properties":{"x:y":1E400}}', {422}
    yield "title is a number", encoded(product("never", title=3)), {422}
    yield "id is empty", encoded(product("")), {400, 422}
    yield "id has 600 characters", encoded(product("x" * 600)), {400, 422}
    yield "id is ..", encoded(product("..")), {400, 422}
    yield "end before start", encoded(product("never", time={"start": "2020-01-02T00:00:00Z", "stop": "2020-01-01T00:00:00Z"})), {422}
    yield "latitude 91", encoded(product("never", space=[{"body": "earth", "bbox": [0, 0, 10, 91]}])), {422}
    yield "5 MiB of title", encoded(product("never", title="x" * (5 << 20))), {400, 413, 422}


def bad_questions():
    """Searches that must be refused, never answered as if the parameter were not there."""
    names = ["limit=-1", "limit=1e3", "limit=99999999999999999999", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=0,91,1,92", "bbox=0,10,1,5",
             "bbox=nan,0,1,1", "bbox=0,0,1e999,1", "datetime=yesterday", "datetime=2020-13-01T00:00:00Z", "datetime=2021-01-01T00:00:00Z/2020-01-01T00:00:00Z",
             "datetime=../..", "sort=size", "facets=everything", "token=abc", "token=" + "A" * 5000, "colection=x", "limit=1&limit=2", "property=", "property=%3C5",
             "q=%ff", "q=%00", "q=%zz", "kind=nonsense", "count=maybe"]
    return [f"/api/v1/search?{name}" for name in names] + [f"/stac/search?{name}" for name in ["limit=0", "bbox=1,2,3", "bbox=0,91,1,92", "datetime=x", "token=abc", "nonsense=1"]]


def check_problem(what, answer, statuses, report):
    report.check(answer.status in statuses, f"{what}: status {answer.status}, right were {sorted(statuses)}: {answer.body[:300]!r}")
    if answer.status < 400:
        return
    media_type = answer.headers.get("content-type", "")
    # STAC and OGC faces have an error form of their own.
    if not report.check("json" in media_type, f"{what}: {answer.status} as {media_type!r}: {answer.body[:200]!r}"):
        return
    if media_type.startswith("application/problem+json"):
        problem = answer.json()
        report.check(problem.get("status") == answer.status and problem.get("title") and problem.get("type"), f"{what}: not a whole problem: {problem}")
        report.check(problem.get("request_id") and problem["request_id"] == answer.headers.get("x-request-id"), f"{what}: request ids differ: {problem.get('request_id')} {answer.headers.get('x-request-id')}")
    inside = [word for word in (b"panicked", b"src/", b"RUST_BACKTRACE", b".rs:") if word in answer.body]
    report.check(not inside, f"{what}: the answer shows our inside: {answer.body[:300]!r}")


def raw(base, data, wait=True):
    """Bytes as they are; gives what came back within 5 s."""
    parts = urllib.parse.urlsplit(base)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        try:
            connection.sendall(data)
            if not wait:
                return b""
            return connection.recv(65536)
        except (TimeoutError, ConnectionError):
            return b""


def judge_ids(client, report):
    """Identifiers with every awkward character come back under their own address, with their own bytes."""
    accepted = {}
    for identifier in NASTY_IDS:
        body = encoded(product(identifier, properties={"test:number": 1}))
        answer = client.request("PUT", product_path(COLLECTION, identifier), body, JSON)
        if not report.check(answer.status in (200, 201, 400, 422), f"id {identifier[:40]!r}: status {answer.status} {answer.body[:200]!r}"):
            continue
        if answer.status >= 400:
            check_problem(f"id {identifier[:40]!r}", answer, {400, 422}, report)
            continue
        accepted[identifier] = answer.json()["digest"]
        found = client.get(product_path(COLLECTION, identifier))
        report.check(found.status == 200 and found.json()["id"] == identifier, f"id {identifier[:40]!r}: read back {found.status} {found.body[:200]!r}")
    report.check(len(accepted) >= 12, f"only {len(accepted)} of {len(NASTY_IDS)} identifiers were accepted")
    return accepted


def judge_numbers(client, report):
    """Numbers beyond 64 bits and unknown fields come back byte for byte."""
    text = '{"kind":"product","collection":"hostile","id":"numbers","title":"Numbers","properties":{"test:big":123456789012345678901234567890,"test:dec":1.10,"test:exp":1.0E+300,"test:neg":-0.0,"test:sep":"a\u2028b"},"unknown":{"z":1,"a":[1.50]}}'
    answer = client.request("PUT", product_path(COLLECTION, "numbers"), text.encode(), JSON)
    report.check(answer.status == 201, f"numbers: {answer.status} {answer.body[:300]!r}")
    found = client.get(product_path(COLLECTION, "numbers")).body.decode()
    for piece in ("123456789012345678901234567890", "1.10", "1.0E+300", "-0.0", "a\u2028b", '"unknown":{"z":1,"a":[1.50]}'):
        report.check(piece in found, f"numbers: {piece} was not kept as written: {found[:500]}")


def judge_batch(client, report):
    """Bad lines are named with number and reason; the good ones around them are kept."""
    lines = [encoded(product("line-1")), b"{broken", encoded(product("line-3")), encoded({**product("line-4"), "collection": "hostil"}), encoded(product("line-1", title="Again")),
             b"\xff\xfe", encoded(product("line-7", title="a\u2028b"))]
    receipts = client.ingest(lines)
    by_line = {receipt["line"]: receipt for receipt in receipts}
    report.check(sorted(by_line) == [1, 2, 3, 4, 5, 6, 7], f"batch: receipts for {sorted(by_line)}")
    for number in (1, 3, 7):
        report.check(by_line[number]["status"] == "created", f"batch line {number}: {by_line[number]}")
    for number in (2, 4, 6):
        report.check(by_line[number]["status"] == "refused" and by_line[number].get("problem", {}).get("detail"), f"batch line {number}: {by_line[number]}")
    report.check(COLLECTION in json.dumps(by_line[4]), f"batch line 4: the nearest collection is not named: {by_line[4]}")
    report.check(by_line[5]["status"] in ("replaced", "refused"), f"batch line 5, a duplicate id: {by_line[5]}")
    again = client.ingest(lines[2:3])
    report.check(again[0]["status"] == "unchanged", f"a line sent again: {again}")


def judge_conditions(client, report):
    first = client.request("PUT", product_path(COLLECTION, "edited"), encoded(product("edited")), JSON)
    other = '"' + "0" * 64 + '"'
    check_problem("If-Match of another", client.request("PUT", product_path(COLLECTION, "edited"), encoded(product("edited", title="B")), {**JSON, "If-Match": other}), {412}, report)
    check_problem("If-Match that is no tag", client.request("DELETE", product_path(COLLECTION, "edited"), None, {"If-Match": "nonsense"}), {400, 412}, report)
    key = {**JSON, "Idempotency-Key": "judge-1"}
    one = client.request("POST", PRODUCTS, encoded(product("once")), key)
    two = client.request("POST", PRODUCTS, encoded(product("once")), key)
    report.check(one.status == 201 and two.status == 201 and one.json()["sequence"] == two.json()["sequence"], f"Idempotency-Key: {one.status} {one.body!r}, then {two.status} {two.body!r}")
    check_problem("Idempotency-Key with another body", client.request("POST", PRODUCTS, encoded(product("twice")), key), {422}, report)
    gone = client.request("DELETE", product_path(COLLECTION, "once"))
    report.check(gone.status in (200, 204), f"DELETE: {gone.status} {gone.body[:200]!r}")
    check_problem("a deleted product", client.get(product_path(COLLECTION, "once")), {410}, report)
    check_problem("a collection with products", client.request("DELETE", f"/api/v1/collections/{COLLECTION}"), {409}, report)
    return first.json()["digest"]


def judge_files(client, base, report):
    path = product_path(COLLECTION, "edited") + "/files/a.bin"
    body = b"some bytes" * 1000
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    check_problem("a promised digest that differs", client.request("PUT", path, body, {"Repr-Digest": f"sha-256=:{wrong}:"}), {422}, report)
    check_problem("the file of the refused upload", client.get(path), {404}, report)
    host = urllib.parse.urlsplit(base).netloc
    raw(base, f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 1000, wait=False)
    check_problem("the file of the cut upload", client.get(path), {404}, report)
    report.check(client.request("PUT", path, body, {}).status == 200, "a good upload after bad ones is refused")
    for wanted, status in (("bytes=0-9", 206), ("bytes=-5", 206), ("bytes=9999-", 206), ("bytes=10000-", 416), ("bytes=5-2", 200), ("lines=1-2", 200)):
        answer = client.request("GET", path, None, {"Range": wanted})
        report.check(answer.status == status, f"Range {wanted}: {answer.status}, right is {status}")
        if answer.status == 206:
            first, last = answer.headers["content-range"].split(" ")[1].split("/")[0].split("-")
            report.check(answer.body == body[int(first):int(last) + 1], f"Range {wanted}: wrong bytes")


def judge_protocol(client, base, report):
    host = urllib.parse.urlsplit(base).netloc
    for what, method, path, statuses in (("unknown route", "GET", "/nonsense", {404}), ("unknown method", "BREW", "/api/v1/search", {404, 405, 501}),
                                         ("POST where only GET is", "POST", "/api/v1/resolve", {404, 405}), ("long query", "GET", "/api/v1/search?q=" + "a" * 70_000, {400, 413, 414, 431}),
                                         ("unknown product", "GET", product_path(COLLECTION, "nothing"), {404}), ("unknown collection", "GET", product_path("hostil", "x"), {404}),
                                         ("dot segments", "GET", "/api/v1/../../etc/passwd", {400, 404}), ("encoded dot segments", "GET", "/docs/%2e%2e/%2e%2e/etc/passwd", {400, 404})):
        answer = Client(base).request(method, path)
        report.check(answer.status in statuses, f"{what}: status {answer.status}, right were {sorted(statuses)}: {answer.body[:200]!r}")
    bomb = gzip.compress(b" " * (200 << 20), 9)
    check_problem("a decompression bomb", Client(base).request("POST", PRODUCTS, bomb, {**JSON, "Content-Encoding": "gzip"}), {400, 413, 415, 422}, report)
    for what, data in (("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10), ("100,000 headers", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100_000),
                       ("a header of 1 MiB", b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * (1 << 20) + b"\r\n\r\n"),
                       ("two lengths", f"POST {PRODUCTS} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{{}}".encode()),
                       ("length and chunks", f"POST {PRODUCTS} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())):
        answered = raw(base, data)
        status = answered.split(b" ")[1:2]
        report.check(not answered or status[0][:1] == b"4", f"{what}: {answered[:100]!r}")
        report.check(client.get("/health").status == 200, f"{what}: the service does not answer any more")
    foreign = client.request("POST", PRODUCTS, encoded(product("foreign")), {"Content-Type": "text/plain", "Origin": "https://elsewhere.example"})
    check_problem("a write by a page of another origin", foreign, {401, 403, 415}, report)


def judge(arguments, report):
    folder = Path(tempfile.mkdtemp(prefix="perennial-hostile-"))
    service = Service(arguments.binary, folder / "store")
    service.start()
    try:
        base = service.base
        client = Client(base)
        made = client.request("POST", "/api/v1/collections", encoded({"kind": "collection", "id": COLLECTION, "title": "Hostile", "description": "Made by a test.", "licence": "CC0-1.0"}), JSON)
        report.check(made.status == 201, f"the collection: {made.status} {made.body[:300]!r}")
        for what, body, statuses in bad_bodies():
            check_problem(what, client.request("POST", PRODUCTS, body, JSON), statuses, report)
        check_problem("an unknown collection", client.request("POST", "/api/v1/collections/hostil/products", encoded({**product("x"), "collection": "hostil"}), JSON), {404, 422}, report)
        for target in bad_questions():
            check_problem(target[:80], client.get(target), {400}, report)
        judge_ids(client, report)
        judge_numbers(client, report)
        judge_batch(client, report)
        judge_conditions(client, report)
        judge_files(client, base, report)
        judge_protocol(client, base, report)
        health = client.get("/health").json()
        report.check(health["status"] == "ok", f"/health says {health}")
        report.check(client.get("/api/v1/search", q="never").json()["matched"] == 0, "a refused record is found")
        report.figure("resident MiB after all", service.resident_mib())
        report.check(service.resident_mib() < GOAL_RESIDENT_MIB, f"{service.resident_mib()} MiB resident")
        report.check(service.stop() == 0, "serve did not end well on SIGTERM")
        verified = perennial(arguments.binary, folder / "store", "verify", check=False)
        report.check(verified.returncode == 0, f"verify: {verified.returncode} {verified.stdout[-500:]}{verified.stderr[-500:]}")
        report.check(b"panicked" not in service.log.read_bytes(), f"a panic is in the log: {service.tail()}")
    finally:
        service.stop()
        if report.failures:
            print(f"kept for inspection: {folder}, log {service.log}", flush=True)
        else:
            shutil.rmtree(folder)
            service.log.unlink()


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    run_judge("hostile requests", judge, parsed.parse_args())
