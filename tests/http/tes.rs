//! `perennial tes` as its clients see it, and our own client of it, with programs of this machine. Where bubblewrap cannot
//! isolate, what runs programs is skipped and says so.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use perennial::catalogue::now;
use perennial::codec::sha256;
use perennial::http::tes::{TesOptions, bind};
use perennial::recreation::executors::Executors;
use perennial::recreation::perform::{
    Cancel, End, Executor, ExecutorKind, Job, JobFile, LimitKind, Limits, PerformError, WasiEngine,
};
use perennial::recreation::tes::{Queue, QueueSettings, StartError, TesExecutor};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{Client, can_isolate};

const TES: &str = "/ga4gh/tes/v1";
/// Longest wait for anything before a test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service of tasks in this process, with folders of its own.
struct Tes {
    client: Client,
    folder: tempfile::TempDir,
    queue: Arc<Queue>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

fn queue(folder: &Path, at_once: usize) -> Result<Queue, StartError> {
    let (files, work) = (folder.join("files"), folder.join("work"));
    std::fs::create_dir_all(&files).unwrap();
    let executor = Arc::new(Executors::new(env!("CARGO_BIN_EXE_perennial").into(), folder.join("modules")));
    Queue::start(QueueSettings { files, work, at_once, executor, clock: now })
}

impl Tes {
    fn start(at_once: usize, token: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queue = Arc::new(queue(folder.path(), at_once).unwrap());
        let options = TesOptions { listen: "127.0.0.1:0".to_owned(), token: token.map(str::to_owned) };
        let (announce, announced) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&queue);
        let thread = std::thread::spawn(move || {
            let server = bind(served, &options).unwrap();
            announce.send(server.address()).unwrap();
            server.run_until(async { drop(stopped.await) }).unwrap();
        });
        let client = Client::new(format!("http://{}", announced.recv().unwrap()));
        Self { client, folder, queue, stop: Some(stop), thread: Some(thread) }
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The address of a file in the shared folder.
    fn url(&self, name: &str) -> String {
        format!("file://{}/{name}", self.files().display())
    }

    fn submit(&self, task: &Value) -> String {
        let answer = self.client.post(&format!("{TES}/tasks"), task.to_string()).expect_status(200).json();
        answer["id"].as_str().unwrap().to_owned()
    }

    fn get(&self, id: &str, view: &str) -> Value {
        self.client.get(&format!("{TES}/tasks/{id}?view={view}")).expect_status(200).json()
    }

    fn list(&self, query: &str) -> Value {
        self.client.get(&format!("{TES}/tasks?{query}")).expect_status(200).json()
    }

    fn ids(&self, query: &str) -> Vec<String> {
        let listed = self.list(query);
        listed["tasks"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until a task is in one of some states; the answer is all of it.
    fn wait(&self, id: &str, states: &[&str]) -> Value {
        let started = Instant::now();
        loop {
            let task = self.get(id, "FULL");
            if states.contains(&task["state"].as_str().unwrap()) {
                return task;
            }
            assert!(started.elapsed() < PATIENCE, "{task}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn finished(&self, id: &str) -> Value {
        self.wait(id, &["COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"])
    }

    fn run(&self, task: &Value) -> Value {
        self.finished(&self.submit(task))
    }

    /// What is left of runs.
    fn left(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("work/runs")).unwrap().count()
    }

    fn executor(&self) -> TesExecutor {
        TesExecutor::new(&self.client.url, &self.files(), None).unwrap()
    }
}

impl Drop for Tes {
    fn drop(&mut self) {
        self.client.close();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        self.queue.close();
        assert_eq!(self.left(), 0, "files of runs are left");
    }
}

/// A service, where programs can be isolated.
fn isolating(at_once: usize) -> Option<Tes> {
    if !can_isolate() {
        return None;
    }
    Some(Tes::start(at_once, None))
}

/// A task of a shell.
fn shell(script: &str) -> Value {
    json!({"name": "a task", "executors": [{"image": "native", "command": ["/bin/sh", "-c", script]}]})
}

/// A task with further members.
fn with(mut task: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        task[name] = value.clone();
    }
    task
}

fn system_log(task: &Value) -> String {
    task["logs"][0]["system_logs"].to_string()
}

/// Processes of this machine whose command line has a word.
fn processes_with(word: &str) -> Vec<String> {
    let listed = std::fs::read_dir("/proc").unwrap();
    let commands = listed.filter_map(|found| std::fs::read(found.ok()?.path().join("cmdline")).ok());
    let commands = commands.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
    commands.filter(|command| command.contains(word)).collect()
}

#[test]
fn a_task_reads_its_inputs_and_hands_over_its_outputs() {
    let Some(tes) = isolating(2) else { return };
    std::fs::write(tes.files().join("shared"), "from a file\n").unwrap();
    let task = with(
        shell("echo said; echo $WORD >&2; cat /in/a /in/b > /out/both"),
        json!({
            "description": "all that a task has", "tags": {"a": "b", "sha256:/in/a": sha256(b"inside\n").to_string()},
            "inputs": [
                {"path": "/in/a", "content": "inside\n", "type": "FILE", "name": "a", "streamable": false},
                {"path": "/in/b", "url": tes.url("shared")},
            ],
            "outputs": [{"path": "/out/both", "url": tes.url("new/folder/both%20of%20them")}],
            "resources": {"cpu_cores": 1, "ram_gb": 0.2, "disk_gb": 0.1, "preemptible": false, "backend_parameters": {"wall_ms": "60000", "queue": "x"}},
            "volumes": [], "id": "mine", "state": "COMPLETE",
        }),
    );
    let mut task = task;
    task["executors"][0]["env"] = json!({"WORD": "loudly"});
    let id = tes.submit(&task);
    assert_ne!(id, "mine");
    let full = tes.finished(&id);
    assert_eq!(full["state"], "COMPLETE", "{full}");
    let both = "inside\nfrom a file\n";
    assert_eq!(std::fs::read_to_string(tes.files().join("new/folder/both of them")).unwrap(), both);
    let log = &full["logs"][0];
    assert_eq!(log["outputs"][0]["size_bytes"], both.len().to_string());
    assert_eq!(log["metadata"]["sha256:/out/both"], sha256(both.as_bytes()).to_string());
    assert_eq!(log["logs"][0]["exit_code"], 0);
    let said = log["logs"][0]["stdout"].as_str().unwrap();
    assert!(said.contains("said") && said.contains("loudly"), "{said}");
    assert!(system_log(&full).contains("\\\"queue\\\" means nothing"), "{full}");
    let times = [
        &full["creation_time"],
        &log["start_time"],
        &log["logs"][0]["start_time"],
        &log["logs"][0]["end_time"],
        &log["end_time"],
    ];
    let times: Vec<&str> = times.iter().map(|time| time.as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let basic = tes.get(&id, "BASIC");
    assert!(basic["inputs"][0].get("content").is_none() && basic["logs"][0]["logs"][0].get("stdout").is_none());
    assert!(
        basic["logs"][0].get("system_logs").is_none() && basic["tags"]["a"] == "b" && basic["executors"].is_array()
    );
    assert_eq!(tes.get(&id, "MINIMAL"), json!({"id": id, "state": "COMPLETE"}));
    assert_eq!(tes.client.get(&format!("{TES}/tasks/{id}")).json(), tes.get(&id, "MINIMAL"));
    let info = tes.client.get(&format!("{TES}/service-info")).expect_status(200).json();
    assert_eq!(info["type"], json!({"group": "org.ga4gh", "artifact": "tes", "version": "1.1.0"}));
    let files: Vec<_> = std::fs::read_dir(tes.files().join("new/folder")).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[test]
fn tasks_are_listed_by_name_state_and_tags() {
    let Some(tes) = isolating(1) else { return };
    let named =
        |name: &str, tags: Value, script: &str| tes.submit(&with(shell(script), json!({"name": name, "tags": tags})));
    let good = named("alpha one", json!({"site": "a", "run": "1"}), "true");
    let bad = named("alpha two", json!({"site": "a", "run": "2"}), "exit 3");
    let other = named("beta", json!({"site": "b"}), "true");
    [&good, &bad, &other].iter().for_each(|id| drop(tes.finished(id)));
    let check =
        |query: &str, expected: &[&String]| assert_eq!(tes.ids(query).iter().collect::<Vec<_>>(), expected, "{query}");
    check("", &[&other, &bad, &good]);
    check("name_prefix=alpha", &[&bad, &good]);
    check("name_prefix=lpha", &[]);
    check("state=EXECUTOR_ERROR", &[&bad]);
    check("state=QUEUED", &[]);
    check("tag_key=run", &[&bad, &good]);
    check("tag_key=site&tag_value=a&tag_key=run&tag_value=1", &[&good]);
    check("tag_key=site&tag_value=&tag_key=run", &[&bad, &good]);
    check("tag_key=nothing", &[]);
    check("name_prefix=alpha&state=COMPLETE&tag_key=site&tag_value=a", &[&good]);
    let first = tes.list("page_size=2&view=BASIC");
    assert_eq!(first["tasks"][0]["name"], "beta");
    let token = first["next_page_token"].as_str().unwrap();
    let second = tes.list(&format!("page_size=2&page_token={token}"));
    assert_eq!((second["tasks"][0]["id"].as_str(), second.get("next_page_token")), (Some(good.as_str()), None));
    assert!(tes.list("page_size=3").get("next_page_token").is_none());
}

#[test]
fn a_task_that_is_called_off_leaves_nothing() {
    let Some(tes) = isolating(1) else { return };
    let sleeps = "7919.73153";
    // A child that ignores what asks it to end goes too.
    let running = tes.submit(&with(
        shell(&format!("echo half > /out/a; (trap '' TERM INT HUP; sleep {sleeps}) & sleep {sleeps}")),
        json!({"outputs": [{"path": "/out/a", "url": tes.url("a")}]}),
    ));
    let waiting = tes.submit(&shell("true"));
    tes.wait(&running, &["RUNNING"]);
    let started = Instant::now();
    while processes_with(sleeps).len() < 3 {
        assert!(started.elapsed() < PATIENCE, "it never ran");
        std::thread::sleep(Duration::from_millis(5));
    }
    let cancel = |id: &str| tes.client.post(&format!("{TES}/tasks/{id}:cancel"), "").expect_status(200);
    assert_eq!(tes.get(&waiting, "MINIMAL")["state"], "QUEUED");
    cancel(&waiting);
    assert_eq!(tes.get(&waiting, "MINIMAL")["state"], "CANCELED");
    cancel(&running);
    assert_eq!(tes.finished(&running)["state"], "CANCELED");
    assert!(processes_with(sleeps).is_empty(), "{:?}", processes_with(sleeps));
    assert_eq!((tes.left(), tes.files().join("a").exists()), (0, false));
    cancel(&running);
    let done = tes.run(&shell("true"));
    cancel(done["id"].as_str().unwrap());
    assert_eq!(tes.get(done["id"].as_str().unwrap(), "MINIMAL")["state"], "COMPLETE");
    // What still runs when the service ends, ends with it.
    let last = tes.submit(&shell(&format!("sleep {sleeps}")));
    tes.wait(&last, &["RUNNING"]);
    tes.queue.close();
    assert!(processes_with(sleeps).is_empty());
    tes.client.post(&format!("{TES}/tasks"), shell("true").to_string()).expect_problem(503, "unavailable");
}

#[test]
fn a_task_that_cannot_be_honoured_is_refused_with_its_place() {
    let tes = Tes::start(1, None);
    let outside = tempfile::tempdir().unwrap();
    let input = |input: Value| with(shell("true"), json!({ "inputs": [input] }));
    let output = |output: Value| with(shell("true"), json!({ "outputs": [output] }));
    let executor = |members: Value| {
        let mut task = shell("true");
        task["executors"][0] = with(task["executors"][0].clone(), members);
        task
    };
    let resources = |members: Value| with(shell("true"), json!({ "resources": members }));
    let tags = |members: Value| with(shell("true"), json!({ "tags": members }));
    let cases = [
        (json!({}), "/executors"),
        (json!({"executors": []}), "/executors"),
        (with(shell("true"), json!({"volumes": ["/data"]})), "/volumes"),
        (
            with(shell("true"), json!({"executors": [shell("true")["executors"][0], shell("true")["executors"][0]]})),
            "/executors",
        ),
        (executor(json!({"image": "alpine:3"})), "/executors/0/image"),
        (executor(json!({"image": "wasi:sha256-xyz"})), "/executors/0/image"),
        (executor(json!({"command": []})), "/executors/0/command"),
        (executor(json!({"command": ["sh"]})), "/executors/0/command/0"),
        (executor(json!({"command": ["/program/none"]})), "/executors/0/command/0"),
        (executor(json!({"stdin": "/in/none"})), "/executors/0/stdin"),
        (executor(json!({"stdout": "/tmp/x"})), "/executors/0/stdout"),
        (executor(json!({"stderr": "/out/x"})), "/executors/0/stderr"),
        (executor(json!({"workdir": "/in"})), "/executors/0/workdir"),
        (executor(json!({"ignore_error": true})), "/executors/0/ignore_error"),
        (input(json!({"path": "/in/a"})), "/inputs/0"),
        (input(json!({"path": "/in/a", "content": "", "url": tes.url("a")})), "/inputs/0"),
        (input(json!({"path": "/etc/passwd", "content": ""})), "/inputs/0/path"),
        (input(json!({"path": "/in/../a", "content": ""})), "/inputs/0/path"),
        (input(json!({"path": "/in/..", "content": ""})), "/inputs/0/path"),
        (input(json!({"path": "/in/a/b", "content": ""})), "/inputs/0/path"),
        (input(json!({"path": "/in/a", "content": "", "type": "DIRECTORY"})), "/inputs/0/type"),
        (input(json!({"path": "/in/a", "url": format!("file://{}/x", outside.path().display())})), "/inputs/0/url"),
        (input(json!({"path": "/in/a", "url": tes.url("../x")})), "/inputs/0/url"),
        (input(json!({"path": "/in/a", "url": tes.url("%2e%2e/x")})), "/inputs/0/url"),
        (input(json!({"path": "/in/a", "url": "https://example.org/a"})), "/inputs/0/url"),
        (output(json!({"path": "/out/a", "url": "file:///etc/x"})), "/outputs/0/url"),
        (output(json!({"path": "/tmp/a", "url": tes.url("a")})), "/outputs/0/path"),
        (output(json!({"path": "/out/*", "path_prefix": "/out", "url": tes.url("a")})), "/outputs/0/path_prefix"),
        (resources(json!({"zones": ["moon"]})), "/resources/zones"),
        (resources(json!({"cpu_cores": 100_000})), "/resources/cpu_cores"),
        (resources(json!({"ram_gb": -1.0})), "/resources/ram_gb"),
        (resources(json!({"disk_gb": 1e30})), "/resources/disk_gb"),
        (
            resources(json!({"backend_parameters": {"x": "1"}, "backend_parameters_strict": true})),
            "/resources/backend_parameters/x",
        ),
        (resources(json!({"backend_parameters": {"wall_ms": "0"}})), "/resources/backend_parameters/wall_ms"),
        (tags(json!({"sha256:/in/none": "0".repeat(64)})), "/tags/sha256:/in/none"),
        (tags(json!({"sha256:/bin/sh": "short"})), "/tags/sha256:/bin/sh"),
        (tags(json!({"engine": "v8"})), "/tags/engine"),
        (tags(json!({"seed": "-1"})), "/tags/seed"),
        (tags(json!({"clock_ns": "now"})), "/tags/clock_ns"),
    ];
    for (task, place) in cases {
        let answer = tes.client.post(&format!("{TES}/tasks"), task.to_string());
        let problem = answer.expect_problem(400, "bad-request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("{place}: ")), "{task}: {detail}");
    }
    for body in ["", "{", "[]", "null", "{\"executor\": []}", "{\"tags\": {\"a\": 1}}", "\u{0}", &"[".repeat(100_000)] {
        tes.client.post(&format!("{TES}/tasks"), body).expect_problem(400, "bad-request");
    }
    let long = json!({"description": "x".repeat(9 << 20)}).to_string();
    tes.client.post(&format!("{TES}/tasks"), long).expect_problem(413, "too-large");
    assert_eq!(tes.list("")["tasks"], json!([]));
}

#[test]
fn requests_of_strangers_and_wrong_parameters_are_refused() {
    let tes = Tes::start(1, None);
    let get = |path: &str| tes.client.get(&format!("{TES}{path}"));
    for query in [
        "page_size=0",
        "page_size=2049",
        "page_size=x",
        "state=DONE",
        "view=ALL",
        "bogus=1",
        "tag_value=a",
        "view=FULL&view=FULL",
    ] {
        get(&format!("/tasks?{query}")).expect_problem(400, "bad-parameter");
    }
    get("/tasks?page_token=x").expect_problem(400, "bad-token");
    get("/tasks/none?bogus=1").expect_problem(400, "bad-parameter");
    for id in ["none", "%2e%2e", "a%2Fb", "0", "a:cancel"] {
        get(&format!("/tasks/{id}")).expect_problem(404, "not-found");
    }
    tes.client.post(&format!("{TES}/tasks/none:cancel"), "").expect_problem(404, "not-found");
    tes.client.get("/elsewhere").expect_problem(404, "no-such-resource");
    for headers in [[("origin", "https://example.org")], [("host", "example.org")]] {
        let body = shell("true").to_string();
        tes.client.send("POST", &format!("{TES}/tasks"), &headers, body).expect_problem(403, "foreign-origin");
        tes.client.get_with(&format!("{TES}/tasks"), &headers).expect_problem(403, "foreign-origin");
    }
    let secured = Tes::start(1, Some("secret"));
    for headers in [&[][..], &[("authorization", "Bearer wrong")], &[("authorization", "Basic secret")]] {
        for path in ["tasks", "service-info", "tasks/none"] {
            secured.client.get_with(&format!("{TES}/{path}"), headers).expect_problem(401, "unauthorised");
        }
        let body = shell("true").to_string();
        secured.client.send("POST", &format!("{TES}/tasks"), headers, body).expect_problem(401, "unauthorised");
    }
    secured.client.get_with(&format!("{TES}/tasks"), &[("authorization", "Bearer secret")]).expect_status(200);
    let options = TesOptions { listen: "0.0.0.0:0".to_owned(), token: None };
    assert!(bind(Arc::clone(&tes.queue), &options).is_err(), "beyond loopback without a token");
    assert!(matches!(queue(tes.folder.path(), 1), Err(StartError::InUse { .. })));
}

#[test]
fn what_goes_wrong_is_told_apart() {
    let Some(tes) = isolating(2) else { return };
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("key"), "secret").unwrap();
    std::os::unix::fs::symlink(secret.path().join("key"), tes.files().join("link")).unwrap();
    std::os::unix::fs::symlink(secret.path(), tes.files().join("way")).unwrap();
    std::fs::create_dir(tes.files().join("folder")).unwrap();
    rustix_pipe(&tes.files().join("pipe"));
    let input = |url: &str| {
        with(
            shell("cp /in/a /out/b"),
            json!({"inputs": [{"path": "/in/a", "url": tes.url(url)}], "outputs": [{"path": "/out/b", "url": tes.url("b")}]}),
        )
    };
    let output =
        |script: &str, url: &str| with(shell(script), json!({"outputs": [{"path": "/out/b", "url": tes.url(url)}]}));
    let wasi = json!({"executors": [{"image": format!("wasi:sha256-{}", sha256(b"none")), "command": ["x"]}]});
    let changed = with(
        shell("true"),
        json!({"inputs": [{"path": "/in/a", "content": "a"}], "tags": {"sha256:/in/a": sha256(b"b").to_string()}}),
    );
    let other_shell = with(shell("true"), json!({"tags": {"sha256:/bin/sh": sha256(b"b").to_string()}}));
    let mut too_long = shell("sleep 1000");
    too_long["resources"] = json!({"backend_parameters": {"wall_ms": "300"}});
    let cases = [
        (input("none"), "SYSTEM_ERROR", "input_missing"),
        (input("link"), "SYSTEM_ERROR", "input_missing"),
        (input("way/key"), "SYSTEM_ERROR", "input_missing"),
        (input("folder"), "SYSTEM_ERROR", "input_missing"),
        (input("pipe"), "SYSTEM_ERROR", "input_missing"),
        (changed, "SYSTEM_ERROR", "input_changed"),
        (other_shell, "SYSTEM_ERROR", "input_changed"),
        (wasi, "SYSTEM_ERROR", "no input below /program"),
        (output("true", "b"), "EXECUTOR_ERROR", "output_missing"),
        (output("ln -s /etc /out/b", "b"), "EXECUTOR_ERROR", "output_foreign"),
        (output("echo b > /out/b; exit 3", "b"), "EXECUTOR_ERROR", "exited"),
        (output("echo b > /out/b", "way/b"), "SYSTEM_ERROR", "output b"),
        (output("echo b > /out/b", "folder"), "SYSTEM_ERROR", "output"),
        (too_long, "EXECUTOR_ERROR", "limit"),
    ];
    for (task, state, reason) in cases {
        let done = tes.run(&task);
        assert_eq!(done["state"], state, "{done}");
        assert!(system_log(&done).contains(reason), "{reason}: {done}");
        assert!(!tes.files().join("b").exists() && !secret.path().join("b").exists(), "{done}");
    }
    let failed = tes.run(&shell("echo why >&2; exit 3"));
    assert_eq!(
        (&failed["logs"][0]["logs"][0]["exit_code"], failed["logs"][0]["logs"][0]["stdout"].as_str()),
        (&json!(3), Some("why\n"))
    );
    // A link where an output goes is replaced, never followed.
    assert_eq!(tes.run(&output("echo b > /out/b", "link"))["state"], "COMPLETE");
    assert_eq!(std::fs::read_to_string(secret.path().join("key")).unwrap(), "secret");
}

fn rustix_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_hundred_tasks_at_once_all_end_well() {
    let Some(tes) = isolating(4) else { return };
    let ids: Vec<String> = std::thread::scope(|scope| {
        let submit = |number: usize| {
            let task = with(
                shell("cat /in/n > /out/n"),
                json!({
                    "inputs": [{"path": "/in/n", "content": number.to_string()}],
                    "outputs": [{"path": "/out/n", "url": tes.url(&format!("n/{number}"))}],
                }),
            );
            tes.submit(&task)
        };
        let threads: Vec<_> = (0..4)
            .map(|part| scope.spawn(move || (0..25).map(|n| submit(part * 25 + n)).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    ids.iter().for_each(|id| assert_eq!(tes.finished(id)["state"], "COMPLETE"));
    assert_eq!(tes.ids("state=COMPLETE&page_size=2048").len(), 100);
    for number in 0..100 {
        assert_eq!(std::fs::read_to_string(tes.files().join(format!("n/{number}"))).unwrap(), number.to_string());
    }
}

fn file(folder: &Path, name: &str, content: &[u8]) -> JobFile {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    JobFile { name: name.to_owned(), path, sha256: sha256(content), bytes: content.len() as u64 }
}

/// A job whose program is a script, with a small input, a large one and one that is no text.
fn job(folder: &Path, script: &str) -> Job {
    let large = "long ".repeat(300_000);
    Job {
        executor: ExecutorKind::Native,
        program: file(folder, "script", script.as_bytes()),
        argv: ["/bin/sh", "/program/script", "/in/small"].map(str::to_owned).to_vec(),
        environment: [("WORD".to_owned(), "loud".to_owned())].into(),
        clock_ns: 5,
        seed: 7,
        stdin: Some("small".to_owned()),
        stdout: Some("said".to_owned()),
        inputs: vec![
            file(folder, "small", b"small\n"),
            file(folder, "large", large.as_bytes()),
            file(folder, "bytes", b"\xff\0"),
        ],
        tools: vec![file(folder, "tool", b"a tool\n")],
        outputs: vec!["said".to_owned(), "copy".to_owned()],
        root: None,
        limits: Limits { wall_ms: 60_000, ..Limits::default() },
    }
}

/// End, contents of the outputs, layers.
type Seen = (End, Vec<Vec<u8>>, Vec<String>);

fn perform(executor: &dyn Executor, job: &Job) -> Result<Seen, PerformError> {
    let folder = tempfile::tempdir().unwrap();
    let performed = executor.perform(job, folder.path())?;
    let bytes = performed.outputs.iter().map(|made| std::fs::read(&made.path).unwrap()).collect();
    assert!(performed.outputs.iter().zip(&job.outputs).all(|(made, name)| made.name == *name));
    Ok((performed.end, bytes, performed.layers))
}

#[test]
fn our_client_gets_what_the_sandbox_makes() {
    let Some(tes) = isolating(2) else { return };
    let (client, folder) = (tes.executor(), tempfile::tempdir().unwrap());
    let here = Executors::new(env!("CARGO_BIN_EXE_perennial").into(), folder.path().join("modules"));
    let job_of = |script: &str| job(folder.path(), script);
    let both = |job: &Job| (perform(&client, job), perform(&here, job));
    let good = job_of("cat; cat $1 /program/tool; echo $WORD; cat /in/large /in/bytes > /out/copy");
    let (there, local) = both(&good);
    let (there, local) = (there.unwrap(), local.unwrap());
    assert_eq!((there.0, &there.1), (End::Exited { code: 0 }, &local.1));
    assert_eq!(there.1[0], b"small\nsmall\na tool\nloud\n");
    assert!(there.2.last().is_some_and(|layer| layer.starts_with("GA4GH TES at http://")), "{:?}", there.2);
    assert_eq!(there.2[..there.2.len() - 1], local.2);
    for script in ["exit 4", "echo x > /out/copy; exit 4", "true", "ln -s /etc /out/copy", "kill -9 $$"] {
        let (there, local) = both(&job_of(script));
        assert_eq!(there.unwrap().0, local.unwrap().0, "{script}");
    }
    let mut changed = job_of("true");
    changed.inputs[1].sha256 = sha256(b"other");
    assert!(matches!(perform(&client, &changed), Ok((End::InputChanged { name, .. }, _, _)) if name == "large"));
    let mut missing = job_of("true");
    missing.inputs[0].path = folder.path().join("none");
    assert!(matches!(perform(&client, &missing), Ok((End::InputMissing { name, .. }, _, _)) if name == "small"));
    let mut slow = job_of("sleep 1000");
    slow.limits.wall_ms = 300;
    assert_eq!(perform(&client, &slow).unwrap().0, End::Limit { which: LimitKind::Wall });
    let mut command = job_of("");
    let shell = Path::new("/bin/sh").canonicalize().unwrap();
    let bytes = std::fs::read(&shell).unwrap();
    command.program = JobFile { name: "sh".to_owned(), path: shell, sha256: sha256(&bytes), bytes: bytes.len() as u64 };
    command.argv = ["/bin/sh", "-c", "echo of the machine; echo > /out/copy"].map(str::to_owned).to_vec();
    command.tools.clear();
    assert_eq!(perform(&client, &command).unwrap().1[0], b"of the machine\n");
    command.program.sha256 = sha256(b"another shell");
    assert!(matches!(perform(&client, &command), Ok((End::InputChanged { .. }, _, _))));
    let left: Vec<_> = std::fs::read_dir(tes.files()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn our_client_calls_off_what_is_called_off() {
    let Some(tes) = isolating(1) else { return };
    let (client, folder, cancel) = (tes.executor(), tempfile::tempdir().unwrap(), Cancel::default());
    let sleeping = job(folder.path(), "sleep 7919.62341");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| client.perform_until(&sleeping, folder.path(), &cancel));
        let started = Instant::now();
        while tes.ids("state=RUNNING").is_empty() {
            assert!(started.elapsed() < PATIENCE, "it never ran");
            std::thread::sleep(Duration::from_millis(5));
        }
        cancel.cancel();
        assert!(matches!(run.join().unwrap(), Err(PerformError::Cancelled)));
    });
    assert!(processes_with("7919.62341").is_empty());
    assert_eq!(tes.ids("state=CANCELED").len(), 1);
}

/// A service that answers each request with the next of some bodies, the last again and again.
fn fake(bodies: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut bodies = bodies.into_iter().peekable();
        let mut body = String::new();
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            read_request(&mut connection);
            body = bodies.next().unwrap_or(body);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            // A client that has seen enough goes away.
            let _ = connection.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

fn read_request(connection: &mut std::net::TcpStream) {
    let (mut seen, mut piece) = (Vec::new(), [0u8; 4096]);
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return;
            }
        }
        match connection.read(&mut piece) {
            Ok(read) if read > 0 => seen.extend_from_slice(&piece[..read]),
            _ => return,
        }
    }
}

#[test]
fn a_service_that_lies_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "true");
    let state = |state: &str| json!({"id": "a", "state": state}).to_string();
    let created = json!({"id": "a"}).to_string();
    let full =
        |state: &str, lines: &[&str]| json!({"id": "a", "state": state, "logs": [{"system_logs": lines}]}).to_string();
    let cases = [
        vec![json!({"id": "../../x"}).to_string()],
        vec!["no JSON".to_owned()],
        vec![created.clone(), "[1]".to_owned()],
        // Complete, but nothing arrived.
        vec![created.clone(), state("COMPLETE"), full("COMPLETE", &[])],
        vec![created.clone(), state("COMPLETE"), full("COMPLETE", &[r#"end: {"end":"exited","code":1}"#])],
        vec![created.clone(), state("SYSTEM_ERROR"), full("SYSTEM_ERROR", &[r#"end: {"end":"exited","code":0}"#])],
        vec![created, state("CANCELED"), full("CANCELED", &[])],
    ];
    for bodies in cases {
        let said = format!("{bodies:?}");
        let client = TesExecutor::new(&fake(bodies), files.path(), None).unwrap();
        let tried = perform(&client, &job);
        assert!(matches!(tried, Err(PerformError::Worker { .. })), "{said}: {tried:?}");
        assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 0, "{said}");
    }
    let mut wasi = job;
    wasi.executor = ExecutorKind::Wasi { engine: WasiEngine::Pulley };
    wasi.root = Some("/".into());
    let client = TesExecutor::new("http://127.0.0.1:9", files.path(), None).unwrap();
    assert!(matches!(perform(&client, &wasi), Err(PerformError::BadJob { .. })));
}
