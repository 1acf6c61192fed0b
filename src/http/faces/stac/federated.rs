//! `federated=true` on item search: Items of this archive and of its sources in one collection. Items of others keep their
//! names and lead to where they are; `federation` says what became of each source.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use serde_json::value::RawValue;

use super::ask::{Ask, DEFAULT_LIMIT};
use super::search::{Method, next_link, self_link};
use super::{GEOJSON, link, wire};
use crate::catalogue::Error;
use crate::catalogue::federated::{Federated, FederatedHit, HERE};
use crate::http::faces::federation::question::{self, Wanted};
use crate::http::faces::federation::wire as words;
use crate::http::problem::Answer;
use crate::http::state::State;
use crate::model::json::{self, Members};
use crate::model::{Draft, Kind};

/// Answers a question that is asked of all.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    ask: Ask,
    wanted: Wanted,
    address: &str,
    method: Method,
) -> Answer {
    if let Some(form) = ask.form.as_deref().filter(|form| *form != "json") {
        return Err(Error::parameter("f", format!("{form:?} is not offered with federated=true")).into());
    }
    let path = question::path(request, state)?;
    let question = wanted.of(ask.query(Kind::Product, DEFAULT_LIMIT)?, ask.token.clone(), path);
    let counts = question.query.count;
    let catalogue = state.catalogue.clone();
    let base = state.base(request);
    let (answer, features) = crate::http::blocking({
        let base = base.clone();
        move || {
            let answer = catalogue.federated(&question)?;
            let mut features = Draft::array();
            for hit in &answer.hits {
                let item = wire::item(&hit.record, &base)?;
                let item = placed(&item, hit, &base)?;
                features.element(&ask.fields.as_ref().map_or(item.clone(), |fields| fields.apply(&item)));
            }
            Ok((answer, features.finish()))
        }
    })
    .await?;
    let mut links = vec![link("root", &format!("{base}/stac"), "application/json")];
    links.push(self_link(request, address, &method, GEOJSON));
    links.extend(answer.next.as_deref().map(|token| next_link(request, address, &method, token, GEOJSON)));
    let retry = |token: &str| next_link(request, address, &method, token, GEOJSON).replacen("\"next\"", "\"retry\"", 1);
    links.extend(answer.retry.as_deref().map(retry));
    let mut text = Draft::with_capacity(features.len() + 4_096);
    text.string("type", "FeatureCollection");
    text.raw("features", &features);
    text.raw("links", &format!("[{}]", links.join(",")));
    text.raw("numberReturned", &answer.hits.len().to_string());
    if let (Some(matched), true) = (answer.matched, counts) {
        text.raw("numberMatched", &matched.to_string());
    }
    text.raw("federation", &federation(&answer));
    Ok(HttpResponse::Ok().content_type(GEOJSON).body(text.finish()))
}

/// What became of the sources.
pub fn federation(answer: &Federated) -> String {
    let mut text = Draft::object();
    words::totals(answer, &mut text);
    text.raw("sources", &words::reports(&answer.reports));
    text.finish()
}

/// A feature with what is known of its place; of another archive's, links to this one are left out.
pub fn placed(feature: &str, hit: &FederatedHit, base: &str) -> Result<String, Error> {
    let failed = "placing a record of another archive";
    let mut members = Members::parse(feature).map_err(Error::internal(failed))?;
    let properties = members.get("properties").filter(|text| text.starts_with('{')).unwrap_or("{}");
    let mut properties = Members::parse(properties).map_err(Error::internal(failed))?;
    let raw =
        |text: String| RawValue::from_string(text).map_err(Error::internal("placing a record of another archive"));
    properties.set("federation:origin", raw(words::origin(hit))?);
    members.set("properties", raw(properties.to_text())?);
    if hit.from.source != HERE {
        members.set("links", raw(links(members.get("links").unwrap_or("[]"), hit, base))?);
    }
    Ok(members.to_text())
}

fn links(given: &str, hit: &FederatedHit, base: &str) -> String {
    let mut kept = Draft::array();
    if let Some(href) = &hit.from.href {
        kept.element(&link("self", href, GEOJSON));
    }
    let is_ours = |text: &str| {
        let href = crate::model::scan::member(text, "href").and_then(json::read_string);
        href.is_none_or(|href| href.starts_with(base) || Some(href.as_ref()) == hit.from.href.as_deref())
    };
    let others = json::elements(given).unwrap_or_default().into_iter().filter(|text| !is_ours(text));
    others.for_each(|text| kept.element(text));
    kept.finish()
}
