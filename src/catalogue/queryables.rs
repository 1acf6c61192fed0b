//! What can be filtered and sorted by, as it really is: the fields of the schema, and the properties that records have.

use super::{Catalogue, Error};
use crate::index::text::{Properties, PropertySummary, SearchError};
use crate::model::Instant;

/// Most values for which a property counts as a choice among few.
const MAX_CHOICES: usize = 20;

/// One thing to filter by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Queryable {
    /// The path below `properties`, or the name of a field.
    pub name: String,
    /// JSON types: `number`, `integer`, `string`, `boolean`.
    pub types: Vec<&'static str>,
    /// `date-time` or `geometry-any`.
    pub format: Option<&'static str>,
    pub description: Option<&'static str>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    /// Earliest and latest instant, RFC 3339.
    pub earliest: Option<String>,
    pub latest: Option<String>,
    /// All values, where they are few.
    pub choices: Vec<String>,
    /// Some values, most frequent first.
    pub examples: Vec<String>,
    /// Values that records have.
    pub count: Option<u64>,
}

/// Fields of the schema: name, type, format, meaning.
const FIELDS: &[(&str, &str, Option<&str>, &str)] = &[
    ("id", "string", None, "identifier within its collection"),
    ("collection", "string", None, "identifier of the collection"),
    ("kind", "string", None, "kind of record"),
    ("title", "string", None, "title"),
    ("description", "string", None, "description"),
    ("datetime", "string", Some("date-time"), "time of observation; in order comparisons its start"),
    ("start_datetime", "string", Some("date-time"), "start of observation"),
    ("end_datetime", "string", Some("date-time"), "end of observation"),
    ("updated", "string", Some("date-time"), "last revision of the record"),
    ("geometry", "object", Some("geometry-any"), "footprints on earth; geometry.BODY for those on another body"),
    ("mission", "string", None, "missions"),
    ("platform", "string", None, "platforms"),
    ("instrument", "string", None, "instruments"),
    ("target", "string", None, "targets"),
    ("level", "string", None, "processing level"),
    ("data_type", "string", None, "type of data"),
    ("body", "string", None, "bodies that footprints lie on"),
    ("access", "string", None, "open, restricted, embargoed or closed"),
    ("keyword", "string", None, "keywords"),
];

/// Names of the fields of the schema.
pub(super) fn field_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, ..)| *name)
}

/// Fields that have no order.
const WITHOUT_ORDER: [&str; 2] = ["description", "geometry"];

impl Catalogue {
    /// Everything that products of the collections (of all, when none is named) can be filtered by.
    ///
    /// # Errors
    /// `Unavailable` while starting.
    pub fn queryables(&self, collections: &[String]) -> Result<Vec<Queryable>, Error> {
        let fields = FIELDS.iter().map(|(name, kind, format, description)| Queryable {
            name: (*name).to_owned(),
            types: vec![*kind],
            format: *format,
            description: Some(*description),
            ..Queryable::default()
        });
        Ok(fields.chain(self.properties_of(collections)?).collect())
    }

    /// Everything that products of the collections can be sorted by.
    ///
    /// # Errors
    /// `Unavailable` while starting.
    pub fn sortables(&self, collections: &[String]) -> Result<Vec<Queryable>, Error> {
        let is_sortable =
            |queryable: &Queryable| queryable.count.is_some() || !WITHOUT_ORDER.contains(&queryable.name.as_str());
        Ok(self.queryables(collections)?.into_iter().filter(is_sortable).collect())
    }

    /// The members of `properties` that products of the collections have.
    ///
    /// # Errors
    /// `Unavailable` while starting.
    pub fn properties_of(&self, collections: &[String]) -> Result<Vec<Queryable>, Error> {
        self.check_ready()?;
        let properties: Properties = self.searcher.properties(collections).map_err(failed)?;
        Ok(properties.into_iter().map(|(name, summary)| queryable(name, &summary)).collect())
    }

    /// Paths that exist: of products of the collections, or of any record.
    pub(super) fn known_properties(&self, collections: &[String]) -> Result<Vec<String>, Error> {
        self.check_ready()?;
        if collections.is_empty() {
            return Ok(self.searcher.property_names().map_err(failed)?.into_iter().collect());
        }
        Ok(self.searcher.properties(collections).map_err(failed)?.into_keys().collect())
    }
}

fn failed(error: SearchError) -> Error {
    Error::Internal { doing: "listing properties", source: Box::new(error) }
}

fn queryable(name: String, summary: &PropertySummary) -> Queryable {
    let mut types = Vec::new();
    if summary.numbers.is_some() {
        types.push(if summary.whole { "integer" } else { "number" });
    }
    if summary.has_texts || summary.instants.is_some() {
        types.push("string");
    }
    if summary.bools {
        types.push("boolean");
    }
    let only_instants = summary.instants.is_some() && !summary.has_texts;
    let mut texts: Vec<(&String, &u64)> = summary.texts.iter().collect();
    texts.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
    let texts: Vec<String> = texts.into_iter().map(|(text, _)| text.clone()).collect();
    let few = types == ["string"] && !only_instants && !summary.more_texts && texts.len() <= MAX_CHOICES;
    let shown = |micros: i64| Instant::from_micros(micros).to_string();
    Queryable {
        name,
        format: only_instants.then_some("date-time"),
        minimum: summary.numbers.map(|(low, _)| low),
        maximum: summary.numbers.map(|(_, high)| high),
        earliest: summary.instants.map(|(first, _)| shown(first)),
        latest: summary.instants.map(|(_, last)| shown(last)),
        examples: texts.iter().take(5).cloned().collect(),
        choices: if few && summary.instants.is_none() { texts } else { Vec::new() },
        types,
        description: None,
        count: Some(summary.values),
    }
}
