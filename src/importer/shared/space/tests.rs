//! Footprints on bodies and on the sky.

use super::*;
use crate::importer::Reason;

#[test]
fn what_cannot_be_searched_is_left_out_and_named() {
    let point = r#"{"type":"Point","coordinates":[1.10,2]}"#;
    let text = |geometry, bbox| footprint("earth", None, geometry, bbox).text;
    let whole = format!(r#"{{"body":"earth","frame":"WGS84","geometry":{point},"bbox":[1,2,3,4]}}"#);
    assert_eq!(text(Some(point), Some("[1,2,3,4]")), Some(whole));
    assert_eq!(text(None, None), None);
    let far = r#"{"type":"Point","coordinates":[500000.5,4500000.5]}"#;
    let made = footprint("earth", None, Some(far), Some("[-180,90,180,-90]"));
    assert_eq!((made.text, made.geometry_kept, made.bbox_kept, made.findings.len()), (None, false, false, 2));
    let made = footprint("earth", None, None, Some("[-180.5,0,-179,1]"));
    assert_eq!(made.text.as_deref(), Some(r#"{"body":"earth","frame":"WGS84","bbox":[179.5,0.0,-179.0,1.0]}"#));
    assert_eq!((made.bbox_kept, made.findings), (false, vec![Reason::LongitudeWrapped]));
    let mars = footprint("mars", None, None, Some("[350,0,359,1]")).text;
    assert_eq!(mars.as_deref(), Some(r#"{"body":"mars","bbox":[350,0,359,1]}"#));
}

#[test]
fn shapes_are_brought_into_range_and_cut_at_the_seam() {
    let bx = |west, south, east, north| Shape::Box { west, south, east, north };
    let ring = |corners: &[[f64; 2]]| Shape::Polygon(corners.to_vec());
    let cases = [
        ("earth", bx(170.0, -1.0, 190.0, 1.0), r#""frame":"WGS84","bbox":[170,-1,-170,1]"#),
        ("mars", bx(0.0, -90.0, 360.0, 90.0), r#""bbox":[-180,-90,180,90]"#),
        ("mars", bx(180.0, 0.0, 270.0, 1.0), r#""bbox":[-180,0,-90,1]"#),
        ("mars", bx(90.0, 0.0, 180.0, 1.0), r#""bbox":[90,0,180,1]"#),
        ("mars", bx(-10.0, 0.0, -30.0, 1.0).turned_east(), r#""bbox":[10,0,30,1]"#),
        ("moon", Shape::Point([350.0, 5.0]), r#""geometry":{"type":"Point","coordinates":[-10,5]}"#),
        (
            "earth",
            ring(&[[10.0, 0.0], [20.0, 0.0], [20.0, 5.0]]),
            r#""frame":"WGS84","geometry":{"type":"Polygon","coordinates":[[[10,0],[20,0],[20,5],[10,0]]]}"#,
        ),
        (
            "earth",
            ring(&[[170.0, 0.0], [-170.0, 0.0], [-170.0, 10.0], [170.0, 10.0]]),
            r#""frame":"WGS84","geometry":{"type":"MultiPolygon","coordinates":[[[[170,0],[180,0],[180,10],[170,10],[170,0]]],[[[-180,0],[-170,0],[-170,10],[-180,10],[-180,0]]]]}"#,
        ),
        (
            "sky",
            ring(&[[350.0, 0.0], [10.0, 0.0], [0.0, 9.0]]),
            r#""frame":"ICRS","geometry":{"type":"Polygon","coordinates":[[[-10,0],[10,0],[0,9],[-10,0]]]}"#,
        ),
        (
            "sky",
            Shape::Circle { centre: [202.5, 47.0], radius: 0.5 },
            r#""frame":"ICRS","bbox":[-158.2331502944,46.5,-156.7668497056,47.5],"centre":[202.5,47],"radius":0.5"#,
        ),
        (
            "sky",
            Shape::Circle { centre: [0.0, 89.0], radius: 2.0 },
            r#""frame":"ICRS","bbox":[-180,87,180,90],"centre":[0,89],"radius":2"#,
        ),
    ];
    for (body, shape, expected) in cases {
        let made = of_shape(body, None, &shape);
        let expected = format!(r#"{{"body":"{body}",{expected}}}"#);
        assert_eq!((made.text.as_deref(), made.findings.as_slice()), (Some(expected.as_str()), &[][..]), "{shape:?}");
    }
}

#[test]
fn a_ring_around_a_pole_holds_the_pole() {
    let ring = Shape::Polygon(vec![[0.0, 70.0], [90.0, 70.0], [180.0, 70.0], [270.0, 70.0]]);
    let text = of_shape("mars", None, &ring).text.expect("usable");
    assert!(text.contains("[-180,90]") && text.contains("[180,90]"), "{text}");
}

#[test]
fn shapes_that_are_nowhere_are_findings() {
    let nowhere = [
        Shape::Point([0.0, 95.0]),
        Shape::Point([f64::NAN, 0.0]),
        Shape::Polygon(vec![]),
        Shape::Polygon(vec![[1e9, 0.0], [2.0, 0.0], [3.0, 1.0]]),
        Shape::Box { west: 0.0, south: 10.0, east: 1.0, north: 0.0 },
        Shape::Circle { centre: [0.0, 0.0], radius: -1.0 },
        Shape::Geometry("{\"type\":\"Pear\"}"),
    ];
    for shape in nowhere {
        let made = of_shape("earth", None, &shape);
        assert_eq!((made.text, made.findings.len()), (None, 1), "{shape:?}");
    }
}

#[test]
fn angles_on_the_disk_of_the_sun_are_kept_and_not_searched() {
    let shape = Shape::Box { west: -0.3, south: -0.3, east: 0.3, north: 0.3 };
    let text = of_shape("sun", Some(HELIOPROJECTIVE), &shape).text;
    assert_eq!(text.as_deref(), Some(r#"{"body":"sun","frame":"helioprojective","outline":[-0.3,-0.3,0.3,0.3]}"#));
}

#[test]
fn regions_of_the_sky_are_read() {
    let corners = vec![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let cases = [
        ("Polygon ICRS 1 2 3 4 5 6", Some(Shape::Polygon(corners.clone()))),
        ("POLYGON 1.0 2.0 3.0 4.0 5.0 6.0", Some(Shape::Polygon(corners.clone()))),
        ("Polygon ICRS TOPOCENTER SPHERICAL2 1 2 3 4 5 6", Some(Shape::Polygon(corners.clone()))),
        ("Union ICRS (Polygon 1 2 3 4 5 6 Polygon 7 8 9 10 11 12)", Some(Shape::Polygon(corners))),
        ("Circle ICRS 10 -20 0.5", Some(Shape::Circle { centre: [10.0, -20.0], radius: 0.5 })),
        ("Position FK5 1 2", Some(Shape::Point([1.0, 2.0]))),
        ("Polygon GALACTIC 1 2 3 4 5 6", None),
        ("Polygon ICRS 1 2 3", None),
        ("Circle ICRS nan 0 1", None),
        ("", None),
        ("Union ICRS", None),
    ];
    for (text, expected) in cases {
        assert_eq!(stc_s(text), expected, "{text}");
    }
    let Some(Shape::Polygon(corners)) = stc_s("Box ICRS 0 60 2 2") else { panic!("a box") };
    assert!(corners.iter().all(|corner| corner[0].abs() > 1.9 && (corner[1] - 60.0).abs() < 1.1), "{corners:?}");
}

#[test]
fn well_known_text_is_read() {
    let bx = |west, south, east, north| Some(Shape::Box { west, south, east, north });
    let triangle = || Some(Shape::Polygon(vec![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [1.0, 2.0]]));
    let cases = [
        ("POINT(1 2)", Some(Shape::Point([1.0, 2.0]))),
        ("Point Z (1 2 3)", Some(Shape::Point([1.0, 2.0]))),
        ("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(2 1)", Some(Shape::Point([1.0, 2.0]))),
        ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POLYGON ((1 2, 3 4, 5 6, 1 2))", triangle()),
        ("POLYGON((1 2,3 4,5 6,1 2),(1 1,2 2,3 3,1 1))", triangle()),
        ("MULTIPOLYGON(((1 2,3 4,5 6,1 2)))", triangle()),
        ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))", bx(0.0, 0.0, 6.0, 6.0)),
        ("ENVELOPE(1, 3, 4, 2)", bx(1.0, 2.0, 3.0, 4.0)),
        ("SRID=4326;POINT(1 2)", Some(Shape::Point([1.0, 2.0]))),
        ("<http://www.opengis.net/def/crs/EPSG/0/3857> POINT(2 1)", None),
        ("POINT(a b)", None),
        ("POINT", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(wkt(text), expected, "{text}");
    }
}
