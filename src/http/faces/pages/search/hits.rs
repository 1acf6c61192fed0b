//! Results as a list, the record whose name was typed above it, and the way to the next page.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::asked::Asked;
use crate::catalogue::{Found, Match, Naming, Results, snippets};
use crate::http::faces::pages::{address, words};
use crate::model::{Entity, Key, Kind, RecordId, Snippet, TextQuery};

/// Characters of a title and of a description in the list.
const TITLE: usize = 200;
const DESCRIPTION: usize = 240;

/// The key of a record.
pub fn key_of(entity: &Entity<'_>) -> Option<Key> {
    let id = RecordId::parse(&entity.id).ok()?;
    // Documents may name a collection too; only products are found by it.
    let collection = entity.collection.as_deref().filter(|_| entity.kind == Kind::Product);
    Some(Key { kind: entity.kind, collection: collection.map(RecordId::parse).transpose().ok()?, id })
}

/// Records whose very name was typed.
pub fn named(matches: &[Match]) -> Markup {
    html! {
        @for found in matches {
            p.exact {
                strong { "Exactly this name: " }
                a href=(address::page(&found.key)) { bdi { (found.key.id) } } " "
                span.note {
                    "(" (words::kind(found.key.kind).0)
                    @if let Naming::Identifier { scheme } = &found.naming { ", by its " (scheme) }
                    ")"
                }
            }
        }
    }
}

/// A text with the words that were asked for marked.
fn marked(snippet: &Snippet) -> Markup {
    let mut parts = Vec::with_capacity(snippet.marks.len() * 2 + 1);
    let mut at = 0;
    for mark in &snippet.marks {
        parts.push((snippet.text.get(at..mark.start).unwrap_or_default(), false));
        parts.push((snippet.text.get(mark.clone()).unwrap_or_default(), true));
        at = mark.end;
    }
    parts.push((snippet.text.get(at..).unwrap_or_default(), false));
    html! {
        @for (text, is_marked) in parts { @if is_marked { mark { (text) } } @else { (text) } }
    }
}

/// The results.
pub fn list(asked: &Asked, results: &Results, titles: &BTreeMap<String, String>) -> Markup {
    // What was found instead of a misspelt word is marked as that.
    let text = results.did_you_mean.as_deref().unwrap_or(&asked.text);
    let words = Some(text).filter(|text| !text.is_empty()).map(TextQuery::from);
    // A text that was searched for has words; one that has none marks nothing.
    let snippets =
        |found: &Found| words.as_ref().and_then(|words| snippets(&found.record, words).ok()).unwrap_or_default();
    html! {
        ol.hits #hits tabindex="-1" {
            @for found in &results.found {
                @match Entity::view(&found.record) {
                    Ok(entity) => (hit(asked, &entity, titles, &snippets(found))),
                    // A record that passed its schema can be viewed; if not, it is not hidden.
                    Err(_) => li { "Record " (found.sequence) " cannot be shown." },
                }
            }
        }
    }
}

fn hit(asked: &Asked, entity: &Entity<'_>, titles: &BTreeMap<String, String>, snippets: &[Snippet]) -> Markup {
    let snippet = |member: &str| snippets.iter().find(|snippet| snippet.member == member);
    let in_title = snippet("title").filter(|snippet| snippet.text.chars().count() <= TITLE);
    let title = entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&entity.id);
    let href = key_of(entity).map(|key| address::page(&key));
    html! {
        li.hit {
            h3 { a href=[href] dir="auto" {
                @match in_title { Some(snippet) => (marked(snippet)), None => (words::shortened(title, TITLE)) }
            } }
            p.id { bdi { (entity.id) } @if let Some(version) = &entity.version { " " span.version { "version " (words::shortened(version, 40)) } } }
            p.facts-line {
                @if asked.group == super::asked::Group::Context { span { (words::label(words::kind(entity.kind).0)) } }
                @for name in entity.missions.iter().take(2) { span { (words::shortened(&name.label, 60)) } }
                @for name in entity.instruments.iter().take(2) { span { (words::shortened(&name.label, 60)) } }
                @if let Some(level) = level(entity) { span { (words::shortened(level, 40)) } }
                @if let Some(span) = entity.time.as_ref().and_then(words::span) { span.time { (span) } }
                @if let Some(files) = files(entity) { span { (files) } }
            }
            @if let Some(snippet) = snippet("description") {
                p.snippet dir="auto" { (marked(snippet)) @if snippet.is_cut { " …" } }
            } @else if let Some(description) = entity.description.as_deref().filter(|text| !text.trim().is_empty()) {
                p.snippet dir="auto" { (words::shortened(description, DESCRIPTION)) }
            }
            @if let Some(collection) = entity.collection.as_deref().filter(|_| entity.kind == Kind::Product) {
                @let title = titles.get(collection).map_or(collection, String::as_str);
                p.of { "in " a href=(address::collection(collection)) { bdi { (words::shortened(title, 120)) } } }
            }
        }
    }
}

fn level<'a>(entity: &'a Entity<'_>) -> Option<&'a str> {
    let level = entity.level.as_ref()?;
    level.normalised.as_deref().or(level.as_written.as_deref())
}

fn files(entity: &Entity<'_>) -> Option<String> {
    let held: Vec<_> = entity.files.iter().filter(|file| file.storage.is_some()).collect();
    let bytes: u64 = held.iter().filter_map(|file| file.bytes).fold(0, u64::saturating_add);
    match (held.len(), entity.files.len()) {
        (_, 0) => None,
        (0, all) => Some(format!("{}, not held here", words::counted(all as u64, "file", "files"))),
        (held, _) => Some(format!("{}, {}", words::counted(held as u64, "file", "files"), words::size(bytes))),
    }
}

/// To the first and the next page.
pub fn pages(asked: &Asked, results: &Results) -> Markup {
    html! {
        @if !asked.token.is_empty() || results.next.is_some() {
            nav.pages aria-label="Pages" {
                @if !asked.token.is_empty() { a href=(asked.first_page().href()) { "First page" } }
                @if let Some(token) = &results.next {
                    a.next rel="next" href=(Asked { token: token.clone(), ..asked.clone() }.href()) { "Next page" }
                }
            }
        }
    }
}
