//! What is known of a source between two runs, as files under `index/harvest/SOURCE/`. All of it is derived: lost, it is made
//! again of the records and reports in the archive, and costs at most listing again. Decides nothing.

mod known;
mod progress;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::report::{Harvested, Quarantined};
use crate::codec;
use crate::federation::Source;
use crate::model::Sha256;
use crate::model::uri::encode;

pub use known::{Known, KnownDocument};
pub use progress::{PageNote, Progress};

/// Version of these files.
const FORMAT: u32 = 1;

/// How a source stood when its last run ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    pub format: u32,
    /// Last sequence of the archive then: an older archive was put in its place if it has fewer.
    pub sequence: u64,
    /// Digest of what the source's record says of where and what is listed; another address begins anew.
    pub listed_as: String,
    /// What `since` is in the next run, before the overlap.
    pub checkpoint: Option<String>,
    pub validator: Option<String>,
    /// Ids that the last whole listing lacked.
    pub missing: BTreeSet<String>,
    /// Ids whose deletion a person must approve.
    pub awaiting: BTreeSet<String>,
    pub quarantine: BTreeMap<String, Quarantined>,
    /// Documents that are held.
    pub held: usize,
    pub last: Option<Harvested>,
    /// When a report was last kept in the archive, RFC 3339.
    pub reported: Option<String>,
}

/// The files of one source.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// Digest of what decides what a listing of the source is.
pub fn listed_as(source: &Source) -> String {
    let parts = (&source.protocol, &source.url, &source.collections, &source.harvest.format, &source.query);
    let text = serde_json::to_string(&parts).unwrap_or_default();
    codec::sha256(text.as_bytes()).to_string()
}

impl Folder {
    /// The folder of a source below that of the indexes; made when it is first written.
    pub fn of(index: &Path, source: &str) -> Self {
        Self { path: index.join("harvest").join(encode(source)) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// How the source stood; `None` when that is not known or cannot be true of this archive.
    pub fn standing(&self, last_sequence: u64) -> Option<Standing> {
        let standing: Standing = serde_json::from_slice(&fs::read(self.file("standing.json")).ok()?).ok()?;
        (standing.format == FORMAT && standing.sequence <= last_sequence).then_some(standing)
    }

    /// Keeps how the source stands.
    ///
    /// # Errors
    /// The disk's.
    pub fn save(&self, standing: &Standing) -> io::Result<()> {
        let standing = Standing { format: FORMAT, ..standing.clone() };
        self.replace("standing.json", &serde_json::to_vec(&standing)?)
    }

    /// Forgets everything.
    pub fn forget(&self) {
        let _ = fs::remove_dir_all(&self.path);
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        let fresh = self.file(&format!("{name}.new"));
        fs::write(&fresh, bytes)?;
        fs::rename(fresh, self.file(name))
    }
}

/// Lines of a file that were written whole; what a kill left of a last one is cut off. `None` when one cannot be read.
fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> Option<Vec<T>> {
    let bytes = fs::read(path).ok()?;
    let end = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
    if end < bytes.len() {
        let file = fs::OpenOptions::new().write(true).open(path).ok()?;
        file.set_len(end as u64).ok()?;
    }
    let whole = bytes.get(..end)?.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    whole.map(|line| serde_json::from_slice(line).ok()).collect()
}

fn append<T: Serialize>(path: &Path, values: &[T]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut text = Vec::new();
    for value in values {
        serde_json::to_writer(&mut text, value)?;
        text.push(b'\n');
    }
    io::Write::write_all(&mut fs::OpenOptions::new().create(true).append(true).open(path)?, &text)
}

/// A digest, read from a file of ours.
fn digest(text: &str) -> Option<Sha256> {
    Sha256::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Key, RecordId};

    fn key(id: &str) -> Key {
        Key::product(RecordId::parse("harvested:a:c").expect("valid"), RecordId::parse(id).expect("valid"))
    }

    #[test]
    fn what_is_known_comes_back_and_a_torn_line_costs_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Folder::of(folder.path(), "a/b");
        assert!(files.known().is_none(), "nothing is known of a source that was never harvested");
        let one = KnownDocument { id: "1".into(), sha256: Some(codec::sha256(b"1")), keys: vec![key("x")] };
        let two = KnownDocument { id: "2".into(), sha256: Some(codec::sha256(b"2")), keys: vec![key("y"), key("z")] };
        files.note(&[one, two]).expect("written");
        files.note(&[KnownDocument { id: "1".into(), sha256: None, keys: Vec::new() }]).expect("written");
        let path = files.file("known.ndjson");
        let mut bytes = fs::read(&path).expect("there");
        bytes.extend_from_slice(b"{\"id\":\"3\"");
        fs::write(&path, bytes).expect("written");
        let known = files.known().expect("readable");
        assert_eq!(known.held().cloned().collect::<Vec<_>>(), ["2"]);
        assert_eq!(files.keys_of(&BTreeSet::from(["2".to_owned()])).expect("readable"), [key("y"), key("z")]);
        files.compact().expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there").lines().count(), 1);
        fs::write(&path, "no json\n").expect("written");
        assert!(files.known().is_none(), "what cannot be read is not believed");
    }

    #[test]
    fn a_standing_of_a_later_archive_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Folder::of(folder.path(), "a");
        files.save(&Standing { sequence: 10, checkpoint: Some("c".into()), ..Standing::default() }).expect("written");
        assert_eq!(files.standing(10).and_then(|standing| standing.checkpoint).as_deref(), Some("c"));
        assert!(files.standing(9).is_none());
    }
}
