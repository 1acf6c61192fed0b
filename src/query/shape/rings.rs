//! Whether a ring is simple: it has an inside, and it neither crosses nor touches itself (OGC 06-103r4 § 6.1.11.1); and
//! what a polygon encloses whose rings are not.

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Area, Coord, Line, LineString, Polygon};

/// Most pairs of edges that are compared: a usual ring needs a few for each edge, a comb could need all pairs.
const MAX_PAIRS: usize = 20_000_000;

/// Most edges of a polygon that is not right, and most places where they meet: what it encloses is cut out of them.
const MAX_FAULTY_EDGES: usize = 2_000;
const MAX_MEETINGS: usize = 20_000;

/// What is wrong with a polygon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RingFault {
    #[error("a ring of a polygon has at least four positions")]
    TooFew,
    #[error("the last position of a ring equals the first")]
    NotClosed,
    #[error("a ring encloses no area")]
    Flat,
    #[error("a ring crosses or touches itself near {0}, {1}")]
    Crosses(f64, f64),
    #[error("a polygon is wider than 360 degrees")]
    TooWide,
    #[error("a hole does not lie within the outline of its polygon, or overlaps another hole")]
    Hole,
    #[error("a ring is too intricate to be checked")]
    TooIntricate,
}

/// Checks outline and holes of a polygon, and how they lie to each other.
pub(super) fn check(polygon: &Polygon<f64>) -> Result<(), RingFault> {
    is_simple(polygon.exterior())?;
    let outline = Polygon::new(polygon.exterior().clone(), Vec::new());
    if outline.unsigned_area() == 0.0 {
        return Err(RingFault::Flat);
    }
    let mut holes: Vec<Polygon<f64>> = Vec::new();
    let mut budget = MAX_PAIRS;
    for interior in polygon.interiors() {
        is_simple(interior)?;
        let hole = Polygon::new(interior.clone(), Vec::new());
        let comparisons = interior.0.len() * (polygon.exterior().0.len() + holes.len());
        budget = budget.checked_sub(comparisons).ok_or(RingFault::TooIntricate)?;
        let lies_within = || lies_within(&hole, &outline);
        if hole.unsigned_area() == 0.0 || !lies_within() || holes.iter().any(|other| share_area(&hole, other)) {
            return Err(RingFault::Hole);
        }
        holes.push(hole);
    }
    Ok(())
}

/// What lies within an odd number of the rings, as polygons that are right. Positions where rings cross are exact to a
/// 2³⁰th of the polygon's extent.
///
/// # Errors
/// `TooIntricate` beyond the limits, `Flat` when nothing is enclosed.
pub(super) fn by_even_odd(polygon: &Polygon<f64>) -> Result<Vec<Polygon<f64>>, RingFault> {
    use geo::bool_ops::FillRule::EvenOdd;
    use geo::{BooleanOps, MultiPolygon, OpType};
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let edges: Vec<Line<f64>> = rings.flat_map(|ring| ring.lines()).collect();
    if edges.len() > MAX_FAULTY_EDGES {
        return Err(RingFault::TooIntricate);
    }
    let pairs =
        edges.iter().enumerate().flat_map(|(at, edge)| edges.iter().skip(at + 1).map(move |other| (edge, other)));
    if pairs.filter(|(one, other)| fault_of(one, other, false).is_some()).nth(MAX_MEETINGS).is_some() {
        return Err(RingFault::TooIntricate);
    }
    let enclosed = polygon.boolean_op_with_fill_rule(&MultiPolygon::new(Vec::new()), OpType::Union, EvenOdd);
    if enclosed.unsigned_area() == 0.0 { Err(RingFault::Flat) } else { Ok(enclosed.0) }
}

fn lies_within(hole: &Polygon<f64>, outline: &Polygon<f64>) -> bool {
    use crate::model::SpatialRelation::Within;
    use geo::dimensions::Dimensions::TwoDimensional;
    let matrix = super::matrix::Matrix::planar(&hole.clone().into(), &outline.clone().into());
    matrix.is_some_and(|matrix| matrix.fulfils(Within, TwoDimensional, TwoDimensional))
}

fn share_area(one: &Polygon<f64>, other: &Polygon<f64>) -> bool {
    use geo::BoundingRect;
    use geo::Intersects;
    use geo::coordinate_position::CoordPos::Inside;
    let apart = one.bounding_rect().zip(other.bounding_rect()).is_none_or(|(one, other)| !one.intersects(&other));
    let matrix = || super::matrix::Matrix::planar(&one.clone().into(), &other.clone().into());
    !apart && matrix().is_none_or(|matrix| matrix.get(Inside, Inside) != geo::dimensions::Dimensions::Empty)
}

/// Sweeps over the edges by longitude; only those that lie above one another are compared.
fn is_simple(ring: &LineString<f64>) -> Result<(), RingFault> {
    let edges: Vec<Line<f64>> = ring.lines().filter(|edge| edge.start != edge.end).collect();
    if edges.len() < 3 {
        return Err(RingFault::Flat);
    }
    let west = |edge: &Line<f64>| edge.start.x.min(edge.end.x);
    let east = |edge: &Line<f64>| edge.start.x.max(edge.end.x);
    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_by(|one, other| {
        let place = |at: &usize| edges.get(*at).map_or(0.0, west);
        place(one).total_cmp(&place(other))
    });
    let mut active: Vec<usize> = Vec::new();
    let mut budget = MAX_PAIRS;
    for at in order {
        let Some(edge) = edges.get(at) else { continue };
        let begins = west(edge);
        active.retain(|other| edges.get(*other).is_some_and(|other| east(other) >= begins));
        budget = budget.checked_sub(active.len()).ok_or(RingFault::TooIntricate)?;
        for other_at in &active {
            let Some(other) = edges.get(*other_at) else { continue };
            if let Some(place) = fault_of(edge, other, are_neighbours(at, *other_at, edges.len())) {
                return Err(RingFault::Crosses(place.x, place.y));
            }
        }
        active.push(at);
    }
    Ok(())
}

fn are_neighbours(one: usize, other: usize, count: usize) -> bool {
    let apart = one.abs_diff(other);
    apart == 1 || apart == count - 1
}

/// Where two edges meet that should not: neighbours share one end and nothing else.
fn fault_of(one: &Line<f64>, other: &Line<f64>, neighbours: bool) -> Option<Coord<f64>> {
    let spans = |one: [f64; 2], other: [f64; 2]| {
        one[0].min(one[1]) <= other[0].max(other[1]) && other[0].min(other[1]) <= one[0].max(one[1])
    };
    if !spans([one.start.y, one.end.y], [other.start.y, other.end.y]) {
        return None;
    }
    match line_intersection(*one, *other)? {
        LineIntersection::SinglePoint { intersection, .. } => (!neighbours).then_some(intersection),
        LineIntersection::Collinear { intersection } if intersection.start == intersection.end => {
            (!neighbours).then_some(intersection.start)
        }
        LineIntersection::Collinear { intersection } => Some(intersection.start),
    }
}
