//! The store: what is written is found, replaced and removed; positions move with it; a cut write is made good.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::error::Refusal;
use super::frame::{Form, Head, Order, Question, Reply, ResultFormat, receive_reply, send_order};
use super::store::GraphIndex;
use super::worker;
use crate::index::{Batch, Change, Projection};
use crate::model::{Event, Key, Kind, Operation, RecordId, RecordLocation};

fn event(sequence: u64, id: &str, revision: u64, title: Option<&str>) -> Event {
    let record = title.map(|title| {
        let time = serde_json::json!({ "start": "2020-01-01T00:00:00.000Z", "stop": "2020-01-01T00:00:00.500000Z" });
        let space = serde_json::json!([{ "body": "earth", "centre": [1.0, 2.5], "radius": 0.050 }]);
        let record = serde_json::json!({ "kind": "product", "collection": "c", "id": id, "title": title, "time": time, "space": space });
        let text = record.to_string();
        RawValue::from_string(text).expect("JSON")
    });
    Event {
        sequence,
        operation: if record.is_some() { Operation::Put } else { Operation::Delete },
        kind: Kind::Product,
        collection: RecordId::parse("c").ok(),
        id: RecordId::parse(id).expect("valid"),
        revision,
        time: format!("2026-11-22T08:00:00.{sequence:06}Z"),
        agent: "local".into(),
        scope: "local".into(),
        key: None,
        previous: None,
        record,
    }
}

fn batch(events: Vec<Event>) -> Arc<Batch> {
    let (first, last) = (events[0].sequence, events[events.len() - 1].sequence);
    let location = RecordLocation { segment: 1, frame_offset: 0, frame_length: 0, start: 0, length: 0 };
    let changes = events.into_iter().map(|event| Change { event, location, digest: None }).collect();
    Arc::new(Batch { first, last, changes, payloads: Vec::new() })
}

/// Every statement but those about a write that was begun, sorted.
fn dump(index: &GraphIndex) -> BTreeSet<String> {
    index.statements().map(|line| line.expect("readable")).collect()
}

fn fresh(batches: &[Arc<Batch>]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut index = GraphIndex::open(&folder.path().join("graph")).expect("opens");
    index.apply(batches).expect("applies");
    dump(&index)
}

fn titles(index: &GraphIndex) -> Vec<String> {
    let lines = dump(index).into_iter().filter(|line| line.contains("/dc/terms/title>"));
    let mut titles: Vec<String> = lines.filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect();
    titles.retain(|title| title.starts_with("T "));
    titles
}

#[test]
fn what_is_written_is_replaced_and_removed_and_survives_opening_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("graph");
    let mut index = GraphIndex::open(&path).expect("opens");
    let first =
        batch(vec![event(1, "a", 1, Some("T a1")), event(2, "b", 1, Some("T b1")), event(3, "a", 2, Some("T a2"))]);
    let second = batch(vec![event(4, "b", 2, None), event(5, "d", 1, Some("T d1")), event(6, "d", 2, None)]);
    index.apply(&[Arc::clone(&first)]).expect("applies");
    assert_eq!((titles(&index), index.position()), (vec!["T a2".to_owned(), "T b1".to_owned()], 3));
    index.apply(&[Arc::clone(&first), Arc::clone(&second)]).expect("what is there already changes nothing");
    assert_eq!((titles(&index), index.position()), (vec!["T a2".to_owned()], 6));
    drop(index);
    let mut index = GraphIndex::open(&path).expect("opens again");
    assert_eq!((titles(&index), index.position()), (vec!["T a2".to_owned()], 6));
    assert_eq!(dump(&index), fresh(&[first, second]));
    let gap = index.apply(&[batch(vec![event(9, "e", 1, Some("T e"))])]);
    assert!(matches!(gap, Err(super::GraphError::Gap { position: 6, first: 9 })));
    index.reset().expect("resets");
    assert_eq!((titles(&index).len(), index.position()), (0, 0));
}

/// Many records, of which some are replaced and deleted within the batch and some in the next.
fn history() -> Vec<Arc<Batch>> {
    let mut sequence = 0;
    let mut next = |id: u64, revision: u64, title: Option<String>| {
        sequence += 1;
        event(sequence, &format!("p{id}"), revision, title.as_deref())
    };
    let mut first: Vec<Event> = (0..1_500).map(|id| next(id, 1, Some(format!("T {id} one")))).collect();
    first.extend((0..700).map(|id| next(id, 2, Some(format!("T {id} two")))));
    let mut second: Vec<Event> =
        (600..1_400).map(|id| next(id, if id < 700 { 3 } else { 2 }, Some(format!("T {id} three")))).collect();
    second.extend((1_400..1_450).map(|id| next(id, 2, None)));
    second.extend((1_500..2_500).map(|id| next(id, 1, Some(format!("T {id} new")))));
    vec![batch(first), batch(second)]
}

#[test]
fn many_at_once_give_the_same_graph_as_one_by_one() {
    let batches = history();
    let together = fresh(&batches);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut index = GraphIndex::open(&folder.path().join("graph")).expect("opens");
    for each in &batches {
        for part in each.changes.chunks(97) {
            index.apply(&[batch(part.iter().map(|change| change.event.clone()).collect())]).expect("applies");
        }
    }
    let apart = dump(&index);
    assert_eq!(apart.len(), together.len());
    assert!(apart == together);
    assert_eq!(titles(&index).len(), 2_450);
}

#[test]
fn a_write_that_was_cut_off_is_made_good_when_it_is_applied_again() {
    let batches = history();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("graph");
    let whole = fresh(&batches);
    // As if the process had died after both batches were loaded together, and before the position was noted.
    let mut index = GraphIndex::open(&path).expect("opens");
    index.apply(&batches).expect("applies");
    index.forget_position(0, batches[1].last).expect("written");
    drop(index);
    let mut index = GraphIndex::open(&path).expect("opens again");
    assert_eq!((index.position(), index.is_settled()), (0, false));
    // Applied one by one now: what the first leaves new is there with later content already.
    index.apply(&batches[..1]).expect("applies");
    assert!(!index.is_settled());
    index.apply(&batches).expect("applies");
    assert!(index.is_settled());
    assert!(dump(&index) == whole);
}

#[test]
fn a_checkpoint_stays_as_it_was_and_goes_with_its_last_user() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut index = GraphIndex::open(&folder.path().join("graph")).expect("opens");
    index.apply(&[batch(vec![event(1, "a", 1, Some("T a1"))])]).expect("applies");
    let path = folder.path().join("one");
    let checkpoint = index.checkpoint(&path).expect("linked");
    index.apply(&[batch(vec![event(2, "a", 2, Some("T a2"))])]).expect("applies");
    let ask = |query: &str| {
        let mut orders = Vec::new();
        let order = Order::Open { folder: path.to_str().expect("UTF-8").to_owned() };
        send_order(&mut orders, &order).expect("written");
        let question = Question {
            query: query.to_owned(),
            base: "http://here/".to_owned(),
            results: Some(ResultFormat::Csv),
            max_rows: 3,
            max_bytes: 10_000,
            ..Question::default()
        };
        send_order(&mut orders, &Order::Ask(Box::new(question))).expect("written");
        let mut replies = Vec::new();
        worker::serve(&mut orders.as_slice(), &mut replies).expect("serves");
        let mut read = replies.as_slice();
        std::iter::from_fn(|| receive_reply(&mut read).expect("frames")).collect::<Vec<_>>()
    };
    let replies = ask("SELECT ?t ?s { ?s dcterms:title ?t FILTER(STRSTARTS(?t, 'T')) }");
    let expected = [
        Reply::Opened { sequence: 1 },
        Reply::Head(Head { form: Form::Solutions, sequence: 1 }),
        Reply::Body(b"t,s\r\nT a1,http://here/id/product/c/a\r\n".to_vec()),
        Reply::End,
    ];
    assert_eq!(replies, expected);
    let last = |query: &str| ask(query).pop();
    assert_eq!(last("SELECT ?x { VALUES ?x { 1 2 3 4 } }"), Some(Reply::Refused(Refusal::TooManyRows { rows: 3 })));
    let long = format!("SELECT ?x {{ VALUES ?x {{ '{}' }} }}", "x".repeat(20_000));
    assert_eq!(last(&long), Some(Reply::Refused(Refusal::TooManyBytes { bytes: 10_000 })));
    assert!(matches!(last("CONSTRUCT WHERE { ?s ?p ?o }"), Some(Reply::Refused(Refusal::NotAcceptable { .. }))));
    assert!(matches!(last("SELECT"), Some(Reply::Refused(Refusal::Malformed { .. }))));
    assert!(path.exists());
    drop(checkpoint);
    assert!(!path.exists());
}

#[test]
fn a_replacement_writes_what_differs_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut index = GraphIndex::open(&folder.path().join("graph")).expect("opens");
    index.apply(&[batch(vec![event(1, "a", 1, Some("T one"))])]).expect("applies");
    let revised = batch(vec![event(2, "a", 2, Some("T two"))]);
    let change = &revised.changes[0];
    let last = super::fold::Last { key: change.event.record_key(), change, is_new: false };
    let mut found = super::difference::all(index.opened().expect("open"), &[&last]).expect("read");
    let super::difference::Difference { too_much, missing } = found.remove(0);
    let predicates = |quads: &[oxigraph::model::Quad]| {
        let names: BTreeSet<String> = quads.iter().map(|quad| quad.predicate.as_str().to_owned()).collect();
        names.into_iter().map(|name| name.rsplit(['/', '#']).next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let changed = ["title", "registeredAt", "revision", "sequence"];
    // The store keeps 0.050 and a time with three decimals by their value, so these differ as they are written.
    let respelled = ["endDate", "radius", "startDate"];
    for name in changed {
        assert!(predicates(&too_much).contains(&name.to_owned()) && predicates(&missing).contains(&name.to_owned()));
    }
    for name in predicates(&missing).iter().chain(&predicates(&too_much)) {
        assert!(changed.contains(&name.as_str()) || respelled.contains(&name.as_str()), "{name} did not change");
    }
    index.apply(std::slice::from_ref(&revised)).expect("applies");
    assert!(dump(&index) == fresh(&[batch(vec![event(1, "a", 1, Some("T one"))]), revised]));
}

#[test]
fn a_graph_of_another_version_is_good_for_a_checkpoint_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("graph");
    let mut index = GraphIndex::open(&path).expect("opens");
    index.apply(&[batch(vec![event(1, "a", 1, Some("T a"))])]).expect("applies");
    index.forget_version().expect("written");
    index.close().expect("closed");
    let refused = GraphIndex::open(&path).err().expect("refused");
    assert!(matches!(refused, super::GraphError::Format { .. }) && refused.is_ruin());
    let mut old = GraphIndex::open_outdated(&path).expect("opens");
    assert_eq!(old.checkpoint(&folder.path().join("one")).expect("linked").sequence(), 1);
    assert_eq!(titles(&old), ["T a"]);
}

#[test]
fn an_audit_finds_what_differs_from_the_records_and_mends_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut index = GraphIndex::open(&folder.path().join("graph")).expect("opens");
    let right = batch(vec![event(1, "a", 1, Some("T a")), event(2, "b", 1, Some("T b")), event(3, "b", 2, None)]);
    index.apply(&[Arc::clone(&right)]).expect("applies");
    let key = |id: &str| event(9, id, 1, None).record_key();
    let known = |key: &Key| ["a", "b"].contains(&key.id.as_str());
    let live = |key: &Key| key.id.as_str() == "a";
    for change in [&right.changes[0], &right.changes[2]] {
        assert_eq!(index.audit(&change.event.record_key(), change, false).expect("audited"), None);
    }
    assert_eq!(index.audit_rest(&known, &live, false).expect("audited"), []);
    // The record says something else than the graph.
    let other = batch(vec![event(1, "a", 1, Some("T other"))]);
    let before = dump(&index);
    let drift = index.audit(&key("a"), &other.changes[0], false).expect("audited").expect("differs");
    assert!(drift.too_much == drift.missing && drift.missing > 0, "{drift:?}");
    assert!(dump(&index) == before, "looking changes nothing");
    index.audit(&key("a"), &other.changes[0], true).expect("audited").expect("differs");
    assert_eq!(index.audit(&key("a"), &other.changes[0], false).expect("audited"), None);
    assert_eq!(titles(&index), ["T other"]);
    // Nobody knows the records any more.
    let strange = index.audit_rest(&|_| false, &|_| false, true).expect("audited");
    assert_eq!(strange.len(), 3, "{strange:?}");
    assert!(titles(&index).is_empty() && index.audit_rest(&|_| false, &|_| false, false).expect("audited").is_empty());
}
