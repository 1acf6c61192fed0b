//! The service: takes tasks, lets so many run at once, and ends everything when it is closed.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::fs::FlockOperation;

use super::board::{Board, Filter, Page};
use super::check::{self, Refused};
use super::files::Shared;
use super::runner;
use super::wire::{Task, View};
use crate::model::Instant;
use crate::recreation::perform::Executor;

/// Most tasks that run at once.
const MAX_AT_ONCE: usize = 256;

/// What a service needs.
pub struct QueueSettings {
    /// The only folder whose files tasks may name.
    pub files: PathBuf,
    /// A folder of the service's own, made when missing; another service on it is refused.
    pub work: PathBuf,
    /// Tasks that run at once; others wait.
    pub at_once: usize,
    pub executor: Arc<dyn Executor>,
    pub clock: fn() -> Instant,
}

/// Why a service cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{}", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is in use by another service", path.display())]
    InUse { path: PathBuf },
    #[error("{} and {} must not lie in each other: tasks could reach what the service runs", work.display(), files.display())]
    Nested { work: PathBuf, files: PathBuf },
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Why a task was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("too many tasks wait: try again when some are finished")]
    Full,
    #[error("the service is stopping")]
    Closing,
    #[error("no random numbers")]
    Chance(#[source] std::io::Error),
}

pub(super) struct Inner {
    pub(super) shared: Shared,
    pub(super) work: PathBuf,
    pub(super) executor: Arc<dyn Executor>,
    clock: fn() -> Instant,
    board: Mutex<(Board, bool)>,
    change: Condvar,
}

/// A running service of tasks. Dropping it calls off what runs and waits until it is gone.
pub struct Queue {
    inner: Arc<Inner>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Held for as long as the service runs.
    _lock: File,
}

/// 128 random bits as hexadecimal digits.
pub(super) fn random_id() -> std::io::Result<String> {
    let mut bytes = [0u8; 16];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        filled += rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Inner {
    pub(super) fn board(&self) -> MutexGuard<'_, (Board, bool)> {
        // Whoever panicked with the board in hand left it whole: each change of it is one call.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Runs tasks until the service is closed.
    fn work(&self) {
        loop {
            let taken = {
                let mut board = self.board();
                loop {
                    if board.1 {
                        return;
                    }
                    match board.0.take(self.now()) {
                        Some(taken) => break taken,
                        None => board = self.change.wait(board).unwrap_or_else(PoisonError::into_inner),
                    }
                }
            };
            let outcome = runner::run(self, &taken);
            let now = self.now();
            self.board().0.finish(taken.number, outcome, now);
        }
    }
}

/// Takes the folder of a service: nobody else's, and empty of earlier runs.
fn take_folder(work: &Path) -> Result<File, StartError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::Folder { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(work).map_err(failed(work))?;
    let path = work.join("lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed(&path))?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => return Err(StartError::InUse { path: work.to_owned() }),
        Err(error) => return Err(failed(&path)(error.into())),
        Ok(()) => {}
    }
    let runs = work.join("runs");
    match std::fs::remove_dir_all(&runs) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&runs)(error)),
        _ => std::fs::create_dir(&runs).map_err(failed(&runs))?,
    }
    Ok(lock)
}

impl Queue {
    /// Starts the threads that run tasks.
    ///
    /// # Errors
    /// `StartError`.
    pub fn start(settings: QueueSettings) -> Result<Self, StartError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Folder { path, source }
        };
        let shared = Shared::open(&settings.files).map_err(failed(&settings.files))?;
        let lock = take_folder(&settings.work)?;
        let work = settings.work.canonicalize().map_err(failed(&settings.work))?;
        if work.starts_with(shared.path()) || shared.path().starts_with(&work) {
            return Err(StartError::Nested { work, files: shared.path().to_owned() });
        }
        let board = Mutex::new((Board::default(), false));
        let (executor, clock) = (settings.executor, settings.clock);
        let inner = Arc::new(Inner { shared, work, executor, clock, board, change: Condvar::new() });
        let queue = Self { inner, threads: Mutex::new(Vec::new()), _lock: lock };
        for number in 0..settings.at_once.clamp(1, MAX_AT_ONCE) {
            let inner = Arc::clone(&queue.inner);
            let started = std::thread::Builder::new().name(format!("tes-{number}")).spawn(move || inner.work());
            queue.threads.lock().unwrap_or_else(PoisonError::into_inner).push(started.map_err(StartError::Thread)?);
        }
        Ok(queue)
    }

    /// The shared folder, without links.
    pub fn files(&self) -> &Path {
        self.inner.shared.path()
    }

    /// Takes a task of so many bytes as JSON; the answer is its id.
    ///
    /// # Errors
    /// `SubmitError`.
    pub fn submit(&self, mut task: Task, bytes: usize) -> Result<String, SubmitError> {
        let order = check::read(&task, &|url| self.inner.shared.below(url))?;
        task.id = Some(random_id().map_err(SubmitError::Chance)?);
        (task.state, task.creation_time) = (None, None);
        task.logs.clear();
        let now = self.inner.now();
        let mut board = self.inner.board();
        if board.1 {
            return Err(SubmitError::Closing);
        }
        let id = board.0.add(task, order, bytes, now).ok_or(SubmitError::Full)?;
        drop(board);
        self.inner.change.notify_one();
        Ok(id)
    }

    /// A task, if there is one of this id.
    pub fn get(&self, id: &str, view: View) -> Option<Task> {
        self.inner.board().0.get(id, view)
    }

    /// Some tasks, newest first.
    pub fn list(&self, filter: &Filter) -> Page {
        self.inner.board().0.list(filter)
    }

    /// Calls a task off; whether there is one of this id. One that is finished stays as it is.
    pub fn cancel(&self, id: &str) -> bool {
        let now = self.inner.now();
        self.inner.board().0.cancel(id, now)
    }

    /// Calls everything off and waits until no process and no file of it is left.
    pub fn close(&self) {
        let now = self.inner.now();
        let mut board = self.inner.board();
        board.1 = true;
        board.0.cancel_all(now);
        drop(board);
        self.inner.change.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread that ran tasks has failed");
            }
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.close();
    }
}
