//! Walks that end early against walks that look at everything: the page decides which one there is, and must not be seen
//! in the answer.

use super::samples::{Random, batches, condition, history, random_query};
use super::{all_hits, filled};
use crate::index::Projection;
use crate::model::{Comparison, Kind, Operand, PropertyName, Query, SortKey};

/// A page that holds everything is never full, so that no walk for it ends early.
const EVERYTHING: usize = 10_000;

fn check(searcher: &super::TextSearcher, query: &Query) -> usize {
    let whole = all_hits(searcher, &Query { limit: EVERYTHING, ..query.clone() });
    for limit in [5, 31] {
        let paged = all_hits(searcher, &Query { limit, ..query.clone() });
        assert!(paged == whole, "pages of {limit} of {query:?}: {:?} for {:?}", paged.len(), whole.len());
    }
    whole.len()
}

#[test]
fn pages_of_any_length_hold_the_same_hits_in_the_same_order() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut index = filled(folder.path(), &batches(&history(21, 600), 97));
    let mut random = Random::new(22);
    let queries: Vec<Query> = (0..60).map(|_| random_query(&mut random)).collect();
    for _ in 0..2 {
        let searcher = index.searcher();
        let found: usize = queries.iter().map(|query| check(&searcher, query)).sum();
        assert!(found > 500, "{found}");
        index.merge().expect("merges");
    }
    assert!(index.position() > 0);
}

#[test]
fn the_best_products_come_first_however_short_the_page_is() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let index = filled(folder.path(), &batches(&history(23, 600), 170));
    let searcher = index.searcher();
    let texts =
        ["ice", "ice OR sea", "+ice +sea", "\"sea ice\"", "radar height", "ice -sea", "mod10_l*", "MOD10_L2", "sno*"];
    for text in texts {
        let query = Query { text: Some(text.into()), kinds: vec![Kind::Product], count: true, ..Query::default() };
        assert!(check(&searcher, &query) > 2, "{text}");
        let page = searcher.search(&Query { limit: 2, ..query.clone() }, None).expect("answers");
        let whole = searcher.search(&Query { limit: EVERYTHING, ..query }, None).expect("answers");
        assert_eq!(page.matched, Some(whole.hits.len() as u64), "{text}");
    }
}

#[test]
fn sorted_pages_begin_and_end_where_conditions_on_the_same_property_say() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let index = filled(folder.path(), &batches(&history(25, 500), 500));
    let searcher = index.searcher();
    let property = "eo:cloud_cover";
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    for descending in [false, true] {
        let sort = vec![SortKey::By { property: PropertyName::Member(property.into()), descending }];
        check(&searcher, &Query { sort: sort.clone(), ..Query::default() });
        for comparison in [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual] {
            for number in [-3.0, -0.0, 7.0, 7.1, 100.0] {
                let filters = vec![condition(property, comparison, Operand::Number(number))];
                check(&searcher, &Query { sort: sort.clone(), filters, ..Query::default() });
            }
        }
    }
}
