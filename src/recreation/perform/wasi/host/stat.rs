//! Calls that describe files. Inode numbers are numbers in order of making, times are the job's: nothing of the host.

use super::descriptor::{Descriptor, follow};
use super::errno::{BADF, Errno, INVAL, KIND_FILE, KIND_FOLDER, KIND_UNKNOWN, RIGHT_WRITE, RIGHTS_ALL};
use super::guest::offset;
use super::tree::NodeId;
use super::{Answer, Guest, Host};

const FILESTAT_BYTES: usize = 64;
const FDSTAT_BYTES: usize = 24;

/// `fstflags` of the calls that set times.
const SET_ACCESSED: u32 = 1;
const SET_ACCESSED_NOW: u32 = 2;
const SET_MODIFIED: u32 = 4;
const SET_MODIFIED_NOW: u32 = 8;

/// Which times to set, and to what.
struct Times {
    accessed: u64,
    modified: u64,
    flags: u32,
}

/// Puts bytes at a place of a record that has room for them.
fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = record.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

impl Host {
    fn kind(&self, node: NodeId) -> u8 {
        if self.tree.is_folder(node) { KIND_FOLDER } else { KIND_FILE }
    }

    fn filestat(&self, node: NodeId) -> Result<[u8; FILESTAT_BYTES], Errno> {
        let found = self.tree.node(node)?;
        let mut record = [0u8; FILESTAT_BYTES];
        put(&mut record, 0, &1u64.to_le_bytes());
        put(&mut record, 8, &(node as u64 + 1).to_le_bytes());
        put(&mut record, 16, &[self.kind(node)]);
        put(&mut record, 24, &1u64.to_le_bytes());
        put(&mut record, 32, &found.bytes.to_le_bytes());
        put(&mut record, 40, &found.accessed.to_le_bytes());
        put(&mut record, 48, &found.modified.to_le_bytes());
        put(&mut record, 56, &found.modified.to_le_bytes());
        Ok(record)
    }

    pub(in super::super) fn fd_filestat_get(&mut self, memory: &mut [u8], fd: u32, result: u32) -> Answer {
        let record = match self.table.get(fd)? {
            Descriptor::Open(open) => {
                let node = open.node;
                self.filestat(node)?
            }
            // A stream that is no file: kind unknown, everything 0.
            Descriptor::Empty | Descriptor::Log => [0; FILESTAT_BYTES],
        };
        Ok(Guest(memory).write(result, &record)?)
    }

    pub(in super::super) fn path_filestat_get(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        _follow_links: u32,
        path: u32,
        length: u32,
        result: u32,
    ) -> Answer {
        let mut guest = Guest(memory);
        let node = self.existing(fd, &guest.path(path, length)?)?;
        Ok(guest.write(result, &self.filestat(node)?)?)
    }

    /// The node that a path leads to from an open folder.
    pub(super) fn existing(&mut self, fd: u32, path: &str) -> Result<NodeId, Errno> {
        let start = self.table.open(fd)?.node;
        follow(&self.tree, start, path)?.existing(&self.tree)
    }

    pub(in super::super) fn fd_fdstat_get(&mut self, memory: &mut [u8], fd: u32, result: u32) -> Answer {
        let (kind, flags, rights) = match self.table.get(fd)? {
            Descriptor::Empty | Descriptor::Log => (KIND_UNKNOWN, 0, RIGHTS_ALL),
            Descriptor::Open(open) => {
                let (node, flags, writable) = (open.node, open.flags, open.writable);
                let is_folder = self.tree.is_folder(node);
                let rights = if writable || is_folder { RIGHTS_ALL } else { RIGHTS_ALL & !RIGHT_WRITE };
                (self.kind(node), flags, rights)
            }
        };
        let mut record = [0u8; FDSTAT_BYTES];
        put(&mut record, 0, &[kind]);
        put(&mut record, 2, &flags.to_le_bytes());
        put(&mut record, 8, &rights.to_le_bytes());
        put(&mut record, 16, &RIGHTS_ALL.to_le_bytes());
        Ok(Guest(memory).write(result, &record)?)
    }

    pub(in super::super) fn fd_prestat_get(&mut self, memory: &mut [u8], fd: u32, result: u32) -> Answer {
        let path = self.table.open(fd)?.preopened.ok_or(BADF)?;
        let mut guest = Guest(memory);
        guest.write_u32(result, 0)?;
        Ok(guest.write_u32(offset(result, 4)?, u32::try_from(path.len()).map_err(|_| INVAL)?)?)
    }

    pub(in super::super) fn fd_prestat_dir_name(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        buffer: u32,
        length: u32,
    ) -> Answer {
        let path = self.table.open(fd)?.preopened.ok_or(BADF)?;
        if (length as usize) < path.len() {
            return Err(super::errno::NAMETOOLONG.into());
        }
        Ok(Guest(memory).write(buffer, path.as_bytes())?)
    }

    pub(in super::super) fn fd_filestat_set_times(
        &mut self,
        _: &mut [u8],
        fd: u32,
        accessed: u64,
        modified: u64,
        flags: u32,
    ) -> Answer {
        let node = self.table.open(fd)?.node;
        Ok(self.set_times(node, &Times { accessed, modified, flags })?)
    }

    #[allow(clippy::too_many_arguments)] // the standard's own list
    pub(in super::super) fn path_filestat_set_times(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        _follow_links: u32,
        path: u32,
        length: u32,
        accessed: u64,
        modified: u64,
        flags: u32,
    ) -> Answer {
        let node = self.existing(fd, &Guest(memory).path(path, length)?)?;
        Ok(self.set_times(node, &Times { accessed, modified, flags })?)
    }

    fn set_times(&mut self, node: NodeId, times: &Times) -> Result<(), Errno> {
        let both = |one: u32, other: u32| times.flags & one != 0 && times.flags & other != 0;
        let is_unsound = both(SET_ACCESSED, SET_ACCESSED_NOW) || both(SET_MODIFIED, SET_MODIFIED_NOW);
        if is_unsound || times.flags > 15 {
            return Err(INVAL);
        }
        if !self.tree.is_writable(node) {
            return Err(super::errno::ROFS);
        }
        let now = self.clock.time_of_day();
        let found = self.tree.node_mut(node)?;
        match times.flags & (SET_ACCESSED | SET_ACCESSED_NOW) {
            0 => {}
            SET_ACCESSED => found.accessed = times.accessed,
            _ => found.accessed = now,
        }
        match times.flags & (SET_MODIFIED | SET_MODIFIED_NOW) {
            0 => {}
            SET_MODIFIED => found.modified = times.modified,
            _ => found.modified = now,
        }
        Ok(())
    }
}
