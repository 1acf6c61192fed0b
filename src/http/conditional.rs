//! Headers that carry digests and conditions: ETag and If-Match (RFC 9110), Repr-Digest (RFC 9530), Idempotency-Key.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::problem::Problem;
use crate::catalogue::{Caller, Precondition};
use crate::codec;
use crate::model::{IdempotencyKey, Sha256};

/// Longest Idempotency-Key, bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// A strong ETag: the record digest.
pub fn etag(digest: &Sha256) -> String {
    format!("\"{digest}\"")
}

/// The ETag of another form of a record: of the record, the form, and whatever else the answer is made of.
pub fn etag_of_form(digest: &Sha256, form: &str) -> String {
    let whole = codec::sha256(format!("{digest} {form}").as_bytes()).to_string();
    format!("\"{}\"", whole.get(..32).unwrap_or(&whole))
}

/// `sha-256=:…:` as RFC 9530 writes it.
pub fn repr_digest(digest: &Sha256) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest.as_bytes()))
}

/// Whether an `If-None-Match` header names this ETag.
pub fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// The `If-Match` header.
///
/// # Errors
/// 400 when a tag is no ETag of this service.
pub fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let mut digests = Vec::new();
    for value in headers.get_all(header::IF_MATCH) {
        let value = value.to_str().map_err(|_| Problem::bad_request("If-Match is not text"))?;
        for tag in value.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Precondition::Exists);
            }
            // A tag that is not one of ours matches nothing: 412 says so.
            let digest =
                tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| Sha256::parse(tag).ok());
            digests.push(digest.unwrap_or(Sha256::from_bytes([0; 32])));
        }
    }
    Ok(if digests.is_empty() { Precondition::None } else { Precondition::OneOf(digests) })
}

/// The digest promised by `Repr-Digest` or `Content-Digest`.
///
/// # Errors
/// 400 when the header is there and holds no readable `sha-256`.
pub fn promised_digest(headers: &HeaderMap) -> Result<Option<Sha256>, Problem> {
    let Some(value) = headers.get("repr-digest").or_else(|| headers.get("content-digest")) else { return Ok(None) };
    let refuse = || Problem::bad_request("the digest header must hold sha-256=:<base64>: (RFC 9530)");
    let value = value.to_str().map_err(|_| refuse())?;
    let encoded = value.split(',').map(str::trim).find_map(|item| item.strip_prefix("sha-256=:")?.strip_suffix(':'));
    let bytes = STANDARD.decode(encoded.ok_or_else(refuse)?).map_err(|_| refuse())?;
    let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| refuse())?;
    Ok(Some(Sha256::from_bytes(bytes)))
}

/// Who asks, and under which conditions.
///
/// # Errors
/// 400 for unreadable headers.
pub fn caller(request: &HttpRequest, agent: String, body: &[u8]) -> Result<Caller, Problem> {
    let precondition = precondition(request.headers())?;
    let idempotency = match request.headers().get("idempotency-key") {
        None => None,
        Some(value) if value.is_empty() || value.len() > MAX_IDEMPOTENCY_KEY => {
            return Err(Problem::bad_request(format!("an Idempotency-Key has 1 to {MAX_IDEMPOTENCY_KEY} bytes")));
        }
        Some(value) => {
            let key = codec::sha256(&[agent.as_bytes(), b"\0", value.as_bytes()].concat());
            let target = format!("{} {}\0", request.method(), request.uri());
            Some(IdempotencyKey { key, body: codec::sha256(&[target.as_bytes(), body].concat()) })
        }
    };
    Ok(Caller { agent, precondition, idempotency })
}
