//! Answers questions by looking at every record, written without any part of the index.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::index::Change;
use crate::model::{BoundingBox, Comparison, Facet, Filter, Instant, Key, Kind, Operand, PropertyName, Query, SortKey};

/// A current record.
pub(super) struct Record {
    pub sequence: u64,
    key: Key,
    pub updated: i64,
    json: Json,
}

pub(super) struct Oracle {
    records: Vec<Record>,
}

/// A value to sort by: type first, then value.
#[derive(Debug, PartialEq, PartialOrd, Clone)]
enum Place {
    Number(f64),
    Instant(i64),
    Text(String),
    Missing,
}

impl Oracle {
    pub(super) fn new(changes: &[Change]) -> Self {
        let mut current: BTreeMap<Key, Record> = BTreeMap::new();
        for change in changes {
            let event = &change.event;
            let key = event.record_key();
            current.remove(&key);
            if let Some(record) = &event.record {
                let json = serde_json::from_str(record.get()).expect("JSON");
                let updated = Instant::parse(&event.time).expect("a time").micros();
                current.insert(key.clone(), Record { sequence: event.sequence, key, updated, json });
            }
        }
        Self { records: current.into_values().collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// All matching records in order.
    pub(super) fn answer(&self, query: &Query) -> Vec<&Record> {
        let mut matching: Vec<&Record> = self.records.iter().filter(|record| record.matches(query)).collect();
        matching.sort_by(|one, other| {
            let by_key = query.sort.iter().map(|key| compare(one, other, key)).find(|ordering| ordering.is_ne());
            by_key.unwrap_or_else(|| one.tie().cmp(&other.tie()))
        });
        matching
    }
}

fn compare(one: &Record, other: &Record, key: &SortKey) -> Ordering {
    let (places, descending) = match key {
        SortKey::Time { descending } => {
            let place = |record: &Record| record.bounds().map_or(Place::Missing, |(start, _)| Place::Instant(start));
            ([place(one), place(other)], *descending)
        }
        SortKey::By { property, descending } => {
            ([one.place(property, *descending), other.place(property, *descending)], *descending)
        }
        SortKey::Relevance => return Ordering::Equal,
    };
    compare_places(&places[0], &places[1], descending)
}

fn compare_places(one: &Place, other: &Place, descending: bool) -> Ordering {
    let same_type = std::mem::discriminant(one) == std::mem::discriminant(other);
    let ordering = one.partial_cmp(other).expect("no NaN");
    if same_type && descending { ordering.reverse() } else { ordering }
}

impl Record {
    fn tie(&self) -> u64 {
        super::super::tie_of(&self.key)
    }

    pub(super) fn bounds(&self) -> Option<(i64, i64)> {
        let time = self.json.get("time")?;
        let read = |name: &str| {
            let text = time.get(name)?.as_str()?;
            Instant::parse(text).ok().map(Instant::micros)
        };
        let open = time.get("open_end").is_some();
        match (read("start"), read("stop")) {
            (Some(start), _) if open => Some((start, i64::MAX)),
            (Some(start), stop) => Some((start, stop.unwrap_or(start))),
            (None, stop) => stop.map(|stop| (stop, stop)),
        }
    }

    pub(super) fn values(&self, path: &str) -> Vec<Json> {
        let mut found = vec![self.json["properties"].clone()];
        for name in path.split('.') {
            let members = found.into_iter().filter_map(|value| value.get(name).cloned());
            found = members
                .flat_map(|value| match value {
                    Json::Array(elements) => elements,
                    other => vec![other],
                })
                .collect();
        }
        found.retain(|value| !value.is_null() && !value.is_object());
        found
    }

    fn place(&self, property: &PropertyName, descending: bool) -> Place {
        let places = self.places(property);
        places.into_iter().min_by(|one, other| compare_places(one, other, descending)).unwrap_or(Place::Missing)
    }

    fn places(&self, property: &PropertyName) -> Vec<Place> {
        match property {
            PropertyName::Id => vec![Place::Text(self.key.id.as_str().to_owned())],
            PropertyName::Kind => vec![Place::Text(self.key.kind.as_str().to_owned())],
            PropertyName::Title => {
                self.json["title"].as_str().map(|title| Place::Text(title.to_owned())).into_iter().collect()
            }
            PropertyName::Updated => vec![Place::Instant(self.updated)],
            PropertyName::Stop => self.bounds().map(|(_, stop)| Place::Instant(stop)).into_iter().collect(),
            PropertyName::Facet(facet) => self.labels(*facet).into_iter().map(Place::Text).collect(),
            PropertyName::Member(path) => self.member_places(path),
            PropertyName::Either(first, second) => {
                let found = self.places(first);
                if found.is_empty() { self.places(second) } else { found }
            }
            other => panic!("{other:?} has no order here"),
        }
    }

    fn member_places(&self, path: &str) -> Vec<Place> {
        let to_place = |value: &Json| match value {
            Json::Number(number) => Place::Number(number.as_f64().expect("finite")),
            Json::Bool(truth) => Place::Number(f64::from(u8::from(*truth))),
            Json::String(text) => match Instant::parse(text) {
                Ok(instant) => Place::Instant(instant.micros()),
                Err(_) => Place::Text(text.clone()),
            },
            _ => Place::Missing,
        };
        self.values(path).iter().map(to_place).collect()
    }

    fn names(&self, facet: Facet) -> Vec<(Option<String>, Option<String>)> {
        let text = |value: &Json| value.as_str().map(str::to_owned);
        match facet {
            Facet::Collection => vec![(self.key.collection.as_ref().map(|id| id.as_str().to_owned()), None)],
            Facet::Mission => {
                let names = self.json["missions"].as_array().into_iter().flatten();
                names.map(|name| (text(&name["label"]), text(&name["as_written"]))).collect()
            }
            Facet::Level => vec![(text(&self.json["level"]["normalised"]), text(&self.json["level"]["as_written"]))],
            Facet::Keyword => {
                let keywords = self.json["keywords"].as_array().into_iter().flatten();
                keywords.map(|keyword| (text(&keyword["path"]), None)).collect()
            }
            Facet::Body => {
                let spaces = self.json["space"].as_array().into_iter().flatten();
                spaces.map(|space| (text(&space["body"]).map(|body| body.to_lowercase()), None)).collect()
            }
            Facet::Access => vec![(Some(text(&self.json["access"]).unwrap_or_else(|| "open".into())), None)],
            _ => Vec::new(),
        }
    }

    pub(super) fn labels(&self, facet: Facet) -> BTreeSet<String> {
        self.names(facet).into_iter().filter_map(|(label, _)| label).collect()
    }

    fn matches(&self, query: &Query) -> bool {
        let kinds = if query.kinds.is_empty() { vec![Kind::Product] } else { query.kinds.clone() };
        kinds.contains(&self.key.kind)
            && (query.ids.is_empty() || query.ids.iter().any(|id| id == self.key.id.as_str()))
            && query.facets.iter().all(|(facet, values)| self.has_facet(*facet, values))
            && self.in_time(query)
            && self.in_region(query)
            && query.filters.iter().all(|filter| self.fulfils(filter))
            && query.text.as_ref().is_none_or(|text| self.has_text(&text.text))
    }

    fn has_facet(&self, facet: Facet, wanted: &[String]) -> bool {
        let names = self.names(facet);
        let mut values = names.iter().flat_map(|(label, written)| [label, written]).flatten();
        values.any(|value| match facet {
            Facet::Collection => wanted.contains(value),
            _ => wanted.iter().any(|wanted| wanted.to_lowercase() == value.to_lowercase()),
        })
    }

    fn in_time(&self, query: &Query) -> bool {
        let Some(range) = query.time else { return true };
        let Some((start, stop)) = self.bounds() else { return false };
        range.stop.is_none_or(|end| start <= end.micros()) && range.start.is_none_or(|begin| stop >= begin.micros())
    }

    fn in_region(&self, query: &Query) -> bool {
        let Some(region) = &query.region else { return true };
        let mut spaces = self.json["space"].as_array().into_iter().flatten();
        spaces.any(|space| {
            let body = space["body"].as_str().unwrap_or("earth").to_lowercase();
            let numbers: Vec<f64> = space["bbox"].as_array().into_iter().flatten().filter_map(Json::as_f64).collect();
            let area = BoundingBox { west: numbers[0], south: numbers[1], east: numbers[2], north: numbers[3] };
            body == region.body && meet(&area, &region.bbox)
        })
    }

    /// Knows comparisons of one property with a constant.
    fn fulfils(&self, filter: &Filter) -> bool {
        let Filter::Compare { left: Operand::Property(PropertyName::Member(path)), comparison, right } = filter else {
            panic!("{filter:?} is not among the samples");
        };
        self.values(path).iter().any(|value| {
            let instant =
                |text: &str| Instant::parse(text).or_else(|_| Instant::parse(&format!("{text}T00:00:00Z"))).ok();
            let stored_instant = value.as_str().and_then(|text| Instant::parse(text).ok());
            let ordering = match (value, right) {
                (Json::Number(value), Operand::Number(wanted)) => value.as_f64().expect("finite").partial_cmp(wanted),
                (Json::Bool(value), Operand::Bool(wanted)) => Some(value.cmp(wanted)),
                (Json::String(value), Operand::Text(wanted)) => match stored_instant {
                    Some(stored) => instant(wanted).map(|wanted| stored.cmp(&wanted)),
                    None => Some(value.as_str().cmp(wanted)),
                },
                _ => None,
            };
            // A day given without a time never equals an instant.
            let day = matches!(right, Operand::Text(text) if text.len() == 10);
            match (comparison, ordering) {
                (Comparison::Equal, Some(Ordering::Equal)) => !(day && stored_instant.is_some()),
                (Comparison::NotEqual, ordering) => ordering != Some(Ordering::Equal),
                (Comparison::Less, Some(ordering)) => ordering.is_lt(),
                (Comparison::LessOrEqual, Some(ordering)) => ordering.is_le(),
                (Comparison::Greater, Some(ordering)) => ordering.is_gt(),
                (Comparison::GreaterOrEqual, Some(ordering)) => ordering.is_ge(),
                _ => false,
            }
        })
    }

    /// Knows the few forms that the samples use.
    fn has_text(&self, text: &str) -> bool {
        let mut sources = vec![self.key.id.as_str().to_owned()];
        sources.extend(self.key.collection.iter().map(|collection| collection.as_str().to_owned()));
        for facet in [Facet::Mission, Facet::Keyword, Facet::Level] {
            sources.extend(self.names(facet).into_iter().flat_map(|(label, written)| [label, written]).flatten());
        }
        sources.extend(["title", "description"].iter().filter_map(|name| self.json[*name].as_str().map(str::to_owned)));
        let split = |text: &str| -> Vec<String> {
            let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
            parts.map(str::to_lowercase).collect()
        };
        let sources: Vec<Vec<String>> = sources.iter().map(|source| split(source)).collect();
        let side_by_side = |wanted: &[String]| {
            sources.iter().any(|source| source.windows(wanted.len()).any(|window| window == wanted))
        };
        if let Some(phrase) = text.strip_prefix('"') {
            return side_by_side(&split(phrase));
        }
        let mut words = text.split(" AND ").flat_map(|required| required.split_whitespace());
        let has = |word: &str| match word.strip_suffix('*') {
            Some(start) => {
                let parts = split(start);
                let (last, before) = parts.split_last().expect("a word");
                sources.iter().any(|source| {
                    let fits = |window: &[String]| window.starts_with(before) && window[before.len()].starts_with(last);
                    source.windows(parts.len()).any(fits)
                })
            }
            None => side_by_side(&split(word)),
        };
        if text.contains(" AND ") { words.all(has) } else { words.any(has) }
    }
}

fn meet(one: &BoundingBox, other: &BoundingBox) -> bool {
    // A pole is one point, whatever its longitude.
    if one.north == 90.0 && other.north == 90.0 || one.south == -90.0 && other.south == -90.0 {
        return true;
    }
    one.parts().iter().any(|one| {
        other.parts().iter().any(|other| {
            // 180° and -180° are one meridian.
            let seam = |one: &BoundingBox, other: &BoundingBox| one.east == 180.0 && other.west == -180.0;
            let across = seam(one, other) || seam(other, one) || one.west <= other.east && other.west <= one.east;
            across && one.south <= other.north && other.south <= one.north
        })
    })
}
