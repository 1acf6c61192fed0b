//! How to cite a record: as its producer says, or put together from what the record says. Nothing is made up: what is not
//! known is left out.

use maud::{Markup, html};

use super::load::Loaded;
use crate::http::faces::pages::words;
use crate::model::json::{self, Fields};
use crate::model::{Entity, Kind};

/// The citation.
pub fn citation(loaded: &Loaded, entity: &Entity<'_>) -> Markup {
    if !matches!(entity.kind, Kind::Product | Kind::Collection | Kind::Document) {
        return html! {};
    }
    let (text, note) = match (&entity.citation, &loaded.collection_citation) {
        (Some(given), _) => (given.to_string(), "as its producer gives it"),
        (None, Some(of_collection)) => (
            format!("{} Product {}.", of_collection.trim_end(), loaded.stored.key.id),
            "of its collection, with this product's identifier",
        ),
        (None, None) => (made(loaded, entity), "put together from this record"),
    };
    html! {
        section aria-labelledby="citation" {
            h2 #citation { "Cite as" }
            blockquote #cite dir="auto" { (words::shortened(&text, 2_000)) }
            p.note { "The citation is " (note) ". " button.copy type="button" data-copy="cite" hidden { "Copy" } }
        }
    }
}

fn made(loaded: &Loaded, entity: &Entity<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let record = String::from_utf8_lossy(&loaded.stored.record);
    let year = year(&record).map(|year| format!(" ({year})")).unwrap_or_default();
    let authors = author(entity);
    let title =
        entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(loaded.stored.key.id.as_str());
    let title = title.trim_end_matches('.');
    match authors {
        Some(author) => parts.extend([format!("{author}{year}"), title.to_owned()]),
        None => parts.push(format!("{title}{year}")),
    }
    parts.extend(entity.version.as_ref().map(|version| format!("Version {version}")));
    parts.extend(loaded.collection_title.as_ref().map(|title| format!("In: {}", title.trim_end_matches('.'))));
    parts.push(name(loaded, entity));
    format!("{}.", parts.join(". "))
}

fn author(entity: &Entity<'_>) -> Option<String> {
    let providers = entity.providers.and_then(|providers| json::elements(providers.get())).unwrap_or_default();
    let names = providers
        .into_iter()
        .filter_map(|provider| Fields::of_valid(provider)?.string("name").map(|name| name.into_owned()));
    let names: Vec<String> = names.take(5).collect();
    let missions: Vec<&str> = entity.missions.iter().take(2).map(|mission| mission.label.as_ref()).collect();
    match (names.is_empty(), missions.is_empty()) {
        (false, _) => Some(names.join(", ")),
        (true, false) => Some(format!("{} mission", missions.join(", "))),
        (true, true) => None,
    }
}

/// The year of publication: issued, else modified.
fn year(record: &str) -> Option<String> {
    let dates = Fields::of_valid(record)?.get("lifecycle").and_then(Fields::of_valid)?;
    let date = ["issued", "published", "modified"].into_iter().find_map(|name| dates.string(name))?;
    date.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
}

/// The name under which the record is found everywhere.
fn name(loaded: &Loaded, entity: &Entity<'_>) -> String {
    let scheme = |wanted: &str| entity.identifiers.iter().find(|known| known.scheme.eq_ignore_ascii_case(wanted));
    let doi = entity.doi.as_deref().or_else(|| scheme("doi").map(|doi| doi.value.as_ref()));
    match (doi, scheme("lidvid")) {
        (Some(doi), _) if doi.starts_with("http") => doi.to_owned(),
        (Some(doi), _) => format!("https://doi.org/{doi}"),
        (None, Some(lidvid)) => lidvid.value.to_string(),
        (None, None) => loaded.stored.key.id.to_string(),
    }
}
