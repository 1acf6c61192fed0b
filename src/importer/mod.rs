//! Turns foreign documents into records: pure functions from source bytes to record texts, re-runnable over kept
//! sources. What each field becomes stands in `docs/importers/`. Checks nothing that `schema` checks.

mod finding;
mod formats;
mod recognise;
mod shared;
mod stac;

use std::ops::Range;

use crate::model::{Draft, RecordId, Sha256, json};

pub use finding::{Finding, Outcome, Reason};
pub use recognise::{Format, recognise};
pub use shared::identify::identify;
pub use shared::names::{Concept, Names, Role};
pub use shared::record::FieldCounts;
pub use shared::thesaurus::Thesaurus;

/// Collection of products whose document names none.
pub const UNCOLLECTED: &str = "uncollected";

/// What an import needs beside the bytes.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// sha256 of bytes, from `codec`.
    pub digest: &'a dyn Fn(&[u8]) -> Sha256,
    /// Collection of products whose document names none: [`UNCOLLECTED`] unless the user says otherwise.
    pub collection: &'a str,
    /// Number of the first line or element of these bytes, from 1: a large NDJSON file may be imported in chunks.
    pub first: usize,
    /// Canonical names of missions, platforms, instruments, targets and levels.
    pub names: &'a Names,
    /// Reads a file that stands beside the document, by its path relative to it: an inventory, a referenced schema of
    /// values. `None` for what is not there or leads outside the folder.
    pub beside: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Where the document was delivered, as a path with `/`; may be empty. Only for formats whose documents do not name
    /// themselves: SAFE by its folder; cubes, metakernels, FITS, NetCDF and CDF files, unlabelled PDS3 texts by their file.
    pub path: &'a str,
    /// Length of the whole file: the bytes of a large data file may be only its start.
    pub length: Option<u64>,
}

impl<'a> Context<'a> {
    /// The last part of [`Self::path`]; `None` where nothing is known of it.
    fn file_name(&self) -> Option<&'a str> {
        self.path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())
    }

    /// The usual context: whole files, [`UNCOLLECTED`].
    pub fn new(digest: &'a dyn Fn(&[u8]) -> Sha256) -> Self {
        Self {
            digest,
            collection: UNCOLLECTED,
            first: 1,
            names: Names::bundled(),
            beside: &|_| None,
            path: "",
            length: None,
        }
    }
}

/// The document that a record was made from, to be kept byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDocument {
    /// Where it stands in the imported bytes.
    pub range: Range<usize>,
    pub media_type: &'static str,
    pub sha256: Sha256,
}

/// A record made from a document; to be checked by `schema` before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedEntity {
    /// Line or element that it stood in, from [`Context::first`].
    pub place: usize,
    /// The record as JSON text.
    pub record: String,
    /// Absent for native records: they are their own source.
    pub source: Option<SourceDocument>,
}

/// What became of some bytes: nothing is left out silently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    pub entities: Vec<ImportedEntity>,
    pub findings: Vec<Finding>,
    /// How much of the documents went into the records.
    pub fields: FieldCounts,
}

/// Turns bytes of a recognised format into records and findings. Never fails: bytes that hold no record are a finding.
pub fn import(format: Format, bytes: &[u8], context: &Context<'_>) -> Imported {
    let mut imported = Imported::default();
    match format {
        Format::NativeLines | Format::StacLines => lines(bytes, context, &mut imported),
        Format::Native | Format::StacItem | Format::StacCollection | Format::StacCatalog => {
            document(bytes, 0..bytes.len(), context.first, context, &mut imported);
        }
        Format::StacItemCollection => stac::item_collection(bytes, context, &mut imported),
        Format::StacArray => stac::array(bytes, context, &mut imported),
        Format::Pds4 => formats::pds4::import(bytes, context, &mut imported),
        Format::Spase => formats::spase::import(bytes, context, &mut imported),
        Format::Safe => formats::safe::import(bytes, context, &mut imported),
        Format::Ecs => formats::ecs::import(bytes, context, &mut imported),
        Format::Landsat => formats::landsat::import(bytes, context, &mut imported),
        Format::Pds3 => formats::pds3::import(bytes, context, &mut imported),
        Format::Envisat => formats::envisat::import(bytes, context, &mut imported),
        Format::Iso => formats::iso::import(bytes, context, &mut imported),
        Format::Cmr => formats::cmr::import(bytes, context, &mut imported),
        Format::Dcat => formats::dcat::import(bytes, context, &mut imported),
        Format::OgcRecord => formats::records::import(bytes, context, &mut imported),
        Format::Opus => formats::opus::import(bytes, context, &mut imported),
        Format::Vo => formats::vo::import(bytes, context, &mut imported),
        Format::Fits => formats::fits::import(bytes, context, &mut imported),
        Format::NetCdf => formats::netcdf::import(bytes, context, &mut imported),
        Format::Cdf => formats::cdf::import(bytes, context, &mut imported),
        Format::Metakernel => formats::metakernel::import(bytes, context, &mut imported),
    }
    imported
}

/// The record of a collection that products name and no document describes.
pub fn minimal_collection(id: &RecordId) -> String {
    let mut draft = Draft::new("collection", id.as_str());
    draft.string("title", id.as_str());
    draft.string("description", "Made by an import: products name this collection, and no document describes it yet.");
    draft.finish()
}

/// RFC 8259 § 8.1 lets a reader ignore it.
fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The text of JSON bytes, without what may stand around it.
fn text_of(bytes: &[u8]) -> Result<&str, Reason> {
    let text = std::str::from_utf8(without_byte_order_mark(bytes));
    text.map(str::trim_ascii).map_err(|error| Reason::NotUtf8 { byte: error.valid_up_to() })
}

/// Lines end with `\n` alone: U+2028 and `\r` may stand within a record.
fn lines(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let mut start = 0;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let range = start..start + line.len();
        start = range.end + 1;
        if !line.trim_ascii().is_empty() {
            document(bytes, range, context.first + number, context, imported);
        }
    }
}

/// One JSON object, whatever it is. Its range is the source document.
fn document(bytes: &[u8], range: Range<usize>, place: usize, context: &Context<'_>, imported: &mut Imported) {
    let source = bytes.get(range.clone()).unwrap_or_default();
    let read = text_of(source).and_then(|text| match json::Fields::parse(text) {
        Ok(fields) => Ok((text, fields)),
        Err(error) => Err(Reason::NotAnObject { message: error.to_string() }),
    });
    match read {
        Ok((text, fields)) if is_native(&fields) => {
            imported.entities.push(ImportedEntity { place, record: text.to_owned(), source: None });
        }
        Ok((_, fields)) => stac::document(&stac::Document { fields, source, range, place }, context, imported),
        Err(reason) => imported.findings.push(Finding { place, id: None, reason }),
    }
}

/// A native record says its kind. STAC documents do not, and say their version.
fn is_native(fields: &json::Fields<'_>) -> bool {
    fields.get("kind").is_some() && fields.get("stac_version").is_none()
}

#[cfg(test)]
mod tests;
