//! When and where: spans with indeterminate ends, boxes, and GML in both orders of axes.

use super::super::super::shared::once::Once;
use super::super::super::shared::space::Shape;
use super::super::super::shared::time::Written;
use super::super::super::shared::values::double;
use super::super::super::shared::xml::Element;
use super::{first, identification, value, value_at};

/// Most corners of a polygon that are taken.
const MAX_CORNERS: usize = 100_000;

/// All extents of the resource.
pub fn extents(once: &mut Once<'_>, root: &Element) {
    let Some(info) = identification(root) else { return };
    let extents = info.all("extent/EX_Extent");
    temporal(once, &extents);
    for extent in extents {
        let boxes = geographic(once, extent);
        for polygon in extent.all("geographicElement/EX_BoundingPolygon/polygon") {
            shapes(once, polygon, &boxes);
        }
        for path in
            ["geographicElement/EX_GeographicDescription/geographicIdentifier/MD_Identifier/code", "description"]
        {
            extent.all(path).into_iter().for_each(|place| once.text("iso:place", value(place)));
        }
        for vertical in extent.all("verticalElement/EX_VerticalExtent") {
            once.number("iso:verticalMinimum", value_at(vertical, "minimumValue"));
            once.number("iso:verticalMaximum", value_at(vertical, "maximumValue"));
        }
    }
}

/// One end of a period: what is written, or that it is not over.
enum End<'e> {
    At(&'e str),
    Open,
    Unknown,
}

fn end<'e>(period: &'e Element, direct: &str, nested: &str) -> End<'e> {
    let Some(position) = period.at(direct).or_else(|| period.at(nested)) else { return End::Unknown };
    let indeterminate = position.attribute("indeterminatePosition");
    match (position.text(), indeterminate) {
        (_, Some("now")) => End::Open,
        (Some("now" | "present" | "ongoing"), _) => End::Open,
        (Some(text), _) => End::At(text),
        (None, Some("after")) => End::Open,
        (None, _) => End::Unknown,
    }
}

fn temporal(once: &mut Once<'_>, extents: &[&Element]) {
    let (mut starts, mut stops, mut is_open) = (Vec::new(), Vec::new(), false);
    for extent in extents {
        let mut elements = extent.all("temporalElement/EX_TemporalExtent/extent");
        elements.extend(extent.all("temporalElement/EX_SpatialTemporalExtent/extent"));
        for element in elements {
            for period in element.named("TimePeriod") {
                if let End::At(start) = end(period, "beginPosition", "begin/TimeInstant/timePosition") {
                    starts.push(start);
                }
                match end(period, "endPosition", "end/TimeInstant/timePosition") {
                    End::At(stop) => stops.push(stop),
                    End::Open => is_open = true,
                    End::Unknown => {}
                }
            }
            for instant in element.all("TimeInstant/timePosition").into_iter().filter_map(Element::text) {
                starts.push(instant);
                stops.push(instant);
            }
        }
    }
    let start = starts.into_iter().min().map(|start| ("extent/beginPosition", start));
    let stop = stops.into_iter().max().filter(|_| !is_open).map(|stop| ("extent/endPosition", stop));
    if start.is_some() || stop.is_some() {
        once.record.time(Written { start, stop, open_end: is_open, ..Written::default() });
    }
}

fn number(element: &Element, path: &str) -> Option<f64> {
    double(value_at(element, path))
}

/// The boxes of an extent, as west, south, east, north. One that says what is excluded is none.
fn geographic(once: &mut Once<'_>, extent: &Element) -> Vec<[f64; 4]> {
    let mut boxes = Vec::new();
    for element in extent.all("geographicElement/EX_GeographicBoundingBox") {
        if matches!(value_at(element, "extentTypeCode"), Some("0" | "false")) {
            continue;
        }
        let sides = ["westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude"];
        if let [Some(west), Some(south), Some(east), Some(north)] = sides.map(|side| number(element, side)) {
            boxes.push([west, south, east, north]);
            once.record.footprint("earth", None, &Shape::Box { west, south, east, north });
        }
    }
    boxes
}

/// Polygons, points and lines of GML.
fn shapes(once: &mut Once<'_>, polygon: &Element, boxes: &[[f64; 4]]) {
    for shape in polygon.descendants("Polygon") {
        let Some(ring) = first_ring(shape) else { continue };
        let places = ordered(coordinates(ring), reference_system(polygon, shape), boxes);
        if places.len() >= 3 {
            once.record.footprint("earth", None, &Shape::Polygon(places));
        }
    }
    for shape in polygon.descendants("Point") {
        let places = ordered(coordinates(shape), reference_system(polygon, shape), boxes);
        if let Some(place) = places.first() {
            once.record.footprint("earth", None, &Shape::Point(*place));
        }
    }
    for shape in polygon.descendants("LineString") {
        let places = ordered(coordinates(shape), reference_system(polygon, shape), boxes);
        if places.len() >= 2 {
            let places = places.iter().map(|[x, y]| format!("[{x},{y}]")).collect::<Vec<_>>().join(",");
            let geometry = format!("{{\"type\":\"LineString\",\"coordinates\":[{places}]}}");
            once.record.footprint("earth", None, &Shape::Geometry(&geometry));
        }
    }
}

fn first_ring(shape: &Element) -> Option<&Element> {
    shape
        .at("exterior/LinearRing")
        .or_else(|| shape.at("exterior/Ring"))
        .or_else(|| shape.at("outerBoundaryIs/LinearRing"))
}

fn reference_system<'e>(outer: &'e Element, shape: &'e Element) -> &'e str {
    let above = || outer.children().find_map(|child| child.attribute("srsName"));
    shape.attribute("srsName").or_else(above).unwrap_or_default()
}

/// Pairs of numbers in `posList`, `pos` or the `coordinates` of GML 2.
fn coordinates(ring: &Element) -> Vec<[f64; 2]> {
    let mut texts: Vec<&str> = Vec::new();
    for name in ["posList", "pos", "coordinates"] {
        texts.extend(ring.descendants(name).into_iter().filter_map(Element::text));
    }
    let numbers =
        texts.iter().flat_map(|text| text.split([' ', ',', '\n', '\t', '\r']).filter(|part| !part.is_empty()));
    let numbers: Vec<f64> = numbers.filter_map(|part| part.parse().ok()).take(MAX_CORNERS).collect();
    numbers.chunks_exact(2).filter_map(|pair| Some([*pair.first()?, *pair.get(1)?])).collect()
}

/// Brings pairs into longitude and latitude. EPSG's geographic systems put the latitude first; where none is named, the
/// order is the one that lies in the bounding box, else longitude first.
fn ordered(places: Vec<[f64; 2]>, system: &str, boxes: &[[f64; 4]]) -> Vec<[f64; 2]> {
    let is_within = |[x, y]: &[f64; 2]| {
        boxes.iter().any(|[west, south, east, north]| {
            let margin = 0.01;
            *x >= west - margin && *x <= east + margin && *y >= south - margin && *y <= north + margin
        })
    };
    let swapped: Vec<[f64; 2]> = places.iter().map(|[first, second]| [*second, *first]).collect();
    let fits = |places: &[[f64; 2]]| !boxes.is_empty() && places.iter().all(is_within);
    let latitude_first = match (fits(&places), fits(&swapped)) {
        (true, false) => false,
        (false, true) => true,
        _ => system.contains("4326") && !system.contains("CRS84"),
    };
    if latitude_first { swapped } else { places }
}

/// Corners of an OWS bounding box in longitude and latitude, or nothing for systems that are not geographic.
pub fn ows_box(element: &Element) -> Option<[f64; 4]> {
    let system = element.attribute("crs").unwrap_or_default();
    let is_geographic = system.is_empty() || system.contains("4326") || system.contains("CRS84");
    let corner = |name: &str| {
        let mut numbers = first(element, &[name])?.split_whitespace().map(str::parse::<f64>);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
    };
    let (lower, upper) = (corner("LowerCorner")?, corner("UpperCorner")?);
    // A URN names the system as EPSG defines it, latitude first; the short form of old clients has longitude first.
    let latitude_first = system.starts_with("urn:") && system.contains("4326");
    let in_order = |[first, second]: [f64; 2]| if latitude_first { [second, first] } else { [first, second] };
    let ([west, south], [east, north]) = (in_order(lower), in_order(upper));
    is_geographic.then_some([west, south, east, north])
}
