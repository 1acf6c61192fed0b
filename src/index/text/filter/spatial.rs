//! Spatial predicates: boxes tell what lies apart and, for some relations, what lies within; the rest is for the
//! geometry of the record.

use tantivy::DocId;

use crate::model::{BoundingBox, Filter, Place, SpatialRelation};
use crate::query::evaluate::{Truth, shape_of};

use super::super::error::SearchError;
use super::super::footprint::intersects;
use super::super::segment::Segment;
use super::super::terms;
use super::{Cost, Making, Node};

/// The body and the literal of a predicate that has one of each, and whether the literal comes first.
pub(super) fn footprint_and_literal<'f>(left: &'f Place, right: &'f Place) -> Option<(&'f str, &'f Place)> {
    match (left, right) {
        (Place::Footprint { .. }, Place::Footprint { .. }) => None,
        (Place::Footprint { body }, literal) | (literal, Place::Footprint { body }) => Some((body, literal)),
        _ => None,
    }
}

/// The box around a literal.
pub(super) fn envelope(place: &Place) -> Option<BoundingBox> {
    match place {
        Place::Footprint { .. } => None,
        Place::Box(bbox, _) => Some(*bbox),
        Place::Geometry(_) => shape_of(place)?.envelope(),
    }
}

impl<'s> Making<'s> {
    pub(super) fn spatial(
        &self,
        filter: &'s Filter,
        relation: SpatialRelation,
        left: &'s Place,
        right: &'s Place,
    ) -> Result<Node<'s>, SearchError> {
        let shape =
            footprint_and_literal(left, right).and_then(|(body, literal)| Some((body, literal, shape_of(literal)?)));
        let Some((body, literal, shape)) = shape else {
            let record = self.of_record(filter)?;
            return Ok(Node::Test { test: Box::new(record), cost: Cost::Record });
        };
        let Some(boxes) = Boxes::open(self.segment, body)? else { return Ok(Node::Constant(None)) };
        let (Some(records), sequence) = (self.records, &self.segment.sequence) else {
            return Err(SearchError::Unsupported {
                what: "a spatial function without a look at the records".to_owned(),
            });
        };
        let (around, swapped) = (shape.envelope(), matches!(right, Place::Footprint { .. }));
        // The shape is made once, not for each record that is looked at.
        let record =
            move |document| records.relates(sequence.values.get_val(document), body, relation, &shape, swapped);
        let Some(around) = around else {
            return Ok(Node::Test { test: Box::new(record), cost: Cost::Record });
        };
        let is_box = matches!(literal, Place::Box(_, None));
        let apart = Some(relation == SpatialRelation::Disjoint);
        let test = move |document| {
            let (mut present, mut touches, mut inside) = (false, false, false);
            boxes.each(document, |footprint| {
                present = true;
                touches |= intersects(&footprint, &around);
                inside |= is_box && lies_inside(&footprint, &around);
            });
            match relation {
                _ if !present => None,
                _ if !touches => apart,
                SpatialRelation::Intersects if inside => Some(true),
                SpatialRelation::Disjoint if inside => Some(false),
                _ => record(document),
            }
        };
        Ok(Node::Test { test: Box::new(test), cost: Cost::Box })
    }

    pub(super) fn no_footprint(&self, body: &str) -> Result<Node<'s>, SearchError> {
        let Some(boxes) = Boxes::open(self.segment, body)? else { return Ok(Node::Constant(Some(true))) };
        let test = move |document| -> Truth {
            let mut present = false;
            boxes.each(document, |_| present = true);
            Some(!present)
        };
        Ok(Node::Test { test: Box::new(test), cost: Cost::Column })
    }
}

/// Whether a box lies in another with room on every side; never told of boxes across ±180°.
fn lies_inside(inner: &BoundingBox, outer: &BoundingBox) -> bool {
    inner.west <= inner.east
        && outer.west < inner.west
        && inner.east < outer.east
        && outer.south < inner.south
        && inner.north < outer.north
}

/// The boxes of footprints on one body.
struct Boxes<'s> {
    segment: &'s Segment,
    /// Its ordinal in the column of bodies.
    body: u64,
}

impl<'s> Boxes<'s> {
    /// Nothing when no document of the segment has a footprint there.
    fn open(segment: &'s Segment, body: &str) -> Result<Option<Self>, SearchError> {
        let body = terms::bounded(body);
        let found = segment.footprint_body.dictionary().term_ord(body.as_bytes())?;
        Ok(found.map(|body| Self { segment, body }))
    }

    fn each(&self, document: DocId, mut visit: impl FnMut(BoundingBox)) {
        let segment = self.segment;
        let bodies = segment.footprint_body.ords();
        for row in bodies.index.value_row_ids(document) {
            if bodies.values.get_val(row) == self.body {
                visit(BoundingBox {
                    west: segment.west.values.get_val(row),
                    south: segment.south.values.get_val(row),
                    east: segment.east.values.get_val(row),
                    north: segment.north.values.get_val(row),
                });
            }
        }
    }
}
