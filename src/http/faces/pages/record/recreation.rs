//! Whether a product can be made again: its recipe, how it stands, and the last attempts. Of a recipe, its attempts; of
//! evidence, the crate for download.

use maud::{Markup, html};

use super::load::Loaded;
use crate::http::faces::pages::{address, words};
use crate::model::json::{self, Fields};
use crate::model::{Entity, Key, Kind, RecordId};

/// Attempts that a page shows.
pub const ATTEMPTS: usize = 8;

/// The section of the page; nothing where there is no recipe.
pub fn recreation(loaded: &Loaded, entity: &Entity<'_>) -> Markup {
    let key = &loaded.stored.key;
    let recipe = entity.recipe.and_then(|recipe| json::read_string(recipe.get()).map(|id| id.into_owned()));
    let is_crate = key.kind == Kind::Evidence && loaded.is_recreation;
    if recipe.is_none() && loaded.attempts.is_empty() && !is_crate {
        return html! {};
    }
    let noted = entity.recreation().and_then(Fields::of_valid).unwrap_or_default();
    let noted_text = |name: &str| noted.string(name).map(|value| value.into_owned());
    html! {
        section aria-labelledby="recreation" {
            h2 #recreation { "Recreation" }
            @if let Some(id) = &recipe {
                p {
                    (sentence(noted_text("status").as_deref()))
                    @if let Some(at) = noted_text("at") { " Last noted " (words::moment(&at)) "." }
                    @if noted.get("dropped").is_some() { " Its bytes were dropped: whoever reads them gets them made again." }
                }
                p { "Made by " (recipe_link(id)) }
            }
            @if !loaded.attempts.is_empty() {
                table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "Verdict" } th scope="col" { "Engine" } th scope="col" { "Evidence" } } }
                    tbody { @for attempt in loaded.attempts.iter().take(ATTEMPTS) { (row(attempt)) } }
                }
                @if loaded.attempts.len() > ATTEMPTS { p { a href={ (address::native(key)) "/evidence" } { "All " (loaded.attempts.len()) " attempts" } } }
            }
            @if is_crate { p { a href={ (address::native(key)) "/crate" } { "As Process Run Crate" } " (zip): metadata, signed evidence and files" } }
        }
    }
}

fn sentence(status: Option<&str>) -> &'static str {
    match status {
        Some("proved") => "Proved: it was rebuilt from its recipe as the recipe promises.",
        Some("different") => "Different: the rebuilt files are not the preserved ones.",
        Some("failed") => "Failed: the recipe did not run to its end.",
        Some("blocked") => "Blocked: something that the recipe needs is missing or damaged.",
        _ => "Never tried: there is a recipe, and no proof yet.",
    }
}

fn recipe_link(id: &str) -> Markup {
    let page = RecordId::parse(id).ok().map(|id| address::page(&Key { kind: Kind::Recipe, collection: None, id }));
    let short = words::shortened(id, 16);
    html! { "recipe " @if let Some(page) = page { a href=(page) { code { (short) } } } @else { code { (short) } } }
}

fn row(attempt: &str) -> Markup {
    let fields = Fields::of_valid(attempt).unwrap_or_default();
    let recreation = fields.get("recreation").and_then(Fields::of_valid).unwrap_or_default();
    let text = |name: &str| recreation.string(name).map(|value| value.into_owned()).unwrap_or_default();
    let steps = recreation.get("steps").and_then(json::elements).unwrap_or_default();
    let engine = steps.last().and_then(|step| Fields::of_valid(step)?.string("engine").map(|name| name.into_owned()));
    let id = fields.string("id").and_then(|id| RecordId::parse(&id).ok());
    html! {
        tr {
            td { (words::moment(&text("ended"))) }
            td { (text("verdict")) }
            td { (words::shortened(engine.as_deref().unwrap_or("nothing was run"), 60)) }
            td { @if let Some(id) = id { a href=(address::page(&Key { kind: Kind::Evidence, collection: None, id })) { "signed record" } } }
        }
    }
}
