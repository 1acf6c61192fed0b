//! The documents of a source that became records: their digests in memory, their keys on disk until one is deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use serde::{Deserialize, Serialize};

use super::{Folder, append, digest, lines};
use crate::model::{Key, Kind, RecordId, Sha256};

const FILE: &str = "known.ndjson";

/// A document and its records; without a digest it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDocument {
    pub id: String,
    pub sha256: Option<Sha256>,
    pub keys: Vec<Key>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<(Kind, Option<RecordId>, RecordId)>,
}

impl From<&KnownDocument> for Line {
    fn from(known: &KnownDocument) -> Self {
        let keys = known.keys.iter().map(|key| (key.kind, key.collection.clone(), key.id.clone()));
        Self { id: known.id.clone(), sha256: known.sha256.map(|sha256| sha256.to_string()), keys: keys.collect() }
    }
}

impl Line {
    fn keys(self) -> impl Iterator<Item = Key> {
        self.keys.into_iter().map(|(kind, collection, id)| Key { kind, collection, id })
    }
}

/// Ids and digests of the documents that are held.
#[derive(Debug, Default)]
pub struct Known(HashMap<String, Sha256>);

impl Known {
    /// The digest of the document that is held under this id.
    pub fn get(&self, id: &str) -> Option<&Sha256> {
        self.0.get(id)
    }

    /// Takes a document in, or out.
    pub fn note(&mut self, document: &KnownDocument) {
        match document.sha256 {
            Some(sha256) => drop(self.0.insert(document.id.clone(), sha256)),
            None => drop(self.0.remove(&document.id)),
        }
    }

    /// Ids of what is held, in no order.
    pub fn held(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// How many are held.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Folder {
    /// What is held; `None` when the file is not there or cannot be read.
    pub fn known(&self) -> Option<Known> {
        let mut known = Known::default();
        for line in lines::<Line>(&self.file(FILE))? {
            let sha256 = line.sha256.as_deref().map(digest);
            if sha256 == Some(None) {
                return None;
            }
            known.note(&KnownDocument { id: line.id, sha256: sha256.flatten(), keys: Vec::new() });
        }
        Some(known)
    }

    /// Adds documents, or that they are gone.
    ///
    /// # Errors
    /// The disk's.
    pub fn note(&self, documents: &[KnownDocument]) -> io::Result<()> {
        let lines: Vec<Line> = documents.iter().map(Line::from).collect();
        append(&self.file(FILE), &lines)
    }

    /// Writes the file anew with these documents alone.
    ///
    /// # Errors
    /// The disk's.
    pub fn write_known(&self, documents: impl IntoIterator<Item = KnownDocument>) -> io::Result<()> {
        let mut text = Vec::new();
        for document in documents {
            serde_json::to_writer(&mut text, &Line::from(&document))?;
            text.push(b'\n');
        }
        self.replace(FILE, &text)
    }

    /// Keys of the records that these documents became and that no other document became too.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn keys_of(&self, ids: &BTreeSet<String>) -> io::Result<Vec<Key>> {
        let mut kept: BTreeSet<Key> = BTreeSet::new();
        let mut found: Vec<Key> = Vec::new();
        for line in self.latest()?.into_values() {
            if ids.contains(&line.id) {
                found.extend(line.keys());
            } else {
                kept.extend(line.keys());
            }
        }
        found.retain(|key| !kept.contains(key));
        Ok(found)
    }

    /// Which document each of these keys belongs to.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn owners(&self) -> io::Result<HashMap<Key, String>> {
        let mut owners = HashMap::new();
        for line in self.latest()?.into_values() {
            let id = line.id.clone();
            owners.extend(line.keys().map(|key| (key, id.clone())));
        }
        Ok(owners)
    }

    /// Drops lines that later ones replaced, once they are many.
    ///
    /// # Errors
    /// The disk's.
    pub fn compact(&self) -> io::Result<()> {
        let mut text = Vec::new();
        for line in self.latest()?.into_values() {
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        self.replace(FILE, &text)
    }

    fn latest(&self) -> io::Result<BTreeMap<String, Line>> {
        let mut latest = BTreeMap::new();
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "what is known of a source cannot be read");
        for line in lines::<Line>(&self.file(FILE)).ok_or_else(broken)? {
            match line.sha256 {
                Some(_) => drop(latest.insert(line.id.clone(), line)),
                None => drop(latest.remove(&line.id)),
            }
        }
        Ok(latest)
    }
}
