"""What the judges share: a report, a service under test, a small HTTP client. Standard library only.

A judge knows Perennial from outside: its program, its HTTP interface, its files. It prints what it finds, ends with
exit code 0 (passed), 1 (failed) or 3 (could not run here, with the reason), and with --report FILE appends one JSON line
that tests/judges/render.py turns into a row of docs/JUDGES.md.
"""

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CANNOT_RUN = 3


class CannotRun(Exception):
    """The machine does not allow this judge to run; the text says why."""


class Report:
    """Counts what was checked and keeps the figures; `finish` says it and gives the exit code."""

    def __init__(self, judge, file=None):
        self.judge = judge
        self.file = file
        self.started = time.monotonic()
        self.checked = 0
        self.failures = []
        self.figures = {}
        self.tools = {}

    def check(self, holds, failure):
        """Counts one check; `failure` says what is wrong if it does not hold."""
        self.checked += 1
        if not holds:
            self.failures.append(failure)
            if len(self.failures) <= 20:
                print(f"FAILED: {failure}", flush=True)
        return holds

    def figure(self, name, value):
        """A measured value, shown in the report."""
        self.figures[name] = value

    def finish(self, skipped=None):
        seconds = round(time.monotonic() - self.started, 1)
        passed = not self.failures and skipped is None and self.checked > 0
        if skipped is not None:
            print(f"!!!! {self.judge} could not run here: {skipped}", flush=True)
        else:
            if self.checked == 0:
                print("FAILED: nothing was checked", flush=True)
            figures = ", ".join(f"{name} {value}" for name, value in self.figures.items())
            verdict = "passed" if passed else "FAILED"
            print(f"{self.judge}: {verdict}, {self.checked} checks, {len(self.failures)} failures, {seconds} s; {figures}", flush=True)
        if self.file:
            row = {
                "judge": self.judge, "passed": passed, "checked": self.checked, "failed": len(self.failures),
                "failures": self.failures[:10], "figures": self.figures, "tools": self.tools, "seconds": seconds,
                "skipped": skipped,
            }
            with open(self.file, "a", encoding="utf-8") as out:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        if skipped is not None:
            return CANNOT_RUN
        return 0 if passed else 1


def parser(description):
    """Arguments that every judge has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("--report", help="append the result as a JSON line to this file")
    return made


def add_binary(arguments):
    target = os.environ.get("CARGO_TARGET_DIR", str(PROJECT / "target"))
    default = os.environ.get("PERENNIAL_BINARY", f"{target}/debug/perennial")
    arguments.add_argument("--binary", default=default, help="the perennial program")


def run_judge(name, judge, arguments):
    """Runs `judge(arguments, report)` and ends the process with its exit code."""
    report = Report(name, arguments.report)
    skipped = None
    try:
        judge(arguments, report)
    except CannotRun as reason:
        skipped = str(reason)
    except (OSError, http.client.HTTPException, subprocess.SubprocessError, ValueError, KeyError, RuntimeError) as error:
        report.check(False, f"{type(error).__name__}: {error}")
    sys.exit(report.finish(skipped))


def perennial(binary, store, *arguments, check=True, timeout=1800):
    """Runs a verb on a store; the answer is the finished process with text output."""
    command = [binary, "--store", str(store), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]} {done.stdout[-500:]}")
    return done


class Service:
    """`perennial serve` on a free port of loopback."""

    def __init__(self, binary, store, *options):
        self.command = [binary, "--store", str(store), "serve", "--listen", "127.0.0.1:0", *options]
        self.log = Path(tempfile.mkstemp(prefix="perennial-", suffix=".log")[1])
        self.process = None
        self.base = None

    def start(self, timeout=120):
        """Starts it and waits for the first good answer; the answer is the seconds that took."""
        started = time.monotonic()
        begin = self.log.stat().st_size
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.base = None
        while self.base is None:
            self._still_runs(started, timeout)
            found = re.search(rb"listening on (http://[^\s\"\\]+)", self.log.read_bytes()[begin:])
            self.base = found and found.group(1).decode().rstrip("/")
            time.sleep(0.005)
        while self._health() != 200:
            self._still_runs(started, timeout)
            time.sleep(0.01)
        return time.monotonic() - started

    def _still_runs(self, started, timeout):
        if self.process.poll() is not None:
            raise RuntimeError(f"serve ended with {self.process.returncode}: {self.tail()}")
        if time.monotonic() - started > timeout:
            raise RuntimeError(f"serve was not ready after {timeout} s: {self.tail()}")

    def _health(self):
        try:
            return Client(self.base, timeout=5).get("/health").status
        except (OSError, http.client.HTTPException):
            return 0

    def tail(self):
        return self.log.read_bytes()[-1500:].decode("utf-8", "replace")

    def kill(self):
        """SIGKILL: no handler runs, nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=60):
        """SIGTERM; the answer is the exit code."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"serve did not end within {timeout} s of SIGTERM") from None

    def resident_mib(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) // 1024

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    def json(self):
        return json.loads(self.body)


class Client:
    """One kept-alive connection; not for several threads."""

    def __init__(self, base, timeout=120, source=None):
        """`source` is the address of loopback that it comes from."""
        parts = urllib.parse.urlsplit(base)
        self.prefix = parts.path.rstrip("/")
        here = source and (source, 0)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout, source_address=here)

    def request(self, method, target, body=None, headers=None):
        """One request; `target` is a path of the service or a whole URL that it gave."""
        if target.startswith("http"):
            parts = urllib.parse.urlsplit(target)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
        else:
            target = self.prefix + target
        try:
            self.connection.request(method, target, body=body, headers=headers or {})
            response = self.connection.getresponse()
            return Answer(response, response.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def get(self, target, /, **parameters):
        if parameters:
            target += "?" + urllib.parse.urlencode(parameters, doseq=True)
        return self.request("GET", target)

    def pages(self, target, /, **parameters):
        """Follows `next` links from a search; gives each page as JSON."""
        answer = self.get(target, **parameters)
        while True:
            if answer.status != 200:
                raise RuntimeError(f"{target} answered {answer.status}: {answer.body[:500]!r}")
            page = answer.json()
            yield page
            following = [link["href"] for link in page.get("links", []) if link.get("rel") == "next"]
            if not following:
                return
            answer = self.get(following[0])

    def ingest(self, lines, on_receipt=None):
        """Sends NDJSON lines (bytes) and reads the receipts as they come; the answer is the list of receipts."""
        receipts = []
        self.connection.request("POST", self.prefix + "/api/v1/ingest", body=b"".join(line + b"\n" for line in lines),
                                headers={"Content-Type": "application/x-ndjson"})
        response = self.connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"ingest answered {response.status}: {response.read()[:1000]!r}")
        while True:
            line = response.readline()
            # A receipt counts only with its line end: half a line is no acknowledgement.
            if not line.endswith(b"\n"):
                break
            receipt = json.loads(line)
            receipts.append(receipt)
            if on_receipt:
                on_receipt(receipt)
        return receipts


def product_path(collection, identifier):
    quote = lambda text: urllib.parse.quote(text, safe="")
    return f"/api/v1/collections/{quote(collection)}/products/{quote(identifier)}"


def in_threads(count, work):
    """Runs `work(number)` in threads and waits for all; the first exception is raised here."""
    errors = []

    def guarded(number):
        try:
            work(number)
        except Exception as error:  # noqa: BLE001  raised again below
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
