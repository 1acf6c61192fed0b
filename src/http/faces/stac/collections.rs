//! STAC Collections.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{link, wire};
use crate::catalogue::Error;
use crate::http::conditional;
use crate::http::faces::native::records::identifier;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::Key;
use crate::model::uri::encode;

/// Collections on a page at most and by default.
const MAX_PAGE: usize = 1_000;

/// `GET /stac/collections`.
#[utoipa::path(get, path = "/stac/collections", tag = "stac", operation_id = "stac_collections",
    params(("limit" = Option<usize>, Query), ("token" = Option<String>, Query, description = "the next link carries it")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let limit = match parameters.one("limit")? {
        None => MAX_PAGE,
        Some(text) => {
            let limit = text.parse::<usize>().ok().filter(|limit| *limit > 0);
            limit.ok_or_else(|| Error::parameter("limit", "must be a number from 1"))?.min(MAX_PAGE)
        }
    };
    let after = parameters.one("token")?.map(|text| identifier("token", &text)).transpose()?;
    parameters.finish(&["limit", "token"])?;
    let mut stored = state.catalogue.collections(after.as_ref(), limit + 1)?;
    let more = stored.len() > limit;
    stored.truncate(limit);
    let base = state.base(&request);
    let root = format!("{base}/stac");
    let address = format!("{root}/collections");
    let json = "application/json";
    let mut links = vec![link("self", &address, json), link("root", &root, json), link("parent", &root, json)];
    if let (true, Some(last)) = (more, stored.last()) {
        let token = encode(last.key.id.as_str());
        links.push(link("next", &format!("{address}?limit={limit}&token={token}"), json));
    }
    let rendered = stored.iter().map(|each| wire::collection(&each.record, &base)).collect::<Result<Vec<_>, _>>()?;
    let text = format!(
        "{{\"collections\":[{}],\"links\":[{}],\"numberReturned\":{}}}",
        rendered.join(","),
        links.join(","),
        rendered.len()
    );
    Ok(HttpResponse::Ok().content_type(json).body(text))
}

/// `GET /stac/collections/{collection}`.
#[utoipa::path(get, path = "/stac/collections/{collection}", tag = "stac", operation_id = "stac_collection",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let stored = state.catalogue.get(&Key::collection(identifier("collection", &path)?))?;
    let text = wire::collection(&stored.record, &state.base(&request))?;
    Ok(HttpResponse::Ok()
        .insert_header(("etag", conditional::etag(&stored.digest)))
        .content_type("application/json")
        .body(text))
}
