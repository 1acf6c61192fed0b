//! Queryables and sortables: what this face can be asked for, as records really have it, under the names of Items.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use crate::catalogue::{Catalogue, Error, Queryable};
use crate::http::faces::queryables::{Find, List, answer};
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;

/// What every Item has or may have, wherever it came from: name, type, format, meaning.
const CORE: &[(&str, &str, Option<&str>, &str)] = &[
    ("id", "string", None, "Item identifier"),
    ("collection", "string", None, "Collection identifier"),
    ("geometry", "object", Some("geometry-any"), "Footprint, WGS 84"),
    ("datetime", "string", Some("date-time"), "Time of observation; of a span its start"),
    ("start_datetime", "string", Some("date-time"), "Start of observation"),
    ("end_datetime", "string", Some("date-time"), "End of observation"),
    ("title", "string", None, "Title"),
    ("description", "string", None, "Description"),
    ("platform", "string", None, "Platform"),
    ("mission", "string", None, "Mission"),
    ("instruments", "string", None, "Instruments; one that fits is enough"),
    ("keywords", "string", None, "Keywords; one that fits is enough"),
    ("processing:level", "string", None, "Processing level"),
    ("ssys:targets", "string", None, "Targets elsewhere than on Earth; one that fits is enough"),
];

/// Of these the ones that have no order.
const WITHOUT_ORDER: [&str; 2] = ["geometry", "description"];

/// The properties that Items have, after those of every Item. What a record keeps apart is not shown by an Item.
fn found(catalogue: &Catalogue, collections: &[String], list: List) -> Result<Vec<Queryable>, Error> {
    let properties = catalogue.properties_of(collections)?;
    let core = CORE.iter().filter(|(name, ..)| list == List::Queryables || !WITHOUT_ORDER.contains(name));
    let mut found: Vec<Queryable> = core
        .map(|(name, kind, format, description)| {
            let plain =
                Queryable { name: (*name).to_owned(), types: vec![*kind], format: *format, ..Queryable::default() };
            let known = properties.iter().find(|property| property.name == *name).cloned();
            Queryable { description: Some(*description), ..known.unwrap_or(plain) }
        })
        .collect();
    let is_core = |name: &str| CORE.iter().any(|(core, ..)| *core == name);
    let others = properties.into_iter().filter(|property| !property.name.starts_with("quality."));
    found.extend(others.filter(|property| !is_core(&property.name)));
    Ok(found)
}

const FACE: (&str, Find) = ("/stac", found);

/// `GET /stac/queryables`.
#[utoipa::path(get, path = "/stac/queryables", tag = "stac", operation_id = "queryables",
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all(request: HttpRequest, state: Data<State>) -> Answer {
    answer(&request, &state, FACE, None, List::Queryables).await
}

/// `GET /stac/collections/{collection}/queryables`.
#[utoipa::path(get, path = "/stac/collections/{collection}/queryables", tag = "stac", operation_id = "collection_queryables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn of_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    answer(&request, &state, FACE, Some(path.into_inner()), List::Queryables).await
}

/// `GET /stac/sortables`.
#[utoipa::path(get, path = "/stac/sortables", tag = "stac", operation_id = "stac_sortables",
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all_sortables(request: HttpRequest, state: Data<State>) -> Answer {
    answer(&request, &state, FACE, None, List::Sortables).await
}

/// `GET /stac/collections/{collection}/sortables`.
#[utoipa::path(get, path = "/stac/collections/{collection}/sortables", tag = "stac", operation_id = "stac_collection_sortables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sortables_of_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    answer(&request, &state, FACE, Some(path.into_inner()), List::Sortables).await
}
