//! Following the log of another store: a page of lines at a time, held against the roots that come with it before it is
//! committed, and against a signed checkpoint when its end is reached. What was committed is a prefix of the other log, always.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::Marker;
use crate::archive::{StagedPayload, merkle};
use crate::catalogue::{Catalogue, Error};
use crate::codec::{Checkpoint, NoteError};
use crate::federation::outbound::{Limits, Outbound, OutboundError, Request, Response};
use crate::model::Sha256;

/// Of one answer but payloads: a page of lines may have one line of the greatest length more than its measure.
const LIMITS: Limits = Limits { time: Duration::from_secs(60), bytes: 192 << 20 };
/// Of one payload.
const PAYLOAD: Limits = Limits { time: Duration::from_secs(6 * 3_600), bytes: 1 << 44 };
/// Bytes of a payload taken at a time.
const PIECE: usize = 256 << 10;

/// Why a mirror does not follow.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    #[error("{url} cannot be asked: {source}")]
    Outbound { url: String, source: OutboundError },
    #[error("{url} answered {status}{hint}")]
    Status { url: String, status: u16, hint: &'static str },
    #[error("{url} does not answer as a log does: {reason}")]
    Answer { url: String, reason: String },
    #[error(
        "its checkpoint is not believed: {0}; if its key was changed on purpose, remove mirror.json and begin anew"
    )]
    Note(#[from] NoteError),
    #[error("the log of the source is not the one that this store holds: they differ at or before line {at}")]
    Diverged { at: u64 },
    #[error("this store holds {lines} lines of its own: a mirror begins in an empty one")]
    NotEmpty { lines: u64 },
    #[error("this store is a mirror of {url} already")]
    Other { url: String },
    #[error(transparent)]
    Store(#[from] Error),
    #[error("mirror.json cannot be read or written")]
    Marker(#[source] std::io::Error),
}

/// How far a mirror has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Lines that are here.
    pub size: u64,
    /// Lines of the source, when it was last asked.
    pub of: u64,
    /// Lines that came with this step.
    pub lines: u64,
    /// Payloads that came with this step.
    pub payloads: u64,
    /// Payloads that the source no longer holds itself.
    pub missing: u64,
    /// The root is that of a signed checkpoint.
    pub verified: bool,
}

/// Follows one source.
pub struct Follower<'c> {
    catalogue: &'c Catalogue,
    outbound: Outbound,
    url: String,
    public_key: [u8; 32],
    token: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    note: String,
    public_key: String,
}

#[derive(Deserialize)]
struct Payloads {
    payloads: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    sha256: Sha256,
    held: bool,
}

impl<'c> Follower<'c> {
    /// Begins or goes on. A store becomes a mirror when it is empty; from then on it is one of this source alone.
    ///
    /// # Errors
    /// `NotEmpty`, `Other`, or what keeps the source from being asked.
    pub fn new(catalogue: &'c Catalogue, url: &str, token: Option<String>) -> Result<Self, MirrorError> {
        let url = url.trim_end_matches('/').to_owned();
        let outbound = catalogue.outbound.clone();
        let known = Marker::read(&catalogue.store).map_err(MirrorError::Marker)?;
        let mut follower = Self { catalogue, outbound, url, public_key: [0; 32], token };
        let key = match known {
            Some(marker) if marker.url == follower.url => marker.public_key,
            Some(marker) => return Err(MirrorError::Other { url: marker.url }),
            None => follower.begin()?,
        };
        let key = Sha256::parse(&key).map_err(|_| follower.answer("its key is not 32 bytes in hexadecimal digits"))?;
        follower.public_key = *key.as_bytes();
        Ok(follower)
    }

    /// Marks the store; gives the key that the source signs with.
    fn begin(&self) -> Result<String, MirrorError> {
        let lines = self.catalogue.last_sequence();
        if lines > 0 {
            return Err(MirrorError::NotEmpty { lines });
        }
        let told: Told = self.json("/api/v1/log/checkpoint?f=json")?;
        let marker = Marker { url: self.url.clone(), public_key: told.public_key.clone() };
        marker.write(&self.catalogue.store).map_err(MirrorError::Marker)?;
        self.catalogue.health.refuse_writes(marker.refusal());
        Ok(told.public_key)
    }

    /// Takes one page, if there is one.
    ///
    /// # Errors
    /// `MirrorError`; what was committed before stays, and nothing of the page that failed is.
    pub fn step(&self) -> Result<Progress, MirrorError> {
        let told: Told = self.json("/api/v1/log/checkpoint?f=json")?;
        let checkpoint = Checkpoint::verify(&told.note, &self.public_key)?;
        let tree = self.catalogue.archive.tree();
        let mut progress =
            Progress { size: tree.size(), of: checkpoint.size, lines: 0, payloads: 0, missing: 0, verified: false };
        if tree.size() >= checkpoint.size {
            if tree.size() > checkpoint.size || tree.root() != checkpoint.root {
                return Err(MirrorError::Diverged { at: checkpoint.size });
            }
            return Ok(Progress { verified: true, ..progress });
        }
        let page = self.page(tree)?;
        let staged = self.payloads(page.first, page.last, &mut progress)?;
        progress.lines = page.lines.len() as u64;
        progress.size = page.last;
        self.catalogue.copy_lines(page.lines, staged)?;
        // A checkpoint of another length says nothing of this root; the next step asks for one.
        progress.verified = page.last == checkpoint.size && page.root == checkpoint.root;
        if page.last == checkpoint.size && page.root != checkpoint.root {
            return Err(MirrorError::Diverged { at: page.last });
        }
        Ok(progress)
    }

    /// The lines that follow, if together with what is here they have the root that comes with them.
    fn page(&self, mut tree: merkle::Frontier) -> Result<Page, MirrorError> {
        let first = tree.size() + 1;
        let response = self.get(&format!("/api/v1/log?from={first}"), LIMITS)?;
        let number = |name: &str| response.header(name).and_then(|value| value.parse::<u64>().ok());
        let last = number("perennial-log-last").ok_or_else(|| self.answer("it does not say where its page ends"))?;
        let root = response.header("perennial-log-root").and_then(|root| Sha256::parse(root).ok());
        let root = root.ok_or_else(|| self.answer("it does not say what the root after its page is"))?;
        let whole = response.body.strip_suffix(b"\n").ok_or_else(|| self.answer("its page ends within a line"))?;
        let lines: Vec<Vec<u8>> = whole.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if first + lines.len() as u64 - 1 != last {
            return Err(self.answer("its page has not the lines that it says"));
        }
        lines.iter().for_each(|line| tree.push(merkle::leaf_hash(line)));
        if tree.root() != root {
            return Err(MirrorError::Diverged { at: last });
        }
        Ok(Page { first, last, root, lines })
    }

    /// Payloads of these lines that are not here yet, staged.
    fn payloads(&self, first: u64, last: u64, progress: &mut Progress) -> Result<Vec<Arc<StagedPayload>>, MirrorError> {
        let listed: Payloads = self.json(&format!("/api/v1/log/payloads?from={first}&to={last}"))?;
        let mut staged = Vec::new();
        let mut seen = HashSet::new();
        for Listed { sha256, held } in listed.payloads {
            if !seen.insert(sha256) || self.catalogue.holds(&sha256)? {
                continue;
            }
            if !held {
                progress.missing += 1;
                continue;
            }
            staged.push(self.payload(&sha256)?);
            progress.payloads += 1;
        }
        Ok(staged)
    }

    fn payload(&self, digest: &Sha256) -> Result<Arc<StagedPayload>, MirrorError> {
        let url = format!("{}/api/v1/log/payloads/{digest}", self.url);
        let authorisation = self.authorisation();
        let headers: Vec<(&str, &str)> = authorisation.iter().map(|value| ("authorization", value.as_str())).collect();
        let request = Request { url: &url, headers: &headers, body: None, limits: PAYLOAD };
        let opened = self.outbound.open(&request);
        let mut stream = opened.map_err(|source| MirrorError::Outbound { url: url.clone(), source })?;
        if stream.status != 200 {
            return Err(self.status(url, stream.status));
        }
        let mut stager = crate::catalogue::stage_error(self.catalogue.archive.stage(crate::catalogue::now()))?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = stream.read(&mut piece).map_err(|error| self.answer(error.to_string()))?;
            if read == 0 {
                break;
            }
            let written = stager.write(piece.get(..read).unwrap_or_default());
            crate::catalogue::stage_error(written)?;
        }
        Ok(Arc::new(crate::catalogue::stage_error(stager.finish(Some(*digest)))?))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, MirrorError> {
        let response = self.get(path, LIMITS)?;
        serde_json::from_slice(&response.body).map_err(|error| self.answer(error.to_string()))
    }

    fn get(&self, path: &str, limits: Limits) -> Result<Response, MirrorError> {
        let url = format!("{}{path}", self.url);
        let authorisation = self.authorisation();
        let headers: Vec<(&str, &str)> = authorisation.iter().map(|value| ("authorization", value.as_str())).collect();
        let sent = self.outbound.send(&Request { url: &url, headers: &headers, body: None, limits });
        let response = sent.map_err(|source| MirrorError::Outbound { url: url.clone(), source })?;
        if response.status == 200 { Ok(response) } else { Err(self.status(url, response.status)) }
    }

    fn authorisation(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }

    fn status(&self, url: String, status: u16) -> MirrorError {
        let hint = match status {
            401 | 403 => ": it wants a token of a user of the source (--token)",
            404 => ": it is no Perennial, or an older one",
            _ => "",
        };
        MirrorError::Status { url, status, hint }
    }

    fn answer(&self, reason: impl Into<String>) -> MirrorError {
        MirrorError::Answer { url: self.url.clone(), reason: reason.into() }
    }
}

/// A page that was held against its root.
struct Page {
    first: u64,
    last: u64,
    root: Sha256,
    lines: Vec<Vec<u8>>,
}
