//! What the records of a catalogue can be asked for and sorted by, and what they look like.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

use super::ask::Scope;
use super::format::Format;
use super::items::scope;
use crate::catalogue::Queryable;
use crate::http::faces::queryables::{List, member};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;

const SCHEMA: &str = "application/schema+json";

/// `GET /records/collections/{catalogue}/queryables`.
#[utoipa::path(get, path = "/records/collections/{catalogue}/queryables", tag = "records-api", operation_id = "records_queryables",
    params(("catalogue" = String, Path), ("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn queryables(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let scope = scope(&state, &path)?;
    let properties = listed(&state, scope, List::Queryables).await?;
    answer(&request, &state, &path, "queryables", "Queryables", properties)
}

/// `GET /records/collections/{catalogue}/sortables`.
#[utoipa::path(get, path = "/records/collections/{catalogue}/sortables", tag = "records-api", operation_id = "records_sortables",
    params(("catalogue" = String, Path), ("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sortables(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let scope = scope(&state, &path)?;
    let properties = listed(&state, scope, List::Sortables).await?;
    answer(&request, &state, &path, "sortables", "Sortables", properties)
}

/// `GET /records/collections/{catalogue}/schema`.
#[utoipa::path(get, path = "/records/collections/{catalogue}/schema", tag = "records-api", operation_id = "records_schema",
    params(("catalogue" = String, Path), ("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn schema(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let scope = scope(&state, &path)?;
    let list = |of: Value| json!({ "type": "array", "items": of });
    let words = list(json!({ "type": "string" }));
    let objects = list(json!({ "type": "object" }));
    let text = json!({ "type": "string" });
    let properties = json!({
        "id": { "type": "string", "x-ogc-role": "id" },
        "geometry": { "format": "geometry-any", "x-ogc-role": "primary-geometry" },
        "type": { "type": "string", "default": scope.usual_type() },
        "title": text, "description": text, "keywords": words, "themes": objects, "language": text,
        "created": { "type": "string", "format": "date-time" },
        "updated": { "type": "string", "format": "date-time" },
        "contacts": objects, "formats": objects, "license": text, "rights": text, "externalIds": objects,
    });
    answer(&request, &state, &path, "schema", "Schema of the records", properties)
}

/// What every record has or may have: name, type, format, meaning.
const CORE: &[(&str, &str, Option<&str>, &str)] = &[
    ("id", "string", None, "Identifier of the record"),
    ("title", "string", None, "Title"),
    ("description", "string", None, "Description"),
    ("keywords", "string", None, "Keywords; one that fits is enough"),
    ("time", "string", Some("date-time"), "Time of observation"),
    ("updated", "string", Some("date-time"), "When the record last changed here"),
    ("geometry", "object", Some("geometry-any"), "Footprint, WGS 84"),
    ("data_type", "string", None, "Type of data"),
    ("mission", "string", None, "Mission"),
    ("platform", "string", None, "Platform"),
    ("instrument", "string", None, "Instrument"),
    ("target", "string", None, "Target"),
    ("level", "string", None, "Processing level"),
];

/// Of these the ones that have no order.
const WITHOUT_ORDER: [&str; 2] = ["geometry", "description"];

/// The names of every record, then the properties that records of the catalogue have.
async fn listed(state: &State, scope: Scope, list: List) -> Result<Value, Problem> {
    let catalogue = state.catalogue.clone();
    let properties = crate::http::blocking(move || match scope {
        Scope::Collections => catalogue.properties_of(&[]),
        Scope::Products(collection) => catalogue.properties_of(&[collection.to_string()]),
    })
    .await?;
    let core = CORE.iter().filter(|(name, ..)| list == List::Queryables || !WITHOUT_ORDER.contains(name));
    let core = core.map(|(name, kind, format, description)| Queryable {
        name: (*name).to_owned(),
        types: vec![*kind],
        format: *format,
        description: Some(*description),
        ..Queryable::default()
    });
    let is_core = |property: &Queryable| CORE.iter().any(|(name, ..)| *name == property.name);
    let all = core.chain(properties.into_iter().filter(|property| !is_core(property)));
    Ok(Value::Object(all.map(|one| (one.name.clone(), member(&one))).collect()))
}

fn answer(request: &HttpRequest, state: &State, path: &str, name: &str, title: &str, properties: Value) -> Answer {
    let mut parameters = Parameters::of(request)?;
    let format = Format::take(request, &mut parameters)?;
    parameters.finish(&["f"])?;
    let body = json!({
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": format!("{}/records/collections/{}/{name}", state.base(request), encode(path)),
        "type": "object",
        "title": format!("{title} of {path}"),
        "properties": properties,
        "additionalProperties": name != "queryables" && name != "sortables",
    });
    Ok(format.answer(body.to_string(), SCHEMA, &format!("{title} of {path}")))
}
