//! One element of `space[]`.

use super::sphere::{around_circle, into_range, rings, sides};
use super::{HELIOPROJECTIVE, SKY, Shape};
use crate::importer::Reason;
use crate::model::Draft;
use crate::schema;

/// One element of `space[]` and what it could not take.
#[derive(Debug, Default)]
pub struct Footprint {
    pub text: Option<String>,
    /// Whether the footprint holds the geometry as it was written.
    pub geometry_kept: bool,
    pub bbox_kept: bool,
    pub findings: Vec<Reason>,
}

/// Puts geometry and box (JSON text) on a body. A longitude a little beyond ±180° is brought into range in the box.
pub fn footprint(body: &str, frame: Option<&str>, geometry: Option<&str>, bbox: Option<&str>) -> Footprint {
    let mut made = Footprint::default();
    let mut draft = begun(body, frame);
    let mut usable = false;
    if let Some(geometry) = geometry {
        match fault(body, "geometry", geometry) {
            None => {
                draft.raw("geometry", geometry);
                (made.geometry_kept, usable) = (true, true);
            }
            Some(message) => made.findings.push(Reason::GeometryUnusable { message }),
        }
    }
    if let Some(bbox) = bbox {
        match fault(body, "bbox", bbox) {
            None => {
                draft.raw("bbox", bbox);
                (made.bbox_kept, usable) = (true, true);
            }
            Some(message) => match wrapped(bbox).filter(|bbox| fault(body, "bbox", bbox).is_none()) {
                Some(bbox) => {
                    draft.raw("bbox", &bbox);
                    made.findings.push(Reason::LongitudeWrapped);
                    usable = true;
                }
                None => made.findings.push(Reason::BoxUnusable { message }),
            },
        }
    }
    made.text = usable.then(|| draft.finish());
    made
}

/// Body and frame; the Earth's is WGS84 and the sky's ICRS where the document names none.
fn begun(body: &str, frame: Option<&str>) -> Draft {
    let mut draft = Draft::object();
    draft.string("body", body);
    let usual = match body {
        "earth" => Some("WGS84"),
        SKY => Some("ICRS"),
        _ => None,
    };
    draft.optional("frame", frame.filter(|frame| !frame.is_empty()).or(usual));
    draft
}

fn fault(body: &str, member: &str, value: &str) -> Option<String> {
    let mut alone = Draft::object();
    alone.string("body", body);
    alone.raw(member, value);
    let violations = schema::check_footprint(&alone.finish()).err()?;
    Some(violations.first().map_or_else(String::new, ToString::to_string))
}

/// The box with longitudes between ±180° and ±360° brought into range: -180.001 is 179.999, so west may end up east
/// of east, which means a box across ±180°.
fn wrapped(bbox: &str) -> Option<String> {
    let numbers: Vec<f64> = serde_json::from_str(bbox).ok()?;
    let east = numbers.len() / 2;
    let brought = |longitude: f64| match longitude {
        longitude if (-360.0..-180.0).contains(&longitude) => longitude + 360.0,
        longitude if longitude > 180.0 && longitude <= 360.0 => longitude - 360.0,
        longitude => longitude,
    };
    let place = |(at, number): (usize, &f64)| if at == 0 || at == east { brought(*number) } else { *number };
    let in_range: Vec<f64> = numbers.iter().enumerate().map(place).collect();
    serde_json::to_string(&in_range).ok().filter(|_| in_range != numbers)
}

/// Puts a shape on a body. Longitudes become -180 to 180; a polygon across the seam is cut there, one around a pole holds
/// it; a circle gets the box around it.
pub fn of_shape(body: &str, frame: Option<&str>, shape: &Shape<'_>) -> Footprint {
    if frame.is_some_and(|frame| frame.eq_ignore_ascii_case(HELIOPROJECTIVE)) {
        return Footprint { text: kept_alone(body, shape), ..Footprint::default() };
    }
    match shape {
        Shape::Geometry(text) => footprint(body, frame, Some(text), None),
        Shape::Box { west, south, east, north } => {
            let (west, east) = sides(*west, *east);
            footprint(body, frame, None, Some(&numbers(&[west, *south, east, *north])))
        }
        Shape::Point([longitude, latitude]) => {
            let place = numbers(&[into_range(*longitude), *latitude]);
            footprint(body, frame, Some(&format!(r#"{{"type":"Point","coordinates":{place}}}"#)), None)
        }
        Shape::Polygon(corners) => polygon(body, frame, corners),
        Shape::Circle { centre, radius } => circle(body, frame, *centre, *radius),
    }
}

fn polygon(body: &str, frame: Option<&str>, corners: &[[f64; 2]]) -> Footprint {
    let unusable = |message: &str| Footprint {
        findings: vec![Reason::GeometryUnusable { message: message.to_owned() }],
        ..Footprint::default()
    };
    if !corners.iter().flatten().all(|number| number.is_finite() && number.abs() <= 720.0) {
        return unusable("a corner lies nowhere");
    }
    let mut distinct = corners.to_vec();
    distinct.dedup();
    match distinct.as_slice() {
        [] => return unusable("a polygon without corners"),
        [place] => return of_shape(body, frame, &Shape::Point(*place)),
        _ => {}
    }
    let parts: Vec<String> = rings(corners).iter().map(|ring| coordinates(ring)).collect();
    let geometry = match parts.as_slice() {
        [ring] => format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#),
        rings => format!(r#"{{"type":"MultiPolygon","coordinates":[[{}]]}}"#, rings.join("],[")),
    };
    footprint(body, frame, Some(&geometry), None)
}

fn circle(body: &str, frame: Option<&str>, centre: [f64; 2], radius: f64) -> Footprint {
    if !(radius.is_finite() && radius >= 0.0 && centre.iter().all(|number| number.is_finite())) {
        let message = "a circle needs a centre and a radius".to_owned();
        return Footprint { findings: vec![Reason::GeometryUnusable { message }], ..Footprint::default() };
    }
    let longitude = if body == SKY { centre[0].rem_euclid(360.0) } else { into_range(centre[0]) };
    let place = numbers(&[longitude, centre[1]]);
    let bbox = numbers(&around_circle([longitude, centre[1]], radius));
    let mut draft = begun(body, frame);
    if let Some(message) = fault(body, "centre", &place).or_else(|| fault(body, "bbox", &bbox)) {
        let findings = vec![Reason::GeometryUnusable { message }];
        return Footprint { findings, ..Footprint::default() };
    }
    draft.raw("bbox", &bbox);
    draft.raw("centre", &place);
    draft.raw("radius", &numbers(&[radius]).replace(['[', ']'], ""));
    Footprint { text: Some(draft.finish()), ..Footprint::default() }
}

/// Angles that are positions on no body: under a member that nothing searches.
fn kept_alone(body: &str, shape: &Shape<'_>) -> Option<String> {
    let mut draft = begun(body, Some(HELIOPROJECTIVE));
    match shape {
        Shape::Geometry(text) => draft.raw("outline", text),
        Shape::Box { west, south, east, north } => draft.raw("outline", &numbers(&[*west, *south, *east, *north])),
        Shape::Point(place) => draft.raw("outline", &numbers(place)),
        Shape::Polygon(corners) => draft.raw("outline", &coordinates(corners)),
        Shape::Circle { centre, radius } => draft.raw("outline", &numbers(&[centre[0], centre[1], *radius])),
    }
    let text = draft.finish();
    schema::check_footprint(&text).is_ok().then_some(text)
}

fn coordinates(corners: &[[f64; 2]]) -> String {
    let places: Vec<String> = corners.iter().map(|corner| numbers(corner)).collect();
    format!("[{}]", places.join(","))
}

/// JSON numbers, without a fraction where there is none, and without the noise of arithmetic.
fn numbers(numbers: &[f64]) -> String {
    let rounded = |number: &f64| {
        let rounded = (number * 1e10).round() / 1e10;
        let exact = if rounded.is_finite() { rounded } else { *number };
        if exact.is_finite() { format!("{}", if exact == 0.0 { 0.0 } else { exact }) } else { "null".to_owned() }
    };
    format!("[{}]", numbers.iter().map(rounded).collect::<Vec<_>>().join(","))
}
