//! Runs over a source that behaves: what changes is taken, what does not is not written, what goes is deleted by the rules.

use perennial::catalogue::{HarvestOutcome, HarvestWish};

use super::repository::{Misbehaviour, Repository};
use super::{counted, full, harvest, held, run, with};

#[test]
fn a_source_is_copied_and_then_only_its_changes_are() {
    let repository = Repository::new(25, 10);
    let (_store, service) = with(&repository);
    let first = harvest(&service);
    assert_eq!((first.outcome, counted(&first)), (HarvestOutcome::Complete, [25, 0, 0, 0, 0]), "{first:?}");
    assert_eq!(
        (first.checkpoint.as_deref(), first.total, first.is_whole),
        (Some("2026-01-02T00:00:00Z"), Some(25), true)
    );
    let stored = service.get("/api/v1/collections/harvested%3Athere%3Auncollected/products/oai%3Ar%3Ar0007").json();
    assert_eq!(stored["title"], "Scene 7");
    assert_eq!(stored["identifiers"][1], serde_json::json!({"scheme": "there", "value": "oai:r:r0007"}));
    assert_eq!(stored["harvested"]["datestamp"], "2026-01-01T00:00:00Z");
    let source = service.get("/api/v1/collections/harvested%3Athere%3Auncollected/products/oai%3Ar%3Ar0007/source");
    assert_eq!(source.text(), super::repository::dublin_core("r0007", "Scene 7"), "kept byte for byte");

    let sequence = service.catalogue().last_sequence();
    let again = harvest(&service);
    assert_eq!((counted(&again), again.is_whole, again.evidence.clone()), ([0; 5], false, None), "{again:?}");
    assert_eq!(again.since.as_deref(), Some("2026-01-01T23:58:59Z"));
    let all = full(&service);
    assert_eq!(counted(&all), [0, 0, 25, 0, 0]);
    assert_eq!(service.catalogue().last_sequence(), sequence, "an uneventful run leaves nothing in the archive");

    repository.change().now = "2026-01-03T00:00:00Z".into();
    repository.set(3, "2026-01-02T12:00:00Z", Some("Scene three"));
    repository.set(25, "2026-01-02T12:00:00Z", Some("Scene 25"));
    repository.set(4, "2026-01-02T12:00:00Z", None);
    let changes = harvest(&service);
    assert_eq!(counted(&changes), [1, 1, 0, 1, 0], "{changes:?}");
    assert_eq!(held(&service), 25);
    let path = "/api/v1/collections/harvested%3Athere%3Auncollected/products/oai%3Ar%3Ar0004";
    service.get(path).expect_status(410);
    // What comes back to an earlier text is taken back too.
    repository.set(3, "2026-01-03T12:00:00Z", Some("Scene 3"));
    repository.set(4, "2026-01-03T12:00:00Z", Some("Scene 4"));
    assert_eq!(counted(&harvest(&service))[..2], [1, 1]);
    assert_eq!(service.get(path).json()["title"], "Scene 4");
}

#[test]
fn a_dry_run_writes_nothing() {
    let repository = Repository::new(12, 5);
    let (_store, service) = with(&repository);
    let sequence = service.catalogue().last_sequence();
    let dry = run(&service, HarvestWish { dry_run: true, ..HarvestWish::default() });
    assert_eq!((counted(&dry), dry.evidence), ([12, 0, 0, 0, 0], None));
    assert_eq!((service.catalogue().last_sequence(), held(&service)), (sequence, 0));
    assert_eq!(counted(&harvest(&service)), [12, 0, 0, 0, 0]);
}

#[test]
fn a_record_goes_when_two_whole_listings_lack_it() {
    let repository = Repository::new(30, 10);
    let (_store, service) = with(&repository);
    harvest(&service);
    repository.change().records.remove("r0005");
    assert_eq!(counted(&full(&service)), [0, 0, 29, 0, 0]);
    assert_eq!(counted(&harvest(&service)), [0; 5], "changes say nothing of what is missing");
    assert_eq!(counted(&full(&service)), [0, 0, 29, 1, 0]);
    assert_eq!(held(&service), 29);
    // One that is missing once and comes back stays.
    let kept = repository.change().records.remove("r0006").expect("there");
    assert_eq!(full(&service).counts.deleted, 0);
    repository.change().records.insert("r0006".into(), kept.clone());
    assert_eq!(full(&service).counts.deleted, 0);
    repository.change().records.remove("r0006");
    assert_eq!((full(&service).counts.deleted, held(&service)), (0, 29));
}

#[test]
fn many_deletions_wait_for_a_person() {
    let repository = Repository::new(30, 10);
    let (_store, service) = with(&repository);
    harvest(&service);
    repository.change().now = "2026-01-05T00:00:00Z".into();
    (0..4).for_each(|number| repository.set(number, "2026-01-04T00:00:00Z", None));
    let waiting = harvest(&service);
    assert_eq!(
        (waiting.outcome, waiting.counts.deleted, waiting.counts.awaiting),
        (HarvestOutcome::AwaitingApproval, 0, 4)
    );
    assert_eq!(waiting.awaiting.len(), 4);
    assert_eq!(waiting.checkpoint.as_deref(), Some("2026-01-02T00:00:00Z"), "they will be listed again");
    assert_eq!(held(&service), 30);
    // One of them comes back before it is approved; one more goes after.
    repository.set(3, "2026-01-05T00:00:00Z", Some("Scene 3, again"));
    let approved = run(&service, HarvestWish { approve: true, ..HarvestWish::default() });
    assert_eq!((approved.outcome, approved.counts.deleted), (HarvestOutcome::Complete, 3), "{approved:?}");
    assert_eq!(held(&service), 27);
}

#[test]
fn what_is_known_comes_back_from_the_archive_alone() {
    let repository = Repository::new(15, 10);
    let (store, service) = with(&repository);
    harvest(&service);
    drop(service);
    std::fs::remove_dir_all(store.path().join("index")).expect("there");
    let service = store.serve_with(&super::asking());
    repository.set(2, "2026-01-02T00:00:00Z", None);
    let next = harvest(&service);
    assert_eq!((next.since.as_deref(), next.counts.deleted), (Some("2026-01-01T23:58:59Z"), 1), "{next:?}");
    let sequence = service.catalogue().last_sequence();
    assert_eq!(counted(&full(&service)), [0, 0, 14, 0, 0]);
    assert_eq!(service.catalogue().last_sequence(), sequence);
}

#[test]
fn a_run_that_was_interrupted_goes_on_at_its_next_page() {
    for is_noted in [true, false] {
        let repository = Repository::new(50, 10);
        let (store, service) = with(&repository);
        {
            let mut holdings = repository.change();
            (holdings.after, holdings.then) = (3, Some(Misbehaviour::Fails));
        }
        let first = harvest(&service);
        assert_eq!((first.outcome, first.counts.new, held(&service)), (HarvestOutcome::Fault, 30, 30), "{first:?}");
        if !is_noted {
            // As after a kill in the very first run.
            std::fs::remove_file(store.path().join("index/harvest/there/standing.json")).expect("there");
        }
        {
            let mut holdings = repository.change();
            (holdings.then, holdings.served) = (None, 0);
        }
        let second = harvest(&service);
        assert_eq!(
            (second.outcome, second.resumed, held(&service)),
            (HarvestOutcome::Complete, true, 50),
            "{second:?}"
        );
        assert_eq!((second.counts.new, second.counts.listed, second.doubt.clone()), (50, 50, None), "{second:?}");
        assert_eq!(repository.change().served, 2, "what was taken is not asked for again");
        assert_eq!(second.checkpoint.as_deref(), Some("2026-01-02T00:00:00Z"));
    }
}
