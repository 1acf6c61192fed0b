//! What deliveries, restarts, rebuilt indexes and failing disks leave of the catalogue.

mod delivery;
mod faults;
mod graph;
mod reindex;
mod restart;
