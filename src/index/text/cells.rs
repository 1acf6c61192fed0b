//! A coarse grid over longitude and latitude. A footprint is named by the few cells that cover it, a region by the few
//! terms that find them; the exact test on the box follows. Cells include their edges, so nothing near one is missed.
//!
//! Each level's cells are a quarter as wide as those of the level above. A footprint has its *leaf* cells on the
//! finest level where few of them cover it, and is *within* all cells above and including those. A region finds
//! footprints within its own cells, and those whose leaf is a cell above (larger than the region's cells).

use std::collections::BTreeSet;

use crate::model::{BoundingBox, Facet};

use super::terms::TermBytes;

/// Width of the cells of each level, degrees.
const WIDTHS: [f64; 3] = [45.0, 11.25, 2.8125];

/// Most cells for one footprint before a coarser level is taken.
const MAX_FOOTPRINT_CELLS: usize = 6;

/// Most terms for a region where all its records are visited: opening a posting list takes as long as looking at some
/// hundred boxes.
pub(super) const MANY: usize = 40;
/// Most terms where the first few are wanted.
pub(super) const FEW: usize = 8;

/// A cell; level 0 is the whole body, level n has cells of `WIDTHS[n - 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    level: u8,
    column: u16,
    row: u16,
}

impl Cell {
    const WHOLE: Self = Self { level: 0, column: 0, row: 0 };

    fn parent(self) -> Self {
        match self.level {
            0 | 1 => Self::WHOLE,
            level => Self { level: level - 1, column: self.column / 4, row: self.row / 4 },
        }
    }

    fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.parent()), |cell| (cell.level > 0).then(|| cell.parent()))
    }

    fn term(self, meaning: u8, body: &str) -> TermBytes {
        let mut bytes = Vec::with_capacity(8 + body.len());
        bytes.extend_from_slice(&[meaning, self.level]);
        bytes.extend_from_slice(&self.column.to_be_bytes());
        bytes.extend_from_slice(&self.row.to_be_bytes());
        bytes.extend_from_slice(body.as_bytes());
        bytes
    }
}

/// Letters of the two meanings.
const WITHIN: u8 = b'w';
const LEAF: u8 = b'x';

/// Terms of a footprint.
pub(super) fn footprint_terms(body: &str, footprint: &BoundingBox) -> BTreeSet<TermBytes> {
    let parts = footprint.parts();
    let fits = |level: &u8| count(&parts, *level) <= MAX_FOOTPRINT_CELLS;
    let level = levels().rev().find(fits).unwrap_or(0);
    let mut terms = BTreeSet::new();
    for cell in cover(&parts, level) {
        // No region has cells below the finest level, so none asks for leaves there.
        if usize::from(level) < WIDTHS.len() {
            terms.insert(cell.term(LEAF, body));
        }
        let below_the_whole = cell.ancestors().filter(|ancestor| ancestor.level > 0);
        terms.extend(below_the_whole.chain([cell]).map(|cell| cell.term(WITHIN, body)));
    }
    terms
}

/// Terms of which every footprint that may intersect the region has at least one; no more than `most`.
pub(super) fn region_terms(body: &str, region: &BoundingBox, most: usize) -> BTreeSet<TermBytes> {
    if covers_everything(region) {
        return BTreeSet::from([whole(body)]);
    }
    let parts = region.parts();
    let terms_of = |level: u8| -> BTreeSet<TermBytes> {
        let cells = cover(&parts, level);
        let above: BTreeSet<Cell> = cells.iter().flat_map(|cell| cell.ancestors()).collect();
        let within = cells.iter().map(|cell| cell.term(WITHIN, body));
        within.chain(above.iter().map(|cell| cell.term(LEAF, body))).collect()
    };
    levels()
        .rev()
        .filter(|level| count(&parts, *level) <= most)
        .map(terms_of)
        .find(|terms| terms.len() <= most)
        .unwrap_or_else(|| BTreeSet::from([whole(body)]))
}

/// The term of every record that names the body.
fn whole(body: &str) -> TermBytes {
    super::terms::facet(Facet::Body, body)
}

fn covers_everything(region: &BoundingBox) -> bool {
    region.west <= -180.0 && region.east >= 180.0 && region.south <= -90.0 && region.north >= 90.0
}

fn levels() -> std::ops::RangeInclusive<u8> {
    1..=WIDTHS.len() as u8
}

fn spans(part: &BoundingBox, level: u8) -> Option<[u16; 4]> {
    let width = WIDTHS.get(usize::from(level.checked_sub(1)?))?;
    let at = |degrees: f64, from: f64, range: f64| {
        let last = range / width - 1.0;
        ((degrees - from) / width).floor().clamp(0.0, last) as u16
    };
    Some([
        at(part.west, -180.0, 360.0),
        at(part.east, -180.0, 360.0),
        at(part.south, -90.0, 180.0),
        at(part.north, -90.0, 180.0),
    ])
}

fn count(parts: &[BoundingBox], level: u8) -> usize {
    let of_span =
        |[west, east, south, north]: [u16; 4]| (usize::from(east - west) + 1) * (usize::from(north - south) + 1);
    parts.iter().filter_map(|part| spans(part, level)).map(of_span).sum()
}

fn cover(parts: &[BoundingBox], level: u8) -> BTreeSet<Cell> {
    if level == 0 {
        return BTreeSet::from([Cell::WHOLE]);
    }
    let cells_of = |[west, east, south, north]: [u16; 4]| {
        (west..=east).flat_map(move |column| (south..=north).map(move |row| Cell { level, column, row }))
    };
    parts.iter().filter_map(|part| spans(part, level)).flat_map(cells_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(west: f64, south: f64, east: f64, north: f64) -> BoundingBox {
        BoundingBox { west, south, east, north }
    }

    #[test]
    fn boxes_that_touch_share_a_term() {
        let boxes = [
            area(0.0, 0.0, 11.25, 11.25),
            area(11.25, 11.25, 12.0, 12.0),
            area(-180.0, -90.0, 180.0, 90.0),
            area(170.0, -10.0, -170.0, 10.0),
            area(180.0, 10.0, 180.0, 10.0),
            area(-180.0, 10.0, -180.0, 10.0),
            area(-45.0, -90.0, 45.0, -45.0),
            area(45.0, -45.0, 45.0, -45.0),
            area(11.0, 11.0, 11.3, 11.3),
            area(-100.0, 20.0, 100.0, 21.0),
        ];
        for footprint in &boxes {
            let of_footprint: BTreeSet<_> =
                footprint_terms("earth", footprint).into_iter().chain([whole("earth")]).collect();
            for region in &boxes {
                for most in [FEW, MANY] {
                    let of_region = region_terms("earth", region, most);
                    assert!(of_region.len() <= most, "{region:?}");
                    if super::super::footprint::intersects(footprint, region) {
                        assert!(!of_footprint.is_disjoint(&of_region), "{footprint:?} {region:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn bodies_share_no_cells() {
        let footprint = area(1.0, 1.0, 2.0, 2.0);
        assert!(footprint_terms("mars", &footprint).is_disjoint(&region_terms("earth", &footprint, MANY)));
    }
}
