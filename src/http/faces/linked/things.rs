//! Addresses of things that are no documents: whoever asks for one is told where its description is (303), in the form that
//! `Accept` asks for there.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::catalogue::Error;
use crate::http::faces::pages::address;
use crate::http::parameters::Parameters;
use crate::http::problem::{Problem, ProblemBody};
use crate::model::uri::encode;
use crate::rdf::projection::{Base, key_of};

/// `GET /id/{kind}/…`: to the page of the record; `GET /id/name/{name}`: to whatever has the name.
#[utoipa::path(get, path = "/id/{path}", tag = "linked-data",
    params(("path" = String, Path, description = "product/{collection}/{id}, {kind}/{id} or name/{name}; may hold `/`")),
    responses((status = 303, description = "Location: where the thing is described"), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn see(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Parameters::of(&request)?.finish(&[])?;
    // The path as it was sent: an id may hold an encoded slash.
    let path = request.uri().path().trim_start_matches('/');
    let stored = Base::stored();
    let target = match path.strip_prefix("id/name/") {
        Some(name) if !name.is_empty() && !name.contains('/') => Some(format!("/resolve?id={}", reencode(name))),
        Some(_) => None,
        None => key_of(&stored, &format!("{}{path}", stored.as_str())).map(|key| address::page(&key)),
    };
    let Some(target) = target else {
        let what = format!(
            "thing of this address; they are id/{{kind}}/{{id}} and id/product/{{collection}}/{{id}}: {path:.200}"
        );
        return Err(Error::NoSuch { what }.into());
    };
    Ok(HttpResponse::SeeOther()
        .insert_header((header::LOCATION, target))
        .insert_header((header::VARY, "accept"))
        .finish())
}

/// A segment of a path as the value of a parameter, in which `+` means something else.
fn reencode(segment: &str) -> String {
    crate::rdf::projection::decode(segment).map_or_else(|| encode(segment), |name| encode(&name))
}
