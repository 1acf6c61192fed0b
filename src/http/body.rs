//! Reading request bodies within limits of size and time.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

use super::problem::Problem;
use crate::catalogue::Error;

/// Largest single record, bytes: a hundred times the largest real one seen.
pub const MAX_RECORD_BYTES: usize = 4 << 20;
/// Longest silence within a body.
pub const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);

/// The next chunk of a body; none at its end.
///
/// # Errors
/// 408 after a silence of `CHUNK_TIMEOUT`, 400 when the connection breaks.
pub async fn next_chunk(payload: &mut Payload) -> Result<Option<Bytes>, Problem> {
    match tokio::time::timeout(CHUNK_TIMEOUT, payload.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(error))) => Err(Problem::bad_request(format!("the body broke off: {error}"))),
        Err(_) => {
            let detail = format!("nothing was received for {} s", CHUNK_TIMEOUT.as_secs());
            Err(Problem::http(StatusCode::REQUEST_TIMEOUT, "timeout", "The body came too slowly", detail))
        }
    }
}

/// A whole body.
///
/// # Errors
/// 413 beyond the limit; as `next_chunk`.
pub async fn read(payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = next_chunk(payload).await? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge { what: "the body", limit: limit as u64 }.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// A whole body of text.
///
/// # Errors
/// 422 with the position where it is not UTF-8; as `read`.
pub async fn read_text(payload: &mut Payload, limit: usize) -> Result<(Bytes, String), Problem> {
    let body = read(payload, limit).await?;
    match std::str::from_utf8(&body) {
        Ok(text) => {
            let text = text.to_owned();
            Ok((body, text))
        }
        Err(error) => Err(Error::invalid("", format!("not UTF-8 at byte {}", error.valid_up_to())).into()),
    }
}
