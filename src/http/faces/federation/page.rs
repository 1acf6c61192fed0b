//! A federated search as a page for people: first what became of each source, then the hits with where they come from.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};

use crate::catalogue::federated::{Elsewhere, Federated, FederatedHit, HERE, Report, Served};
use crate::http::faces::pages::Frame;
use crate::http::faces::pages::address::{self, elsewhere};
use crate::http::faces::pages::layout::Section;
use crate::model::Entity;

/// The page. `next` and `retry` are addresses of pages, `json` that of the same answer for programs.
pub fn page(answer: &Federated, next: Option<&str>, retry: Option<&str>, json: String) -> HttpResponse {
    let alternates = vec![("application/json", json)];
    let frame = Frame { section: Section::Search, alternates, ..Frame::new("This archive and others") };
    frame.answer(StatusCode::OK, &content(answer, next, retry))
}

fn content(answer: &Federated, next: Option<&str>, retry: Option<&str>) -> Markup {
    html! {
        h1 { "This archive and others" }
        section aria-labelledby="asked" {
            h2 #asked { "Who answered" }
            @if !answer.is_complete {
                p.warning role="status" { "Not all sources answered: there may be more than is shown here." }
            }
            div.scroll tabindex="0" role="region" aria-label="What became of each source" {
                table {
                    thead { tr { th scope="col" { "Source" } th scope="col" { "Outcome" } th scope="col" { "Matches" } th scope="col" { "Shown" } th scope="col" { "Time" } } }
                    tbody { @for report in &answer.reports { (row(report)) } }
                }
            }
            @if let Some(retry) = retry { p { a href=(retry) { "Ask those again that failed" } } }
        }
        section aria-labelledby="found" {
            h2 #found { (headline(answer)) }
            ol.hits { @for hit in &answer.hits { (shown(hit)) } }
            @if let Some(next) = next { p { a rel="next" href=(next) { "Next page" } } }
        }
    }
}

fn headline(answer: &Federated) -> String {
    match (answer.matched, answer.hits.len()) {
        (Some(matched), _) => format!("{matched} found"),
        (None, 0) if !answer.is_complete => "Nothing found by those who answered".to_owned(),
        (None, shown) => format!("{shown} on this page"),
    }
}

fn row(report: &Report) -> Markup {
    let count = report.matched.filter(|_| report.outcome.is_answer()).map(|matched| matched.to_string());
    html! {
        tr {
            th scope="row" { bdi { (report.title) } }
            td {
                (report.outcome.name().replace('_', " "))
                @if let Some(detail) = report.outcome.detail() { ": " (detail) }
                @if report.served == Served::Cache { " (from its copy here" @if report.is_stale { ", as it did not answer" } ")" }
                @if !report.post_filtered.is_empty() { " (decided here: " (report.post_filtered.join(", ")) ")" }
            }
            td { (count.as_deref().unwrap_or("unknown")) }
            td { (report.returned) }
            td { (report.elapsed.as_millis()) " ms" }
        }
    }
}

fn shown(hit: &FederatedHit) -> Markup {
    let entity = Entity::view(&hit.record).ok();
    let title = entity.as_ref().and_then(|entity| entity.title.as_deref()).unwrap_or(&hit.from.id);
    let start = entity.as_ref().and_then(|entity| entity.time.as_ref()).and_then(|time| time.start.as_deref());
    html! {
        li {
            h3 { (linked(&hit.from, title)) }
            p {
                span.badge { @if hit.from.source == HERE { "This archive" } @else { (hit.from.source) } }
                " " code { (hit.from.id) }
                @if let Some(start) = start { " " (start) }
            }
            @if !hit.also_at.is_empty() {
                p.quiet { "Also at " @for (at, place) in hit.also_at.iter().enumerate() { @if at > 0 { ", " } (linked(place, &place.source)) } }
            }
        }
    }
}

/// A link to the record where it stands, if it stands anywhere that a page may lead to.
fn linked(place: &Elsewhere, text: &str) -> Markup {
    let here = match (place.source == HERE, place.id.split_once(' ')) {
        (true, Some((collection, id))) => Some(address::product(collection, id)),
        (true, None) => Some(address::collection(&place.id)),
        (false, _) => place.href.as_deref().and_then(elsewhere).map(str::to_owned),
    };
    html! { @match here { Some(href) => a href=(href) { bdi { (text) } }, None => bdi { (text) } } }
}
