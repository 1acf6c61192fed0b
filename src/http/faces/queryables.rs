//! Queryables and sortables as JSON Schema (OGC API Features Part 3 § 6.2), the same for every face; which names a
//! face has for them is for the face to say.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use crate::catalogue::{Catalogue, Error, Queryable};
use crate::http::faces::native::records::identifier;
use crate::http::parameters::Parameters;
use crate::http::problem::Answer;
use crate::http::state::State;
use crate::model::Key;
use crate::model::uri::encode;

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Queryables,
    Sortables,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Queryables => "queryables",
            Self::Sortables => "sortables",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Queryables => "Queryables",
            Self::Sortables => "Sortables",
        }
    }
}

/// Finds what a list has under the names of a face, of these collections or of all.
pub type Find = fn(&Catalogue, &[String], List) -> Result<Vec<Queryable>, Error>;

/// Answers with a list, of one collection or of all. `face` is the path of the face, as `/stac`.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    (face, find): (&str, Find),
    collection: Option<String>,
    list: List,
) -> Answer {
    Parameters::of(request)?.finish(&[])?;
    let collection = collection.map(|text| identifier("collection", &text)).transpose()?;
    let catalogue = state.catalogue.clone();
    let scope = collection.clone();
    let found = crate::http::blocking(move || {
        if let Some(collection) = &scope {
            catalogue.get(&Key::collection(collection.clone()))?;
        }
        let collections: Vec<String> = scope.iter().map(ToString::to_string).collect();
        find(&catalogue, &collections, list)
    })
    .await?;
    let root = format!("{}{face}", state.base(request));
    let (name, title) = (list.name(), list.title());
    let (id, title) = match &collection {
        Some(collection) => {
            (format!("{root}/collections/{}/{name}", encode(collection.as_str())), format!("{title} of {collection}"))
        }
        None => (format!("{root}/{name}"), format!("{title} of all collections")),
    };
    let body = schema(&id, &title, &found).to_string();
    Ok(HttpResponse::Ok().content_type("application/schema+json").body(body))
}

/// The schema of an object with these members. `id` is the address where it is served.
fn schema(id: &str, title: &str, queryables: &[Queryable]) -> Value {
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
