//! Searches at the registry of the Planetary Data System: products by its query language, whose answers are maps from names
//! of PDS4 to lists of texts. What they say is written as a record of this archive, the rest kept as properties.

use serde_json::Value;

use super::super::wording::{QueryString, Unanswered, collections, json, plain_words};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::model::uri::encode;
use crate::model::{Draft, Kind, Query, SortKey};

const START: &str = "pds:Time_Coordinates.pds:start_date_time";
const STOP: &str = "pds:Time_Coordinates.pds:stop_date_time";
const LID: &str = "lid";
const COLLECTION: &str = "ops:Provenance.ops:parent_collection_identifier";
const HARVESTED: &str = "ops:Harvest_Info.ops:harvest_date_time";

/// One page of matches. The page is what `search-after` is to be.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    if !ask.query.wanted_kinds().iter().any(|kind| matches!(kind, Kind::Product | Kind::Collection)) {
        return Err(Fault::unsupported("anything but products and collections"));
    }
    let names = collections(client.source, ask.query);
    let (mut sent, unanswered, sorts_by) = parameters(ask.query, names);
    if let Some(after) = ask.page {
        sent.add("search-after", after);
    }
    let base = client.source.url.strip_suffix("/products").unwrap_or(&client.source.url);
    let answer = json(&client.get(&sent.on(&format!("{base}/products")), "application/json")?.body)?;
    let Some(products) = answer.get("data").and_then(Value::as_array) else {
        return Err(Fault::unreadable("it has no data"));
    };
    let is_whole = products.len() < ask.query.limit;
    let last = products.last().and_then(|product| first(product, sorts_by).map(str::to_owned));
    Ok(Found {
        documents: products.iter().filter_map(|product| document(product, base)).collect(),
        matched: answer.get("summary").and_then(|summary| summary.get("hits")).and_then(Value::as_u64),
        next: last.filter(|_| !is_whole),
        unanswered: unanswered.rest(),
    })
}

fn parameters(query: &Query, names: Option<Vec<String>>) -> (QueryString, Unanswered, &'static str) {
    let (mut sent, mut left) = (QueryString::default(), Unanswered::of(query));
    let mut conditions = Vec::new();
    let any = |name: &str, values: &[String]| {
        let each: Vec<String> = values.iter().map(|value| format!("{name} eq {}", quoted(value))).collect();
        format!("({})", each.join(" or "))
    };
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        conditions.push(any(COLLECTION, &names));
        if super::super::wording::only_collections(query) {
            left.answer(Part::Facets);
        }
    }
    if !query.ids.is_empty() {
        conditions.push(any("lidvid", &query.ids));
        left.answer(Part::Ids);
    }
    if let Some(time) = query.time {
        conditions.extend(time.start.map(|start| format!("({STOP} ge {})", quoted(&start.to_string()))));
        conditions.extend(time.stop.map(|stop| format!("({START} le {})", quoted(&stop.to_string()))));
        left.answer(Part::Time);
    }
    if !conditions.is_empty() {
        sent.add("q", &format!("({})", conditions.join(" and ")));
    }
    if let Some(words) = plain_words(query) {
        sent.add("keywords", &words.join(","));
        left.answer(Part::Text);
    }
    // Pages go on behind the last value of the order, so there always is one; harvest times are unique.
    let (order, sorts_by) = match query.sort.as_slice() {
        [SortKey::Time { descending: false }] => {
            left.answer(Part::Sort);
            (START, START)
        }
        _ => (HARVESTED, HARVESTED),
    };
    sent.add("sort", order);
    sent.add("limit", &query.limit.to_string());
    (sent, left, sorts_by)
}

/// A text of the query language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\\'], ""))
}

fn first<'p>(product: &'p Value, name: &str) -> Option<&'p str> {
    let properties = product.get("properties")?;
    let value = properties.get(name).or_else(|| product.get(name))?;
    value.as_str().or_else(|| value.get(0)?.as_str()).filter(|text| !matches!(*text, "null" | ""))
}

/// A product as a record of this archive.
fn document(product: &Value, base: &str) -> Option<Document> {
    let lidvid = product.get("id").and_then(Value::as_str).or_else(|| first(product, "lidvid"))?;
    let is_collection = first(product, "product_class").is_some_and(|class| class == "Product_Collection");
    let mut record = Draft::object();
    record.string("kind", if is_collection { "collection" } else { "product" });
    record.string("id", lidvid);
    if !is_collection {
        // By default the part of the identifier before that of the product.
        let lid = lidvid.split("::").next().unwrap_or(lidvid);
        let above = lid.rsplit_once(':').map_or(lid, |(above, _)| above);
        record.string("collection", first(product, COLLECTION).unwrap_or(above));
    }
    record.optional("title", product.get("title").and_then(Value::as_str).or_else(|| first(product, "title")));
    let mut time = Draft::object();
    for (name, given) in [("start", START), ("stop", STOP)] {
        time.optional(name, first(product, given).filter(|text| crate::model::Instant::parse(text).is_ok()));
    }
    if !time.is_empty() {
        record.part("time", time);
    }
    let mut names = Draft::array();
    names.object_element(&[("scheme", "lidvid"), ("value", lidvid)]);
    if let Some(lid) = first(product, LID) {
        names.object_element(&[("scheme", "lid"), ("value", lid)]);
    }
    record.part("identifiers", names);
    let mut targets = Draft::array();
    let given = product.get("targets").and_then(Value::as_array).into_iter().flatten();
    given
        .filter_map(|target| target.get("title")?.as_str())
        .for_each(|title| targets.object_element(&[("label", title)]));
    if !targets.is_empty() {
        record.part("targets", targets);
    }
    let properties = product.get("properties").filter(|properties| properties.is_object());
    record.raw("properties", &properties.map_or_else(|| "{}".to_owned(), ToString::to_string));
    let href = format!("{base}/products/{}", encode(lidvid));
    Some(Document { id: Some(lidvid.to_owned()), href: Some(href), ..Document::of(record.finish().into_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_the_registry_becomes_a_record() {
        let product = serde_json::json!({"id": "urn:nasa:pds:b:c:p::1.0", "title": "P", "targets": [{"title": "Mars"}],
            "properties": {START: ["2004-01-01T00:00:00Z"], STOP: ["null"], "lid": ["urn:nasa:pds:b:c:p"]}});
        let document = document(&product, "https://pds.example/api/search/1").expect("a record");
        let record: Value = serde_json::from_slice(&document.bytes).expect("JSON");
        assert_eq!(record["collection"], "urn:nasa:pds:b:c");
        assert_eq!(record["time"], serde_json::json!({"start": "2004-01-01T00:00:00Z"}));
        assert_eq!(record["targets"][0]["label"], "Mars");
        let href = "https://pds.example/api/search/1/products/urn%3Anasa%3Apds%3Ab%3Ac%3Ap%3A%3A1.0";
        assert_eq!(document.href.as_deref(), Some(href));
    }

    #[test]
    fn texts_cannot_break_out_of_the_query() {
        let query = Query { ids: vec!["a\" or \"1\" eq \"1".to_owned()], limit: 3, ..Query::default() };
        let (sent, left, _) = parameters(&query, None);
        assert!(sent.on("").contains(&encode("(lidvid eq \"a or 1 eq 1\")")), "{}", sent.on(""));
        assert_eq!(left.rest(), []);
    }
}
