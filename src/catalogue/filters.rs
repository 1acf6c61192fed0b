//! Filters of all faces: checked against what exists, and decided on records where an index cannot.

use std::time::{Duration, Instant as Clock};

use super::nearest::nearest;
use super::{Catalogue, Error};
use crate::index::text::RecordTest;
use crate::model::{Entity, Facet, Filter, Instant, Kind, PropertyName, Query, Region, Space};
use crate::query::evaluate::{StoredRecord, Truth, truth};
use crate::query::{Circle, Shape};

/// Longest time that one search may look at records one by one; an index answers nearly everything without.
const MAX_LOOKING: Duration = Duration::from_secs(20);

impl Catalogue {
    /// Refuses a filter with a property that no record has: none of the collections asked for, or none at all.
    ///
    /// # Errors
    /// `BadParameter` with the names most like the unknown one.
    pub(super) fn check_filter(&self, query: &Query) -> Result<(), Error> {
        let Some(filter) = &query.filter else { return Ok(()) };
        let collections = query.facets.get(&Facet::Collection).map(Vec::as_slice).unwrap_or_default();
        // Only products are members of collections.
        let collections = if query.wanted_kinds() == [Kind::Product] { collections } else { &[] };
        let mut needed = Vec::new();
        filter.properties(&mut |name| required(name, &mut needed));
        needed.iter().try_for_each(|alternatives| self.check_property(alternatives, collections))
    }

    /// The query with the alternatives of properties left out that no record has.
    pub(super) fn resolved(&self, query: &Query) -> Result<Query, Error> {
        let mut resolved = query.clone();
        let mut failure = None;
        if let Some(filter) = &mut resolved.filter {
            filter.rename(&mut |name| {
                let PropertyName::Either(first, second) = name else { return };
                let PropertyName::Member(path) = first.as_ref() else { return };
                match self.searcher.has_property(path, &[]) {
                    Ok(true) => {}
                    Ok(false) => *name = second.as_ref().clone(),
                    Err(error) => failure = Some(error),
                }
            });
        }
        match failure {
            None => Ok(resolved),
            Some(error) => Err(Error::Internal { doing: "looking for a property", source: Box::new(error) }),
        }
    }

    fn check_property(&self, paths: &[&str], collections: &[String]) -> Result<(), Error> {
        let failed = |error| Error::Internal { doing: "looking for a property", source: Box::new(error) };
        for path in paths {
            if self.searcher.has_property(path, collections).map_err(failed)? {
                return Ok(());
            }
        }
        let known = self.known_properties(collections)?;
        let name: String = paths.first().copied().unwrap_or_default().chars().take(200).collect();
        let mut names: Vec<&str> = known.iter().map(String::as_str).collect();
        super::queryables::field_names().for_each(|name| names.push(name));
        let near = nearest(&name, names.into_iter());
        let near = if near.is_empty() { String::new() } else { format!("; nearest names: {}", near.join(", ")) };
        let scope = if collections.is_empty() { "no record" } else { "no product of the collections" };
        Err(Error::parameter("filter", format!("{scope} has a property {name:?}{near}")))
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
fn shape_of(region: &Region) -> Result<Shape, Error> {
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

/// Looks at records, for one search.
pub(super) struct Records<'c> {
    catalogue: &'c Catalogue,
    region: Option<(Shape, String)>,
    begun: Clock,
    /// Set when time ran out, so that the answer would be wrong.
    late: std::cell::Cell<bool>,
}

impl<'c> Records<'c> {
    /// What a query needs records for; nothing when its index decides alone.
    pub(super) fn of(catalogue: &'c Catalogue, query: &Query) -> Result<Option<Self>, Error> {
        let region = query.region.as_ref().map(|region| Ok((shape_of(region)?, region.body.clone()))).transpose()?;
        if region.is_none() && query.filter.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { catalogue, region, begun: Clock::now(), late: std::cell::Cell::new(false) }))
    }

    /// # Errors
    /// `Unavailable` when there was not enough time to look at all records that had to be.
    pub(super) fn check(&self) -> Result<(), Error> {
        if !self.late.get() {
            return Ok(());
        }
        let seconds = MAX_LOOKING.as_secs();
        let reason =
            format!("the search looks at more records than fit into {seconds} s; narrow it down by other conditions");
        Err(Error::Unavailable { reason })
    }

    fn is_late(&self) -> bool {
        if self.begun.elapsed() > MAX_LOOKING {
            self.late.set(true);
        }
        self.late.get()
    }
}

impl RecordTest for Records<'_> {
    /// Whether a record's footprint on the body touches the shape. A record that cannot be read is a match: a failure
    /// is never an empty result, and fetching it will say what is wrong.
    fn in_region(&self, sequence: u64) -> bool {
        let Some((shape, body)) = &self.region else { return true };
        if self.is_late() {
            return false;
        }
        let Ok(record) = self.catalogue.record_at(sequence) else { return true };
        let Ok(places) = serde_json::from_slice::<Places<'_>>(&record) else { return true };
        places.space.iter().filter(|space| space.body == *body).any(|space| shape.intersects_footprint(space))
    }

    fn truth(&self, sequence: u64, filter: &Filter) -> Truth {
        if self.is_late() {
            return None;
        }
        let Ok((event, _)) = self.catalogue.event_at(sequence) else { return Some(true) };
        let record = event.record?;
        let Ok(entity) = Entity::view(record.get().as_bytes()) else { return None };
        let updated = Instant::parse(&event.time).map_or(0, Instant::micros);
        truth(filter, &StoredRecord { entity: &entity, updated })
    }
}
