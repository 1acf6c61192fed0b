//! Reading and writing in the memory of a program. Every address comes from it, so every access is checked.

use super::errno::{Errno, FAULT, ILSEQ, INVAL, NAMETOOLONG};

/// Longest path, as on Linux.
const MAX_PATH_BYTES: u32 = 4096;

/// Most buffers of one read or write, as `IOV_MAX` of Linux.
const MAX_BUFFERS: u32 = 1024;

/// The linear memory of a program during one call.
pub(super) struct Guest<'a>(pub(super) &'a mut [u8]);

impl Guest<'_> {
    pub(super) fn slice(&self, at: u32, length: u32) -> Result<&[u8], Errno> {
        let (start, end) = range(at, length)?;
        self.0.get(start..end).ok_or(FAULT)
    }

    pub(super) fn slice_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], Errno> {
        let (start, end) = range(at, length)?;
        self.0.get_mut(start..end).ok_or(FAULT)
    }

    fn array<const N: usize>(&self, at: u32) -> Result<[u8; N], Errno> {
        self.slice(at, N as u32)?.try_into().map_err(|_| FAULT)
    }

    pub(super) fn read_u8(&self, at: u32) -> Result<u8, Errno> {
        self.array::<1>(at).map(|[byte]| byte)
    }

    pub(super) fn read_u16(&self, at: u32) -> Result<u16, Errno> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(super) fn read_u32(&self, at: u32) -> Result<u32, Errno> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(super) fn read_u64(&self, at: u32) -> Result<u64, Errno> {
        self.array(at).map(u64::from_le_bytes)
    }

    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_| FAULT)?;
        self.slice_mut(at, length)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn write_u32(&mut self, at: u32, value: u32) -> Result<(), Errno> {
        self.write(at, &value.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, at: u32, value: u64) -> Result<(), Errno> {
        self.write(at, &value.to_le_bytes())
    }

    /// A path that the program names.
    pub(super) fn path(&self, at: u32, length: u32) -> Result<String, Errno> {
        if length > MAX_PATH_BYTES {
            return Err(NAMETOOLONG);
        }
        let text = std::str::from_utf8(self.slice(at, length)?).map_err(|_| ILSEQ)?;
        match text.contains('\0') {
            true => Err(INVAL),
            false => Ok(text.to_owned()),
        }
    }

    /// Addresses and lengths of the buffers of one read or write.
    pub(super) fn buffers(&self, at: u32, count: u32) -> Result<Vec<(u32, u32)>, Errno> {
        if count > MAX_BUFFERS {
            return Err(INVAL);
        }
        let one = |index: u32| {
            let entry = offset(at, index * 8)?;
            Ok((self.read_u32(entry)?, self.read_u32(offset(entry, 4)?)?))
        };
        (0..count).map(one).collect()
    }
}

fn range(at: u32, length: u32) -> Result<(usize, usize), Errno> {
    let start = usize::try_from(at).map_err(|_| FAULT)?;
    let length = usize::try_from(length).map_err(|_| FAULT)?;
    Ok((start, start.checked_add(length).ok_or(FAULT)?))
}

/// An address so many bytes further.
pub(super) fn offset(at: u32, bytes: u32) -> Result<u32, Errno> {
    at.checked_add(bytes).ok_or(FAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_reaches_outside() {
        let mut memory = vec![7u8; 16];
        let mut guest = Guest(&mut memory);
        assert_eq!(guest.slice(8, 8).unwrap().len(), 8);
        for (at, length) in [(8, 9), (17, 0), (u32::MAX, 2), (0, u32::MAX)] {
            assert_eq!(guest.slice(at, length).unwrap_err(), FAULT, "{at} {length}");
        }
        assert_eq!(guest.write_u64(9, 1).unwrap_err(), FAULT);
        assert_eq!(guest.buffers(0, 3).unwrap_err(), FAULT);
        assert_eq!(guest.buffers(0, MAX_BUFFERS + 1).unwrap_err(), INVAL);
        assert_eq!(guest.path(0, MAX_PATH_BYTES + 1).unwrap_err(), NAMETOOLONG);
        guest.write(0, b"a\0\xffb").unwrap();
        assert_eq!((guest.path(0, 2).unwrap_err(), guest.path(2, 2).unwrap_err()), (INVAL, ILSEQ));
    }
}
