#!/usr/bin/env python3
"""The six recreation cases as recipes: registered over HTTP, rebuilt in the sandbox, their negative cases tried, one product's
bytes dropped and read again, an input corrupted, the run crates read.

drills.py --shared SHARED [--binary perennial] [--tes]   (--tes: all runs go through our TES client to a `perennial tes`)
"""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

from harness import CannotRun, Client, Service, add_binary, parser, perennial, run_judge
from tes_client import Tasks

INTERPRETERS = {"python3": "/usr/bin/python3", "sh": "/bin/sh", "funpack": "/usr/bin/funpack"}


def quoted(text):
    return urllib.parse.quote(text, safe="")


def command_of(case, tools):
    """The arguments of a case as the sandbox sees its files, and whether its output is standard output."""
    words = {"{in*}": [f"/in/{one['role']}" for one in case["inputs"]]}
    words.update({f"{{{one['role']}}}": [f"/in/{one['role']}"] for one in case["inputs"]})
    words.update({f"{{tool{at}}}": [f"/program/{tool.name}"] for at, tool in enumerate(tools)})
    words.update({f"{{out{at}}}": [f"/out/{one['name']}"] for at, one in enumerate(case["outputs"])})
    command, _, stdout = case["command"].partition(">")
    argv = [word for part in command.split() for word in words.get(part, [INTERPRETERS.get(part, part)])]
    return argv, bool(stdout)


class Drills:
    """A store with the inputs, the recipes and the products of the cases."""

    def __init__(self, service, folder, report):
        self.client, self.folder, self.report = Client(service.base), folder, report
        self.held = {}

    def call(self, method, path, body=None, headers=None):
        answer = self.client.request(method, path, body, headers)
        return answer.status, answer.body

    def send(self, method, path, body=b"", headers=None, expect=(200, 201)):
        status, answer = self.call(method, path, body, headers)
        if status not in expect:
            raise RuntimeError(f"{method} {path}: {status} {answer[:600]!r}")
        return json.loads(answer) if answer else None

    def record(self, method, path, record):
        return self.send(method, path, json.dumps(record).encode(), {"content-type": "application/json"})

    def hold(self, path, collection="inputs", **members):
        """Registers a file of the corpus as a product; gives its name."""
        content = (self.folder / path).read_bytes()
        name = Path(path).name
        if path not in self.held:
            product = {"title": name, "files": [], **members}
            target = f"/api/v1/collections/{collection}/products/{quoted(path)}"
            self.record("PUT", target, product)
            self.send("PUT", f"{target}/files/{quoted(name)}", content, {"content-type": "application/octet-stream"})
            self.held[path] = {"sha256": hashlib.sha256(content).hexdigest(), "product": {"collection": collection, "id": path}, "file": name}
        return self.held[path]

    def upload(self, content):
        upload = self.send("POST", "/api/v1/uploads", content, {"content-type": "application/octet-stream"})["upload"]
        self.send("POST", f"/api/v1/uploads/{upload}")
        return upload

    def recipe(self, case):
        """A recipe from one of the cases."""
        inputs = [{"name": one["role"], **self.hold(one["path"])} for one in case["inputs"]]
        tools = [self.folder / tool["path"] for tool in case["tools"]]
        argv, stdout = command_of(case, tools)
        recipe = {
            "kind": "recipe", "title": case["title"], "description": case["note"], "executor": {"kind": "native", "profile": "sandbox/1"},
            "program": {"file": tools[0].name} if tools else {"command": argv[0]},
            "argv": argv, "inputs": inputs, "environment": {"LC_ALL": "C"}, "built_with": case["environment"],
            "outputs": [{"name": one["name"], "sha256": one["sha256"], "bytes": one["bytes"], "compare": {"rule": "bytes"}} for one in case["outputs"]],
            "resources": {"wall_seconds": 60, "memory_bytes": 1 << 29, "processes": 32},
            "files": [{"name": tool.name, "role": "program", "upload": self.upload(tool.read_bytes())} for tool in tools],
        }
        if stdout:
            recipe["stdout"] = case["outputs"][0]["name"]
        cases = []
        for negative in case.get("negative_cases", []):
            observed = hashlib.sha256((self.folder / negative["observed"]).read_bytes()).hexdigest()
            replace = {role: self.hold(path) for role, path in negative["change"].items()}
            cases.append({"replace": replace, "must": "differ", "observed": {case["outputs"][0]["name"]: observed}, "effect": negative["effect"]})
        if cases:
            recipe["negative_cases"] = cases
        return self.record("POST", "/api/v1/records/recipe", recipe)["id"]

    def module_recipe(self, case, module):
        """The same case by a WebAssembly module built from C, which takes the place of interpreter and script."""
        argv, stdout = command_of(case, [self.folder / tool["path"] for tool in case["tools"]])
        inputs = [{"name": one["role"], **self.hold(one["path"])} for one in case["inputs"]]
        recipe = {
            "kind": "recipe", "title": f"{case['title']} (WebAssembly)", "executor": {"kind": "wasi", "profile": "wasi-preview1/1"},
            "program": {"file": module.name}, "argv": [module.stem] + argv[2:], "inputs": inputs, "determinism": {"claim": "bytes"},
            "outputs": [{"name": one["name"], "sha256": one["sha256"], "bytes": one["bytes"]} for one in case["outputs"]],
            "files": [{"name": module.name, "role": "program", "upload": self.upload(module.read_bytes())}],
        }
        if stdout:
            recipe["stdout"] = case["outputs"][0]["name"]
        cases = [{"replace": {role: self.hold(path) for role, path in negative["change"].items()}, "must": "differ"} for negative in case.get("negative_cases", [])]
        if cases:
            recipe["negative_cases"] = cases
        return self.record("POST", "/api/v1/records/recipe", recipe)["id"]

    def product(self, case, recipe, collection="recreated"):
        expected = case["outputs"][0]["expected"]
        members = {"recipe": recipe, "retention": {"drop": "allowed"}}
        self.held.pop(expected, None)
        self.hold(expected, collection, **members)
        return f"/api/v1/collections/{collection}/products/{quoted(expected)}"


def judge_case(drills, case, report):
    name = case["id"]
    recipe = drills.recipe(case)
    again = drills.recipe(case)
    report.check(recipe == again, f"{name}: the same recipe has two ids")
    product = drills.product(case, recipe)
    plan = drills.send("POST", f"{product}/recreate?dry_run=true")
    report.check(plan["possible"] and len(plan["steps"]) == 1, f"{name}: plan {plan}")
    answer = drills.send("POST", f"{product}/recreate")
    report.check(answer["verdict"] == "identical", f"{name}: {answer['evidence']['recreation']}")
    tried = answer["evidence"]["recreation"].get("negative_cases", [])
    report.check(len(tried) == len(case.get("negative_cases", [])), f"{name}: {tried}")
    report.check(all(one["passed"] and one["verdict"] == "different" for one in tried), f"{name}: {tried}")
    step = answer["evidence"]["recreation"]["steps"][0]
    report.check(bool(step["layers"]), f"{name}: no layer of isolation is named")
    record = drills.send("GET", product)
    report.check(record["recreation"]["status"] == "proved", f"{name}: {record.get('recreation')}")
    return product, answer


def judge_module(drills, case, module, report):
    """The module on both engines: the same digest, and bytes that may go without anybody's consent."""
    name = f"{case['id']} as {module.name}"
    product = drills.product(case, drills.module_recipe(case, module), "modules")
    engines = set()
    for engine in ("cranelift", "pulley"):
        answer = drills.send("POST", f"{product}/recreate?engine={engine}")
        found = answer["evidence"]["recreation"]
        report.check(answer["verdict"] == "identical", f"{name} on {engine}: {found}")
        report.check(all(one["passed"] for one in found.get("negative_cases", [])), f"{name} on {engine}: {found.get('negative_cases')}")
        engines.update(step["engine"] for step in found["steps"])
    report.check(len(engines) == 2, f"{name}: engines {engines}")
    file = json.loads(drills.call("GET", product)[1])["files"][0]["name"]
    before = drills.call("GET", f"{product}/files/{quoted(file)}")[1]
    status, body = drills.call("POST", f"{product}/drop?dry_run=true")
    if b"does not allow" in body:
        return
    dropped = drills.send("POST", f"{product}/drop")
    report.check(dropped["files"][0]["freed"] > 0, f"{name}: {status} {dropped}")
    report.check(drills.call("GET", f"{product}/files/{quoted(file)}")[1] == before, f"{name}: a read after the drop")
    drills.send("POST", f"{product}/keep")


def judge_dropping(drills, product, report):
    """Two proofs, a drop with a reason, a read that rebuilds, a corrupted input that refuses."""
    call = drills.call
    name = json.loads(call("GET", product)[1])["files"][0]["name"]
    before = call("GET", f"{product}/files/{quoted(name)}")[1]
    status, body = call("POST", f"{product}/drop")
    report.check(status == 409 and b"one engine" in body and b"needed" in body, f"a drop after one proof: {status} {body[:300]}")
    drills.send("POST", f"{product}/recreate")
    dropped = drills.send("POST", f"{product}/drop?consent=" + quoted("the sandbox is the only engine for scripts"))
    report.check(dropped["files"] and dropped["files"][0]["freed"] > 0, f"dropped {dropped}")
    status, after = call("GET", f"{product}/files/{quoted(name)}")
    report.check(status == 200 and after == before, f"a read after the drop: {status}, same bytes {after == before}")
    kept = drills.send("POST", f"{product}/keep")
    report.check(len(kept["files"]) == 1, f"kept {kept}")
    status, after = call("GET", f"{product}/files/{quoted(name)}")
    report.check(status == 200 and after == before, f"a read after keeping: {status}")
    drills.send("POST", f"{product}/drop?consent=" + quoted("again"))
    return name


def corrupt(store, sha256):
    """Flips a byte of a payload object's stored file."""
    found = [path for path in Path(store).glob("archive/**/payload.*") if sha256 in str(path)]
    for path in found:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    return bool(found)


def judge_crates(drills, answers, report, folder):
    """Every attempt's run crate, read by rocrate and runcrate in their own environment."""
    python = Path(os.environ.get("PERENNIAL_VENV", str(Path.home() / ".cache" / "perennial-venv")) + "-crates") / "bin" / "python"
    if not python.exists():
        raise CannotRun(f"{python} is not there; scripts/setup.sh makes it")
    paths = []
    for name, answer in answers.items():
        status, content = drills.call("GET", f"/api/v1/records/evidence/{quoted(answer['evidence']['id'])}/crate")
        report.check(status == 200, f"{name}: crate: {status}")
        paths.append(folder / f"{len(paths)}.crate.zip")
        paths[-1].write_bytes(content)
    command = [python, str(Path(__file__).with_name("read_crate.py")), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"the crates cannot be read: {done.stderr[-1500:]}")
    for (name, answer), line in zip(answers.items(), done.stdout.splitlines(), strict=True):
        crate = json.loads(line)
        report.tools.update(crate["tools"])
        recreation = answer["evidence"]["recreation"]
        made = {one["found"] for one in recreation["outputs"]}
        results = {result["sha256"] for action in crate["actions"] for result in action["results"]}
        report.check(len(crate["actions"]) == len(recreation["steps"]), f"{name}: rocrate reads {len(crate['actions'])} actions")
        report.check(made <= results, f"{name}: results {results}, made {made}")
        report.check(any("wfrun/process" in profile for profile in crate["conforms"]), f"{name}: conforms to {crate['conforms']}")
        told = crate["report"]
        report.check(told.count("action: ") == len(crate["actions"]) and "instrument: #recipe-" in told, f"{name}: runcrate says {told!r}")
        report.check(all(one["id"] in told for action in crate["actions"] for one in action["results"]), f"{name}: runcrate says {told!r}")


def judge_tasks(tasks, answers, report):
    """The runs were tasks, and nothing of them is left."""
    listed = Client(tasks.base).get("/ga4gh/tes/v1/tasks", page_size=2048, view="BASIC").json()["tasks"]
    report.check(len(listed) >= len(answers), f"{len(listed)} tasks")
    report.check(all(task["state"] == "COMPLETE" for task in listed), f"states {sorted({task['state'] for task in listed})}")
    for name, answer in answers.items():
        layers = answer["evidence"]["recreation"]["steps"][0]["layers"]
        report.check(any(tasks.base in layer for layer in layers), f"{name}: the evidence does not name the service: {layers}")
    report.check(not list(tasks.files.iterdir()) and not tasks.left(), "files of tasks are left")
    report.figure("tasks", len(listed))


def judge(arguments, report):
    shared = Path(arguments.shared)
    cases = sorted((shared / "corpus" / "drills").glob("*/recipe.json"))
    if not cases:
        raise CannotRun(f"{shared}/corpus/drills is not there")
    with tempfile.TemporaryDirectory(prefix="perennial-drills-") as folder, contextlib.ExitStack() as stack:
        store = Path(folder) / "store"
        options = ["--payload-object-threshold", "0", "--no-graph"]
        tasks = None
        if arguments.tes:
            tasks = stack.enter_context(Tasks(arguments.binary, Path(folder) / "tes"))
            options += ["--tes", tasks.base, "--tes-files", str(tasks.files)]
        service = Service(arguments.binary, store, *options)
        service.start()
        try:
            drills = Drills(service, shared / "corpus", report)
            for collection in ("inputs", "recreated"):
                drills.record("PUT", f"/api/v1/collections/{collection}", {"title": collection})
            answers = {}
            for path in cases:
                case = json.loads(path.read_text())
                answers[case["id"]] = judge_case(drills, case, report)
            product = answers["drill:sclk2utc"][0]
            answers = {name: answer for name, (_, answer) in answers.items()}
            modules = sorted(Path(arguments.modules).glob("*.wasm")) if arguments.modules else []
            by_name = {path.parent.name: json.loads(path.read_text()) for path in cases}
            modules = [module for module in modules if module.stem in by_name]
            if modules:
                drills.record("PUT", "/api/v1/collections/modules", {"title": "modules"})
            for module in modules:
                judge_module(drills, by_name[module.stem], module, report)
            report.figure("WebAssembly modules", len(modules))
            name = judge_dropping(drills, product, report)
            judge_crates(drills, answers, report, Path(folder))
            rates = drills.send("GET", "/api/v1/recreation")["collections"]["recreated"]
            report.check(rates["products"] == rates["proved"] == len(cases), f"rates {rates}")
            found = drills.send("GET", "/api/v1/search?facets=recreation.status&limit=0&collection=recreated")
            buckets = found["facets"]["recreation.status"]["buckets"]
            report.check([(one["value"], one["count"]) for one in buckets] == [("proved", len(cases))], f"facet {buckets}")
            kernel = "data/pds4/insight_spice/spice_kernels/sclk/nsy_sclkscet_00014.tsc"
            impact = drills.send("GET", f"/api/v1/collections/inputs/products/{quoted(kernel)}/impact")
            report.check({one["steps"] for one in impact["products"]} == {1}, f"impact {impact}")
        finally:
            service.stop()
        report.check(corrupt(store, drills.held[kernel]["sha256"]), "the kernel's payload object was not found")
        service = Service(arguments.binary, store, *options)
        service.start()
        try:
            again = Drills(service, shared / "corpus", report)
            status, body = again.call("GET", f"{product}/files/{quoted(name)}")
            refused = json.loads(body) if status == 503 else {}
            report.check(refused.get("code", refused.get("type", "")).endswith("not-recreated"), f"a corrupted input: {status} {body[:400]}")
            report.check(re.search("sclk|damaged|sha256", refused.get("detail", "")) is not None, f"the reason: {refused}")
        finally:
            service.stop()
        left = list((store / "work").glob("recreation-*"))
        if tasks:
            judge_tasks(tasks, answers, report)
        report.check(not left, f"runs left {left}")
        verified = perennial(arguments.binary, store, "verify", check=False)
        named = drills.held[kernel]["sha256"] in verified.stdout
        report.check(verified.returncode == 1 and named, f"verify after the corruption: {verified.returncode} {verified.stdout[-600:]}")
        report.figure("cases", len(cases))


if __name__ == "__main__":
    arguments = parser(__doc__)
    add_binary(arguments)
    arguments.add_argument("--shared", required=True)
    arguments.add_argument("--modules", help="folder of the cases as WebAssembly modules; needs a program with its engine")
    arguments.add_argument("--tes", action="store_true", help="run everything through our TES client")
    parsed = arguments.parse_args()
    run_judge("Recreation drills by TES" if parsed.tes else "Recreation drills", judge, parsed)
