//! Browseable: every Item can be reached by `child` and `item` links. Each Collection has a Catalog of its Items, in
//! order of id; a long list goes on in a child.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::link;
use crate::http::faces::native::records::identifier;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::json::read_string;
use crate::model::uri::encode;
use crate::model::{Draft, Facet, Key, Query, SortKey, scan};

/// Item links of one Catalog: some 150 KiB.
const PAGE: usize = 1_000;

/// `GET /stac/browse/{collection}`.
#[utoipa::path(get, path = "/stac/browse/{collection}", tag = "stac",
    params(("collection" = String, Path), ("token" = Option<String>, Query, description = "the child link carries it")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn browse(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let token = parameters.one("token")?;
    parameters.finish(&["token"])?;
    let collection = identifier("collection", &path)?;
    state.catalogue.get(&Key::collection(collection.clone()))?;
    let mut query = Query { sort: vec![SortKey::by_id()], limit: PAGE, ..Query::default() };
    query.facets.insert(Facet::Collection, vec![collection.to_string()]);
    let catalogue = state.catalogue.clone();
    let continued = token.clone();
    let results = crate::http::blocking(move || catalogue.search(query, continued.as_deref())).await?;
    let root = format!("{}/stac", state.base(&request));
    let parent = format!("{root}/collections/{}", encode(collection.as_str()));
    let address = format!("{root}/browse/{}", encode(collection.as_str()));
    let page = |token: &str| format!("{address}?token={}", encode(token));
    let own = token.as_deref().map_or_else(|| address.clone(), page);
    let json = "application/json";
    let mut links = vec![link("self", &own, json), link("root", &root, json), link("parent", &parent, json)];
    for found in &results.found {
        let text = String::from_utf8_lossy(&found.record);
        let id = scan::member(&text, "id").and_then(read_string).unwrap_or_default();
        links.push(link("item", &format!("{parent}/items/{}", encode(&id)), super::GEOJSON));
    }
    links.extend(results.next.as_deref().map(|next| link("child", &page(next), json)));
    let mut catalog = Draft::object();
    catalog.string("type", "Catalog");
    catalog.raw("stac_version", "\"1.1.0\"");
    catalog.string(
        "id",
        &token.map_or_else(|| format!("{collection}-items"), |token| format!("{collection}-items-{token}")),
    );
    catalog.string("title", &format!("Items of {collection}"));
    catalog.string("description", "Links to Items in order of their ids");
    catalog.raw("links", &format!("[{}]", links.join(",")));
    Ok(HttpResponse::Ok().content_type(json).body(catalog.finish()))
}
