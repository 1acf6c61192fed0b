//! Where an image lies on the sky, by its celestial WCS (Calabretta and Greisen 2002, papers I and II).

use super::cards::Header;
use crate::importer::Reason;
use crate::importer::shared::record::Record;
use crate::importer::shared::space::{SKY, Shape};

/// The footprint of the first header that has a usable one. A helioprojective frame is kept as what it is: the Sun's
/// coordinates are never on the sky of the stars.
pub fn footprint(record: &mut Record<'_>, headers: &[Header]) {
    let axes = |header: &Header| Some((header.get("CTYPE1")?.to_owned(), header.get("CTYPE2")?.to_owned()));
    for header in headers {
        let Some((first, second)) = axes(header) else { continue };
        if let Some(frame) = solar(&first) {
            record.property("wcs:frame", frame);
            return;
        }
        let is_equatorial = |axis: &str, name: &str| axis.starts_with(name);
        let is_swapped = is_equatorial(&first, "DEC") && is_equatorial(&second, "RA");
        if !(is_swapped || is_equatorial(&first, "RA") && is_equatorial(&second, "DEC")) {
            continue;
        }
        let frame = header.get("RADESYS").or_else(|| header.get("RADECSYS")).unwrap_or("ICRS").to_owned();
        if frame.starts_with("FK4") {
            let message = format!("coordinates in {frame} are not turned to ICRS");
            return record.note(Reason::FieldNoted { field: "RADESYS".to_owned(), message });
        }
        if let Some(shape) = shape(header, &first, is_swapped) {
            return record.footprint(SKY, Some("ICRS"), &shape);
        }
    }
    let target = headers.iter().find_map(|header| header.number("RA_TARG").zip(header.number("DEC_TARG")));
    if let Some((right_ascension, declination)) = target {
        record.footprint(SKY, Some("ICRS"), &Shape::Point([right_ascension, declination]));
    }
}

/// Thompson 2006: the Sun's frames by the names of their axes.
fn solar(axis: &str) -> Option<&'static str> {
    Some(match axis.get(..4)? {
        "HPLN" | "HPLT" | "SOLA" | "solx" | "SOLX" => "helioprojective",
        "HGLN" | "HGLT" => "Stonyhurst heliographic",
        "CRLN" | "CRLT" => "Carrington heliographic",
        "HRLN" | "HRLT" => "helioprojective-radial",
        _ => return None,
    })
}

/// Degrees per pixel: CD, else PC and CDELT, else CDELT and CROTA2.
fn matrix(header: &Header) -> Option<[[f64; 2]; 2]> {
    let number = |key: &str| header.number(key);
    if ["CD1_1", "CD1_2", "CD2_1", "CD2_2"].iter().any(|key| header.get(key).is_some()) {
        let cd = |key: &str| number(key).unwrap_or(0.0);
        return Some([[cd("CD1_1"), cd("CD1_2")], [cd("CD2_1"), cd("CD2_2")]]);
    }
    let (x, y) = (number("CDELT1").unwrap_or(1.0), number("CDELT2").unwrap_or(1.0));
    if ["PC1_1", "PC1_2", "PC2_1", "PC2_2"].iter().any(|key| header.get(key).is_some()) {
        let pc = |key: &str, default: f64| number(key).unwrap_or(default);
        return Some([[x * pc("PC1_1", 1.0), x * pc("PC1_2", 0.0)], [y * pc("PC2_1", 0.0), y * pc("PC2_2", 1.0)]]);
    }
    header.get("CDELT1")?;
    let (sin, cos) = number("CROTA2").unwrap_or(0.0).to_radians().sin_cos();
    Some([[x * cos, -y * sin], [x * sin, y * cos]])
}

fn shape(header: &Header, first: &str, is_swapped: bool) -> Option<Shape<'static>> {
    let axis =
        |number: u8| header.number(&format!("ZNAXIS{number}")).or_else(|| header.number(&format!("NAXIS{number}")));
    let (width, height) = (axis(1).filter(|pixels| *pixels > 0.0)?, axis(2).filter(|pixels| *pixels > 0.0)?);
    let (x0, y0) = (header.number("CRPIX1")?, header.number("CRPIX2")?);
    let (value1, value2) = (header.number("CRVAL1")?, header.number("CRVAL2")?);
    let (right_ascension, declination) = if is_swapped { (value2, value1) } else { (value1, value2) };
    let [[xx, xy], [yx, yy]] = matrix(header)?;
    let corners = [(0.5, 0.5), (width + 0.5, 0.5), (width + 0.5, height + 0.5), (0.5, height + 0.5)];
    let planes: Vec<(f64, f64)> = corners
        .iter()
        .map(|(x, y)| {
            let (x, y) = (x - x0, y - y0);
            let plane = (xx * x + xy * y, yx * x + yy * y);
            if is_swapped { (plane.1, plane.0) } else { plane }
        })
        .collect();
    let is_usual = header.number("LONPOLE").is_none_or(|pole| pole == 180.0);
    if first.contains("-TAN") && is_usual {
        let corner = |(x, y): &(f64, f64)| gnomonic(*x, *y, right_ascension, declination);
        return Some(Shape::Polygon(planes.iter().map(corner).collect()));
    }
    let radius = planes.iter().map(|(x, y)| x.hypot(*y)).fold(0.0, f64::max).min(180.0);
    Some(Shape::Circle { centre: [right_ascension.rem_euclid(360.0), declination], radius })
}

/// From the tangent plane to the sphere, degrees.
fn gnomonic(x: f64, y: f64, right_ascension: f64, declination: f64) -> [f64; 2] {
    let (x, y) = (x.to_radians(), y.to_radians());
    let (sin, cos) = declination.to_radians().sin_cos();
    let across = cos - y * sin;
    let longitude = right_ascension + x.atan2(across).to_degrees();
    let latitude = (sin + y * cos).atan2(x.hypot(across)).to_degrees();
    [longitude.rem_euclid(360.0), latitude]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tangent_point_stays_and_a_degree_north_is_a_little_less() {
        let [ra, dec] = gnomonic(0.0, 0.0, 350.0, -30.0);
        assert!((ra - 350.0).abs() < 1e-12 && (dec + 30.0).abs() < 1e-12);
        let [ra, dec] = gnomonic(0.0, 1.0, 10.0, 0.0);
        assert!((ra - 10.0).abs() < 1e-12 && (dec - 1.0_f64.to_radians().atan().to_degrees()).abs() < 1e-12);
    }
}
