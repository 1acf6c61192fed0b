//! The folders and files that a program sees. Names live here alone: on the host there are only opened inputs, and
//! numbered scratch files for what is written, so nothing that a program names can reach outside.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::errno::{EXIST, Errno, FBIG, INVAL, IO, ISDIR, NAMETOOLONG, NOENT, NOTDIR, NOTEMPTY, ROFS};
use super::stop::Stop;
use crate::recreation::perform::end::LimitKind;

/// Number of a node: also its inode number, less one.
pub(super) type NodeId = usize;

/// Longest name, as on Linux.
const MAX_NAME_BYTES: usize = 255;

/// A folder, an input, or a file that the program writes.
pub(super) enum Content {
    Folder { entries: BTreeMap<String, NodeId>, writable: bool },
    Input { file: File },
    Written { file: File, scratch: PathBuf },
}

/// One folder or file.
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) bytes: u64,
    /// Nanoseconds; the job's clock unless the program sets them.
    pub(super) accessed: u64,
    pub(super) modified: u64,
    /// Whether a folder still names it.
    pub(super) is_named: bool,
    /// Descriptors that have it open.
    pub(super) opened: u32,
}

/// Either an error number for the program, or the end of the run.
#[derive(Debug)]
pub(in crate::recreation::perform::wasi) enum Refusal {
    Errno(Errno),
    Stop(Stop),
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

/// All nodes, and what may still be written.
pub(super) struct Tree {
    nodes: Vec<Node>,
    scratch: PathBuf,
    clock: u64,
    written_bytes: u64,
    written_files: u64,
    max_bytes: u64,
    max_files: u64,
}

impl Tree {
    /// `scratch` is an empty folder of the host for what is written; `clock` in nanoseconds.
    pub(super) fn new(scratch: PathBuf, clock: u64, max_bytes: u64, max_files: u64) -> Self {
        Self { nodes: Vec::new(), scratch, clock, written_bytes: 0, written_files: 0, max_bytes, max_files }
    }

    /// A folder without a parent: one of the roots.
    pub(super) fn add_root(&mut self, writable: bool) -> NodeId {
        self.add(Content::Folder { entries: BTreeMap::new(), writable }, 0)
    }

    /// An input of this length in a folder.
    pub(super) fn add_input(&mut self, folder: NodeId, name: &str, file: File, bytes: u64) {
        let id = self.add(Content::Input { file }, bytes);
        if let Some(Node { content: Content::Folder { entries, .. }, .. }) = self.nodes.get_mut(folder) {
            entries.insert(name.to_owned(), id);
        }
    }

    fn add(&mut self, content: Content, bytes: u64) -> NodeId {
        let clock = self.clock;
        self.nodes.push(Node { content, bytes, accessed: clock, modified: clock, is_named: true, opened: 0 });
        self.nodes.len() - 1
    }

    pub(super) fn node(&self, id: NodeId) -> Result<&Node, Errno> {
        self.nodes.get(id).ok_or(IO)
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(id).ok_or(IO)
    }

    /// The names in a folder, sorted bytewise.
    pub(super) fn entries(&self, folder: NodeId) -> Result<&BTreeMap<String, NodeId>, Errno> {
        match &self.node(folder)?.content {
            Content::Folder { entries, .. } => Ok(entries),
            _ => Err(NOTDIR),
        }
    }

    /// The folder's names, to be changed.
    fn entries_mut(&mut self, folder: NodeId) -> Result<&mut BTreeMap<String, NodeId>, Errno> {
        match &mut self.node_mut(folder)?.content {
            Content::Folder { entries, writable: true } => Ok(entries),
            Content::Folder { .. } => Err(ROFS),
            _ => Err(NOTDIR),
        }
    }

    pub(super) fn child(&self, folder: NodeId, name: &str) -> Result<Option<NodeId>, Errno> {
        Ok(self.entries(folder)?.get(name).copied())
    }

    pub(super) fn is_folder(&self, id: NodeId) -> bool {
        self.node(id).is_ok_and(|node| matches!(node.content, Content::Folder { .. }))
    }

    pub(super) fn is_writable(&self, id: NodeId) -> bool {
        self.node(id).is_ok_and(|node| match node.content {
            Content::Folder { writable, .. } => writable,
            Content::Input { .. } => false,
            Content::Written { .. } => true,
        })
    }

    /// Makes an empty file, or a folder, of this name.
    pub(super) fn create(&mut self, folder: NodeId, name: &str, is_folder: bool) -> Result<NodeId, Refusal> {
        if name.len() > MAX_NAME_BYTES {
            return Err(NAMETOOLONG.into());
        }
        if self.entries_mut(folder)?.contains_key(name) {
            return Err(EXIST.into());
        }
        if self.written_files >= self.max_files {
            return Err(Refusal::Stop(Stop::Limit(LimitKind::Files)));
        }
        let content = match is_folder {
            true => Content::Folder { entries: BTreeMap::new(), writable: true },
            false => self.new_scratch()?,
        };
        self.written_files += 1;
        let id = self.add(content, 0);
        self.entries_mut(folder)?.insert(name.to_owned(), id);
        Ok(id)
    }

    fn new_scratch(&self) -> Result<Content, Refusal> {
        let scratch = self.scratch.join(self.nodes.len().to_string());
        let opened = OpenOptions::new().read(true).write(true).create_new(true).open(&scratch);
        match opened {
            Ok(file) => Ok(Content::Written { file, scratch }),
            Err(error) => Err(Refusal::Stop(Stop::Disk(error.to_string()))),
        }
    }

    /// Takes a name away; the file goes when nobody has it open.
    pub(super) fn unlink(&mut self, folder: NodeId, name: &str, is_folder: bool) -> Result<(), Errno> {
        let id = *self.entries_mut(folder)?.get(name).ok_or(NOENT)?;
        match (&self.node(id)?.content, is_folder) {
            (Content::Folder { entries, .. }, true) if !entries.is_empty() => return Err(NOTEMPTY),
            (Content::Folder { .. }, false) => return Err(ISDIR),
            (Content::Input { .. } | Content::Written { .. }, true) => return Err(NOTDIR),
            _ => {}
        }
        self.entries_mut(folder)?.remove(name);
        self.node_mut(id)?.is_named = false;
        self.free_if_unused(id);
        Ok(())
    }

    /// Moves a name, over an existing file or empty folder if there is one.
    pub(super) fn rename(&mut self, from: (NodeId, &str), to: (NodeId, &str)) -> Result<(), Errno> {
        let id = *self.entries_mut(from.0)?.get(from.1).ok_or(NOENT)?;
        if to.1.len() > MAX_NAME_BYTES {
            return Err(NAMETOOLONG);
        }
        if self.is_folder(id) && self.is_inside(to.0, id) {
            return Err(INVAL);
        }
        let replaced = self.entries_mut(to.0)?.get(to.1).copied();
        if replaced == Some(id) {
            return Ok(());
        }
        if let Some(replaced) = replaced {
            match (self.is_folder(id), self.is_folder(replaced)) {
                (true, false) => return Err(NOTDIR),
                (false, true) => return Err(ISDIR),
                (_, is_folder) => self.unlink(to.0, to.1, is_folder)?,
            }
        }
        self.entries_mut(from.0)?.remove(from.1);
        self.entries_mut(to.0)?.insert(to.1.to_owned(), id);
        Ok(())
    }

    /// Whether a folder is this one or somewhere below it.
    fn is_inside(&self, folder: NodeId, above: NodeId) -> bool {
        let mut waiting = vec![above];
        while let Some(id) = waiting.pop() {
            if id == folder {
                return true;
            }
            if let Ok(entries) = self.entries(id) {
                waiting.extend(entries.values());
            }
        }
        false
    }

    /// Gives the room of a file back that has neither name nor reader.
    pub(super) fn free_if_unused(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(id).filter(|node| !node.is_named && node.opened == 0) else { return };
        if let Content::Written { file, scratch } = &node.content {
            // The room on the disk is what matters; an error here only leaves the file for the caller's sweep.
            let _ = file.set_len(0);
            let _ = std::fs::remove_file(scratch);
            self.written_bytes = self.written_bytes.saturating_sub(node.bytes);
            node.bytes = 0;
        }
        self.written_files = self.written_files.saturating_sub(1);
    }

    pub(super) fn read(&self, id: NodeId, buffer: &mut [u8], offset: u64) -> Result<usize, Errno> {
        match &self.node(id)?.content {
            Content::Input { file } | Content::Written { file, .. } => file.read_at(buffer, offset).map_err(|_| IO),
            Content::Folder { .. } => Err(ISDIR),
        }
    }

    /// Writes all bytes; the file grows within the limit, or the run ends.
    pub(super) fn write(&mut self, id: NodeId, bytes: &[u8], offset: u64) -> Result<(), Refusal> {
        let end = offset.checked_add(bytes.len() as u64).ok_or(FBIG)?;
        let node = self.node(id)?;
        self.reserve(node.bytes, end.max(node.bytes))?;
        match &self.node(id)?.content {
            Content::Written { file, .. } => file.write_all_at(bytes, offset).map_err(|error| full(&error))?,
            _ => return Err(ROFS.into()),
        }
        self.grown(id, end)
    }

    /// Sets the length, with zeros behind what was there.
    pub(super) fn resize(&mut self, id: NodeId, length: u64) -> Result<(), Refusal> {
        let before = self.node(id)?.bytes;
        self.reserve(before, length)?;
        match &self.node(id)?.content {
            Content::Written { file, .. } => file.set_len(length).map_err(|error| full(&error))?,
            Content::Folder { .. } => return Err(ISDIR.into()),
            Content::Input { .. } => return Err(ROFS.into()),
        }
        self.written_bytes = (self.written_bytes + length).saturating_sub(before);
        self.node_mut(id)?.bytes = length;
        Ok(())
    }

    fn reserve(&self, before: u64, after: u64) -> Result<(), Refusal> {
        let others = self.written_bytes.saturating_sub(before);
        match others.checked_add(after).is_some_and(|all| all <= self.max_bytes) {
            true => Ok(()),
            false => Err(Refusal::Stop(Stop::Limit(LimitKind::Output))),
        }
    }

    fn grown(&mut self, id: NodeId, end: u64) -> Result<(), Refusal> {
        let node = self.node_mut(id)?;
        let growth = end.saturating_sub(node.bytes);
        node.bytes += growth;
        self.written_bytes += growth;
        Ok(())
    }

    /// The scratch files of the plain files directly in a folder, by name.
    pub(super) fn written_in(&self, folder: NodeId) -> Vec<(String, PathBuf)> {
        let Ok(entries) = self.entries(folder) else { return Vec::new() };
        let written = entries.iter().filter_map(|(name, id)| match &self.node(*id).ok()?.content {
            Content::Written { scratch, .. } => Some((name.clone(), scratch.clone())),
            _ => None,
        });
        written.collect()
    }
}

fn full(error: &std::io::Error) -> Refusal {
    Refusal::Stop(Stop::Disk(error.to_string()))
}
