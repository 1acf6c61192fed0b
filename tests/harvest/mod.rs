//! Harvesting from sources that behave, and from those that do not.

mod bad_sources;
mod peers;
mod repository;
mod runs;

use perennial::catalogue::{HarvestWish, Harvested, Options, Patience};
use perennial::model::RecordId;

use crate::support::{Service, Store, options};
use repository::Repository;

/// Options under which sources on loopback are asked, without patience.
fn asking() -> Options {
    let mut options = options();
    options.settings.outbound.allow_private = true;
    options.settings.harvest.patience = Patience(std::time::Duration::from_millis(1));
    options
}

/// A service with this repository as its source `there`.
fn with(repository: &Repository) -> (Store, Service) {
    let store = Store::new();
    let service = store.serve_with(&asking());
    service.put("/api/v1/records/source/there", repository.record("there")).expect_status(201);
    (store, service)
}

fn run(service: &Service, wish: HarvestWish) -> Harvested {
    let id = RecordId::parse("there").expect("valid");
    service.catalogue().harvest(&id, wish).expect("a run")
}

fn harvest(service: &Service) -> Harvested {
    run(service, HarvestWish::default())
}

fn full(service: &Service) -> Harvested {
    run(service, HarvestWish { full: true, ..HarvestWish::default() })
}

/// New, changed, unchanged, deleted, quarantined.
fn counted(report: &Harvested) -> [usize; 5] {
    let counts = report.counts;
    [counts.new, counts.changed, counts.unchanged, counts.deleted, counts.quarantined]
}

/// How many products of the source are held.
fn held(service: &Service) -> u64 {
    let id = RecordId::parse("harvested:there:uncollected").expect("valid");
    service.catalogue().member_count(&id).expect("counted")
}
