//! A record in the making: importers say what they found, in any order; this writes it under the generic schema.

mod files;
mod finish;
mod labels;

use std::collections::HashSet;

use super::names::Role;
use super::space::{self, Shape};
use super::time::{self, Written};
use super::{levels, names};
use crate::importer::{Context, Reason};
use crate::model::{Draft, RecordId};

pub use files::File;
pub use labels::Labels;

/// How many fields of a document went into the record, and how many are only in the kept source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct FieldCounts {
    pub mapped: u64,
    pub kept: u64,
}

impl std::ops::Add for FieldCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { mapped: self.mapped.saturating_add(other.mapped), kept: self.kept.saturating_add(other.kept) }
    }
}

/// See the module.
pub struct Record<'c> {
    context: &'c Context<'c>,
    /// Members that are written once, in the order they came.
    pub draft: Draft,
    id: String,
    collection: Option<String>,
    /// Members of `draft` that were written by the functions here: the first value counts.
    written: HashSet<&'static str>,
    texts: HashSet<String>,
    identifiers: Draft,
    aliases: Draft,
    keywords: Draft,
    links: Draft,
    files: files::Files,
    properties: Vec<(String, Vec<String>)>,
    names: [labels::Labels; 4],
    space: Draft,
    lifecycle: Draft,
    /// What stands in the lists already, so that nothing stands there twice.
    listed: HashSet<(&'static str, String)>,
    findings: Vec<Reason>,
    /// Where the document is not the whole file: the line or element, from 1.
    pub place: usize,
}

impl<'c> Record<'c> {
    /// Begins a record of a kind (`product`, `collection`, `instrument`, …); collections and members of none have none.
    pub fn new(context: &'c Context<'c>, kind: &str, collection: Option<&str>, id: &str) -> Self {
        let mut draft = Draft::new(kind, id);
        draft.optional("collection", collection);
        Self {
            context,
            draft,
            id: id.to_owned(),
            collection: collection.map(str::to_owned),
            written: HashSet::new(),
            texts: HashSet::new(),
            identifiers: Draft::array(),
            aliases: Draft::array(),
            keywords: Draft::array(),
            links: Draft::array(),
            files: files::Files::default(),
            properties: Vec::new(),
            names: Default::default(),
            space: Draft::array(),
            lifecycle: Draft::object(),
            listed: HashSet::new(),
            findings: Vec::new(),
            place: context.first,
        }
    }

    /// A remark; see [`Reason`].
    pub fn note(&mut self, reason: Reason) {
        self.findings.push(reason);
    }

    /// Whether this is the first time that something is put into a list.
    fn is_new(&mut self, list: &'static str, text: String) -> bool {
        self.listed.insert((list, text))
    }

    /// A member such as `title`, `description`, `licence`, `version`, `data_type`, `format`, `doi`, `citation`. The first
    /// value counts.
    pub fn text(&mut self, member: &str, value: Option<&str>) {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { return };
        if self.texts.insert(member.to_owned()) {
            self.draft.string(member, value);
        }
    }

    /// An identifier that resolves to this record (`doi`, `lidvid`, `spase`, …).
    pub fn identifier(&mut self, scheme: &str, value: &str) {
        let (scheme, value) = (scheme.trim(), value.trim());
        if scheme.is_empty() || value.is_empty() || !self.is_new("identifiers", format!("{scheme} {value}")) {
            return;
        }
        let mut identifier = Draft::object();
        identifier.string("scheme", scheme);
        identifier.string("value", value);
        self.identifiers.element(&identifier.finish());
    }

    /// A name that this record had before, or has elsewhere.
    pub fn alias(&mut self, value: &str) {
        let value = value.trim();
        if let Err(error) = RecordId::parse(value) {
            return self.unusable("aliases", &error.to_string());
        }
        if self.is_new("aliases", value.to_owned()) {
            self.aliases.string_element(value);
        }
    }

    fn unusable(&mut self, field: &str, message: &str) {
        self.note(Reason::FieldUnusable { field: field.to_owned(), message: message.to_owned() });
    }

    /// A keyword; levels of a path are parted by ` > `.
    pub fn keyword(&mut self, scheme: Option<&str>, path: &str) {
        let path = path.trim();
        if path.is_empty() || !self.is_new("keywords", format!("{} {path}", scheme.unwrap_or_default())) {
            return;
        }
        let mut keyword = Draft::object();
        keyword.optional("scheme", scheme.filter(|scheme| !scheme.is_empty()));
        keyword.string("path", path);
        self.keywords.element(&keyword.finish());
    }

    /// A mission, platform, instrument or target as written; the tables give the label and the IRI. A list or path such
    /// as `terra,aqua` or `SOLO/EUI/FSI` becomes its parts, when the tables know all of them.
    pub fn name(&mut self, role: Role, written: &str) {
        let written = written.trim();
        if role == Role::Level {
            return self.level(written);
        }
        if time::is_absent(written) {
            return;
        }
        for named in self.context.names.named(role, written) {
            if let Some(list) = self.names.get_mut(named.role as usize) {
                list.push(written, named.concept);
            }
        }
    }

    /// The processing level as written.
    pub fn level(&mut self, written: &str) {
        self.level_in(None, written);
    }

    /// The processing level as a scheme such as `CODMAC` writes it, whose numbers mean other levels than those of others.
    pub fn level_in(&mut self, scheme: Option<&str>, written: &str) {
        let written = written.trim();
        if time::is_absent(written) || !self.written.insert("level") {
            return;
        }
        let mut level = Draft::object();
        level.optional("normalised", levels::normalised(self.context.names, scheme, written));
        level.string("as_written", written);
        level.optional("scheme", scheme);
        self.draft.part("level", level);
    }

    /// The time that the record covers. What stands for "no value" (`N/A`) is none.
    pub fn time(&mut self, written: Written<'_>) {
        let start = written.start.filter(|(_, text)| !time::is_absent(text));
        let stop = written.stop.filter(|(_, text)| !time::is_absent(text));
        let nothing = start.is_none() && stop.is_none();
        if nothing || self.written.contains("time") {
            return;
        }
        let span = time::span(&Written { start, stop, ..written });
        self.findings.extend(span.findings);
        if let Some(text) = span.text {
            self.written.insert("time");
            self.draft.raw("time", &text);
        }
    }

    /// A date of the record itself (`created`, `issued`, `modified`, `retired`), or `processed_at`, `archived_at`. The
    /// first that can be read counts.
    pub fn date(&mut self, member: &'static str, field: &'static str, written: &str) {
        if time::is_absent(written) || self.written.contains(member) {
            return;
        }
        let Some(read) = time::read(written) else {
            return self.note(Reason::TimeUnreadable { name: field, written: written.chars().take(200).collect() });
        };
        self.written.insert(member);
        let into = if matches!(member, "processed_at" | "archived_at") { &mut self.draft } else { &mut self.lifecycle };
        into.string(member, &read.start);
    }

    /// A footprint on a body (`earth`, `mars`, …, or [`super::space::SKY`]); the frame where the document names one. The
    /// tables of targets know other spellings of bodies.
    pub fn footprint(&mut self, body: &str, frame: Option<&str>, shape: &Shape<'_>) {
        let footprint = space::of_shape(&self.body(body), frame, shape);
        self.findings.extend(footprint.findings);
        if let Some(text) = footprint.text.filter(|text| !self.listed.contains(&("space", text.clone()))) {
            self.space.element(&text);
            self.listed.insert(("space", text));
        }
    }

    /// The name of a body as footprints have it.
    fn body(&self, written: &str) -> String {
        let concept = self.context.names.concept(Role::Target, written);
        if let Some(name) = concept.and_then(|concept| concept.notation.clone()) {
            return name;
        }
        let lower = written.trim().to_lowercase();
        let allowed = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || " ./_-".contains(sign);
        let text: String = lower.chars().map(|sign| if allowed(sign) { sign } else { ' ' }).collect();
        let text = text.trim_matches([' ', '.', '/', '_', '-']);
        if text.is_empty() { "unknown".to_owned() } else { text.to_owned() }
    }

    /// A link to another record or page. `href` may be an identifier: `urn:…`, `spase://…`, a LIDVID.
    pub fn link(&mut self, rel: &str, href: &str, title: Option<&str>) {
        let href = href.trim();
        if href.is_empty() || !self.is_new("links", format!("{rel} {href}")) {
            return;
        }
        let mut link = Draft::object();
        link.string("rel", rel);
        link.string("href", href);
        link.optional("title", title.filter(|title| !title.is_empty()));
        self.links.element(&link.finish());
    }

    /// A file of the product. A name that cannot be used, or that another file of this record has, is a finding.
    pub fn file(&mut self, file: &File<'_>) {
        let findings = self.files.push(file);
        self.findings.extend(findings);
    }

    /// A free property, text. Names are namespaced as their standard does: `spase:Cadence`, `pds3:SPICE_FILE_NAME`. A name
    /// given more than once becomes an array.
    pub fn property(&mut self, name: &str, value: &str) {
        let mut text = String::new();
        crate::model::json::push_string(&mut text, value);
        self.raw_property(name, &text);
    }

    /// A free property, JSON text: numbers stay as they were written.
    pub fn raw_property(&mut self, name: &str, value: &str) {
        match self.properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) if values.iter().any(|known| known == value) => {}
            Some((_, values)) => values.push(value.to_owned()),
            None => self.properties.push((name.to_owned(), vec![value.to_owned()])),
        }
    }

    /// A duration as given (ISO 8601), and `<name>_seconds` to compare it by. What is no duration is kept as text.
    pub fn duration(&mut self, name: &str, written: &str) {
        let written = written.trim();
        if time::is_absent(written) {
            return;
        }
        self.property(name, written);
        match time::seconds_of_duration(written).and_then(serde_json::Number::from_f64) {
            Some(seconds) => self.raw_property(&format!("{name}_seconds"), &seconds.to_string()),
            None => self.note(Reason::FieldUnusable {
                field: name.to_owned(),
                message: format!("{:?} is no ISO 8601 duration", written.chars().take(200).collect::<String>()),
            }),
        }
    }
}

/// Whether two labels differ in nothing that a reader would see.
fn same_label(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (!names::fold(one).is_empty() && names::fold(one) == names::fold(other))
}

#[cfg(test)]
mod tests;
