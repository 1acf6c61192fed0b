//! Digests, zstd frames and signed notes. The only room that names `sha2` and `zstd`; knows no file names and no archive.
//!
//! A compressed file is a run of independent zstd frames, each with its content size and checksum, followed by a seek
//! table in a skippable frame (docs/formats/seekable-zstd.md). `zstd -d` reads it as it is.

mod digest;
mod frame;
mod note;
mod reader;
mod seek;
mod writer;

pub use digest::{Algorithm, AnyHasher, Digester, Sha256Hasher, Sha512Hasher, hmac_sha256, sha256, sha512};
pub use frame::{FrameEncoder, FrameError, decode_frame};
pub use note::{Checkpoint, NoteError, public_key, verifier_key};
pub use reader::{FrameReader, ReadAt};
pub use seek::{Frame, SeekTable, SeekTableError};
pub use writer::FrameWriter;

/// Unpacked bytes of one payload frame: a range read costs at most one of these.
pub const PAYLOAD_FRAME_BYTES: usize = 1 << 20;
