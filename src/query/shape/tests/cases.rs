//! One case a line.

use super::*;

fn check(cases: &[(Shape, Shape, &str)]) {
    for (one, other, expected) in cases {
        assert_eq!(relations(one, other), *expected, "{:?} {:?}", one.parts, other.parts);
    }
}

#[test]
fn a_polygon_touches_what_it_contains_crosses_and_not_its_hole() {
    let ring = geometry("Polygon", "[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]");
    let cases = [
        (geometry("Point", "[1,1]"), "Intersects Contains"),
        (geometry("Point", "[5,5]"), "Disjoint"),
        (geometry("Point", "[10,10]"), "Intersects Touches"),
        (geometry("LineString", "[[-1,5],[0.5,5]]"), "Intersects Crosses"),
        (geometry("MultiPoint", "[[20,20],[5,5]]"), "Disjoint"),
        (geometry("Polygon", "[[[9,9],[12,9],[12,12],[9,12],[9,9]]]"), "Intersects Overlaps"),
        (geometry("Polygon", "[[[4,4],[6,4],[6,6],[4,6],[4,4]]]"), "Intersects Touches"),
        (ring.clone(), "Intersects Equals Within Contains"),
    ];
    for (other, expected) in cases {
        assert_eq!(relations(&ring, &other), expected, "{other:?}");
    }
}

#[test]
fn plus_and_minus_180_are_one_meridian() {
    let crossing = area(170.0, -10.0, -170.0, 10.0);
    let cut = geometry(
        "MultiPolygon",
        "[[[[170,-10],[180,-10],[180,10],[170,10],[170,-10]]],[[[-180,-10],[-170,-10],[-170,10],[-180,10],[-180,-10]]]]",
    );
    let beyond = geometry("Polygon", "[[[170,-10],[190,-10],[190,10],[170,10],[170,-10]]]");
    let west_of_it = geometry("Polygon", "[[[-190,-10],[-170,-10],[-170,10],[-190,10],[-190,-10]]]");
    let spellings = [&crossing, &cut, &beyond, &west_of_it];
    for one in spellings {
        for other in spellings {
            assert_eq!(relations(one, other), "Intersects Equals Within Contains", "{one:?} {other:?}");
        }
        check(&[
            (geometry("Point", "[180,0]"), one.clone(), "Intersects Within"),
            (geometry("Point", "[-180,0]"), one.clone(), "Intersects Within"),
            (geometry("Point", "[180,10]"), one.clone(), "Intersects Touches"),
            (geometry("Point", "[0,0]"), one.clone(), "Disjoint"),
            (area(175.0, 0.0, 180.0, 5.0), one.clone(), "Intersects Within"),
            (area(-170.0, 0.0, -160.0, 5.0), one.clone(), "Intersects Touches"),
            (area(160.0, 0.0, 170.0, 5.0), one.clone(), "Intersects Touches"),
            (geometry("LineString", "[[180,-20],[180,20]]"), one.clone(), "Intersects Crosses"),
            (geometry("LineString", "[[-180,-5],[-180,5]]"), one.clone(), "Intersects Within"),
            (geometry("LineString", "[[175,0],[185,0]]"), one.clone(), "Intersects Within"),
            (geometry("MultiLineString", "[[[175,0],[180,0]],[[-180,0],[-175,0]]]"), one.clone(), "Intersects Within"),
        ]);
    }
    check(&[
        (geometry("Point", "[180,5]"), geometry("Point", "[-180,5]"), "Intersects Equals Within Contains"),
        (area(170.0, 0.0, 180.0, 1.0), area(-180.0, 0.0, -170.0, 1.0), "Intersects Touches"),
        (
            geometry("LineString", "[[170,0],[190,0]]"),
            geometry("LineString", "[[180,-1],[180,1]]"),
            "Intersects Crosses",
        ),
        (
            geometry("MultiLineString", "[[[170,0],[180,0]],[[-180,0],[-170,0]]]"),
            geometry("LineString", "[[-180,-1],[-180,1]]"),
            "Intersects Crosses",
        ),
    ]);
}

#[test]
fn a_box_of_all_longitudes_has_no_sides() {
    let band = area(-180.0, -10.0, 180.0, 10.0);
    check(&[
        (geometry("Point", "[180,0]"), band.clone(), "Intersects Within"),
        (geometry("Point", "[-180,10]"), band.clone(), "Intersects Touches"),
        (area(170.0, -5.0, -170.0, 5.0), band.clone(), "Intersects Within"),
        (band.clone(), area(0.0, -10.0, 360.0, 10.0), "Intersects Equals Within Contains"),
        (band.clone(), area(-180.0, 10.0, 180.0, 20.0), "Intersects Touches"),
        (band.clone(), area(-180.0, 5.0, 180.0, 20.0), "Intersects Overlaps"),
        (geometry("LineString", "[[180,-5],[180,5]]"), band.clone(), "Intersects Within"),
        (band.clone(), area(-180.0, -90.0, 180.0, 90.0), "Intersects Within"),
    ]);
}

#[test]
fn a_pole_is_one_point() {
    let cap = area(-180.0, 80.0, 180.0, 90.0);
    let world = area(-180.0, -90.0, 180.0, 90.0);
    check(&[
        (geometry("Point", "[10,90]"), geometry("Point", "[-100,90]"), "Intersects Equals Within Contains"),
        (geometry("Point", "[10,90]"), geometry("Point", "[10,-90]"), "Disjoint"),
        (geometry("Point", "[10,90]"), cap.clone(), "Intersects Within"),
        (geometry("Point", "[10,90]"), world.clone(), "Intersects Within"),
        (geometry("Point", "[10,90]"), area(100.0, 80.0, 110.0, 90.0), "Intersects Touches"),
        (area(0.0, 80.0, 10.0, 90.0), area(100.0, 80.0, 110.0, 90.0), "Intersects Touches"),
        (area(0.0, 80.0, 10.0, 90.0), cap.clone(), "Intersects Within"),
        (area(0.0, 80.0, 10.0, 90.0), area(100.0, 80.0, 110.0, 89.0), "Disjoint"),
        (geometry("LineString", "[[0,80],[0,90]]"), geometry("LineString", "[[90,80],[90,90]]"), "Intersects Touches"),
        (geometry("LineString", "[[0,85],[0,90],[180,90],[180,85]]"), cap.clone(), "Intersects Within"),
        (area(5.0, 90.0, 50.0, 90.0), geometry("Point", "[0,90]"), "Intersects Equals Within Contains"),
        (cap.clone(), world.clone(), "Intersects Within"),
        (world.clone(), world, "Intersects Equals Within Contains"),
    ]);
}

#[test]
fn a_ring_around_a_pole_holds_it() {
    let around = footprint(
        r#"{"body":"earth","geometry":{"type":"Polygon","coordinates":[[[-150,70],[-30,80],[90,70],[-150,70]]]},"bbox":[-180,70,180,90]}"#,
    )
    .expect("a place");
    let without_box = footprint(
        r#"{"body":"earth","geometry":{"type":"Polygon","coordinates":[[[-150,70],[-30,80],[90,70],[-150,70]]]}}"#,
    )
    .expect("a place");
    for ring in [around, without_box] {
        check(&[
            (geometry("Point", "[0,90]"), ring.clone(), "Intersects Within"),
            (geometry("Point", "[180,85]"), ring.clone(), "Intersects Within"),
            (geometry("Point", "[180,60]"), ring.clone(), "Disjoint"),
            (area(-180.0, 85.0, 180.0, 90.0), ring.clone(), "Intersects Within"),
            (ring.clone(), ring, "Intersects Equals Within Contains"),
        ]);
    }
}

#[test]
fn a_footprint_that_jumps_is_read_as_its_box_says() {
    let ring = "[[[175,0],[-175,0],[-175,5],[175,5],[175,0]]]";
    let text = |bbox: &str| format!(r#"{{"body":"earth","geometry":{{"type":"Polygon","coordinates":{ring}}}{bbox}}}"#);
    let cases = [
        (r#","bbox":[175,0,-175,5]"#, [180.0, 1.0], true),
        (r#","bbox":[175,0,-175,5]"#, [0.0, 1.0], false),
        (r#","bbox":[-175,0,175,5]"#, [180.0, 1.0], false),
        (r#","bbox":[-175,0,175,5]"#, [0.0, 1.0], true),
        // It turns to the left across ±180° only.
        ("", [180.0, 1.0], true),
        ("", [0.0, 1.0], false),
    ];
    for (bbox, [longitude, latitude], expected) in cases {
        let read = footprint(&text(bbox)).expect("a place");
        let point = geometry("Point", &format!("[{longitude},{latitude}]"));
        assert_eq!(read.intersects(&point), expected, "{bbox} {longitude}");
        assert_eq!(point.intersects(&read), expected, "{bbox} {longitude}");
    }
    let track =
        footprint(r#"{"body":"earth","geometry":{"type":"LineString","coordinates":[[170,0],[178,5],[-178,10]]}}"#);
    let track = track.expect("a place");
    assert!(track.intersects(&geometry("Point", "[180,7.5]")));
    assert!(!track.intersects(&area(-90.0, -90.0, 90.0, 90.0)));
}

#[test]
fn a_faulty_footprint_is_its_valid_parts_or_its_box() {
    let bow_tie = "[[[0,0],[10,10],[10,0],[0,10],[0,0]]]";
    let good = "[[[20,0],[30,0],[30,10],[20,10],[20,0]]]";
    let cases = [
        (format!(r#"{{"geometry":{{"type":"Polygon","coordinates":{bow_tie}}}}}"#), [5.0, 9.0], true),
        (
            format!(r#"{{"geometry":{{"type":"Polygon","coordinates":{bow_tie}}},"bbox":[0,0,10,10]}}"#),
            [5.0, 9.0],
            true,
        ),
        (format!(r#"{{"geometry":{{"type":"MultiPolygon","coordinates":[{bow_tie},{good}]}}}}"#), [25.0, 5.0], true),
        (format!(r#"{{"geometry":{{"type":"MultiPolygon","coordinates":[{bow_tie},{good}]}}}}"#), [5.0, 9.0], false),
        (
            r#"{"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1]]]},"bbox":[0,0,10,10]}"#.into(),
            [5.0, 9.0],
            true,
        ),
        (r#"{"geometry":null,"bbox":[0,0,10,10]}"#.into(), [5.0, 9.0], true),
        (r#"{"geometry":{"type":"Polygon","coordinates":[[[4,9],[6,9],[4,9],[4,9]]]}}"#.into(), [5.0, 9.0], true),
    ];
    for (text, [longitude, latitude], expected) in cases {
        let read = footprint(&text).expect("a place");
        let point = geometry("Point", &format!("[{longitude},{latitude}]"));
        assert_eq!(read.intersects(&point), expected, "{text}");
    }
    assert_eq!(footprint(r#"{"geometry":null}"#), None);
    assert_eq!(footprint(r#"{"body":"sun","frame":"helioprojective","bbox":[0,0,1,1]}"#), None);
    let empty = footprint(r#"{"geometry":{"type":"GeometryCollection","geometries":[]}}"#);
    assert!(empty.is_none());
}

#[test]
fn longitudes_of_planets_run_to_360() {
    let crater = footprint(r#"{"body":"mars","bbox":[350,-5,10,5]}"#).expect("a place");
    let far = footprint(r#"{"body":"mars","bbox":[190,-5,200,5]}"#).expect("a place");
    let wide = footprint(r#"{"body":"mars","bbox":[10,-5,350,5]}"#).expect("a place");
    check(&[
        (geometry("Point", "[0,0]"), crater.clone(), "Intersects Within"),
        (geometry("Point", "[355,0]"), crater.clone(), "Intersects Within"),
        (geometry("Point", "[-5,0]"), crater, "Intersects Within"),
        (geometry("Point", "[-165,0]"), far.clone(), "Intersects Within"),
        (geometry("Point", "[195,0]"), far, "Intersects Within"),
        (geometry("Point", "[180,0]"), wide.clone(), "Intersects Within"),
        (geometry("Point", "[0,0]"), wide, "Disjoint"),
    ]);
}

#[test]
fn circles_meet_by_angle() {
    let circle =
        |longitude, latitude, radius| Shape::of_circle(Circle::new(longitude, latitude, radius).expect("fits"));
    let cases = [
        (circle(0.0, 0.0, 1.0), geometry("Point", "[0,1]"), true),
        (circle(0.0, 0.0, 1.0), geometry("Point", "[0,1.000001]"), false),
        (circle(0.0, 80.0, 5.0), geometry("Point", "[20,80]"), true),
        (circle(0.0, 80.0, 15.0), geometry("Point", "[180,86]"), true),
        (circle(0.0, 80.0, 15.0), geometry("Point", "[180,84]"), false),
        (circle(179.5, 0.0, 1.0), geometry("Point", "[-179.6,0]"), true),
        (circle(359.5, 0.0, 1.0), geometry("Point", "[0.4,0]"), true),
        (circle(0.0, 0.0, 1.0), circle(0.0, 3.0, 2.0), true),
        (circle(0.0, 0.0, 1.0), circle(0.0, 3.001, 2.0), false),
        (circle(0.0, 0.0, 1.0), area(-5.0, -5.0, 5.0, 5.0), true),
        (circle(0.0, 0.0, 1.0), area(1.0, -5.0, 5.0, 5.0), true),
        (circle(0.0, 0.0, 1.0), area(1.000001, -5.0, 5.0, 5.0), false),
        (circle(180.0, 0.0, 0.1), area(170.0, -5.0, -170.0, 5.0), true),
        (circle(10.0, 89.0, 1.0), area(-120.0, 89.5, -110.0, 90.0), true),
        (circle(0.0, 60.0, 0.0), geometry("Point", "[0,60]"), true),
        (circle(0.0, 0.0, 90.0), geometry("Point", "[90,0]"), true),
        (circle(0.0, 0.0, 90.0), geometry("Point", "[91,0]"), false),
    ];
    for (one, other, expected) in cases {
        assert_eq!(one.intersects(&other), expected, "{one:?} {other:?}");
        assert_eq!(other.intersects(&one), expected, "{other:?} {one:?}");
    }
    assert_eq!(relations(&circle(0.0, 0.0, 1.0), &area(-5.0, -5.0, 5.0, 5.0)), "Intersects Within");
    assert_eq!(relations(&geometry("Point", "[0,90]"), &circle(0.0, 85.0, 10.0)), "Intersects Within");
    let stored = footprint(r#"{"body":"sky","centre":[359.5,0],"radius":1,"bbox":[358.5,-1,0.5,1]}"#).expect("a place");
    assert!(stored.intersects(&geometry("Point", "[0.4,0]")));
    assert!(!stored.intersects(&geometry("Point", "[0.4,0.9]")));
    for (longitude, latitude, radius) in [(0.0, 0.0, 90.5), (0.0, 91.0, 1.0), (f64::NAN, 0.0, 1.0), (0.0, 0.0, -1.0)] {
        assert_eq!(Circle::new(longitude, latitude, radius), None);
    }
}

#[test]
fn heights_matter_where_both_have_them() {
    let low = footprint(r#"{"bbox":[0,0,0,10,10,100]}"#).expect("a place");
    let flat = footprint(r#"{"bbox":[0,0,10,10]}"#).expect("a place");
    let tower =
        footprint(r#"{"geometry":{"type":"LineString","coordinates":[[1,1,500],[2,2,900]]}}"#).expect("a place");
    let region = || area(0.0, 0.0, 5.0, 5.0);
    assert!(low.intersects(&region().between_heights(50.0, 200.0)));
    assert!(!low.intersects(&region().between_heights(150.0, 200.0)));
    assert!(low.relates(SpatialRelation::Disjoint, &region().between_heights(150.0, 200.0)));
    assert!(low.intersects(&region()));
    assert!(flat.intersects(&region().between_heights(150.0, 200.0)));
    assert!(tower.intersects(&region().between_heights(850.0, 1000.0)));
    assert!(!tower.relates(SpatialRelation::Within, &region().between_heights(0.0, 100.0)));
}

#[test]
fn what_is_no_geometry_is_named() {
    let polygon = |fault| ShapeError::Polygon { at: 0, fault };
    let cases = [
        (r#"{"type":"Circle","coordinates":[1,2]}"#, ShapeError::Type("Circle".into())),
        (r#"{"type":"Point","coordinates":[361,0]}"#, ShapeError::Position("361, 0".into())),
        (r#"{"type":"Point","coordinates":[0,90.5]}"#, ShapeError::Position("0, 90.5".into())),
        (r#"{"type":"LineString","coordinates":[[0,1]]}"#, ShapeError::Line),
        (r#"{"type":"Polygon","coordinates":[]}"#, polygon(RingFault::TooFew)),
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"#, polygon(RingFault::TooFew)),
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[0,0.5]]]}"#, polygon(RingFault::NotClosed)),
        (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2],[0,0]]]}"#, polygon(RingFault::Flat)),
        (r#"{"type":"Polygon","coordinates":[[[-300,0],[300,0],[300,1],[-300,0]]]}"#, polygon(RingFault::TooWide)),
        (r#"{"coordinates":[1,2]}"#, ShapeError::Missing("type")),
        (r#"{"type":"Point"}"#, ShapeError::Missing("coordinates")),
        (r#"{"type":"GeometryCollection"}"#, ShapeError::Missing("geometries")),
    ];
    for (text, expected) in cases {
        assert_eq!(Shape::parse(text), Err(expected), "{text}");
    }
    for text in [
        "",
        "[]",
        "null",
        r#"{"type":"Point","coordinates":[1]}"#,
        r#"{"type":"Point","coordinates":[NaN,1]}"#,
        r#"{"type":"Point","coordinates":["1",2]}"#,
        r#"{"type":"Point","coordinates":[1e999,2]}"#,
        r#"{"type":"Point","coordinates":[1,2,3,4,5]}"#,
    ] {
        assert!(matches!(Shape::parse(text), Err(ShapeError::NotJson(_))), "{text}");
    }
    let nested = |depth: usize| {
        format!(
            "{}{}{}",
            r#"{"type":"GeometryCollection","geometries":["#.repeat(depth),
            r#"{"type":"Point","coordinates":[1,2]}"#,
            "]}".repeat(depth)
        )
    };
    assert!(Shape::parse(&nested(10)).is_ok());
    assert_eq!(Shape::parse(&nested(20)), Err(ShapeError::TooDeep));
    assert_eq!(Shape::parse(&nested(5000)), Err(ShapeError::TooDeep));
    let many = format!(r#"{{"type":"MultiPoint","coordinates":[{}[1,2]]}}"#, "[1,2],".repeat(MAX_POSITIONS));
    assert_eq!(Shape::parse(&many), Err(ShapeError::TooLarge));
}

#[test]
fn rings_of_a_query_that_cross_or_touch_enclose_what_lies_within_an_odd_number_of_them() {
    let bow_tie = geometry("Polygon", "[[[0,0],[10,10],[10,0],[0,10],[0,0]]]");
    let eight = geometry("Polygon", "[[[0,0],[5,5],[10,0],[10,10],[5,5],[0,10],[0,0]]]");
    let twice = geometry("Polygon", "[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[5,5],[5,12],[12,12],[12,5],[5,5]]]");
    let star = geometry("Polygon", "[[[0,3],[6,3],[1,-1],[3,5],[5,-1],[0,3]]]");
    let apart = geometry("Polygon", "[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[20,20],[21,20],[21,21],[20,20]]]");
    let cases = [
        (&bow_tie, "[9,5]", true),
        (&bow_tie, "[1,5]", true),
        (&bow_tie, "[5,9]", false),
        (&bow_tie, "[5,1]", false),
        (&eight, "[1,5]", true),
        (&eight, "[9,5]", true),
        (&eight, "[5,9]", false),
        (&twice, "[2,2]", true),
        (&twice, "[7,7]", false),
        (&twice, "[11,11]", true),
        (&twice, "[11,2]", false),
        (&star, "[3,2]", false),
        (&star, "[3,4]", true),
        (&star, "[0.6,2.9]", true),
        (&apart, "[5,5]", true),
        (&apart, "[20.9,20.5]", true),
        (&apart, "[15,15]", false),
    ];
    for (shape, place, expected) in cases {
        assert_eq!(shape.intersects(&geometry("Point", place)), expected, "{place} {shape:?}");
    }
    assert_eq!(relations(&bow_tie, &bow_tie), "Intersects Equals Within Contains");
    assert_eq!(relations(&geometry("Point", "[9,5]"), &bow_tie), "Intersects Within");
    let zigzag = |teeth: usize| -> String {
        let up = (0..teeth).map(|at| format!("[{},0],[{},1],", at as f64 * 0.001, at as f64 * 0.001));
        let back = (0..teeth).rev().map(|at| format!("[{},0.5],", at as f64 * 0.001));
        let ring: String = up.chain(back).collect();
        format!(r#"{{"type":"Polygon","coordinates":[[[0,-1],{ring}[0,-1]]]}}"#)
    };
    assert!(Shape::parse(&zigzag(100)).is_ok());
    let fault = RingFault::TooIntricate;
    assert_eq!(Shape::parse(&zigzag(2_000)), Err(ShapeError::Polygon { at: 0, fault }));
}

#[test]
fn a_comb_of_the_largest_size_is_checked_quickly() {
    let teeth = MAX_POSITIONS / 4 - 2;
    let tooth = |at: usize| {
        let x = at as f64 * 0.001;
        format!("[{},0.5],[{},0.5],[{},1],[{x},1],", x + 0.0009, x + 0.0004, x + 0.0003)
    };
    let ring: String = (0..teeth).rev().map(tooth).collect();
    let text = format!(r#"{{"type":"Polygon","coordinates":[[[0,0],[20,0],{ring}[0,0]]]}}"#);
    let comb = shape(&text);
    assert!(comb.intersects(&geometry("Point", "[0.0001,0.9]")));
    assert!(!comb.intersects(&geometry("Point", "[0.0006,0.9]")));
}

#[test]
fn boxes_hold_the_shape_and_say_when_they_are_it() {
    let numbers = |shape: &Shape| -> Vec<([f64; 4], bool)> {
        shape
            .boxes()
            .iter()
            .map(|part| ([part.area.west, part.area.south, part.area.east, part.area.north], part.is_exact))
            .collect()
    };
    assert_eq!(numbers(&area(0.0, 1.0, 2.0, 3.0)), [([0.0, 1.0, 2.0, 3.0], true)]);
    assert_eq!(numbers(&geometry("Point", "[1,2]")), [([1.0, 2.0, 1.0, 2.0], true)]);
    assert_eq!(numbers(&geometry("Polygon", "[[[0,0],[4,0],[0,4],[0,0]]]")), [([0.0, 0.0, 4.0, 4.0], false)]);
    assert_eq!(
        numbers(&area(0.0, 80.0, 10.0, 90.0)),
        [([-180.0, 90.0, 180.0, 90.0], true), ([0.0, 80.0, 10.0, 90.0], true)]
    );
    assert_eq!(numbers(&area(-180.0, 0.0, 180.0, 3.0)), [([-180.0, 0.0, 180.0, 3.0], true)]);
    let crossing = numbers(&area(170.0, 0.0, -170.0, 3.0));
    assert!((crossing[0].0[0] - 170.0).abs() < 1e-9 && (crossing[0].0[2] + 170.0).abs() < 1e-9, "{crossing:?}");
    let cut = geometry("MultiPoint", "[[170,0],[-170,3],[180,1]]").envelope().expect("a box");
    assert_eq!([cut.west, cut.south, cut.east, cut.north], [170.0, 0.0, -170.0, 3.0]);
    assert_eq!(shape(r#"{"type":"GeometryCollection","geometries":[]}"#).envelope(), None);
}
