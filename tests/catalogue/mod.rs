//! What deliveries, restarts, rebuilt indexes and failing disks leave of the catalogue.

mod delivery;
mod faults;
mod reindex;
mod restart;
