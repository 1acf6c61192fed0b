//! Searches inside a query: their terms are the parameters of `/api/v1/search`, and mean the same.

use crate::catalogue::{Catalogue, Error, Hits};
use crate::http::faces::native::search;
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;
use crate::index::graph::{Block, Cell, Output, Results, blocks};
use crate::model::{Bucket, Facet, Query, Value};

use super::answer;

/// Most records that one search joins with the graph: more make the query long and slow.
const MAX_JOINED: usize = 50_000;

/// Answers all searches of a query.
///
/// # Errors
/// 400 that names the term that cannot be honoured; as a search.
pub fn answer_all(catalogue: &Catalogue, query: &str) -> Result<Vec<Results>, Problem> {
    // Most queries have none, and need not be read for it.
    if !query.contains("urn:perennial:search") {
        return Ok(Vec::new());
    }
    blocks(query).map_err(answer::problem)?.iter().map(|block| one(catalogue, block)).collect()
}

fn one(catalogue: &Catalogue, block: &Block) -> Result<Results, Problem> {
    let parameters = Parameters::from_pairs(block.parameters.clone());
    let has_limit = block.parameters.iter().any(|(name, _)| name == "limit");
    for name in ["f", "token", "count"] {
        if block.parameters.iter().any(|(given, _)| given == name) {
            return Err(Error::parameter(name, "is no term of a search inside a query").into());
        }
    }
    let mut asked = search::query(parameters)?;
    if !has_limit {
        asked.limit = 0;
    }
    if let Some(collections) = asked.facets.get(&Facet::Collection) {
        catalogue.check_collections(collections)?;
    }
    let wants_records = block.outputs.iter().any(|(output, _)| *output == Output::Record);
    let rows = if wants_records { records(catalogue, &asked, block)? } else { counts(catalogue, &asked, block)? };
    let variables = block.outputs.iter().map(|(_, variable)| variable.clone()).collect();
    Ok(Results { start: block.span.start, end: block.span.end, variables, rows })
}

fn records(catalogue: &Catalogue, asked: &Query, block: &Block) -> Result<Vec<Vec<Cell>>, Error> {
    if !asked.aggregations.is_empty() {
        return Err(Error::parameter("facets", "counts all matches: its subject is []"));
    }
    let found = catalogue.hits(asked, MAX_JOINED)?;
    let row = |sequence: u64, score: Option<f32>| {
        let cell = |output: &Output| match output {
            Output::Score => score.map_or(Cell::Missing, |score| Cell::Number(f64::from(score))),
            _ => Cell::Record(sequence),
        };
        block.outputs.iter().map(|(output, _)| cell(output)).collect()
    };
    Ok(found.hits.iter().map(|hit| row(hit.sequence, hit.score)).collect())
}

fn counts(catalogue: &Catalogue, asked: &Query, block: &Block) -> Result<Vec<Vec<Cell>>, Error> {
    let Hits { matched, aggregations, .. } = catalogue.counted(asked)?;
    let needs_buckets = block.outputs.iter().any(|(output, _)| *output != Output::Count);
    match aggregations.as_slice() {
        [] if needs_buckets => Err(Error::parameter("value", "needs facets, tree, histogram or ranges to count by")),
        [] => Ok(vec![block.outputs.iter().map(|_| Cell::Integer(matched)).collect()]),
        [summary] => Ok(summary.buckets.iter().map(|bucket| row(bucket, block)).collect()),
        _ => Err(Error::parameter("facets", "counts by one field in each search; another field is another SERVICE")),
    }
}

fn row(bucket: &Bucket, block: &Block) -> Vec<Cell> {
    let cell = |value: Option<&Value>| match value {
        None => Cell::Missing,
        Some(Value::Text(text)) => Cell::Text(text.clone()),
        Some(Value::Number(number)) => Cell::Number(*number),
        Some(Value::Bool(truth)) => Cell::Text(truth.to_string()),
    };
    let of = |output: &Output| match output {
        Output::Count => Cell::Integer(bucket.count),
        Output::From => cell(bucket.from.as_ref()),
        Output::To => cell(bucket.to.as_ref()),
        Output::Value | Output::Record | Output::Score => cell(Some(&bucket.value)),
    };
    block.outputs.iter().map(|(output, _)| of(output)).collect()
}
