//! Boxes of footprints in memory, in half the precision and rounded both ways: they tell of nearly every document
//! whether it lies in a region, and never wrongly. For the rest the columns are looked at.

use tantivy::DocId;

use crate::model::BoundingBox;

use super::segment::Segment;

/// Ordinals of bodies from here on are looked up in the column.
const LOOK: u8 = 254;
/// A document without a footprint.
const NONE: u8 = 255;

/// The footprints of a segment's documents: 20 bytes each.
pub(super) struct Boxes(Vec<Rounded>);

/// A footprint that is one box which does not cross ±180°.
#[derive(Clone, Copy)]
struct Rounded {
    /// Outwards.
    west: f32,
    south: f32,
    east: f32,
    north: f32,
    /// Ordinal in the column of bodies.
    body: u8,
    is_exact: bool,
}

/// What the rounded box tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Outside,
    /// What meets the box meets the footprint, and the region meets the box.
    Inside,
    Open,
}

impl Boxes {
    pub(super) fn of(segment: &Segment) -> Self {
        Self((0..segment.documents).map(|document| rounded(segment, document)).collect())
    }

    /// Whether the document lies in a region of a body. The parts of the region do not cross ±180°.
    #[inline]
    pub(super) fn tell(&self, document: DocId, body: u64, parts: &[BoundingBox]) -> Told {
        let Some(rounded) = self.0.get(document as usize) else { return Told::Open };
        match rounded.body {
            NONE => Told::Outside,
            LOOK => Told::Open,
            other if u64::from(other) != body => Told::Outside,
            _ => {
                let mut told = Told::Outside;
                for part in parts {
                    match rounded.meets(part) {
                        Some(true) if rounded.is_exact => return Told::Inside,
                        Some(false) => {}
                        _ => told = Told::Open,
                    }
                }
                told
            }
        }
    }
}

impl Rounded {
    const fn of_none(body: u8) -> Self {
        Self { west: 0.0, south: 0.0, east: 0.0, north: 0.0, body, is_exact: false }
    }

    /// Whether the box has a point in common with another; `None` when that is too close to say.
    #[inline]
    fn meets(&self, part: &BoundingBox) -> Option<bool> {
        let (west, south) = (f64::from(self.west), f64::from(self.south));
        let (east, north) = (f64::from(self.east), f64::from(self.north));
        if west > part.east || part.west > east || south > part.north || part.south > north {
            return Some(false);
        }
        let (west, south) = (f64::from(self.west.next_up()), f64::from(self.south.next_up()));
        let (east, north) = (f64::from(self.east.next_down()), f64::from(self.north.next_down()));
        let meets = west <= part.east && part.west <= east && south <= part.north && part.south <= north;
        meets.then_some(true)
    }
}

fn rounded(segment: &Segment, document: DocId) -> Rounded {
    let bodies = segment.footprint_body.ords();
    let mut rows = bodies.index.value_row_ids(document);
    let (Some(row), None) = (rows.next(), rows.next()) else {
        let has_any = bodies.index.has_value(document);
        return Rounded::of_none(if has_any { LOOK } else { NONE });
    };
    let (west, east) = (segment.west.values.get_val(row), segment.east.values.get_val(row));
    let body = u8::try_from(bodies.values.get_val(row)).unwrap_or(LOOK).min(LOOK);
    if west > east || body == LOOK {
        return Rounded::of_none(LOOK);
    }
    Rounded {
        west: down(west),
        south: down(segment.south.values.get_val(row)),
        east: -down(-east),
        north: -down(-segment.north.values.get_val(row)),
        body,
        is_exact: segment.footprint_is_box.values.get_val(row) == 1,
    }
}

/// The greatest number of half the precision that is not above.
fn down(number: f64) -> f32 {
    let nearest = number as f32;
    if f64::from(nearest) > number { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::super::footprint::intersects;
    use super::*;

    #[test]
    fn what_a_rounded_box_tells_is_so_down_to_the_last_digit() {
        let mut state = 7_u64;
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut told, mut open) = (0, 0);
        for round in 0..100_000 {
            let (west, south) = (number() * 300.0 - 150.0, number() * 150.0 - 80.0);
            let sizes = if round % 3 == 0 { (0.0, 0.0) } else { (number() * 4.0, number() * 4.0) };
            let footprint = BoundingBox { west, south, east: west + sizes.0, north: south + sizes.1 };
            let rounded = Rounded {
                west: down(footprint.west),
                south: down(footprint.south),
                east: -down(-footprint.east),
                north: -down(-footprint.north),
                body: 0,
                is_exact: true,
            };
            // Edges that meet, or miss each other by the least that there is.
            let (west, south) = match round % 4 {
                0 => (footprint.east, footprint.north),
                1 => (footprint.east.next_up(), footprint.south),
                2 => (footprint.east.next_down(), footprint.south),
                _ => (number() * 300.0 - 150.0, number() * 150.0 - 80.0),
            };
            let region = BoundingBox { west, south, east: west + 10.0, north: south + 5.0 };
            match rounded.meets(&region) {
                Some(meets) => {
                    assert_eq!(meets, intersects(&footprint, &region), "{footprint:?} {region:?}");
                    told += 1;
                }
                None => open += 1,
            }
        }
        assert!(told > 20_000 && open > 20_000, "{told} {open}");
    }
}
