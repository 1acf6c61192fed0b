//! Lists to browse: all collections with what they hold, and the records of one other kind.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::errors::Trouble;
use super::layout::{Frame, Section};
use super::{address, answer, words};
use crate::catalogue::{Catalogue, Error, Results};
use crate::http::parameters::Parameters;
use crate::http::state::State;
use crate::model::uri::encode;
use crate::model::{Entity, Key, Kind, Query, RecordId, SortKey};

/// Entries on a page.
const PAGE: usize = 100;

struct Listing {
    results: Results,
    /// Products by collection.
    products: BTreeMap<String, u64>,
}

/// `GET /collections`
pub async fn collections(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let made = list(&request, &state, Kind::Collection).await;
    answer(&request, made)
}

/// `GET /entities/{kind}`
pub async fn entities(request: HttpRequest, state: Data<State>, kind: Path<String>) -> HttpResponse {
    let made = match Kind::from_name(&kind) {
        Some(Kind::Product | Kind::Collection) | None => {
            let names: Vec<&str> =
                Kind::ALL.iter().filter(|kind| !is_elsewhere(**kind)).map(|kind| kind.as_str()).collect();
            let what = format!("kind {:?} here; there are {}", words::shortened(&kind, 60), names.join(", "));
            Err(Error::NoSuch { what }.into())
        }
        Some(kind) => list(&request, &state, kind).await,
    };
    answer(&request, made)
}

fn is_elsewhere(kind: Kind) -> bool {
    matches!(kind, Kind::Product | Kind::Collection)
}

async fn list(request: &HttpRequest, state: &State, kind: Kind) -> Result<HttpResponse, Trouble> {
    let mut parameters = Parameters::of(request)?;
    let token = parameters.one("token")?;
    parameters.finish(&["token"])?;
    let catalogue = state.catalogue.clone();
    let listing = crate::http::blocking(move || listing(&catalogue, kind, token.as_deref())).await?;
    let title = if kind == Kind::Collection { "Collections".to_owned() } else { words::label(words::kind(kind).1) };
    let section = if kind == Kind::Collection { Section::Collections } else { Section::Other };
    let frame = Frame { section, ..Frame::new(title.clone()) };
    Ok(frame.answer(StatusCode::OK, &content(&title, kind, request.path(), &listing)))
}

fn listing(catalogue: &Catalogue, kind: Kind, token: Option<&str>) -> Result<Listing, Error> {
    let sort = vec![SortKey::by_id()];
    let results =
        catalogue.search(Query { kinds: vec![kind], count: true, limit: PAGE, sort, ..Query::default() }, token)?;
    let mut products = BTreeMap::new();
    if kind == Kind::Collection {
        for found in &results.found {
            let Ok(entity) = Entity::view(&found.record) else { continue };
            let Ok(id) = RecordId::parse(&entity.id) else { continue };
            products.insert(entity.id.to_string(), catalogue.member_count(&id)?);
        }
    }
    Ok(Listing { results, products })
}

fn content(title: &str, kind: Kind, path: &str, listing: &Listing) -> Markup {
    let matched = listing.results.matched.unwrap_or_default();
    let (one, several) = words::kind(kind);
    html! {
        h1 { (title) }
        form.big action="/search" role="search" {
            input type="hidden" name="kind" value=(kind);
            label.unseen for="q" { "Search " (several) }
            input #q type="search" name="q" placeholder={ "Search " (several) } autocomplete="off";
            button { "Search" }
        }
        p { (words::counted(matched, one, several)) ", in order of their identifiers." }
        @if listing.results.found.is_empty() {
            p { "There are none yet." }
        }
        ol.listing {
            @for found in &listing.results.found {
                @if let Ok(entity) = Entity::view(&found.record) { (entry(&entity, listing)) }
            }
        }
        @if let Some(token) = &listing.results.next {
            nav.pages aria-label="Pages" { a.next rel="next" href={ (path) "?token=" (encode(token)) } { "Next page" } }
        }
    }
}

fn entry(entity: &Entity<'_>, listing: &Listing) -> Markup {
    let title = entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&entity.id);
    let Ok(id) = RecordId::parse(&entity.id) else { return html! {} };
    let href = address::page(&Key { kind: entity.kind, collection: None, id });
    let missions: Vec<&str> = entity.missions.iter().take(3).map(|mission| mission.label.as_ref()).collect();
    html! {
        li {
            h2 { a href=(href) dir="auto" { (words::shortened(title, 160)) } }
            p.id { bdi { (entity.id) } }
            p.facts-line {
                @if let Some(count) = listing.products.get(entity.id.as_ref()) {
                    span { (words::counted(*count, "product", "products")) }
                }
                @if !missions.is_empty() { span { (missions.join(", ")) } }
                @if let Some(span) = entity.time.as_ref().and_then(words::span) { span { (span) } }
                @if let Some(data_type) = &entity.data_type { span { (words::shortened(data_type, 60)) } }
            }
            @if let Some(description) = &entity.description {
                p.snippet dir="auto" { (words::shortened(description, 220)) }
            }
        }
    }
}
