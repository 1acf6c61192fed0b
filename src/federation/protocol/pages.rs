//! Listings in pages of JSON, as STAC, OGC API Records and their like give them: features that are cut out as they stand, a
//! `next` link, a number of matches.

use serde::{Deserialize, Serialize};

use super::{Client, Document, Fault};
use crate::federation::outbound::Response;
use crate::model::json::{self, Fields};
use crate::model::uri::join;

/// Asked of services that speak GeoJSON.
pub const GEOJSON: &str = "application/geo+json, application/json;q=0.9";

/// The members of an object that is a whole answer.
///
/// # Errors
/// `Fault::ParseError`.
pub fn object<'t>(text: &'t str, response: &Response) -> Result<Fields<'t>, Fault> {
    Fields::parse(text.trim()).map_err(|error| {
        let media_type = response.media_type();
        let said =
            if media_type.contains("json") { String::new() } else { format!("; it is said to be {media_type:.80}") };
        Fault::unreadable(format!("{error}{said}"))
    })
}

/// The address of the link to the next page, if there is one that can be followed by GET at the same host.
///
/// # Errors
/// `Fault::Unsupported` for one that goes elsewhere or must be asked otherwise.
pub fn next(fields: &Fields<'_>, url: &str) -> Result<Option<String>, Fault> {
    for link in fields.get("links").and_then(json::elements).unwrap_or_default() {
        let Some(link) = Fields::of_valid(link).filter(|link| link.string("rel").as_deref() == Some("next")) else {
            continue;
        };
        if link.string("method").is_some_and(|method| !method.eq_ignore_ascii_case("get")) {
            return Err(Fault::unsupported("pages that are not asked for by GET"));
        }
        let href = link.string("href").and_then(|href| join(url, &href));
        let href = href.ok_or_else(|| Fault::unreadable("a link to the next page leads nowhere"))?;
        if host(&href) != host(url) {
            return Err(Fault::unsupported(format!("pages at another host, {:.100}", host(&href))));
        }
        return Ok(Some(href));
    }
    Ok(None)
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The number of matches that a page states.
pub fn matched(fields: &Fields<'_>) -> Option<u64> {
    let number = |fields: &Fields<'_>, name: &str| fields.get(name)?.trim().parse().ok();
    let context = || Fields::of_valid(fields.get("context")?).and_then(|context| number(&context, "matched"));
    number(fields, "numberMatched").or_else(|| number(fields, "numMatched")).or_else(context)
}

/// The elements of an array as documents, each cut out as it stands.
///
/// # Errors
/// `Fault::ParseError` when there is no such array.
pub fn documents(fields: &Fields<'_>, name: &str, base: &str) -> Result<Vec<Document>, Fault> {
    let elements = fields.get(name).and_then(json::elements);
    let elements = elements.ok_or_else(|| Fault::unreadable(format!("it has no array {name:?}")))?;
    Ok(elements.into_iter().map(|element| document(element, base)).collect())
}

/// One object with its id, the time of its last change and its own address.
pub fn document(element: &str, base: &str) -> Document {
    let mut document = Document::of(element.as_bytes().to_vec());
    let Some(fields) = Fields::of_valid(element) else { return document };
    let collection = fields.string("collection").filter(|_| fields.get("properties").is_some());
    document.id = fields.string("id").map(|id| match collection {
        // Ids of items are unique in their collection alone.
        Some(collection) => format!("{collection}/{id}"),
        None => id.into_owned(),
    });
    let properties = fields.get("properties").and_then(Fields::of_valid).unwrap_or_default();
    let changed = ["updated", "recordUpdated", "modified"].iter().find_map(|name| properties.string(name));
    document.datestamp = changed.map(std::borrow::Cow::into_owned);
    document.href = fields.get("links").and_then(json::elements).unwrap_or_default().into_iter().find_map(|link| {
        let link = Fields::of_valid(link)?;
        let is_own = link.string("rel").as_deref() == Some("self");
        join(base, &link.string("href").filter(|_| is_own)?)
    });
    document
}

/// Where a listing of several resources, one after the other, goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Address of the page.
    pub url: String,
    /// First pages of the resources that come after this one.
    pub then: Vec<String>,
    /// Records of the resources before; absent when one of them did not say.
    pub before: Option<u64>,
}

impl Place {
    /// A listing that begins with the first of these addresses.
    pub fn first(addresses: Vec<String>) -> Option<Self> {
        let mut addresses = addresses.into_iter();
        Some(Self { url: addresses.next()?, then: addresses.collect(), before: Some(0) })
    }

    /// Reads what [`Self::page`] wrote.
    ///
    /// # Errors
    /// `Fault::ParseError`.
    pub fn read(page: &str) -> Result<Self, Fault> {
        serde_json::from_str(page).map_err(Fault::unreadable)
    }

    /// What comes after a page that leads to `next` and states so many matches; `None` at the end.
    pub fn after(&self, next: Option<String>, matched: Option<u64>) -> Option<Self> {
        if let Some(url) = next {
            return Some(Self { url, ..self.clone() });
        }
        let mut then = self.then.iter();
        let url = then.next()?.clone();
        Some(Self { url, then: then.cloned().collect(), before: self.total(matched) })
    }

    /// Records of all resources up to this one.
    pub fn total(&self, matched: Option<u64>) -> Option<u64> {
        self.before.zip(matched).map(|(before, matched)| before + matched)
    }

    /// As a `next`.
    pub fn page(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// The answer at an address of the source.
///
/// # Errors
/// `Fault`.
pub fn get(client: &Client<'_>, url: &str) -> Result<Response, Fault> {
    client.get(url, GEOJSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_link_is_followed_at_the_same_host_alone() {
        let next_of = |text: &str| next(&Fields::parse(text).expect("JSON"), "http://a.example/x?y=1");
        let link = |href: &str, more: &str| {
            format!(r#"{{"links":[{{"rel":"self","href":"/"}},{{"rel":"next","href":"{href}"{more}}}]}}"#)
        };
        assert_eq!(next_of(&link("?y=2", "")), Ok(Some("http://a.example/x?y=2".to_owned())));
        assert_eq!(next_of("{}"), Ok(None));
        assert!(matches!(next_of(&link("http://b.example/", "")), Err(Fault::Unsupported { .. })));
        assert!(matches!(next_of(&link("/", r#","method":"POST""#)), Err(Fault::Unsupported { .. })));
    }

    #[test]
    fn resources_are_listed_one_after_the_other_and_counted_together() {
        let first = Place::first(vec!["a".into(), "b".into()]).expect("one");
        let second_page = first.after(Some("a2".into()), Some(7)).expect("more");
        assert_eq!((second_page.url.as_str(), second_page.before), ("a2", Some(0)));
        let next = second_page.after(None, Some(7)).expect("more");
        assert_eq!((next.url.as_str(), next.before, next.total(Some(3))), ("b", Some(7), Some(10)));
        assert_eq!(next.after(None, Some(3)), None);
        assert_eq!(first.after(None, None).and_then(|next| next.total(Some(3))), None, "one did not say");
        assert_eq!(Place::read(&next.page().expect("a text")), Ok(next));
    }

    #[test]
    fn an_item_is_named_with_its_collection() {
        let item = r#"{"id":"i", "collection":"c","properties":{"updated":"2026-01-01T00:00:00Z"},"links":[{"rel":"self","href":"i.json"}]}"#;
        let made = document(item, "http://a.example/stac/");
        assert_eq!((made.id.as_deref(), made.href.as_deref()), (Some("c/i"), Some("http://a.example/stac/i.json")));
        assert_eq!(made.bytes, item.as_bytes());
    }
}
