//! The index against a naive evaluator, before and after everything that may happen to an index.

mod aggregations;
mod filters;
mod oracle;
mod orders;
mod samples;

use std::path::Path;
use std::sync::Arc;

use super::{SearchError, TextError, TextIndex, TextOptions, TextRebuild, TextSearcher};
use crate::index::{Batch, Projection};
use crate::model::{
    Aggregation, BoundingBox, Comparison, Cursor, Facet, Hit, Kind, Operand, Page, PropertyName, Query, Region, SortKey,
};
use oracle::Oracle;
pub(super) use samples::batches;
use samples::{Random, change, condition, history, random_query};

fn small() -> TextOptions {
    TextOptions { writer_memory: 1 << 20, writer_threads: 2, ..TextOptions::default() }
}

fn open(folder: &Path) -> TextIndex {
    TextIndex::open(folder, small()).expect("opens")
}

fn filled(folder: &Path, batches: &[Arc<Batch>]) -> TextIndex {
    let mut index = open(folder);
    for batch in batches {
        index.apply(std::slice::from_ref(batch)).expect("applies");
    }
    index
}

/// All hits, page by page.
fn all_hits(searcher: &TextSearcher, query: &Query) -> Vec<Hit> {
    let mut query = Query { count: false, aggregations: Vec::new(), after: None, ..query.clone() };
    let mut hits = Vec::new();
    loop {
        let page = searcher.search(&query, None).expect("answers");
        assert!(page.hits.len() <= query.limit);
        hits.extend(page.hits);
        match page.next {
            Some(next) => query.after = Some(through_json(next)),
            None => return hits,
        }
    }
}

/// Cursors travel in page tokens.
fn through_json(cursor: Cursor) -> Cursor {
    serde_json::from_str(&serde_json::to_string(&cursor).expect("serialises")).expect("reads")
}

fn sequences(hits: &[Hit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.sequence).collect()
}

fn check(searcher: &TextSearcher, oracle: &Oracle, query: &Query) {
    let page = searcher.search(query, None).expect("answers");
    let expected = oracle.answer(query);
    assert_eq!(page.matched, Some(expected.len() as u64), "{query:?}");
    assert_eq!(page.aggregations.len(), query.aggregations.len());
    for (aggregation, summary) in query.aggregations.iter().zip(&page.aggregations) {
        oracle.check_summary(query, aggregation, summary);
    }
    let hits = all_hits(searcher, query);
    let mut found = sequences(&hits);
    let mut wanted: Vec<u64> = expected.iter().map(|record| record.sequence).collect();
    if query.sort.contains(&SortKey::Relevance) {
        // Scores within a step are about equal: then recency decides.
        let score = |hit: &Hit| f64::from(hit.score.expect("a score"));
        assert!(hits.windows(2).all(|pair| score(&pair[0]) >= score(&pair[1]) / 1.2), "{query:?}");
        found.sort_unstable();
        wanted.sort_unstable();
    }
    assert_eq!(found, wanted, "{query:?}");
    assert_eq!(&hits[..page.hits.len()], page.hits, "the first page of {query:?}");
    assert_eq!(page.next.is_some(), hits.len() > query.limit);
}

#[test]
fn random_questions_are_answered_as_by_a_naive_evaluator() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = history(7, 1_200);
    let oracle = Oracle::new(&changes);
    let index = filled(folder.path(), &batches(&changes, 97));
    assert_eq!(index.document_count(), oracle.len() as u64);
    let searcher = index.searcher();
    let mut random = Random::new(11);
    for _ in 0..400 {
        check(&searcher, &oracle, &random_query(&mut random));
    }
}

fn answers(searcher: &TextSearcher, queries: &[Query]) -> Vec<(Page, Vec<Hit>)> {
    queries.iter().map(|query| (searcher.search(query, None).expect("answers"), all_hits(searcher, query))).collect()
}

/// Tells the first question whose answer differs, and where.
fn same(queries: &[Query], one: &[(Page, Vec<Hit>)], other: &[(Page, Vec<Hit>)], when: &str) {
    for (query, (one, other)) in queries.iter().zip(one.iter().zip(other)) {
        assert_eq!((one.0.matched, &one.0.aggregations), (other.0.matched, &other.0.aggregations), "{when}: {query:?}");
        let differs = one.1.iter().zip(&other.1).position(|(one, other)| one != other);
        let at = differs.map(|at| (&one.1[at], &other.1[at]));
        assert!(
            one == other,
            "{when}: {query:?} differs at {differs:?}: {at:?}; did you mean {:?} {:?}",
            one.0.did_you_mean,
            other.0.did_you_mean
        );
    }
}

#[test]
fn answers_and_page_cursors_are_the_same_after_a_merge_a_restart_and_a_rebuild_in_other_batches() {
    let [folder, other] = [(); 2].map(|()| tempfile::tempdir().expect("temporary folder"));
    let changes = history(3, 900);
    let mut index = filled(folder.path(), &batches(&changes, 41));
    let mut random = Random::new(5);
    let queries: Vec<Query> = (0..120).map(|_| random_query(&mut random)).collect();
    let before = answers(&index.searcher(), &queries);

    index.merge().expect("merges");
    assert_eq!(index.searcher().segment_count(), 1);
    same(&queries, &answers(&index.searcher(), &queries), &before, "after a merge");

    let position = index.position();
    index.close().expect("closes");
    let index = open(folder.path());
    assert_eq!(index.position(), position);
    same(&queries, &answers(&index.searcher(), &queries), &before, "after a restart");

    let rebuilt = filled(other.path(), &batches(&changes, 500));
    same(&queries, &answers(&rebuilt.searcher(), &queries), &before, "after a rebuild");
}

#[test]
fn a_rebuild_in_several_threads_gives_the_same_answers() {
    let [folder, other] = [(); 2].map(|()| tempfile::tempdir().expect("temporary folder"));
    let changes = history(9, 700);
    let index = filled(folder.path(), &batches(&changes, 50));
    let mut rebuild = TextRebuild::create(other.path(), &small()).expect("begins");
    for batch in batches(&changes, 13) {
        rebuild.add(batch).expect("takes");
    }
    assert_eq!(rebuild.finish().expect("finishes"), index.position());
    let mut rebuilt = open(other.path());
    assert_eq!((rebuilt.position(), rebuilt.document_count()), (index.position(), index.document_count()));
    let mut random = Random::new(6);
    let queries: Vec<Query> = (0..60).map(|_| random_query(&mut random)).collect();
    for query in &queries {
        let queries = std::slice::from_ref(query);
        same(queries, &answers(&rebuilt.searcher(), queries), &answers(&index.searcher(), queries), "rebuilt");
    }
    let (last, key) = (rebuilt.position(), &changes[0].event);
    let tombstone = change(last + 1, 9, key.kind, key.collection.as_ref().map(|id| id.as_str()), key.id.as_str(), None);
    rebuilt.apply(&batches(&[tombstone], 1)).expect("applies");
}

/// What a crash leaves: the files as they are on disk now.
fn crashed_copy(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("temporary folder");
    for entry in std::fs::read_dir(folder).expect("lists").filter_map(Result::ok) {
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copies");
    }
    copy
}

#[test]
fn after_a_crash_the_index_stands_at_its_last_saved_state_and_catches_up() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = history(8, 400);
    let parts = batches(&changes, 40);
    let oracle = Oracle::new(&changes);
    let mut index = open(folder.path());
    for (at, batch) in parts.iter().enumerate() {
        index.apply(std::slice::from_ref(batch)).expect("applies");
        if at % 4 == 2 {
            index.save().expect("saves");
        }
        if at == 9 {
            index.merge().expect("merges");
        }
        let copy = crashed_copy(folder.path());
        let mut reopened = open(copy.path());
        assert!(reopened.position() <= batch.last && (at < 2 || reopened.position() > 0), "{at}");
        reopened.apply(&parts).expect("catches up");
        assert_eq!(reopened.document_count(), oracle.len() as u64, "{at}");
    }
    let mut random = Random::new(12);
    (0..40).for_each(|_| check(&index.searcher(), &oracle, &random_query(&mut random)));
}

#[test]
fn a_batch_at_or_below_the_position_changes_nothing_and_a_gap_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = history(1, 30);
    let parts = batches(&changes, 10);
    let mut index = filled(folder.path(), &parts[..2]);
    let (position, documents) = (index.position(), index.document_count());
    index.apply(&parts[..1]).expect("ignored");
    assert_eq!((index.position(), index.document_count()), (position, documents));
    assert!(matches!(index.apply(&parts[3..4]), Err(TextError::Gap { .. })));
    assert_eq!(index.position(), position);
    index.apply(&parts).expect("the rest of what was partly known");
    assert_eq!(index.document_count(), Oracle::new(&changes).len() as u64);
}

#[test]
fn a_reset_index_is_empty_and_can_be_filled_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = history(2, 50);
    let parts = batches(&changes, 20);
    let mut index = filled(folder.path(), &parts);
    let searcher = index.searcher();
    index.reset().expect("resets");
    assert_eq!((index.position(), searcher.document_count(), searcher.position()), (0, 0, 0));
    index.apply(&parts).expect("applies");
    assert_eq!(searcher.document_count(), Oracle::new(&changes).len() as u64);
}

#[test]
fn a_damaged_or_foreign_index_is_reported_as_unusable_and_a_second_writer_as_busy() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let index = filled(folder.path(), &batches(&history(2, 20), 20));
    assert!(matches!(TextIndex::open(folder.path(), small()), Err(TextError::Busy { .. })));
    drop(index);
    let meta = folder.path().join("meta.json");
    let text = std::fs::read_to_string(&meta).expect("has meta.json");
    let damages = [
        text.replace(&format!("\"payload\": \"{} ", super::fields::FORMAT), "\"payload\": \"0 "),
        text.replace("footprint_body", "foot_print_body"),
        text.replace("\"payload\"", "\"other\""),
        text[..text.len() / 2].to_owned(),
        String::new(),
    ];
    for damaged in damages {
        assert_ne!(damaged, text);
        std::fs::write(&meta, &damaged).expect("writes");
        assert!(matches!(TextIndex::open(folder.path(), small()), Err(TextError::Unusable { .. })), "{damaged}");
    }
    std::fs::write(&meta, &text).expect("writes");
    let is_data = |path: &Path| path.extension().is_some_and(|extension| extension == "fast");
    let files = std::fs::read_dir(folder.path()).expect("lists").filter_map(Result::ok).map(|entry| entry.path());
    let data = files.into_iter().find(|path| is_data(path)).expect("has a segment");
    std::fs::write(&data, b"").expect("writes");
    assert!(matches!(TextIndex::open(folder.path(), small()), Err(TextError::Unusable { .. })));
}

pub(super) fn product(sequence: u64, id: &str, more: &str) -> crate::index::Change {
    change(
        sequence,
        1,
        Kind::Product,
        Some("c"),
        id,
        Some(&format!(r#"{{"kind":"product","id":"{id}","collection":"c"{more}}}"#)),
    )
}

fn find(index: &TextIndex, query: Query) -> Vec<u64> {
    let hits = index.searcher().search(&Query { limit: 100, ..query }, None).expect("answers").hits;
    sequences(&hits)
}

#[test]
fn identifiers_are_found_whole_by_their_parts_and_by_their_start() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = [
        product(1, "MOD10_L2", r#","title":"Snow cover""#),
        product(2, "MOD10", r#","title":"L2 of something""#),
        product(3, "x", r#","title":"Région côtière","aliases":["urn:nasa:pds:maven.iuvs"]"#),
    ];
    let index = filled(folder.path(), &batches(&changes, 10));
    let text = |text: &str| {
        let mut found = find(&index, Query { text: Some(text.into()), ..Query::default() });
        found.sort_unstable();
        found
    };
    let cases: [(&str, &[u64]); 23] = [
        ("mod10_l2", &[1]),
        ("MOD10", &[1, 2]),
        ("mod10 AND l2", &[1, 2]),
        ("\"mod10 l2\"", &[1]),
        ("\"L2 of\"", &[2]),
        ("\"of L2\"", &[]),
        ("mod1*", &[1, 2]),
        ("mod10_*", &[1, 2]),
        ("mod10_l*", &[1]),
        ("urn:nasa:p*", &[3]),
        ("nasa:urn:p*", &[]),
        ("region COTIERE", &[3]),
        ("urn:nasa:pds:maven.iuvs", &[3]),
        ("iuvs", &[3]),
        ("maven.iuvs", &[3]),
        ("c", &[1, 2, 3]),
        ("snow AND rain", &[]),
        ("snow rain", &[1]),
        ("snow -cover", &[]),
        ("covers", &[1]),
        ("\"covers\"", &[]),
        ("somethng", &[2]),
        ("(snow OR something) -l2", &[]),
    ];
    for (words, expected) in cases {
        assert_eq!(text(words), expected, "{words}");
    }
}

#[test]
fn what_the_index_cannot_answer_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let index = filled(folder.path(), &batches(&history(2, 20), 20));
    let everywhere = BoundingBox { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
    let deep = condition(&"a.".repeat(40), Comparison::Equal, Operand::Number(1.0));
    let without_order = SortKey::By { property: PropertyName::Description, descending: false };
    let geometry = Region { body: "earth".into(), bbox: everywhere, geometry: Some("{}".into()), ..Region::default() };
    let unsupported = [
        Query { sort: vec![SortKey::Relevance], ..Query::default() },
        Query { sort: vec![SortKey::Time { descending: true }; 5], ..Query::default() },
        Query { limit: 1_000_000, ..Query::default() },
        Query { sort: vec![without_order], ..Query::default() },
        Query { filters: vec![deep], ..Query::default() },
        Query { region: Some(geometry), ..Query::default() },
    ];
    for query in unsupported {
        assert!(matches!(index.searcher().search(&query, None), Err(SearchError::Unsupported { .. })), "{query:?}");
    }
    let cursor = Cursor { values: vec![crate::model::SortValue::Text("x".into())], tie: 0 };
    let query = Query { after: Some(cursor), limit: 1, ..Query::default() };
    assert!(matches!(index.searcher().search(&query, None), Err(SearchError::BadCursor { .. })));
}

#[test]
fn an_exact_test_decides_on_hits_counts_and_facets() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = history(4, 200);
    let index = filled(folder.path(), &batches(&changes, 50));
    let everywhere = BoundingBox { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };
    let query = Query {
        region: Some(Region {
            body: "earth".into(),
            bbox: everywhere,
            geometry: Some("{}".into()),
            ..Region::default()
        }),
        count: true,
        aggregations: vec![Aggregation::terms("body", PropertyName::Facet(Facet::Body), 1)],
        limit: 5,
        ..Query::default()
    };
    let is_even = |sequence: u64| sequence.is_multiple_of(2);
    let page = index.searcher().search(&query, Some(&is_even)).expect("answers");
    let plain = Query { region: query.region.clone().map(|region| Region { geometry: None, ..region }), ..query };
    let all = all_hits(&index.searcher(), &plain);
    let even = all.iter().filter(|hit| is_even(hit.sequence)).count() as u64;
    assert!(even > 0 && even < all.len() as u64);
    assert_eq!(page.matched, Some(even));
    assert_eq!(page.aggregations[0].buckets[0].count, even);
    assert!(page.hits.iter().all(|hit| is_even(hit.sequence)));
}

#[test]
fn bytes_that_are_no_entity_are_still_found_by_their_key() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = [change(1, 1, Kind::Product, Some("c"), "odd", Some("[1,2]"))];
    let index = filled(folder.path(), &batches(&changes, 1));
    assert_eq!(find(&index, Query { ids: vec!["odd".into()], ..Query::default() }), [1]);
}

#[test]
fn properties_with_strange_names_are_found() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let names = ["a.b", "a\\b", "eo:cloud_cover", "ünï cödé", "x y", "\\u0001q", "\\\\", ".", "a..b"];
    let record = |name: &str| format!(r#","properties":{{"{}":5}}"#, name.replace("a\\b", "a\\\\b"));
    let changes: Vec<_> =
        names.iter().zip(1..).map(|(name, at)| product(at, &format!("p{at}"), &record(name))).collect();
    let index = filled(folder.path(), &batches(&changes, 100));
    for (name, sequence) in names.iter().zip(1..) {
        let property = name.replace("\\u0001", "\u{1}").replace("\\\\", "\\");
        for (value, is_found) in [(5.0, true), (6.0, false)] {
            let filters = vec![condition(&property, Comparison::Equal, Operand::Number(value))];
            let expected: &[u64] = if is_found { &[sequence] } else { &[] };
            assert_eq!(find(&index, Query { filters, ..Query::default() }), expected, "{name}");
        }
    }
}
