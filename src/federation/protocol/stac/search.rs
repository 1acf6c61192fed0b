//! Searches at STAC APIs: items by item search, collections by collection search. What the service answers is read from the
//! conformance classes of its landing page; what it does not is left over.

use serde_json::{Map, Value, json as object};

use super::super::wording::{
    QueryString, Unanswered, collections, earth_box, followable, interval, is_same_origin, json, listed,
    only_collections, sayable, sort_names, terms,
};
use super::super::{Document, Part};
use super::{Ask, Client, Fault, Found};
use crate::model::uri::join;
use crate::model::{Kind, Query};
use crate::query::cql2::stac_name;

const GEOJSON: &str = "application/geo+json, application/json;q=0.9";

/// What a landing page says.
#[derive(Debug, Default)]
struct Landing {
    conforms: Vec<String>,
    get: Option<String>,
    post: Option<String>,
    collections: Option<String>,
}

impl Landing {
    fn read(bytes: &[u8], base: &str) -> Result<Self, Fault> {
        let landing = json(bytes)?;
        let mut read = Self::default();
        let texts = landing.get("conformsTo").and_then(Value::as_array).into_iter().flatten();
        read.conforms = texts.filter_map(Value::as_str).map(str::to_owned).collect();
        for link in landing.get("links").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| link.get(name).and_then(Value::as_str);
            let Some(href) = text("href").and_then(|href| join(&format!("{base}/"), href)) else { continue };
            let place = match (text("rel").unwrap_or_default(), text("method").unwrap_or("GET")) {
                _ if !is_same_origin(&href, base) => continue,
                ("search", "POST") => &mut read.post,
                ("search", _) => &mut read.get,
                ("data", _) => &mut read.collections,
                _ => continue,
            };
            *place = Some(href);
        }
        Ok(read)
    }

    /// Whether a class is declared, in any version.
    fn has(&self, class: &str) -> bool {
        self.conforms.iter().any(|uri| uri.ends_with(class))
    }
}

/// What the service answers.
struct Can {
    of_items: bool,
    /// Whether it takes any condition at all.
    searches: bool,
    filter: bool,
    sort: bool,
    text: bool,
}

impl Can {
    fn of(client: &Client<'_>, landing: &Landing, of_items: bool) -> Self {
        let said = client.source.capabilities;
        let resource = if of_items { "/item-search" } else { "/collection-search" };
        let has = |class: &str| landing.has(&format!("{resource}#{class}"));
        Self {
            of_items,
            searches: of_items || landing.has(resource),
            filter: said.filter.unwrap_or_else(|| has("filter")),
            sort: said.sort.unwrap_or_else(|| has("sort")),
            text: said.text.unwrap_or_else(|| has("free-text")),
        }
    }
}

/// One page of matches.
pub fn search(client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
    let base = client.source.url.as_str();
    let landing = Landing::read(&client.describe(base, "application/json")?, base)?;
    let of_items = ask.query.wanted_kinds().contains(&Kind::Product);
    let can = Can::of(client, &landing, of_items);
    let names = collections(client.source, ask.query);
    if names.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Found { matched: Some(0), ..Found::default() });
    }
    let (members, unanswered) = members(ask.query, names, &can);
    let wanted = match (ask.page, of_items) {
        (Some(page), _) => Wanted::follow(page, base)?,
        (None, true) => match (&landing.post, &landing.get) {
            (Some(address), _) => Wanted::post(address, &members, ask.query.limit),
            (None, Some(address)) => Wanted::get(address, &members, ask.query.limit),
            (None, None) => return Err(Fault::unsupported("items: its landing page names no search")),
        },
        (None, false) => {
            let address = landing.collections.unwrap_or_else(|| format!("{base}/collections"));
            Wanted::get(&address, &members, ask.query.limit)
        }
    };
    let bytes = match &wanted.body {
        Some(body) => client.post(&wanted.address, GEOJSON, "application/json", body.to_string().as_bytes())?.body,
        None => client.get(&wanted.address, GEOJSON)?.body,
    };
    let mut found = wanted.read(&json(&bytes)?, of_items)?;
    found.unanswered = unanswered.rest();
    Ok(found)
}

/// The members of a search, and what is left over.
fn members(query: &Query, names: Option<Vec<String>>, can: &Can) -> (Map<String, Value>, Unanswered) {
    let (mut members, mut left) = (Map::new(), Unanswered::of(query));
    let mut set = |part: Option<Part>, name: &str, value: Value| {
        members.insert(name.to_owned(), value);
        part.into_iter().for_each(|part| left.answer(part));
    };
    if let (Some(names), true) = (names, can.of_items) {
        set(only_collections(query).then_some(Part::Facets), "collections", object!(names));
    }
    if !query.ids.is_empty() && can.of_items {
        set(Some(Part::Ids), "ids", object!(query.ids));
    }
    if let (Some(span), true) = (interval(query), can.searches) {
        set(Some(Part::Time), "datetime", Value::String(span));
    }
    let shape = query.region.as_ref().filter(|region| region.body == "earth" && region.heights.is_none());
    let shape = shape.and_then(|region| serde_json::from_str::<Value>(region.geometry.as_deref()?).ok());
    match (earth_box(query), shape) {
        (Some(bbox), _) if can.searches => set(Some(Part::Space), "bbox", object!(bbox)),
        (None, Some(shape)) if can.of_items => set(Some(Part::Space), "intersects", shape),
        _ => {}
    }
    if let (Some(terms), true) = (terms(query), can.text) {
        set(Some(Part::Text), "q", object!(terms));
    }
    if let (Some(filter), true) = (sayable(query, stac_name), can.filter && !query.filters.is_empty()) {
        set(None, "filter-lang", Value::from("cql2-json"));
        set(Some(Part::Filter), "filter", filter.json);
    }
    if let (Some(keys), true) = (sort_names(query, stac_name), can.sort && !query.sort.is_empty()) {
        let keys: Vec<Value> = keys.into_iter().map(|(name, descends)| sort_key(name, descends)).collect();
        set(Some(Part::Sort), "sortby", Value::Array(keys));
    }
    (members, left)
}

fn sort_key(name: String, descends: bool) -> Value {
    let is_own = matches!(name.as_str(), "id" | "collection");
    let field = if is_own { name } else { format!("properties.{name}") };
    object!({"field": field, "direction": if descends { "desc" } else { "asc" }})
}

/// A request.
struct Wanted {
    address: String,
    body: Option<Value>,
}

impl Wanted {
    fn post(address: &str, members: &Map<String, Value>, limit: usize) -> Self {
        let mut body = members.clone();
        body.insert("limit".to_owned(), Value::from(limit));
        Self { address: address.to_owned(), body: Some(Value::Object(body)) }
    }

    fn get(address: &str, members: &Map<String, Value>, limit: usize) -> Self {
        let mut query = QueryString::default();
        query.add("limit", &limit.to_string());
        members.iter().for_each(|(name, value)| query.add(name, &text_of(name, value)));
        Self { address: query.on(address), body: None }
    }

    /// A next link as it was kept.
    fn follow(page: &str, base: &str) -> Result<Self, Fault> {
        let kept = json(page.as_bytes())?;
        let href = kept.get("href").and_then(Value::as_str).unwrap_or_default();
        Ok(Self { address: followable(base, href)?, body: kept.get("body").cloned() })
    }

    fn read(&self, answer: &Value, of_items: bool) -> Result<Found, Fault> {
        let list = if of_items { "features" } else { "collections" };
        let Some(found) = answer.get(list).and_then(Value::as_array) else {
            return Err(Fault::unreadable(format!("it has no {list}")));
        };
        let document = |item: &Value| {
            let href = self.link(item, "self").map(|(href, _)| href);
            Document { href, ..Document::of(item.to_string().into_bytes()) }
        };
        let matched = ["numberMatched", "matched"].iter().find_map(|name| answer.get(*name)?.as_u64());
        let matched = matched.or_else(|| answer.get("context")?.get("matched")?.as_u64());
        let next = if found.is_empty() { None } else { self.next(answer) };
        Ok(Found { documents: found.iter().map(document).collect(), matched, next, unanswered: Vec::new() })
    }

    fn link<'v>(&self, document: &'v Value, rel: &str) -> Option<(String, &'v Value)> {
        let links = document.get("links")?.as_array()?;
        let link = links.iter().find(|link| link.get("rel").and_then(Value::as_str) == Some(rel))?;
        Some((join(&self.address, link.get("href")?.as_str()?)?, link))
    }

    /// The next link with all that is needed to follow it; `merge` means that the body of the request is kept.
    fn next(&self, answer: &Value) -> Option<String> {
        let (href, link) = self.link(answer, "next")?;
        let method = link.get("method").and_then(Value::as_str).unwrap_or("GET");
        if !method.eq_ignore_ascii_case("post") {
            return Some(object!({"href": href}).to_string());
        }
        let keeps = link.get("merge").and_then(Value::as_bool).unwrap_or(false);
        let mut body = self.body.clone().filter(|_| keeps).unwrap_or_else(|| object!({}));
        if let (Some(body), Some(given)) = (body.as_object_mut(), link.get("body").and_then(Value::as_object)) {
            body.extend(given.clone());
        }
        Some(object!({"href": href, "body": body}).to_string())
    }
}

/// A member as a parameter.
fn text_of(name: &str, value: &Value) -> String {
    let direction = |key: &Value| if key.get("direction") == Some(&Value::from("desc")) { "-" } else { "" };
    let field = |key: &Value| key.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
    match value {
        Value::String(text) => text.clone(),
        Value::Array(keys) if name == "sortby" => {
            keys.iter().map(|key| format!("{}{}", direction(key), field(key))).collect::<Vec<_>>().join(",")
        }
        Value::Array(items) if name == "bbox" => listed(&items.iter().filter_map(Value::as_f64).collect::<Vec<_>>()),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SortKey;
    use crate::query::cql2::{from_text, stac};

    fn question() -> Query {
        Query {
            text: Some("sea ice".into()),
            filters: vec![from_text("eo:cloud_cover < 10", stac).expect("a filter")],
            sort: vec![SortKey::Time { descending: true }],
            ..Query::default()
        }
    }

    #[test]
    fn what_the_service_answers_is_sent_and_the_rest_is_left() {
        let all = Can { of_items: true, searches: true, filter: true, sort: true, text: true };
        let (sent, left) = members(&question(), None, &all);
        let sent = Value::Object(sent);
        assert_eq!(sent["q"], object!(["sea", "ice"]));
        assert_eq!(sent["filter"], object!({"op": "<", "args": [{"property": "eo:cloud_cover"}, 10.0]}));
        assert_eq!(sent["sortby"], object!([{"field": "properties.datetime", "direction": "desc"}]));
        assert_eq!(left.rest(), []);
        let none = Can { of_items: true, searches: true, filter: false, sort: false, text: false };
        let (sent, left) = members(&question(), None, &none);
        assert!(sent.is_empty(), "{sent:?}");
        assert_eq!(left.rest(), [Part::Text, Part::Filter, Part::Sort]);
    }

    #[test]
    fn a_next_link_keeps_the_request_and_leads_nowhere_else() {
        let link = object!({"rel": "next", "method": "POST", "merge": true, "href": "search", "body": {"token": "t"}});
        let answer = object!({"features": [{"id": "x", "links": [{"rel": "self", "href": "x"}]}], "links": [link]});
        let wanted = Wanted::post("https://a.example/stac/search", &Map::new(), 5);
        let found = wanted.read(&answer, true).expect("an answer");
        assert_eq!(found.documents[0].href.as_deref(), Some("https://a.example/stac/x"));
        let next = Wanted::follow(&found.next.expect("a next page"), "https://a.example/stac").expect("followable");
        assert_eq!(next.body, Some(object!({"limit": 5, "token": "t"})));
        assert!(Wanted::follow(r#"{"href":"http://169.254.169.254/"}"#, "https://a.example").is_err());
    }

    #[test]
    fn what_is_no_answer_is_no_empty_list() {
        let wanted = Wanted::get("https://a.example/stac/search", &Map::new(), 5);
        for answer in [object!({"detail": "no"}), object!([]), object!({"features": 3})] {
            assert!(matches!(wanted.read(&answer, true), Err(Fault::ParseError { .. })), "{answer}");
        }
    }
}
