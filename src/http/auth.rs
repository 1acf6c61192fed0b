//! Who may write. Until accounts exist: everybody on loopback; elsewhere whoever holds an administrator's bearer token.

use actix_web::HttpRequest;
use actix_web::http::header;

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
        (None, true) if token.is_none() => Ok("local".to_owned()),
        (None, _) if token.is_some() => {
            Err(Problem::unauthorised("this bearer token belongs to no user of this store"))
        }
        (None, _) => Err(Problem::unauthorised(
            "send `Authorization: Bearer <token>`; the operator makes one with `perennial user add NAME`",
        )),
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
