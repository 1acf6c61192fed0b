//! Where a footprint must lie, as parameters say it: a box, a circle or a geometry, on one body. Reads them alone; what
//! they mean is the query's.

use super::parameters::Parameters;
use crate::catalogue::Error;
use crate::model::{BoundingBox, Region};
use crate::query::{Circle, Shape};

/// The body of those who name none.
const EARTH: &str = "earth";

/// Reads `bbox`, `circle` or `intersects`; without any of them, none.
///
/// # Errors
/// 400 that names the parameter and what is wrong with it.
pub fn read(parameters: &mut Parameters, bodies: &[String]) -> Result<Option<Region>, Error> {
    let given = [parameters.one("bbox")?, parameters.one("circle")?, parameters.one("intersects")?];
    let (name, text) = match given {
        [None, None, None] => return Ok(None),
        [Some(text), None, None] => ("bbox", text),
        [None, Some(text), None] => ("circle", text),
        [None, None, Some(text)] => ("intersects", text),
        _ => return Err(Error::parameter("bbox", "one of bbox, circle and intersects can be asked for at a time")),
    };
    let body = match bodies {
        [] => EARTH.to_owned(),
        [body] => body.to_lowercase(),
        _ => return Err(Error::parameter("body", format!("{name} asks about one body at a time"))),
    };
    match name {
        "bbox" => of_box(body, &numbers("bbox", &text)?),
        "circle" => of_circle(body, &numbers("circle", &text)?),
        _ => of_geometry(body, text),
    }
    .map(Some)
}

/// The region of a box in numbers: four, or six with heights.
///
/// # Errors
/// 400 that names the number that is wrong.
pub fn of_box(body: String, given: &[f64]) -> Result<Region, Error> {
    let mut brought = given.to_vec();
    let half = brought.len() / 2;
    if body != EARTH {
        brought_into_range(&mut brought, half);
    }
    let bbox = BoundingBox::from_numbers(&brought).map_err(|error| Error::parameter("bbox", error.to_string()))?;
    let heights = match *given {
        [_, _, low, _, _, high] if low > high => {
            return Err(Error::parameter("bbox", format!("height {low} lies above height {high}")));
        }
        [_, _, low, _, _, high] => Some([low, high]),
        _ => None,
    };
    Ok(Region { body, bbox, heights, ..Region::default() })
}

/// Longitudes of planets and of the sky often run from 0 to 360.
fn brought_into_range(numbers: &mut [f64], half: usize) {
    let (west, east) = (numbers.first().copied(), numbers.get(half).copied());
    let (Some(west), Some(east)) = (west, east) else { return };
    if !(0.0..=360.0).contains(&west) || !(0.0..=360.0).contains(&east) || west.max(east) <= 180.0 {
        return;
    }
    let sides = if east - west >= 360.0 {
        [-180.0, 180.0]
    } else {
        [west, east].map(|longitude| if longitude > 180.0 { longitude - 360.0 } else { longitude })
    };
    for (place, side) in [0, half].into_iter().zip(sides) {
        if let Some(number) = numbers.get_mut(place) {
            *number = side;
        }
    }
}

fn of_circle(body: String, given: &[f64]) -> Result<Region, Error> {
    let refuse = || {
        let rule = "has three numbers: longitude -360 to 360, latitude -90 to 90 and a radius of 0 to 90 degrees";
        Error::parameter("circle", rule)
    };
    let [longitude, latitude, radius] = *given else { return Err(refuse()) };
    let circle = Circle::new(longitude, latitude, radius).ok_or_else(refuse)?;
    let bbox = Shape::of_circle(circle).envelope().ok_or_else(refuse)?;
    Ok(Region { body, bbox, circle: Some([longitude, latitude, radius]), ..Region::default() })
}

/// The region of a GeoJSON geometry.
///
/// # Errors
/// 400 that names the rule that it breaks.
pub fn of_geometry(body: String, text: String) -> Result<Region, Error> {
    let refuse = |reason: String| Error::parameter("intersects", reason);
    let shape = Shape::parse(&text).map_err(|error| refuse(error.to_string()))?;
    let bbox = shape.envelope().ok_or_else(|| refuse("the geometry is empty".to_owned()))?;
    Ok(Region { body, bbox, geometry: Some(text), ..Region::default() })
}

/// Numbers with commas between.
///
/// # Errors
/// 400 that names the parameter and the place of the one that is none.
pub fn numbers(name: &'static str, text: &str) -> Result<Vec<f64>, Error> {
    let read = |(at, number): (usize, &str)| {
        number.trim().parse::<f64>().map_err(|_| {
            let shown: String = number.chars().take(40).collect();
            Error::parameter(name, format!("number {} is {shown:?}; numbers with commas between are meant", at + 1))
        })
    };
    text.split(',').take(7).enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_on_a_planet_may_count_to_360() {
        let sides = |body: &str, numbers: &[f64]| {
            of_box(body.to_owned(), numbers).map(|region| (region.bbox.west, region.bbox.east)).ok()
        };
        let cases: [(&str, &[f64], Option<(f64, f64)>); 9] = [
            ("mars", &[350.0, 0.0, 10.0, 5.0], Some((-10.0, 10.0))),
            ("mars", &[190.0, 0.0, 200.0, 5.0], Some((-170.0, -160.0))),
            ("mars", &[170.0, 0.0, 190.0, 5.0], Some((170.0, -170.0))),
            ("mars", &[0.0, 0.0, 360.0, 5.0], Some((-180.0, 180.0))),
            ("mars", &[-10.0, 0.0, 10.0, 5.0], Some((-10.0, 10.0))),
            ("mars", &[350.0, 0.0, 0.0, 10.0, 5.0, 1.0], Some((-10.0, 10.0))),
            ("mars", &[361.0, 0.0, 362.0, 5.0], None),
            ("earth", &[190.0, 0.0, 200.0, 5.0], None),
            ("earth", &[1.0, 0.0, 9.0, 2.0, 5.0, 1.0], None),
        ];
        for (body, given, expected) in cases {
            assert_eq!(sides(body, given), expected, "{body} {given:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_named_with_its_place() {
        assert_eq!(numbers("bbox", "1, -2.5,3,4").ok(), Some(vec![1.0, -2.5, 3.0, 4.0]));
        for text in ["", "1,,3", "1,2,x,4"] {
            assert!(numbers("bbox", text).is_err(), "{text}");
        }
        for text in ["0,0,91", "0,91,1", "0,0", "0,0,1,1", "0,0,nan", "0,0,-1"] {
            let read = numbers("circle", text).and_then(|given| of_circle("sky".to_owned(), &given));
            assert!(read.is_err(), "{text}");
        }
    }
}
