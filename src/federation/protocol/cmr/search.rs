//! Searches at NASA's CMR: collections and granules as UMM-JSON. Granules are asked for within collections alone, as the CMR
//! wants it; it has no free text for them.

use serde_json::Value;

use super::super::wording::{QueryString, Unanswered, collections, earth_box, json, listed, plain_words};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::model::{Facet, Kind, Query, SortKey};

const UMM: &str = "application/vnd.nasa.cmr.umm_results+json, application/json;q=0.9";
/// The CMR gives no page beyond this many records.
const MAX_DEPTH: usize = 1_000_000;

/// One page of matches. The page is its number, with the size that it was begun with.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    let of_granules = ask.query.wanted_kinds().contains(&Kind::Product);
    let names = collections(client.source, ask.query).unwrap_or_default();
    if of_granules && names.is_empty() {
        return Err(Fault::unsupported("granules of no collection: name collections, in the question or its record"));
    }
    let size = ask.query.limit.clamp(1, 2_000);
    let (number, size) = match ask.page.and_then(|page| page.split_once(' ')) {
        Some((number, size)) => (parsed(number)?, parsed(size)?),
        None => (1, size),
    };
    let (mut sent, unanswered) = parameters(ask.query, &names, of_granules);
    sent.add("page_size", &size.to_string());
    sent.add("page_num", &number.to_string());
    let base = client.source.url.strip_suffix("/search").unwrap_or(&client.source.url);
    let what = if of_granules { "granules" } else { "collections" };
    let answer = json(&client.get(&sent.on(&format!("{base}/search/{what}.umm_json")), UMM)?.body)?;
    let mut found = read(&answer, base)?;
    let has_more = number * size < usize::try_from(found.matched.unwrap_or(0)).unwrap_or(usize::MAX).min(MAX_DEPTH);
    found.next = (has_more && !found.documents.is_empty()).then(|| format!("{} {size}", number + 1));
    found.unanswered = unanswered.rest();
    Ok(found)
}

fn parsed(text: &str) -> Result<usize, Fault> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| Fault::unreadable("a place in no listing"))
}

fn read(answer: &Value, base: &str) -> Result<Found, Fault> {
    let Some(items) = answer.get("items").and_then(Value::as_array) else {
        return Err(Fault::unreadable("it has no items"));
    };
    let document = |item: &Value| {
        let concept = item.get("meta").and_then(|meta| meta.get("concept-id")).and_then(Value::as_str);
        let href = concept.map(|id| format!("{base}/search/concepts/{id}"));
        let alone = serde_json::json!({"hits": 1, "items": [item]});
        Document { id: concept.map(str::to_owned), href, ..Document::of(alone.to_string().into_bytes()) }
    };
    let matched = answer.get("hits").and_then(Value::as_u64);
    Ok(Found { documents: items.iter().map(document).collect(), matched, ..Found::default() })
}

fn parameters(query: &Query, names: &[String], of_granules: bool) -> (QueryString, Unanswered) {
    let (mut sent, mut left) = (QueryString::default(), Unanswered::of(query));
    for name in names {
        let is_concept =
            name.starts_with('C') && name.contains('-') && name.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        let parameter = match (is_concept, of_granules) {
            (true, true) => "collection_concept_id[]",
            (true, false) => "concept_id[]",
            (false, _) => "short_name[]",
        };
        sent.add(parameter, name);
    }
    let mut all_said = true;
    for (facet, values) in &query.facets {
        let name = match facet {
            Facet::Collection => continue,
            Facet::Platform => "platform[]",
            Facet::Instrument => "instrument[]",
            _ => {
                all_said = false;
                continue;
            }
        };
        values.iter().for_each(|value| sent.add(name, value));
    }
    if all_said {
        left.answer(Part::Facets);
    }
    if let (Some(words), false) = (plain_words(query), of_granules) {
        sent.add("keyword", &words.join(" "));
        left.answer(Part::Text);
    }
    if let Some(time) = query.time {
        let end = |at: Option<crate::model::Instant>| at.map_or_else(String::new, |at| at.to_string());
        sent.add("temporal", &format!("{},{}", end(time.start), end(time.stop)));
        left.answer(Part::Time);
    }
    if let Some(bbox) = earth_box(query) {
        sent.add("bounding_box", &listed(&bbox));
        left.answer(Part::Space);
    }
    if let [SortKey::Time { descending }] = query.sort.as_slice() {
        sent.add("sort_key", if *descending { "-start_date" } else { "start_date" });
        left.answer(Part::Sort);
    }
    (sent, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collections_are_asked_for_by_words_and_granules_are_not() {
        let query =
            Query { text: Some("sea ice".into()), sort: vec![SortKey::Time { descending: true }], ..Query::default() };
        let (sent, left) = parameters(&query, &[], false);
        assert_eq!((sent.on("x").as_str(), left.rest()), ("x?keyword=sea%20ice&sort_key=-start_date", vec![]));
        let (sent, left) = parameters(&query, &["C12-PROV".to_owned(), "MOD09".to_owned()], true);
        assert!(sent.on("x").starts_with("x?collection_concept_id%5B%5D=C12-PROV&short_name%5B%5D=MOD09"));
        assert_eq!(left.rest(), [Part::Text]);
    }

    #[test]
    fn each_item_is_a_document() {
        let answer = serde_json::json!({"hits": 9, "items": [{"meta": {"concept-id": "C1-A"}, "umm": {}}]});
        let found = read(&answer, "https://cmr.example").expect("an answer");
        assert_eq!(found.documents[0].href.as_deref(), Some("https://cmr.example/search/concepts/C1-A"));
        assert!(read(&serde_json::json!({"errors": ["no"]}), "x").is_err());
    }
}
