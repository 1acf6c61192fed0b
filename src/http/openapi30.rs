//! The interface description of one face as OpenAPI 3.0.3, which the OGC class `oas30` and older clients want. Made from
//! the 3.1 description of all faces: what 3.1 says in ways that 3.0 does not know is said in those of 3.0.

use serde_json::{Map, Value, json};

use super::openapi;

/// The part of the description whose paths begin with `prefix`, with all schemas that it names.
pub fn json(prefix: &str) -> String {
    let whole: Value = serde_json::from_str(&openapi::json()).unwrap_or_default();
    describe(&whole, prefix).to_string()
}

fn describe(whole: &Value, prefix: &str) -> Value {
    let empty = Map::new();
    let paths = whole.get("paths").and_then(Value::as_object).unwrap_or(&empty);
    let is_ours = |path: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    let ours = paths.iter().filter(|(path, _)| is_ours(path)).map(|(path, item)| (path.clone(), older(item)));
    let paths = Value::Object(ours.collect());
    let schemas = whole.pointer("/components/schemas").and_then(Value::as_object).unwrap_or(&empty);
    let mut named = Vec::new();
    references(&paths, &mut named);
    let mut components = Map::new();
    while let Some(name) = named.pop() {
        let Some(schema) = schemas.get(&name).filter(|_| !components.contains_key(&name)) else { continue };
        let schema = older(schema);
        references(&schema, &mut named);
        components.insert(name, schema);
    }
    json!({
        "openapi": "3.0.3",
        "info": whole.get("info").cloned().unwrap_or_default(),
        "servers": whole.get("servers").cloned().unwrap_or_default(),
        "paths": paths,
        "components": { "schemas": components },
    })
}

/// Names of the schemas that a value refers to.
fn references(value: &Value, named: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member.as_str()) {
                    ("$ref", Some(reference)) => {
                        named.extend(reference.strip_prefix("#/components/schemas/").map(str::to_owned));
                    }
                    _ => references(member, named),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| references(element, named)),
        _ => {}
    }
}

/// A value of 3.1 in the words of 3.0: a type that may be null is `nullable`, `const` is an `enum` of one, `examples` of
/// a schema an `example`, exclusive bounds are marks on the bounds. The description is ours, so it nests as deep as we write.
fn older(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut written = Map::new();
            for (name, member) in members {
                rewrite(name, member, &mut written);
            }
            nullable_choice(&mut written);
            Value::Object(written)
        }
        Value::Array(elements) => Value::Array(elements.iter().map(older).collect()),
        other => other.clone(),
    }
}

fn rewrite(name: &str, member: &Value, written: &mut Map<String, Value>) {
    match (name, member) {
        ("type", Value::Array(types)) => {
            let mut types: Vec<&Value> = types.iter().collect();
            let count = types.len();
            types.retain(|each| each.as_str() != Some("null"));
            if types.len() < count {
                written.insert("nullable".to_owned(), Value::Bool(true));
            }
            match types.as_slice() {
                [one] => drop(written.insert("type".to_owned(), (*one).clone())),
                several => {
                    let choice = several.iter().map(|each| json!({ "type": each })).collect();
                    written.insert("anyOf".to_owned(), Value::Array(choice));
                }
            }
        }
        ("const", value) => drop(written.insert("enum".to_owned(), json!([value]))),
        ("examples", Value::Array(examples)) => {
            if let Some(example) = examples.first() {
                written.insert("example".to_owned(), example.clone());
            }
        }
        ("exclusiveMinimum", bound) if bound.is_number() => {
            written.insert("minimum".to_owned(), bound.clone());
            written.insert("exclusiveMinimum".to_owned(), Value::Bool(true));
        }
        ("exclusiveMaximum", bound) if bound.is_number() => {
            written.insert("maximum".to_owned(), bound.clone());
            written.insert("exclusiveMaximum".to_owned(), Value::Bool(true));
        }
        ("propertyNames" | "contentEncoding" | "contentMediaType" | "$schema" | "$defs", _) => {}
        _ => drop(written.insert(name.to_owned(), older(member))),
    }
}

/// `oneOf` with null is the other choice, nullable. A reference stands alone in 3.0, so it is wrapped.
fn nullable_choice(members: &mut Map<String, Value>) {
    for name in ["oneOf", "anyOf"] {
        let Some(Value::Array(choices)) = members.get_mut(name) else { continue };
        let count = choices.len();
        choices.retain(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
        if choices.len() == count {
            continue;
        }
        let left = std::mem::take(choices);
        members.remove(name);
        members.insert("nullable".to_owned(), Value::Bool(true));
        let rule = if left.len() == 1 { "allOf" } else { name };
        members.insert(rule.to_owned(), Value::Array(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: Value, expected: Value) {
        assert_eq!(older(&given), expected, "{given}");
    }

    #[test]
    fn schemas_are_said_in_the_words_of_3_0() {
        check(
            json!({ "type": ["string", "null"], "maxLength": 3 }),
            json!({ "type": "string", "nullable": true, "maxLength": 3 }),
        );
        check(
            json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/x" }] }),
            json!({ "nullable": true, "allOf": [{ "$ref": "#/x" }] }),
        );
        check(json!({ "const": "a" }), json!({ "enum": ["a"] }));
        check(json!({ "examples": [1, 2] }), json!({ "example": 1 }));
        check(json!({ "exclusiveMinimum": 0 }), json!({ "minimum": 0, "exclusiveMinimum": true }));
        check(
            json!({ "items": { "type": ["integer", "string"] } }),
            json!({ "items": { "anyOf": [{ "type": "integer" }, { "type": "string" }] } }),
        );
    }

    /// Every word of 3.1 alone that is left, with its place.
    fn newer(value: &Value, place: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let is_newer = match name.as_str() {
                        "type" => member.is_array() || member == "null",
                        "const" | "propertyNames" | "$defs" | "contentEncoding" => true,
                        "exclusiveMinimum" | "exclusiveMaximum" => member.is_number(),
                        "examples" => member.is_array(),
                        _ => false,
                    };
                    let place = format!("{place}/{name}");
                    if is_newer {
                        found.push(place.clone());
                    }
                    newer(member, &place, found);
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| newer(element, place, found)),
            _ => {}
        }
    }

    #[test]
    fn each_face_is_described_whole_and_without_anything_newer() {
        for (prefix, path) in [("/records", "/records/collections/{catalogue}/items"), ("/stac", "/stac/search")] {
            let described: Value = serde_json::from_str(&super::json(prefix)).expect("JSON");
            assert_eq!(described["openapi"], "3.0.3");
            assert!(described["paths"][path]["get"].is_object(), "{prefix}");
            assert!(described["components"]["schemas"]["ProblemBody"].is_object());
            assert!(described["paths"].as_object().expect("paths").keys().all(|path| path.starts_with(prefix)));
            let mut found = Vec::new();
            newer(&described, "", &mut found);
            assert_eq!(found, Vec::<String>::new());
            let mut named = Vec::new();
            references(&described, &mut named);
            let schemas = described["components"]["schemas"].as_object().expect("schemas");
            assert!(named.iter().all(|name| schemas.contains_key(name)), "{named:?}");
        }
    }
}
