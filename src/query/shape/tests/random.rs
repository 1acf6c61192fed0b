//! Random shapes on a coarse grid, so that turns and cuts are exact. What is asked of us in some spelling and at some
//! longitude is asked of `geo` where nothing crosses anything; caps and bands become half planes there.

use geo::{Coord, Geometry, Intersects, LineString, MultiPoint, MultiPolygon, Polygon, Relate};

use super::*;

/// How many pairs; `make judges` asks for a hundred thousand geometries.
fn pairs() -> usize {
    std::env::var("PERENNIAL_GEOMETRIES").ok().and_then(|text| text.parse::<usize>().ok()).unwrap_or(800) / 2
}

/// SplitMix64: https://prng.di.unimi.it/splitmix64.c
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: i64) -> i64 {
        (self.next() % bound as u64) as i64
    }

    /// A multiple of a half within `reach` of nothing.
    fn step(&mut self, reach: i64) -> f64 {
        (self.below(4 * reach + 1) - 2 * reach) as f64 / 2.0
    }
}

fn at(x: f64, y: f64) -> Coord<f64> {
    Coord { x, y }
}

fn ring(corners: &[(f64, f64)]) -> LineString<f64> {
    corners.iter().chain(corners.first()).map(|(x, y)| at(*x, *y)).collect()
}

/// An area with edges along meridians, parallels and diagonals: a cut at any multiple of a half is exact.
fn polygon(random: &mut Random, x: f64, y: f64) -> Polygon<f64> {
    let (width, height) = (2.0 + random.below(12) as f64, 2.0 + random.below(12) as f64);
    let bevel = |random: &mut Random| random.below(3) as f64 / 2.0;
    let bevels: [f64; 4] = std::array::from_fn(|_| bevel(random));
    let (east, north) = (x + width, y + height);
    let mut corners = vec![
        (x + bevels[0], y),
        (east - bevels[1], y),
        (east, y + bevels[1]),
        (east, north - bevels[2]),
        (east - bevels[2], north),
        (x + bevels[3], north),
        (x, north - bevels[3]),
        (x, y + bevels[0]),
    ];
    corners.dedup();
    if corners.first() == corners.last() {
        corners.pop();
    }
    let has_hole = width > 5.0 && height > 5.0 && random.below(2) == 0;
    let hole = || ring(&[(x + 1.5, y + 1.5), (x + 1.5, north - 1.5), (east - 1.5, north - 1.5), (east - 1.5, y + 1.5)]);
    Polygon::new(ring(&corners), if has_hole { vec![hole()] } else { Vec::new() })
}

/// A geometry within 20 degrees of nothing, in longitude and latitude.
fn local(random: &mut Random) -> Geometry<f64> {
    let (x, y) = (random.step(8), random.step(8));
    match random.below(7) {
        0 => at(x, y).into_point(),
        1 => Geometry::MultiPoint(MultiPoint::from(vec![at(x, y), at(x + 3.0, y - 1.0), at(random.step(8), y)])),
        2 => {
            let steps = [(1.0, 1.0), (1.0, -1.0), (0.0, 2.0), (3.0, 0.0), (2.0, 2.0)];
            let mut line = vec![at(x, y)];
            for _ in 0..2 + random.below(4) {
                let (east, north) = steps[random.below(5) as usize];
                let last = line[line.len() - 1];
                line.push(at(last.x + east, last.y + north));
            }
            Geometry::LineString(LineString::new(line))
        }
        3 => {
            let one = polygon(random, -18.0, y.min(5.0));
            let other = polygon(random, 4.0, y.min(5.0));
            Geometry::MultiPolygon(MultiPolygon::new(vec![one, other]))
        }
        _ => Geometry::Polygon(polygon(random, x.min(5.0), y.min(5.0))),
    }
}

trait IntoPoint {
    fn into_point(self) -> Geometry<f64>;
}

impl IntoPoint for Coord<f64> {
    fn into_point(self) -> Geometry<f64> {
        Geometry::Point(self.into())
    }
}

/// How longitudes beyond ±180° are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spelling {
    Beyond,
    Jumping,
    Cut,
}

const SPELLINGS: [Spelling; 3] = [Spelling::Beyond, Spelling::Jumping, Spelling::Cut];

fn into_range(longitude: f64) -> f64 {
    if longitude.abs() <= 180.0 { longitude } else { longitude - 360.0 * longitude.signum() }
}

/// GeoJSON of a geometry moved east, in a spelling; with the box that tells how to read it.
fn written(geometry: &Geometry<f64>, east: f64, spelling: Spelling) -> String {
    let place = |position: &Coord<f64>| match spelling {
        Spelling::Jumping => format!("[{},{}]", into_range(position.x + east), position.y),
        _ => format!("[{},{}]", position.x + east, position.y),
    };
    let line = |line: &LineString<f64>| format!("[{}]", line.coords().map(place).collect::<Vec<_>>().join(","));
    let area = |area: &Polygon<f64>| {
        let rings: Vec<String> = std::iter::once(area.exterior()).chain(area.interiors()).map(line).collect();
        format!("[{}]", rings.join(","))
    };
    let of = |kind: &str, coordinates: String| format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#);
    match geometry {
        Geometry::Point(point) => of("Point", place(&point.0)),
        Geometry::MultiPoint(points) => {
            of("MultiPoint", format!("[{}]", points.iter().map(|point| place(&point.0)).collect::<Vec<_>>().join(",")))
        }
        Geometry::LineString(given) if spelling == Spelling::Cut => {
            let pieces: Vec<String> = cut_line(given, east).iter().map(|piece| written_line(piece)).collect();
            of("MultiLineString", format!("[{}]", pieces.join(",")))
        }
        Geometry::LineString(given) => of("LineString", line(given)),
        Geometry::Polygon(given) if spelling == Spelling::Cut => {
            let pieces: Vec<String> = cut_area(given, east).iter().map(written_area).collect();
            of("MultiPolygon", format!("[{}]", pieces.join(",")))
        }
        Geometry::Polygon(given) => of("Polygon", area(given)),
        Geometry::MultiPolygon(given) if spelling == Spelling::Cut => {
            let pieces: Vec<String> =
                given.iter().flat_map(|area| cut_area(area, east)).map(|area| written_area(&area)).collect();
            of("MultiPolygon", format!("[{}]", pieces.join(",")))
        }
        Geometry::MultiPolygon(given) => {
            of("MultiPolygon", format!("[{}]", given.iter().map(area).collect::<Vec<_>>().join(",")))
        }
        other => panic!("{other:?}"),
    }
}

fn written_line(line: &LineString<f64>) -> String {
    format!("[{}]", line.coords().map(|place| format!("[{},{}]", place.x, place.y)).collect::<Vec<_>>().join(","))
}

fn written_area(area: &Polygon<f64>) -> String {
    let rings: Vec<String> = std::iter::once(area.exterior()).chain(area.interiors()).map(written_line).collect();
    format!("[{}]", rings.join(","))
}

/// Pieces on either side of 180, the farther one brought back by a turn.
fn cut_line(line: &LineString<f64>, east: f64) -> Vec<LineString<f64>> {
    let mut pieces = vec![Vec::new()];
    for edge in line.lines() {
        let (start, end) = (at(edge.start.x + east, edge.start.y), at(edge.end.x + east, edge.end.y));
        let last = pieces.len() - 1;
        if pieces[last].is_empty() {
            pieces[last].push(start);
        }
        if start.x < 180.0 && end.x > 180.0 {
            let middle = at(180.0, start.y + (180.0 - start.x) * (end.y - start.y) / (end.x - start.x));
            pieces[last].push(middle);
            pieces.push(vec![middle]);
        }
        let last = pieces.len() - 1;
        pieces[last].push(end);
    }
    let back = |piece: Vec<Coord<f64>>| -> LineString<f64> {
        let turn = if piece.iter().any(|place| place.x > 180.0) { -360.0 } else { 0.0 };
        piece.into_iter().map(|place| at(place.x + turn, place.y)).collect()
    };
    pieces.into_iter().map(back).collect()
}

/// Pieces on either side of 180: rings clipped to a half plane, holes that the seam cuts opened.
fn cut_area(area: &Polygon<f64>, east: f64) -> Vec<Polygon<f64>> {
    use geo::BooleanOps;
    let moved =
        Polygon::new(moved(area.exterior(), east), area.interiors().iter().map(|hole| moved(hole, east)).collect());
    let crosses = |line: &LineString<f64>| {
        let beyond = line.coords().any(|place| place.x > 180.0);
        beyond && line.coords().any(|place| place.x < 180.0)
    };
    if !crosses(moved.exterior()) {
        let beyond = moved.exterior().coords().any(|place| place.x > 180.0);
        return vec![if beyond { turned_back(&moved) } else { moved }];
    }
    // The library that cuts rounds to a grid of its own, finer than ours: round back to halves.
    let side = |west: f64| {
        Polygon::new(ring(&[(west, -90.0), (west + 90.0, -90.0), (west + 90.0, 90.0), (west, 90.0)]), Vec::new())
    };
    let halves = |piece: &Polygon<f64>| {
        let whole = |line: &LineString<f64>| {
            line.coords().map(|place| at((place.x * 2.0).round() / 2.0, (place.y * 2.0).round() / 2.0)).collect()
        };
        Polygon::new(whole(piece.exterior()), piece.interiors().iter().map(whole).collect())
    };
    let near = moved.intersection(&side(90.0));
    let far = moved.intersection(&side(180.0));
    near.iter().map(halves).chain(far.iter().map(|piece| turned_back(&halves(piece)))).collect()
}

fn moved(line: &LineString<f64>, east: f64) -> LineString<f64> {
    line.coords().map(|place| at(place.x + east, place.y)).collect()
}

fn turned_back(area: &Polygon<f64>) -> Polygon<f64> {
    Polygon::new(moved(area.exterior(), -360.0), area.interiors().iter().map(|hole| moved(hole, -360.0)).collect())
}

/// As a query reads it, or with a box as a record has it.
fn read(text: &str, spelling: Spelling) -> Shape {
    if spelling != Spelling::Jumping {
        return shape(text);
    }
    let bbox = if text.contains("[-1") { r#","bbox":[100,-90,-100,90]"# } else { "" };
    footprint(&format!(r#"{{"geometry":{text}{bbox}}}"#)).expect("a place")
}

/// What `geo` says of two geometries in the plane.
fn expected(one: &Geometry<f64>, other: &Geometry<f64>) -> String {
    let matrix = one.relate(other);
    assert_eq!(matrix.is_intersects(), one.intersects(other));
    let holds = |relation: &SpatialRelation| match relation {
        SpatialRelation::Intersects => matrix.is_intersects(),
        SpatialRelation::Equals => matrix.is_equal_topo(),
        SpatialRelation::Disjoint => matrix.is_disjoint(),
        SpatialRelation::Touches => matrix.is_touches(),
        SpatialRelation::Within => matrix.is_within(),
        SpatialRelation::Overlaps => matrix.is_overlaps(),
        SpatialRelation::Crosses => matrix.is_crosses(),
        SpatialRelation::Contains => matrix.is_contains(),
    };
    let names = RELATIONS.iter().filter(|relation| holds(relation)).map(|relation| format!("{relation:?}"));
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn random_shapes_relate_as_geo_says_at_every_longitude_and_in_every_spelling() {
    let mut random = Random(20_261_122);
    let mut held = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..pairs() {
        let (one, other) = (local(&mut random), local(&mut random));
        let expected = expected(&one, &other);
        *held.entry(expected.clone()).or_default() += 1;
        let east = [0.0, 130.0, 180.0, 176.5, 165.0][random.below(5) as usize] + random.step(3);
        for spelling in SPELLINGS {
            let other_spelling = SPELLINGS[random.below(3) as usize];
            let texts = [written(&one, east, spelling), written(&other, east, other_spelling)];
            let shapes = [read(&texts[0], spelling), read(&texts[1], other_spelling)];
            assert_eq!(relations(&shapes[0], &shapes[1]), expected, "{} {}", texts[0], texts[1]);
            let seen = shapes[0]
                .boxes()
                .iter()
                .any(|part| shapes[1].boxes().iter().any(|other| of_box(part).intersects(&of_box(other))));
            assert!(seen || expected == "Disjoint", "no box of {} meets one of {}", texts[0], texts[1]);
        }
    }
    assert!(held.len() >= 6, "too little variety: {held:?}");
}

fn of_box(part: &PartBox) -> Shape {
    Shape::of_box(&part.area)
}

#[test]
fn random_shapes_relate_to_caps_and_bands_as_to_half_planes() {
    let mut random = Random(20_261_123);
    let plane = |south: f64, north: f64| {
        Geometry::Polygon(Polygon::new(
            ring(&[(-900.0, south), (900.0, south), (900.0, north), (-900.0, north)]),
            Vec::new(),
        ))
    };
    for _ in 0..pairs() / 5 {
        let one = local(&mut random);
        let (low, high) = (random.step(12), random.step(12));
        let (low, high) = (low.min(high - 1.0), high.max(low + 1.0));
        let bands = [
            (area(-180.0, low, 180.0, 90.0), plane(low, 900.0)),
            (area(-180.0, -90.0, 180.0, high), plane(-900.0, high)),
            (area(-180.0, low, 180.0, high), plane(low, high)),
            (area(-180.0, -90.0, 180.0, 90.0), plane(-900.0, 900.0)),
            (
                shape(&format!(
                    r#"{{"type":"Polygon","coordinates":[[[0,{low}],[360,{low}],[360,90],[0,90],[0,{low}]]]}}"#
                )),
                plane(low, 900.0),
            ),
        ];
        let east = random.step(180);
        let spelling = SPELLINGS[random.below(3) as usize];
        let text = written(&one, east, if east > 160.0 || east.abs() < 100.0 { spelling } else { Spelling::Beyond });
        let moved = read(&text, if text.contains("[-1") { spelling } else { Spelling::Beyond });
        for (band, half_plane) in &bands {
            assert_eq!(relations(&moved, band), expected(&one, half_plane), "{text} {low} {high}");
        }
    }
}

#[test]
fn random_rings_around_a_pole_relate_as_their_unrolled_form() {
    let mut random = Random(20_261_124);
    for _ in 0..pairs() / 4 {
        let latitudes: Vec<f64> = (0..8).map(|_| 48.0 + random.step(4)).collect();
        let start = random.step(20) - 180.0;
        let corners: Vec<(f64, f64)> =
            latitudes.iter().enumerate().map(|(at, y)| (start + 45.0 * at as f64, *y)).collect();
        let text = corners.iter().chain(corners.first()).map(|(x, y)| format!("[{},{y}]", into_range(*x)));
        let text = text.collect::<Vec<_>>().join(",");
        let ring_shape = footprint(&format!(
            r#"{{"geometry":{{"type":"Polygon","coordinates":[[{text}]]}},"bbox":[-180,40,180,90]}}"#
        ))
        .expect("a place");
        let mut unrolled: Vec<(f64, f64)> =
            (-2..3).flat_map(|turn| corners.iter().map(move |(x, y)| (x + 360.0 * turn as f64, *y))).collect();
        let (first, last) = (unrolled[0].0, unrolled[unrolled.len() - 1].0);
        unrolled.extend([(last, 900.0), (first, 900.0)]);
        let plane = Geometry::Polygon(Polygon::new(ring(&unrolled), Vec::new()));
        let one = local(&mut random);
        // Up to where the ring is.
        let one = match &one {
            Geometry::Polygon(area) => {
                Geometry::Polygon(Polygon::new(lifted(area.exterior()), area.interiors().iter().map(lifted).collect()))
            }
            _ => continue,
        };
        let east = random.step(160);
        let moved = geo::Translate::translate(&one, east, 0.0);
        let shape = shape(&written(&one, east, Spelling::Beyond));
        assert_eq!(
            relations(&shape, &ring_shape),
            expected(&moved, &plane),
            "{text} {}",
            written(&one, east, Spelling::Beyond)
        );
    }
}

fn lifted(line: &LineString<f64>) -> LineString<f64> {
    line.coords().map(|place| at(place.x, place.y + 48.0)).collect()
}
