//! Longitudes that jump are made to run on: 179, -179 becomes 179, 181. A ring around a pole, which does not close in the
//! plane then, is led over the pole.
//!
//! RFC 7946 draws the edge from 179 to -179 the long way round (§ 3.1.1) and wants it cut (§ 3.1.9). A query is read so,
//! literally. A stored footprint often means the short way: its own box says which, as `read` decides.

use geo::{Area, Coord, LineString, Polygon};

use super::rings::RingFault;

/// Whether some edge spans more than half a turn but no whole one, so that it can be meant either way.
pub(super) fn is_ambiguous(line: &[Coord<f64>]) -> bool {
    line.windows(2).any(|pair| matches!(pair, [start, end] if turn_of(start, end) != 0.0))
}

/// The turn that an edge leaves out, degrees.
fn turn_of(start: &Coord<f64>, end: &Coord<f64>) -> f64 {
    let step = end.x - start.x;
    if step.abs() > 180.0 && step.abs() < 360.0 { -360.0 * step.signum() } else { 0.0 }
}

/// Positions whose longitudes run on.
pub(super) fn unrolled(line: &[Coord<f64>]) -> Vec<Coord<f64>> {
    let mut shift = 0.0;
    let mut before: Option<Coord<f64>> = None;
    let mut run = Vec::with_capacity(line.len());
    for position in line {
        shift += before.map_or(0.0, |before| turn_of(&before, position));
        run.push(Coord { x: position.x + shift, y: position.y });
        before = Some(*position);
    }
    run
}

/// Degrees by which a closed ring misses its start when unrolled: a whole turn around a pole, else nothing.
pub(super) fn gap(run: &[Coord<f64>]) -> f64 {
    run.first().zip(run.last()).map_or(0.0, |(first, last)| last.x - first.x)
}

/// Leads a ring that goes round a pole over that pole.
pub(super) fn over_the_pole(mut run: Vec<Coord<f64>>, latitude: f64) -> Vec<Coord<f64>> {
    if let (Some(first), Some(last)) = (run.first().copied(), run.last().copied()) {
        run.extend([Coord { x: last.x, y: latitude }, Coord { x: first.x, y: latitude }, first]);
    }
    run.dedup();
    run
}

/// The pole on whose side a ring lies.
pub(super) fn nearer_pole(ring: &[Coord<f64>]) -> f64 {
    let sum: f64 = ring.iter().map(|position| position.y).sum();
    if sum < 0.0 { -90.0 } else { 90.0 }
}

/// True when the ring turns to the right, which an outline must not (RFC 7946 § 3.1.6).
pub(super) fn turns_right(ring: &[Coord<f64>]) -> bool {
    Polygon::new(LineString::new(ring.to_vec()), Vec::new()).signed_area() < 0.0
}

/// Moves a hole by whole turns to where its outline is.
pub(super) fn beside(outline: &[Coord<f64>], hole: &[Coord<f64>]) -> Result<Vec<Coord<f64>>, RingFault> {
    let reach = |line: &[Coord<f64>]| {
        line.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[west, east], position| {
            [west.min(position.x), east.max(position.x)]
        })
    };
    let ([west, east], [hole_west, hole_east]) = (reach(outline), reach(hole));
    let shifts = [0.0, 360.0, -360.0, 720.0, -720.0];
    let fits = |shift: &f64| hole_west + shift >= west - 1e-9 && hole_east + shift <= east + 1e-9;
    let shift = shifts.into_iter().find(fits).ok_or(RingFault::Hole)?;
    Ok(hole.iter().map(|position| Coord { x: position.x + shift, y: position.y }).collect())
}

/// Joins lines that were cut at ±180°: the one that ends there goes on with the one that starts on the other side.
pub(super) fn rejoined(lines: Vec<LineString<f64>>) -> Vec<LineString<f64>> {
    let on_seam = |position: Option<&Coord<f64>>| position.copied().filter(|position| position.x.abs() == 180.0);
    let mut waiting = lines;
    let mut whole = Vec::with_capacity(waiting.len());
    while let Some(mut line) = waiting.pop() {
        let mut joined = true;
        while joined {
            joined = false;
            for at in 0..waiting.len() {
                let Some(other) = waiting.get(at) else { break };
                let across = |tail: Option<&Coord<f64>>, head: Option<&Coord<f64>>| {
                    let (tail, head) = (on_seam(tail)?, on_seam(head)?);
                    (tail.y == head.y && tail.x != head.x).then_some(tail.x - head.x)
                };
                if let Some(shift) = across(line.0.last(), other.0.first()) {
                    let next = waiting.swap_remove(at);
                    line.0
                        .extend(next.0.into_iter().skip(1).map(|position| Coord { x: position.x + shift, ..position }));
                } else if let Some(shift) = across(other.0.last(), line.0.first()) {
                    let before = waiting.swap_remove(at);
                    let mut run = before.0;
                    run.extend(line.0.iter().skip(1).map(|position| Coord { x: position.x + shift, ..*position }));
                    line = LineString::new(run);
                } else {
                    continue;
                }
                joined = true;
                break;
            }
        }
        whole.push(line);
    }
    whole.reverse();
    whole
}
