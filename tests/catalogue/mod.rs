//! What restarts, rebuilt indexes and failing disks leave of the catalogue.

mod faults;
mod reindex;
mod restart;
