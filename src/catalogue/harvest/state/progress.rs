//! How far a run has come, so that one that was killed goes on at its last page.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::{Folder, append, lines};
use crate::catalogue::harvest::report::Counts;

const FILE: &str = "run.json";
const PAGES: &str = "run.ndjson";

/// A run under way, as of its last page that is durable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// RFC 3339.
    pub started: String,
    pub listed_as: String,
    pub sequence: u64,
    pub since: Option<String>,
    /// Where it goes on.
    pub page: Option<String>,
    /// Pages that are durable.
    pub pages: usize,
    pub is_whole: bool,
    pub total: Option<u64>,
    pub checkpoint: Option<String>,
    pub validator: Option<String>,
    pub counts: Counts,
}

/// What one page listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageNote {
    pub records: Option<String>,
    pub continuation: Option<String>,
    pub present: Vec<String>,
    pub gone: Vec<String>,
}

impl Folder {
    /// The run that was interrupted, with its pages; `None` when there is none that can go on.
    pub fn progress(&self, listed_as: &str, last_sequence: u64) -> Option<(Progress, Vec<PageNote>)> {
        let progress: Progress = serde_json::from_slice(&fs::read(self.file(FILE)).ok()?).ok()?;
        if progress.listed_as != listed_as || progress.sequence > last_sequence || progress.page.is_none() {
            return None;
        }
        let mut notes: Vec<PageNote> = lines(&self.file(PAGES))?;
        notes.truncate(progress.pages);
        (notes.len() == progress.pages).then_some((progress, notes))
    }

    /// Begins to note a run; what was noted of another one is forgotten.
    pub fn begin(&self) {
        let _ = fs::remove_file(self.file(FILE));
        let _ = fs::remove_file(self.file(PAGES));
    }

    /// Goes on with a run: notes beyond its last durable page are forgotten.
    ///
    /// # Errors
    /// The disk's.
    pub fn resume(&self, notes: &[PageNote]) -> io::Result<()> {
        fs::remove_file(self.file(PAGES)).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        append(&self.file(PAGES), notes)
    }

    /// Notes a page that is durable.
    ///
    /// # Errors
    /// The disk's.
    pub fn note_page(&self, progress: &Progress, note: &PageNote) -> io::Result<()> {
        append(&self.file(PAGES), std::slice::from_ref(note))?;
        self.replace(FILE, &serde_json::to_vec(progress)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_at_its_last_durable_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Folder::of(folder.path(), "a");
        assert!(files.progress("x", 10).is_none());
        let note = |id: &str| PageNote { present: vec![id.to_owned()], ..PageNote::default() };
        let mut progress =
            Progress { listed_as: "x".into(), sequence: 5, page: Some("t".into()), pages: 1, ..Progress::default() };
        files.begin();
        files.note_page(&progress, &note("1")).expect("written");
        // Killed between the note of the second page and its position.
        append(&files.file(PAGES), &[note("2")]).expect("written");
        let (found, notes) = files.progress("x", 10).expect("a run");
        assert_eq!((found, notes.as_slice()), (progress.clone(), [note("1")].as_slice()));
        files.resume(&notes).expect("written");
        progress.pages = 2;
        files.note_page(&progress, &note("3")).expect("written");
        assert_eq!(files.progress("x", 10).expect("a run").1, [note("1"), note("3")]);
        assert!(files.progress("y", 10).is_none(), "another address");
        assert!(files.progress("x", 4).is_none(), "an older archive");
    }
}
