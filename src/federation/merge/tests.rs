//! The merge as a whole: orders, duplicates, and that over all pages nothing is lost or repeated. Knows no records.

use std::collections::BTreeSet;

use super::*;

fn hit(id: &str, time: i64, identities: &[&str]) -> Candidate {
    Candidate {
        rank: 0,
        id: id.to_owned(),
        identities: identities.iter().map(|text| Identity::new(Level::Persistent, text)).collect(),
        sort: vec![(time != i64::MIN).then_some(Field::Instant(time))],
        completeness: 0,
    }
}

fn source(name: &str, mut candidates: Vec<Candidate>) -> Buffer {
    candidates.iter_mut().zip(1..).for_each(|(candidate, rank)| candidate.rank = rank);
    Buffer { source: name.to_owned(), trust: 0, candidates, is_barrier: false }
}

fn ids(buffers: &[Buffer], groups: &[Group]) -> Vec<String> {
    let name = |(at, place): Place| format!("{}{}", buffers[at].source, buffers[at].candidates[place].id);
    groups.iter().map(|group| group.members().map(name).collect::<Vec<_>>().join("+")).collect()
}

fn merged(buffers: &[Buffer], order: &Order, limit: usize) -> Vec<String> {
    ids(buffers, &merge(buffers, order, limit, &mut Shown::default()).groups)
}

fn newest() -> Order {
    Order::By(vec![true])
}

#[test]
fn lists_are_merged_by_their_heads_with_missing_values_last_and_ties_by_source() {
    let a = source("a", vec![hit("1", 9, &[]), hit("2", 5, &[]), hit("3", i64::MIN, &[])]);
    let b = source("b", vec![hit("1", 9, &[]), hit("2", 7, &[]), hit("3", 1, &[])]);
    assert_eq!(merged(&[a, b], &newest(), 10), ["a1", "b1", "b2", "a2", "b3", "a3"]);
}

#[test]
fn nothing_is_given_beyond_the_end_of_a_list_that_goes_on() {
    let mut a = source("a", vec![hit("1", 9, &[]), hit("2", 5, &[])]);
    a.is_barrier = true;
    let b = source("b", vec![hit("1", 8, &[]), hit("2", 4, &[])]);
    assert_eq!(merged(&[a, b], &newest(), 10), ["a1", "b1", "a2"], "a may have one between 5 and 4");
}

#[test]
fn what_several_sources_rank_high_comes_first() {
    let a = source("a", vec![hit("1", 0, &[]), hit("2", 0, &["x"]), hit("3", 0, &[])]);
    let b = source("b", vec![hit("1", 0, &[]), hit("2", 0, &[]), hit("3", 0, &["x"])]);
    assert_eq!(merged(&[a, b], &Order::Relevance, 10), ["a2+b3", "a1", "b1", "b2", "a3"]);
}

#[test]
fn the_best_of_the_same_is_kept() {
    let mut a = source("a", vec![hit("1", 5, &["x"])]);
    let mut b = source("b", vec![hit("1", 5, &["x"])]);
    let mut c = source("c", vec![hit("1", 5, &["x"])]);
    c.candidates[0].completeness = 9;
    assert_eq!(merged(&[a.clone(), b.clone(), c.clone()], &newest(), 10), ["c1+a1+b1"], "it says most");
    b.trust = 3;
    assert_eq!(merged(&[a.clone(), b.clone(), c.clone()], &newest(), 10), ["b1+a1+c1"], "trust before fullness");
    a.trust = 9;
    assert_eq!(merged(&[a, b, c], &newest(), 10), ["a1+b1+c1"]);
}

#[test]
fn two_hits_of_one_source_are_never_one() {
    let a = source("a", vec![hit("1", 9, &["doi of the collection"]), hit("2", 8, &["doi of the collection"])]);
    let b = source("b", vec![hit("1", 9, &["doi of the collection"]), hit("2", 8, &["p"])]);
    assert_eq!(merged(&[a.clone(), b], &newest(), 10), ["a1", "b1", "a2", "b2"], "it names two of a: it names none");
    let c = source("c", vec![hit("1", 9, &["p", "q"])]);
    let d = source("d", vec![hit("1", 9, &["p"]), hit("2", 8, &["q"])]);
    assert_eq!(merged(&[c, d], &newest(), 10), ["c1+d1", "d2"], "not both of d");
}

#[test]
fn a_record_that_a_source_lists_twice_is_shown_once() {
    let a = source("a", vec![hit("1", 9, &[]), hit("1", 9, &[])]);
    assert_eq!(merged(&[a], &newest(), 10), ["a1"]);
}

/// Reads all pages as a client does: each source goes on at its first hit that was not shown.
fn pages(sources: &[Buffer], order: &Order, limit: usize, fails: impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut shown = Shown::default();
    let mut positions = vec![0; sources.len()];
    let mut all = Vec::new();
    for page in 0..1_000 {
        let window = |(at, source): (usize, &Buffer)| {
            let rest = &source.candidates[positions[at].min(source.candidates.len())..];
            let given = if fails(page, at) { 0 } else { limit.min(rest.len()) };
            let is_barrier = given < rest.len() && !fails(page, at);
            Buffer { candidates: rest[..given].to_vec(), is_barrier, ..source.clone() }
        };
        let buffers: Vec<Buffer> = sources.iter().enumerate().map(window).collect();
        let groups = merge(&buffers, order, limit, &mut shown).groups;
        all.extend(ids(&buffers, &groups));
        for (at, buffer) in buffers.iter().enumerate() {
            positions[at] += read_through(buffer, &shown);
        }
        shown = Shown::from_bytes(&shown.to_bytes());
        let is_done = positions.iter().zip(sources).all(|(position, source)| *position == source.candidates.len());
        if is_done {
            return all;
        }
    }
    panic!("no end: {all:?}");
}

#[test]
fn over_all_pages_nothing_is_lost_or_repeated() {
    let many = |name: &str, step: i64, shift: i64| {
        let of = |n: i64| hit(&n.to_string(), 1_000 - n * step - shift, &[&format!("{}", n * step + shift)]);
        source(name, (0..40).map(of).collect())
    };
    let sources = [many("a", 2, 0), many("b", 3, 0), many("c", 5, 1)];
    let expected: BTreeSet<i64> = (0..40).flat_map(|n| [n * 2, n * 3, n * 5 + 1]).collect();
    for order in [newest(), Order::Relevance] {
        for limit in [1, 3, 7, 50] {
            for trouble in [false, true] {
                let found = pages(&sources, &order, limit, |page, at| trouble && (page + at) % 3 == 0);
                assert_eq!(found.len(), expected.len(), "{order:?} {limit} {trouble}: {found:?}");
            }
        }
    }
}

#[test]
fn a_hit_that_comes_again_from_its_own_source_with_the_same_reason_is_another_thing() {
    let a = source("a", vec![hit("1", 9, &["doi"]), hit("2", 8, &["doi"])]);
    assert_eq!(pages(&[a], &newest(), 1, |_, _| false), ["a1", "a2"]);
}
