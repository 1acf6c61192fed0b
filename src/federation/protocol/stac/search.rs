//! Searches at STAC APIs: items by item search, collections by collection search. What the service answers is read from the
//! conformance classes of its landing page; what it does not is left over.

use serde_json::{Map, Value, json as object};

use crate::federation::asking::{
    Abilities, Ask, Batch, Call, Caller, Document, Part, QueryString, absolute, all_filters, broken, earth_box, interval,
    is_same_origin, json, listed, sayable, sort_names, terms, unsupported,
};
use crate::federation::outcome::Outcome;
use crate::model::{Facet, Kind, Query};
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
    fn read(bytes: &[u8], base: &str) -> Result<Self, Outcome> {
        let landing = json(bytes)?;
        let mut read = Self::default();
        let texts = landing.get("conformsTo").and_then(Value::as_array).into_iter().flatten();
        read.conforms = texts.filter_map(Value::as_str).map(str::to_owned).collect();
        for link in landing.get("links").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| link.get(name).and_then(Value::as_str);
            let (Some(rel), Some(href)) = (text("rel"), text("href")) else { continue };
            let href = absolute(href, &format!("{base}/"));
            let place = match (rel, text("method").unwrap_or("GET")) {
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

    /// Whether a class of a resource is declared, in any version.
    fn has(&self, resource: &str, class: &str) -> bool {
        let end = format!("{resource}#{class}");
        self.conforms.iter().any(|uri| uri.ends_with(&end))
    }
}

/// Asks once.
///
/// # Errors
/// What became of it, when there is no answer.
pub fn search(base: &str, abilities: Abilities, ask: &Ask<'_>, call: Caller<'_>) -> Result<Batch, Outcome> {
    let base = base.trim_end_matches('/');
    let landing = Landing::read(&call(&Call::description(base.to_owned(), "application/json"))?, base)?;
    let of_items = ask.query.wanted_kinds().contains(&Kind::Product);
    if of_items && landing.get.is_none() && landing.post.is_none() {
        return Err(unsupported("it has no item search"));
    }
    let resource = if of_items { "item-search" } else { "collection-search" };
    let can = Can {
        searches: of_items || landing.conforms.iter().any(|uri| uri.ends_with("/collection-search")),
        filters: abilities.filters.unwrap_or_else(|| landing.has(resource, "filter")),
        sort: abilities.sort.unwrap_or_else(|| landing.has(resource, "sort")),
        text: abilities.text.unwrap_or_else(|| landing.has(resource, "free-text")),
        is_complete: of_items,
    };
    let (members, left) = members(ask.query, &can);
    let (wanted, address) = match (of_items, ask.after) {
        (_, Some(after)) => return page(&follow(after, base)?, call, base, left, of_items),
        (true, None) => match (&landing.post, &landing.get) {
            (Some(address), _) => (post(address, &members, ask.limit), address.clone()),
            (None, Some(address)) => (get(address, &members, ask.limit), address.clone()),
            (None, None) => return Err(unsupported("it has no item search")),
        },
        (false, None) => {
            let address = landing.collections.unwrap_or_else(|| format!("{base}/collections"));
            (get(&address, &members, ask.limit), address)
        }
    };
    page(&wanted, call, &address, left, of_items)
}

/// What the service answers.
struct Can {
    searches: bool,
    filters: bool,
    sort: bool,
    text: bool,
    /// Whether it takes identifiers and shapes.
    is_complete: bool,
}

/// The members of a search, and what is left over.
fn members(query: &Query, can: &Can) -> (Map<String, Value>, Vec<Part>) {
    let (mut members, mut left) = (Map::new(), vec![Part::Kinds]);
    if !query.ids.is_empty() {
        if can.is_complete { set(&mut members, "ids", object!(query.ids)) } else { left.push(Part::Ids) }
    }
    facets(query, can, &mut members, &mut left);
    match interval(query) {
        Some(span) if can.searches => set(&mut members, "datetime", Value::String(span)),
        Some(_) => left.push(Part::Time),
        None => {}
    }
    region(query, can, &mut members, &mut left);
    match terms(query) {
        Some(terms) if can.text => set(&mut members, "q", object!(terms)),
        _ if query.wanted_text().is_some() => left.push(Part::Text),
        _ => {}
    }
    if !can.filters {
        left.extend(all_filters(query));
    } else if let Some(filter) = sayable(query, stac_name, &mut left) {
        set(&mut members, "filter-lang", Value::from("cql2-json"));
        set(&mut members, "filter", filter.json);
    }
    match sort_names(query, stac_name) {
        Some(names) if can.sort => {
            let keys = names.into_iter().map(|(name, descends)| {
                let direction = if descends { "desc" } else { "asc" };
                let is_own = matches!(name.as_str(), "id" | "collection");
                let field = if is_own { name } else { format!("properties.{name}") };
                object!({"field": field, "direction": direction})
            });
            if !query.sort.is_empty() {
                set(&mut members, "sortby", Value::Array(keys.collect()));
            }
        }
        _ if query.sort.is_empty() => {}
        _ => left.push(Part::Sort),
    }
    (members, left)
}

fn set(members: &mut Map<String, Value>, name: &str, value: Value) {
    members.insert(name.to_owned(), value);
}

fn facets(query: &Query, can: &Can, members: &mut Map<String, Value>, left: &mut Vec<Part>) {
    let others = query.facets.keys().any(|facet| *facet != Facet::Collection);
    match query.facets.get(&Facet::Collection) {
        Some(collections) if can.is_complete => set(members, "collections", object!(collections)),
        Some(_) => left.push(Part::Facets),
        None => {}
    }
    if others && !left.contains(&Part::Facets) {
        left.push(Part::Facets);
    }
}

fn region(query: &Query, can: &Can, members: &mut Map<String, Value>, left: &mut Vec<Part>) {
    let Some(region) = &query.region else { return };
    let shape = region.geometry.as_deref().filter(|_| region.body == "earth" && region.heights.is_none());
    match (earth_box(query), shape.and_then(|text| serde_json::from_str(text).ok())) {
        (Some(bbox), _) if can.searches => set(members, "bbox", object!(bbox)),
        (None, Some(shape)) if can.is_complete => set(members, "intersects", shape),
        _ => left.push(Part::Region),
    }
}

fn post(address: &str, members: &Map<String, Value>, limit: usize) -> Call {
    let mut body = members.clone();
    set(&mut body, "limit", Value::from(limit));
    let body = Value::Object(body).to_string().into_bytes();
    Call::post(address.to_owned(), GEOJSON, "application/json", body)
}

fn get(address: &str, members: &Map<String, Value>, limit: usize) -> Call {
    let mut query = QueryString::default();
    query.add("limit", &limit.to_string());
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) if name == "sortby" => sort_text(items),
            Value::Array(items) if name == "bbox" => {
                listed(&items.iter().filter_map(Value::as_f64).collect::<Vec<_>>())
            }
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        };
        query.add(name, &text);
    }
    Call::get(query.on(address), GEOJSON)
}

fn sort_text(keys: &[Value]) -> String {
    let text = |key: &Value| {
        let name = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{}{}", if name("direction") == "desc" { "-" } else { "" }, name("field"))
    };
    keys.iter().map(text).collect::<Vec<_>>().join(",")
}

/// A next link as it was kept.
fn follow(after: &str, base: &str) -> Result<Call, Outcome> {
    let kept = json(after.as_bytes())?;
    let href = kept.get("href").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !is_same_origin(&href, base) {
        return Err(Outcome::Refused { reason: "its next link leads elsewhere".to_owned() });
    }
    Ok(match kept.get("body") {
        Some(body) => Call::post(href, GEOJSON, "application/json", body.to_string().into_bytes()),
        None => Call::get(href, GEOJSON),
    })
}

/// Makes the request and reads the page.
fn page(wanted: &Call, call: Caller<'_>, base: &str, left: Vec<Part>, of_items: bool) -> Result<Batch, Outcome> {
    let answer = json(&call(wanted)?)?;
    let list = if of_items { "features" } else { "collections" };
    let Some(found) = answer.get(list).and_then(Value::as_array) else {
        return Err(broken(format!("its answer has no {list}")));
    };
    let documents = found.iter().map(|item| Document { href: own_link(item, base), bytes: item.to_string().into_bytes() });
    let matched = ["numberMatched", "matched"].iter().find_map(|name| answer.get(*name)?.as_u64());
    let matched = matched.or_else(|| answer.get("context")?.get("matched")?.as_u64());
    let next = if found.is_empty() { None } else { next_of(&answer, wanted, base) };
    Ok(Batch { documents: documents.collect(), next, matched, left })
}

fn own_link(item: &Value, base: &str) -> Option<String> {
    let links = item.get("links")?.as_array()?;
    let own = links.iter().find(|link| link.get("rel").and_then(Value::as_str) == Some("self"))?;
    Some(absolute(own.get("href")?.as_str()?, base))
}

/// The next link with all that is needed to follow it; `merge` means that the body of the request is kept.
fn next_of(answer: &Value, wanted: &Call, base: &str) -> Option<String> {
    let links = answer.get("links")?.as_array()?;
    let next = links.iter().find(|link| link.get("rel").and_then(Value::as_str) == Some("next"))?;
    let href = absolute(next.get("href")?.as_str()?, base);
    let is_post = next.get("method").and_then(Value::as_str).is_some_and(|method| method.eq_ignore_ascii_case("post"));
    if !is_post {
        return Some(object!({"href": href}).to_string());
    }
    let given = next.get("body").cloned().unwrap_or_else(|| object!({}));
    let mut body = match (&wanted.body, next.get("merge").and_then(Value::as_bool)) {
        (Some((_, sent)), Some(true)) => serde_json::from_slice(sent).ok()?,
        _ => object!({}),
    };
    if let (Some(body), Some(given)) = (body.as_object_mut(), given.as_object()) {
        body.extend(given.clone());
    }
    Some(object!({"href": href, "body": body}).to_string())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::query::cql2::{from_text, stac};

    const BASE: &str = "https://a.example/stac";

    fn landing(classes: &[&str]) -> Vec<u8> {
        let conforms: Vec<String> = classes.iter().map(|class| format!("https://api.stacspec.org/v1.0.0/{class}")).collect();
        let links = object!([{"rel": "search", "method": "POST", "href": "https://a.example/stac/search"}]);
        object!({"conformsTo": conforms, "links": links}).to_string().into_bytes()
    }

    /// Asks with these classes and gives what was sent and what came of it.
    fn asked(query: &Query, classes: &[&str], answer: &Value) -> (Value, Result<Batch, Outcome>) {
        let sent = RefCell::new(Value::Null);
        let call = |call: &Call| {
            if call.is_description {
                return Ok(landing(classes));
            }
            let body = call.body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
            *sent.borrow_mut() = serde_json::from_slice(&body).unwrap_or(Value::from(call.url.clone()));
            Ok(answer.to_string().into_bytes())
        };
        let batch = search(BASE, Abilities::default(), &Ask { query, limit: 5, after: None }, &call);
        (sent.into_inner(), batch)
    }

    fn question() -> Query {
        Query {
            text: Some("sea ice".into()),
            filters: vec![from_text("eo:cloud_cover < 10", stac).expect("a filter")],
            sort: vec![crate::model::SortKey::Time { descending: true }],
            ..Query::default()
        }
    }

    #[test]
    fn what_the_service_answers_is_sent_and_the_rest_is_left() {
        let classes = ["item-search#filter", "item-search#sort", "item-search#free-text"];
        let answer = object!({"features": [{"id": "x", "links": [{"rel": "self", "href": "../x"}]}], "numberMatched": 7});
        let (sent, batch) = asked(&question(), &classes, &answer);
        assert_eq!(sent["q"], object!(["sea", "ice"]));
        assert_eq!(sent["filter"], object!({"op": "<", "args": [{"property": "eo:cloud_cover"}, 10.0]}));
        assert_eq!(sent["sortby"], object!([{"field": "properties.datetime", "direction": "desc"}]));
        let batch = batch.expect("an answer");
        assert_eq!((batch.matched, batch.left.as_slice()), (Some(7), [Part::Kinds].as_slice()));
        let (sent, batch) = asked(&question(), &[], &answer);
        assert_eq!(sent, object!({"limit": 5}));
        assert_eq!(batch.expect("an answer").left, [Part::Kinds, Part::Text, Part::Filter(0), Part::Sort]);
    }

    #[test]
    fn a_next_link_keeps_the_request_and_leads_nowhere_else() {
        let next = object!({"rel": "next", "method": "POST", "merge": true, "href": "https://a.example/stac/search", "body": {"token": "t"}});
        let answer = object!({"features": [{"id": "x"}], "links": [next]});
        let (_, batch) = asked(&Query::default(), &[], &answer);
        let after = batch.expect("an answer").next.expect("a next page");
        let call = follow(&after, BASE).expect("followable");
        let body: Value = serde_json::from_slice(&call.body.expect("a body").1).expect("JSON");
        assert_eq!(body, object!({"limit": 5, "token": "t"}));
        assert!(matches!(follow(r#"{"href":"http://169.254.169.254/"}"#, BASE), Err(Outcome::Refused { .. })));
    }

    #[test]
    fn what_is_no_answer_is_no_empty_list() {
        for answer in [object!({"detail": "no"}), object!([]), object!({"features": 3})] {
            assert!(matches!(asked(&Query::default(), &[], &answer).1, Err(Outcome::ParseError { .. })), "{answer}");
        }
    }
}
