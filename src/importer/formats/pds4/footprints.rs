//! Where a product lies: bounding coordinates and vertices of the cartography and geometry dictionaries.

use crate::importer::shared::record::Record;
use crate::importer::shared::space::{SKY, Shape};
use crate::importer::shared::values::double;
use crate::importer::shared::xml::Element;

/// Target types that have a surface to lie on.
const BODIES: &[&str] = &[
    "planet",
    "satellite",
    "dwarf planet",
    "asteroid",
    "comet",
    "centaur",
    "trans-neptunian object",
    "planetary system",
    "star",
    "sun",
];

/// Writes footprints of a label.
pub fn write(root: &Element, record: &mut Record<'_>) {
    let areas = ["Observation_Area", "Context_Area"];
    for area in areas.into_iter().filter_map(|name| root.at(name)) {
        let Some(discipline) = area.at("Discipline_Area") else { continue };
        if let Some(body) = body(area) {
            cartography(discipline, &body, record);
            surface(discipline, &body, record);
        }
        pointing(discipline, record);
    }
}

/// The body that the product is on: the first target with a surface, `pluto` for `(134340) Pluto`.
fn body(area: &Element) -> Option<String> {
    let spheroid = area.descendants("spheroid_name").into_iter().find_map(Element::text);
    let mut targets = area.named("Target_Identification").filter(|target| {
        target.text_at("type").is_some_and(|kind| BODIES.contains(&kind.to_ascii_lowercase().as_str()))
    });
    let written = targets.find_map(|target| target.text_at("name")).or(spheroid)?;
    let without_number = match written.trim().strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((number, name)) if number.bytes().all(|byte| byte.is_ascii_digit()) && !name.trim().is_empty() => name,
        _ => written,
    };
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '/' | '_' | '-');
    let body: String = without_number.to_ascii_lowercase().chars().filter(|c| kept(*c)).collect();
    let body = body.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!body.is_empty()).then(|| body.to_owned())
}

fn value(element: &Element, names: [&str; 2]) -> Option<f64> {
    names.into_iter().find_map(|name| double(element.text_at(name)))
}

/// `cart:Bounding_Coordinates`; longitudes counted westward are turned.
fn cartography(area: &Element, body: &str, record: &mut Record<'_>) {
    let westward = area
        .descendants("longitude_direction")
        .into_iter()
        .find_map(Element::text)
        .is_some_and(|direction| direction.to_ascii_lowercase().contains("west"));
    let frame = area.descendants("latitude_type").into_iter().find_map(Element::text).map(str::to_ascii_lowercase);
    for bounds in area.descendants("Bounding_Coordinates") {
        let side = |name: &str| double(bounds.text_at(name));
        let sides = (
            side("west_bounding_coordinate"),
            side("south_bounding_coordinate"),
            side("east_bounding_coordinate"),
            side("north_bounding_coordinate"),
        );
        if let (Some(west), Some(south), Some(east), Some(north)) = sides {
            let shape = Shape::Box { west, south, east, north };
            record.footprint(body, frame.as_deref(), &if westward { shape.turned_east() } else { shape });
        }
    }
}

/// `geom:Footprint_Vertices` and `geom:Surface_Geometry_Min_Max`.
fn surface(area: &Element, body: &str, record: &mut Record<'_>) {
    for vertices in area.descendants("Footprint_Vertices") {
        let corner = |point: &Element| {
            let longitude = value(point, ["pixel_longitude", "longitude"])?;
            Some([longitude, value(point, ["pixel_latitude", "latitude"])?])
        };
        let corners: Vec<_> = vertices.children().filter_map(corner).collect();
        if corners.len() >= 3 {
            record.footprint(body, None, &Shape::Polygon(corners));
        }
    }
    for range in area.descendants("Surface_Geometry_Min_Max") {
        let sides = (
            value(range, ["minimum_longitude", "westernmost_longitude"]),
            value(range, ["minimum_latitude", "southernmost_latitude"]),
            value(range, ["maximum_longitude", "easternmost_longitude"]),
            value(range, ["maximum_latitude", "northernmost_latitude"]),
        );
        if let (Some(west), Some(south), Some(east), Some(north)) = sides {
            record.footprint(body, None, &Shape::Box { west, south, east, north });
        }
    }
}

/// `geom:Object_Orientation_RA_Dec`: where the middle of the image points on the sky, J2000 as the dictionary says.
fn pointing(area: &Element, record: &mut Record<'_>) {
    for orientation in area.descendants("Object_Orientation_RA_Dec") {
        let ascension = value(orientation, ["right_ascension_angle", "right_ascension"]);
        let declination = value(orientation, ["declination_angle", "declination"]);
        if let (Some(ascension), Some(declination)) = (ascension, declination) {
            record.footprint(SKY, Some("J2000"), &Shape::Point([ascension, declination]));
        }
    }
}
