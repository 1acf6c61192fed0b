//! Error numbers and constants of WASI preview 1, as in `wasi_snapshot_preview1.witx`. Only those that we use.

/// An error number as the program sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::recreation::perform::wasi) struct Errno(pub(super) u16);

pub(super) const SUCCESS: i32 = 0;
pub(super) const BADF: Errno = Errno(8);
pub(super) const EXIST: Errno = Errno(20);
pub(super) const FAULT: Errno = Errno(21);
pub(super) const FBIG: Errno = Errno(22);
pub(super) const ILSEQ: Errno = Errno(25);
pub(super) const INVAL: Errno = Errno(28);
pub(super) const IO: Errno = Errno(29);
pub(super) const ISDIR: Errno = Errno(31);
pub(super) const MFILE: Errno = Errno(33);
pub(super) const NAMETOOLONG: Errno = Errno(37);
pub(super) const NOENT: Errno = Errno(44);
pub(super) const NOTDIR: Errno = Errno(54);
pub(super) const NOTEMPTY: Errno = Errno(55);
pub(super) const NOTSOCK: Errno = Errno(57);
pub(super) const NOTSUP: Errno = Errno(58);
pub(super) const ROFS: Errno = Errno(69);
pub(super) const SPIPE: Errno = Errno(70);
pub(super) const XDEV: Errno = Errno(75);
pub(super) const NOTCAPABLE: Errno = Errno(76);

/// Kinds of files.
pub(super) const KIND_UNKNOWN: u8 = 0;
pub(super) const KIND_FOLDER: u8 = 3;
pub(super) const KIND_FILE: u8 = 4;

/// `oflags` of `path_open`.
pub(super) const OPEN_CREATE: i32 = 1;
pub(super) const OPEN_FOLDER: i32 = 2;
pub(super) const OPEN_EXCLUSIVE: i32 = 4;
pub(super) const OPEN_TRUNCATE: i32 = 8;

/// `fdflags`.
pub(super) const FD_APPEND: u16 = 1;
pub(super) const FD_KNOWN: u16 = 0x1f;

/// The right to write, bit 6 of `rights`, and all rights there are.
pub(super) const RIGHT_WRITE: u64 = 1 << 6;
pub(super) const RIGHTS_ALL: u64 = (1 << 30) - 1;
