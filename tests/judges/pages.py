#!/usr/bin/env python3
"""Looks at the pages as people do: in Chromium, at two widths, in light and dark, with the keyboard, without scripts.

Every page must answer, stay within its width, ask no other host, log no error, be well-formed HTML (html5lib, strict) and
have no violation that axe-core finds. A search must be reachable by keyboard and work without scripts. With --corpus, a
stranger's task: from the start page, by nothing but what is shown, find the calibrated InSight radiometer products and
download one whose bytes have the digest that its page tells.
"""

import hashlib
import json
import os
import urllib.parse
from pathlib import Path

from harness import CannotRun, Client, Service, add_binary, parser, run_judge

WIDTHS = {"wide": (1280, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
CHROMIUM = "/usr/bin/chromium"
# What a screenshot shows at most, in pixels of height.
SHOWN = 1900
# Tab presses from the search box to the first result.
MOST_TABS = 40


def browser_of(playwright):
    chromium = os.environ.get("CHROMIUM", CHROMIUM)
    if not Path(chromium).exists():
        raise CannotRun(f"there is no Chromium at {chromium}")
    return playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


def quote(text):
    return urllib.parse.quote(text, safe="")


def addresses(client):
    """Pages of every sort: name and path, with the status that is right."""
    def first(**parameters):
        records = client.get("/api/v1/search", limit=1, **parameters).json()["records"]
        return records[0] if records else None

    def product(record):
        return f"/products/{quote(record['collection'])}/{quote(record['id'])}"

    pages = [
        ("home", "/", 200), ("search", "/search", 200), ("collections", "/collections", 200),
        ("nothing", "/search?q=qqzzxx+unheard&from=1900&to=1901", 200), ("missing", "/products/none/such-a-product", 404),
        ("unknown", "/no/such/page", 404), ("refused", "/search?bbox=1%2C2%2C3", 400),
        ("search-words", "/search?q=mars+radiometer", 200), ("meant", "/search?q=radiometter", 200),
        ("filter", "/search?q=mars&filter=gsd+%3C+%27x", 400), ("records", "/records?f=html", 200),
        ("records-list", "/records/collections/catalogue/items?f=html&limit=20", 200),
    ]
    collection = first(kind="collection")
    if collection:
        pages.append(("collection", f"/collections/{quote(collection['id'])}", 200))
    for body in ("earth", "mars", "sky"):
        record = first(body=body)
        if record:
            pages.append((f"product-{body}", product(record), 200))
            pages.append((f"search-{body}", f"/search?body={body}", 200))
    for kind in ("instrument", "platform", "agent"):
        record = first(kind=kind)
        if record:
            pages.append((f"entity-{kind}", f"/entities/{kind}/{quote(record['id'])}", 200))
    return pages


class Visitor:
    """One browser window of a width and a colour scheme, with what went wrong in it."""

    def __init__(self, browser, base, width, scheme, scripts=True):
        size = {"width": WIDTHS[width][0], "height": WIDTHS[width][1]}
        self.context = browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=scripts)
        self.page = self.context.new_page()
        self.base = base
        self.faults = []
        self.page.on("console", lambda message: message.type == "error" and self.note(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: request.url.startswith(base) or self.faults.append(f"asks {request.url}"))

    def note(self, text):
        # The browser logs the status of an error page as an error of its own.
        if "Failed to load resource: the server responded with a status of 4" not in text:
            self.faults.append(text)

    def open(self, path):
        self.faults.clear()
        return self.page.goto(self.base + path, wait_until="load")

    def overflow(self):
        return self.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")


def check_html(report, name, text):
    import html5lib

    try:
        html5lib.HTMLParser(strict=True).parse(text)
        problem = None
    except html5lib.html5parser.ParseError as error:
        problem = str(error)
    report.check(problem is None, f"{name}: not well-formed HTML: {problem}")


def check_axe(report, name, page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{each['id']} at {each['nodes'][0]['target']} ({each['nodes'][0]['html'][:120]})" for each in found]
    report.check(not found, f"{name}: axe: {'; '.join(told)}")


def look(report, browser, base, pages, screenshots):
    for width in WIDTHS:
        for scheme in SCHEMES:
            visitor = Visitor(browser, base, width, scheme)
            for name, path, status in pages:
                told = f"{name} ({width}, {scheme})"
                answer = visitor.open(path)
                report.check(answer.status == status, f"{told}: answered {answer.status}, not {status}")
                report.check(not visitor.faults, f"{told}: {visitor.faults[:3]}")
                report.check(visitor.overflow() <= 0, f"{told}: {visitor.overflow()} pixels wider than the window")
                check_axe(report, told, visitor.page)
                if width == "wide" and scheme == "light":
                    check_html(report, name, answer.text())
                if screenshots:
                    height = min(SHOWN, visitor.page.evaluate("document.documentElement.scrollHeight"))
                    clip = {"x": 0, "y": 0, "width": WIDTHS[width][0], "height": height}
                    file = Path(screenshots, f"{name}-{width}-{scheme}.png")
                    visitor.page.screenshot(path=file, clip=clip, full_page=True)
            visitor.context.close()


def without_scripts(report, browser, base):
    visitor = Visitor(browser, base, "wide", "light", scripts=False)
    visitor.open("/")
    visitor.page.fill("main input[type=search]", "the")
    visitor.page.press("main input[type=search]", "Enter")
    visitor.page.wait_for_load_state()
    report.check("/search?q=the" in visitor.page.url, f"without scripts the search leads to {visitor.page.url}")
    visitor.open("/search")
    before = visitor.page.inner_text("h2#found")
    visitor.page.locator(".facet li a").first.click()
    visitor.page.wait_for_load_state()
    report.check(visitor.page.locator(".chips a").count() > 0, "without scripts a facet does not narrow")
    report.check(visitor.page.inner_text("h2#found") != "", f"without scripts there is no number of results after {before}")
    visitor.context.close()


def focused(page, selector):
    return page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector)


def by_keyboard(report, browser, base):
    """From the start page to a record with the keyboard alone; where the focus is must be seen."""
    visitor = Visitor(browser, base, "wide", "light")
    page = visitor.page
    visitor.open("/")
    page.keyboard.press("Tab")
    report.check(focused(page, ".skip"), "the first Tab does not reach the skip link")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    report.check(focused(page, "main input[type=search]"), "behind the skip link the search box does not come first")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search**")
    unseen = []
    for presses in range(1, MOST_TABS + 1):
        page.keyboard.press("Tab")
        style = page.evaluate("(({outlineStyle, outlineWidth}) => outlineStyle + ' ' + outlineWidth)(getComputedStyle(document.activeElement))")
        if style.startswith("none") or style.endswith(" 0px"):
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 100)"))
        if focused(page, ".hit h3 a"):
            break
        if focused(page, ".skip.here"):
            page.keyboard.press("Enter")
    report.check(focused(page, ".hit h3 a"), f"{MOST_TABS} Tabs do not reach a result")
    report.check(not unseen, f"the focus is not seen on {unseen[:3]}")
    report.figure("tabs to the first result", presses)
    page.keyboard.press("Enter")
    page.wait_for_url("**/products/**")
    report.check(page.locator("h1").count() == 1, "a result does not lead to a page of a record")
    visitor.context.close()


def stranger(report, browser, base, expected):
    """Only what is shown is used: the box, links by their text."""
    visitor = Visitor(browser, base, "wide", "light")
    page = visitor.page
    visitor.open("/")
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).first.fill("calibrated InSight radiometer")
    page.get_by_role("button", name="Search").first.click()
    page.wait_for_url("**/search**")
    page.get_by_role("navigation", name="What to find").get_by_role("link", name="Collections").click()
    page.wait_for_load_state()
    page.get_by_role("link", name="InSight RAD Calibrated Data Collection").first.click()
    page.wait_for_url("**/collections/**")
    page.get_by_role("link", name="products of this collection").click()
    page.wait_for_url("**/search**")
    titles = page.locator(".hit h3 a")
    links = [titles.nth(at).get_attribute("href") for at in range(titles.count())]
    found = set()
    downloaded = 0
    for link in links:
        visitor.open(link)
        names = page.locator("dl.names code").all_inner_texts()
        found.update(name for name in names if "::" in name)
        file = page.locator("table a.download").first
        if downloaded or not file.count():
            continue
        page.locator("table .digests summary").first.click()
        digests = page.locator("table .digests code").all_inner_texts()
        with page.expect_download() as download:
            file.click()
        content = Path(download.value.path()).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        report.check(digest in digests, f"{link}: {len(content)} bytes with sha256 {digest}, the page tells {digests}")
        downloaded = len(content)
    report.check(found == set(expected), f"a stranger finds {sorted(found)}, right is {sorted(expected)}")
    report.check(downloaded > 0, "a stranger can download nothing")
    report.figure("bytes downloaded by a stranger", downloaded)
    visitor.context.close()


def judge(arguments, report):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise CannotRun(f"{error}; scripts/setup.sh judges installs it") from None
    with sync_playwright() as playwright:
        browser = browser_of(playwright)
        report.tools["chromium"] = browser.version
        if not arguments.only_stranger:
            with Service(arguments.binary, arguments.store) as service:
                pages = addresses(Client(service.base))
                report.figure("pages", len(pages))
                look(report, browser, service.base, pages, arguments.screenshots)
                without_scripts(report, browser, service.base)
                by_keyboard(report, browser, service.base)
        if arguments.corpus:
            queries = json.loads(Path(arguments.shared, "corpus/queries/expected.json").read_text())
            expected = next(query["answer"] for query in queries if query["id"] == "D4")
            with Service(arguments.binary, arguments.corpus) as service:
                stranger(report, browser, service.base, expected)
                if not arguments.only_stranger:
                    look(report, browser, service.base, addresses(Client(service.base)), arguments.corpus_screenshots)
        browser.close()


if __name__ == "__main__":
    made = parser(__doc__)
    add_binary(made)
    made.add_argument("store", help="a store to serve, such as the one that `perennial demo --no-serve` makes")
    made.add_argument("--corpus", help="a store made of the corpus of real records, for the stranger's task")
    made.add_argument("--shared", default=os.environ.get("PERENNIAL_SHARED", ""), help="folder that holds corpus/")
    made.add_argument("--only-stranger", action="store_true", help="nothing but the stranger's task")
    made.add_argument("--screenshots", help="folder for a picture of each page of the first store")
    made.add_argument("--corpus-screenshots", help="folder for a picture of each page of the corpus")
    run_judge("pages", judge, made.parse_args())
