//! Searches at OGC API - Records: the items of its catalogues, by the parameters of part 1 and, where the service declares
//! it, CQL2.

use serde_json::Value;

use super::super::wording::{
    QueryString, Unanswered, earth_box, followable, interval, json, listed, sayable, sort_names, terms,
};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::model::Query;
use crate::model::uri::{encode, join};
use crate::query::cql2::record_name;

const GEOJSON: &str = "application/geo+json, application/json;q=0.9";

/// Before a place in a list that the service could not give in the order asked for.
const UNSORTED: &str = "unsorted\n";

/// One page of matches. Of several catalogues one after the other is read.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    let can = Can::of(client)?;
    if let Some(place) = ask.page.and_then(|page| page.strip_prefix(UNSORTED)) {
        return unsorted(client, &Ask { page: Some(place), ..*ask }, &can);
    }
    let sorts = can.sort && ask.page.is_none() && !ask.query.sort.is_empty();
    match page(client, ask, &can) {
        // Who sorts does not do so by every property, and says it in this way.
        Err(Fault::HttpError { status: 400, .. }) if sorts => unsorted(client, ask, &can),
        other => other,
    }
}

fn unsorted(client: &Client<'_>, ask: &Ask<'_>, can: &Can) -> Result<Found, Fault> {
    let mut found = page(client, ask, &Can { sort: false, ..*can })?;
    found.next = found.next.map(|next| format!("{UNSORTED}{next}"));
    Ok(found)
}

fn page(client: &Client<'_>, ask: &Ask<'_>, can: &Can) -> Result<Found, Fault> {
    let base = client.source.url.as_str();
    let (parameters, unanswered) = parameters(ask.query, can);
    let (address, rest) = match ask.page {
        Some(page) => kept(page, base)?,
        None => {
            let mut catalogues = catalogues(client)?.into_iter();
            let Some(first) = catalogues.next() else { return Ok(Found { matched: Some(0), ..Found::default() }) };
            (parameters.on(&first), catalogues.collect())
        }
    };
    let mut found = read(&json(&client.get(&address, GEOJSON)?.body)?, &address)?;
    let mut rest: Vec<String> = rest;
    found.next = match found.next.take() {
        Some(next) => Some(keep(&next, &rest)),
        None if rest.is_empty() => None,
        None => {
            // The count is that of one catalogue of several.
            found.matched = None;
            let next = parameters.on(&rest.remove(0));
            Some(keep(&next, &rest))
        }
    };
    if !rest.is_empty() {
        found.matched = None;
    }
    found.unanswered = unanswered.rest();
    Ok(found)
}

/// What the service answers beyond its core.
struct Can {
    text: bool,
    filter: bool,
    sort: bool,
}

impl Can {
    fn of(client: &Client<'_>) -> Result<Self, Fault> {
        let said = client.source.capabilities;
        let root = client.source.url.split("/collections/").next().unwrap_or_default();
        // A service without the document says what it can by its record alone.
        let conforms = match client.describe(&format!("{root}/conformance"), "application/json") {
            Ok(bytes) => json(&bytes)?,
            Err(Fault::HttpError { status: 404, .. }) => Value::Null,
            Err(fault) => return Err(fault),
        };
        let classes: Vec<&str> = conforms
            .get("conformsTo")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let has = |ends: &[&str]| classes.iter().any(|class| ends.iter().any(|end| class.ends_with(end)));
        Ok(Self {
            text: said.text.unwrap_or(true),
            filter: said.filter.unwrap_or_else(|| {
                has(&["/conf/cql-filter", "/conf/features-filter", "/conf/filter"]) && has(&["/conf/cql2-text"])
            }),
            sort: said.sort.unwrap_or_else(|| has(&["/conf/sorting"])),
        })
    }
}

/// The addresses of the records of the catalogues that are asked.
fn catalogues(client: &Client<'_>) -> Result<Vec<String>, Fault> {
    let source = client.source;
    let base = source.url.as_str();
    if base.ends_with("/items") {
        return Ok(vec![base.to_owned()]);
    }
    if base.contains("/collections/") {
        return Ok(vec![format!("{base}/items")]);
    }
    if !source.collections.is_empty() {
        let of = |name: &String| format!("{base}/collections/{}/items", encode(name));
        return Ok(source.collections.iter().map(of).collect());
    }
    let list = json(&client.describe(&format!("{base}/collections"), "application/json")?)?;
    let Some(found) = list.get("collections").and_then(Value::as_array) else {
        return Err(Fault::unreadable("it has no list of collections"));
    };
    let is_of_records = |collection: &&Value| {
        collection.get("itemType").is_some_and(|kind| match kind {
            Value::String(kind) => kind == "record",
            Value::Array(kinds) => kinds.iter().any(|kind| kind.as_str() == Some("record")),
            _ => false,
        })
    };
    let ids = found.iter().filter(is_of_records).filter_map(|collection| collection.get("id")?.as_str());
    Ok(ids.map(|id| format!("{base}/collections/{}/items", encode(id))).collect())
}

fn parameters(query: &Query, can: &Can) -> (QueryString, Unanswered) {
    let (mut sent, mut left) = (QueryString::default(), Unanswered::of(query));
    sent.add("f", "json");
    sent.add("limit", &query.limit.to_string());
    if let Some(span) = interval(query) {
        sent.add("datetime", &span);
        left.answer(Part::Time);
    }
    if let Some(bbox) = earth_box(query) {
        sent.add("bbox", &listed(&bbox));
        left.answer(Part::Space);
    }
    if let (Some(terms), true) = (terms(query), can.text) {
        sent.add("q", &terms.join(","));
        left.answer(Part::Text);
    }
    if let (Some(filter), true) = (sayable(query, record_name), can.filter && !query.filters.is_empty()) {
        sent.add("filter-lang", "cql2-text");
        sent.add("filter", &filter.text);
        left.answer(Part::Filter);
    }
    if let (Some(keys), true) = (sort_names(query, record_name), can.sort && !query.sort.is_empty()) {
        let names: Vec<String> =
            keys.into_iter().map(|(name, descends)| format!("{}{name}", if descends { "-" } else { "" })).collect();
        sent.add("sortby", &names.join(","));
        left.answer(Part::Sort);
    }
    (sent, left)
}

fn read(answer: &Value, address: &str) -> Result<Found, Fault> {
    let Some(features) = answer.get("features").and_then(Value::as_array) else {
        return Err(Fault::unreadable("it has no features"));
    };
    let document = |record: &Value| {
        let own = link(record, "self").or_else(|| record_address(record, address));
        Document { href: own.and_then(|href| join(address, &href)), ..Document::of(marked(record)) }
    };
    let next = link(answer, "next").filter(|_| !features.is_empty());
    Ok(Found {
        documents: features.iter().map(document).collect(),
        matched: answer.get("numberMatched").and_then(Value::as_u64),
        next: next.and_then(|href| join(address, &href)),
        unanswered: Vec::new(),
    })
}

/// The record as bytes. Servers of drafts leave out what tells a record from any other feature; who answers for records is
/// known here.
fn marked(record: &Value) -> Vec<u8> {
    let mut record = record.clone();
    if let Some(members) = record.as_object_mut() {
        let core = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core";
        members.entry("conformsTo").or_insert_with(|| Value::from(vec![core]));
    }
    record.to_string().into_bytes()
}

fn record_address(record: &Value, address: &str) -> Option<String> {
    let items = address.split('?').next()?;
    Some(format!("{items}/{}", encode(record.get("id")?.as_str()?)))
}

fn link(document: &Value, rel: &str) -> Option<String> {
    let links = document.get("links")?.as_array()?;
    let of_rel = links.iter().filter(|link| link.get("rel").and_then(Value::as_str) == Some(rel));
    // Of several forms of the same, the one that can be read here.
    let is_page = |link: &&Value| link.get("type").and_then(Value::as_str).is_none_or(|form| !form.contains("html"));
    of_rel.filter(is_page).find_map(|link| Some(link.get("href")?.as_str()?.to_owned()))
}

/// The next address, and those of the catalogues after it.
fn keep(next: &str, rest: &[String]) -> String {
    std::iter::once(next).chain(rest.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
}

fn kept(page: &str, base: &str) -> Result<(String, Vec<String>), Fault> {
    let mut addresses = page.split('\n').map(|address| followable(base, address));
    let first = addresses.next().unwrap_or_else(|| Err(Fault::unreadable("its next link is empty")))?;
    Ok((first, addresses.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_catalogues_are_read_one_after_the_other() {
        let page =
            keep("https://a.example/collections/x/items?offset=10", &["https://a.example/collections/y/items".into()]);
        let (first, rest) = kept(&page, "https://a.example").expect("addresses of the service");
        assert!(first.ends_with("offset=10"));
        assert_eq!(rest, ["https://a.example/collections/y/items"]);
        assert!(kept("https://a.example/x\nhttp://b.example/", "https://a.example").is_err());
    }

    #[test]
    fn parameters_are_those_of_the_standard() {
        let query = Query { text: Some("sea ice".into()), limit: 7, ..Query::default() };
        let (sent, left) = parameters(&query, &Can { text: true, filter: true, sort: true });
        assert_eq!(sent.on("x"), "x?f=json&limit=7&q=sea%2Cice");
        assert_eq!(left.rest(), []);
        let (_, left) = parameters(&query, &Can { text: false, filter: false, sort: false });
        assert_eq!(left.rest(), [Part::Text]);
    }

    #[test]
    fn links_to_pages_for_people_are_not_followed() {
        let answer = serde_json::json!({"features": [{"id": "a b"}], "links": [
            {"rel": "next", "type": "text/html", "href": "?f=html"}, {"rel": "next", "href": "?offset=1"}]});
        let found = read(&answer, "https://a.example/collections/x/items?f=json").expect("a page");
        assert_eq!(found.next.as_deref(), Some("https://a.example/collections/x/items?offset=1"));
        assert_eq!(found.documents[0].href.as_deref(), Some("https://a.example/collections/x/items/a%20b"));
    }
}
