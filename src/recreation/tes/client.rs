//! Sends jobs to a TES service and fetches what they made, with digests checked here before and after, whatever the service
//! says. Believes no service: what it hands back is only files and words.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::files::{CopyError, Shared, copy};
use super::queue::random_id;
use super::runner::END_PREFIX;
use super::wire::{Executor as Command, Input, Output, Resources, State, Task, TaskLog};
use crate::codec;
use crate::model::Sha256;
use crate::recreation::perform::{
    Cancel, End, EngineName, Executor, ExecutorKind, Job, JobFile, LimitKind, PerformError, Performed, Produced, Usage,
    WasiEngine,
};

/// Texts below this go inside the task, bytes; all together at most [`MAX_INLINE`].
const INLINE_BYTES: u64 = 1 << 20;
const MAX_INLINE: u64 = 2 << 20;
/// Longest answer, bytes.
const ANSWER_BYTES: u64 = 16 << 20;
/// First pause between two questions, and the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long a task may wait for its turn.
const QUEUE_TIME: Duration = Duration::from_secs(3_600);
/// Beyond the job's own time: fetching inputs, handing over outputs.
const GRACE: Duration = Duration::from_secs(60);
/// How long a service may be silent, and how long a task that was called off may take to end.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest single request.
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// Why a service cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{url:?} is no http:// address of a TES service; for https put a proxy before it")]
    Url { url: String },
    #[error("the shared folder {}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Sends jobs to one service.
#[derive(Debug)]
pub struct TesExecutor {
    /// Ends with `/ga4gh/tes/v1`.
    base: String,
    shared: Shared,
    token: Option<String>,
    agent: ureq::Agent,
}

/// What is read of a task; a service may say more.
#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    state: Option<State>,
    #[serde(default)]
    logs: Vec<TaskLog>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// A folder below the shared one that goes when it is dropped.
struct Room<'a> {
    shared: &'a Shared,
    name: String,
}

impl Room<'_> {
    fn path(&self) -> PathBuf {
        self.shared.path().join(&self.name)
    }

    fn url(&self, name: &str) -> String {
        self.shared.url(&[&self.name, name])
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(self.path()) {
            tracing::warn!(%error, path = %self.path().display(), "files of a task are left in the shared folder");
        }
    }
}

/// A task at the service, called off when this is dropped before its end.
struct Sent<'a> {
    client: &'a TesExecutor,
    id: String,
    is_over: bool,
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // Nothing more can be done about a service that does not listen.
            let _ = self.client.post::<serde_json::Value>(&format!("tasks/{}:cancel", self.id), &[]);
        }
    }
}

/// A question that was not answered as it should be.
enum Unanswered {
    /// The service cannot be reached, or is not well: it may be asked again.
    Silent(String),
    /// It said no.
    No(String),
}

impl From<Unanswered> for PerformError {
    fn from(unanswered: Unanswered) -> Self {
        let (Unanswered::Silent(reason) | Unanswered::No(reason)) = unanswered;
        Self::Worker { reason: format!("the TES service: {reason}") }
    }
}

fn worker(reason: impl Into<String>) -> PerformError {
    PerformError::Worker { reason: reason.into() }
}

fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> PerformError {
    let path = path.to_owned();
    move |source| PerformError::Disk { path, source }
}

impl TesExecutor {
    /// A service at an address such as `http://127.0.0.1:8000`, which sees the folder `files` under the same path.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn new(url: &str, files: &Path, token: Option<String>) -> Result<Self, ClientError> {
        let is_http =
            url.strip_prefix("http://").is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' ']));
        if !is_http {
            return Err(ClientError::Url { url: url.to_owned() });
        }
        let base = url.trim_end_matches('/');
        let base = if base.ends_with("/ga4gh/tes/v1") { base.to_owned() } else { format!("{base}/ga4gh/tes/v1") };
        let shared = Shared::open(files).map_err(|source| ClientError::Folder { path: files.to_owned(), source })?;
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.timeout_global(Some(REQUEST_TIME)).build().into();
        Ok(Self { base, shared, token, agent })
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<T, Unanswered> {
        let mut request = self.agent.post(format!("{}/{path}", self.base)).header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.send(body))
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Unanswered> {
        let mut request = self.agent.get(format!("{}/{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.call())
    }

    /// Asks how a task stands; a service that is silent for a while is asked again.
    fn ask(&self, id: &str, view: &str, heard: &mut Instant) -> Result<Option<Seen>, PerformError> {
        match self.get::<Seen>(&format!("tasks/{id}?view={view}")) {
            Ok(seen) => {
                *heard = Instant::now();
                Ok(Some(seen))
            }
            Err(Unanswered::Silent(_)) if heard.elapsed() < SILENCE => Ok(None),
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// Waits for the end of a task.
    fn wait(&self, sent: &mut Sent<'_>, job: &Job, cancel: &Cancel) -> Result<Waited, PerformError> {
        let (queued, mut running, mut heard, mut pause) = (Instant::now(), None, Instant::now(), SHORTEST_PAUSE);
        let mut called_off: Option<(Instant, Option<LimitKind>)> = None;
        loop {
            let view = if sent.is_over { "FULL" } else { "MINIMAL" };
            if let Some(seen) = self.ask(&sent.id, view, &mut heard)? {
                let state = seen.state.unwrap_or(State::Unknown);
                if sent.is_over {
                    return Ok(Waited::Ended(state, seen.logs.into_iter().next_back().unwrap_or_default()));
                }
                if let (true, Some((_, why))) = (state.is_final(), called_off) {
                    sent.is_over = true;
                    return why.map_or(Err(PerformError::Cancelled), |which| Ok(Waited::Limit(which)));
                }
                sent.is_over = state.is_final();
                if sent.is_over {
                    continue;
                }
                if state != State::Queued && state != State::Unknown {
                    running.get_or_insert_with(Instant::now);
                }
            }
            let over_time = running
                .is_some_and(|since: Instant| since.elapsed() > Duration::from_millis(job.limits.wall_ms) + GRACE);
            match called_off {
                Some((since, _)) if since.elapsed() > SILENCE => {
                    return Err(worker("the task was called off and does not end"));
                }
                Some(_) => {}
                None if cancel.is_cancelled() || over_time => {
                    let why = (!cancel.is_cancelled()).then_some(LimitKind::Wall);
                    called_off = Some((Instant::now(), why));
                    self.post::<serde_json::Value>(&format!("tasks/{}:cancel", sent.id), &[])?;
                }
                None if running.is_none() && queued.elapsed() > QUEUE_TIME => {
                    return Err(worker("the task waits for its turn too long"));
                }
                None => {}
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The task that a job is, its files put where the service finds them.
    fn task(&self, job: &Job, room: &Room<'_>, cancel: &Cancel) -> Result<Result<Task, End>, PerformError> {
        let mut task = Task { name: Some("perennial recipe".to_owned()), ..Task::default() };
        let is_machine = is_of_machine(job);
        let programs = std::iter::once(&job.program).filter(|_| !is_machine).chain(&job.tools);
        let files = programs.map(|file| ("/program", file)).chain(job.inputs.iter().map(|file| ("/in", file)));
        let mut inline_left = MAX_INLINE;
        for (number, (folder, file)) in files.enumerate() {
            let mut input = Input { path: format!("{folder}/{}", file.name), ..Input::default() };
            let target = (room, format!("input-{number}"));
            match stage(file, &target, &mut inline_left, cancel)? {
                Ok(Staged::Inline(text)) => input.content = Some(text),
                Ok(Staged::Shared) => input.url = Some(room.url(&target.1)),
                Err(end) => return Ok(Err(end)),
            }
            task.tags.insert(format!("sha256:{}", input.path), file.sha256.to_string());
            task.inputs.push(input);
        }
        let image = match job.executor {
            ExecutorKind::Native => "native".to_owned(),
            ExecutorKind::Wasi { engine } => {
                let engine = if engine == WasiEngine::Pulley { "pulley" } else { "cranelift" };
                task.tags.insert("engine".to_owned(), engine.to_owned());
                format!("wasi:sha256-{}", job.program.sha256)
            }
        };
        if let (true, Some(command)) = (is_machine, job.argv.first()) {
            task.tags.insert(format!("sha256:{command}"), job.program.sha256.to_string());
        }
        task.tags.insert("clock_ns".to_owned(), job.clock_ns.to_string());
        task.tags.insert("seed".to_owned(), job.seed.to_string());
        let made = |name: &String| Output {
            url: room.url(&output_name(name)),
            path: format!("/out/{name}"),
            ..Output::default()
        };
        task.outputs = job.outputs.iter().map(made).collect();
        task.executors = vec![Command {
            image,
            command: job.argv.clone(),
            stdin: job.stdin.as_ref().map(|name| format!("/in/{name}")),
            stdout: job.stdout.as_ref().map(|name| format!("/out/{name}")),
            env: job.environment.clone(),
            ..Command::default()
        }];
        task.resources = Some(resources(job));
        Ok(Ok(task))
    }

    /// Fetches the outputs of a task that is complete.
    fn fetch(
        &self,
        job: &Job,
        log: &TaskLog,
        (room, out): (&Room<'_>, &Path),
        cancel: &Cancel,
    ) -> Result<Vec<Produced>, PerformError> {
        std::fs::create_dir(out).map_err(disk(out))?;
        let (mut produced, mut left) = (Vec::with_capacity(job.outputs.len()), job.limits.output_bytes);
        for name in &job.outputs {
            let place = self.shared.below(&room.url(&output_name(name))).map_err(worker)?;
            let arrived = |error: std::io::Error| worker(format!("output {name} did not arrive: {error}"));
            let mut from = self.shared.read(&place).map_err(arrived)?;
            let path = out.join(name);
            let mut to = File::create_new(&path).map_err(disk(&path))?;
            let (sha256, bytes) = copy(&mut from, &mut to, left, cancel).map_err(|error| match error {
                CopyError::Cancelled => PerformError::Cancelled,
                error => worker(format!("output {name}: {error}")),
            })?;
            let promised = log.metadata.get(&format!("sha256:/out/{name}"));
            if promised.is_some_and(|promised| *promised != sha256.to_string()) {
                return Err(worker(format!("output {name} came with other bytes than the service made")));
            }
            left = left.saturating_sub(bytes);
            produced.push(Produced { name: name.clone(), path, bytes, sha256 });
        }
        Ok(produced)
    }

    /// What the service said, in words of the sandbox.
    fn performed(&self, end: End, log: &TaskLog) -> Performed {
        let engine = log.metadata.get("engine").cloned().unwrap_or_else(|| self.name().0);
        let parsed = log.metadata.get("layers").and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
        let mut layers = parsed.unwrap_or_default();
        layers.push(self.name().0);
        let usage = log.metadata.get("usage").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let said = log.logs.iter().flat_map(|one| [&one.stdout, &one.stderr]).flatten();
        let log = said.cloned().collect();
        Performed { end, engine: EngineName(engine), layers, outputs: Vec::new(), others: Vec::new(), log, usage }
    }
}

/// How waiting ended.
enum Waited {
    Ended(State, TaskLog),
    Limit(LimitKind),
}

fn read<T: DeserializeOwned>(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<T, Unanswered> {
    let mut response = response.map_err(|error| Unanswered::Silent(error.to_string()))?;
    let status = response.status();
    let text = response.body_mut().with_config().limit(ANSWER_BYTES).read_to_string();
    let text = text.map_err(|error| Unanswered::Silent(error.to_string()))?;
    if !status.is_success() {
        let said = format!("{status}: {}", text.chars().take(500).collect::<String>());
        return Err(if status.is_server_error() { Unanswered::Silent(said) } else { Unanswered::No(said) });
    }
    serde_json::from_str(&text).map_err(|error| Unanswered::No(format!("it cannot be understood: {error}")))
}

/// Outputs have a prefix, so that no name of one is a name of an input.
fn output_name(name: &str) -> String {
    format!("output-{name}")
}

/// Whether what is started is a program of the machine, which the service has as well; only its digest travels.
fn is_of_machine(job: &Job) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    job.executor == ExecutorKind::Native
        && job.tools.is_empty()
        && job
            .argv
            .first()
            .is_some_and(|command| command.starts_with('/') && real(Path::new(command)) == real(&job.program.path))
}

fn resources(job: &Job) -> Resources {
    let limits = &job.limits;
    let numbers = [
        ("wall_ms", limits.wall_ms),
        ("cpu_ms", limits.cpu_ms),
        ("memory_bytes", limits.memory_bytes),
        ("output_bytes", limits.output_bytes),
        ("output_files", limits.output_files),
        ("processes", limits.processes),
        ("fuel", limits.fuel),
    ];
    Resources {
        ram_gb: Some(limits.memory_bytes as f64 / 1e9),
        disk_gb: Some(limits.output_bytes as f64 / 1e9),
        backend_parameters: numbers.into_iter().map(|(name, number)| (name.to_owned(), number.to_string())).collect(),
        ..Resources::default()
    }
}

/// How a file of a job travels.
enum Staged {
    Inline(String),
    Shared,
}

/// Checks a file of a job and puts it where the service finds it.
fn stage(
    file: &JobFile,
    (room, name): &(&Room<'_>, String),
    inline_left: &mut u64,
    cancel: &Cancel,
) -> Result<Result<Staged, End>, PerformError> {
    let missing = |error: std::io::Error| End::InputMissing { name: file.name.clone(), reason: error.to_string() };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed();
    let mut from = match OpenOptions::new().read(true).custom_flags(flags).open(&file.path) {
        Ok(from) => from,
        Err(error) => return Ok(Err(missing(error))),
    };
    let changed = |found: Sha256| End::InputChanged { name: file.name.clone(), expected: file.sha256, found };
    let bytes = from.metadata().map_or(u64::MAX, |metadata| metadata.len());
    if bytes < INLINE_BYTES.min(*inline_left) {
        let mut content = Vec::new();
        if let Err(CopyError::Io(error)) = copy(&mut from, &mut content, INLINE_BYTES, cancel) {
            return Ok(Err(missing(error)));
        }
        let found = codec::sha256(&content);
        if found != file.sha256 {
            return Ok(Err(changed(found)));
        }
        match String::from_utf8(content) {
            Ok(text) => {
                *inline_left -= text.len() as u64;
                return Ok(Ok(Staged::Inline(text)));
            }
            Err(_) => from = File::open(&file.path).map_err(disk(&file.path))?,
        }
    }
    let path = room.path().join(name);
    let mut to = File::create_new(&path).map_err(disk(&path))?;
    match copy(&mut from, &mut to, u64::MAX, cancel) {
        Ok((found, _)) if found == file.sha256 => Ok(Ok(Staged::Shared)),
        Ok((found, _)) => Ok(Err(changed(found))),
        Err(CopyError::Cancelled) => Err(PerformError::Cancelled),
        Err(CopyError::Io(error)) => Ok(Err(missing(error))),
        Err(error) => Err(worker(error.to_string())),
    }
}

/// How a task ended, from what its service said.
fn end_of(state: State, log: &TaskLog) -> Result<End, PerformError> {
    let lines = || log.system_logs.iter().rev();
    let said: Option<End> = lines().find_map(|line| serde_json::from_str(line.strip_prefix(END_PREFIX)?).ok());
    let exit_code = log.logs.iter().rev().find_map(|one| one.exit_code);
    let last = lines().next().map_or("", String::as_str);
    match (state, said) {
        (State::Complete, Some(end)) if !end.is_success() => {
            Err(worker(format!("the service contradicts itself: {last}")))
        }
        (State::Complete, _) => Ok(End::Exited { code: 0 }),
        (State::ExecutorError | State::SystemError, Some(end)) if !end.is_success() => Ok(end),
        (State::ExecutorError, _) => Ok(match exit_code.filter(|code| *code != 0) {
            Some(code) => End::Exited { code },
            None => End::Trapped { reason: format!("the service says EXECUTOR_ERROR: {last}") },
        }),
        (state, _) => Err(worker(format!("the service ended the task as {state:?}: {last}"))),
    }
}

impl Executor for TesExecutor {
    fn name(&self) -> EngineName {
        EngineName(format!("GA4GH TES at {}", self.base))
    }

    fn perform_until(&self, job: &Job, folder: &Path, cancel: &Cancel) -> Result<Performed, PerformError> {
        if job.root.is_some() {
            return Err(PerformError::BadJob { reason: "a TES service has a root file system of its own".to_owned() });
        }
        let started = Instant::now();
        let unique = random_id().map_err(|error| worker(error.to_string()))?;
        let room = Room { shared: &self.shared, name: format!("perennial-{unique}") };
        std::fs::create_dir(room.path()).map_err(disk(&room.path()))?;
        let task = match self.task(job, &room, cancel)? {
            Ok(task) => task,
            Err(end) => return Ok(self.performed(end, &TaskLog::default())),
        };
        let body = serde_json::to_vec(&task).map_err(|error| worker(error.to_string()))?;
        let created: Created = self.post("tasks", &body)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if created.id.is_empty() || !created.id.bytes().all(is_plain) {
            return Err(worker("the service gave the task no usable id"));
        }
        let mut sent = Sent { client: self, id: created.id, is_over: false };
        let mut performed = match self.wait(&mut sent, job, cancel)? {
            Waited::Limit(which) => self.performed(End::Limit { which }, &TaskLog::default()),
            Waited::Ended(state, log) => {
                let mut performed = self.performed(end_of(state, &log)?, &log);
                if performed.end.is_success() {
                    performed.outputs = self.fetch(job, &log, (&room, &folder.join("out")), cancel)?;
                }
                performed
            }
        };
        let wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        performed.usage = Usage { wall_ms, ..performed.usage };
        Ok(performed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recreation::tes::wire::ExecutorLog;

    #[test]
    fn states_of_any_service_are_ends() {
        let log = |exit_code, line: &str| TaskLog {
            logs: vec![ExecutorLog { exit_code, ..ExecutorLog::default() }],
            system_logs: vec![line.to_owned()],
            ..TaskLog::default()
        };
        let ours = log(None, r#"end: {"end":"limit","which":"wall"}"#);
        let end = |state, log: &TaskLog| end_of(state, log).ok();
        assert_eq!(end(State::Complete, &TaskLog::default()), Some(End::Exited { code: 0 }));
        assert_eq!(end(State::ExecutorError, &ours), Some(End::Limit { which: LimitKind::Wall }));
        assert_eq!(end(State::ExecutorError, &log(Some(3), "")), Some(End::Exited { code: 3 }));
        assert!(matches!(end(State::ExecutorError, &log(Some(0), "")), Some(End::Trapped { .. })));
        // What is no success must not be made one, nor the other way round.
        assert_eq!(end(State::Complete, &ours), None);
        assert_eq!(end(State::SystemError, &log(None, r#"end: {"end":"exited","code":0}"#)), None);
        for state in [State::SystemError, State::Canceled, State::Preempted] {
            assert_eq!(end(state, &TaskLog::default()), None);
        }
    }

    #[test]
    fn an_address_is_http_and_gets_the_path_of_the_standard() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = |url: &str| TesExecutor::new(url, folder.path(), None).map(|client| client.base).ok();
        let wanted = Some("http://127.0.0.1:9/ga4gh/tes/v1".to_owned());
        for url in ["http://127.0.0.1:9", "http://127.0.0.1:9/", "http://127.0.0.1:9/ga4gh/tes/v1/"] {
            assert_eq!(base(url), wanted);
        }
        for url in ["https://example.org", "127.0.0.1:9", "http://", "file:///tmp", "http://a b"] {
            assert_eq!(base(url), None, "{url}");
        }
    }
}
