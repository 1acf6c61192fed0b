#!/usr/bin/env python3
"""py-tes, the client of GA4GH's Task Execution Service, on `perennial tes`: submits, waits, lists, cancels, is refused.

tes_client.py [--binary perennial]
"""

import hashlib
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness import CannotRun, add_binary, parser, run_judge

SLEEP = "7919.40817"


class Tasks:
    """`perennial tes` on a free port, with a shared folder."""

    def __init__(self, binary, folder, *options):
        self.folder = Path(folder)
        self.files = self.folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / "tes.log"
        self.command = [binary, "tes", "--listen", "127.0.0.1:0", "--files", str(self.files), "--work", str(self.folder / "work"), *options]

    def __enter__(self):
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        limit = time.monotonic() + 60
        while True:
            found = re.search(rb"listening on (http://\S+)", self.log.read_bytes())
            if found:
                self.base = found.group(1).decode()
                return self
            if self.process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"tes does not listen: {self.log.read_text()[-1500:]}")
            time.sleep(0.01)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def left(self):
        return list((self.folder / "work" / "runs").glob("*"))


def processes_with(word):
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if word in command:
            found.append(command)
    return found


def refused(action):
    """The HTTP status with which an action is refused, or what it gave."""
    import requests

    try:
        return action()
    except requests.exceptions.HTTPError as error:
        return error.response.status_code if error.response is not None else str(error)


def judge_task(tes, client, tasks, report):
    content = "a line\n" * 1000
    (tasks.files / "input").write_text(content)
    digest = hashlib.sha256(content.encode()).hexdigest()
    task = tes.Task(
        name="py-tes counts", description="words", tags={"by": "py-tes", "sha256:/in/text": digest},
        inputs=[tes.Input(path="/in/text", url=f"file://{tasks.files}/input"), tes.Input(path="/in/more", content="more")],
        outputs=[tes.Output(path="/out/count", url=f"file://{tasks.files}/made/count")],
        resources=tes.Resources(cpu_cores=1, ram_gb=0.5, disk_gb=0.1, preemptible=False),
        executors=[tes.Executor(image="native", command=["/bin/sh", "-c", "wc -w /in/text /in/more; echo told >&2"],
                                stdout="/out/count", workdir="/out", env={"LC_ALL": "C"})],
    )
    valid = task.is_valid()
    report.check(valid[0], f"py-tes finds the task not valid: {valid[1]}")
    began = time.monotonic()
    identifier = client.create_task(task)
    ended = client.wait(identifier, timeout=60)
    report.figure("task", f"{time.monotonic() - began:.2f} s with py-tes's pauses")
    report.check(ended.state == "COMPLETE", f"{ended}")
    report.check((tasks.files / "made" / "count").read_text().split()[0] == "2000", "the output is another")
    full = client.get_task(identifier, "FULL")
    log = full.logs[0]
    report.check(log.logs[0].exit_code == 0 and "told" in log.logs[0].stderr, f"{log}")
    report.check(log.outputs[0].size_bytes == (tasks.files / "made" / "count").stat().st_size, f"{log.outputs}")
    report.check(log.start_time <= log.logs[0].start_time <= log.logs[0].end_time <= log.end_time, f"times {log}")
    report.check(full.inputs[1].content == "more" and full.creation_time is not None, f"{full}")
    basic = client.get_task(identifier, "BASIC")
    report.check(basic.inputs[1].content is None and basic.logs[0].logs[0].stderr is None, f"{basic}")
    minimal = client.get_task(identifier, "MINIMAL")
    report.check(minimal.name is None and minimal.state == "COMPLETE", f"{minimal}")
    (tasks.files / "input").write_text("other")
    changed = client.wait(client.create_task(task), timeout=60)
    report.check(changed.state == "SYSTEM_ERROR", f"an input of another digest: {changed}")


def shell(tes, script, **members):
    return tes.Task(executors=[tes.Executor(image="native", command=["/bin/sh", "-c", script])], **members)


def judge_list(tes, client, report):
    made = [client.create_task(shell(tes, f"exit {number % 2}", name=f"listed {number}")) for number in range(10)]
    states = [client.wait(identifier, timeout=60).state for identifier in made]
    report.check(states == ["COMPLETE", "EXECUTOR_ERROR"] * 5, f"{states}")
    seen, token = [], None
    while True:
        page = client.list_tasks(view="BASIC", page_size=3, page_token=token)
        seen += [task.id for task in page.tasks if (task.name or "").startswith("listed ")]
        token = page.next_page_token
        if not token:
            break
    report.check(seen == made[::-1], f"listed {len(seen)} of {len(made)}, or in another order")


def judge_cancel(tes, client, tasks, report):
    identifier = client.create_task(shell(tes, f"(trap '' TERM; sleep {SLEEP}) & sleep {SLEEP}"))
    limit = time.monotonic() + 60
    while client.get_task(identifier, "MINIMAL").state != "RUNNING" or len(processes_with(SLEEP)) < 3:
        if time.monotonic() > limit:
            raise RuntimeError("the task does not run")
        time.sleep(0.02)
    began = time.monotonic()
    client.cancel_task(identifier)
    while client.get_task(identifier, "MINIMAL").state != "CANCELED" and time.monotonic() < limit:
        time.sleep(0.01)
    report.figure("cancel", f"{(time.monotonic() - began) * 1000:.0f} ms until no process is left")
    report.check(client.get_task(identifier, "MINIMAL").state == "CANCELED", "a cancelled task is not CANCELED")
    report.check(not processes_with(SLEEP), f"processes are left: {processes_with(SLEEP)}")
    report.check(not tasks.left(), f"files are left: {tasks.left()}")


def judge_refusals(tes, client, tasks, report):
    bad = tes.Task(executors=[tes.Executor(image="ubuntu", command=["true"])])
    report.check(refused(lambda: client.create_task(bad)) == 400, "an unknown image is taken")
    outside = shell(tes, "true", inputs=[tes.Input(path="/in/a", url="file:///etc/passwd")])
    report.check(refused(lambda: client.create_task(outside)) == 400, "a file outside is taken")
    report.check(refused(lambda: client.get_task("none")) == 404, "an unknown id is found")
    report.check(refused(lambda: client.cancel_task("none")) == 404, "an unknown id is cancelled")


def judge(arguments, report):
    try:
        import tes
        from importlib.metadata import version
    except ImportError as reason:
        raise CannotRun(f"py-tes is not installed: {reason}") from reason
    report.tools["py-tes"] = version("py-tes")
    with tempfile.TemporaryDirectory(prefix="perennial-tes-") as folder:
        with Tasks(arguments.binary, folder, "--at-once", "2") as tasks:
            client = tes.HTTPClient(tasks.base, timeout=10)
            info = client.get_service_info()
            report.check(info.type["artifact"] == "tes" and info.type["version"] == "1.1.0", f"{info}")
            report.check(info.storage == [f"file://{tasks.files}"], f"storage {info.storage}")
            judge_task(tes, client, tasks, report)
            judge_list(tes, client, report)
            judge_cancel(tes, client, tasks, report)
            judge_refusals(tes, client, tasks, report)
            client.create_task(shell(tes, f"sleep {SLEEP}"))
        report.check(tasks.process.returncode == 0, f"SIGTERM: exit code {tasks.process.returncode}")
        report.check(not processes_with(SLEEP) and not tasks.left(), "something is left after SIGTERM")
    with tempfile.TemporaryDirectory(prefix="perennial-tes-") as folder:
        (Path(folder) / "token").write_text("a-secret\n")
        with Tasks(arguments.binary, folder, "--token-file", f"{folder}/token") as tasks:
            report.check(refused(tes.HTTPClient(tasks.base).list_tasks) == 401, "without the token")
            report.check(refused(tes.HTTPClient(tasks.base, token="a-guess").list_tasks) == 401, "with another token")
            listed = tes.HTTPClient(tasks.base, token="a-secret").list_tasks()
            report.check(listed.tasks == [], f"{listed}")


if __name__ == "__main__":
    arguments = parser(__doc__)
    add_binary(arguments)
    run_judge("py-tes", judge, arguments.parse_args())
