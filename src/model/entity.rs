//! A typed view of a stored record: the fields that search, pages and faces need. The bytes stay the truth; whatever
//! this view does not name is kept in them and given back as it came.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Kind, Space, TimeSpan};

/// Who may read a record's bytes. Metadata are always open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    #[default]
    Open,
    Restricted,
    Embargoed,
    Closed,
}

/// A further name of the record in some scheme (DOI, LIDVID, ARK, …).
#[derive(Debug, Clone, Deserialize)]
pub struct Identifier<'a> {
    #[serde(borrow)]
    pub scheme: Cow<'a, str>,
    #[serde(borrow)]
    pub value: Cow<'a, str>,
}

/// A keyword with the scheme it comes from; `path` has ` > ` between its levels.
#[derive(Debug, Clone, Deserialize)]
pub struct Keyword<'a> {
    #[serde(borrow, default)]
    pub scheme: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub path: Cow<'a, str>,
}

/// A mission, platform, instrument or target: the canonical label and what the producer wrote.
#[derive(Debug, Clone, Deserialize)]
pub struct Name<'a> {
    #[serde(borrow)]
    pub label: Cow<'a, str>,
    #[serde(borrow, default)]
    pub as_written: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub iri: Option<Cow<'a, str>>,
}

/// Processing level.
#[derive(Debug, Clone, Deserialize)]
pub struct Level<'a> {
    #[serde(borrow, default)]
    pub normalised: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub as_written: Option<Cow<'a, str>>,
}

/// The document that the record was made from, kept verbatim as a payload.
#[derive(Debug, Clone, Deserialize)]
pub struct Source<'a> {
    #[serde(borrow)]
    pub media_type: Cow<'a, str>,
    #[serde(borrow)]
    pub sha256: Cow<'a, str>,
}

/// A checksum of a file: promised by its producer or computed by the archive.
#[derive(Debug, Clone, Deserialize)]
pub struct Checksum<'a> {
    #[serde(borrow)]
    pub algorithm: Cow<'a, str>,
    #[serde(borrow)]
    pub value: Cow<'a, str>,
    #[serde(borrow, default)]
    pub source: Option<Cow<'a, str>>,
}

/// A file of a product. Held in the archive when `storage` names a payload (`payload:sha256:<hex>`), else at `href`.
#[derive(Debug, Clone, Deserialize)]
pub struct File<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub role: Option<Cow<'a, str>>,
    #[serde(default)]
    pub bytes: Option<u64>,
    #[serde(borrow, default)]
    pub checksums: Vec<Checksum<'a>>,
    #[serde(borrow, default)]
    pub media_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub storage: Option<Cow<'a, str>>,
    /// Whether the delivered bytes are what was promised: `ok`, `differs`, `absent`, …; none where nothing was delivered.
    #[serde(borrow, default)]
    pub fixity: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub href: Option<Cow<'a, str>>,
    /// A finished upload that this file shall name; replaced by `storage` when the record is committed.
    #[serde(borrow, default)]
    pub upload: Option<Cow<'a, str>>,
}

impl File<'_> {
    /// The digest of the payload that holds this file's bytes, if the archive holds them.
    pub fn payload(&self) -> Option<super::Sha256> {
        let hex = self.storage.as_deref()?.strip_prefix("payload:sha256:")?;
        super::Sha256::parse(hex).ok()
    }
}

/// A link as RFC 8288 has them; further members stay in the record.
#[derive(Debug, Clone, Deserialize)]
pub struct Link<'a> {
    #[serde(borrow)]
    pub rel: Cow<'a, str>,
    #[serde(borrow)]
    pub href: Cow<'a, str>,
    #[serde(borrow, rename = "type", default)]
    pub media_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub title: Option<Cow<'a, str>>,
}

/// The typed view of a record that passed its schema. Borrowed from the stored bytes.
#[derive(Debug, Clone, Deserialize)]
pub struct Entity<'a> {
    pub kind: Kind,
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub collection: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub title: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub description: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub identifiers: Vec<Identifier<'a>>,
    #[serde(borrow, default)]
    pub aliases: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub keywords: Vec<Keyword<'a>>,
    #[serde(borrow, default)]
    pub licence: Option<Cow<'a, str>>,
    #[serde(default)]
    pub access: Access,
    #[serde(borrow, default)]
    pub source: Option<Source<'a>>,
    /// Free, namespaced properties, as given (an object).
    #[serde(borrow, default)]
    pub properties: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub links: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub missions: Vec<Name<'a>>,
    #[serde(borrow, default)]
    pub platforms: Vec<Name<'a>>,
    #[serde(borrow, default)]
    pub instruments: Vec<Name<'a>>,
    #[serde(borrow, default)]
    pub targets: Vec<Name<'a>>,
    #[serde(borrow, default)]
    pub time: Option<TimeSpan<'a>>,
    #[serde(borrow, default)]
    pub space: Vec<Space<'a>>,
    #[serde(borrow, default)]
    pub level: Option<Level<'a>>,
    #[serde(borrow, default)]
    pub data_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub format: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub quality: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub files: Vec<File<'a>>,
    /// Products: the id of the recipe that makes their files (a string), or a recipe in place.
    #[serde(borrow, default)]
    pub recipe: Option<&'a RawValue>,
    /// Products: what the last recreation found (an object).
    #[serde(borrow, default)]
    pub recreation: Option<&'a RawValue>,
    /// Collections: spatial and temporal extent (an object).
    #[serde(borrow, default)]
    pub extent: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub summaries: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub providers: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub doi: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub citation: Option<Cow<'a, str>>,
    /// What a STAC document said that has no place of its own above: `stac_version`, `stac_extensions`, `assets`,
    /// `geometry` null-ness and foreign members, each as given. Read by the STAC face alone.
    #[serde(borrow, default)]
    pub stac: Option<&'a RawValue>,
}

impl<'a> Entity<'a> {
    /// Views stored record bytes.
    ///
    /// # Errors
    /// The JSON error, when the bytes did not pass the schema of their kind.
    pub fn view(record: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(record)
    }

    /// What is known of the product's recreation, as the properties below `recreation` are searched: a product with a recipe
    /// that nobody tried says so.
    pub fn recreation(&self) -> Option<&str> {
        let untried = (self.kind == Kind::Product && self.recipe.is_some()).then_some(r#"{"status":"never tried"}"#);
        self.recreation.map(RawValue::get).or(untried)
    }
}
