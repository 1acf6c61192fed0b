//! Searches at another archive of this kind: it reads the same questions, so nearly all of them are answered there. It is
//! told which instances the question has passed, and refuses one that it has seen.

use super::super::wording::{QueryString, Unanswered, followable, interval, json, listed, sayable};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::model::uri::encode;
use crate::model::{Facet, PropertyName, Query, SortKey, TextMode};
use crate::query::cql2::native_name;

/// One page of matches.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    let base = client.source.url.as_str();
    let (parameters, unanswered) = parameters(ask.query, client.source);
    let address = match ask.page {
        Some(page) => followable(base, page)?,
        None => parameters.on(&format!("{base}/api/v1/search")),
    };
    let path = ask.path.join(",");
    let headers = [("accept", "application/json"), (super::super::PATH_HEADER, path.as_str())];
    let headers = if path.is_empty() { headers.get(..1).unwrap_or_default() } else { &headers };
    let answer = json(&client.get_with(&address, headers)?.body)?;
    let Some(records) = answer.get("records").and_then(serde_json::Value::as_array) else {
        return Err(Fault::unreadable("it has no records"));
    };
    let document = |record: &serde_json::Value| Document {
        href: record_address(record, base),
        ..Document::of(record.to_string().into_bytes())
    };
    let links = answer.get("links").and_then(serde_json::Value::as_array);
    let next = links.into_iter().flatten().find(|link| link.get("rel").and_then(|rel| rel.as_str()) == Some("next"));
    let next = next.and_then(|link| link.get("href")?.as_str()).map(|href| at_base(href, base));
    Ok(Found {
        documents: records.iter().map(document).collect(),
        matched: answer.get("matched").and_then(serde_json::Value::as_u64),
        next,
        unanswered: unanswered.rest(),
    })
}

/// Links of an archive behind a proxy name its public address; the one that is asked is that of the source.
fn at_base(href: &str, base: &str) -> String {
    match href.split_once("/api/v1/search") {
        Some((_, rest)) => format!("{base}/api/v1/search{rest}"),
        None => href.to_owned(),
    }
}

fn record_address(record: &serde_json::Value, base: &str) -> Option<String> {
    let text = |name: &str| record.get(name).and_then(serde_json::Value::as_str);
    let id = encode(text("id")?);
    Some(match (text("kind")?, text("collection")) {
        ("product", Some(collection)) => format!("{base}/products/{}/{id}", encode(collection)),
        ("collection", _) => format!("{base}/collections/{id}"),
        (kind, _) => format!("{base}/api/v1/records/{kind}/{id}"),
    })
}

fn parameters(query: &Query, source: &crate::federation::Source) -> (QueryString, Unanswered) {
    let (mut sent, mut left) = (QueryString::default(), Unanswered::of(query));
    let mut add = |part: Part, name: &str, value: &str| {
        sent.add(name, value);
        left.answer(part);
    };
    if let Some(text) = query.wanted_text().filter(|text| text.mode == TextMode::Native) {
        add(Part::Text, "q", &text.text);
    } else if let Some(terms) = super::super::wording::terms(query) {
        add(Part::Text, "q", &terms.join(" "));
    }
    if is_listable(&query.ids) {
        add(Part::Ids, "ids", &query.ids.join(","));
    }
    // All of them or none: a value that holds a comma cannot be said.
    if query.facets.values().all(|values| is_listable(values)) {
        query.facets.iter().for_each(|(facet, values)| add(Part::Facets, facet.as_str(), &values.join(",")));
    }
    if let Some(span) = interval(query) {
        add(Part::Time, "datetime", &span);
    }
    region(query, &mut add);
    if let Some(filter) = sayable(query, native_name).filter(|_| !query.filters.is_empty()) {
        add(Part::Filter, "filter", &filter.text);
    }
    if let Some(names) = sort(query).filter(|_| !query.sort.is_empty()) {
        add(Part::Sort, "sort", &names.join(","));
    }
    let kinds: Vec<&str> = query.wanted_kinds().iter().map(|kind| kind.as_str()).collect();
    sent.add("kind", &kinds.join(","));
    sent.add("limit", &query.limit.to_string());
    if !query.facets.contains_key(&Facet::Collection) && is_listable(&source.collections) {
        sent.add("collection", &source.collections.join(","));
    }
    (sent, left)
}

fn region(query: &Query, add: &mut dyn FnMut(Part, &str, &str)) {
    let Some(region) = &query.region else { return };
    let bbox = region.bbox;
    match (&region.geometry, region.circle, region.heights) {
        (Some(geometry), _, None) => add(Part::Space, "intersects", geometry),
        (None, Some(circle), None) => add(Part::Space, "circle", &listed(&circle)),
        (None, None, None) => add(Part::Space, "bbox", &listed(&[bbox.west, bbox.south, bbox.east, bbox.north])),
        (None, None, Some([low, high])) => {
            add(Part::Space, "bbox", &listed(&[bbox.west, bbox.south, low, bbox.east, bbox.north, high]));
        }
        _ => return,
    }
    add(Part::Space, "body", &region.body);
}

fn is_listable(values: &[String]) -> bool {
    !values.is_empty() && values.iter().all(|value| !value.is_empty() && !value.contains(','))
}

fn sort(query: &Query) -> Option<Vec<String>> {
    let of = |key: &SortKey| {
        let (name, descends) = match key {
            SortKey::Relevance => ("relevance".to_owned(), false),
            SortKey::Time { descending } => ("time".to_owned(), *descending),
            SortKey::By { property: PropertyName::Member(path), descending } => {
                (format!("property:{path}"), *descending)
            }
            SortKey::By { property, descending } => (native_name(property)?, *descending),
        };
        (!name.contains(',')).then(|| format!("{}{name}", if descends { "-" } else { "" }))
    };
    query.sort.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::Source;

    #[test]
    fn a_question_is_passed_on_whole() {
        let source = Source::read(r#"{"id":"a","protocol":"perennial","url":"http://a.example"}"#).expect("a source");
        let mut query = Query { text: Some("sea \"ice\"".into()), limit: 3, ..Query::default() };
        query.sort = vec![SortKey::Time { descending: true }];
        query.facets.insert(Facet::Platform, vec!["Envisat".to_owned()]);
        let (sent, left) = parameters(&query, &source);
        let expected = "x?q=sea%20%22ice%22&platform=Envisat&sort=-time&kind=product&limit=3";
        assert_eq!((sent.on("x").as_str(), left.rest()), (expected, vec![]));
        query.facets.insert(Facet::Keyword, vec!["a, b".to_owned()]);
        assert_eq!(parameters(&query, &source).1.rest(), [Part::Facets], "a comma cannot be said");
    }

    #[test]
    fn links_are_followed_at_the_address_of_the_source() {
        let next = at_base("https://public.example/api/v1/search?token=x", "http://10.0.0.1:8080");
        assert_eq!(next, "http://10.0.0.1:8080/api/v1/search?token=x");
    }
}
