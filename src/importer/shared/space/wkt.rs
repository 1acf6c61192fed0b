//! Well-known text of geometries, with the reference system that GeoSPARQL may put before it.

use super::Shape;

/// Reads `POINT(1 2)`, `POLYGON((…))`, `MULTIPOLYGON(((…)))` (its outer rings' envelope when there are several),
/// `LINESTRING(…)`, `BOX(w s, e n)`, `ENVELOPE(w, e, n, s)`. Latitude first where EPSG 4326 is named by its address; `None` for
/// other reference systems and for what is no geometry.
pub fn wkt(written: &str) -> Option<Shape<'static>> {
    let text = written.trim();
    let (system, text) = match text.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((system, rest)) => (Some(system), rest.trim_start()),
        None => (None, text),
    };
    let (swapped, text) = match text.split_once(';').filter(|(head, _)| head.to_ascii_uppercase().starts_with("SRID="))
    {
        Some((head, rest)) if head.ends_with("=4326") => (false, rest),
        Some(_) => return None,
        None => (is_latitude_first(system)?, text),
    };
    let open = text.find('(')?;
    let (kind, body) = text.split_at_checked(open)?;
    let kind = kind.trim().to_ascii_uppercase();
    let numbers = |text: &str| -> Option<Vec<f64>> {
        let words = text.split([' ', ',', '\t', '\n', '\r']).filter(|word| !word.is_empty());
        words.map(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).collect()
    };
    let inner = body.trim_matches(|sign: char| sign == '(' || sign == ')' || sign.is_whitespace());
    match kind.split_whitespace().next()? {
        "ENVELOPE" => match *numbers(inner)?.as_slice() {
            [west, east, north, south] => Some(Shape::Box { west, south, east, north }),
            _ => None,
        },
        "BOX" => match *numbers(inner)?.as_slice() {
            [west, south, east, north] => Some(Shape::Box { west, south, east, north }),
            _ => None,
        },
        "POINT" => match *numbers(inner)?.as_slice() {
            [x, y] | [x, y, _] => Some(Shape::Point(if swapped { [y, x] } else { [x, y] })),
            _ => None,
        },
        "POLYGON" | "MULTIPOLYGON" | "LINESTRING" => {
            // The first ring is the outer one; what follows are holes, or further polygons.
            let (ring, rest) = inner.split_once(')').unwrap_or((inner, ""));
            let corners = corners(ring, swapped)?;
            let several = kind.starts_with("MULTIPOLYGON") && rest.contains("((");
            if several || kind.starts_with("LINESTRING") {
                around(inner, swapped)
            } else {
                Some(Shape::Polygon(corners))
            }
        }
        _ => None,
    }
}

/// Whether the system has latitude first; `None` for one that is not WGS 84 in degrees.
fn is_latitude_first(system: Option<&str>) -> Option<bool> {
    let Some(system) = system else { return Some(false) };
    let upper = system.to_ascii_uppercase();
    if upper.contains("CRS84") {
        Some(false)
    } else if upper.contains("EPSG") && (upper.ends_with("4326") || upper.ends_with("4258")) {
        Some(true)
    } else {
        None
    }
}

fn corners(ring: &str, swapped: bool) -> Option<Vec<[f64; 2]>> {
    ring.split(',')
        .map(|corner| {
            let mut numbers = corner.split_whitespace().map(|word| word.trim_matches(['(', ')']).parse::<f64>().ok());
            let (x, y) = (numbers.next()??, numbers.next()??);
            Some(if swapped { [y, x] } else { [x, y] })
        })
        .collect()
}

/// The box around all positions.
fn around(inner: &str, swapped: bool) -> Option<Shape<'static>> {
    let all = corners(&inner.replace(['(', ')'], " "), swapped)?;
    let least = |at: usize| all.iter().filter_map(|corner| corner.get(at)).copied().fold(f64::MAX, f64::min);
    let most = |at: usize| all.iter().filter_map(|corner| corner.get(at)).copied().fold(f64::MIN, f64::max);
    (!all.is_empty()).then(|| Shape::Box { west: least(0), south: least(1), east: most(0), north: most(1) })
}
