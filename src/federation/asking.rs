//! A question to one source and what it gave: the common form of all protocols. Knows nothing of records: the documents go as
//! they came to whoever reads them.

use super::outcome::Outcome;
use crate::model::uri::encode;
use crate::model::{Filter, Query, SortKey, TextMode};

/// A question to one source.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'q> {
    pub query: &'q Query,
    /// Documents wanted, at most.
    pub limit: usize,
    /// Where the page begins: the `next` of the batch before.
    pub after: Option<&'q str>,
}

/// A part of a question that a source was not asked, and that has to be decided here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Kinds,
    Text,
    Ids,
    Facets,
    Time,
    Region,
    /// By its place among the filters of the query.
    Filter(usize),
    /// The order.
    Sort,
}

impl Part {
    /// Its name in answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kinds => "kind",
            Self::Text => "q",
            Self::Ids => "ids",
            Self::Facets => "facets",
            Self::Time => "datetime",
            Self::Region => "bbox",
            Self::Filter(_) => "filter",
            Self::Sort => "sort",
        }
    }
}

/// A document as it came. One document may hold several records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub bytes: Vec<u8>,
    /// Where the record stands at its source, if the source says so.
    pub href: Option<String>,
}

impl Document {
    /// A document whose place is not known.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, href: None }
    }
}

/// A page of a source's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    pub documents: Vec<Document>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
    /// How many match by the source's own count.
    pub matched: Option<u64>,
    /// What is left to be decided here.
    pub left: Vec<Part>,
}

/// A request. How it is made, bounded and counted is the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub url: String,
    pub accept: &'static str,
    /// Of a POST: media type and bytes.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// Whether the answer describes the service and may be kept for some minutes.
    pub is_description: bool,
}

impl Call {
    /// A GET.
    pub const fn get(url: String, accept: &'static str) -> Self {
        Self { url, accept, body: None, is_description: false }
    }

    /// A GET of what changes seldom.
    pub const fn description(url: String, accept: &'static str) -> Self {
        Self { url, accept, body: None, is_description: true }
    }

    /// A POST.
    pub const fn post(url: String, accept: &'static str, media_type: &'static str, body: Vec<u8>) -> Self {
        Self { url, accept, body: Some((media_type, body)), is_description: false }
    }
}

/// Makes requests.
pub type Caller<'c> = &'c dyn Fn(&Call) -> Result<Vec<u8>, Outcome>;

/// What a source is said to answer; where nothing is said, its own description counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    pub filters: Option<bool>,
    pub sort: Option<bool>,
    pub text: Option<bool>,
}

/// The parameters of an address under construction.
#[derive(Debug, Default)]
pub struct QueryString(String);

impl QueryString {
    /// Adds a parameter.
    pub fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(&encode(name));
        self.0.push('=');
        self.0.push_str(&encode(value));
    }

    /// The address with the parameters.
    pub fn on(&self, address: &str) -> String {
        let sign = if address.contains('?') { '&' } else { '?' };
        if self.0.is_empty() { address.to_owned() } else { format!("{address}{sign}{}", self.0) }
    }
}

/// What is wrong with an answer, cut to what a person reads.
pub fn broken(what: impl std::fmt::Display) -> Outcome {
    let reason: String = what.to_string().chars().take(300).collect();
    Outcome::ParseError { reason }
}

/// A question that cannot be answered.
pub fn unsupported(reason: impl Into<String>) -> Outcome {
    Outcome::Unsupported { reason: reason.into() }
}

/// Reads JSON.
///
/// # Errors
/// `ParseError`.
pub fn json(bytes: &[u8]) -> Result<serde_json::Value, Outcome> {
    serde_json::from_slice(bytes).map_err(|error| broken(format!("its answer is no JSON: {error}")))
}

/// The words of a text that a person typed, if it holds nothing but words; texts with phrases and operators have a meaning
/// that no other server shares.
pub fn plain_words(query: &Query) -> Option<Vec<&str>> {
    let text = query.wanted_text()?;
    let has_operators = match text.mode {
        TextMode::Native => {
            let is_operator = |word: &str| matches!(word, "AND" | "OR" | "NOT") || word.starts_with(['+', '-']);
            text.text.contains(['"', '(', ')', '*', ':']) || text.text.split_whitespace().any(is_operator)
        }
        TextMode::StacBasic => text.text.contains(','),
        TextMode::StacAdvanced => {
            let is_operator = |word: &str| matches!(word, "AND" | "OR") || word.starts_with(['+', '-']);
            text.text.contains(['"', '(', ')', ',']) || text.text.split_whitespace().any(is_operator)
        }
    };
    (!has_operators).then(|| text.text.split_whitespace().collect())
}

/// The text as a list of terms with commas, of which one is enough: what STAC API and OGC API Records read. `None` for texts
/// that mean more.
pub fn terms(query: &Query) -> Option<Vec<String>> {
    let text = query.wanted_text()?;
    match text.mode {
        TextMode::StacBasic => Some(text.text.split(',').map(|term| term.trim().to_owned()).collect()),
        // One word of several is enough, or all have to be there: with one word both are the same.
        TextMode::Native => Some(plain_words(query)?.into_iter().map(str::to_owned).collect()),
        TextMode::StacAdvanced => {
            let words = plain_words(query)?;
            (words.len() == 1).then(|| words.into_iter().map(str::to_owned).collect())
        }
    }
}

/// The span asked for, as RFC 3339 interval with `..` for an open end.
pub fn interval(query: &Query) -> Option<String> {
    let time = query.time?;
    let end = |instant: Option<crate::model::Instant>| instant.map_or_else(|| "..".to_owned(), |at| at.to_string());
    Some(format!("{}/{}", end(time.start), end(time.stop)))
}

/// The box asked for, if nothing but a box on Earth is.
pub fn earth_box(query: &Query) -> Option<[f64; 4]> {
    let region = query.region.as_ref().filter(|region| region.body == "earth" && region.is_plain_box())?;
    let bbox = region.bbox;
    Some([bbox.west, bbox.south, bbox.east, bbox.north])
}

/// Numbers with commas.
pub fn listed(numbers: &[f64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The places of all filters.
pub fn all_filters(query: &Query) -> impl Iterator<Item = Part> {
    (0..query.filters.len()).map(Part::Filter)
}

/// What the filters say that can be said to others, as one; the places of the rest are added to `left`.
pub fn sayable(
    query: &Query,
    names: crate::query::cql2::Outward,
    left: &mut Vec<Part>,
) -> Option<crate::query::cql2::WrittenFilter> {
    let mut kept = Vec::new();
    for (at, filter) in query.filters.iter().enumerate() {
        match crate::query::cql2::write(filter, names) {
            Some(_) => kept.push(filter.clone()),
            None => left.push(Part::Filter(at)),
        }
    }
    if kept.is_empty() { None } else { crate::query::cql2::write(&Filter::And(kept), names) }
}

/// The order as names with `-` before those that descend; `None` when a key has no name there, or relevance is asked for.
pub fn sort_names(query: &Query, names: crate::query::cql2::Outward) -> Option<Vec<(String, bool)>> {
    let of = |key: &SortKey| match key {
        SortKey::Relevance => None,
        SortKey::Time { descending } => Some((names(&crate::model::PropertyName::Time)?, *descending)),
        SortKey::By { property, descending } => Some((names(property)?, *descending)),
    };
    query.sort.iter().map(of).collect()
}

/// Whether an address belongs to the same service: a link that leads elsewhere is not followed.
pub fn is_same_origin(left: &str, right: &str) -> bool {
    fn origin(url: &str) -> Option<(&str, &str)> {
        let (scheme, rest) = url.split_once("://")?;
        Some((scheme, rest.split(['/', '?', '#']).next().unwrap_or_default()))
    }
    origin(left).is_some() && origin(left).map(|(_, host)| host.to_ascii_lowercase())
        == origin(right).map(|(_, host)| host.to_ascii_lowercase())
}

/// An address relative to another (RFC 3986 § 5.2, without dot segments).
pub fn absolute(href: &str, base: &str) -> String {
    let Some((scheme, rest)) = base.split_once("://") else { return href.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if href.contains("://") {
        href.to_owned()
    } else if let Some(rest) = href.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if href.starts_with('/') {
        format!("{scheme}://{authority}{href}")
    } else if href.starts_with('?') {
        format!("{scheme}://{authority}{path}{href}")
    } else {
        let folder = path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or("/");
        format!("{scheme}://{authority}{folder}{}", href.trim_start_matches("./"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved_and_their_origin_told() {
        for (href, expected) in [
            ("http://b.example/x", "http://b.example/x"),
            ("/x?y", "https://a.example/x?y"),
            ("?page=2", "https://a.example/s/items?page=2"),
            ("./more", "https://a.example/s/more"),
            ("//c.example/", "https://c.example/"),
        ] {
            assert_eq!(absolute(href, "https://a.example/s/items?f=json"), expected);
        }
        assert!(is_same_origin("http://A.example/x", "https://a.example/y?z"));
        assert!(!is_same_origin("http://a.example", "http://a.example.org"));
        assert!(!is_same_origin("http://a.example:80/", "http://a.example:81/"));
        assert!(!is_same_origin("a", "a"));
    }

    #[test]
    fn only_plain_words_are_passed_on() {
        let with = |text: &str| Query { text: Some(text.into()), ..Query::default() };
        assert_eq!(terms(&with("sea ice")), Some(vec!["sea".to_owned(), "ice".to_owned()]));
        for text in ["\"sea ice\"", "sea AND ice", "title:ice", "ic*", "-sea", "(sea)", " "] {
            assert_eq!(terms(&with(text)), None, "{text}");
        }
    }
}
