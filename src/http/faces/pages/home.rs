//! The start page: what this is, a large search box, what is here by mission, instrument and target, the newest
//! collections, and the ways in for programs.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::errors::Trouble;
use super::layout::{Frame, Section};
use super::search::asked::Asked;
use super::tally::{self, Count, Tally};
use super::{address, answer, words};
use crate::catalogue::{Catalogue, Error, Results};
use crate::http::parameters::Parameters;
use crate::http::state::State;
use crate::model::{Entity, Facet, Kind, Query, SortKey};

/// Facets to begin from, with the most values shown of each.
const BEGINNINGS: [(Facet, &str); 4] = [
    (Facet::Mission, "Missions"),
    (Facet::Instrument, "Instruments"),
    (Facet::Target, "Targets"),
    (Facet::Level, "Processing levels"),
];
const VALUES: usize = 14;
const NEW_COLLECTIONS: usize = 6;

struct Overview {
    products: Results,
    tally: Tally,
    collections: Results,
}

/// `GET /`
pub async fn page(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let made = home(&request, &state).await;
    answer(&request, made)
}

async fn home(request: &HttpRequest, state: &State) -> Result<HttpResponse, Trouble> {
    Parameters::of(request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let overview = crate::http::blocking(move || overview(&catalogue)).await?;
    let frame = Frame { section: Section::Home, search_box: false, ..Frame::new("Archive of space missions") };
    Ok(frame.answer(StatusCode::OK, &content(&overview, &state.base(request))))
}

fn overview(catalogue: &Catalogue) -> Result<Overview, Error> {
    let products = Query { count: true, limit: 1, ..Query::default() };
    let (products, tally) = tally::search(catalogue, &products, None, &BEGINNINGS.map(|(facet, _)| (facet, VALUES)))?;
    let sort = vec![SortKey::Updated { descending: true }];
    let collections =
        Query { kinds: vec![Kind::Collection], count: true, limit: NEW_COLLECTIONS, sort, ..Query::default() };
    Ok(Overview { products, tally, collections: catalogue.search(collections, None)? })
}

fn content(overview: &Overview, base: &str) -> Markup {
    let products = overview.products.matched.unwrap_or_default();
    let collections = overview.collections.matched.unwrap_or_default();
    html! {
        section.hero {
            h1 { "Find data of space missions" }
            p.lead { "Products, collections and documents of many missions in one archive, kept for the long term: each file is "
                "checked against its digest whenever it is read." }
            form.big action="/search" role="search" {
                label.unseen for="q" { "Words, names or identifiers" }
                input #q type="search" name="q" placeholder="for example: calibrated radiometer Mars" autocomplete="off"
                    data-suggest="/search/suggest";
                button { "Search" }
            }
            p.note { "Or go to all "
                a href="/search" { (words::counted(products, "product", "products")) } " in "
                a href="/collections" { (words::counted(collections, "collection", "collections")) } "." }
        }
        div.beginnings {
            @for (facet, title) in BEGINNINGS {
                @if let Some(counts) = overview.tally.get(&facet).filter(|counts| !counts.is_empty()) {
                    (beginning(facet, title, counts))
                }
            }
        }
        @if !overview.collections.found.is_empty() {
            section {
                h2 { "Collections added or changed last" }
                ul.cards {
                    @for found in &overview.collections.found {
                        @if let Ok(entity) = Entity::view(&found.record) { (card(&entity)) }
                    }
                }
                p { a href="/collections" { "All collections" } }
            }
        }
        (programs(base))
    }
}

fn beginning(facet: Facet, title: &str, counts: &[Count]) -> Markup {
    html! {
        section {
            h2 { (title) }
            ul.tags {
                @for count in counts {
                    @let asked = Asked::default().with(facet, &count.value);
                    li { a href=(asked.href()) { bdi { (words::shortened(&count.value, 60)) } } " " span.count { (words::number(count.count)) } }
                }
            }
        }
    }
}

fn card(entity: &Entity<'_>) -> Markup {
    let title = entity.title.as_deref().unwrap_or(&entity.id);
    html! {
        li {
            a href=(address::collection(&entity.id)) dir="auto" { (words::shortened(title, 120)) }
            @if let Some(description) = &entity.description {
                p dir="auto" { (words::shortened(description, 160)) }
            }
        }
    }
}

fn programs(base: &str) -> Markup {
    html! {
        section.programs {
            h2 { "For programs" }
            p { "Everything on these pages can be asked for by programs; nothing of it needs an account." }
            dl.facts {
                dt { "STAC" } dd { a href="/stac" { code { (base) "/stac" } } " for pystac-client, STAC Browser and QGIS" }
                dt { "Native" } dd { a href="/api/v1/collections" { code { (base) "/api/v1" } } " with full text, facets, files and revisions" }
                dt { "Description" } dd { a href="/docs/" { "OpenAPI 3.1, to read and to try" } }
            }
        }
    }
}
