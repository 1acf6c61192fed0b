//! Identifiers: parsed once, then they cannot be wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    #[error("an identifier must not be empty")]
    Empty,
    #[error("an identifier has at most {} bytes, this one has {bytes}", RecordId::MAX_BYTES)]
    TooLong { bytes: usize },
    #[error("an identifier must not contain control characters (found U+{code:04X} at byte {at})")]
    Control { code: u32, at: usize },
    #[error("an identifier must not begin or end with white space")]
    OuterSpace,
    #[error("`.` and `..` cannot be identifiers: no URL can address them")]
    DotSegment,
}

/// The identifier of a record as its producer wrote it: any text of 1 to 512 bytes without control characters and
/// without white space at its ends. `/`, `:`, `%` and inner spaces are ordinary characters; URLs percent-encode them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RecordId(String);

impl RecordId {
    /// Longest identifier in bytes: long enough for every LIDVID and SPASE id seen, short enough for an index key.
    pub const MAX_BYTES: usize = 512;

    /// Checks a text and takes it as it is.
    ///
    /// # Errors
    /// `InvalidId` says which rule was broken.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.is_empty() {
            return Err(InvalidId::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidId::TooLong { bytes: text.len() });
        }
        if let Some((at, control)) = text.char_indices().find(|(_, c)| c.is_control()) {
            return Err(InvalidId::Control { code: control as u32, at });
        }
        if text.trim() != text {
            return Err(InvalidId::OuterSpace);
        }
        if text == "." || text == ".." {
            return Err(InvalidId::DotSegment);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What a record describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Product,
    Collection,
    Recipe,
    Agent,
    Mission,
    Platform,
    Instrument,
    Target,
    Document,
    Source,
    ContextGraph,
    Hold,
    Evidence,
}

impl Kind {
    /// Every kind, in the order of the schema.
    pub const ALL: [Self; 13] = [
        Self::Product,
        Self::Collection,
        Self::Recipe,
        Self::Agent,
        Self::Mission,
        Self::Platform,
        Self::Instrument,
        Self::Target,
        Self::Document,
        Self::Source,
        Self::ContextGraph,
        Self::Hold,
        Self::Evidence,
    ];

    /// The name that `kind` holds in records and event lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Collection => "collection",
            Self::Recipe => "recipe",
            Self::Agent => "agent",
            Self::Mission => "mission",
            Self::Platform => "platform",
            Self::Instrument => "instrument",
            Self::Target => "target",
            Self::Document => "document",
            Self::Source => "source",
            Self::ContextGraph => "context_graph",
            Self::Hold => "hold",
            Self::Evidence => "evidence",
        }
    }

    /// The kind of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What makes a record unique in the catalogue: products by collection and id, everything else by kind and id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub kind: Kind,
    /// Set for products, and only for them.
    pub collection: Option<RecordId>,
    pub id: RecordId,
}

/// How ids of evidence of recreations begin; its time and a digest follow.
pub const RECREATION: &str = "recreation:";

/// How ids of reports of harvests begin; the source and a time follow.
pub const HARVEST: &str = "harvest:";

impl Key {
    /// The key of a product.
    pub fn product(collection: RecordId, id: RecordId) -> Self {
        Self { kind: Kind::Product, collection: Some(collection), id }
    }

    /// The key of a collection.
    pub fn collection(id: RecordId) -> Self {
        Self { kind: Kind::Collection, collection: None, id }
    }

    /// Whether a record of this key is never replaced: a recipe is its content, evidence of a recreation or of
    /// a harvest is what was seen.
    pub fn is_immutable(&self) -> bool {
        match self.kind {
            Kind::Recipe => true,
            Kind::Evidence => [RECREATION, HARVEST].into_iter().any(|begin| self.id.as_str().starts_with(begin)),
            _ => false,
        }
    }

    /// Order of an export: by collection (none first), then id, both bytewise, then kind.
    pub fn export_order(&self) -> (&str, &str, Kind) {
        (self.collection.as_ref().map_or("", RecordId::as_str), self.id.as_str(), self.kind)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.collection {
            Some(collection) => write!(formatter, "{} {}/{}", self.kind, collection, self.id),
            None => write!(formatter, "{} {}", self.kind, self.id),
        }
    }
}
