//! Compares the graph with the records of the archive, and mends it. Holds the store's lock, so nothing serves meanwhile.

use std::path::Path;

use super::Options;
use super::graph::is_ruin;
use super::open::{self, StartError};
use super::rebuild::{self, CatchUpError};
use crate::archive::Archive;
use crate::index::Projection;
use crate::index::graph::{Drift, GraphError, GraphIndex};
use crate::model::Key;

/// Most findings that are listed one by one.
const MAX_LISTED: usize = 1_000;

/// What an audit of the graph found.
#[derive(Debug, Clone, Default)]
pub struct GraphAudit {
    /// Records compared, deleted ones included.
    pub records: u64,
    /// What was not as it should be: a record's key, or the address of a graph or subject.
    pub found: Vec<(String, Drift)>,
    /// How many there were, listed or not.
    pub drifted: u64,
    /// Its files were broken: with `mend` the graph was made anew from the archive.
    pub ruined: bool,
}

impl GraphAudit {
    fn note(&mut self, name: String, drift: Drift) {
        self.drifted += 1;
        if self.found.len() < MAX_LISTED {
            self.found.push((name, drift));
        }
    }
}

/// Compares every record's statements with those that it would give now. The graph first catches up with the archive. With
/// `mend` what differs is right afterwards, and a graph whose files are broken is made anew.
///
/// # Errors
/// `StartError`: the store is in use, or an index cannot be read.
pub fn graph(store: &Path, options: &Options, mend: bool) -> Result<GraphAudit, StartError> {
    let archive = open::open_archive(store, options)?;
    let folder = open::index_folder(store, &options.settings);
    let path = folder.join("graph");
    match compare(&archive, &folder, &path, mend) {
        Err(error) if is_ruin(&error) => {
            tracing::warn!(cause = error.to_string(), "the files of the graph are broken");
            if !mend {
                return Ok(GraphAudit { ruined: true, ..GraphAudit::default() });
            }
            let failed = |source| StartError::Index { index: "graph", path: path.clone(), source: Box::new(source) };
            std::fs::remove_dir_all(&path).map_err(failed)?;
            let audit = compare(&archive, &folder, &path, mend)?;
            Ok(GraphAudit { ruined: true, ..audit })
        }
        audit => audit,
    }
}

fn compare(archive: &Archive, folder: &Path, path: &Path, mend: bool) -> Result<GraphAudit, StartError> {
    let last = archive.last_sequence();
    let mut records = open::open_records(folder, last)?;
    rebuild::catch_up_logged(archive, &mut records, last)?;
    // One that is there and cannot be opened is a finding; one of another version is made anew without a word.
    if let Some(error @ GraphError::Storage(_)) = path.is_dir().then(|| GraphIndex::open(path).err()).flatten() {
        let source = Box::new(GraphError::Ruined { path: path.to_owned(), source: Box::new(error) });
        return Err(StartError::CatchUp(CatchUpError::Index { index: "graph", source }));
    }
    let mut index = open::open_index("graph", path, last, GraphIndex::open)?;
    rebuild::catch_up_logged(archive, &mut index, last)?;
    let failed = |source| {
        let source: Box<dyn std::error::Error + Send + Sync> = Box::new(source);
        StartError::CatchUp(CatchUpError::Index { index: "graph", source })
    };
    let unreadable = |source| {
        let source: Box<dyn std::error::Error + Send + Sync> = Box::new(source);
        StartError::CatchUp(CatchUpError::Index { index: "records", source })
    };
    let mut audit = GraphAudit::default();
    for segment in archive.segments(1)? {
        for change in &rebuild::batch_of(segment?).changes {
            let key = change.event.record_key();
            let current = records.current(&key).map_err(unreadable)?;
            if current.is_none_or(|current| current.sequence != change.event.sequence) {
                continue;
            }
            audit.records += 1;
            if let Some(drift) = index.audit(&key, change, mend).map_err(failed)? {
                audit.note(key.to_string(), drift);
            }
        }
    }
    let state = |key: &Key| records.current(key).ok().flatten();
    let is_live = |key: &Key| state(key).is_some_and(|current| !current.deleted);
    let rest = index.audit_rest(&|key| state(key).is_some(), &is_live, mend).map_err(failed)?;
    rest.into_iter().for_each(|(name, drift)| audit.note(name, drift));
    debug_assert_eq!(index.position(), last, "an audit moves no position");
    Ok(audit)
}
