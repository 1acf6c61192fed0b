//! Footprints: geometry and box as given when they can be searched; else as far as they can.

use super::{Draft, Reason};
use crate::schema;

/// One element of `space[]` and what it could not take.
#[derive(Default)]
pub(super) struct Footprint {
    pub text: Option<String>,
    /// Whether the footprint holds the geometry as it was written.
    pub geometry_kept: bool,
    pub bbox_kept: bool,
    pub findings: Vec<Reason>,
}

/// Puts geometry and box (JSON text) on a body. A longitude a little beyond ±180° is brought into range in the box.
pub(super) fn footprint(body: &str, geometry: Option<&str>, bbox: Option<&str>) -> Footprint {
    let frame = if body == "earth" { Some("WGS84") } else { None };
    let fault = |member: &str, value: &str| {
        let mut alone = Draft::object();
        alone.string("body", body);
        alone.raw(member, value);
        schema::check_footprint(&alone.finish())
            .err()
            .map(|violations| violations.first().map_or_else(String::new, ToString::to_string))
    };
    let mut made = Footprint::default();
    let mut draft = Draft::object();
    draft.string("body", body);
    draft.optional("frame", frame);
    let mut usable = false;
    if let Some(geometry) = geometry {
        match fault("geometry", geometry) {
            None => {
                draft.raw("geometry", geometry);
                (made.geometry_kept, usable) = (true, true);
            }
            Some(message) => made.findings.push(Reason::GeometryUnusable { message }),
        }
    }
    if let Some(bbox) = bbox {
        match fault("bbox", bbox) {
            None => {
                draft.raw("bbox", bbox);
                (made.bbox_kept, usable) = (true, true);
            }
            Some(message) => match wrapped(bbox).filter(|bbox| fault("bbox", bbox).is_none()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_searched_is_left_out_and_named() {
        let point = r#"{"type":"Point","coordinates":[1.10,2]}"#;
        let text = |geometry, bbox| footprint("earth", geometry, bbox).text;
        let whole = format!(r#"{{"body":"earth","frame":"WGS84","geometry":{point},"bbox":[1,2,3,4]}}"#);
        assert_eq!(text(Some(point), Some("[1,2,3,4]")), Some(whole));
        assert_eq!(text(None, None), None);
        let far = r#"{"type":"Point","coordinates":[500000.5,4500000.5]}"#;
        let made = footprint("earth", Some(far), Some("[-180,90,180,-90]"));
        assert_eq!((made.text, made.geometry_kept, made.bbox_kept, made.findings.len()), (None, false, false, 2));
        let made = footprint("earth", None, Some("[-180.5,0,-179,1]"));
        assert_eq!(made.text.as_deref(), Some(r#"{"body":"earth","frame":"WGS84","bbox":[179.5,0.0,-179.0,1.0]}"#));
        assert_eq!((made.bbox_kept, made.findings), (false, vec![Reason::LongitudeWrapped]));
        let mars = footprint("mars", None, Some("[350,0,359,1]")).text;
        assert_eq!(mars.as_deref(), Some(r#"{"body":"mars","bbox":[350,0,359,1]}"#));
    }
}
