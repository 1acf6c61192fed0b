//! Queryables and sortables as JSON Schema (OGC API Features Part 3 § 6.2), the same for every face; which names a
//! face has for them is for the face to say.

use serde_json::{Map, Value, json};

use crate::catalogue::Queryable;

/// The schema of an object with these members. `id` is the address where it is served.
pub fn schema(id: &str, title: &str, queryables: &[Queryable]) -> Value {
    let properties: Map<String, Value> = queryables.iter().map(|one| (one.name.clone(), member(one))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": id,
        "type": "object",
        "title": title,
        "properties": properties,
        "additionalProperties": false
    })
}

/// The schema of one member.
pub fn member(queryable: &Queryable) -> Value {
    let mut schema = Map::new();
    let mut add = |name: &str, value: Value| schema.insert(name.to_owned(), value);
    let is_geometry = queryable.format.is_some_and(|format| format.starts_with("geometry"));
    match queryable.types.as_slice() {
        _ if is_geometry => None,
        [] => None,
        [one] => add("type", json!(one)),
        several => add("type", json!(several)),
    };
    if let Some(format) = queryable.format {
        add("format", json!(format));
    }
    if let Some(description) = queryable.description {
        add("description", json!(description));
    }
    for (name, value) in [("minimum", queryable.minimum), ("maximum", queryable.maximum)] {
        if let Some(value) = value {
            add(name, json!(value));
        }
    }
    for (name, value) in [("x-earliest", &queryable.earliest), ("x-latest", &queryable.latest)] {
        if let Some(value) = value {
            add(name, json!(value));
        }
    }
    if !queryable.choices.is_empty() {
        add("enum", json!(queryable.choices));
    } else if !queryable.examples.is_empty() {
        add("examples", json!(queryable.examples));
    }
    if let Some(count) = queryable.count {
        add("x-count", json!(count));
    }
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_say_their_types_ends_and_choices() {
        let number = Queryable {
            name: "n".into(),
            types: vec!["integer", "string"],
            minimum: Some(1.0),
            maximum: Some(2.0),
            examples: vec!["x".into()],
            count: Some(3),
            ..Queryable::default()
        };
        let expected =
            json!({"type": ["integer", "string"], "minimum": 1.0, "maximum": 2.0, "examples": ["x"], "x-count": 3});
        assert_eq!(member(&number), expected);
        let geometry = Queryable { types: vec!["object"], format: Some("geometry-any"), ..Queryable::default() };
        assert_eq!(member(&geometry), json!({"format": "geometry-any"}));
        let choice = Queryable { types: vec!["string"], choices: vec!["a".into()], ..Queryable::default() };
        assert_eq!(schema("i", "t", &[choice])["properties"][""], json!({"type": "string", "enum": ["a"]}));
    }
}
