//! The files of a record: what each is, how large, whether its bytes are what was promised, and the way to them.

use maud::{Markup, html};

use crate::http::faces::pages::{address, words};
use crate::model::json::Fields;
use crate::model::{Access, Entity, File, Key};

/// Files shown before the rest is folded, and at most.
const OPEN: usize = 25;
const MOST: usize = 1_000;

/// The table of files; nothing when there are none.
pub fn files(key: &Key, entity: &Entity<'_>) -> Markup {
    let stands = Standing::of(entity);
    let shown = entity.files.get(..entity.files.len().min(MOST)).unwrap_or_default();
    let (open, folded) = shown.split_at(shown.len().min(OPEN));
    html! {
        @if !entity.files.is_empty() {
            section.files aria-labelledby="files" {
                h2 #files { "Files" }
                p { (stands.sentence(entity.files.len())) }
                @if entity.access != Access::Open {
                    p.banner role="note" { "Who may read the bytes is restricted by their producer; this description is open." }
                }
                (table(key, entity, open, "Files of this record"))
                @if !folded.is_empty() {
                    details {
                        summary { (words::number(folded.len() as u64)) " more files" }
                        (table(key, entity, folded, "Further files of this record"))
                    }
                }
                @if entity.files.len() > MOST {
                    p.note { "The JSON of this record lists all of them." }
                }
            }
        }
    }
}

/// How many files are held, and how large they are together.
struct Standing {
    held: usize,
    bytes: u64,
}

impl Standing {
    fn of(entity: &Entity<'_>) -> Self {
        let held = entity.files.iter().filter(|file| file.storage.is_some());
        let bytes = held.clone().filter_map(|file| file.bytes).fold(0, u64::saturating_add);
        Self { held: held.count(), bytes }
    }

    fn sentence(&self, all: usize) -> String {
        match self.held {
            0 if all == 1 => "The file is not held here.".to_owned(),
            0 => format!("None of {} is held here.", words::counted(all as u64, "file", "files")),
            held if held == all => {
                format!("{}, {}, held here.", words::counted(held as u64, "file", "files"), words::size(self.bytes))
            }
            held => format!(
                "{} of {} held here, {}.",
                words::number(held as u64),
                words::counted(all as u64, "file", "files"),
                words::size(self.bytes)
            ),
        }
    }
}

fn table(key: &Key, entity: &Entity<'_>, files: &[File<'_>], caption: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                thead { tr { th scope="col" { "File" } th scope="col" { "Size" } th scope="col" { "Fixity" } } }
                tbody { @for file in files { (line(key, entity, file)) } }
            }
        }
    }
}

fn line(key: &Key, entity: &Entity<'_>, file: &File<'_>) -> Markup {
    let is_held = file.payload().is_some();
    let (class, sentence) = words::fixity(file.fixity.as_deref(), is_held);
    html! {
        tr {
            td {
                (name(key, entity, file, is_held))
                div.note {
                    @if let Some(role) = &file.role { (words::shortened(role, 60)) " " }
                    @if let Some(media_type) = &file.media_type { code { (words::shortened(media_type, 80)) } }
                }
            }
            td.size {
                @match file.bytes {
                    Some(bytes) => span title={ (bytes) " bytes" } { (words::size(bytes)) },
                    None => span.unseen { "unknown" },
                }
            }
            td {
                p.fixity.(class) { (sentence) }
                @if !file.checksums.is_empty() { (checksums(file)) }
            }
        }
    }
}

fn name(key: &Key, entity: &Entity<'_>, file: &File<'_>, is_held: bool) -> Markup {
    let shown = html! { bdi { (file.name) } };
    let elsewhere = file.href.as_deref().and_then(address::elsewhere);
    match (is_held && entity.access == Access::Open, elsewhere) {
        (true, _) => {
            html! { a.download href=(address::file(key, &file.name)) download aria-label={ "Download " (file.name) } { (shown) } }
        }
        (false, Some(href)) => {
            html! { a href=(href) rel="external nofollow noopener" { (shown) } " " span.note { "at its producer" } }
        }
        (false, None) => {
            html! { (shown) @if let Some(href) = &file.href { div.note { bdi { (words::shortened(href, 200)) } } } }
        }
    }
}

fn checksums(file: &File<'_>) -> Markup {
    html! {
        details.digests {
            summary { "Digests" }
            dl {
                @for checksum in &file.checksums {
                    dt { (checksum.algorithm) @if let Some(source) = &checksum.source { " (" (source) ")" } }
                    dd { code { (words::shortened(&checksum.value, 200)) } }
                }
            }
        }
    }
}

/// The state of the record's files together, in words.
pub fn overall(record: &str) -> Option<(&'static str, &'static str)> {
    let status = Fields::of_valid(record)?.get("fixity").and_then(Fields::of_valid)?.string("status")?.into_owned();
    Some(words::fixity(Some(&status), true))
}
