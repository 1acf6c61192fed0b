//! How a record stands in the archive: revision, place in the log, who and when. Taken from the event line, never from what
//! the record says of itself.

use oxrdf::Quad;

use super::base::{Base, meta_graph, thing};
use super::sink::Sink;
use super::words;
use crate::model::{Key, Kind};

/// What the last event line of a record says.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Place in the log, from 1.
    pub sequence: u64,
    pub revision: u64,
    /// RFC 3339, UTC.
    pub time: &'a str,
    /// Who registered the revision.
    pub agent: &'a str,
    /// `local`, or where it was harvested from.
    pub scope: &'a str,
    /// sha256 of the record, lower-case hexadecimal; a tombstone has none.
    pub digest: Option<&'a str>,
    pub deleted: bool,
}

/// The standing as statements of the meta graph, all about the record itself.
pub fn meta(base: &Base, key: &Key, standing: &Standing<'_>) -> Vec<Quad> {
    let mut sink = Sink::new(base, thing(base, key), meta_graph(base));
    sink.typed(words::REVISION, standing.revision.to_string(), words::INTEGER);
    sink.typed(words::SEQUENCE, standing.sequence.to_string(), words::INTEGER);
    sink.iri(words::WAS_ATTRIBUTED_TO, base.node(&agent_path(standing.agent)));
    if standing.scope != "local" {
        sink.text(words::SCOPE, standing.scope);
    }
    if let Some(digest) = standing.digest {
        sink.typed(words::RECORD_DIGEST, digest, words::HEX_BINARY);
    }
    // When the data set changed is for the record to say: DCAT-AP has one date of change.
    sink.time(if standing.deleted { words::INVALIDATED_AT_TIME } else { words::REGISTERED_AT }, standing.time);
    sink.finish()
}

fn agent_path(agent: &str) -> String {
    format!("id/{}/{}", Kind::Agent, crate::model::uri::encode(agent))
}
