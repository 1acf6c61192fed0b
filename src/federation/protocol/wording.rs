//! How the parts of a question are said to others, and how their links are followed. Asks nobody.

use super::{Fault, Part};
use crate::federation::Source;
use crate::model::uri::{encode, join};
use crate::model::{Facet, Filter, PropertyName, Query, SortKey, TextMode};
use crate::query::cql2::{Outward, WrittenFilter, write};

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

/// Reads JSON.
///
/// # Errors
/// `ParseError`.
pub fn json(bytes: &[u8]) -> Result<serde_json::Value, Fault> {
    serde_json::from_slice(bytes).map_err(|error| Fault::unreadable(format!("it is no JSON: {error}")))
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

/// What the filters say, if all of it can be said to others, as one.
pub fn sayable(query: &Query, names: Outward) -> Option<WrittenFilter> {
    write(&Filter::And(query.filters.clone()), names)
}

/// The order as names with `-` before those that descend; `None` when a key has no name there, or relevance is asked for.
pub fn sort_names(query: &Query, names: Outward) -> Option<Vec<(String, bool)>> {
    let of = |key: &SortKey| match key {
        SortKey::Relevance => None,
        SortKey::Time { descending } => Some((names(&PropertyName::Time)?, *descending)),
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
    origin(left).is_some()
        && origin(left).map(|(_, host)| host.to_ascii_lowercase())
            == origin(right).map(|(_, host)| host.to_ascii_lowercase())
}

/// The collections that are asked for: those of the question and of the source's record; `None` for all.
pub fn collections(source: &Source, query: &Query) -> Option<Vec<String>> {
    let asked = query.facets.get(&Facet::Collection);
    match (asked, source.collections.as_slice()) {
        (None, []) => None,
        (None, own) => Some(own.to_vec()),
        (Some(asked), []) => Some(asked.clone()),
        (Some(asked), own) => Some(asked.iter().filter(|name| own.contains(name)).cloned().collect()),
    }
}

/// Whether the only facet asked for is the collection.
pub fn only_collections(query: &Query) -> bool {
    query.facets.keys().all(|facet| *facet == Facet::Collection)
}

/// A next link as it is kept, if it leads to the same service.
///
/// # Errors
/// `Refused` for one that does not.
pub fn followable(base: &str, href: &str) -> Result<String, Fault> {
    let href = join(base, href).unwrap_or_default();
    if is_same_origin(base, &href) {
        return Ok(href);
    }
    Err(Fault::Refused { reason: "its next link leads elsewhere".to_owned() })
}

/// The parts that a question has.
pub fn parts(query: &Query) -> Vec<Part> {
    let has = [
        (Part::Text, query.wanted_text().is_some()),
        (Part::Ids, !query.ids.is_empty()),
        (Part::Facets, !query.facets.is_empty()),
        (Part::Time, query.time.is_some()),
        (Part::Space, query.region.is_some()),
        (Part::Filter, !query.filters.is_empty()),
        (Part::Sort, !query.sort.is_empty() && query.sort != [SortKey::Relevance]),
    ];
    has.into_iter().filter_map(|(part, has)| has.then_some(part)).collect()
}

/// Takes note of what is asked, part by part; what is not answered stays.
#[derive(Debug)]
pub struct Unanswered(Vec<Part>);

impl Unanswered {
    /// Nothing is answered yet.
    pub fn of(query: &Query) -> Self {
        Self(parts(query))
    }

    /// The source answers this part.
    pub fn answer(&mut self, part: Part) {
        self.0.retain(|other| *other != part);
    }

    /// What was not answered.
    pub fn rest(self) -> Vec<Part> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_within_the_service_alone() {
        let base = "https://a.example/s/items?f=json";
        assert_eq!(followable(base, "?page=2").as_deref(), Ok("https://a.example/s/items?page=2"));
        for elsewhere in ["http://169.254.169.254/", "//b.example/x", "file:///etc/passwd", "https://a.example:8443/"] {
            assert!(matches!(followable(base, elsewhere), Err(Fault::Refused { .. })), "{elsewhere}");
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
