//! The metadata formats in which records are given. Each writes one element; nothing is made up: what a record does not say
//! is left out, or named as unknown where the format asks for it.

mod datacite;
mod dcat;
mod dublin_core;
mod iso;
mod native;

use crate::catalogue::Error;
use crate::catalogue::changes::{Entry, KINDS};
use crate::http::faces::pages::address;
use crate::model::{Entity, Kind};
use crate::rdf::projection::Base;

/// A metadata format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    DublinCore,
    DataCite,
    Iso19139,
    Dcat,
    Native,
}

/// What is cited or observed; DataCite and ISO 19115 describe nothing else.
const RESOURCES: &[Kind] = &[Kind::Product, Kind::Collection, Kind::Document];

impl Format {
    /// Every format, the one that the protocol demands first.
    pub const ALL: [Self; 5] = [Self::DublinCore, Self::DataCite, Self::Iso19139, Self::Dcat, Self::Native];

    /// Its metadataPrefix.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::DublinCore => "oai_dc",
            Self::DataCite => "oai_datacite",
            Self::Iso19139 => "iso19139",
            Self::Dcat => "dcat",
            Self::Native => "perennial",
        }
    }

    /// The format of a metadataPrefix. ISO 19115 is the content model, ISO 19139 its XML: clients ask for either.
    pub fn from_prefix(prefix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.prefix() == prefix)
    }

    /// The address of its schema.
    pub fn schema(self, base: &str) -> String {
        match self {
            Self::DublinCore => dublin_core::SCHEMA.to_owned(),
            Self::DataCite => datacite::SCHEMA.to_owned(),
            Self::Iso19139 => iso::SCHEMA.to_owned(),
            Self::Dcat => dcat::SCHEMA.to_owned(),
            Self::Native => format!("{base}/oai/perennial.xsd"),
        }
    }

    /// Its namespace.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::DublinCore => dublin_core::NAMESPACE,
            Self::DataCite => datacite::NAMESPACE,
            Self::Iso19139 => iso::NAMESPACE,
            Self::Dcat => dcat::NAMESPACE,
            Self::Native => native::NAMESPACE,
        }
    }

    /// The kinds of records that it can tell of.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::DataCite | Self::Iso19139 => RESOURCES,
            Self::DublinCore | Self::Dcat | Self::Native => &KINDS,
        }
    }

    /// Writes a record; one that was deleted has no metadata.
    ///
    /// # Errors
    /// `Internal` when the stored record cannot be read.
    pub fn write(self, out: &mut String, entry: &Entry, base: &str) -> Result<(), Error> {
        let Some(record) = entry.record.as_deref() else { return Ok(()) };
        match self {
            Self::Native => native::write(out, entry, record),
            Self::Dcat => dcat::write(out, entry, record, &Base::public(base))?,
            _ => {
                let entity = Entity::view(record.as_bytes()).map_err(Error::internal("reading a stored record"))?;
                let page = format!("{base}{}", address::page(&entry.key));
                let shown = Shown { entry, entity: &entity, record, page: &page, base };
                match self {
                    Self::DataCite => datacite::write(out, &shown),
                    Self::Iso19139 => iso::write(out, &shown),
                    _ => dublin_core::write(out, &shown),
                }
            }
        }
        Ok(())
    }
}

/// A record with what the formats need of it.
struct Shown<'a> {
    entry: &'a Entry,
    entity: &'a Entity<'a>,
    record: &'a str,
    /// Address of its page.
    page: &'a str,
    base: &'a str,
}

impl Shown<'_> {
    /// The title; a record without one is called by its id.
    fn title(&self) -> &str {
        self.entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&self.entity.id)
    }
}

/// The schema of the native format.
pub const NATIVE_SCHEMA: &str = native::XSD;
