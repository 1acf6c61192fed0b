#!/usr/bin/env python3
"""schemathesis against the whole interface: no answer of 5xx, none that the description does not know, for a span of time.

It writes as it reads, so it works on a copy of the store.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import Service, add_binary, parser, run_judge

# It has no words for lines of JSON and for queries.
HOOKS = """import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/sparql-query")
def lines(context, value):
    return value.encode() if isinstance(value, str) else bytes(value or b"") if not isinstance(value, (dict, list, int, float, bool)) else repr(value).encode()
"""

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "allow_header_conformance",
]


def judge(arguments, report):
    report.tools["schemathesis"] = importlib.metadata.version("schemathesis")
    with tempfile.TemporaryDirectory(prefix="perennial-schemathesis-") as folder:
        store = Path(folder) / "store"
        shutil.copytree(arguments.store, store)
        with Service(arguments.binary, store) as service:
            command = [
                str(Path(sys.executable).with_name("st")), "run", f"{service.base}/openapi.json", "--max-time", str(arguments.seconds),
                "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful", "--seed", str(arguments.seed),
                "--continue-on-failure", "--no-shrink", "--suppress-health-check", "all",
            ]
            (Path(folder) / "perennial_hooks.py").write_text(HOOKS, encoding="utf-8")
            environment = os.environ | {"SCHEMATHESIS_HOOKS": "perennial_hooks", "PYTHONPATH": folder}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL, timeout=arguments.seconds * 2 + 300)
            alive = service.process.poll() is None
            report.check(alive, f"the service ended: {service.tail()}")
            if alive:
                report.figure("resident MiB after", service.resident_mib())
        output = done.stdout
        failures = re.findall(r"^- (ST\d+ .+|.+error.+)$", output, re.MULTILINE | re.IGNORECASE)
        for failure in failures:
            report.check(False, failure)
        report.check(done.returncode == 0, f"schemathesis ended with {done.returncode}: {(output + done.stderr)[-4000:]}")
        for name, pattern in (("cases", r"(\d+) generated"), ("operations", r"Tested: (\d+)")):
            found = re.search(pattern, output)
            report.check(found, f"the summary does not say {name}")
            report.figure(name, int(found.group(1)) if found else 0)
        report.figure("seconds", arguments.seconds)


if __name__ == "__main__":
    parsed = parser(__doc__)
    add_binary(parsed)
    parsed.add_argument("store", help="a store, which stays as it is")
    parsed.add_argument("--seconds", type=int, default=180, help="how long")
    parsed.add_argument("--seed", type=int, default=1, help="of chance")
    run_judge("schemathesis", judge, parsed.parse_args())
