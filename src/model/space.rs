//! Where a record looks: body, frame and footprint. Earth, a planet and the sky are never mixed in one query.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// One footprint of a record, as `space[]` holds it.
#[derive(Debug, Clone, Deserialize)]
pub struct Space<'a> {
    /// `earth`, `mars`, `67p`, `sky`, …: lower case.
    #[serde(borrow, default = "earth")]
    pub body: Cow<'a, str>,
    /// Reference frame, for example `WGS84`, `IAU_MARS`, `ICRS`.
    #[serde(borrow, default)]
    pub frame: Option<Cow<'a, str>>,
    /// GeoJSON geometry, longitude then latitude in degrees, as given.
    #[serde(borrow, default)]
    pub geometry: Option<&'a RawValue>,
    /// `[west, south, east, north]` or with heights `[west, south, low, east, north, high]`, degrees.
    #[serde(default)]
    pub bbox: Option<Vec<f64>>,
    /// Centre of a circle, longitude and latitude in degrees.
    #[serde(default)]
    pub centre: Option<Vec<f64>>,
    /// Angle from the centre to the edge, degrees.
    #[serde(default)]
    pub radius: Option<f64>,
}

/// Frame of angles around the centre of the Sun's disk as an observer sees it. They are no positions on the Sun nor on
/// the sky, so they are kept and never searched.
pub const HELIOPROJECTIVE: &str = "helioprojective";

fn earth() -> Cow<'static, str> {
    Cow::Borrowed("earth")
}

/// Why numbers make no bounding box.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidBox {
    #[error("a bounding box has 4 or 6 numbers, got {0}")]
    Length(usize),
    #[error("a bounding box holds finite numbers only")]
    NotFinite,
    #[error("latitude {0} lies outside -90 to 90")]
    Latitude(f64),
    #[error("longitude {0} lies outside -180 to 180")]
    Longitude(f64),
    #[error("south {south} lies north of north {north}")]
    Reversed { south: f64, north: f64 },
}

/// A box in degrees; `west > east` means that it crosses ±180° (RFC 7946 § 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BoundingBox {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
}

impl BoundingBox {
    /// Reads `[w, s, e, n]` or `[w, s, low, e, n, high]` (heights are not used).
    ///
    /// # Errors
    /// `InvalidBox` names the number that is wrong.
    pub fn from_numbers(numbers: &[f64]) -> Result<Self, InvalidBox> {
        let (west, south, east, north) = match *numbers {
            [west, south, east, north] | [west, south, _, east, north, _] => (west, south, east, north),
            _ => return Err(InvalidBox::Length(numbers.len())),
        };
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(InvalidBox::NotFinite);
        }
        if let Some(latitude) = [south, north].into_iter().find(|latitude| latitude.abs() > 90.0) {
            return Err(InvalidBox::Latitude(latitude));
        }
        if let Some(longitude) = [west, east].into_iter().find(|longitude| longitude.abs() > 180.0) {
            return Err(InvalidBox::Longitude(longitude));
        }
        if south > north {
            return Err(InvalidBox::Reversed { south, north });
        }
        Ok(Self { west, south, east, north })
    }

    /// One box, or the two sides of ±180°, each with `west <= east`.
    pub fn parts(&self) -> Vec<Self> {
        if self.west <= self.east {
            return vec![*self];
        }
        vec![Self { east: 180.0, ..*self }, Self { west: -180.0, ..*self }]
    }
}
