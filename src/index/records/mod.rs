//! Records by key and by sequence, in sled. Holds locations, never the bytes: those come from the archive, so nothing
//! here can disagree with the truth or be the only copy. The one door of sled.

mod frames;
mod keys;
mod store;
mod values;

pub use store::{Current, OpenError, Receipt, Records, RecordsError};
