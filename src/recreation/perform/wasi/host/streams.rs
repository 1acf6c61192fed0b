//! Calls on open files: reading, writing, seeking, closing.

use super::descriptor::Descriptor;
use super::errno::{BADF, Errno, FD_APPEND, FD_KNOWN, INVAL, ISDIR, NOTSUP, SPIPE};
use super::{Answer, Guest, Host};

impl Host {
    pub(in super::super) fn fd_read(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        buffers: u32,
        count: u32,
        result: u32,
    ) -> Answer {
        let mut guest = Guest(memory);
        let offset = match self.table.get(fd)? {
            Descriptor::Empty => return Ok(guest.write_u32(result, 0)?),
            Descriptor::Log => return Err(BADF.into()),
            Descriptor::Open(open) => open.offset,
        };
        let read = self.read_at(&mut guest, fd, (buffers, count), offset)?;
        self.table.open(fd)?.offset = offset + u64::from(read);
        Ok(guest.write_u32(result, read)?)
    }

    pub(in super::super) fn fd_pread(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        buffers: u32,
        count: u32,
        offset: u64,
        result: u32,
    ) -> Answer {
        let mut guest = Guest(memory);
        self.is_seekable(fd)?;
        let read = self.read_at(&mut guest, fd, (buffers, count), offset)?;
        Ok(guest.write_u32(result, read)?)
    }

    fn read_at(&mut self, guest: &mut Guest<'_>, fd: u32, buffers: (u32, u32), mut offset: u64) -> Result<u32, Errno> {
        let node = self.table.open(fd)?.node;
        let mut all = 0u32;
        for (at, length) in guest.buffers(buffers.0, buffers.1)? {
            let mut buffer = guest.slice_mut(at, length)?;
            // A read of the host may be short in the middle of a file; the program shall not see where.
            while !buffer.is_empty() {
                let read = self.tree.read(node, buffer, offset)?;
                if read == 0 {
                    return Ok(all);
                }
                offset += read as u64;
                all = u32::try_from(read).ok().and_then(|read| all.checked_add(read)).ok_or(INVAL)?;
                buffer = buffer.get_mut(read..).ok_or(INVAL)?;
            }
        }
        Ok(all)
    }

    pub(in super::super) fn fd_write(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        buffers: u32,
        count: u32,
        result: u32,
    ) -> Answer {
        let mut guest = Guest(memory);
        let (node, offset) = match self.table.get(fd)? {
            Descriptor::Empty => return Err(BADF.into()),
            Descriptor::Log => {
                let mut written = 0u32;
                for (at, length) in guest.buffers(buffers, count)? {
                    self.log.push(guest.slice(at, length)?);
                    written = written.checked_add(length).ok_or(INVAL)?;
                }
                return Ok(guest.write_u32(result, written)?);
            }
            Descriptor::Open(open) if !open.writable => return Err(BADF.into()),
            Descriptor::Open(open) => (open.node, (open.flags & FD_APPEND == 0).then_some(open.offset)),
        };
        let offset = match offset {
            Some(offset) => offset,
            None => self.tree.node(node)?.bytes,
        };
        let written = self.write_at(&guest, node, (buffers, count), offset)?;
        self.table.open(fd)?.offset = offset + u64::from(written);
        Ok(guest.write_u32(result, written)?)
    }

    pub(in super::super) fn fd_pwrite(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        buffers: u32,
        count: u32,
        offset: u64,
        result: u32,
    ) -> Answer {
        let mut guest = Guest(memory);
        self.is_seekable(fd)?;
        let open = self.table.open(fd)?;
        if !open.writable {
            return Err(BADF.into());
        }
        let node = open.node;
        let written = self.write_at(&guest, node, (buffers, count), offset)?;
        Ok(guest.write_u32(result, written)?)
    }

    fn write_at(
        &mut self,
        guest: &Guest<'_>,
        node: usize,
        buffers: (u32, u32),
        mut offset: u64,
    ) -> Result<u32, super::tree::Refusal> {
        let mut all = 0u32;
        for (at, length) in guest.buffers(buffers.0, buffers.1)? {
            self.tree.write(node, guest.slice(at, length)?, offset)?;
            offset += u64::from(length);
            all = all.checked_add(length).ok_or(INVAL)?;
        }
        Ok(all)
    }

    fn is_seekable(&mut self, fd: u32) -> Result<(), Errno> {
        let node = match self.table.get(fd)? {
            Descriptor::Open(open) => open.node,
            Descriptor::Empty | Descriptor::Log => return Err(SPIPE),
        };
        if self.tree.is_folder(node) { Err(ISDIR) } else { Ok(()) }
    }

    /// `whence`: 0 from the start, 1 from here, 2 from the end.
    pub(in super::super) fn fd_seek(
        &mut self,
        memory: &mut [u8],
        fd: u32,
        delta: u64,
        whence: u32,
        result: u32,
    ) -> Answer {
        self.is_seekable(fd)?;
        let open = self.table.open(fd)?;
        let base = match whence {
            0 => 0,
            1 => open.offset,
            2 => self.tree.node(open.node)?.bytes,
            _ => return Err(INVAL.into()),
        };
        let offset = base.checked_add_signed(delta.cast_signed()).filter(|offset| i64::try_from(*offset).is_ok());
        open.offset = offset.ok_or(INVAL)?;
        Ok(Guest(memory).write_u64(result, open.offset)?)
    }

    pub(in super::super) fn fd_tell(&mut self, memory: &mut [u8], fd: u32, result: u32) -> Answer {
        self.is_seekable(fd)?;
        let offset = self.table.open(fd)?.offset;
        Ok(Guest(memory).write_u64(result, offset)?)
    }

    pub(in super::super) fn fd_close(&mut self, _: &mut [u8], fd: u32) -> Answer {
        let closed = self.table.take(fd)?;
        self.release(&closed)?;
        Ok(())
    }

    fn release(&mut self, closed: &Descriptor) -> Result<(), Errno> {
        if let Descriptor::Open(open) = closed {
            let node = self.tree.node_mut(open.node)?;
            node.opened = node.opened.saturating_sub(1);
            self.tree.free_if_unused(open.node);
        }
        Ok(())
    }

    /// `from` becomes `to`, which must be open and is closed.
    pub(in super::super) fn fd_renumber(&mut self, _: &mut [u8], from: u32, to: u32) -> Answer {
        self.table.get(from)?;
        self.table.get(to)?;
        if from == to {
            return Ok(());
        }
        let closed = self.table.take(to)?;
        self.release(&closed)?;
        let moved = self.table.take(from)?;
        Ok(self.table.put(to, moved)?)
    }

    pub(in super::super) fn fd_fdstat_set_flags(&mut self, _: &mut [u8], fd: u32, flags: u32) -> Answer {
        let flags = u16::try_from(flags).ok().filter(|flags| flags & !FD_KNOWN == 0).ok_or(INVAL)?;
        match self.table.get(fd)? {
            Descriptor::Open(open) => open.flags = flags,
            Descriptor::Empty | Descriptor::Log => return Err(NOTSUP.into()),
        }
        Ok(())
    }

    pub(in super::super) fn fd_advise(
        &mut self,
        _: &mut [u8],
        fd: u32,
        _offset: u64,
        _length: u64,
        advice: u32,
    ) -> Answer {
        self.is_seekable(fd)?;
        if advice > 5 { Err(INVAL.into()) } else { Ok(()) }
    }

    /// Makes a file at least so long.
    pub(in super::super) fn fd_allocate(&mut self, _: &mut [u8], fd: u32, offset: u64, length: u64) -> Answer {
        let node = self.writable_node(fd)?;
        let end = offset.checked_add(length).filter(|_| length > 0).ok_or(INVAL)?;
        match self.tree.node(node)?.bytes < end {
            true => self.tree.resize(node, end),
            false => Ok(()),
        }
    }

    pub(in super::super) fn fd_filestat_set_size(&mut self, _: &mut [u8], fd: u32, length: u64) -> Answer {
        let node = self.writable_node(fd)?;
        self.tree.resize(node, length)
    }

    fn writable_node(&mut self, fd: u32) -> Result<usize, Errno> {
        let open = self.table.open(fd)?;
        if open.writable { Ok(open.node) } else { Err(BADF) }
    }

    /// Nothing to do: what counts is flushed when it is published.
    pub(in super::super) fn fd_sync(&mut self, _: &mut [u8], fd: u32) -> Answer {
        self.table.get(fd)?;
        Ok(())
    }

    pub(in super::super) fn fd_datasync(&mut self, memory: &mut [u8], fd: u32) -> Answer {
        self.fd_sync(memory, fd)
    }
}
