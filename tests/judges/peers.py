"""Catalogues of others on loopback, for tests/judges/federated.py: pycsw, pygeoapi, an endpoint over pyoxigraph, and what only
looks like one. They are given records and started as their own documentation says; nothing of them is adapted.

pycsw and pygeoapi run in the environment of requirements-peers.txt, whose versions of shared packages are older.
"""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyoxigraph

from harness import CannotRun

# The first argument is the configuration, the second the folder of records, the third the port.
PYCSW = """
import configparser, os, sys
from wsgiref.simple_server import WSGIRequestHandler, make_server
from pycsw.core import admin, config
os.environ["PYCSW_CONFIG"] = sys.argv[1]
from pycsw.wsgi import application
read = configparser.ConfigParser()
read.read(sys.argv[1])
database = read["repository"]["database"]
admin.setup_db(database, "records", "", create_sfsql_tables=False)
admin.load_records(config.StaticContext(), database, "records", sys.argv[2])
make_server("127.0.0.1", int(sys.argv[3]), application).serve_forever()
"""

# What it wants to say of itself.
PYCSW_METADATA = [f"identification_{name}" for name in ("title", "abstract", "keywords", "keywords_type", "fees", "accessconstraints")]
PYCSW_METADATA += ["provider_name", "provider_url"]
PYCSW_METADATA += [f"contact_{name}" for name in ("name", "position", "address", "city", "stateorprovince", "postalcode", "country", "phone",
                                                  "fax", "email", "url", "hours", "instructions", "role")]

# The argument is the port; the configuration is in the environment.
PYGEOAPI = """
import sys
from pygeoapi.flask_app import APP
APP.run("127.0.0.1", int(sys.argv[1]), threaded=True)
"""


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class Program:
    """A peer that is a program of its own; ends with the block."""

    def __init__(self, python, text, arguments, log, address, environment=None):
        self.address, self.log = address, log
        command = [str(python), "-W", "ignore", "-c", text, *map(str, arguments)]
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)

    def wait(self, limit=20):
        """Waits until it answers; says why where it does not start here."""
        until = time.monotonic() + limit
        while True:
            try:
                with urllib.request.urlopen(self.address, timeout=10) as answer:
                    return answer.read()
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > until:
                    tail = self.log.read_text("utf-8", "replace").strip().splitlines()[-1:]
                    raise CannotRun(f"it does not start here: {tail or error}") from None
                time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


def version(python, package):
    """The version of a package of the other environment."""
    asked = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    try:
        done = subprocess.run([str(python), "-c", asked], capture_output=True, text=True, timeout=60)
    except OSError as error:
        raise CannotRun(f"{error}; scripts/setup.sh makes the environment of requirements-peers.txt") from None
    if done.returncode != 0:
        raise CannotRun(f"{package} is not in {python}; scripts/setup.sh makes the environment of requirements-peers.txt")
    return done.stdout.strip()


def pycsw(python, folder, records, profile=None):
    """pycsw with a database of records in XML; with the profile `apiso` they may be ISO 19139."""
    (folder / "records").mkdir(parents=True)
    for number, record in enumerate(records):
        (folder / "records" / f"{number}.xml").write_text(record)
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    settings = {
        "server": {"home": ".", "url": url, "mimetype": "application/xml; charset=UTF-8", "encoding": "UTF-8", "language": "en-US",
                   "maxrecords": "10", **({"profiles": profile} if profile else {})},
        "manager": {"transactions": "false"},
        "metadata:main": {name: "Peer" for name in PYCSW_METADATA},
        "repository": {"database": f"sqlite:///{folder}/records.db", "table": "records"},
    }
    text = "".join(f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in section.items()) for name, section in settings.items())
    (folder / "pycsw.cfg").write_text(text)
    asked = f"{url}?service=CSW&version=2.0.2&request=GetCapabilities"
    return Program(python, PYCSW, [folder / "pycsw.cfg", folder / "records", port], folder / "log", asked), url


def pygeoapi(python, folder, records):
    """pygeoapi with one catalogue of records, GeoJSON features, in TinyDB."""
    folder.mkdir(parents=True)
    (folder / "records.json").write_text(json.dumps({"_default": {str(number + 1): record for number, record in enumerate(records)}}))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    extent = {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    provider = {"type": "record", "name": "TinyDBCatalogue", "data": str(folder / "records.json"), "id_field": "id", "time_field": "updated",
                "title_field": "title"}
    about = {"title": "Peer", "description": "A peer", "keywords": ["peer"]}
    link = {"type": "text/html", "rel": "about", "title": "About", "href": url}
    settings = {
        "server": {"bind": {"host": "127.0.0.1", "port": port}, "url": url, "mimetype": "application/json; charset=UTF-8",
                   "encoding": "utf-8", "languages": ["en-US"], "limits": {"default_items": 10, "max_items": 10},
                   "map": {"url": url, "attribution": "none"}},
        "logging": {"level": "ERROR"},
        "metadata": {"identification": {**about, "keywords_type": "theme", "terms_of_service": "none", "url": url},
                     "license": {"name": "CC0"}, "provider": {"name": "Judge", "url": url}, "contact": {"name": "Judge"}},
        "resources": {"peer": {"type": "collection", **about, "links": [link], "extents": extent, "providers": [provider]}},
    }
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(settings))
    (folder / "openapi.json").write_text(json.dumps({"openapi": "3.0.2", "info": {"title": "Peer", "version": "1"}, "paths": {}}))
    environment = {**os.environ, "PYGEOAPI_CONFIG": str(folder / "config.yml"), "PYGEOAPI_OPENAPI": str(folder / "openapi.json")}
    return Program(python, PYGEOAPI, [port], folder / "log", f"{url}/collections/peer/items?f=json", environment), url


def _serve(handle):
    """A server on threads of this process: `handle(path, body, accept)` gives status, media type and body."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, media_type, text = handle(self.path, body, self.headers.get("content-type", ""))
            try:
                self.send_response(status)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                pass  # whoever asked did not wait

        do_GET = do_POST = answer  # noqa: N815 - named by http.server

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def endpoint(turtle):
    """A SPARQL endpoint over pyoxigraph, by the three ways of the protocol."""
    store = pyoxigraph.Store()
    store.load(turtle.encode(), format=pyoxigraph.RdfFormat.TURTLE)

    def handle(path, body, media_type):
        form = body.decode() if "x-www-form-urlencoded" in media_type else urllib.parse.urlsplit(path).query
        query = body.decode() if "sparql-query" in media_type else urllib.parse.parse_qs(form).get("query", [""])[0]
        try:
            found = store.query(query)
            if isinstance(found, pyoxigraph.QueryTriples):
                return 200, "text/turtle", found.serialize(format=pyoxigraph.RdfFormat.TURTLE)
            return 200, "application/sparql-results+json", found.serialize(format=pyoxigraph.QueryResultsFormat.JSON)
        except (SyntaxError, ValueError, OSError) as error:
            return 400, "text/plain", str(error).encode()

    server, url = _serve(handle)
    return server, f"{url}/query"


def garbage():
    """Answers every question with a page for people."""
    return _serve(lambda *_: (200, "text/html", b"<html><body><p>Welcome</body>"))
