#!/usr/bin/env python3
"""Reads ResourceSync and sitemaps as the package `resync` does, from the well-known address on.

The resource list must have every published record once, and what each address gives must have the length and the sha-256 that the list says.
After a change, an addition and a deletion the change list must end with these three, and a copy that is kept up by them must be
what a new resource list says. Every page that a sitemap names must answer.
"""

import hashlib
import json
from importlib.metadata import version

from lxml import etree
from resync.capability_list import CapabilityList
from resync.change_list import ChangeList
from resync.resource_list import ResourceList
from resync.source_description import SourceDescription

from harness import Client, Service, add_binary, parser, run_judge

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def settled(client, sequence):
    """Waits until an event is older than the running second: before that no list has it."""
    while True:
        told = client.get(f"/resourcesync/resourcelist/{sequence}/1.xml")
        if told.status == 200:
            return


def last_sequence(client):
    return client.get("/health").json()["sequence"]


class Judge:
    def __init__(self, base, report):
        self.base, self.client, self.report = base, Client(base), report

    def capabilities(self):
        source = SourceDescription()
        source.read(f"{self.base}/.well-known/resourcesync")
        addresses = [resource.uri for resource in source.resources]
        self.report.check(source.capability == "description" and len(addresses) == 1, f"source description: {addresses}")
        listed = CapabilityList()
        listed.read(addresses[0])
        self.report.check(listed.has_capability("resourcelist") and listed.has_capability("changelist"), "no resource list or no change list")
        return listed.capability_info("resourcelist").uri, listed.capability_info("changelist").uri

    def resources(self, address):
        resources = ResourceList()
        resources.read(address)
        found = {resource.uri: resource for resource in resources}
        self.report.check(len(found) == len(resources), f"{len(resources)} resources at {len(found)} addresses")
        return found

    def changes(self, address):
        """All parts; the package reads them, but not the index of a change list."""
        told = []
        for part in etree.fromstring(self.client.get(address).body).iter(f"{SITEMAP}loc"):
            changes = ChangeList()
            changes.read(part.text)
            told.extend(changes)
        return told

    def as_said(self, resource):
        body = self.client.get(resource.uri).body
        digest = hashlib.sha256(body).hexdigest()
        self.report.check(len(body) == resource.length and digest == resource.sha256, f"{resource.uri}: {len(body)} bytes with {digest}, said are {resource.length} with {resource.sha256}")

    def changed(self, lists, before):
        """Three changes come in their order, and make the old list the new one."""
        resource_list, change_list = lists
        known = len(self.changes(change_list))
        kept = [address for address in before if "/products/" in address]
        changed, gone = sorted(kept)[:2]
        record = self.client.get(changed).json()
        added = f"{self.base}/api/v1/records/agent/added"
        for method, address, body in [("PUT", changed, {**record, "title": "another title"}), ("PUT", added, {"kind": "agent", "id": "added", "title": "Added"}), ("DELETE", gone, None)]:
            answer = self.client.request(method, address, body and json.dumps(body))
            self.report.check(answer.status in (200, 201), f"{method} {address}: {answer.status}")
        settled(self.client, last_sequence(self.client))
        news = self.changes(change_list)[known:]
        told = [(change.uri, change.change) for change in news]
        self.report.check(told == [(changed, "updated"), (added, "created"), (gone, "deleted")], f"changes: {told}")
        copy = {address: resource.sha256 for address, resource in before.items()}
        for change in news:
            if change.change == "deleted":
                copy.pop(change.uri)
            else:
                copy[change.uri] = change.sha256
        now = {address: resource.sha256 for address, resource in self.resources(resource_list).items()}
        self.report.check(copy == now, f"{len(set(copy.items()) ^ set(now.items()))} differ between a kept copy and a new list")

    def sitemaps(self):
        index = etree.fromstring(self.client.get("/sitemap.xml").body)
        pages = []
        for part in index.iter(f"{SITEMAP}loc"):
            pages.extend(loc.text for loc in etree.fromstring(self.client.get(part.text).body).iter(f"{SITEMAP}loc"))
        self.report.check(len(pages) == len(set(pages)) > 1, f"{len(pages)} pages, {len(set(pages))} different")
        for page in pages[:: max(1, len(pages) // 200)]:
            self.report.check(self.client.get(page).status == 200, f"{page} does not answer")
        return len(pages)


def judge(arguments, report):
    report.tools["resync"] = version("resync")
    with Service(arguments.binary, arguments.store) as service:
        judged = Judge(service.base, report)
        settled(judged.client, last_sequence(judged.client))
        lists = judged.capabilities()
        before = judged.resources(lists[0])
        published = sum(change.change != "deleted" for change in {change.uri: change for change in judged.changes(lists[1])}.values())
        report.check(len(before) == published, f"{len(before)} resources, {published} by the change list")
        for resource in before.values():
            judged.as_said(resource)
        judged.changed(lists, before)
        report.figure("resources", len(before))
        report.figure("pages in sitemaps", judged.sitemaps())


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="a store with products, to which is written")
    run_judge("resync, ResourceSync", judge, parsed.parse_args())
