//! The outbound client as one source may use it: until a deadline, within the limits of the source.

use std::time::{Duration, Instant};

use super::{Descriptions, Fault};
use crate::federation::Source;
use crate::federation::harvest::robots::Robots;
use crate::federation::outbound::{Limits, Outbound, Request, Response};

/// A client for one source.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    pub outbound: &'a Outbound,
    pub source: &'a Source,
    /// When no answer is waited for any more.
    pub deadline: Instant,
    /// Headers that every request carries.
    pub headers: &'a [(&'a str, &'a str)],
    /// What the source's host allows programs that come by themselves.
    pub robots: Option<&'a Robots>,
    /// Where descriptions of services are kept for some minutes.
    pub descriptions: Option<&'a Descriptions>,
}

impl<'a> Client<'a> {
    /// A client with the time that the source may take.
    pub fn new(outbound: &'a Outbound, source: &'a Source) -> Self {
        let deadline = Instant::now() + source.limits().time;
        Self { outbound, source, deadline, headers: &[], robots: None, descriptions: None }
    }

    /// The same for another address of the source.
    pub const fn at<'b>(&self, source: &'b Source) -> Client<'b>
    where
        'a: 'b,
    {
        Client { source, ..*self }
    }

    /// Asks only for what the source's host allows.
    #[must_use]
    pub const fn within(self, robots: &'a Robots) -> Self {
        Self { robots: Some(robots), ..self }
    }

    /// The answer to a GET; any status but 2xx and 304 is a fault.
    ///
    /// # Errors
    /// `Fault`.
    pub fn get(&self, url: &str, accept: &str) -> Result<Response, Fault> {
        self.get_with(url, &[("accept", accept)])
    }

    /// As [`Self::get`], with these headers.
    ///
    /// # Errors
    /// `Fault`.
    pub fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response, Fault> {
        self.send(url, headers, None)
    }

    /// The body of what describes a service, which changes seldom.
    ///
    /// # Errors
    /// `Fault`.
    pub fn describe(&self, url: &str, accept: &str) -> Result<std::sync::Arc<Vec<u8>>, Fault> {
        let fetch = || Ok(std::sync::Arc::new(self.get(url, accept)?.body));
        self.descriptions.map_or_else(fetch, |kept| kept.get_or(url, Instant::now(), fetch))
    }

    /// The answer to a POST.
    ///
    /// # Errors
    /// `Fault`.
    pub fn post(&self, url: &str, accept: &str, media_type: &str, body: &[u8]) -> Result<Response, Fault> {
        self.send(url, &[("accept", accept)], Some((media_type, body)))
    }

    fn send(&self, url: &str, headers: &[(&str, &str)], body: Option<(&str, &[u8])>) -> Result<Response, Fault> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) {
            return Err(Fault::Timeout);
        }
        if let Some(path) = path_of(url).filter(|path| self.robots.is_some_and(|robots| !robots.allows(path))) {
            return Err(Fault::Refused { reason: format!("its robots.txt does not allow {path:.200}") });
        }
        let limits = Limits { time: left, ..self.source.limits() };
        let headers = [headers, self.headers].concat();
        let response = self.outbound.send(&Request { url, headers: &headers, body, limits })?;
        match response.status {
            200..300 | 304 => Ok(response),
            status => Err(Fault::HttpError {
                status,
                reason: said(&response.body),
                retry_after: response.header("retry-after").and_then(|seconds| seconds.trim().parse().ok()),
            }),
        }
    }
}

/// Path and query of an address.
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    Some(rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/"))
}

/// What a failed answer says of itself, in one short line.
fn said(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..2_000).unwrap_or(body)).into_owned();
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let named = problem.as_ref().and_then(|problem| {
        ["detail", "description", "message", "title"].iter().find_map(|name| problem.get(name)?.as_str())
    });
    let line = match named {
        Some(named) => named,
        None if text.trim_start().starts_with('<') => return None,
        None => text.lines().find(|line| !line.trim().is_empty())?,
    };
    let line: String = line.chars().filter(|letter| !letter.is_control()).take(200).collect();
    (!line.trim().is_empty()).then_some(line)
}
