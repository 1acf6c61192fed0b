//! What a person asks on the search page: from the address to a query, and back to the addresses of neighbouring
//! questions (one facet value more, another order, the next page). Empty fields of a form ask nothing.

use std::collections::BTreeMap;

use super::period;
use crate::catalogue::Error;
use crate::http::faces::filter;
use crate::http::faces::native::search as native;
use crate::http::parameters::Parameters;
use crate::http::region;
use crate::model::uri::encode;
use crate::model::{Facet, Kind, Query, SortKey, TextQuery, TimeRange};
use crate::query::cql2::native as names;

/// Parameters of the page beside the facets, for those who give another one.
const KNOWN: &[&str] =
    &["q", "kind", "from", "to", "datetime", "bbox", "property", "filter", "sort", "limit", "token", "all"];
/// Hits on a page: unless asked otherwise, and what is offered.
const DEFAULT_LIMIT: usize = 20;
pub const LIMITS: [usize; 3] = [20, 50, 100];

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Group {
    #[default]
    Products,
    Collections,
    /// Missions, platforms, instruments, targets, documents and so on.
    Context,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Products, Self::Collections, Self::Context];

    const fn name(self) -> &'static str {
        match self {
            Self::Products => "product",
            Self::Collections => "collection",
            Self::Context => "context",
        }
    }

    /// In words, as a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Products => "Products",
            Self::Collections => "Collections",
            Self::Context => "Missions, instruments, documents",
        }
    }

    /// One of them and several, in words.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Products => ("product", "products"),
            Self::Collections => ("collection", "collections"),
            Self::Context => ("record", "records"),
        }
    }

    fn kinds(self) -> Vec<Kind> {
        match self {
            Self::Products => vec![Kind::Product],
            Self::Collections => vec![Kind::Collection],
            Self::Context => {
                Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Product | Kind::Collection)).collect()
            }
        }
    }
}

/// A search as it was asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Asked {
    pub text: String,
    pub group: Group,
    pub facets: BTreeMap<Facet, Vec<String>>,
    /// Ends of the time asked for: a year, a month, a day or an instant each.
    pub from: String,
    pub to: String,
    /// `west,south,east,north` on `area_body`.
    pub area: String,
    pub properties: Vec<String>,
    /// CQL2 as text.
    pub filter: String,
    pub sort: String,
    pub limit: Option<usize>,
    pub token: String,
    /// The facet whose values are all listed.
    pub all: Option<Facet>,
}

impl Asked {
    /// Reads the parameters of the page.
    ///
    /// # Errors
    /// 400 for a parameter that does not exist or cannot be honoured.
    pub fn read(mut parameters: Parameters) -> Result<Self, Error> {
        let mut asked = Self { text: once(&mut parameters, "q")?, ..Self::default() };
        asked.group = match once(&mut parameters, "kind")?.as_str() {
            "" | "product" => Group::Products,
            "collection" => Group::Collections,
            "context" => Group::Context,
            other => {
                let reason =
                    format!("{:?} is none of product, collection, context", other.chars().take(60).collect::<String>());
                return Err(Error::parameter("kind", reason));
            }
        };
        for facet in Facet::ALL {
            let mut values = parameters.all(facet.as_str());
            values.retain(|value| !value.trim().is_empty());
            if !values.is_empty() {
                asked.facets.insert(facet, values);
            }
        }
        asked.from = once(&mut parameters, "from")?;
        asked.to = once(&mut parameters, "to")?;
        // An interval as the interfaces for programs write it; its ends become the fields of the form.
        if let Some((from, to)) = split_interval(&once(&mut parameters, "datetime")?) {
            (asked.from, asked.to) = (from, to);
        }
        asked.area = once(&mut parameters, "bbox")?;
        asked.properties = parameters.all("property");
        asked.properties.retain(|condition| !condition.trim().is_empty());
        asked.filter = once(&mut parameters, "filter")?;
        asked.sort = once(&mut parameters, "sort")?;
        asked.limit = match once(&mut parameters, "limit")?.as_str() {
            "" => None,
            text => {
                let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
                Some(limit.ok_or_else(|| Error::parameter("limit", "must be 1 to 100"))?)
            }
        };
        asked.token = once(&mut parameters, "token")?;
        asked.all = match once(&mut parameters, "all")?.as_str() {
            "" => None,
            name => Some(Facet::from_name(name).ok_or_else(|| Error::parameter("all", "is no facet"))?),
        };
        parameters.finish(&[KNOWN, &Facet::ALL.map(Facet::as_str)].concat())?;
        Ok(asked)
    }

    /// The question to the catalogue, without counts.
    ///
    /// # Errors
    /// 400 that names the field which cannot be read.
    pub fn query(&self) -> Result<Query, Error> {
        let mut query = Query {
            text: Some(self.text.as_str()).filter(|text| !text.trim().is_empty()).map(TextQuery::from),
            kinds: self.group.kinds(),
            facets: self.facets.clone(),
            time: self.time()?,
            limit: self.limit(),
            count: true,
            ..Query::default()
        };
        if !self.area.is_empty() {
            let numbers = region::numbers("area", &self.area)?;
            query.facets.remove(&Facet::Body);
            query.region = Some(region::of_box(self.area_body()?.to_lowercase(), &numbers)?);
        }
        query.filters = self.properties.iter().map(|text| native::condition(text)).collect::<Result<_, Error>>()?;
        if !self.filter.is_empty() {
            filter::from_text(&self.filter, names)?.add_to(&mut query);
        }
        query.sort = match self.sort.as_str() {
            "" => Vec::new(),
            names => names.split(',').map(native::sort_key).collect::<Result<Vec<SortKey>, Error>>()?,
        };
        Ok(query)
    }

    /// The body of the area: one at a time can be looked at.
    ///
    /// # Errors
    /// 400 when several are chosen.
    pub fn area_body(&self) -> Result<&str, Error> {
        match self.facets.get(&Facet::Body).map(Vec::as_slice).unwrap_or_default() {
            [] => Ok("earth"),
            [body] => Ok(body),
            _ => Err(Error::parameter("body", "an area lies on one body: choose one, or leave the area out")),
        }
    }

    /// The time asked for.
    ///
    /// # Errors
    /// 400 that names the field which is no date.
    pub fn time(&self) -> Result<Option<TimeRange>, Error> {
        let start = period::start("from", &self.from)?;
        let stop = period::stop("to", &self.to)?;
        match (start, stop) {
            (None, None) => Ok(None),
            (Some(start), Some(stop)) if start > stop => Err(Error::parameter("to", "lies before `from`")),
            (start, stop) => Ok(Some(TimeRange { start, stop })),
        }
    }

    /// Hits on a page.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// Whether a facet value is chosen.
    pub fn has(&self, facet: Facet, value: &str) -> bool {
        self.facets.get(&facet).is_some_and(|values| values.iter().any(|known| known == value))
    }

    /// With a facet value more, on the first page.
    pub fn with(&self, facet: Facet, value: &str) -> Self {
        let mut asked = self.first_page();
        let values = asked.facets.entry(facet).or_default();
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
        asked
    }

    /// With a facet value less, on the first page.
    pub fn less(&self, facet: Facet, value: &str) -> Self {
        let mut asked = self.first_page();
        if let Some(values) = asked.facets.get_mut(&facet) {
            values.retain(|known| known != value);
        }
        asked.facets.retain(|_, values| !values.is_empty());
        asked
    }

    /// The same question from its beginning.
    pub fn first_page(&self) -> Self {
        Self { token: String::new(), ..self.clone() }
    }

    /// Whether anything narrows the search.
    pub fn is_narrowed(&self) -> bool {
        let fields = [&self.text, &self.from, &self.to, &self.area, &self.filter];
        fields.into_iter().any(|field| !field.is_empty()) || !self.facets.is_empty() || !self.properties.is_empty()
    }

    /// The same question without its filter.
    pub fn unfiltered(&self) -> Self {
        Self { filter: String::new(), ..self.first_page() }
    }

    /// Names and values for an address or for hidden fields of a form, in one order.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let mut parts = vec![("q", self.text.clone())];
        if self.group != Group::default() {
            parts.push(("kind", self.group.name().to_owned()));
        }
        for (facet, values) in &self.facets {
            parts.extend(values.iter().map(|value| (facet.as_str(), value.clone())));
        }
        parts.push(("from", self.from.clone()));
        parts.push(("to", self.to.clone()));
        parts.push(("bbox", self.area.clone()));
        parts.extend(self.properties.iter().map(|condition| ("property", condition.clone())));
        parts.push(("filter", self.filter.clone()));
        parts.push(("sort", self.sort.clone()));
        parts.push(("limit", self.limit.map(|limit| limit.to_string()).unwrap_or_default()));
        parts.push(("all", self.all.map(|facet| facet.as_str().to_owned()).unwrap_or_default()));
        parts.push(("token", self.token.clone()));
        parts.retain(|(_, value)| !value.is_empty());
        parts
    }

    /// The address of the search.
    pub fn href(&self) -> String {
        let parts = self.parts();
        let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        if parts.is_empty() { "/search".to_owned() } else { format!("/search?{}", parts.join("&")) }
    }
}

fn once(parameters: &mut Parameters, name: &str) -> Result<String, Error> {
    Ok(parameters.one(name)?.map(|value| value.trim().to_owned()).unwrap_or_default())
}

fn split_interval(text: &str) -> Option<(String, String)> {
    let end = |part: &str| if part == ".." { String::new() } else { part.to_owned() };
    match text.split_once('/') {
        _ if text.is_empty() => None,
        Some((from, to)) => Some((end(from), end(to))),
        None => Some((text.to_owned(), text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        Asked::read(Parameters::parse(text).expect("form-encoded")).expect("understood")
    }

    #[test]
    fn an_address_reads_back_as_the_same_question() {
        let full = "q=mars%20%22ice%2C%22&kind=collection&mission=A%2C%20B&mission=C&from=2019&to=2020-02&bbox=1%2C2%2C3%2C4&property=a%3C5&filter=a%20%3D%20%27b%27&sort=-time&limit=50&all=level";
        let first = asked(full);
        assert_eq!(asked(first.href().strip_prefix("/search?").expect("parameters")), first);
        assert_eq!(first.facets.get(&Facet::Mission).map(Vec::len), Some(2));
        assert_eq!(asked("q=&from=&to=&bbox=&limit=&sort="), Asked::default());
        assert_eq!(Asked::default().href(), "/search");
        assert_eq!(first.with(Facet::Level, "L1").less(Facet::Level, "L1"), first);
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for text in ["bogus=1", "kind=x", "limit=0", "limit=101", "limit=x", "all=x", "q=a&q=b"] {
            assert!(Asked::read(Parameters::parse(text).expect("form-encoded")).is_err(), "{text}");
        }
        for text in [
            "bbox=1,2,3",
            "from=yesterday",
            "from=2020&to=2019",
            "sort=geometry",
            "bbox=1,2,3,4&body=mars&body=moon",
            "property=x",
            "filter=a%20%3D",
        ] {
            assert!(asked(text).query().is_err(), "{text}");
        }
    }

    #[test]
    fn an_interval_fills_both_fields() {
        let both = asked("datetime=2019-01-01T00:00:00Z/..");
        assert_eq!((both.from.as_str(), both.to.as_str()), ("2019-01-01T00:00:00Z", ""));
    }
}
