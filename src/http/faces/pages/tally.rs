//! How often the values of facets occur among the matches of a search: what is asked of the catalogue for it, and what it
//! answered by facet.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, Error, Results};
use crate::model::{Facet, FacetRequest, Query};

/// A value and the number of records that have it.
pub struct Count {
    pub value: String,
    pub count: u64,
}

/// Counts by facet, most frequent first.
pub type Tally = BTreeMap<Facet, Vec<Count>>;

/// Answers a query with the counts of facets, each with the most values to list. Values of one facet are alternatives:
/// its own condition does not hold for its counts.
///
/// # Errors
/// Those of the search.
pub fn search(
    catalogue: &Catalogue,
    query: &Query,
    token: Option<&str>,
    wanted: &[(Facet, usize)],
) -> Result<(Results, Tally), Error> {
    let request = |(facet, limit): &(Facet, usize)| FacetRequest { facet: *facet, limit: *limit };
    let (own, free): (Vec<_>, Vec<_>) = wanted.iter().partition(|(facet, _)| query.facets.contains_key(facet));
    let count_facets = free.iter().map(request).collect();
    let results = catalogue.search(Query { count_facets, ..query.clone() }, token)?;
    let mut tally = read(&results);
    for (facet, limit) in own {
        let mut facets = query.facets.clone();
        facets.remove(&facet);
        let count_facets = vec![FacetRequest { facet, limit }];
        let alone = Query { facets, count: false, limit: 1, count_facets, ..query.clone() };
        tally.extend(read(&catalogue.search(alone, None)?));
    }
    Ok((results, tally))
}

fn read(results: &Results) -> Tally {
    let facets = results.facets.iter().map(|(facet, counts)| {
        let counts = counts.iter().map(|count| Count { value: count.value.clone(), count: count.count });
        (*facet, counts.collect())
    });
    facets.collect()
}
