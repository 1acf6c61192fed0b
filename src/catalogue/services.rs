//! Endpoints elsewhere that a query may join with. None is asked but those that the operator has named, each by its whole
//! address; the client that asks them is in `federation`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Catalogue;
use crate::federation::outbound::{Limits, Outbound};
use crate::index::graph::{Refusal, Remote, Results, remotes};

/// How long an endpoint may take, and how long its answer may be.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 8 << 20 };

/// Questions to endpoints at once, of all queries together.
const MOST_AT_ONCE: usize = 8;

const RESULTS: &str = "application/sparql-results+json";

/// Which endpoints; none unless the operator says so.
#[derive(Debug, Clone, Default)]
pub struct ServiceSettings {
    /// Their whole addresses, as a query must write them.
    pub endpoints: Vec<String>,
    /// Whether they may be on this machine or its network.
    pub allow_private: bool,
}

/// The endpoints with the client that asks them.
pub(super) struct Services {
    endpoints: Vec<String>,
    outbound: Outbound,
    running: AtomicUsize,
}

impl Services {
    pub(super) fn new(settings: &ServiceSettings) -> Self {
        let outbound = Outbound::new(settings.allow_private);
        Self { endpoints: settings.endpoints.clone(), outbound, running: AtomicUsize::new(0) }
    }

    pub(super) fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    fn answer(&self, remote: &Remote) -> Result<Results, Refusal> {
        if !self.endpoints.contains(&remote.endpoint) {
            let reason = format!("SERVICE <{:.200}> is not asked from here", remote.endpoint);
            return Err(Refusal::Denied { reason });
        }
        let place = Place::take(&self.running)?;
        let asked =
            self.outbound.post(&remote.endpoint, "application/sparql-query", RESULTS, remote.query.as_bytes(), LIMITS);
        drop(place);
        let read = asked.map_err(|error| error.to_string()).and_then(|bytes| remote.results(&bytes));
        match read {
            Ok(results) => Ok(results),
            Err(_) if remote.is_silent => Ok(remote.nothing()),
            Err(reason) => Err(Refusal::Elsewhere { reason: format!("SERVICE <{}>: {reason}", remote.endpoint) }),
        }
    }
}

/// One of the questions at once.
struct Place<'r>(&'r AtomicUsize);

impl<'r> Place<'r> {
    fn take(running: &'r AtomicUsize) -> Result<Self, Refusal> {
        let place = Self(running);
        if running.fetch_add(1, Ordering::AcqRel) < MOST_AT_ONCE {
            return Ok(place);
        }
        Err(Refusal::Busy { reason: "too many queries ask other endpoints; ask again in a few seconds".to_owned() })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Catalogue {
    /// Endpoints that a query may name.
    pub fn sparql_services(&self) -> &[String] {
        self.graph.as_ref().map_or(&[], |graph| graph.services().endpoints())
    }

    /// Asks the endpoints that a query names, one after the other. May take some seconds.
    ///
    /// # Errors
    /// `Refusal` for one that is not named by the operator, or does not answer.
    pub fn ask_elsewhere(&self, query: &str) -> Result<Vec<Results>, Refusal> {
        let Some(graph) = self.graph.as_ref().filter(|graph| !graph.services().endpoints().is_empty()) else {
            return Ok(Vec::new());
        };
        remotes(query)?.iter().map(|remote| graph.services().answer(remote)).collect()
    }
}
