//! Resumable uploads: `POST` opens, `PATCH` with `Upload-Offset` appends, `POST` on the upload finishes it, and a record
//! that names it in `files[].upload` makes it visible. Several files become visible in one revision.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::wire::UploadBody;
use crate::catalogue::{Error, UploadState};
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{auth, body, conditional};

fn answer(status: StatusCode, state: &UploadState) -> HttpResponse {
    HttpResponse::build(status).insert_header(("upload-offset", state.offset.to_string())).json(UploadBody {
        upload: state.upload.clone(),
        offset: state.offset,
        finished: state.finished,
        sha256: state.sha256.map(|digest| digest.to_string()),
    })
}

/// Opens an upload; a body sent with it is its first chunk.
#[utoipa::path(post, path = "/api/v1/uploads", tag = "uploads",
    params(("Repr-Digest" = Option<String>, Header, description = "promised sha-256 of the whole file (RFC 9530)")),
    responses((status = 201, body = UploadBody), (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    auth::writer(&request, &state)?;
    let promised = conditional::promised_digest(request.headers())?;
    state.catalogue.health().check_writable()?;
    let uploads = state.catalogue.uploads();
    let name = crate::http::blocking({
        let uploads = uploads.clone();
        move || uploads.create(promised)
    })
    .await?;
    append(&state, &mut payload, &name, 0).await?;
    let upload = uploads.state(&name)?;
    let location = format!("{}/api/v1/uploads/{name}", state.base(&request));
    let mut response = answer(StatusCode::CREATED, &upload);
    if let Ok(location) = location.parse() {
        response.headers_mut().insert(actix_web::http::header::LOCATION, location);
    }
    Ok(response)
}

/// Writes the body's chunks as they come; what was written before a broken connection stays.
async fn append(state: &State, payload: &mut Payload, name: &str, offset: u64) -> Result<(), Problem> {
    let mut chunk = state.catalogue.uploads().begin_chunk(name, offset)?;
    while let Some(bytes) = body::next_chunk(payload).await? {
        chunk = crate::http::blocking(move || {
            chunk.write(&bytes)?;
            Ok(chunk)
        })
        .await?;
    }
    Ok(())
}

/// How an upload stands: where to go on after a broken connection.
#[utoipa::path(get, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = String, Path)),
    responses((status = 200, body = UploadBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn state(state: Data<State>, path: Path<String>) -> Answer {
    Ok(answer(StatusCode::OK, &state.catalogue.uploads().state(&path)?))
}

/// Appends a chunk at `Upload-Offset`.
#[utoipa::path(patch, path = "/api/v1/uploads/{upload}", tag = "uploads",
    params(("upload" = String, Path), ("Upload-Offset" = u64, Header)),
    responses((status = 200, body = UploadBody), (status = 409, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn write(request: HttpRequest, state: Data<State>, path: Path<String>, mut payload: Payload) -> Answer {
    auth::writer(&request, &state)?;
    let offset = request.headers().get("upload-offset").and_then(|value| value.to_str().ok()?.parse().ok());
    let offset =
        offset.ok_or_else(|| Error::parameter("Upload-Offset", "this header must tell where the chunk begins"))?;
    append(&state, &mut payload, &path, offset).await?;
    Ok(answer(StatusCode::OK, &state.catalogue.uploads().state(&path)?))
}

/// Finishes an upload: its digest is computed and a promised one checked.
#[utoipa::path(post, path = "/api/v1/uploads/{upload}", tag = "uploads",
    params(("upload" = String, Path), ("Repr-Digest" = Option<String>, Header)),
    responses((status = 200, body = UploadBody), (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn finish(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    auth::writer(&request, &state)?;
    let promised = conditional::promised_digest(request.headers())?;
    let uploads = state.catalogue.uploads();
    let name = path.into_inner();
    let finished = crate::http::blocking(move || uploads.finish(&name, promised)).await?;
    Ok(answer(StatusCode::OK, &finished))
}

/// Drops an upload.
#[utoipa::path(delete, path = "/api/v1/uploads/{upload}", tag = "uploads", params(("upload" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn discard(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    auth::writer(&request, &state)?;
    if state.catalogue.uploads().discard(&path) {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Error::NoSuch { what: format!("upload {:?}", path.as_str()) }.into())
}
