//! The folders of the graph, and the exchange of an old graph for one that was built beside it. A crash between any two steps
//! leaves what the next start makes whole.

use std::io;
use std::path::{Path, PathBuf};

use crate::index::Projection;
use crate::index::graph::{GraphError, GraphIndex};

/// Where the graph is, by what it is for.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    pub current: PathBuf,
    /// Being built.
    pub new: PathBuf,
    /// On its way out.
    pub old: PathBuf,
    pub checkpoints: PathBuf,
}

impl Folders {
    /// In the folder of the indexes, by the name of the graph.
    pub fn within(folder: &Path, name: &str) -> Self {
        let of = |end: &str| folder.join(format!("{name}{end}"));
        Self { current: of(""), new: of("-new"), old: of("-old"), checkpoints: of("-checkpoints") }
    }

    /// Finishes an exchange that a crash cut off, and removes what has gone out.
    pub fn settle(&self) -> io::Result<()> {
        if !self.current.exists() && self.new.exists() {
            std::fs::rename(&self.new, &self.current)?;
        }
        Self::remove(&self.old)
    }

    /// Puts the new graph in the place of the current one. Neither may be open.
    pub fn swap(&self) -> io::Result<()> {
        Self::remove(&self.old)?;
        if self.current.exists() {
            std::fs::rename(&self.current, &self.old)?;
        }
        self.settle()
    }

    /// The current graph, if another version of the projection made it and it can be read all the same.
    pub fn outdated(&self, last: u64) -> Option<GraphIndex> {
        let error = self.current.is_dir().then(|| GraphIndex::open(&self.current).err()).flatten()?;
        if !matches!(error, GraphError::Format { .. }) {
            return None;
        }
        let old = GraphIndex::open_outdated(&self.current).ok()?;
        (old.position() > 0 && old.position() <= last && old.is_settled()).then_some(old)
    }

    /// Removes a folder, if there is one.
    pub fn remove(folder: &Path) -> io::Result<()> {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> (tempfile::TempDir, Folders) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            std::fs::create_dir(folder.path().join(name)).expect("made");
            std::fs::write(folder.path().join(name).join("from"), name).expect("written");
        }
        let folders = Folders::within(folder.path(), "graph");
        (folder, folders)
    }

    fn current(folders: &Folders) -> String {
        std::fs::read_to_string(folders.current.join("from")).unwrap_or_default()
    }

    #[test]
    fn the_new_graph_takes_the_place_of_the_current_one() {
        let (_kept, folders) = made(&["graph", "graph-new", "graph-old"]);
        folders.swap().expect("swapped");
        assert_eq!(
            (current(&folders).as_str(), folders.new.exists(), folders.old.exists()),
            ("graph-new", false, false)
        );
    }

    #[test]
    fn a_swap_that_was_cut_off_is_finished_and_a_build_is_left_alone() {
        let (_kept, folders) = made(&["graph-new", "graph-old"]);
        folders.settle().expect("settled");
        assert_eq!((current(&folders).as_str(), folders.old.exists()), ("graph-new", false));
        let (_kept, folders) = made(&["graph", "graph-new"]);
        folders.settle().expect("settled");
        assert_eq!((current(&folders).as_str(), folders.new.exists()), ("graph", true));
        let (_kept, folders) = made(&[]);
        folders.settle().expect("settled");
        assert!(!folders.current.exists());
    }

    #[test]
    fn a_graph_of_this_version_or_an_unreadable_one_is_not_outdated() {
        let (_kept, folders) = made(&["graph-old"]);
        assert!(folders.outdated(10).is_none());
        GraphIndex::open(&folders.current).expect("opens").close().expect("closed");
        assert!(folders.outdated(10).is_none());
        Folders::remove(&folders.current).expect("removed");
        std::fs::create_dir(&folders.current).expect("made");
        std::fs::write(folders.current.join("CURRENT"), "no manifest").expect("written");
        assert!(folders.outdated(10).is_none());
    }
}
