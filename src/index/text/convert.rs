//! Turns an event into the document that the index takes in.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::model::{Entity, Event, Facet, Instant, Kind, Name, scan};
use crate::query::evaluate::SHOWN;

use super::document::IndexDocument;
use super::fields::Fields;
use super::footprint::footprints;
use super::properties::{PropertyValue, flatten};
use super::shelf::Shelf;
use super::{SHORT_SPAN, cells, order, standing, terms, tokens, words};

/// Longest text of one member that is cut into words, bytes: a description of some 10,000 words.
const MAX_WORDS_TEXT: usize = 64 * 1024;

/// Longest identifier kept as a whole, bytes.
const MAX_WHOLE: usize = 256;

/// Most names, keywords or identifiers indexed of one record.
const MAX_NAMES: usize = 1_000;

/// The document of a record's current revision. Bytes that are no entity of this version are still found by key.
pub(super) fn document(fields: &Fields, event: &Event, tie: u64) -> IndexDocument {
    let record = event.record.as_deref().map(|record| record.get().as_bytes());
    let entity = record.and_then(|record| match Entity::view(record) {
        Ok(entity) => Some(entity),
        Err(error) => {
            tracing::warn!(sequence = event.sequence, %error, "record is searchable by its key only");
            None
        }
    });
    let shelf = Shelf::of(event.kind);
    let mut writer = Writer { fields, document: IndexDocument::new(), shelf, within: HashSet::new() };
    writer.key(event, tie);
    match &entity {
        Some(entity) => writer.entity(entity, tie),
        None => writer.order(None, tie),
    }
    writer.document
}

struct Writer<'f> {
    fields: &'f Fields,
    document: IndexDocument,
    shelf: Shelf,
    /// Of each member the words it has so far: one term each is enough.
    within: HashSet<(u8, String)>,
}

impl Writer<'_> {
    fn key(&mut self, event: &Event, tie: u64) {
        let fields = self.fields;
        let kind = Kind::ALL.iter().position(|kind| *kind == event.kind).unwrap_or_default();
        self.document.u64(fields.tie, tie);
        self.document.u64(fields.sequence, event.sequence);
        self.document.u64(fields.kind, kind as u64);
        let updated = Instant::parse(&event.time).map_or(0, Instant::micros);
        self.document.i64(fields.updated, updated);
        let id = event.id.as_str();
        self.document.text(fields.id, id);
        self.term(&terms::record(tie));
        if event.kind != Kind::Product {
            self.term(&terms::kind(event.kind));
        }
        self.identifier(id);
        if let Some(collection) = &event.collection {
            self.document.text(fields.facets[0], collection.as_str());
            self.term(&terms::facet(Facet::Collection, collection.as_str()));
            self.words(collection.as_str(), None);
        }
    }

    fn entity(&mut self, entity: &Entity<'_>, tie: u64) {
        if self.shelf == Shelf::Others {
            self.document.u64(self.fields.standing, standing::standing(entity));
        }
        if let Some(title) = &entity.title {
            self.document.text(self.fields.title, &terms::bounded(title));
        }
        self.time(entity, tie);
        self.space(entity);
        self.names(Facet::Mission, &entity.missions);
        self.names(Facet::Platform, &entity.platforms);
        self.names(Facet::Instrument, &entity.instruments);
        self.names(Facet::Target, &entity.targets);
        if let Some(level) = &entity.level {
            let label = level.normalised.as_deref().or(level.as_written.as_deref());
            self.labels(Facet::Level, label.map(|label| (label, level.as_written.as_deref())));
        }
        self.labels(Facet::DataType, entity.data_type.as_deref().map(|label| (label, None)));
        self.labels(Facet::Access, [(access_label(entity), None)]);
        self.labels(Facet::Keyword, entity.keywords.iter().map(|keyword| (keyword.path.as_ref(), None)));
        self.free_text(entity);
        self.properties(entity);
    }

    fn order(&mut self, start: Option<i64>, tie: u64) {
        self.document.order = order::order_of(start, tie);
        self.document.u64(self.fields.order, self.document.order);
    }

    fn time(&mut self, entity: &Entity<'_>, tie: u64) {
        let bounds = entity.time.as_ref().and_then(|time| time.bounds());
        let bounds = bounds.map(|(start, stop)| (order::clamp(start.micros()), order::clamp(stop.micros())));
        self.order(bounds.map(|(start, _)| start), tie);
        let Some((start, stop)) = bounds else { return };
        self.document.i64(self.fields.stop, stop);
        if stop.saturating_sub(start) > SHORT_SPAN {
            self.term(&terms::long_span());
        }
    }

    fn space(&mut self, entity: &Entity<'_>) {
        let bodies: Vec<String> = entity.space.iter().map(|space| space.body.to_lowercase()).collect();
        self.labels(Facet::Body, bodies.iter().map(|body| (body.as_str(), None)));
        let fields = self.fields;
        for footprint in footprints(&entity.space) {
            self.document.text(fields.footprint_body, &footprint.body);
            self.document.f64(fields.west, footprint.area.west);
            self.document.f64(fields.south, footprint.area.south);
            self.document.f64(fields.east, footprint.area.east);
            self.document.f64(fields.north, footprint.area.north);
            self.document.u64(fields.footprint_is_box, u64::from(footprint.is_exact));
            for term in cells::footprint_terms(&footprint.body, &footprint.area) {
                self.term(&term);
            }
        }
    }

    fn names(&mut self, facet: Facet, names: &[Name<'_>]) {
        self.labels(facet, names.iter().map(|name| (name.label.as_ref(), name.as_written.as_deref())));
        for name in names.iter().take(MAX_NAMES) {
            self.words(&name.label, Some(terms::IN_NAME));
            if let Some(as_written) = name.as_written.as_deref().filter(|as_written| *as_written != name.label) {
                self.words(as_written, Some(terms::IN_NAME));
            }
        }
    }

    /// Labels to count, each once, and terms that match a label or what was written.
    fn labels<'a>(&mut self, facet: Facet, labels: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) {
        let Some(column) = Facet::ALL.iter().position(|other| *other == facet) else { return };
        let Some(field) = self.fields.facets.get(column).copied() else { return };
        let mut seen: Vec<Cow<'a, str>> = Vec::new();
        for (label, as_written) in labels.into_iter().take(MAX_NAMES) {
            let label = terms::bounded(label);
            let written = as_written.filter(|as_written| *as_written != label);
            for value in [Some(label.as_ref()), written].into_iter().flatten() {
                self.term(&terms::facet(facet, value));
            }
            if !seen.contains(&label) {
                self.document.text(field, &label);
                seen.push(label);
            }
        }
    }

    fn free_text(&mut self, entity: &Entity<'_>) {
        let members = [
            (&entity.title, Some(terms::IN_TITLE)),
            (&entity.description, Some(terms::IN_DESCRIPTION)),
            (&entity.data_type, None),
            (&entity.format, None),
        ];
        for (text, member) in members {
            text.iter().for_each(|text| self.words(text, member));
        }
        entity.keywords.iter().take(MAX_NAMES).for_each(|keyword| self.words(&keyword.path, Some(terms::IN_KEYWORD)));
        entity.doi.iter().for_each(|doi| self.identifier(doi));
        entity.identifiers.iter().take(MAX_NAMES).for_each(|identifier| self.identifier(&identifier.value));
        entity.aliases.iter().take(MAX_NAMES).for_each(|alias| self.identifier(alias));
        if let Some(level) = &entity.level {
            let written = [&level.normalised, &level.as_written];
            written.into_iter().flatten().for_each(|text| self.words(text, Some(terms::IN_NAME)));
        }
    }

    fn properties(&mut self, entity: &Entity<'_>) {
        let mut name = String::new();
        let own = entity.properties.map_or("", |object| object.get());
        let quality = entity.quality.map(|object| object.get());
        for (object, prefix) in [(Some(own), ""), (quality, "quality"), (entity.recreation(), "recreation")] {
            let Some(object) = object.filter(|object| !object.is_empty()) else { continue };
            flatten(object, prefix, &mut |path, value| {
                self.property(path, &value, &mut name);
                let shown = SHOWN.iter().find(|(stored, _)| *stored == path).map(|(_, shown)| *shown);
                if let Some(shown) = shown.filter(|shown| scan::member(own, shown).is_none()) {
                    self.property(shown, &value, &mut name);
                }
            });
        }
        // Items show the version of a product as a property too.
        if let Some(version) = entity.version.as_deref().filter(|_| scan::member(own, "version").is_none()) {
            self.property("version", &PropertyValue::Text(version.into()), &mut name);
        }
        self.document.close_properties(self.fields.properties);
    }

    fn property(&mut self, path: &str, value: &PropertyValue<'_>, name: &mut String) {
        let mut named = |letter: char| {
            name.clear();
            name.push(letter);
            name.push_str(path);
        };
        match value {
            PropertyValue::Number(number) => {
                named(super::properties::NUMBERS);
                // -0 and 0 are one value.
                self.document.number_property(name, number + 0.0);
            }
            PropertyValue::Instant(micros) => {
                named(super::properties::INSTANTS);
                self.document.integer_property(name, *micros);
            }
            PropertyValue::Bool(truth) => {
                named(super::properties::BOOLS);
                self.document.bool_property(name, *truth);
            }
            PropertyValue::Text(text) => {
                named(super::properties::TEXTS);
                self.document.text_property(name, &terms::bounded(text));
                self.term(&terms::property(path, text));
            }
        }
    }

    fn term(&mut self, bytes: &[u8]) {
        self.document.term(self.fields.terms, bytes);
    }

    /// An identifier by its words and, of what is no product, as a whole. Names with spaces, such as a title that
    /// serves as one, are no more than words.
    fn identifier(&mut self, text: &str) {
        let is_whole = !text.contains(char::is_whitespace);
        self.words(text, is_whole.then_some(terms::IN_ID));
        if self.shelf == Shelf::Others && is_whole && text.len() <= MAX_WHOLE {
            let joined = words::parts(text).concat();
            if !joined.is_empty() {
                self.term(&terms::whole(&joined));
            }
        }
    }

    /// Products are many: of theirs only the members count that can be asked for by name and are no facets.
    fn tells_apart(&self, member: u8) -> bool {
        let named = [terms::IN_ID, terms::IN_TITLE, terms::IN_DESCRIPTION];
        self.shelf == Shelf::Others || named.contains(&member)
    }

    fn words(&mut self, text: &str, member: Option<u8>) {
        let text = text.get(..text.floor_char_boundary(MAX_WORDS_TEXT)).unwrap_or_default();
        self.document.text(self.fields.text[self.shelf as usize], text);
        if self.shelf == Shelf::Products {
            for run in tokens::identifiers(text) {
                self.term(&terms::identifier(run));
            }
        }
        if let Some(member) = member.filter(|member| self.tells_apart(*member)) {
            for word in words::parts(text) {
                let term = terms::within(member, &word);
                if self.within.insert((member, word)) {
                    self.term(&term);
                }
            }
        }
    }
}

fn access_label(entity: &Entity<'_>) -> &'static str {
    use crate::model::Access;
    match entity.access {
        Access::Open => "open",
        Access::Restricted => "restricted",
        Access::Embargoed => "embargoed",
        Access::Closed => "closed",
    }
}
