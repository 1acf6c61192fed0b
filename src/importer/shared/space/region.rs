//! STC-S and the `s_region` of ObsCore: regions of the sky as short texts (IVOA STC-S 1.33, the subset of ObsCore 1.1).

use super::Shape;

/// Words of frame, reference position and flavour that may stand before the numbers; they are not needed to place the
/// region when the frame is an equatorial one of today.
const EQUATORIAL: &[&str] = &["ICRS", "FK5", "J2000", "EQUATORIALJ2000"];
const POSITIONS: &[&str] = &[
    "BARYCENTER",
    "GEOCENTER",
    "HELIOCENTER",
    "TOPOCENTER",
    "LSR",
    "UNKNOWNREFPOS",
    "SPHERICAL2",
    "SPHER2",
    "UNKNOWN",
];

/// Reads `Polygon ICRS 1 2 3 4 5 6`, `Circle ICRS 10 -20 0.5`, `Position ICRS 1 2`, `Box ICRS 10 -20 2 1`,
/// `PositionInterval ICRS 1 2 3 4`, `Ellipse ICRS …` as its circle, and `Union` of them as its first. `None` for another frame
/// (`GALACTIC`, `FK4`) and for what is no region.
pub fn stc_s(text: &str) -> Option<Shape<'static>> {
    let plain = text.replace(['(', ')', ','], " ");
    let mut words = plain.split_whitespace().map(str::to_ascii_uppercase).peekable();
    let mut kind = words.next()?;
    let mut frame_word = None;
    while matches!(kind.as_str(), "UNION" | "INTERSECTION") {
        kind = words.find(|word| {
            let word = word.as_str();
            if EQUATORIAL.contains(&word) {
                frame_word = Some(());
            }
            matches!(word, "POLYGON" | "CIRCLE" | "BOX" | "POSITION" | "ELLIPSE")
        })?;
    }
    let mut numbers = Vec::new();
    for word in words {
        if let Ok(number) = word.parse::<f64>() {
            if !number.is_finite() {
                return None;
            }
            numbers.push(number);
        } else if !numbers.is_empty() {
            // What follows are units, errors and further regions.
            break;
        } else if !EQUATORIAL.contains(&word.as_str()) && !POSITIONS.contains(&word.as_str()) {
            return None;
        }
    }
    shape(&kind, &numbers)
}

fn shape(kind: &str, numbers: &[f64]) -> Option<Shape<'static>> {
    match (kind, numbers) {
        ("POLYGON", corners) if corners.len() >= 6 && corners.len().is_multiple_of(2) => {
            let corners = corners.chunks_exact(2).filter_map(|pair| <[f64; 2]>::try_from(pair).ok());
            Some(Shape::Polygon(corners.collect()))
        }
        ("CIRCLE", [longitude, latitude, radius]) if *radius >= 0.0 => {
            Some(Shape::Circle { centre: [*longitude, *latitude], radius: *radius })
        }
        ("ELLIPSE", [longitude, latitude, one, other, ..]) => {
            Some(Shape::Circle { centre: [*longitude, *latitude], radius: one.max(*other) })
        }
        ("POSITION", [longitude, latitude]) => Some(Shape::Point([*longitude, *latitude])),
        ("POSITIONINTERVAL" | "RANGE", [west, south, east, north]) => {
            Some(Shape::Box { west: *west, south: *south, east: *east, north: *north })
        }
        ("BOX", [longitude, latitude, width, height]) => Some(sky_box([*longitude, *latitude], *width, *height)),
        _ => None,
    }
}

/// The sides of an STC box are great circles: its corners are found on the tangent plane.
fn sky_box([longitude, latitude]: [f64; 2], width: f64, height: f64) -> Shape<'static> {
    let (sin, cos) = latitude.to_radians().sin_cos();
    let half = |size: f64| (size / 2.0).to_radians().tan();
    let corner = |x: f64, y: f64| {
        let across = cos - y * sin;
        let far = (x.powi(2) + across.powi(2)).sqrt();
        [longitude + x.atan2(across).to_degrees(), (sin + y * cos).atan2(far).to_degrees()]
    };
    let (x, y) = (half(width), half(height));
    Shape::Polygon(vec![corner(-x, -y), corner(x, -y), corner(x, y), corner(-x, y)])
}
