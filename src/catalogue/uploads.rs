//! Payloads on their way in: streamed, resumable while the service runs, invisible until a record names them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Error;
use crate::archive::{Archive, StagedPayload, Stager};
use crate::codec;
use crate::model::Sha256;

/// Most uploads open or finished and not yet named: bounds what strangers can leave in `work/`.
pub const MAX_UPLOADS: usize = 1_000;
/// An upload that nobody touched for so long is dropped.
const EXPIRY: Duration = Duration::from_secs(24 * 3600);

/// How an upload stands.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UploadState {
    pub upload: String,
    /// Bytes received: where the next chunk begins.
    pub offset: u64,
    pub finished: bool,
    /// sha256 of all bytes, once finished.
    pub sha256: Option<Sha256>,
}

enum Stage {
    Open(Stager),
    /// A chunk is being written just now.
    Busy,
    Finished(Arc<StagedPayload>),
}

struct Upload {
    stage: Stage,
    offset: u64,
    /// Promised when the upload was opened.
    promised: Option<Sha256>,
    touched: Instant,
}

/// All uploads of this process.
pub struct Uploads {
    archive: Archive,
    open: Mutex<HashMap<String, Upload>>,
    counter: std::sync::atomic::AtomicU64,
    key: [u8; 32],
}

impl Uploads {
    pub(super) fn new(archive: Archive, key: [u8; 32]) -> Self {
        Self { archive, open: Mutex::default(), counter: std::sync::atomic::AtomicU64::default(), key }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Upload>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Identifiers cannot be guessed: a keyed digest of a counter and the process's start.
    fn next_name(&self) -> String {
        let number = self.counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let seed = format!("upload {number} {:?} {}", super::writer::now(), std::process::id());
        codec::hmac_sha256(&self.key, seed.as_bytes()).to_string().chars().take(32).collect()
    }

    fn insert(&self, stage: Stage, offset: u64, promised: Option<Sha256>) -> Result<String, Error> {
        let mut open = self.lock();
        let now = Instant::now();
        open.retain(|_, upload| matches!(upload.stage, Stage::Busy) || now.duration_since(upload.touched) < EXPIRY);
        if open.len() >= MAX_UPLOADS {
            let reason = format!("{MAX_UPLOADS} uploads are open; finish or delete some");
            return Err(Error::Unavailable { reason });
        }
        let name = self.next_name();
        open.insert(name.clone(), Upload { stage, offset, promised, touched: now });
        Ok(name)
    }

    /// Opens an empty upload.
    ///
    /// # Errors
    /// `Unavailable` when too many are open; `ReadOnly` or `InsufficientStorage`, or what the disk says.
    pub fn create(&self, promised: Option<Sha256>) -> Result<String, Error> {
        let stager = super::stage_error(self.archive.stage(super::now()))?;
        self.insert(Stage::Open(stager), 0, promised)
    }

    /// Takes a payload that was staged in one go.
    pub(super) fn adopt(&self, payload: StagedPayload) -> Result<String, Error> {
        let bytes = payload.bytes;
        self.insert(Stage::Finished(Arc::new(payload)), bytes, None)
    }

    /// How an upload stands.
    ///
    /// # Errors
    /// `NoSuch` upload.
    pub fn state(&self, name: &str) -> Result<UploadState, Error> {
        let open = self.lock();
        let upload = open.get(name).ok_or_else(|| no_such(name))?;
        let sha256 = match &upload.stage {
            Stage::Finished(payload) => Some(payload.sha256),
            _ => None,
        };
        Ok(UploadState { upload: name.to_owned(), offset: upload.offset, finished: sha256.is_some(), sha256 })
    }

    /// Takes the upload for writing a chunk at an offset; `Chunk::end` gives it back.
    ///
    /// # Errors
    /// `NoSuch`, `WrongOffset`, `Unavailable` while another request writes to it.
    pub fn begin_chunk(self: &Arc<Self>, name: &str, offset: u64) -> Result<Chunk, Error> {
        let mut open = self.lock();
        let upload = open.get_mut(name).ok_or_else(|| no_such(name))?;
        if upload.offset != offset {
            return Err(Error::WrongOffset { expected: upload.offset, given: offset });
        }
        match std::mem::replace(&mut upload.stage, Stage::Busy) {
            Stage::Open(stager) => {
                Ok(Chunk { uploads: Arc::clone(self), name: name.to_owned(), offset, stager: Some(stager) })
            }
            Stage::Busy => Err(Error::Unavailable { reason: "another request writes to this upload".to_owned() }),
            finished @ Stage::Finished(_) => {
                upload.stage = finished;
                Err(Error::parameter("upload", "is finished already"))
            }
        }
    }

    /// Ends an upload: the digest is known, and a record may name it.
    ///
    /// # Errors
    /// `DigestMismatch` (the upload is dropped), `NoSuch`, `Unavailable`.
    pub fn finish(&self, name: &str, promised: Option<Sha256>) -> Result<UploadState, Error> {
        let (stager, expected) = {
            let mut open = self.lock();
            let upload = open.get_mut(name).ok_or_else(|| no_such(name))?;
            match std::mem::replace(&mut upload.stage, Stage::Busy) {
                Stage::Open(stager) => (stager, promised.or(upload.promised)),
                other => {
                    upload.stage = other;
                    drop(open);
                    return self.state(name);
                }
            }
        };
        match super::stage_error(stager.finish(expected)) {
            Ok(payload) => {
                if let Some(upload) = self.lock().get_mut(name) {
                    upload.stage = Stage::Finished(Arc::new(payload));
                    upload.touched = Instant::now();
                }
                self.state(name)
            }
            Err(error) => {
                self.discard(name);
                Err(error)
            }
        }
    }

    /// The payload of a finished upload; it stays available until discarded, so that a refused record can be mended.
    pub(super) fn finished(&self, name: &str) -> Result<Arc<StagedPayload>, Error> {
        let open = self.lock();
        match open.get(name).map(|upload| &upload.stage) {
            Some(Stage::Finished(payload)) => Ok(Arc::clone(payload)),
            Some(_) => Err(Error::Unavailable { reason: format!("upload {name} is not finished") }),
            None => Err(no_such(name)),
        }
    }

    /// Drops an upload and its bytes.
    pub fn discard(&self, name: &str) -> bool {
        self.lock().remove(name).is_some()
    }
}

fn no_such(name: &str) -> Error {
    Error::NoSuch { what: format!("upload {name:?} (uploads do not outlive a restart of the service)") }
}

/// The right to write one chunk. Dropping it keeps what was written: the client asks for the offset and goes on.
pub struct Chunk {
    uploads: Arc<Uploads>,
    name: String,
    offset: u64,
    stager: Option<Stager>,
}

impl Chunk {
    /// Writes bytes at the end of the upload.
    ///
    /// # Errors
    /// `InsufficientStorage` or `Internal` when the disk refuses; the upload is then lost.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(stager) = &mut self.stager else { return Err(no_such(&self.name)) };
        match super::stage_error(stager.write(bytes)) {
            Ok(()) => {
                self.offset += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.stager = None;
                Err(error)
            }
        }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut open = self.uploads.lock();
        let Some(stager) = self.stager.take() else {
            open.remove(&self.name);
            return;
        };
        if let Some(upload) = open.get_mut(&self.name) {
            upload.stage = Stage::Open(stager);
            upload.offset = self.offset;
            upload.touched = Instant::now();
        }
    }
}
