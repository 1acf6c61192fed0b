//! The table of open files of a program, and the way of a path through the folders.

use super::errno::{BADF, Errno, MFILE, NOENT, NOTCAPABLE, NOTDIR};
use super::tree::{NodeId, Tree};

/// Open files of one program.
const MAX_OPEN: usize = 1024;

/// What one number stands for.
pub(super) enum Descriptor {
    /// Standard input without an input: at its end.
    Empty,
    /// Standard error, and standard output that is no output.
    Log,
    Open(Open),
}

/// An open file or folder.
pub(super) struct Open {
    pub(super) node: NodeId,
    pub(super) offset: u64,
    pub(super) flags: u16,
    pub(super) writable: bool,
    /// Names as they were when reading the folder began.
    pub(super) listing: Vec<(String, NodeId)>,
    /// The path of a folder that is open from the start.
    pub(super) preopened: Option<&'static str>,
}

impl Open {
    pub(super) fn new(node: NodeId, writable: bool) -> Self {
        Self { node, offset: 0, flags: 0, writable, listing: Vec::new(), preopened: None }
    }
}

/// All open files; a new one takes the lowest free number.
#[derive(Default)]
pub(super) struct Table(Vec<Option<Descriptor>>);

impl Table {
    pub(super) fn add(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        if free >= MAX_OPEN {
            return Err(MFILE);
        }
        match self.0.get_mut(free) {
            Some(slot) => *slot = Some(descriptor),
            None => self.0.push(Some(descriptor)),
        }
        u32::try_from(free).map_err(|_| MFILE)
    }

    fn slot(&mut self, number: u32) -> Result<&mut Option<Descriptor>, Errno> {
        usize::try_from(number).ok().and_then(|number| self.0.get_mut(number)).ok_or(BADF)
    }

    pub(super) fn get(&mut self, number: u32) -> Result<&mut Descriptor, Errno> {
        self.slot(number)?.as_mut().ok_or(BADF)
    }

    /// The open file or folder of this number.
    pub(super) fn open(&mut self, number: u32) -> Result<&mut Open, Errno> {
        match self.get(number)? {
            Descriptor::Open(open) => Ok(open),
            Descriptor::Empty | Descriptor::Log => Err(BADF),
        }
    }

    pub(super) fn take(&mut self, number: u32) -> Result<Descriptor, Errno> {
        self.slot(number)?.take().ok_or(BADF)
    }

    pub(super) fn put(&mut self, number: u32, descriptor: Descriptor) -> Result<(), Errno> {
        *self.slot(number)? = Some(descriptor);
        Ok(())
    }
}

/// Where a path leads: a name in a folder that exists, or that folder itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) folder: NodeId,
    pub(super) name: Option<String>,
    /// The path ends with a slash.
    pub(super) must_be_folder: bool,
}

impl Target {
    /// The node, when there is one.
    pub(super) fn node(&self, tree: &Tree) -> Result<Option<NodeId>, Errno> {
        let Some(name) = &self.name else { return Ok(Some(self.folder)) };
        let found = tree.child(self.folder, name)?;
        match found {
            Some(node) if self.must_be_folder && !tree.is_folder(node) => Err(NOTDIR),
            found => Ok(found),
        }
    }

    pub(super) fn existing(&self, tree: &Tree) -> Result<NodeId, Errno> {
        self.node(tree)?.ok_or(NOENT)
    }
}

/// Follows a path from a folder. It never leads above that folder.
pub(super) fn follow(tree: &Tree, start: NodeId, path: &str) -> Result<Target, Errno> {
    if path.is_empty() {
        return Err(NOENT);
    }
    if path.starts_with('/') {
        return Err(NOTCAPABLE);
    }
    if !tree.is_folder(start) {
        return Err(NOTDIR);
    }
    let (mut above, mut folder) = (Vec::new(), start);
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => folder = above.pop().ok_or(NOTCAPABLE)?,
            name if segments.peek().is_none() => {
                let must_be_folder = path.ends_with('/');
                return Ok(Target { folder, name: Some(name.to_owned()), must_be_folder });
            }
            name => {
                let next = tree.child(folder, name)?.ok_or(NOENT)?;
                if !tree.is_folder(next) {
                    return Err(NOTDIR);
                }
                above.push(folder);
                folder = next;
            }
        }
    }
    Ok(Target { folder, name: None, must_be_folder: true })
}
