//! What is read, what is refused and where; hostile inputs end soon.

use super::{FilterError, MAX_DEPTH, MAX_OPERANDS, MAX_TEXT_BYTES, from_json, from_text, native, stac};
use crate::model::{Comparison, Facet, Filter, Moment, Operand, Place, PropertyName, SpatialRelation};

fn read(text: &str) -> Filter {
    from_text(text, native).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> FilterError {
    from_text(text, native).expect_err(text)
}

fn member(path: &str) -> Operand {
    Operand::Property(PropertyName::Member(path.to_owned()))
}

#[test]
fn text_and_json_give_the_same_filter() {
    let cases = [
        ("eo:cloud_cover < 10", r#"{"op":"<","args":[{"property":"eo:cloud_cover"},10]}"#),
        (
            "a = 'x' AND NOT b LIKE 'y%'",
            r#"{"op":"and","args":[{"op":"=","args":[{"property":"a"},"x"]},{"op":"not","args":[{"op":"like","args":[{"property":"b"},"y%"]}]}]}"#,
        ),
        ("a IN (1, 2, 3)", r#"{"op":"in","args":[{"property":"a"},[1,2,3]]}"#),
        ("a IN ('x')", r#"{"op":"in","args":[{"property":"a"},["x"]]}"#),
        ("a NOT BETWEEN 1 AND 2", r#"{"op":"not","args":[{"op":"between","args":[{"property":"a"},1,2]}]}"#),
        (
            "CASEI(ACCENTI(a)) = CASEI('Ü')",
            r#"{"op":"=","args":[{"op":"casei","args":[{"op":"accenti","args":[{"property":"a"}]}]},{"op":"casei","args":["Ü"]}]}"#,
        ),
        (
            "S_WITHIN(geometry, BBOX(1,2,3,4))",
            r#"{"op":"s_within","args":[{"property":"geometry"},{"bbox":[1,2,3,4]}]}"#,
        ),
        (
            "S_INTERSECTS(geometry, POINT(1 2))",
            r#"{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[1.0,2.0]}]}"#,
        ),
        (
            "T_DURING(datetime, INTERVAL('2019-01-01T00:00:00Z', '..'))",
            r#"{"op":"t_during","args":[{"property":"datetime"},{"interval":["2019-01-01T00:00:00Z",".."]}]}"#,
        ),
        ("A_CONTAINS(k, ('a','b'))", r#"{"op":"a_contains","args":[{"property":"k"},["a","b"]]}"#),
        (
            "a = b + 2 * 3",
            r#"{"op":"=","args":[{"property":"a"},{"op":"+","args":[{"property":"b"},{"op":"*","args":[2,3]}]}]}"#,
        ),
        ("a IS NULL", r#"{"op":"isNull","args":[{"property":"a"}]}"#),
        (
            "a > TIMESTAMP('2019-01-01T00:00:00Z')",
            r#"{"op":">","args":[{"property":"a"},{"timestamp":"2019-01-01T00:00:00Z"}]}"#,
        ),
    ];
    for (text, json) in cases {
        let from_json = from_json(json, native).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(read(text), from_json, "{text}");
    }
}

#[test]
fn names_mean_fields_of_the_schema_or_members() {
    let left = |names, name: &str| match from_text(&format!("\"{name}\" = 1"), names).expect(name) {
        Filter::Compare { left, comparison: Comparison::Equal, .. } => left,
        other => panic!("{other:?}"),
    };
    assert_eq!(left(native, "missions"), Operand::Property(PropertyName::Facet(Facet::Mission)));
    assert_eq!(left(native, "properties.platform"), member("platform"));
    assert_eq!(left(native, "naip:state"), member("naip:state"));
    assert_eq!(left(stac, "properties.naip:state"), member("naip:state"));
    assert_eq!(left(stac, "created"), member("created"));
    let both = PropertyName::Either(
        Box::new(PropertyName::Member("platform".into())),
        Box::new(PropertyName::Facet(Facet::Platform)),
    );
    assert_eq!(left(stac, "platform"), Operand::Property(both));
    let filter = read("S_DISJOINT(geometry.Mars, BBOX(1,2,-3,4))");
    let Filter::Spatial { relation: SpatialRelation::Disjoint, left: Place::Footprint { body }, right } = filter else {
        panic!("no spatial predicate")
    };
    assert_eq!(body, "mars");
    assert!(matches!(right, Place::Box(bbox, None) if bbox.west == 1.0 && bbox.east == -3.0));
}

#[test]
fn faults_are_named_with_their_place() {
    let cases = [
        ("", 0, "empty"),
        ("a = ", 4, "CQL2"),
        ("a = 'x", 4, "not closed"),
        ("(a = 1", 0, "not closed"),
        ("a = 1)", 5, "never opened"),
        ("a = 1 b = 2", 6, "operator is missing"),
        ("a = 1 orbit = 2", 6, "operator is missing"),
        ("a = 1 = 2", 6, "second comparison"),
        ("a = 1 AND frob(b) = 2", 10, "\"frob\""),
        ("S_WITHIN(geometry, Buffer(geometry, 10, 'm'))", 19, "\"Buffer\""),
        ("a = 1 AND S_INTERSECTS(geometry, BBOX(1,2,3))", 33, "4 or 6 numbers"),
        ("S_INTERSECTS(geometry, BBOX(1,2,3,4,5))", 23, "4 or 6 numbers"),
        ("S_INTERSECTS(geometry, BBOX(1,2,9,3,4,5))", 23, "height 9 lies above height 5"),
        ("S_INTERSECTS(geometry, BBOX(0,91,1,92))", 23, "latitude"),
        ("S_INTERSECTS(title, BBOX(0,1,1,2))", 13, "no geometry"),
        ("geometry = 'x'", 0, "is a geometry"),
        ("a = ü§", 6, "no place"),
        ("updated > TIMESTAMP('yesterday')", 20, "RFC 3339"),
        ("updated > DATE('2019-02-30')", 15, "no date"),
        ("updated > DATE('0000-01-01')", 15, "years 1 to 9998"),
        ("updated > DATE('9999-06-01')", 15, "years 1 to 9998"),
        ("T_AFTER(updated, INTERVAL('2020-01-01','2019-01-01'))", 17, "ends before"),
        ("a = NULL", 4, "NULL"),
        ("a + 'x' = 2", 2, "calculates"),
        ("a LIKE b", 2, "pattern"),
    ];
    for (text, position, words) in cases {
        let error = refused(text);
        assert!(error.reason.contains(words), "{text}: {error}");
        assert_eq!(error.position, Some(position), "{text}: {error}");
    }
    for text in
        ["a = NaN / ", "a + 1", "'x'", "casei(a)", "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 0)))", "a = 1e999"]
    {
        refused(text);
    }
}

#[test]
fn json_faults_are_named_with_their_place() {
    let cases = [
        ("", None, "not JSON"),
        ("{\"op\":", Some(5), "not JSON"),
        ("[1]", None, "a value stands"),
        (r#"{"op":"=","args":[{"property":"a"},1],"extra":1}"#, Some(38), "no meaning"),
        (r#"{"op":"=","args":[{"property":"a","x":1},1]}"#, Some(34), "no meaning"),
        (r#"{"op":"frob","args":[{"property":"a"}]}"#, Some(6), "\"frob\""),
        (r#"{"op":"=","args":[{"property":"a"}]}"#, Some(6), "2 arguments"),
        (r#"{"op":"=","args":[{"property":"a"},null]}"#, None, "NULL"),
        (r#"{"op":"s_within","args":[{"property":"geometry"},{"bbox":[1,2,3]}]}"#, Some(50), "4 or 6"),
        (
            r#"{"op":"s_within","args":[{"property":"geometry"},{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}]}"#,
            None,
            "ring",
        ),
        (r#"{"op":"=","args":[{"property":"a"},1e999]}"#, None, "not JSON"),
    ];
    for (text, position, words) in cases {
        let error = from_json(text, native).expect_err(text);
        assert!(error.reason.contains(words), "{text}: {error}");
        assert!(position.is_none() || error.position == position, "{text}: {error}");
    }
}

#[test]
fn hostile_filters_are_refused_soon_and_never_overflow_the_stack() {
    let many = |count: usize| vec!["a = 1"; count].join(" OR ");
    let nested = |open: &str, close: &str, count: usize| format!("{}a = 1{}", open.repeat(count), close.repeat(count));
    let hostile = [
        "x".repeat(1 << 20),
        many(10_000),
        nested("(", ")", 5_000),
        nested("(", ")", MAX_DEPTH + 1),
        nested("NOT ", "", 5_000),
        format!("a = {}1", "-".repeat(5_000)),
        format!("a = {}1", "- ".repeat(5_000)),
        vec!["a"; 1_500].join(" = "),
        vec!["a"; 1_500].join(" + "),
        format!("a = {}1{}", "(".repeat(60), ", 1)".repeat(60)),
        format!("{}a = {}", "(".repeat(60), ")".repeat(60)),
        format!("{}a = 1{}", "casei(".repeat(60), ")".repeat(60)),
        format!("s_intersects(geometry, {}POINT(1 2){})", "GEOMETRYCOLLECTION(".repeat(50), ")".repeat(50)),
        format!("s_intersects(geometry, {}POINT(1 x){})", "GEOMETRYCOLLECTION(".repeat(50), ")".repeat(50)),
        format!("a LIKE '{}'", "%a".repeat(5_000)),
        "*".to_owned(),
        "\"".to_owned(),
        "\u{0}".to_owned(),
    ];
    for text in &hostile {
        let begun = std::time::Instant::now();
        let error = refused(text);
        let shown: String = text.chars().take(60).collect();
        assert!(begun.elapsed().as_secs() < 5, "{shown}: {error} after {:?}", begun.elapsed());
    }
    let deep = format!("{}1{}", r#"{"op":"not","args":["#.repeat(5_000), "]}".repeat(5_000));
    assert!(from_json(&deep, native).is_err());
    assert!(from_json(&"[".repeat(1 << 20), native).is_err());
}

#[test]
fn filters_at_the_limits_are_read() {
    let most = vec!["a = 1"; MAX_OPERANDS / 2].join(" AND ");
    assert!(matches!(read(&most), Filter::And(parts) if parts.len() == MAX_OPERANDS / 2));
    assert!(refused(&format!("{most} AND b = 1")).reason.contains("at most"));
    read(&format!("{}a = 1{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH)));
    let longest = format!("a = '{}'", "x".repeat(MAX_TEXT_BYTES - 6));
    read(&longest);
    refused(&format!("{longest} "));
    read(&format!("a = {}1", "1 + ".repeat(100)));
    refused(&format!("a = {}1", "1 + ".repeat(200)));
}

#[test]
fn a_literal_without_a_word_stands_as_it_is() {
    assert_eq!(read("TRUE"), Filter::Truth(Operand::Bool(true)));
    assert_eq!(read("flag"), Filter::Truth(member("flag")));
    let Filter::Temporal { right: Moment::Date(day), .. } = read("T_BEFORE(updated, DATE('2015-01-01'))") else {
        panic!("no temporal predicate")
    };
    assert_eq!(day.to_string(), "2015-01-01T00:00:00.000000Z");
}
