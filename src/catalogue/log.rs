//! The log for those who copy it: how long it is, lines as they were committed, and payloads by digest.

use super::{Catalogue, Error};
use crate::archive::{LogPage, Payload};
use crate::codec::{self, Checkpoint};
use crate::model::Sha256;

/// Most lines and bytes of a page, but for its last segment.
pub const PAGE_LINES: u64 = 4_096;
const PAGE_BYTES: usize = 8 << 20;

impl Catalogue {
    /// Size and root of the log, signed; `origin` names the log.
    ///
    /// # Errors
    /// `Internal` when the key cannot be read or made.
    pub fn checkpoint(&self, origin: &str) -> Result<(Checkpoint, String), Error> {
        let tree = self.archive.tree();
        let checkpoint = Checkpoint { origin: origin.to_owned(), size: tree.size(), root: tree.root() };
        let key = self.secrets.signing_key().map_err(Error::internal("reading the key that signs"))?;
        let note = checkpoint.sign(&key);
        Ok((checkpoint, note))
    }

    /// The public key that checkpoints and evidence are signed with.
    ///
    /// # Errors
    /// `Internal` when the key cannot be read or made.
    pub fn public_key(&self) -> Result<[u8; 32], Error> {
        let key = self.secrets.signing_key().map_err(Error::internal("reading the key that signs"))?;
        Ok(codec::public_key(&key))
    }

    /// Lines from a sequence on, whole segments; `None` behind the end.
    ///
    /// # Errors
    /// `Internal` when a segment cannot be read.
    pub fn log_page(&self, from: u64) -> Result<Option<LogPage>, Error> {
        self.archive.log_page(from, PAGE_LINES, PAGE_BYTES).map_err(Error::internal("reading the log"))
    }

    /// Payloads that came with the segments of these sequences, and whether their bytes are held.
    ///
    /// # Errors
    /// `Internal` when a segment or the index cannot be read.
    pub fn log_payloads(&self, from: u64, last: u64) -> Result<Vec<(Sha256, bool)>, Error> {
        let digests = self.archive.log_payloads(from, last).map_err(Error::internal("reading the log"))?;
        digests.into_iter().map(|digest| Ok((digest, self.holds(&digest)?))).collect()
    }

    /// Whether the bytes of a payload are here.
    pub(super) fn holds(&self, digest: &Sha256) -> Result<bool, Error> {
        let location = self.records.payload(digest).map_err(Error::internal("finding a payload"))?;
        let held = location.map(|location| self.archive.holds(digest, &location)).transpose();
        Ok(held.map_err(Error::internal("looking for a payload"))?.unwrap_or(false))
    }

    /// A payload by its digest.
    ///
    /// # Errors
    /// `NoSuch` when it is not held.
    pub fn payload_of(&self, digest: &Sha256) -> Result<Payload, Error> {
        let location = self.payload_location(digest)?;
        self.archive.payload(digest, &location).map_err(Error::internal("opening a payload"))
    }
}
