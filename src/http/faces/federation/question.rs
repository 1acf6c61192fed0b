//! What federated searches of all faces take beside the question: which sources, how long, and where the question has been.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use crate::catalogue::Error;
use crate::catalogue::federated::{DEADLINE, FederatedAsk};
use crate::federation::protocol::PATH_HEADER;
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::model::Query;

/// Most instances that a question may pass.
const MAX_HOPS: usize = 8;

/// The parameters that go with `federated=true`.
pub const PARAMETERS: &[&str] = &["federated", "sources", "timeout"];

/// What is asked beside the question.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub sources: Option<Vec<(String, Option<Duration>)>>,
    pub timeout: Option<Duration>,
}

impl Wanted {
    /// Takes `sources` and `timeout`.
    ///
    /// # Errors
    /// 400 for what cannot be honoured.
    pub fn take(parameters: &mut Parameters) -> Result<Self, Error> {
        let is_given = parameters.has("sources");
        let names = parameters.list("sources");
        if is_given && names.iter().all(|name| name.trim().is_empty()) {
            return Err(Error::parameter("sources", "names none; without it all are asked"));
        }
        if names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|before| before == name)) {
            return Err(Error::parameter("sources", "names one twice"));
        }
        let sources = (!names.is_empty()).then(|| names.into_iter().map(|name| (name, None)).collect());
        Ok(Self { sources, timeout: parameters.one("timeout")?.map(|text| seconds("timeout", &text)).transpose()? })
    }

    /// Takes `federated`, and what goes with it; nothing unless it is true.
    ///
    /// # Errors
    /// 400 for what cannot be honoured, and for what goes with it when it is not there.
    pub fn take_if_federated(parameters: &mut Parameters) -> Result<Option<Self>, Error> {
        let is_federated = match parameters.one("federated")?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::parameter("federated", "must be true or false")),
        };
        let wanted = Self::take(parameters)?;
        if !is_federated && (wanted.sources.is_some() || wanted.timeout.is_some()) {
            let name = if wanted.sources.is_some() { "sources" } else { "timeout" };
            return Err(Error::parameter(name, "goes with federated=true"));
        }
        Ok(is_federated.then_some(wanted))
    }

    /// The whole question.
    pub fn of(self, query: Query, token: Option<String>, path: Vec<String>) -> FederatedAsk {
        FederatedAsk { query, token, timeout: self.timeout, sources: self.sources, path }
    }
}

/// Reads seconds, up to the longest that a search waits.
///
/// # Errors
/// 400 for anything else.
pub fn seconds(name: &str, text: &str) -> Result<Duration, Error> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.05..=DEADLINE.as_secs_f64()).contains(seconds));
    let reason = || Error::parameter(name, format!("must be a number of seconds from 0.05 to {}", DEADLINE.as_secs()));
    seconds.map(Duration::from_secs_f64).ok_or_else(reason)
}

/// The instances that the question has passed.
///
/// # Errors
/// 508 when this is one of them or they are too many; 400 for a header that is none.
pub fn path(request: &HttpRequest, state: &State) -> Result<Vec<String>, Problem> {
    let Some(header) = request.headers().get(PATH_HEADER) else { return Ok(Vec::new()) };
    let text = header.to_str().unwrap_or("?");
    let path: Vec<String> =
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let is_name = |name: &String| name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !path.iter().all(is_name) {
        return Err(Problem::bad_request(format!("{PATH_HEADER} does not name instances")));
    }
    if path.len() > MAX_HOPS || path.contains(&state.catalogue.instance()) {
        let detail =
            format!("the question has passed {} instances, this one among them or more than it may", path.len());
        return Err(Problem::http(StatusCode::LOOP_DETECTED, "federation-loop", "The question goes round", detail));
    }
    Ok(path)
}
