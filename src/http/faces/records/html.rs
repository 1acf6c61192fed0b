//! Any JSON document of this face as a page of the house: for people who follow a link with a browser. The pages for
//! people stand elsewhere; this one shows what a client gets.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};

use crate::http::faces::pages::layout::Frame;
use crate::http::faces::pages::words;
use crate::model::json::{Fields, elements, read_string};

/// Deepest members shown as tables; what nests deeper is shown as text.
const MAX_DEPTH: usize = 6;
/// Characters of a description in a list.
const DESCRIPTION: usize = 500;
/// Values of a list on one line.
const MOST_IN_LINE: usize = 12;
/// Lists of documents.
const LISTS: [&str; 2] = ["features", "collections"];

/// A whole page.
pub fn page(title: &str, json: &str, media_type: &'static str) -> HttpResponse {
    let document = Fields::of_valid(json).and_then(|fields| link(&fields, "alternate"));
    let alternates = document.map(|href| (media_type, local(&href).to_owned())).into_iter().collect();
    let frame = Frame { alternates, ..Frame::new(title) };
    frame.answer(StatusCode::OK, &content(title, json))
}

fn content(title: &str, json: &str) -> Markup {
    let fields = Fields::of_valid(json).unwrap_or_default();
    let list = LISTS.iter().find_map(|name| fields.get(name)).and_then(elements);
    html! {
        p.kicker { a href="/records?f=html" { "OGC API Records" } }
        h1 { (title) }
        @if let Some(list) = list {
            @if let Some(matched) = fields.get("numberMatched") { p.note { (matched) " in all, " (list.len()) " on this page." } }
            ol.listing { @for document in &list { (entry(document)) } }
            (steps(&fields))
            details { summary { "More of this document" } (table(&fields, &LISTS, 0)) }
        } @else {
            (value(json, 0))
        }
    }
}

/// One record or collection in a list: its title leads to it.
fn entry(document: &str) -> Markup {
    let fields = Fields::of_valid(document).unwrap_or_default();
    let properties = fields.get("properties").and_then(Fields::of_valid).unwrap_or_default();
    let text = |name: &str| fields.string(name).or_else(|| properties.string(name));
    let title = text("title").or_else(|| text("id")).unwrap_or_default();
    html! {
        li {
            h2 { @match link(&fields, "self") {
                Some(href) => a href=(as_page(local(&href))) dir="auto" { (title) },
                None => (title),
            } }
            @if let Some(id) = text("id") { p.id { bdi { (id) } } }
            @if let Some(description) = text("description") { p.snippet dir="auto" { (words::shortened(&description, DESCRIPTION)) } }
        }
    }
}

/// The address of a link by its relation.
fn link(fields: &Fields<'_>, rel: &str) -> Option<String> {
    let links = elements(fields.get("links")?)?;
    let mut links = links.into_iter().filter_map(Fields::of_valid);
    let found = links.find(|link| link.string("rel").as_deref() == Some(rel))?;
    found.string("href").filter(|href| is_web(href)).map(std::borrow::Cow::into_owned)
}

/// The page after this one. Its address asks for a page already.
fn steps(fields: &Fields<'_>) -> Markup {
    html! {
        @if let Some(next) = link(fields, "next") {
            nav.pages aria-label="Pages" { a.next rel="next" href=(local(&next)) { "Next page" } }
        }
    }
}

/// An address of this face without the host, which the reader knows already.
fn local(href: &str) -> &str {
    href.find("/records").and_then(|at| href.get(at..)).unwrap_or(href)
}

/// The address that gives the page rather than the document.
fn as_page(href: &str) -> String {
    format!("{href}{}f=html", if href.contains('?') { '&' } else { '?' })
}

/// Members of an object; what leads on comes before what is implemented.
fn table(fields: &Fields<'_>, but: &[&str], depth: usize) -> Markup {
    let (last, first): (Vec<_>, Vec<_>) =
        fields.iter().filter(|(name, _)| !but.contains(name)).partition(|(name, _)| *name == "conformsTo");
    html! {
        dl.facts {
            @for (name, text) in first.into_iter().chain(last) {
                div { dt { (name) } dd { (value(text, depth + 1)) } }
            }
        }
    }
}

fn value(text: &str, depth: usize) -> Markup {
    if depth > MAX_DEPTH {
        return html! { code { (text) } };
    }
    if let Some(fields) = Fields::of_valid(text) {
        return match (fields.string("href"), fields.string("rel")) {
            (Some(href), Some(rel)) if is_web(&href) => {
                let title = fields.string("title").unwrap_or_else(|| href.clone());
                html! { a href=(href) rel="external nofollow noopener" { (title) } " " span.note { "(" (rel) ")" } }
            }
            _ => table(&fields, &[], depth),
        };
    }
    match elements(text) {
        Some(list) if list.len() <= MOST_IN_LINE && list.iter().all(|element| !element.starts_with(['{', '['])) => {
            let parts: Vec<String> = list.iter().map(|element| plain(element)).collect();
            html! { (parts.join(", ")) }
        }
        Some(list) => html! { ul.plain { @for element in list { li { (value(element, depth + 1)) } } } },
        None => html! { (plain(text)) },
    }
}

fn plain(text: &str) -> String {
    read_string(text).map_or_else(|| text.to_owned(), std::borrow::Cow::into_owned)
}

/// A record may name any address; only those of the web become links.
fn is_web(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_says_never_becomes_markup_or_script() {
        let json = r#"{"title":"<script>alert(1)</script>","a":{"b":["<i>",{"rel":"via","href":"javascript:alert(1)"}]},"links":[{"rel":"x\"","href":"https://e.org/?a=\"&b","title":"<b>"}]}"#;
        let page = content("A <title>", json).into_string();
        assert!(!page.contains("<script>") && !page.contains("<i>") && !page.contains("href=\"javascript"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("https://e.org/?a=&quot;&amp;b"), "{page}");
    }

    #[test]
    fn a_list_leads_to_its_entries_and_its_next_page() {
        let json = r#"{"features":[{"id":"a","properties":{"title":"A"},"links":[{"rel":"self","href":"http://h/records/a"}]},{"id":"b","links":[{"rel":"self","href":"javascript:b"}]}],"numberMatched":7,"links":[{"rel":"next","href":"http://h/records?token=t&f=html"}]}"#;
        let page = content("List", json).into_string();
        for part in ["href=\"/records/a?f=html\"", "href=\"/records?token=t&amp;f=html\"", "7 in all, 2 on this page"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("javascript:b?"), "{page}");
    }

    #[test]
    fn deep_documents_are_shown_as_text() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(content("x", &format!("{{\"a\":{deep}}}")).into_string().contains("[[["));
    }
}
