//! The log for those who follow it: snapshots, pages of changes, records exactly once. Knows no protocol and writes nothing.

mod barren;
mod horizon;
mod pulse;
mod select;
mod token;
mod walk;

pub use barren::Barren;
pub use horizon::{Horizon, to_second, whole_second};
pub use pulse::Pulse;
pub use select::{Entry, KINDS, Page, Selection, Set};
pub use token::Place;
pub use walk::{Change, MAX_EVENTS};
