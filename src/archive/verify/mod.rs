//! Checks a whole archive: structure, every digest, every frame, every chain. What is wrong is a finding, not an error.

mod log;
mod objects;
mod payloads;
mod walk;

use std::path::PathBuf;

use super::error::DiskError;
use super::open::Archive;
use crate::model::Sha256;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// A recommendation is not followed.
    Warning,
    /// Something is lost, changed or breaks a rule.
    Error,
}

/// Something that a verification found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// The code of the OCFL specification, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// OCFL id of the object; none for the storage root itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// File or directory, from the storage root.
    pub path: PathBuf,
    pub what: String,
    pub what_to_do: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let object = self.object.as_deref().unwrap_or("storage root");
        write!(formatter, "{object}: {} ({})", self.what, self.path.display())?;
        self.code.map_or(Ok(()), |code| write!(formatter, " [{code}]"))
    }
}

/// What a verification looked at, and what it found.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Verification {
    /// Worst first, then by path.
    pub findings: Vec<Finding>,
    pub objects: u64,
    pub files: u64,
    /// Bytes of content files that were read.
    pub bytes: u64,
    pub lines: u64,
    pub payloads: u64,
    /// Payloads whose bytes were dropped because they can be made again.
    pub dropped: u64,
    /// Root of the Merkle tree over all lines; none where lines are missing.
    pub root: Option<Sha256>,
}

impl Verification {
    /// Whether there is no finding of severity `Error`.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub objects: u64,
    pub of_objects: u64,
    pub bytes: u64,
}

const RESTORE: &str = "restore this object from a backup or a replica, then verify again";
const REMOVE: &str = "move it out of the archive: nothing but Perennial's objects belongs here";

impl Archive {
    /// Verifies everything up to the last sequence that was committed when this begins. `progress` is called after
    /// each object. May run while records are written and read.
    ///
    /// # Errors
    /// The disk's, where not even a directory can be read. A file that cannot be read is a finding.
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<Verification, DiskError> {
        let mut verification = Verification::default();
        let last = self.last_sequence();
        let found = walk::walk(&self.inner, &mut verification)?;
        let held = objects::check(&self.inner, &found, &mut verification, progress)?;
        log::check(&self.inner, &found, &held, last, &mut verification);
        walk::check_empty_again(&self.inner, &mut verification)?;
        verification.findings.sort_by(|one, other| {
            other
                .severity
                .cmp(&one.severity)
                .then_with(|| one.path.cmp(&other.path))
                .then_with(|| one.what.cmp(&other.what))
        });
        Ok(verification)
    }
}

impl Verification {
    fn error(&mut self, object: Option<&str>, path: impl Into<PathBuf>, what: impl Into<String>) {
        self.findings.push(Finding {
            severity: Severity::Error,
            code: None,
            object: object.map(str::to_owned),
            path: path.into(),
            what: what.into(),
            what_to_do: RESTORE.into(),
        });
    }

    fn coded(&mut self, code: &'static str, path: impl Into<PathBuf>, what: impl Into<String>, what_to_do: &str) {
        let (severity, object) = (Severity::Error, None);
        let (path, what, what_to_do) = (path.into(), what.into(), what_to_do.to_owned());
        self.findings.push(Finding { severity, code: Some(code), object, path, what, what_to_do });
    }
}
