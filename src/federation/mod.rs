//! What this archive asks of others: sources, the protocols that they speak, and the one client that leaves this machine.
//! Which sources there are, and what becomes of what they answer, is for who calls: nothing here knows importers or the archive.

pub mod breaker;
pub mod fan_out;
pub mod harvest;
pub mod markup;
pub mod merge;
pub mod outbound;
pub mod outcome;
pub mod protocol;
pub mod source;

pub use source::{Capabilities, Harvest, Mode, Protocol, Source, SourceError};
