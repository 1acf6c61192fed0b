//! What deliveries, restarts, rebuilt indexes and failing disks leave of the catalogue.

mod delivery;
mod faults;
mod foreign_recipes;
mod graph;
mod mirror;
mod reindex;
mod restart;
