//! What a record says about itself, as a list of names and values, and its free properties as a table.

use maud::{Markup, html};

use super::files;
use super::load::Loaded;
use crate::http::faces::pages::search::asked::Asked;
use crate::http::faces::pages::words;
use crate::model::json::{self, Fields};
use crate::model::{Access, Entity, Facet, Name};

/// Characters of one value.
const VALUE: usize = 1_000;
/// Properties and keywords shown before the rest is folded.
const OPEN_PROPERTIES: usize = 14;
const MOST_PROPERTIES: usize = 1_000;
const MOST_KEYWORDS: usize = 60;
const MOST_NAMES: usize = 40;

/// The list of facts.
pub fn facts(loaded: &Loaded, entity: &Entity<'_>) -> Markup {
    let record = String::from_utf8_lossy(&loaded.stored.record);
    let fields = Fields::of_valid(&record).unwrap_or_default();
    let level = entity.level.as_ref();
    html! {
        section.about aria-labelledby="about" {
            h2 #about { "About" }
            dl.facts {
                (line("Time of observation", entity.time.as_ref().and_then(words::span).map(|span| html! { (span) @if span.ends_with(|c: char| c.is_ascii_digit()) { " UTC" } })))
                (names("Mission", Facet::Mission, &entity.missions))
                (names("Platform", Facet::Platform, &entity.platforms))
                (names("Instrument", Facet::Instrument, &entity.instruments))
                (names("Target", Facet::Target, &entity.targets))
                @if let Some(level) = level {
                    (line("Processing level", level_words(level.normalised.as_deref(), level.as_written.as_deref())))
                }
                (line("Type of data", entity.data_type.as_deref().map(|data_type| linked(Facet::DataType, data_type))))
                (line("Format", entity.format.as_deref().map(plain)))
                (line("Processed", fields.string("processed_at").map(|time| plain(&words::moment(&time)))))
                (line("Archived by its producer", fields.string("archived_at").map(|time| plain(&words::moment(&time)))))
                (line("Licence", entity.licence.as_deref().map(plain)))
                (line("Access to the bytes", (entity.access != Access::Open).then(|| plain(access(entity.access)))))
                (line("Fixity", files::overall(&record).filter(|_| !entity.files.is_empty()).map(|(class, text)| html! { span.fixity.(class) { (text) } })))
                (line("Providers", providers(entity)))
                (line("Coordinates", coordinates(entity)))
                (lifecycle(&fields))
                (keywords(entity))
            }
        }
    }
}

fn line(name: &str, value: Option<Markup>) -> Markup {
    html! { @if let Some(value) = value { div { dt { (name) } dd { (value) } } } }
}

fn plain(text: &str) -> Markup {
    html! { span dir="auto" { (words::shortened(text, VALUE)) } }
}

fn linked(facet: Facet, value: &str) -> Markup {
    html! { a href=(Asked::default().with(facet, value).href()) { bdi { (words::shortened(value, 120)) } } }
}

fn names(title: &str, facet: Facet, names: &[Name<'_>]) -> Markup {
    html! {
        @if !names.is_empty() {
            div { dt { (title) } dd {
                @for (at, name) in names.iter().take(MOST_NAMES).enumerate() {
                    @if at > 0 { ", " }
                    (linked(facet, &name.label))
                    @if let Some(written) = name.as_written.as_deref().filter(|written| *written != name.label) {
                        span.note { " (as written: " bdi { (words::shortened(written, 100)) } ")" }
                    }
                }
                @if names.len() > MOST_NAMES { span.note { " and " (names.len() - MOST_NAMES) " more" } }
            } }
        }
    }
}

fn level_words(normalised: Option<&str>, written: Option<&str>) -> Option<Markup> {
    let shown = normalised.or(written)?;
    Some(html! {
        (linked(Facet::Level, shown))
        @if let Some(written) = written.filter(|written| *written != shown) {
            span.note { " (as written: " bdi { (words::shortened(written, 100)) } ")" }
        }
    })
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Open => "open",
        Access::Restricted => "restricted",
        Access::Embargoed => "embargoed",
        Access::Closed => "closed",
    }
}

fn providers(entity: &Entity<'_>) -> Option<Markup> {
    let list = json::elements(entity.providers?.get())?;
    let names: Vec<_> = list.iter().filter_map(|provider| Fields::of_valid(provider)).collect();
    let named = names.iter().filter_map(|provider| {
        let roles = provider.get("roles").and_then(json::elements).unwrap_or_default();
        let roles: Vec<_> = roles.into_iter().filter_map(json::read_string).collect();
        Some((provider.string("name")?, roles.join(", ")))
    });
    let named: Vec<_> = named.take(20).collect();
    (!named.is_empty()).then(|| html! {
        ul.plain { @for (name, roles) in &named {
            li { span dir="auto" { (words::shortened(name, 200)) } @if !roles.is_empty() { " " span.note { (words::shortened(roles, 100)) } } }
        } }
    })
}

fn coordinates(entity: &Entity<'_>) -> Option<Markup> {
    let lines = entity.space.iter().take(5).filter_map(|space| {
        let outline = crate::http::faces::pages::map::Outline::of(space)?;
        let [west, south, east, north] = outline.parts.envelope()?;
        let place = words::label(&outline.body);
        let frame = space.frame.as_deref().map(|frame| format!(" ({frame})")).unwrap_or_default();
        let is_point = (east - west).abs() < 1e-9 && (north - south).abs() < 1e-9;
        Some(match (is_point, outline.body == "sky") {
            (true, true) => {
                format!("{place}: right ascension {:.5}°, declination {south:.5}°{frame}", west.rem_euclid(360.0))
            }
            (true, false) => format!("{place}: longitude {west:.5}°, latitude {south:.5}°{frame}"),
            (false, _) => format!("{place}: {west:.4}° to {east:.4}°, {south:.4}° to {north:.4}°{frame}"),
        })
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| html! { ul.plain { @for line in &lines { li { (line) } } } })
}

fn lifecycle(fields: &Fields<'_>) -> Markup {
    let dates = fields.get("lifecycle").and_then(Fields::of_valid).unwrap_or_default();
    html! {
        @for (name, value) in dates.iter().take(10) {
            @if let Some(text) = json::read_string(value) { (line(&words::label(name), Some(plain(&words::moment(&text))))) }
        }
    }
}

fn keywords(entity: &Entity<'_>) -> Markup {
    html! {
        @if !entity.keywords.is_empty() {
            div { dt { "Keywords" } dd { ul.tags {
                @for keyword in entity.keywords.iter().take(MOST_KEYWORDS) {
                    li { a href=(Asked::default().with(Facet::Keyword, &keyword.path).href()) title=[keyword.scheme.as_deref()] { bdi { (words::shortened(&keyword.path, 120)) } } }
                }
            } } }
        }
    }
}

/// The free properties.
pub fn properties(entity: &Entity<'_>) -> Markup {
    let fields = entity.properties.and_then(|properties| Fields::of_valid(properties.get())).unwrap_or_default();
    let lines: Vec<(&str, &str)> = fields.iter().take(MOST_PROPERTIES).collect();
    let (open, folded) = lines.split_at(lines.len().min(OPEN_PROPERTIES));
    html! {
        @if !lines.is_empty() {
            section aria-labelledby="properties" {
                h2 #properties { "Properties as given" }
                (table(open, "Properties"))
                @if !folded.is_empty() {
                    details { summary { (words::number(folded.len() as u64)) " more properties" } (table(folded, "Further properties")) }
                }
            }
        }
    }
}

fn table(lines: &[(&str, &str)], caption: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table.properties {
                tbody {
                    @for (name, value) in lines {
                        tr {
                            th scope="row" { bdi { (words::shortened(name, 200)) } }
                            td dir="auto" { (value_words(value)) }
                        }
                    }
                }
            }
        }
    }
}

/// A value without quotes around a text; anything else as JSON, as it was written.
fn value_words(value: &str) -> String {
    let text = json::read_string(value).map_or_else(|| value.to_owned(), |text| text.into_owned());
    words::shortened(&text, VALUE)
}
