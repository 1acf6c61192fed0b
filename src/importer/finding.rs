//! What an importer has to say about a document beside the records it made.

use crate::model::InvalidId;

/// How much a finding took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The document became no record.
    Refused,
    /// The record was made, but a field is not searchable as it was meant; it is kept as it was written.
    Reduced,
    /// Nothing is lost; worth knowing.
    Noted,
}

/// One remark on one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Line or element of the file, from 1.
    pub place: usize,
    /// The id that the document gives itself, if it could be read.
    pub id: Option<String>,
    pub reason: Reason,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("line {line}: not well-formed XML: {message}")]
    BrokenXml { line: usize, message: String },
    #[error("line {line}: {message}")]
    Broken { line: usize, message: String },
    #[error("{field}: {message}")]
    FieldUnusable { field: String, message: String },
    #[error("{field}: {message}")]
    FieldNoted { field: String, message: String },
    #[error("byte {byte} is no UTF-8")]
    NotUtf8 { byte: usize },
    #[error("not a JSON object: {message}")]
    NotAnObject { message: String },
    #[error("not a JSON array: {message}")]
    NotAnArray { message: String },
    #[error("member {name:?} occurs twice in one object")]
    DuplicateMember { name: String },
    #[error("an object that is neither a native record nor a STAC Item, Collection or Catalog")]
    Unknown,
    #[error("a GeoJSON Feature with neither assets nor stac_version is no STAC Item")]
    PlainFeature,
    #[error("a document needs an id that is a string")]
    NoId,
    #[error("unusable id")]
    BadId(#[source] InvalidId),
    #[error("unusable collection")]
    BadCollection(#[source] InvalidId),
    #[error("a Catalog makes no record; {children} links of it lead to children and items")]
    Catalog { children: usize },
    #[error("collection is no string")]
    CollectionNotText,
    #[error("names no collection: registered under {used:?}")]
    NoCollection { used: String },
    #[error("{name} {written:?} is no time that can be read")]
    TimeUnreadable { name: &'static str, written: String },
    #[error("{name} {written:?} names no zone: taken as UTC")]
    ZoneAssumed { name: &'static str, written: String },
    #[error("the end {stop} lies before the start {start}: only the start is used")]
    TimeReversed { start: String, stop: String },
    #[error("has no time")]
    NoTime,
    #[error("the end {written:?} stands for no end")]
    Placeholder { written: String },
    #[error("the bounding box cannot be used: {message}")]
    BoxUnusable { message: String },
    #[error("longitudes beyond 180 degrees were brought into range for searching")]
    LongitudeWrapped,
    #[error("the geometry cannot be used: {message}")]
    GeometryUnusable { message: String },
    #[error("asset {name:?} is not wholly usable: {message}")]
    AssetUnusable { name: String, message: String },
    #[error("link {number} has no rel and href and is not followed")]
    LinkUnusable { number: usize },
    #[error("{name} is not of the type that STAC gives it and is only kept")]
    WrongType { name: &'static str },
    #[error("{} of the collection of items belong to no record: {}", .names.len(), .names.join(", "))]
    OuterMembers { names: Vec<String> },
}

impl Reason {
    /// How much it took away.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::BrokenXml { .. }
            | Self::Broken { .. }
            | Self::NotUtf8 { .. }
            | Self::NotAnObject { .. }
            | Self::NotAnArray { .. }
            | Self::DuplicateMember { .. }
            | Self::Unknown
            | Self::PlainFeature
            | Self::NoId
            | Self::BadId(_)
            | Self::BadCollection(_)
            | Self::CollectionNotText => Outcome::Refused,
            Self::FieldUnusable { .. }
            | Self::TimeUnreadable { .. }
            | Self::TimeReversed { .. }
            | Self::NoTime
            | Self::BoxUnusable { .. }
            | Self::GeometryUnusable { .. }
            | Self::AssetUnusable { .. }
            | Self::LinkUnusable { .. }
            | Self::WrongType { .. } => Outcome::Reduced,
            Self::FieldNoted { .. }
            | Self::Catalog { .. }
            | Self::NoCollection { .. }
            | Self::ZoneAssumed { .. }
            | Self::Placeholder { .. }
            | Self::LongitudeWrapped
            | Self::OuterMembers { .. } => Outcome::Noted,
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(id) = &self.id {
            write!(formatter, "{id}: ")?;
        }
        write!(formatter, "{}", self.reason)?;
        let source = std::error::Error::source(&self.reason);
        source.map_or(Ok(()), |source| write!(formatter, ": {source}"))
    }
}
