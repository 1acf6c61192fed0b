//! The log for mirrors: a signed checkpoint, lines as they were committed, and payloads by digest. What a mirror does with
//! them is in `catalogue::mirror`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::files;
use crate::catalogue::{Error, HeldFile};
use crate::codec::verifier_key;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::http::{Parameters, auth};
use crate::model::Sha256;

/// How long the log is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointBody {
    /// Name of the log.
    pub origin: String,
    /// Lines.
    pub size: u64,
    /// Root of the Merkle tree (RFC 6962) over all lines, in hexadecimal digits.
    pub root: String,
    /// Ed25519 key of the signature, in hexadecimal digits.
    pub public_key: String,
    /// The same as verifiers of signed notes want it.
    pub verifier_key: String,
    /// The signed note.
    pub note: String,
}

/// Payloads of a run of lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogPayloadsBody {
    pub payloads: Vec<LogPayloadBody>,
}

/// A payload of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogPayloadBody {
    pub sha256: String,
    /// Whether its bytes are here; those of a dropped one are not.
    pub held: bool,
}

fn origin(base: &str) -> String {
    let bare = base.split_once("://").map_or(base, |(_, bare)| bare);
    format!("{bare}/api/v1/log")
}

/// Size and root of the log, signed: a note as of C2SP tlog-checkpoint.
#[utoipa::path(get, path = "/api/v1/log/checkpoint", tag = "log",
    params(("f" = Option<String>, Query, description = "text (default) or json")),
    responses((status = 200, description = "the note, or with its key as JSON", content((String = "text/plain"), (CheckpointBody = "application/json"))), (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn checkpoint(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let form = parameters.one("f")?;
    parameters.finish(&["f"])?;
    let is_json = match form.as_deref() {
        None | Some("text") => false,
        Some("json") => true,
        Some(_) => return Err(Error::parameter("f", "must be text or json").into()),
    };
    let (catalogue, origin) = (state.catalogue.clone(), origin(&state.base(&request)));
    let told = crate::http::blocking(move || {
        let (checkpoint, note) = catalogue.checkpoint(&origin)?;
        let key = catalogue.public_key()?;
        Ok(CheckpointBody {
            verifier_key: verifier_key(&origin, &key),
            public_key: Sha256::from_bytes(key).to_string(),
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            origin,
            note,
        })
    });
    let told = told.await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("cache-control", "no-cache"));
    Ok(if is_json { response.json(told) } else { response.content_type("text/plain; charset=utf-8").body(told.note) })
}

/// Lines of the log from a sequence on, byte for byte: whole segments, some MiB at a time. `Perennial-Log-Last` says with which
/// line the page ends and `Perennial-Log-Root` what the root is after it.
#[utoipa::path(get, path = "/api/v1/log", tag = "log",
    params(("from" = Option<u64>, Query, description = "first sequence; default 1")),
    responses((status = 200, description = "event lines", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn lines(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let from = parameters.one("from")?.map_or(Ok(1), |text| sequence("from", &text))?;
    parameters.finish(&["from"])?;
    let catalogue = state.catalogue.clone();
    let page = crate::http::blocking(move || catalogue.log_page(from)).await?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/x-ndjson");
    Ok(match page {
        None => response.insert_header(("perennial-log-last", state.catalogue.last_sequence().to_string())).finish(),
        Some(page) => response
            .insert_header(("perennial-log-last", page.last.to_string()))
            .insert_header(("perennial-log-root", page.root.to_string()))
            .body(page.lines),
    })
}

/// Digests of the payloads that came with the segments of a run of lines.
#[utoipa::path(get, path = "/api/v1/log/payloads", tag = "log",
    params(("from" = u64, Query, description = "first sequence"), ("to" = u64, Query, description = "last sequence, at most 100,000 behind the first")),
    responses((status = 200, body = LogPayloadsBody), (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn payloads(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let mut bound = |name: &'static str| match parameters.one(name)? {
        Some(text) => sequence(name, &text),
        None => Err(Error::parameter(name, "is missing")),
    };
    let (from, to) = (bound("from")?, bound("to")?);
    parameters.finish(&["from", "to"])?;
    if to < from || to - from > 100_000 {
        return Err(Error::parameter("to", "must be the first sequence or up to 100000 behind it").into());
    }
    let catalogue = state.catalogue.clone();
    let listed = crate::http::blocking(move || catalogue.log_payloads(from, to)).await?;
    let body = |(digest, held): (Sha256, bool)| LogPayloadBody { sha256: digest.to_string(), held };
    Ok(HttpResponse::Ok().json(LogPayloadsBody { payloads: listed.into_iter().map(body).collect() }))
}

/// A payload by its digest, whatever record names it and whatever its access: for those who may write, and their mirrors.
#[utoipa::path(get, path = "/api/v1/log/payloads/{sha256}", tag = "log", params(("sha256" = String, Path)),
    responses((status = 200, description = "the bytes", content_type = "application/octet-stream"),
              (status = 401, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn payload(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    auth::writer(&request, &state)?;
    Parameters::of(&request)?.finish(&[])?;
    let digest = Sha256::parse(&path).map_err(|_| Error::parameter("sha256", "must be 64 hexadecimal digits"))?;
    let location = state.catalogue.payload_location(&digest)?;
    let file = HeldFile { digest, location, media_type: None, name: digest.to_string() };
    files::give(&request, &state, file, false).await
}

fn sequence(name: &'static str, text: &str) -> Result<u64, Error> {
    let read = text.parse::<u64>().ok().filter(|sequence| *sequence > 0);
    read.ok_or_else(|| Error::parameter(name, "must be a sequence: a number from 1"))
}
