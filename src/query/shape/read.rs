//! GeoJSON geometries (RFC 7946) to parts. A query must be right in every rule but one: rings that cross or touch
//! themselves or each other are read by the even-odd rule, as the standard's own examples of CQL2 need it. Of a stored
//! footprint the parts count that are right, because a record must not become unfindable by one bad ring.

use std::borrow::Cow;
use std::fmt;

use geo::{Coord, LineString, Polygon};
use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::parts::Parts;
use super::rings::{self, RingFault};
use super::unroll;

/// Most positions of one geometry; with them every test of it stays short.
pub const MAX_POSITIONS: usize = 50_000;

/// Deepest collection within collections.
const MAX_DEPTH: usize = 16;

/// Farthest longitude: a turn in either direction.
const FARTHEST: f64 = 360.0;

/// Why text is no geometry.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShapeError {
    #[error("the geometry is not GeoJSON: {0}")]
    NotJson(String),
    #[error("{0:?} is no GeoJSON geometry type")]
    Type(String),
    #[error("the geometry has no {0}")]
    Missing(&'static str),
    #[error("a position has two or three finite numbers, longitude -360 to 360 and latitude -90 to 90; got {0}")]
    Position(String),
    #[error("a line has at least two positions")]
    Line,
    #[error("polygon {at}: {fault}")]
    Polygon { at: usize, fault: RingFault },
    #[error("the geometry has more than {MAX_POSITIONS} positions")]
    TooLarge,
    #[error("collections are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// A box in numbers as a record gives it: west, south, east, north.
pub(super) type Sides = [f64; 4];

/// Reads what a query brings.
pub(super) fn query(text: &str) -> Result<Parts, ShapeError> {
    let mut reader =
        Reader { sides: None, is_stored: false, left: MAX_POSITIONS, parts: Parts::default(), faulty: None };
    reader.geometry(text, 0)?;
    Ok(reader.finish())
}

/// A stored geometry, as far as it can be read.
#[derive(Debug)]
pub(super) struct Stored {
    pub parts: Parts,
    /// The box around the positions of parts that were left out.
    pub faulty: Option<Sides>,
}

/// Reads what a record holds; its box says how edges are meant that could go either way round.
pub(super) fn stored(text: &str, sides: Option<Sides>) -> Result<Stored, ShapeError> {
    let mut reader = Reader { sides, is_stored: true, left: MAX_POSITIONS, parts: Parts::default(), faulty: None };
    reader.geometry(text, 0)?;
    let faulty = reader.faulty;
    Ok(Stored { parts: reader.finish(), faulty })
}

struct Reader {
    sides: Option<Sides>,
    is_stored: bool,
    left: usize,
    parts: Parts,
    faulty: Option<Sides>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow)]
    geometries: Option<Vec<&'a RawValue>>,
}

/// Longitude, latitude and perhaps height.
struct Position {
    place: Coord<f64>,
    height: Option<f64>,
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PositionVisitor)
    }
}

struct PositionVisitor;

impl<'de> Visitor<'de> for PositionVisitor {
    type Value = Position;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a position: longitude, latitude and perhaps height")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Position, A::Error> {
        let mut next = |at| numbers.next_element::<f64>()?.ok_or_else(|| de::Error::invalid_length(at, &self));
        let place = Coord { x: next(0)?, y: next(1)? };
        let height = numbers.next_element()?;
        // A fourth number is a measure in old documents (RFC 7946 § 3.1.1 advises against it).
        let _measure: Option<f64> = if height.is_some() { numbers.next_element()? } else { None };
        Ok(Position { place, height })
    }
}

fn coordinates<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, ShapeError> {
    serde_json::from_str(raw.get()).map_err(|error| ShapeError::NotJson(error.to_string()))
}

impl Reader {
    fn geometry(&mut self, text: &str, depth: usize) -> Result<(), ShapeError> {
        if depth > MAX_DEPTH {
            return Err(ShapeError::TooDeep);
        }
        // A list would be read as the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(ShapeError::NotJson("it is no object".to_owned()));
        }
        let geometry: Geometry<'_> =
            serde_json::from_str(text).map_err(|error| ShapeError::NotJson(error.to_string()))?;
        let kind = geometry.kind.ok_or(ShapeError::Missing("type"))?;
        if kind == "GeometryCollection" {
            let inner = geometry.geometries.ok_or(ShapeError::Missing("geometries"))?;
            return inner.into_iter().try_for_each(|each| self.geometry(each.get(), depth + 1));
        }
        let known = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];
        if !known.contains(&kind.as_ref()) {
            return Err(ShapeError::Type(kind.chars().take(100).collect()));
        }
        let raw = geometry.coordinates.ok_or(ShapeError::Missing("coordinates"))?;
        match kind.as_ref() {
            "Point" => self.points(vec![coordinates(raw)?]),
            "MultiPoint" => self.points(coordinates(raw)?),
            "LineString" => self.lines(vec![coordinates(raw)?]),
            "MultiLineString" => self.lines(coordinates(raw)?),
            "Polygon" => self.polygons(vec![coordinates(raw)?]),
            _ => self.polygons(coordinates(raw)?),
        }
    }

    fn finish(self) -> Parts {
        let mut parts = self.parts;
        if parts.lines.len() > 1 && parts.leaves_the_plane() {
            parts.lines = unroll::rejoined(parts.lines);
        }
        parts
    }

    /// Checks positions and notes their heights.
    fn places(&mut self, positions: Vec<Position>) -> Result<Vec<Coord<f64>>, ShapeError> {
        self.left = self.left.checked_sub(positions.len()).ok_or(ShapeError::TooLarge)?;
        let mut places = Vec::with_capacity(positions.len());
        for Position { place, height } in positions {
            let in_range = place.x.abs() <= FARTHEST && place.y.abs() <= 90.0;
            if !in_range || height.is_some_and(|height| !height.is_finite()) {
                return Err(ShapeError::Position(format!("{}, {}", place.x, place.y)));
            }
            height.into_iter().for_each(|height| self.parts.see_height(height));
            places.push(Coord { x: place.x + 0.0, y: place.y + 0.0 });
        }
        Ok(places)
    }

    fn points(&mut self, positions: Vec<Position>) -> Result<(), ShapeError> {
        let places = self.places(positions)?;
        self.parts.points.extend(places);
        Ok(())
    }

    fn lines(&mut self, lines: Vec<Vec<Position>>) -> Result<(), ShapeError> {
        for line in lines {
            let mut places = self.places(line)?;
            if places.len() < 2 && !self.is_stored {
                return Err(ShapeError::Line);
            }
            if self.is_stored && unroll::is_ambiguous(&places) && self.line_jumps() {
                places = unroll::unrolled(&places);
            }
            places.dedup();
            match places.as_slice() {
                [] => {}
                [only] => self.parts.points.push(*only),
                _ => self.parts.lines.push(LineString::new(places)),
            }
        }
        Ok(())
    }

    /// A track is written in short steps: without a box that says otherwise, its long ones are jumps.
    fn line_jumps(&self) -> bool {
        self.sides.is_none_or(|[west, _, east, _]| west > east)
    }

    fn polygons(&mut self, polygons: Vec<Vec<Vec<Position>>>) -> Result<(), ShapeError> {
        for (at, rings) in polygons.into_iter().enumerate() {
            let mut read = Vec::with_capacity(rings.len());
            for ring in rings {
                read.push(self.places(ring)?);
            }
            let outline = read.first().cloned().unwrap_or_default();
            match self.polygon(read) {
                Ok(polygons) => self.parts.areas.extend(polygons),
                Err(_) if self.is_stored => self.leave_out(&outline),
                Err(fault) => return Err(ShapeError::Polygon { at, fault }),
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, outline: &[Coord<f64>]) {
        for place in outline {
            let [west, south, east, north] = self.faulty.unwrap_or([place.x, place.y, place.x, place.y]);
            self.faulty = Some([west.min(place.x), south.min(place.y), east.max(place.x), north.max(place.y)]);
        }
    }

    /// The polygon, or what the even-odd rule makes of one in a query that is not right.
    fn polygon(&self, rings: Vec<Vec<Coord<f64>>>) -> Result<Vec<Polygon<f64>>, RingFault> {
        let mut rings = rings.into_iter();
        let outline = closed(rings.next().ok_or(RingFault::TooFew)?)?;
        let jumps = self.is_stored && unroll::is_ambiguous(&outline) && self.outline_jumps(&outline);
        let outline = if jumps { self.run(&outline) } else { outline };
        let mut holes = Vec::new();
        for ring in rings {
            let hole = closed(ring)?;
            let hole = if jumps { unroll::unrolled(&hole) } else { hole };
            holes.push(LineString::new(match unroll::beside(&outline, &hole) {
                Err(_) if !self.is_stored => hole,
                placed => placed?,
            }));
        }
        let polygon = Polygon::new(LineString::new(outline), holes);
        if width(&polygon) > 360.0 {
            return Err(RingFault::TooWide);
        }
        match rings::check(&polygon) {
            Ok(()) => Ok(vec![polygon]),
            Err(RingFault::Crosses(..) | RingFault::Hole) if !self.is_stored => rings::by_even_odd(&polygon),
            Err(fault) => Err(fault),
        }
    }

    /// The record's box decides. Without one: a ring that goes round near a pole is one around it, and an outline that
    /// turns to the right as drawn in the plane turns to the left across ±180°, as it must.
    fn outline_jumps(&self, outline: &[Coord<f64>]) -> bool {
        let circles_a_pole = unroll::gap(&unroll::unrolled(outline)) != 0.0;
        match self.sides {
            Some([west, south, east, north]) if west <= east => circles_a_pole && (north == 90.0 || south == -90.0),
            Some(_) => true,
            None if circles_a_pole => {
                let north = outline.iter().all(|place| place.y >= 45.0);
                north || outline.iter().all(|place| place.y <= -45.0)
            }
            None => unroll::turns_right(outline),
        }
    }

    fn run(&self, outline: &[Coord<f64>]) -> Vec<Coord<f64>> {
        let run = unroll::unrolled(outline);
        if unroll::gap(&run) == 0.0 {
            return run;
        }
        let pole = match self.sides {
            Some([_, south, _, north]) if north == 90.0 && south > -90.0 => 90.0,
            Some([_, south, _, north]) if south == -90.0 && north < 90.0 => -90.0,
            _ => unroll::nearer_pole(outline),
        };
        unroll::over_the_pole(run, pole)
    }
}

/// Degrees from the westernmost to the easternmost position.
fn width(polygon: &Polygon<f64>) -> f64 {
    let all = polygon.exterior().0.iter().chain(polygon.interiors().iter().flat_map(|ring| &ring.0));
    let [west, east] =
        all.fold([f64::INFINITY, f64::NEG_INFINITY], |[west, east], place| [west.min(place.x), east.max(place.x)]);
    east - west
}

fn closed(mut ring: Vec<Coord<f64>>) -> Result<Vec<Coord<f64>>, RingFault> {
    if ring.first() != ring.last() {
        return Err(RingFault::NotClosed);
    }
    if ring.len() < 4 {
        return Err(RingFault::TooFew);
    }
    ring.dedup();
    Ok(ring)
}
