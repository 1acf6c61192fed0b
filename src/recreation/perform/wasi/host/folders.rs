//! Calls that take paths: opening, making, removing, renaming, listing. There are no links.

use super::descriptor::{Descriptor, Open, Target, follow};
use super::errno::{
    EXIST, Errno, FD_KNOWN, INVAL, ISDIR, NOENT, NOTDIR, NOTSUP, OPEN_CREATE, OPEN_EXCLUSIVE, OPEN_FOLDER,
    OPEN_TRUNCATE, RIGHT_WRITE, ROFS, XDEV,
};
use super::guest::offset;
use super::tree::NodeId;
use super::{Answer, Guest, Host};

const DIRENT_BYTES: usize = 24;

/// How a path is to be opened.
struct Wish {
    create: bool,
    folder: bool,
    exclusive: bool,
    truncate: bool,
    write: bool,
}

impl Wish {
    fn new(flags: u32, rights: u64) -> Self {
        let has = |flag: i32| flags & flag.cast_unsigned() != 0;
        Self {
            create: has(OPEN_CREATE),
            folder: has(OPEN_FOLDER),
            exclusive: has(OPEN_EXCLUSIVE),
            truncate: has(OPEN_TRUNCATE),
            write: rights & RIGHT_WRITE != 0,
        }
    }
}

impl Host {
    fn target(&mut self, fd: u32, path: &str) -> Result<Target, Errno> {
        let start = self.table.open(fd)?.node;
        follow(&self.tree, start, path)
    }

    #[allow(clippy::too_many_arguments)] // the standard's own list
    pub(in super::super) fn path_open(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        _follow_links: u32,
        path: u32,
        length: u32,
        open_flags: u32,
        rights: u64,
        _inheriting: u64,
        flags: u32,
        result: u32,
    ) -> Answer {
        let mut guest = Guest(memory);
        let flags = u16::try_from(flags).ok().filter(|flags| flags & !FD_KNOWN == 0).ok_or(INVAL)?;
        if open_flags > 15 {
            return Err(INVAL.into());
        }
        let target = self.target(fd, &guest.path(path, length)?)?;
        let wish = Wish::new(open_flags, rights);
        let node = match target.node(&self.tree)? {
            Some(node) => self.open_existing(node, &wish)?,
            None => self.open_new(&target, &wish)?,
        };
        let is_folder = self.tree.is_folder(node);
        let mut open = Open::new(node, wish.write && !is_folder);
        open.flags = flags;
        let number = self.table.add(Descriptor::Open(open))?;
        self.tree.node_mut(node)?.opened += 1;
        Ok(guest.write_u32(result, number)?)
    }

    fn open_existing(&mut self, node: NodeId, wish: &Wish) -> Result<NodeId, super::tree::Refusal> {
        let is_folder = self.tree.is_folder(node);
        if wish.create && wish.exclusive {
            return Err(EXIST.into());
        }
        if wish.folder && !is_folder {
            return Err(NOTDIR.into());
        }
        if is_folder {
            // A folder opened "for writing" by a program that asks for all rights is opened as a folder.
            return if wish.truncate || (wish.write && !wish.folder) { Err(ISDIR.into()) } else { Ok(node) };
        }
        if (wish.write || wish.truncate) && !self.tree.is_writable(node) {
            return Err(ROFS.into());
        }
        if wish.truncate {
            self.tree.resize(node, 0)?;
        }
        Ok(node)
    }

    fn open_new(&mut self, target: &Target, wish: &Wish) -> Result<NodeId, super::tree::Refusal> {
        let Some(name) = target.name.as_ref().filter(|_| wish.create) else { return Err(NOENT.into()) };
        if target.must_be_folder || wish.folder {
            return Err(INVAL.into());
        }
        self.tree.create(target.folder, name, false)
    }

    /// The folder and name that a path leads to, for calls that change names.
    fn named(&mut self, fd: u32, path: &str) -> Result<(NodeId, String, bool), Errno> {
        let target = self.target(fd, path)?;
        Ok((target.folder, target.name.ok_or(INVAL)?, target.must_be_folder))
    }

    pub(in super::super) fn path_create_directory(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        path: u32,
        length: u32,
    ) -> Answer {
        let (folder, name, _) = self.named(fd, &Guest(memory).path(path, length)?)?;
        self.tree.create(folder, &name, true)?;
        Ok(())
    }

    pub(in super::super) fn path_remove_directory(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        path: u32,
        length: u32,
    ) -> Answer {
        let (folder, name, _) = self.named(fd, &Guest(memory).path(path, length)?)?;
        Ok(self.tree.unlink(folder, &name, true)?)
    }

    pub(in super::super) fn path_unlink_file(&mut self, memory: &mut [u8], fd: u32, path: u32, length: u32) -> Answer {
        let (folder, name, must_be_folder) = self.named(fd, &Guest(memory).path(path, length)?)?;
        if must_be_folder {
            return Err(NOTDIR.into());
        }
        Ok(self.tree.unlink(folder, &name, false)?)
    }

    #[allow(clippy::too_many_arguments)] // the standard's own list
    pub(in super::super) fn path_rename(
        &mut self,
        memory: &mut [u8],
        from_fd: u32,
        from: u32,
        from_length: u32,
        to_fd: u32,
        to: u32,
        to_length: u32,
    ) -> Answer {
        let guest = Guest(memory);
        let (from_folder, from_name, _) = self.named(from_fd, &guest.path(from, from_length)?)?;
        let (to_folder, to_name, _) = self.named(to_fd, &guest.path(to, to_length)?)?;
        if self.tree.is_writable(from_folder) != self.tree.is_writable(to_folder) {
            return Err(XDEV.into());
        }
        Ok(self.tree.rename((from_folder, &from_name), (to_folder, &to_name))?)
    }

    #[allow(clippy::too_many_arguments)] // the standard's own list
    pub(in super::super) fn path_link(
        &mut self,
        _: &mut [u8],
        from_fd: u32,
        _follow_links: u32,
        _from: u32,
        _from_length: u32,
        to_fd: u32,
        _to: u32,
        _to_length: u32,
    ) -> Answer {
        self.table.open(from_fd)?;
        self.table.open(to_fd)?;
        Err(NOTSUP.into())
    }

    pub(in super::super) fn path_symlink(
        &mut self,
        _: &mut [u8],
        _to: u32,
        _to_length: u32,
        fd: u32,
        _path: u32,
        _length: u32,
    ) -> Answer {
        self.table.open(fd)?;
        Err(NOTSUP.into())
    }

    /// Nothing is a link.
    #[allow(clippy::too_many_arguments)] // the standard's own list
    pub(in super::super) fn path_readlink(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        path: u32,
        length: u32,
        _buffer: u32,
        _buffer_length: u32,
        _result: u32,
    ) -> Answer {
        self.existing(fd, &Guest(memory).path(path, length)?)?;
        Err(INVAL.into())
    }

    /// Entries from the cookie on: `.`, `..`, then names sorted bytewise, as they were when reading began. The last
    /// one is cut where the buffer ends, as the standard asks.
    pub(in super::super) fn fd_readdir(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        buffer: u32,
        length: u32,
        cookie: u64,
        result: u32,
    ) -> Answer {
        let open = self.table.open(fd)?;
        let own = open.node;
        if cookie == 0 {
            let entries = self.tree.entries(own)?;
            let dots = [(".".to_owned(), own), ("..".to_owned(), own)];
            open.listing = dots.into_iter().chain(entries.iter().map(|(name, id)| (name.clone(), *id))).collect();
        }
        let start = usize::try_from(cookie).map_err(|_| INVAL)?;
        let mut guest = Guest(memory);
        let (mut at, mut left) = (buffer, length as usize);
        for (index, (name, node)) in open.listing.iter().enumerate().skip(start) {
            let record = dirent(index as u64 + 1, *node, name, self.tree.is_folder(*node));
            let fitting = record.get(..left.min(record.len())).unwrap_or_default();
            guest.write(at, fitting)?;
            left -= fitting.len();
            at = offset(at, u32::try_from(fitting.len()).map_err(|_| INVAL)?)?;
            if left == 0 {
                break;
            }
        }
        Ok(guest.write_u32(result, length - u32::try_from(left).map_err(|_| INVAL)?)?)
    }
}

fn dirent(next: u64, node: NodeId, name: &str, is_folder: bool) -> Vec<u8> {
    let mut record = Vec::with_capacity(DIRENT_BYTES + name.len());
    record.extend(next.to_le_bytes());
    record.extend((node as u64 + 1).to_le_bytes());
    record.extend((name.len() as u32).to_le_bytes());
    record.extend([if is_folder { super::errno::KIND_FOLDER } else { super::errno::KIND_FILE }, 0, 0, 0]);
    record.extend(name.as_bytes());
    record
}
