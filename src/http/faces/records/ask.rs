//! What a search among records asks, and the query that it becomes. Every parameter is honoured or refused: one that is
//! none of the standard's is the name of a queryable.

use crate::catalogue::{Catalogue, Error, MAX_LIMIT};
use crate::http::faces::filter::{self, Written};
use crate::http::parameters::Parameters;
use crate::http::{interval, region};
use crate::model::{Facet, Filter, Kind, Operand, PropertyName, Query, RecordId, Region, SortKey, TextMode, TextQuery};
use crate::query::cql2::records as names;

/// Records on a page unless asked otherwise.
const DEFAULT_LIMIT: usize = 10;
/// Most names of a list.
const MAX_NAMES: usize = 1_000;
/// Most conditions `property=value`.
const MAX_CONDITIONS: usize = 50;

/// What a catalogue holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All collections.
    Collections,
    /// The products of a collection.
    Products(RecordId),
}

impl Scope {
    /// The type of its records that say none themselves.
    pub fn usual_type(&self) -> &'static str {
        match self {
            Self::Collections => super::wire::DATASET,
            Self::Products(_) => super::wire::PRODUCT,
        }
    }
}

/// A question among records.
#[derive(Debug, Default)]
pub struct Ask {
    text: Option<String>,
    region: Option<Region>,
    datetime: Option<String>,
    types: Vec<String>,
    ids: Vec<String>,
    external: Vec<String>,
    sort: Vec<SortKey>,
    conditions: Vec<Filter>,
    filter: Option<Written>,
    limit: usize,
    /// Whether the client said how many.
    pub is_page: bool,
    pub token: Option<String>,
    count: bool,
}

/// Takes `limit`.
///
/// # Errors
/// 400 for anything but a number from 1.
pub fn limit(parameters: &mut Parameters, default: usize) -> Result<usize, Error> {
    let Some(text) = parameters.one("limit")? else { return Ok(default) };
    text.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| Error::parameter("limit", "must be a number from 1"))
}

/// Reads all parameters.
///
/// # Errors
/// 400 for the first that cannot be honoured.
pub fn read(mut parameters: Parameters, scope: &Scope) -> Result<Ask, Error> {
    let filter = filter::from_query(&mut parameters, names)?;
    let mut ask = Ask {
        is_page: parameters.has("limit"),
        text: parameters.one("q")?,
        region: parameters.one("bbox")?.map(|text| region_of(&text)).transpose()?,
        datetime: parameters.one("datetime")?,
        types: list(&mut parameters, "type")?,
        ids: list(&mut parameters, "ids")?,
        external: list(&mut parameters, "externalIds")?,
        sort: parameters.list("sortby").iter().map(|name| sort_key(name)).collect::<Result<_, _>>()?,
        limit: limit(&mut parameters, DEFAULT_LIMIT)?.min(MAX_LIMIT),
        token: parameters.one("token")?,
        count: match parameters.one("count")?.as_deref() {
            None | Some("exact") => true,
            Some("none") => false,
            Some(_) => return Err(Error::parameter("count", "must be exact or none")),
        },
        ..Ask::default()
    };
    if !ask.types.is_empty() {
        ask.conditions.push(of_types(&ask.types, scope));
    }
    ask.filter = filter;
    for (name, value) in parameters.rest() {
        if ask.conditions.len() >= MAX_CONDITIONS {
            return Err(Error::parameter(name, format!("is one more than {MAX_CONDITIONS} conditions")));
        }
        ask.conditions.push(filter::equals(Operand::Property(names(&name)), value));
    }
    Ok(ask)
}

fn list(parameters: &mut Parameters, name: &str) -> Result<Vec<String>, Error> {
    let names = parameters.list(name);
    if names.len() > MAX_NAMES {
        return Err(Error::parameter(name, format!("names more than {MAX_NAMES}")));
    }
    Ok(names)
}

/// Records that say no type have the usual one of their catalogue.
fn of_types(types: &[String], scope: &Scope) -> Filter {
    let said = || Operand::Property(PropertyName::Facet(Facet::DataType));
    let list = types.iter().map(|name| Operand::Text(name.clone())).collect();
    let is_one_of = Filter::In { value: said(), list };
    if types.iter().any(|name| name == scope.usual_type()) {
        return Filter::Or(vec![is_one_of, Filter::IsNull(said())]);
    }
    is_one_of
}

fn sort_key(text: &str) -> Result<SortKey, Error> {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text.trim_start_matches('+').trim(), false),
    };
    SortKey::by(names(name), descending).ok_or_else(|| {
        Error::parameter("sortby", format!("{name:?} has no order; the sortables of the catalogue have"))
    })
}

fn region_of(text: &str) -> Result<Region, Error> {
    region::of_box("earth".to_owned(), &region::numbers("bbox", text)?)
}

impl Ask {
    /// The query that the question means.
    ///
    /// # Errors
    /// 400 for what cannot be honoured; what the catalogue says of external identifiers.
    pub fn query(&self, catalogue: &Catalogue, scope: &Scope) -> Result<Query, Error> {
        let mut query = Query {
            text: self.text.as_ref().map(|text| TextQuery::new(text.clone(), TextMode::StacBasic)),
            region: self.region.clone(),
            ids: self.ids.clone(),
            time: self.datetime.as_deref().map(interval::parse).transpose()?,
            sort: self.sort.clone(),
            filters: self.conditions.clone(),
            count: self.count,
            limit: self.limit,
            ..Query::default()
        };
        match scope {
            Scope::Collections => query.kinds = vec![Kind::Collection],
            Scope::Products(collection) => {
                query.kinds = vec![Kind::Product];
                query.facets.insert(Facet::Collection, vec![collection.to_string()]);
            }
        }
        if query.sort.is_empty() && query.wanted_text().is_none() && *scope == Scope::Collections {
            query.sort.push(SortKey::by_id());
        }
        if !self.external.is_empty() {
            query.filters.push(self.named(catalogue, scope)?);
        }
        self.filter.iter().for_each(|filter| filter.clone().add_to(&mut query));
        Ok(query)
    }

    /// Records of this catalogue that others call by one of these names.
    fn named(&self, catalogue: &Catalogue, scope: &Scope) -> Result<Filter, Error> {
        let mut ids = Vec::new();
        for name in &self.external {
            let mut found = catalogue.resolve(name)?;
            if let (true, Some((_, value))) = (found.is_empty(), name.split_once(':')) {
                found = catalogue.resolve(value)?;
            }
            let here = found.into_iter().map(|found| found.key).filter(|key| match scope {
                Scope::Collections => key.kind == Kind::Collection,
                Scope::Products(collection) => key.collection.as_ref() == Some(collection),
            });
            ids.extend(here.map(|key| Operand::Text(key.id.to_string())));
        }
        Ok(Filter::In { value: Operand::Property(PropertyName::Id), list: ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Ask, Error> {
        read(Parameters::parse(text).expect("form-encoded"), &Scope::Collections)
    }

    #[test]
    fn parameters_of_the_standard_are_read_and_others_are_queryables() {
        let ask = asked("q=snow&limit=5&sortby=-updated,%2Bid&platform=Envisat&orbit=7").expect("parameters");
        assert_eq!(ask.sort, [SortKey::by(PropertyName::Updated, true).expect("ordered"), SortKey::by_id()]);
        assert_eq!((ask.limit, ask.text.as_deref(), ask.conditions.len()), (5, Some("snow"), 2));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for text in [
            "limit=0",
            "limit=x",
            "bbox=1,2",
            "sortby=geometry",
            "sortby=-",
            "count=maybe",
            "q=a&q=b",
            "filter-lang=sql",
            "filter=(",
            "filter-crs=x",
        ] {
            assert!(asked(text).is_err(), "{text}");
        }
        let many: Vec<String> = (0..=MAX_CONDITIONS).map(|n| format!("p{n}=1")).collect();
        assert!(asked(&many.join("&")).is_err());
    }
}
