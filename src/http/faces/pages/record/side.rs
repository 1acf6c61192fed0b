//! Beside a record: where it lies, its names, how to cite it, its forms for programs, its revisions.

use maud::{Markup, html};

use super::citation;
use super::load::Loaded;
use crate::http::faces::linked::form::Form;
use crate::http::faces::linked::signposts::of_form;
use crate::http::faces::pages::map::{Footprint, Outline, View, footprints};
use crate::http::faces::pages::{address, words};
use crate::model::json::{self, Fields};
use crate::model::{BoundingBox, Entity, Kind, Operation};
use crate::rdf::Writing;

/// Maps and footprints of one record.
const MOST_FOOTPRINTS: usize = 20;
/// Width, degrees, under which a footprint on a whole body cannot be made out and is drawn near as well.
const SMALL: f64 = 60.0;
const MOST_REVISIONS: usize = 20;
const MOST_NAMES: usize = 50;
/// Forms for programs, with their names for people.
const RDF: [(Form, &str); 4] = [
    (Form::Rdf(Writing::JsonLd), "JSON-LD"),
    (Form::Rdf(Writing::Turtle), "Turtle"),
    (Form::Rdf(Writing::RdfXml), "RDF/XML"),
    (Form::Rdf(Writing::NTriples), "N-Triples"),
];
const CITATIONS: [(Form, &str); 3] =
    [(Form::BibTex, "BibTeX"), (Form::CslJson, "CSL-JSON"), (Form::DataCite, "DataCite")];

/// Everything beside the record.
pub fn side(loaded: &Loaded, entity: &Entity<'_>, title: &str) -> Markup {
    html! {
        (place(entity, title))
        (names(loaded, entity))
        (citation::citation(loaded, entity))
        (forms(loaded, entity))
        (revisions(loaded))
    }
}

fn place(entity: &Entity<'_>, title: &str) -> Markup {
    let mut outlines: Vec<Outline> = entity.space.iter().take(MOST_FOOTPRINTS).filter_map(Outline::of).collect();
    if outlines.is_empty() {
        outlines = extent(entity);
    }
    let Some(body) = outlines.first().map(|outline| outline.body.clone()) else { return html! {} };
    let of_body: Vec<&Outline> = outlines.iter().filter(|outline| outline.body == body).collect();
    let shown: Vec<Footprint<'_>> =
        of_body.iter().map(|outline| Footprint { outline, href: None, title: words::shortened(title, 100) }).collect();
    let is_small = body != "sky" && of_body.iter().all(|outline| width(outline) < SMALL);
    let place = if body == "sky" { "in the sky".to_owned() } else { format!("on {}", words::label(&body)) };
    html! {
        section aria-labelledby="place" {
            h2 #place { "Where" }
            figure.where {
                (footprints(&body, &shown, None, View::Whole, &format!("Footprint {place}")))
                @if is_small { (footprints(&body, &shown, None, View::Near, &format!("Footprint {place}, near"))) }
                figcaption { (words::counted(of_body.len() as u64, "footprint", "footprints")) " " (place) @if is_small { "; whole and near" } @if body == "sky" { ". Right ascension 0° is in the middle and grows to the left" } }
            }
        }
    }
}

/// The boxes of a collection's extent, as STAC has them; on Earth. The first is around all others.
fn extent(entity: &Entity<'_>) -> Vec<Outline> {
    let spatial =
        entity.extent.and_then(|extent| Fields::of_valid(extent.get())?.get("spatial").and_then(Fields::of_valid));
    let boxes = spatial.and_then(|spatial| spatial.get("bbox").and_then(json::elements)).unwrap_or_default();
    let read = |text: &&str| BoundingBox::from_numbers(&serde_json::from_str::<Vec<f64>>(text).ok()?).ok();
    let boxes: Vec<BoundingBox> = boxes.iter().take(MOST_FOOTPRINTS).filter_map(read).collect();
    let parts = if boxes.len() > 1 { boxes.get(1..) } else { Some(&boxes[..]) };
    parts.unwrap_or_default().iter().filter_map(|bbox| Outline::of_box("earth", bbox)).collect()
}

fn width(outline: &Outline) -> f64 {
    outline.parts.envelope().map_or(360.0, |[west, south, east, north]| (east - west).max(north - south))
}

fn names(loaded: &Loaded, entity: &Entity<'_>) -> Markup {
    let doi = entity.doi.as_deref().filter(|doi| !entity.identifiers.iter().any(|known| known.value == *doi));
    html! {
        section aria-labelledby="names" {
            h2 #names { "Identifiers" }
            dl.names {
                dt { "Here" } dd { code { (loaded.stored.key.id) } }
                @if let Some(doi) = doi { dt { "DOI" } dd { (doi_link(doi)) } }
                @for identifier in entity.identifiers.iter().take(MOST_NAMES) {
                    dt { (words::shortened(&identifier.scheme.to_uppercase(), 30)) }
                    dd { @if identifier.scheme.eq_ignore_ascii_case("doi") { (doi_link(&identifier.value)) } @else { code { (words::shortened(&identifier.value, 400)) } } }
                }
                @for alias in entity.aliases.iter().take(MOST_NAMES) { dt { "Also" } dd { code { (words::shortened(alias, 400)) } } }
            }
        }
    }
}

fn doi_link(doi: &str) -> Markup {
    let bare =
        doi.trim_start_matches("https://doi.org/").trim_start_matches("http://dx.doi.org/").trim_start_matches("doi:");
    html! {
        @if bare.starts_with("10.") {
            a href={ "https://doi.org/" (bare) } rel="external nofollow noopener" { (words::shortened(bare, 200)) }
        } @else { code { (words::shortened(doi, 200)) } }
    }
}

fn forms(loaded: &Loaded, entity: &Entity<'_>) -> Markup {
    let key = &loaded.stored.key;
    html! {
        section aria-labelledby="forms" {
            h2 #forms { "This record for programs" }
            ul.plain {
                li { a href=(address::native(key)) { "JSON, as it is stored" } }
                @if let Some(stac) = address::stac(key) {
                    li { a href=(stac) { @if key.kind == Kind::Collection { "STAC Collection" } @else { "STAC Item" } } }
                }
                @if entity.source.is_some() { li { a href=(address::source(key)) { "Source document" } } }
                li {
                    @for (form, name) in RDF { a href=(of_form(&address::page(key), form)) { (name) } " " }
                }
                li { "Citation as " @for (form, name) in CITATIONS { a href=(of_form(&address::page(key), form)) { (name) } " " } }
                li { a href=(of_form(&address::page(key), Form::Linkset)) { "Links to all of it" } }
            }
            details.digests { summary { "Digest of the record" } code { "sha256 " (loaded.stored.digest) } }
        }
    }
}

fn revisions(loaded: &Loaded) -> Markup {
    let key = &loaded.stored.key;
    html! {
        section aria-labelledby="revisions" {
            h2 #revisions { "Revisions" }
            ol.plain reversed {
                @for revision in loaded.revisions.iter().rev().take(MOST_REVISIONS) {
                    @let is_shown = revision.revision == loaded.stored.revision;
                    li {
                        @match revision.operation {
                            Operation::Put => a href=(address::revision(key, revision.revision)) aria-current=[is_shown.then_some("true")] { "Revision " (revision.revision) },
                            Operation::Delete => { "Revision " (revision.revision) ", deleted" }
                        }
                        " " span.note { (words::moment(&revision.time)) " UTC by " bdi { (words::shortened(&revision.agent, 60)) } }
                    }
                }
            }
            @if loaded.revisions.len() > MOST_REVISIONS {
                p.note { "and " (loaded.revisions.len() - MOST_REVISIONS) " earlier ones" }
            }
        }
    }
}
