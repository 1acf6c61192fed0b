//! A question to the catalogue and its answer, whatever face it came through and whatever index answers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Aggregation, BoundingBox, Filter, Key, Kind, PropertyName, RecordId, Scope, Summary, TimeRange};

/// A scalar that an answer gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Bool(bool),
    Number(f64),
    Text(String),
}

/// How a property is compared. On several values of one property, one that fits is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The fixed facets. Values are canonical labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    Collection,
    Mission,
    Platform,
    Instrument,
    Target,
    Level,
    DataType,
    Body,
    Access,
    Keyword,
}

impl Facet {
    /// Every facet, in the order that pages list them.
    pub const ALL: [Self; 10] = [
        Self::Collection,
        Self::Mission,
        Self::Platform,
        Self::Instrument,
        Self::Target,
        Self::Level,
        Self::DataType,
        Self::Body,
        Self::Access,
        Self::Keyword,
    ];

    /// The name used in URLs and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Mission => "mission",
            Self::Platform => "platform",
            Self::Instrument => "instrument",
            Self::Target => "target",
            Self::Level => "level",
            Self::DataType => "data_type",
            Self::Body => "body",
            Self::Access => "access",
            Self::Keyword => "keyword",
        }
    }

    /// The facet of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.as_str() == name)
    }
}

/// Where the footprint must lie: it shares a point with the box, or with the geometry or circle within it. Only
/// footprints on `body` count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Region {
    /// `earth`, `mars`, `sky`, …: lower case.
    pub body: String,
    pub bbox: BoundingBox,
    /// GeoJSON geometry text for an exact test after the box; `bbox` is then its envelope.
    pub geometry: Option<String>,
    /// Longitude and latitude of a centre and the angle around it, degrees; `bbox` is then its envelope.
    pub circle: Option<[f64; 3]>,
    /// Lowest and highest height, metres: compared where a footprint has heights.
    pub heights: Option<[f64; 2]>,
}

impl Region {
    /// Whether the box alone says where.
    pub fn is_plain_box(&self) -> bool {
        self.geometry.is_none() && self.circle.is_none() && self.heights.is_none()
    }
}

/// What to sort by. Ties always break by the record's key, so that the order is total and survives merge and reindex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// Best text match first; only with text.
    Relevance,
    /// Start of observation.
    Time { descending: bool },
    /// Any other property: numbers before instants before texts, these by their bytes. Of several values the one that
    /// comes first counts; missing values come last in either direction.
    By { property: PropertyName, descending: bool },
}

impl SortKey {
    /// The key for a property; `None` for one that has no order.
    pub fn by(property: PropertyName, descending: bool) -> Option<Self> {
        if property.is_time() {
            return Some(Self::Time { descending });
        }
        property.has_order().then_some(Self::By { property, descending })
    }

    /// Records by their identifiers.
    pub const fn by_id() -> Self {
        Self::By { property: PropertyName::Id, descending: false }
    }
}

/// How free text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextMode {
    /// Words that a person types: all are preferred, one is enough; phrases, AND, OR, NOT, `field:value`, `word*`.
    #[default]
    Native,
    /// STAC's basic free text, and that of OGC API Records: terms with commas between, of which one is enough; words
    /// within a term stand side by side.
    StacBasic,
    /// STAC's advanced free text: all words are required unless OR stands between; `+`, `-`, AND, OR, quotes, parentheses.
    StacAdvanced,
}

/// Free text and how it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextQuery {
    pub text: String,
    pub mode: TextMode,
}

impl TextQuery {
    /// The text in this mode.
    pub fn new(text: impl Into<String>, mode: TextMode) -> Self {
        Self { text: text.into(), mode }
    }
}

impl From<&str> for TextQuery {
    fn from(text: &str) -> Self {
        Self::new(text, TextMode::Native)
    }
}

impl From<String> for TextQuery {
    fn from(text: String) -> Self {
        Self::new(text, TextMode::Native)
    }
}

/// Whose records are searched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Searched {
    /// This archive's own.
    #[default]
    Local,
    /// Copies from one source, or from all.
    Harvested(Option<RecordId>),
}

impl Searched {
    /// Reads `local`, `harvested` or `harvested:SOURCE`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "harvested" {
            return Some(Self::Harvested(None));
        }
        match Scope::parse(text)? {
            Scope::Local => Some(Self::Local),
            Scope::Harvested(source) => Some(Self::Harvested(Some(source))),
        }
    }
}

/// A question. Fields that are empty ask nothing; values within one field are alternatives, fields are all required.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    pub scope: Searched,
    /// Free text; `None` or blank matches everything.
    pub text: Option<TextQuery>,
    /// Kinds to find; empty means products.
    pub kinds: Vec<Kind>,
    pub ids: Vec<String>,
    /// Facet values, matched exactly on the canonical label or on what was written, without regard to case; collections
    /// by their identifier, in which case counts.
    pub facets: BTreeMap<Facet, Vec<String>>,
    /// Overlap with the record's time span.
    pub time: Option<TimeRange>,
    pub region: Option<Region>,
    /// Conditions that are all required; those that ask about one property alone are what a facet of that property can
    /// ignore.
    pub filters: Vec<Filter>,
    /// The filter as it was written, to say where in it a fault lies.
    pub filter_text: Option<String>,
    /// Empty: relevance if there is text, else newest first.
    pub sort: Vec<SortKey>,
    /// Summaries of all matches.
    pub aggregations: Vec<Aggregation>,
    /// Whether the exact number of matches is wanted.
    pub count: bool,
    /// Most hits on the page.
    pub limit: usize,
    pub after: Option<Cursor>,
}

/// A sort value of the last hit of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    Missing,
    Integer(i64),
    Number(f64),
    Text(String),
}

/// Where the next page begins: the sort values and the key digest of the last hit, nothing that a merge could change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    pub values: Vec<SortValue>,
    /// First 8 bytes, big-endian, of sha256 over kind, collection and id (each ended by a zero byte): the tie breaker.
    pub tie: u64,
}

/// One record found: where the records index finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Sequence of the record's current revision.
    pub sequence: u64,
    /// BM25 score when text was asked for.
    pub score: Option<f32>,
}

/// The answer of an index.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub hits: Vec<Hit>,
    /// Exact number of matches, when asked for.
    pub matched: Option<u64>,
    /// One for each aggregation asked for, in that order.
    pub aggregations: Vec<Summary>,
    /// Set when there are further hits.
    pub next: Option<Cursor>,
    /// The text with words of the index in place of those that it hardly knows, when little was found.
    pub did_you_mean: Option<String>,
}

/// A way to go on from what a person typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    pub text: String,
    /// Where it comes from: the name of a facet, `title` or `word`.
    pub source: &'static str,
    /// Records that have it.
    pub count: u64,
}

/// A part of a record's text with the words that were searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The member it is taken from, such as `description`.
    pub member: String,
    pub text: String,
    /// Where the words stand in `text`, bytes, in order and without overlap.
    pub marks: Vec<std::ops::Range<usize>>,
    /// Whether more of the member stands before or behind.
    pub is_cut: bool,
}

impl Query {
    /// The kinds asked for, with the default in place.
    pub fn wanted_kinds(&self) -> &[Kind] {
        if self.kinds.is_empty() { &[Kind::Product] } else { &self.kinds }
    }

    /// The text asked for, unless blank.
    pub fn wanted_text(&self) -> Option<&TextQuery> {
        self.text.as_ref().filter(|text| !text.text.trim().is_empty())
    }
}

impl Key {
    /// The bytes whose sha256 begins with the tie breaker of `Cursor`.
    pub fn tie_bytes(&self) -> Vec<u8> {
        let collection = self.collection.as_ref().map_or("", |collection| collection.as_str());
        [self.kind.as_str(), collection, self.id.as_str()].iter().flat_map(|part| part.bytes().chain([0])).collect()
    }
}
