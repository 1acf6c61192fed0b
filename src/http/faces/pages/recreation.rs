//! How many products can be made again, by collection: what is proved, what failed, what nobody tried.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::errors::Trouble;
use super::layout::Frame;
use super::{address, answer, words};
use crate::catalogue::Rebuildability;
use crate::http::parameters::Parameters;
use crate::http::state::State;
use crate::model::uri::encode;

/// `GET /recreation`
pub async fn page(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let made = rates(&request, &state).await;
    answer(&request, made)
}

async fn rates(request: &HttpRequest, state: &State) -> Result<HttpResponse, Trouble> {
    Parameters::of(request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let collections = crate::http::blocking(move || catalogue.rebuildability()).await?;
    let frame =
        Frame { alternates: vec![("application/json", "/api/v1/recreation".to_owned())], ..Frame::new("Recreation") };
    Ok(frame.answer(StatusCode::OK, &content(&collections)))
}

fn content(collections: &BTreeMap<String, Rebuildability>) -> Markup {
    let failed: u64 = collections.values().map(|rate| rate.different + rate.failed + rate.blocked).sum();
    html! {
        h1 { "Recreation" }
        p {
            "Products with a recipe are rebuilt from it, compared with what is preserved, and the result is signed and kept. "
            @if failed > 0 { strong { (words::counted(failed, "product was", "products were")) " not rebuilt as promised." } }
            @else if collections.is_empty() { "No product here names a recipe." }
            @else { "Every attempt so far gave what its recipe promises." }
        }
        @if !collections.is_empty() {
            table {
                thead { tr {
                    th scope="col" { "Collection" } th scope="col" { "With a recipe" } th scope="col" { "Proved" } th scope="col" { "Different" }
                    th scope="col" { "Failed" } th scope="col" { "Blocked" } th scope="col" { "Never tried" } th scope="col" { "Last attempt" }
                } }
                tbody { @for (collection, rate) in collections { (row(collection, rate)) } }
            }
        }
    }
}

fn row(collection: &str, rate: &Rebuildability) -> Markup {
    let counts = [
        ("proved", rate.proved),
        ("different", rate.different),
        ("failed", rate.failed),
        ("blocked", rate.blocked),
        ("never tried", rate.never_tried),
    ];
    html! {
        tr {
            td { a href=(address::collection(collection)) { bdi { (words::shortened(collection, 80)) } } }
            td { (words::number(rate.products)) }
            @for (status, count) in counts { td { (number(collection, status, count)) } }
            td { @if let Some(newest) = &rate.newest { (words::moment(newest)) } }
        }
    }
}

/// A count that leads to the products that it counts.
fn number(collection: &str, status: &str, count: u64) -> Markup {
    let filter = format!("\"recreation.status\"='{status}'");
    let found = format!("/search?collection={}&filter={}", encode(collection), encode(&filter));
    html! { @if count > 0 { a href=(found) { (words::number(count)) } } @else { "0" } }
}
