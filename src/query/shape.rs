//! GeoJSON geometries (RFC 7946) and whether they touch, in the plane of longitude and latitude, degrees.

use geo::{
    BoundingRect, Coord, Intersects, Line, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, Rect,
};
use serde_json::Value;

use crate::model::{BoundingBox, Space, SpatialRelation};

/// Most positions in a geometry that a query may bring.
const MAX_POSITIONS: usize = 50_000;

/// Why text is no geometry.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShapeError {
    #[error("the geometry is not JSON: {0}")]
    NotJson(String),
    #[error("{0:?} is no GeoJSON geometry type")]
    Type(String),
    #[error("the geometry has no {0}")]
    Missing(&'static str),
    #[error("a position has two or three finite numbers, longitude -180 to 180 and latitude -90 to 90")]
    Position,
    #[error("a ring of a polygon has at least four positions, the last one equal to the first")]
    Ring,
    #[error("the geometry has more than {MAX_POSITIONS} positions")]
    TooLarge,
}

/// A geometry, taken apart into parts that each touch or do not.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    parts: Vec<geo::Geometry<f64>>,
}

impl Shape {
    /// Reads a GeoJSON geometry or a GeometryCollection.
    ///
    /// # Errors
    /// `ShapeError` names the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, ShapeError> {
        let value: Value = serde_json::from_str(text).map_err(|error| ShapeError::NotJson(error.to_string()))?;
        let mut reader = Reader { left: MAX_POSITIONS, parts: Vec::new() };
        reader.geometry(&value)?;
        Ok(Self { parts: reader.parts })
    }

    /// A box, in two parts when it crosses ±180°.
    pub fn of_box(bbox: &BoundingBox) -> Self {
        let rectangle = |part: &BoundingBox| {
            let corners = (Coord { x: part.west, y: part.south }, Coord { x: part.east, y: part.north });
            geo::Geometry::Rect(Rect::new(corners.0, corners.1))
        };
        Self { parts: bbox.parts().iter().map(rectangle).collect() }
    }

    /// The smallest box around the shape; none when it is empty. Shapes that RFC 7946 § 3.1.9 cut at ±180° give a box
    /// around the whole earth, which is right as an envelope.
    pub fn envelope(&self) -> Option<BoundingBox> {
        let rectangles = self.parts.iter().filter_map(BoundingRect::bounding_rect);
        rectangles
            .map(|rect| BoundingBox {
                west: rect.min().x,
                south: rect.min().y,
                east: rect.max().x,
                north: rect.max().y,
            })
            .reduce(|left, right| BoundingBox {
                west: left.west.min(right.west),
                south: left.south.min(right.south),
                east: left.east.max(right.east),
                north: left.north.max(right.north),
            })
    }

    /// Whether the two shapes share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.parts.iter().any(|part| other.parts.iter().any(|other_part| part.intersects(other_part)))
    }

    /// Whether this shape is in a relation of DE-9IM to another.
    pub fn relates(&self, relation: SpatialRelation, other: &Self) -> bool {
        use geo::Relate;
        let whole = |shape: &Self| geo::Geometry::GeometryCollection(geo::GeometryCollection(shape.parts.clone()));
        let matrix = whole(self).relate(&whole(other));
        match relation {
            SpatialRelation::Intersects => matrix.is_intersects(),
            SpatialRelation::Equals => matrix.is_equal_topo(),
            SpatialRelation::Disjoint => matrix.is_disjoint(),
            SpatialRelation::Touches => matrix.is_touches(),
            SpatialRelation::Within => matrix.is_within(),
            SpatialRelation::Overlaps => matrix.is_overlaps(),
            SpatialRelation::Crosses => matrix.is_crosses(),
            SpatialRelation::Contains => matrix.is_contains(),
        }
    }

    /// Whether the shape touches a footprint: its geometry, or its box where it has no (readable) geometry.
    pub fn intersects_footprint(&self, space: &Space<'_>) -> bool {
        let geometry = space.geometry.map(|geometry| geometry.get()).filter(|text| *text != "null");
        if let Some(footprint) = geometry.and_then(|text| Self::parse(text).ok()) {
            return self.intersects(&footprint);
        }
        let bbox = space.bbox.as_deref().and_then(|numbers| BoundingBox::from_numbers(numbers).ok());
        bbox.is_some_and(|bbox| self.intersects(&Self::of_box(&bbox)))
    }
}

struct Reader {
    left: usize,
    parts: Vec<geo::Geometry<f64>>,
}

impl Reader {
    fn geometry(&mut self, value: &Value) -> Result<(), ShapeError> {
        let kind = value.get("type").and_then(Value::as_str).ok_or(ShapeError::Missing("type"))?;
        if kind == "GeometryCollection" {
            let geometries = value.get("geometries").and_then(Value::as_array);
            return geometries
                .ok_or(ShapeError::Missing("geometries"))?
                .iter()
                .try_for_each(|each| self.geometry(each));
        }
        let coordinates = value.get("coordinates").ok_or(ShapeError::Missing("coordinates"))?;
        let part = match kind {
            "Point" => Point::from(self.position(coordinates)?).into(),
            "MultiPoint" => MultiPoint::from(self.positions(coordinates)?).into(),
            "LineString" => self.line(coordinates)?,
            "MultiLineString" => {
                let lines = items(coordinates)?.iter().map(|line| self.positions(line).map(LineString::new));
                MultiLineString::new(lines.collect::<Result<_, _>>()?).into()
            }
            "Polygon" => self.polygon(coordinates)?.into(),
            "MultiPolygon" => {
                let polygons = items(coordinates)?.iter().map(|polygon| self.polygon(polygon));
                MultiPolygon::new(polygons.collect::<Result<_, _>>()?).into()
            }
            other => return Err(ShapeError::Type(other.chars().take(100).collect())),
        };
        self.parts.push(part);
        Ok(())
    }

    fn position(&mut self, value: &Value) -> Result<Coord<f64>, ShapeError> {
        self.left = self.left.checked_sub(1).ok_or(ShapeError::TooLarge)?;
        let numbers = items(value)?;
        let number = |at: usize| numbers.get(at).and_then(Value::as_f64).filter(|number| number.is_finite());
        let (Some(x), Some(y), 2..=4) = (number(0), number(1), numbers.len()) else { return Err(ShapeError::Position) };
        if x.abs() > 180.0 || y.abs() > 90.0 {
            return Err(ShapeError::Position);
        }
        Ok(Coord { x, y })
    }

    fn positions(&mut self, value: &Value) -> Result<Vec<Coord<f64>>, ShapeError> {
        items(value)?.iter().map(|position| self.position(position)).collect()
    }

    fn line(&mut self, value: &Value) -> Result<geo::Geometry<f64>, ShapeError> {
        let positions = self.positions(value)?;
        match positions.as_slice() {
            [] | [_] => Err(ShapeError::Position),
            [start, end] => Ok(Line::new(*start, *end).into()),
            _ => Ok(LineString::new(positions).into()),
        }
    }

    fn polygon(&mut self, value: &Value) -> Result<Polygon<f64>, ShapeError> {
        let mut rings = items(value)?.iter().map(|ring| {
            let positions = self.positions(ring)?;
            let closed = positions.len() >= 4 && positions.first() == positions.last();
            if closed { Ok(LineString::new(positions)) } else { Err(ShapeError::Ring) }
        });
        let exterior = rings.next().ok_or(ShapeError::Ring)??;
        let interiors = rings.collect::<Result<_, _>>()?;
        Ok(Polygon::new(exterior, interiors))
    }
}

fn items(value: &Value) -> Result<&Vec<Value>, ShapeError> {
    value.as_array().ok_or(ShapeError::Position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: &str, coordinates: &str) -> Shape {
        Shape::parse(&format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#)).expect("valid geometry")
    }

    #[test]
    fn a_polygon_touches_what_it_contains_crosses_and_not_its_hole() {
        let ring = shape("Polygon", "[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]");
        let cases = [
            (shape("Point", "[1,1]"), true),
            (shape("Point", "[5,5]"), false),
            (shape("Point", "[10,10]"), true),
            (shape("LineString", "[[-1,5],[0.5,5]]"), true),
            (shape("MultiPoint", "[[20,20],[5,5]]"), false),
            (shape("Polygon", "[[[9,9],[12,9],[12,12],[9,12],[9,9]]]"), true),
        ];
        for (other, expected) in cases {
            assert_eq!(ring.intersects(&other), expected, "{other:?}");
            assert_eq!(other.intersects(&ring), expected, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_geometry_is_named() {
        let cases = [
            (r#"{"type":"Circle","coordinates":[1,2]}"#, ShapeError::Type("Circle".into())),
            (r#"{"type":"Point","coordinates":[1]}"#, ShapeError::Position),
            (r#"{"type":"Point","coordinates":[181,0]}"#, ShapeError::Position),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"#, ShapeError::Ring),
            (r#"{"coordinates":[1,2]}"#, ShapeError::Missing("type")),
        ];
        for (text, expected) in cases {
            assert_eq!(Shape::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_box_across_the_antimeridian_has_two_sides() {
        let bbox = BoundingBox::from_numbers(&[170.0, -10.0, -170.0, 10.0]).expect("valid");
        let shape_of_box = Shape::of_box(&bbox);
        assert!(shape_of_box.intersects(&shape("Point", "[175,0]")));
        assert!(shape_of_box.intersects(&shape("Point", "[-175,0]")));
        assert!(!shape_of_box.intersects(&shape("Point", "[0,0]")));
    }
}
