//! Federated answers as JSON: what each source did, and where each hit comes from. Every face says it in these words.

use crate::catalogue::federated::{Elsewhere, Federated, FederatedHit, Report, Served};
use crate::federation::outcome::Outcome;
use crate::model::{Draft, json};

/// What became of the sources, as an array.
pub fn reports(reports: &[Report]) -> String {
    let mut list = Draft::array();
    reports.iter().for_each(|each| list.element(&report(each)));
    list.finish()
}

fn report(report: &Report) -> String {
    let mut text = Draft::object();
    text.string("source", &report.source);
    text.string("title", &report.title);
    text.optional("url", Some(&report.url).filter(|url| !url.is_empty()));
    outcome(&report.outcome, &mut text);
    text.raw("elapsed_ms", &report.elapsed.as_millis().to_string());
    text.raw("matched", &number(report.matched.filter(|_| report.outcome.is_answer())));
    text.raw("returned", &report.returned.to_string());
    text.string("served", served(report.served));
    text.raw("age_s", &number(report.age.map(|age| age.as_secs())));
    text.raw("stale", if report.is_stale { "true" } else { "false" });
    let mut post_filtered = Draft::array();
    report.post_filtered.iter().for_each(|part| post_filtered.string_element(part));
    text.raw("post_filtered", &post_filtered.finish());
    if report.unreadable > 0 {
        text.raw("unreadable", &report.unreadable.to_string());
    }
    text.finish()
}

/// Adds what became of a question.
pub fn outcome(outcome: &Outcome, text: &mut Draft) {
    text.string("outcome", outcome.name());
    match outcome {
        Outcome::HttpError { status, .. } => text.raw("status", &status.to_string()),
        Outcome::BreakerOpen { seconds } => text.raw("retry_in_s", &seconds.to_string()),
        _ => {}
    }
    text.optional("detail", outcome.detail());
}

const fn served(served: Served) -> &'static str {
    match served {
        Served::Live => "live",
        Served::Cache => "cache",
    }
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "null".to_owned(), |number| number.to_string())
}

/// The members of an answer that every face gives.
pub fn totals(answer: &Federated, text: &mut Draft) {
    text.raw("matched", &number(answer.matched));
    text.raw("matched_at_most", &number(answer.matched_at_most));
    text.raw("complete", if answer.is_complete { "true" } else { "false" });
}

/// Where a hit comes from, and where else it is.
pub fn origin(hit: &FederatedHit) -> String {
    let mut text = place(&hit.from);
    let mut also_at = Draft::array();
    hit.also_at.iter().for_each(|elsewhere| also_at.element(&place(elsewhere).finish()));
    text.raw("also_at", &also_at.finish());
    text.finish()
}

fn place(place: &Elsewhere) -> Draft {
    let mut text = Draft::object();
    text.string("source", &place.source);
    let (collection, id) = match place.id.split_once(' ') {
        Some((collection, id)) => (Some(collection), id),
        None => (None, place.id.as_str()),
    };
    text.optional("collection", collection);
    text.string("id", id);
    text.optional("href", place.href.as_deref());
    text.string("retrieved", &place.retrieved);
    text
}

/// The answer of `/federation/search`.
pub fn answer(answer: &Federated, links: &[(&str, String)]) -> String {
    let size: usize = answer.hits.iter().map(|hit| hit.record.len() + 512).sum();
    let mut text = Draft::with_capacity(size + 4_096);
    totals(answer, &mut text);
    text.raw("returned", &answer.hits.len().to_string());
    let mut hits = Draft::array();
    for hit in &answer.hits {
        let origin = origin(hit);
        let record = String::from_utf8_lossy(&hit.record);
        hits.element(&format!("{},\"record\":{record}}}", origin.trim_end_matches('}')));
    }
    text.raw("hits", &hits.finish());
    text.raw("sources", &reports(&answer.reports));
    let mut list = Draft::array();
    for (rel, href) in links {
        let mut quoted = String::new();
        json::push_string(&mut quoted, href);
        list.element(&format!("{{\"rel\":\"{rel}\",\"href\":{quoted},\"type\":\"application/json\"}}"));
    }
    text.raw("links", &list.finish());
    text.finish()
}
