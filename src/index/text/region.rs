//! Whether documents lie in a region: rounded boxes in memory first, then the boxes of the columns, and where both leave it
//! open, the record itself.

use crate::model::{BoundingBox, Region};

use super::boxes::Told;
use super::error::SearchError;
use super::footprint::{intersects, is_within};
use super::matcher::Test;
use super::plan::SequenceTest;
use super::segment::Segment;
use super::terms;

/// Whether a document may lie in a region. Nothing when the segment has no footprint on the body.
pub(super) fn near<'s>(region: &Region, segment: &'s Segment) -> Result<Option<Test<'s>>, SearchError> {
    let body = terms::bounded(&region.body);
    let Some(body) = segment.footprint_body.dictionary().term_ord(body.as_bytes())? else { return Ok(None) };
    let (boxes, parts) = (segment.boxes(), region.bbox.parts());
    Ok(Some(Box::new(move |document| boxes.tell(document, body, &parts) != Told::Outside)))
}

/// Boxes first; the record itself is looked at only where they leave it open. Nothing when the segment has no footprint
/// on the body.
pub(super) fn region_test<'s>(
    region: &'s Region,
    exact: Option<SequenceTest<'s>>,
    segment: &'s Segment,
) -> Result<Option<Test<'s>>, SearchError> {
    let body = terms::bounded(&region.body);
    let Some(body) = segment.footprint_body.dictionary().term_ord(body.as_bytes())? else { return Ok(None) };
    let bodies = segment.footprint_body.ords();
    let is_plain = region.is_plain_box();
    let (boxes, parts) = (segment.boxes(), region.bbox.parts());
    let test = move |document| {
        match boxes.tell(document, body, &parts) {
            Told::Outside => return false,
            Told::Inside if is_plain => return true,
            _ => {}
        }
        let mut is_open = false;
        for row in bodies.index.value_row_ids(document) {
            if bodies.values.get_val(row) != body {
                continue;
            }
            let footprint = BoundingBox {
                west: segment.west.values.get_val(row),
                south: segment.south.values.get_val(row),
                east: segment.east.values.get_val(row),
                north: segment.north.values.get_val(row),
            };
            if !intersects(&footprint, &region.bbox) {
                continue;
            }
            let is_box = || segment.footprint_is_box.values.get_val(row) == 1;
            if is_plain && (is_box() || is_within(&footprint, &region.bbox)) {
                return true;
            }
            is_open = true;
        }
        is_open && exact.is_none_or(|exact| exact.in_region(segment.sequence.values.get_val(document)))
    };
    Ok(Some(Box::new(test)))
}
