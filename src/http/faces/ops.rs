//! For operators: health and metrics.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::metrics;
use crate::http::state::State;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthBody {
    /// `ok`, `degraded` or `starting`.
    pub status: &'static str,
    /// Version of this binary.
    pub version: &'static str,
    /// Last sequence of the archive.
    pub sequence: u64,
    /// Why writes are refused, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes_refused: Option<String>,
    /// Events that each index has still to apply, and the failure that stands.
    pub indexes: std::collections::BTreeMap<&'static str, IndexBody>,
}

/// How one index is.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndexBody {
    /// Events that it has still to apply.
    pub lag: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// How the service is: 200 when questions are answered, 503 while it starts.
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = 200, body = HealthBody), (status = 503, body = HealthBody)))]
pub async fn health(state: Data<State>) -> HttpResponse {
    let reading = state.catalogue.health().read();
    let sequence = state.catalogue.last_sequence();
    let indexes = reading.indexes.into_iter().map(|(name, index)| {
        (name, IndexBody { lag: sequence.saturating_sub(index.position), failure: index.failure })
    });
    let status = if reading.status == "starting" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    HttpResponse::build(status).json(HealthBody {
        status: reading.status,
        version: env!("CARGO_PKG_VERSION"),
        sequence,
        writes_refused: reading.writes_refused,
        indexes: indexes.collect(),
    })
}

/// Counters and gauges for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn metrics(state: Data<State>) -> HttpResponse {
    let reading = state.catalogue.health().read();
    let sequence = state.catalogue.last_sequence();
    let position = |name: &str| reading.indexes.get(name).map_or(0, |index| index.position);
    let free = state.catalogue.archive().free_bytes().unwrap_or(0);
    let mut text = metrics::render(&[
        ("perennial_archive_sequence", "Last durable event.", sequence),
        ("perennial_records_position", "Last event in the records index.", position("records")),
        ("perennial_text_position", "Last event in the text index.", position("text")),
        ("perennial_harvested_position", "Last event in the text index of what was harvested.", position("harvested")),
        ("perennial_graph_position", "Last event in the graph.", position("graph")),
        ("perennial_writes_refused", "1 while writes are refused.", u64::from(reading.writes_refused.is_some())),
        ("perennial_free_bytes", "Free space of the store.", free),
    ]);
    text.push_str("# HELP perennial_recreations_total What came of recreations, drills included.\n");
    text.push_str("# TYPE perennial_recreations_total counter\n");
    for (verdict, count) in state.catalogue.tally().read() {
        text.push_str(&format!("perennial_recreations_total{{verdict=\"{verdict}\"}} {count}\n"));
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text)
}
