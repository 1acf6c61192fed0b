//! Shapes cut at ±180° into what GeoJSON can say (RFC 7946 § 3.1.9), and the box around a circle.

/// Brings a longitude into -180 to 180; 180 itself stays.
pub(super) fn into_range(longitude: f64) -> f64 {
    if (-180.0..=180.0).contains(&longitude) { longitude } else { (longitude + 180.0).rem_euclid(360.0) - 180.0 }
}

/// West and east of a box, brought into range. West greater than east means that it crosses ±180°.
pub(super) fn sides(west: f64, east: f64) -> (f64, f64) {
    if east - west >= 360.0 {
        return (-180.0, 180.0);
    }
    match (into_range(west), into_range(east)) {
        // A side on the seam belongs to the half that the box lies in.
        (180.0, east) if west != east && east < 180.0 => (-180.0, east),
        (west, -180.0) if west > -180.0 => (west, 180.0),
        sides => sides,
    }
}

/// The parts of a polygon between -180° and 180°, each a closed ring. Corners more than half a turn apart are taken to
/// be neighbours across the seam. A ring around a pole is closed along the meridian and over the pole.
pub(super) fn rings(corners: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    let Some(mut ring) = unrolled(corners) else { return Vec::new() };
    let east = ring.iter().fold(f64::MIN, |most, corner| most.max(corner[0]));
    let west = ring.iter().fold(f64::MAX, |least, corner| least.min(corner[0]));
    // The first window whose east end lies beyond the ring's west side.
    let first = ((west + 180.0) / 360.0).floor() * 360.0;
    if west >= first - 180.0 && east <= first + 180.0 {
        ring.iter_mut().for_each(|corner| corner[0] -= first);
        close(&mut ring);
        return vec![ring];
    }
    let windows = [first, first + 360.0, first + 720.0];
    let parts = windows.iter().filter_map(|shift| {
        let shifted: Vec<[f64; 2]> = ring.iter().map(|[longitude, latitude]| [longitude - shift, *latitude]).collect();
        let mut part = cut(&cut(&shifted, -180.0, 1.0), 180.0, -1.0);
        close(&mut part);
        (part.len() >= 4).then_some(part)
    });
    parts.collect()
}

/// Corners with longitudes that run on beyond ±180° instead of jumping.
fn unrolled(corners: &[[f64; 2]]) -> Option<Vec<[f64; 2]>> {
    let first = *corners.first()?;
    let mut ring: Vec<[f64; 2]> = Vec::with_capacity(corners.len() + 3);
    for corner in corners.iter().chain([&first]) {
        let before = ring.last().map_or(corner[0], |last| last[0]);
        let turn = (corner[0] - before) - 360.0 * ((corner[0] - before) / 360.0).round();
        ring.push([before + turn, corner[1]]);
    }
    let last = *ring.last()?;
    if (last[0] - first[0]).abs() > 180.0 {
        // A whole turn: the ring holds the pole that it lies nearer to.
        let north = corners.iter().map(|corner| corner[1]).sum::<f64>() >= 0.0;
        let pole = if north { 90.0 } else { -90.0 };
        ring.extend([[last[0], pole], [first[0], pole], first]);
    }
    Some(ring)
}

/// What of a ring lies on one side of a meridian (Sutherland–Hodgman): east of it for side 1, west for -1.
fn cut(ring: &[[f64; 2]], meridian: f64, side: f64) -> Vec<[f64; 2]> {
    let inside = |corner: &[f64; 2]| (corner[0] - meridian) * side >= 0.0;
    let mut kept = Vec::with_capacity(ring.len());
    let mut before = ring.last();
    for corner in ring {
        if let Some(last) = before.filter(|last| inside(last) != inside(corner)) {
            let share = (meridian - last[0]) / (corner[0] - last[0]);
            kept.push([meridian, last[1] + share * (corner[1] - last[1])]);
        }
        if inside(corner) {
            kept.push(*corner);
        }
        before = Some(corner);
    }
    kept.dedup();
    kept
}

fn close(ring: &mut Vec<[f64; 2]>) {
    if let Some(first) = ring.first().copied().filter(|first| ring.last() != Some(first)) {
        ring.push(first);
    }
}

/// West, south, east, north around a circle on the sphere; all longitudes when it holds a pole.
pub(super) fn around_circle([longitude, latitude]: [f64; 2], radius: f64) -> [f64; 4] {
    let (south, north) = ((latitude - radius).max(-90.0), (latitude + radius).min(90.0));
    if latitude + radius >= 90.0 || latitude - radius <= -90.0 {
        return [-180.0, south, 180.0, north];
    }
    let half = (radius.to_radians().sin() / latitude.to_radians().cos()).clamp(-1.0, 1.0).asin().to_degrees();
    let (west, east) = sides(longitude - half, longitude + half);
    [west, south, east, north]
}
