//! Talking to the server that holds the store: verbs that write or search go through it.

use std::io::Read;
use std::path::Path;

use super::Failure;
use crate::archive::OpenError;
use crate::catalogue::{Catalogue, Options, StartError};

/// Who answers: this process, or the server that has the store open.
pub enum Way {
    Direct(std::sync::Arc<Catalogue>),
    Server(Client),
}

/// Opens the store, or finds the server that has it.
pub fn way(store: &Path, options: &Options) -> Result<Way, Failure> {
    match Catalogue::open(store, options) {
        Ok(catalogue) => Ok(Way::Direct(catalogue)),
        Err(StartError::Archive(OpenError::InUse { store, holder })) => match address_in(&holder) {
            Some(base) => Ok(Way::Server(Client { base })),
            None => Err(StartError::Archive(OpenError::InUse { store, holder }).into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn address_in(holder: &str) -> Option<String> {
    holder.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
}

/// A server on this machine.
pub struct Client {
    base: String,
}

impl Client {
    /// Gets text.
    pub fn get(&self, path: &str) -> Result<String, Failure> {
        let response = ureq::get(format!("{}{path}", self.base)).config().http_status_as_error(false).build().call();
        read(response)
    }

    /// Gets a body of any size into a writer.
    pub fn download(&self, path: &str, into: &mut impl std::io::Write) -> Result<u64, Failure> {
        let request = ureq::get(format!("{}{path}", self.base)).config().http_status_as_error(false).build();
        let response = request.call();
        if !response.as_ref().is_ok_and(|response| response.status().is_success()) {
            return read(response).map(|_| 0);
        }
        let mut body = response.map(|response| response.into_body().into_reader()).map_err(broken_off)?;
        std::io::copy(&mut body, into).map_err(broken_off)
    }

    /// Gets text, or nothing where there is none of this name.
    pub fn find(&self, path: &str) -> Result<Option<String>, Failure> {
        let response = ureq::get(format!("{}{path}", self.base)).config().http_status_as_error(false).build().call();
        if response.as_ref().is_ok_and(|response| response.status() == ureq::http::StatusCode::NOT_FOUND) {
            return Ok(None);
        }
        read(response).map(Some)
    }

    /// Sends a body, with its media type and those of the answer, and gets an answer of any size into a writer.
    pub fn post_into(
        &self,
        path: &str,
        (media_type, accept): (&str, &str),
        body: &[u8],
        into: &mut impl std::io::Write,
    ) -> Result<(), Failure> {
        let request = ureq::post(format!("{}{path}", self.base)).header("content-type", media_type);
        let request = request.header("accept", accept).config().http_status_as_error(false).build();
        let response = request.send(body);
        if !response.as_ref().is_ok_and(|response| response.status().is_success()) {
            return read(response).map(drop);
        }
        let mut body = response.map(|response| response.into_body().into_reader()).map_err(broken_off)?;
        std::io::copy(&mut body, into).map(drop).map_err(broken_off)
    }

    /// Sends a body and gets text.
    pub fn post(&self, path: &str, media_type: &str, body: impl Read) -> Result<String, Failure> {
        let mut body = body;
        let request = ureq::post(format!("{}{path}", self.base)).header("content-type", media_type);
        let response =
            request.config().http_status_as_error(false).build().send(ureq::SendBody::from_reader(&mut body));
        read(response)
    }

    /// Puts a body in its place and gets text.
    pub fn put(&self, path: &str, media_type: &str, body: &[u8]) -> Result<String, Failure> {
        let request = ureq::put(format!("{}{path}", self.base)).header("content-type", media_type);
        read(request.config().http_status_as_error(false).build().send(body))
    }

    /// Deletes, and gets text.
    pub fn delete(&self, path: &str) -> Result<String, Failure> {
        read(ureq::delete(format!("{}{path}", self.base)).config().http_status_as_error(false).build().call())
    }
}

fn broken_off(error: impl std::fmt::Display) -> Failure {
    Failure::store(format!("the server's answer broke off: {error}"))
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<String, Failure> {
    let mut response =
        response.map_err(|error| Failure::store(format!("the server of this store does not answer: {error}")))?;
    let status = response.status();
    let text = response.body_mut().with_config().limit(u64::MAX).read_to_string();
    let text = text.map_err(|error| Failure::store(format!("the server's answer broke off: {error}")))?;
    if status.is_success() {
        return Ok(text);
    }
    let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let detail = problem.get("detail").and_then(serde_json::Value::as_str).unwrap_or(&text);
    let message = format!("the server answered {status}: {detail}");
    Err(match status.as_u16() {
        404 | 410 => Failure::not_found(message),
        400..500 => Failure::usage(message),
        _ => Failure::store(message),
    })
}
