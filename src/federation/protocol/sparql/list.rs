//! Listing: data sets of an endpoint in the order of their names, so many at a time, or whatever the source's own CONSTRUCT
//! query gives, in one answer. The endpoint is the one that its record names, and no other.

use super::{Client, Fault, From, Listing};
use crate::federation::protocol::statements::{self, Page};
use crate::model::json::{self, Fields};

const STATEMENTS: &str = "application/n-triples, text/turtle;q=0.9";
const RESULTS: &str = "application/sparql-results+json";
const QUERY: &str = "application/sparql-query";
const WANTED: &str = "?s a <http://www.w3.org/ns/dcat#Dataset>";

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    if let Some(query) = &client.source.query {
        let documents = ask(client, query)?;
        return Ok(Listing { documents, is_whole: true, ..Listing::default() });
    }
    let offset = match &from.page {
        Some(page) => page.parse::<u64>().map_err(Fault::unreadable)?,
        None => 0,
    };
    let size = client.source.page_size() as u64;
    let total = count(client)?;
    let query = format!(
        "CONSTRUCT {{ ?s ?p ?o . ?o ?q ?r . ?r ?t ?u }} WHERE {{ \
         {{ SELECT DISTINCT ?s WHERE {{ {WANTED} FILTER(isIRI(?s)) }} ORDER BY ?s LIMIT {size} OFFSET {offset} }} \
         ?s ?p ?o OPTIONAL {{ ?o ?q ?r FILTER(!isLiteral(?o)) OPTIONAL {{ ?r ?t ?u FILTER(isBlank(?r)) }} }} }}"
    );
    let documents = ask(client, &query)?;
    let next = offset.saturating_add(size);
    let goes_on = !documents.is_empty() && next < total;
    Ok(Listing {
        documents,
        next: goes_on.then(|| next.to_string()),
        total: Some(total),
        is_whole: true,
        ..Listing::default()
    })
}

fn ask(client: &Client<'_>, query: &str) -> Result<Vec<crate::federation::protocol::Document>, Fault> {
    let url = &client.source.url;
    let response = client.post(url, STATEMENTS, QUERY, query.as_bytes())?;
    let triples = statements::read(&response.body, &response.media_type(), url)?;
    Ok(Page::of(&triples).documents())
}

fn count(client: &Client<'_>) -> Result<u64, Fault> {
    let query = format!("SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {WANTED} FILTER(isIRI(?s)) }}");
    let response = client.post(&client.source.url, RESULTS, QUERY, query.as_bytes())?;
    let text = String::from_utf8_lossy(&response.body);
    let fields = Fields::parse(&text).map_err(Fault::unreadable)?;
    let bindings = fields.get("results").and_then(Fields::of_valid).and_then(|results| results.get("bindings"));
    let first = bindings.and_then(json::elements).and_then(|all| all.first().copied()).and_then(Fields::of_valid);
    let number = first.as_ref().and_then(|row| row.get("n")).and_then(Fields::of_valid);
    let number = number.and_then(|number| number.string("value")?.parse().ok());
    number.ok_or_else(|| Fault::unreadable("it does not count its data sets"))
}
