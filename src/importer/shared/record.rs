//! A record in the making: importers say what they found, in any order; this writes it under the generic schema.

use std::ops::Range;

use super::names::Role;
use super::space::Shape;
use super::time::Written;
use crate::importer::{Context, Finding, Imported, ImportedEntity, Reason, SourceDocument};
use crate::model::Draft;

/// How many fields of a document went into the record, and how many are only in the kept source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct FieldCounts {
    pub mapped: u64,
    pub kept: u64,
}

impl std::ops::Add for FieldCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { mapped: self.mapped + other.mapped, kept: self.kept + other.kept }
    }
}

/// A file of the product as its label describes it.
#[derive(Debug, Clone, Default)]
pub struct File<'a> {
    /// Path relative to the document, as written.
    pub name: &'a str,
    pub role: Option<&'a str>,
    pub bytes: Option<u64>,
    /// Algorithm (`md5`, `sha1`, `sha256`, `crc32`) and value that the producer promised.
    pub checksum: Option<(&'a str, &'a str)>,
    pub media_type: Option<&'a str>,
    /// Where it is elsewhere, if the document gives an address.
    pub href: Option<&'a str>,
}

/// See the module.
pub struct Record<'c> {
    context: &'c Context<'c>,
    /// Members that are written once, in the order they came.
    pub draft: Draft,
    id: String,
    identifiers: Draft,
    aliases: Draft,
    keywords: Draft,
    links: Draft,
    files: Draft,
    properties: Draft,
    names: [Draft; 4],
    space: Draft,
    findings: Vec<Reason>,
    /// Where the document is not the whole file: the line or element, from 1.
    pub place: usize,
}

impl<'c> Record<'c> {
    /// Begins a record of a kind (`product`, `collection`, `instrument`, …); collections and members of none have none.
    pub fn new(context: &'c Context<'c>, kind: &str, collection: Option<&str>, id: &str) -> Self {
        let mut draft = Draft::new(kind, id);
        draft.optional("collection", collection);
        let array = Draft::array;
        Self {
            context,
            draft,
            id: id.to_owned(),
            identifiers: array(),
            aliases: array(),
            keywords: array(),
            links: array(),
            files: array(),
            properties: Draft::object(),
            names: [array(), array(), array(), array()],
            space: array(),
            findings: Vec::new(),
            place: context.first,
        }
    }

    /// A remark; see [`Reason`].
    pub fn note(&mut self, reason: Reason) {
        self.findings.push(reason);
    }

    /// A member such as `title`, `description`, `licence`, `version`, `data_type`, `format`, `doi`, `citation`.
    pub fn text(&mut self, member: &str, value: Option<&str>) {
        self.draft.optional(member, value.filter(|value| !value.is_empty()));
    }

    /// An identifier that resolves to this record (`doi`, `lidvid`, `spase`, …).
    pub fn identifier(&mut self, scheme: &str, value: &str) {
        let mut identifier = Draft::object();
        identifier.string("scheme", scheme);
        identifier.string("value", value);
        self.identifiers.element(&identifier.finish());
    }

    /// A name that this record had before, or has elsewhere.
    pub fn alias(&mut self, value: &str) {
        self.aliases.string_element(value);
    }

    /// A keyword; levels of a path are parted by ` > `.
    pub fn keyword(&mut self, scheme: Option<&str>, path: &str) {
        if path.is_empty() {
            return;
        }
        let mut keyword = Draft::object();
        keyword.optional("scheme", scheme);
        keyword.string("path", path);
        self.keywords.element(&keyword.finish());
    }

    /// A mission, platform, instrument or target as written; the tables give the label and the IRI.
    pub fn name(&mut self, role: Role, written: &str) {
        let written = written.trim();
        if written.is_empty() {
            return;
        }
        if role == Role::Level {
            return self.level(written);
        }
        let concepts = self.context.names.concepts(role, written);
        let Some(list) = self.names.get_mut(role as usize) else { return };
        if concepts.is_empty() {
            let mut name = Draft::object();
            name.string("label", written);
            list.element(&name.finish());
        }
        for concept in concepts {
            let mut name = Draft::object();
            name.string("label", &concept.label);
            if concept.label != written {
                name.string("as_written", written);
            }
            name.string("iri", &concept.iri);
            list.element(&name.finish());
        }
    }

    /// The processing level as written.
    pub fn level(&mut self, written: &str) {
        let mut level = Draft::object();
        level.string("as_written", written);
        self.draft.part("level", level);
    }

    /// The time that the record covers.
    pub fn time(&mut self, _written: Written<'_>) {}

    /// A date of the record itself (`created`, `issued`, `modified`, `retired`), or `processed_at`, `archived_at`.
    pub fn date(&mut self, _member: &'static str, _field: &'static str, _written: &str) {}

    /// A footprint on a body (`earth`, `mars`, …, or [`super::space::SKY`]); the frame where the document names one.
    pub fn footprint(&mut self, _body: &str, _frame: Option<&str>, _shape: &Shape<'_>) {}

    /// A link to another record or page. `href` may be an identifier: `urn:…`, `spase://…`, a LIDVID.
    pub fn link(&mut self, rel: &str, href: &str, title: Option<&str>) {
        let mut link = Draft::object();
        link.string("rel", rel);
        link.string("href", href);
        link.optional("title", title);
        self.links.element(&link.finish());
    }

    /// A file of the product.
    pub fn file(&mut self, file: &File<'_>) {
        let mut entry = Draft::object();
        entry.string("name", file.name);
        entry.optional("role", file.role);
        if let Some(bytes) = file.bytes {
            entry.raw("bytes", &bytes.to_string());
        }
        if let Some((algorithm, value)) = file.checksum {
            let mut checksum = Draft::object();
            checksum.string("algorithm", algorithm);
            checksum.string("value", value);
            checksum.string("source", "producer");
            let mut checksums = Draft::array();
            checksums.element(&checksum.finish());
            entry.part("checksums", checksums);
        }
        entry.optional("media_type", file.media_type);
        entry.optional("href", file.href);
        self.files.element(&entry.finish());
    }

    /// A free property, text. Names are namespaced as their standard does: `spase:Cadence`, `pds3:SPICE_FILE_NAME`.
    pub fn property(&mut self, name: &str, value: &str) {
        self.properties.string(name, value);
    }

    /// A free property, JSON text: numbers stay as they were written.
    pub fn raw_property(&mut self, name: &str, value: &str) {
        self.properties.raw(name, value);
    }

    /// Ends the record: adds it, its source document and its findings to what was imported.
    pub fn finish(mut self, bytes: &[u8], range: Range<usize>, media_type: &'static str, imported: &mut Imported) {
        let source = bytes.get(range.clone()).unwrap_or_default();
        let sha256 = (self.context.digest)(source);
        let [missions, platforms, instruments, targets] = self.names;
        let parts = [
            ("identifiers", self.identifiers),
            ("aliases", self.aliases),
            ("keywords", self.keywords),
            ("missions", missions),
            ("platforms", platforms),
            ("instruments", instruments),
            ("targets", targets),
            ("space", self.space),
            ("files", self.files),
            ("links", self.links),
            ("properties", self.properties),
        ];
        for (member, part) in parts {
            self.draft.part(member, part);
        }
        let mut document = Draft::object();
        document.string("media_type", media_type);
        document.string("sha256", &sha256.to_string());
        self.draft.part("source", document);
        imported.entities.push(ImportedEntity {
            place: self.place,
            record: self.draft.finish(),
            source: Some(SourceDocument { range, media_type, sha256 }),
        });
        let (place, id) = (self.place, self.id);
        let finding = |reason| Finding { place, id: Some(id.clone()), reason };
        imported.findings.extend(self.findings.into_iter().map(finding));
    }
}
