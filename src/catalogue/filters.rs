//! Filters of all faces: checked against what exists, and decided on records where an index cannot.

use super::nearest::nearest;
use super::{Catalogue, Error};
use crate::index::text::{Deadline, RecordTest};
use crate::model::{
    Comparison, Entity, Facet, Filter, HARVEST_SOURCE, Instant, Kind, Operand, PropertyName, Query, RecordId, Region,
    Searched, SortKey, Space, SpatialRelation,
};
use crate::query::cql2::position_of;
use crate::query::evaluate::{Source as _, StoredRecord, Truth, truth};
use crate::query::{Circle, Shape};

impl Catalogue {
    /// Refuses a filter or an order with a property that no record has: none of the collections asked for, or none at
    /// all.
    ///
    /// # Errors
    /// `BadParameter` with the names most like the unknown one, and where it stands in the filter.
    pub(super) fn check_properties(&self, query: &Query) -> Result<(), Error> {
        let collections = query.facets.get(&Facet::Collection).map(Vec::as_slice).unwrap_or_default();
        // Only products are members of collections.
        let collections = if query.wanted_kinds() == [Kind::Product] { collections } else { &[] };
        let mut needed = Vec::new();
        query.filters.iter().for_each(|filter| filter.properties(&mut |name| required(name, &mut needed)));
        for alternatives in &needed {
            let Some(reason) = self.unknown(alternatives, query, collections)? else { continue };
            let text = query.filter_text.as_deref().unwrap_or_default();
            let place = alternatives.iter().find_map(|name| position_of(text, name));
            let place = place.map_or_else(String::new, |place| format!("at byte {place}: "));
            return Err(Error::parameter("filter", format!("{place}{reason}")));
        }
        needed.clear();
        for key in &query.sort {
            if let SortKey::By { property, .. } = key {
                required(property, &mut needed);
            }
        }
        for alternatives in &needed {
            if let Some(reason) = self.unknown(alternatives, query, collections)? {
                return Err(Error::parameter("sort", reason));
            }
        }
        Ok(())
    }

    /// The query with the alternatives of properties left out that no record has.
    pub(super) fn resolved(&self, query: &Query) -> Result<Query, Error> {
        let searcher = self.searcher_of(&query.scope);
        let mut resolved = query.clone();
        let mut failure = None;
        let mut leave_out = |name: &mut PropertyName| {
            let PropertyName::Either(first, second) = name else { return };
            let PropertyName::Member(path) = first.as_ref() else { return };
            match searcher.has_property(path, &[]) {
                Ok(true) => {}
                Ok(false) => *name = second.as_ref().clone(),
                Err(error) => failure = Some(error),
            }
        };
        resolved.filters.iter_mut().for_each(|filter| filter.rename(&mut leave_out));
        for key in &mut resolved.sort {
            if let SortKey::By { property, .. } = key {
                leave_out(property);
            }
        }
        if let Searched::Harvested(Some(source)) = &query.scope {
            resolved.filters.push(of_source(source));
        }
        match failure {
            None => Ok(resolved),
            Some(error) => Err(Error::Internal { doing: "looking for a property", source: Box::new(error) }),
        }
    }

    /// Why none of these can be asked for; nothing when there is one.
    fn unknown(&self, paths: &[&str], query: &Query, collections: &[String]) -> Result<Option<String>, Error> {
        let failed = |error| Error::Internal { doing: "looking for a property", source: Box::new(error) };
        for path in paths {
            if self.searcher_of(&query.scope).has_property(path, collections).map_err(failed)? {
                return Ok(None);
            }
        }
        let known = self.known_properties(collections)?;
        let name: String = paths.first().copied().unwrap_or_default().chars().take(200).collect();
        let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
        super::queryables::field_names().for_each(|name| names.push(name));
        let near = nearest(&name, names.into_iter());
        let near = if near.is_empty() { String::new() } else { format!("; nearest names: {}", near.join(", ")) };
        let scope = if collections.is_empty() { "no record" } else { "no product of the collections" };
        Ok(Some(format!("{scope} has a property {name:?}{near}")))
    }
}

/// What holds for copies from one source.
fn of_source(source: &RecordId) -> Filter {
    Filter::Compare {
        left: Operand::Property(PropertyName::Member(HARVEST_SOURCE.to_owned())),
        comparison: Comparison::Equal,
        right: Operand::Text(source.to_string()),
    }
}

/// The paths of which a record must have one, where a property needs any.
fn required<'f>(name: &'f PropertyName, members: &mut Vec<Vec<&'f str>>) {
    match name {
        PropertyName::Member(path) => members.push(vec![path]),
        // The other alternative is a field that every record may have.
        PropertyName::Either(first, second) => {
            if let (PropertyName::Member(first), PropertyName::Member(second)) = (first.as_ref(), second.as_ref()) {
                members.push(vec![first, second]);
            }
        }
        _ => {}
    }
}

/// What of a record says where.
#[derive(serde::Deserialize)]
struct Places<'a> {
    #[serde(borrow, default)]
    space: Vec<Space<'a>>,
}

/// The exact shape of a region.
pub(super) fn shape_of(region: &Region) -> Result<Shape, Error> {
    let shape = match (&region.geometry, region.circle) {
        (Some(text), _) => Shape::parse(text).map_err(|error| Error::parameter("intersects", error.to_string()))?,
        (None, Some([longitude, latitude, radius])) => Shape::of_circle(
            Circle::new(longitude, latitude, radius).ok_or_else(|| Error::parameter("circle", "is no circle"))?,
        ),
        (None, None) => Shape::of_box(&region.bbox),
    };
    Ok(match region.heights {
        Some([low, high]) => shape.between_heights(low, high),
        None => shape,
    })
}

/// Looks at records, for one search and until its deadline. What it says after that counts for nothing: the search is
/// refused then.
pub(super) struct Records<'c> {
    catalogue: &'c Catalogue,
    region: Option<(Shape, String)>,
    deadline: &'c Deadline,
}

impl<'c> Records<'c> {
    /// What a query needs records for; nothing when its index decides alone.
    pub(super) fn of(catalogue: &'c Catalogue, query: &Query, deadline: &'c Deadline) -> Result<Option<Self>, Error> {
        let region = query.region.as_ref().map(|region| Ok((shape_of(region)?, region.body.clone()))).transpose()?;
        let is_needed = region.is_some() || !query.filters.is_empty();
        Ok(is_needed.then_some(Self { catalogue, region, deadline }))
    }
}

impl RecordTest for Records<'_> {
    /// Whether a record's footprint on the body touches the shape. A record that cannot be read is a match: a failure
    /// is never an empty result, and fetching it will say what is wrong.
    fn in_region(&self, sequence: u64) -> bool {
        let Some((shape, body)) = &self.region else { return true };
        if self.deadline.look() {
            return false;
        }
        let Ok(record) = self.catalogue.record_at(sequence) else { return true };
        let Ok(places) = serde_json::from_slice::<Places<'_>>(&record) else { return true };
        places.space.iter().filter(|space| space.body == *body).any(|space| shape.intersects_footprint(space))
    }

    fn truth(&self, sequence: u64, filter: &Filter) -> Truth {
        self.look(sequence, |record| truth(filter, record))
    }

    fn relates(&self, sequence: u64, body: &str, relation: SpatialRelation, shape: &Shape, swapped: bool) -> Truth {
        self.look(sequence, |record| record.relates(body, relation, shape, swapped))
    }
}

impl Records<'_> {
    /// Asks a record, unless there is no time left.
    fn look(&self, sequence: u64, ask: impl FnOnce(&StoredRecord<'_>) -> Truth) -> Truth {
        if self.deadline.look() {
            return None;
        }
        let Ok((event, _)) = self.catalogue.event_at(sequence) else { return Some(true) };
        let record = event.record?;
        let Ok(entity) = Entity::view(record.get().as_bytes()) else { return None };
        let updated = Instant::parse(&event.time).map_or(0, Instant::micros);
        ask(&StoredRecord { entity: &entity, updated })
    }
}
