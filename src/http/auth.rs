//! Who may write. Until accounts exist: everybody on loopback; elsewhere whoever holds an administrator's bearer token.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};

use super::problem::Problem;
use super::state::State;
use crate::catalogue::Error;

/// The user who writes: a name, or `local` on loopback.
///
/// # Errors
/// 401 where a token is needed and none is valid.
pub fn writer(request: &HttpRequest, state: &State) -> Result<String, Problem> {
    let token = bearer(request);
    let user = match token {
        Some(token) => state.catalogue.secrets().user_of(token).map_err(Error::internal("reading the users"))?,
        None => None,
    };
    match (user, state.open) {
        (Some(user), _) => Ok(user),
        (None, true) if token.is_none() => from_this_machine(request).map(|()| "local".to_owned()),
        (None, _) if token.is_some() => {
            Err(Problem::unauthorised("this bearer token belongs to no user of this store"))
        }
        (None, _) => Err(Problem::unauthorised(
            "send `Authorization: Bearer <token>`; the operator makes one with `perennial user add NAME`",
        )),
    }
}

/// Without a token, a write must come from a program on this machine: not from a page of another site that a browser
/// here has open (its `Origin` tells), nor through a name that was made to point here (`Host` tells).
pub fn from_this_machine(request: &HttpRequest) -> Result<(), Problem> {
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(header::HOST).or_else(|| request.uri().host()).unwrap_or("");
    if !is_loopback(host) {
        return Err(forbidden(format!(
            "a write without a token must address this machine as localhost, not as {host:?}"
        )));
    }
    match header(header::ORIGIN) {
        Some(origin) if !is_loopback(origin.split_once("://").map_or(origin, |(_, host)| host)) => {
            Err(forbidden(format!("a page of {origin:?} may not write here without a token")))
        }
        _ => Ok(()),
    }
}

fn forbidden(detail: String) -> Problem {
    Problem::http(StatusCode::FORBIDDEN, "foreign-origin", "Writes are for this machine only", detail)
}

/// Whether `host` or `host:port` names this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The token of a request.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:80", "127.8.9.1", "[::1]:8080", "LOCALHOST"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "example.org", "localhost.example.org", "10.0.0.1:80", "[::ffff:10.0.0.1]", "127.0.0.1.example.org"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
