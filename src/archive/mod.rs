//! The truth: an OCFL 1.1 storage root of committed segments and payloads. Knows nothing of HTTP, schemas or any index.
//!
//! [`Archive::open`] takes the lock, makes the root if need be and finds the end of the log. Bytes come in through
//! [`Archive::stage`], whose [`Stager`] digests them once and compresses them on their way into `work/` (small ones wait in memory); a [`Writer`] then
//! commits event lines and the payloads they name. A commit is one rename: what was acknowledged is there after a power
//! cut, what was not is wholly there or wholly absent. Reading needs no lock and is safe from many threads.
//!
//! The formats are promised in `docs/formats/`; every file access goes through [`disk::Disk`].

mod backup;
mod chain;
mod commit;
mod contents;
pub mod disk;
mod dropped;
mod error;
mod inventory;
mod layout;
mod listing;
mod log;
pub mod merkle;
mod object;
pub mod ocfl;
mod open;
mod pack;
mod payload;
mod place;
mod read;
mod recent;
mod root;
mod segment;
mod spool;
mod stage;
mod streams;
mod verify;

pub use backup::{Backup, BackupError};
pub use commit::{Commit, Writer};
pub use contents::{Line, SegmentContents, Segments};
pub use dropped::{DropError, Dropped, Reason};
pub use error::{CommitError, DiskError, OpenError, ReadError, StageError, WriterError};
pub use layout::object_path;
pub use log::LogPage;
pub use open::{Archive, Damage, Options, Recovery};
pub use payload::{Chunks, Payload};
pub use segment::{MAX_BATCH_BYTES, MAX_LINE_BYTES};
pub use stage::{StagedPayload, Stager};
pub use verify::{Finding, Progress, Severity, Verification};
