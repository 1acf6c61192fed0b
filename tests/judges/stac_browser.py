#!/usr/bin/env python3
"""Looks at our STAC API with STAC Browser in Chromium: the catalogue, a collection, an Item and both searches.

What the pages show must be what the API answers: collections of the catalogue, Items of a collection, results of a search
by words. No page may show an error, and no request to our service may fail. Requests to other hosts (thumbnails, map
tiles) are refused, so that nothing leaves the machine.
"""

import functools
import http.server
import re
import threading
import urllib.parse
from pathlib import Path

from harness import CannotRun, Client, Service, add_binary, parser, run_judge
from pages import browser_of

# What STAC Browser asks of a search that names no limit (its `itemsPerPage`).
PATIENCE = 20_000


def serve(folder):
    """Serves the built pages on a free port of loopback; the answer is the server, to be shut down."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Window:
    """A browser window that refuses other hosts and keeps what went wrong."""

    def __init__(self, browser, pages, service):
        self.page = browser.new_context(viewport={"width": 1280, "height": 1600}).new_page()
        self.pages, self.service = pages, service
        self.asked = []
        self.faults = []
        self.page.route(lambda url: not url.startswith((pages, service)), lambda route: route.abort())
        self.page.on("response", self.note)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))

    def note(self, response):
        if response.url.startswith(self.service):
            self.asked.append(response.url)
            if response.status >= 400:
                self.faults.append(f"{response.status} {response.url}")

    def open(self, path):
        """A view of STAC Browser is behind `#`, so each is loaded anew."""
        self.faults = []
        self.page.goto("about:blank")
        self.page.goto(f"{self.pages}/index.html#{path}")

    def shows(self, selector):
        self.page.wait_for_selector(selector, timeout=PATIENCE)
        self.page.wait_for_load_state("networkidle", timeout=PATIENCE)
        return self.page.locator(selector)

    def check(self, report, name):
        alerts = self.page.locator(".alert-danger").all_inner_texts()
        report.check(not alerts, f"{name} shows {alerts}")
        report.check(not self.faults, f"{name}: {self.faults[:5]}")


def judge_catalogue(report, window, stac, collections):
    window.open(f"/external/{stac}")
    cards = window.shows(".catalogs .card")
    titles = set(window.page.locator(".catalogs .card .card-title").all_inner_texts())
    known = {collection.get("title") or collection["id"] for collection in collections}
    report.check(0 < cards.count() <= len(collections), f"{cards.count()} cards of {len(collections)} collections")
    report.check({title.strip() for title in titles} <= {title.strip() for title in known}, f"titles that no collection has: {sorted(titles - known)[:3]}")
    window.check(report, "the catalogue")


def judge_collection(report, client, window, stac, collection):
    path = f"{stac}/collections/{urllib.parse.quote(collection['id'], safe='')}"
    window.open(f"/external/{path}")
    shown = int(re.sub(r"\D", "", window.shows(".items .badge").first.inner_text()) or 0)
    held = client.get(f"/stac/collections/{urllib.parse.quote(collection['id'], safe='')}/items", limit=1).json()["numberMatched"]
    report.check(0 < shown <= held, f"{collection['id']}: {shown} Items are shown, {held} are there")
    window.check(report, f"collection {collection['id']}")


def judge_item(report, window, stac, item):
    own = next(link["href"] for link in item["links"] if link["rel"] == "self")
    window.open(f"/external/{own}")
    window.shows("main h1, h1")
    text = window.page.inner_text("body")
    report.check(item["properties"].get("title", item["id"]) in text or item["id"] in text, f"the page of {item['id']} does not name it")
    window.check(report, f"Item {item['id']}")


def judge_search(report, client, window, stac, word):
    """Searches the Items by a word, in the form for Items."""
    window.open(f"/search/external/{stac}")
    window.shows("form.filter")
    window.page.get_by_text("Search for Items", exact=False).first.click()
    # The field is a list of words that shows its input once it is clicked.
    window.page.locator(".filter-freetext .multiselect:visible").first.click()
    window.page.keyboard.type(word)
    window.page.keyboard.press("Enter")
    window.page.locator("form.filter:visible button[type=submit]").first.click()
    cards = window.shows(".item-card")
    report.check(any("/stac/search" in url for url in window.asked), f"STAC Browser asked {window.asked[-3:]}, not /stac/search")
    matched = client.get("/stac/search", q=word, limit=1).json()["numberMatched"]
    report.check(0 < cards.count() <= matched, f"a search for {word} shows {cards.count()} Items of {matched}")
    window.check(report, f"a search for {word}")
    return cards.count()


def judge(arguments, report):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise CannotRun(f"{error}; scripts/setup.sh judges installs it") from None
    if not Path(arguments.pages, "index.html").exists():
        raise CannotRun(f"no STAC Browser in {arguments.pages}; scripts/stac-browser.sh builds it")
    server = serve(arguments.pages)
    pages = f"http://127.0.0.1:{server.server_address[1]}"
    with sync_playwright() as playwright, Service(arguments.binary, arguments.store) as service:
        browser = browser_of(playwright)
        report.tools["chromium"] = browser.version
        client, stac = Client(service.base), f"{service.base}/stac"
        window = Window(browser, pages, service.base)
        collections = client.get("/stac/collections", limit=1000).json()["collections"]
        judge_catalogue(report, window, stac, collections)
        items = client.get("/stac/search", limit=arguments.items).json()["features"]
        full = {item["collection"]: item for item in items}
        for collection in [found for found in collections if found["id"] in full]:
            judge_collection(report, client, window, stac, collection)
            judge_item(report, window, stac, full[collection["id"]])
        report.figure("collections looked at", len(full))
        report.figure("results of a search", judge_search(report, client, window, stac, arguments.word))
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    made = parser(__doc__)
    add_binary(made)
    made.add_argument("store", help="a store to serve, such as the one that `perennial demo --no-serve` makes")
    made.add_argument("--pages", required=True, help="folder of the built STAC Browser, as scripts/stac-browser.sh makes it")
    made.add_argument("--items", type=int, default=12, help="newest Items whose collections are looked at")
    made.add_argument("--word", default="mars", help="what the search is for")
    run_judge("STAC Browser", judge, made.parse_args())
