//! The fields of the search: the box, time and area, the conditions that hold as chips that can be taken away, order and
//! page size.

use maud::{Markup, html};

use super::asked::{Asked, LIMITS};
use crate::http::faces::pages::words;
use crate::model::Facet;
use crate::model::uri::encode;

/// Orders that are offered: value of the parameter and name.
const ORDERS: [(&str, &str); 4] =
    [("", "Best match"), ("-time", "Newest observation"), ("time", "Oldest observation"), ("-updated", "Last changed")];

/// The box on top. What else was chosen stays.
pub fn form(asked: &Asked) -> Markup {
    html! {
        form.big.wide action="/search" role="search" {
            label.unseen for="q" { "Words, names or identifiers" }
            input #q type="search" name="q" value=(asked.text) placeholder="Words, names or identifiers" autocomplete="off"
                data-suggest="/api/v1/suggest";
            (kept(asked, &["q"]))
            button { "Search" }
            details.help {
                summary { "How to search" }
                p { "All words must occur. " code { "\"two words\"" } " is a phrase, " code { "mod10*" } " finds what begins so. "
                    "Identifiers can be pasted as they are: a DOI, a LIDVID, a file name." }
            }
        }
    }
}

/// Time and area, as a form of their own.
pub fn limits(asked: &Asked) -> Markup {
    html! {
        form.limits action="/search" {
            (kept(asked, &["from", "to", "bbox"]))
            fieldset {
                legend { "Time of observation" }
                div.pair {
                    div { label for="from" { "From" } input #from name="from" value=(asked.from) placeholder="2019-07" size="10" autocomplete="off"; }
                    div { label for="to" { "To" } input #to name="to" value=(asked.to) placeholder="2020" size="10" autocomplete="off"; }
                }
                p.note { "A year, a month or a day (UTC)." }
            }
            fieldset {
                legend { "Area" }
                label for="bbox" { "West, south, east, north" }
                input #bbox name="bbox" value=(asked.area) placeholder="-10, 35, 30, 60" autocomplete="off";
                p.note { "Degrees on "
                    (asked.area_body().unwrap_or("one body"))
                    ". West greater than east crosses 180°." }
            }
            button { "Apply time and area" }
        }
    }
}

/// A filter in CQL2, with what is wrong with it.
pub fn filter(asked: &Asked, fault: Option<&str>) -> Markup {
    html! {
        details.facet open[!asked.filter.is_empty()] {
            summary { "Filter by any property" }
            form.limits action="/search" {
                (kept(asked, &["filter"]))
                fieldset {
                    label for="filter" { "CQL2, such as " code { "gsd < 1 AND level = 'L1B'" } }
                    textarea #filter name="filter" rows="3" spellcheck="false" autocapitalize="off"
                        aria-invalid=[fault.map(|_| "true")] aria-describedby=[fault.map(|_| "filter-fault")] { (asked.filter) }
                    @if let Some(fault) = fault { p.fault #filter-fault role="alert" { (words::label_start(fault)) } }
                    p.note { "Names with a colon stand in double quotes, texts in single ones. "
                        a href=(properties(asked)) { "All properties that can be asked for" } "." }
                }
                button { "Apply the filter" }
            }
        }
    }
}

/// What can be filtered by: in the one collection that is chosen, or anywhere.
fn properties(asked: &Asked) -> String {
    match asked.facets.get(&Facet::Collection).map(Vec::as_slice).unwrap_or_default() {
        [collection] => format!("/api/v1/collections/{}/queryables", encode(collection)),
        _ => "/api/v1/queryables".to_owned(),
    }
}

/// Everything that was chosen but these fields, so that a form does not lose it.
fn kept(asked: &Asked, but: &[&str]) -> Markup {
    html! {
        @for (name, value) in asked.first_page().parts() {
            @if !but.contains(&name) { input type="hidden" name=(name) value=(value); }
        }
    }
}

/// The conditions that hold; each leads to the search without it.
pub fn chips(asked: &Asked) -> Markup {
    let chips = conditions(asked);
    html! {
        @if !chips.is_empty() {
            ul.chips aria-label="Conditions" {
                @for (name, value, without) in &chips {
                    li { a href=(without.href()) {
                        span.unseen { "Remove " } span.name { (name) } " " bdi { (words::shortened(value, 60)) } span.cross aria-hidden="true" { " ×" }
                    } }
                }
                @if chips.len() > 1 {
                    li { a.clear href=(Asked { text: asked.text.clone(), group: asked.group, ..Asked::default() }.href()) { "Remove all" } }
                }
            }
        }
    }
}

/// Each condition but the text: name, value, and the search without it.
pub fn conditions(asked: &Asked) -> Vec<(String, String, Asked)> {
    let mut found = Vec::new();
    for (facet, values) in &asked.facets {
        for value in values {
            found.push((facet_title(*facet).to_owned(), value.clone(), asked.less(*facet, value)));
        }
    }
    let first = asked.first_page();
    if !asked.from.is_empty() || !asked.to.is_empty() {
        let text = match (asked.from.as_str(), asked.to.as_str()) {
            (from, to) if from == to => from.to_owned(),
            (from, "") => format!("from {from}"),
            ("", to) => format!("to {to}"),
            (from, to) => format!("{from} to {to}"),
        };
        found.push(("Time".to_owned(), text, Asked { from: String::new(), to: String::new(), ..first.clone() }));
    }
    if !asked.area.is_empty() {
        found.push(("Area".to_owned(), asked.area.clone(), Asked { area: String::new(), ..first.clone() }));
    }
    for condition in &asked.properties {
        let properties = asked.properties.iter().filter(|known| *known != condition).cloned().collect();
        found.push(("Property".to_owned(), condition.clone(), Asked { properties, ..first.clone() }));
    }
    if !asked.filter.is_empty() {
        found.push(("Filter".to_owned(), asked.filter.clone(), asked.unfiltered()));
    }
    found
}

/// A facet as a heading.
pub const fn facet_title(facet: Facet) -> &'static str {
    match facet {
        Facet::Collection => "Collection",
        Facet::Mission => "Mission",
        Facet::Platform => "Platform",
        Facet::Instrument => "Instrument",
        Facet::Target => "Target",
        Facet::Level => "Processing level",
        Facet::DataType => "Type of data",
        Facet::Body => "Place",
        Facet::Access => "Access",
        Facet::Keyword => "Keyword",
    }
}

/// Order and page size.
pub fn order(asked: &Asked) -> Markup {
    let is_default =
        |name: &str| asked.sort == name || (name == "-time" && asked.sort.is_empty() && asked.text.is_empty());
    html! {
        div.order {
            nav aria-label="Order" {
                "Order: "
                @for (name, title) in ORDERS {
                    @if !(name.is_empty() && asked.text.is_empty()) {
                        @let sorted = Asked { sort: name.to_owned(), ..asked.first_page() };
                        a href=(sorted.href()) aria-current=[is_default(name).then_some("true")] { (title) } " "
                    }
                }
            }
            nav aria-label="Page size" {
                "Per page: "
                @for limit in LIMITS {
                    @let sized = Asked { limit: Some(limit), ..asked.first_page() };
                    a href=(sized.href()) aria-current=[(asked.limit() == limit).then_some("true")] { (limit) } " "
                }
            }
        }
    }
}
