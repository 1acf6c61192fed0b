//! The start page: what this is, a large search box, what is here by mission, instrument and target, the largest
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
use crate::catalogue::{Catalogue, Error, Results, Stored};
use crate::http::parameters::Parameters;
use crate::http::state::State;
use crate::model::{Entity, Facet, Key, Kind, Query, RecordId};

/// Facets to begin from, with the most values shown of each.
const BEGINNINGS: [(Facet, &str); 4] = [
    (Facet::Mission, "Missions"),
    (Facet::Instrument, "Instruments"),
    (Facet::Target, "Targets"),
    (Facet::Level, "Processing levels"),
];
const VALUES: usize = 14;
const LARGEST: usize = 9;

struct Overview {
    products: u64,
    collections: u64,
    tally: Tally,
    /// The largest collections, each with the number of its products.
    largest: Vec<(Stored, u64)>,
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
    let all = Query { count: true, limit: 0, ..Query::default() };
    let wanted = BEGINNINGS.map(|(facet, _)| (facet, VALUES));
    let (products, tally) =
        tally::search(catalogue, &all, None, &[&wanted[..], &[(Facet::Collection, LARGEST)]].concat())?;
    let collections = catalogue.search(Query { kinds: vec![Kind::Collection], ..all }, None)?;
    let mut largest = Vec::new();
    for count in tally.get(&Facet::Collection).into_iter().flatten() {
        let id = RecordId::parse(&count.value).map_err(Error::internal("reading the name of a collection"))?;
        // Between the count and now it may have been deleted.
        largest.extend(catalogue.get(&Key::collection(id)).ok().map(|stored| (stored, count.count)));
    }
    let matched = |results: &Results| results.matched.unwrap_or_default();
    Ok(Overview { products: matched(&products), collections: matched(&collections), tally, largest })
}

fn content(overview: &Overview, base: &str) -> Markup {
    html! {
        section.hero {
            h1 { "Find data of space missions" }
            p.lead { "Products, collections and documents of many missions in one archive, kept for the long term: each file is "
                "checked against its digest whenever it is read." }
            form.big action="/search" role="search" {
                label.unseen for="q" { "Words, names or identifiers" }
                input #q type="search" name="q" placeholder="for example: calibrated radiometer Mars" autocomplete="off"
                    data-suggest="/api/v1/suggest";
                button { "Search" }
            }
            p.note { "Or go to all "
                a href="/search" { (words::counted(overview.products, "product", "products")) } " in "
                a href="/collections" { (words::counted(overview.collections, "collection", "collections")) } "." }
        }
        div.beginnings {
            @for (facet, title) in BEGINNINGS {
                @if let Some(counts) = overview.tally.get(&facet).filter(|counts| !counts.is_empty()) {
                    (beginning(facet, title, counts))
                }
            }
        }
        @if !overview.largest.is_empty() {
            section {
                h2 { "Largest collections" }
                ul.cards {
                    @for (stored, count) in &overview.largest {
                        @if let Ok(entity) = Entity::view(&stored.record) { (card(&entity, *count)) }
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

fn card(entity: &Entity<'_>, count: u64) -> Markup {
    let title = entity.title.as_deref().unwrap_or(&entity.id);
    html! {
        li {
            span.count { (words::counted(count, "product", "products")) }
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
                dt { "OAI-PMH" } dd { a href="/oai?verb=Identify" { code { (base) "/oai" } } " for harvesters, with deletions, in five formats" }
                dt { "DCAT" } dd { a href="/dcat.ttl" { code { (base) "/dcat" } } " for data portals; " a href="/.well-known/resourcesync" { "ResourceSync" } " for mirrors" }
                dt { "Changes" } dd { a href="/api/v1/changes?limit=100" { code { (base) "/api/v1/changes" } } ": everything that happened here, as it happens" }
                dt { "Description" } dd { a href="/docs/" { "OpenAPI 3.1, to read and to try" } }
            }
        }
    }
}
