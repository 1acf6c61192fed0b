//! `federated=true` among records: those of this archive and of its sources in one merged list.

use actix_web::HttpRequest;

use super::ask::{Ask, Scope};
use super::format::{Format, add, next_address, own_links, query_without};
use super::wire;
use crate::catalogue::now;
use crate::http::faces::federation::question::{self, Wanted};
use crate::http::faces::stac::GEOJSON;
use crate::http::faces::stac::federated::{federation, placed};
use crate::http::problem::Answer;
use crate::http::state::State;
use crate::model::Draft;

/// Answers a question that is asked of all. `own` is the address of the catalogue.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    (ask, scope): (Ask, Scope),
    wanted: Wanted,
    own: &str,
    format: Format,
) -> Answer {
    let path = question::path(request, state)?;
    let catalogue = state.catalogue.clone();
    let base = state.base(request);
    let (answer, features) = crate::http::blocking(move || {
        let question = wanted.of(ask.query(&catalogue, &scope)?, ask.token.clone(), path);
        let answer = catalogue.federated(&question)?;
        let mut features = Draft::array();
        for hit in &answer.hits {
            features.element(&placed(&wire::record(&hit.record, &base)?, hit, &base)?);
        }
        Ok((answer, features.finish()))
    })
    .await?;
    let address = format!("{own}/items");
    let mut links = Draft::array();
    own_links(&address, &query_without(request, "f"), GEOJSON, format, &mut links);
    add(&mut links, "collection", own, "application/json", None);
    for (rel, token) in [("next", &answer.next), ("retry", &answer.retry)] {
        if let Some(token) = token {
            add(&mut links, rel, &next_address(request, &address, format, token), GEOJSON, None);
        }
    }
    let mut page = Draft::with_capacity(features.len() + 4_096);
    page.string("type", "FeatureCollection");
    page.string("timeStamp", &now().to_string());
    if let Some(matched) = answer.matched {
        page.raw("numberMatched", &matched.to_string());
    }
    page.raw("numberReturned", &answer.hits.len().to_string());
    page.raw("features", &features);
    page.raw("links", &links.finish());
    page.raw("federation", &federation(&answer));
    Ok(format.answer(page.finish(), GEOJSON, "Records of this archive and others"))
}
