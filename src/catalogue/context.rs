//! Context graphs: statements that somebody posts beside the records. Each is a record of kind `context_graph`, which holds
//! its statements and names the document that they came in; so the graph is made again from the archive alone. Knows
//! nothing of SPARQL.

use serde_json::value::RawValue;

use super::command::{Action, Effect, Intent, Outcome, Precondition, Receipt};
use super::register::{self, Caller};
use super::{Catalogue, Error, Stored};
use crate::codec;
use crate::model::json::{Fields, Members};
use crate::model::{Key, Kind, RecordId};
use crate::rdf::projection::{self, Base};
use crate::rdf::{Syntax, context};

/// Longest document, bytes.
pub const MAX_DOCUMENT_BYTES: usize = 2 << 20;

/// Longest statements of a graph as N-Triples, bytes: they are read whole whenever the graph is.
pub const MAX_STATEMENT_BYTES: usize = 4 << 20;

/// Attempts of a caller who named no revision, when others write at the same time.
const ATTEMPTS: usize = 16;

/// What is done with the statements that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextWrite {
    Replace,
    Merge,
}

/// A document that somebody posts to a graph, read.
#[derive(Debug, Clone)]
pub struct ContextDocument {
    id: RecordId,
    media_type: &'static str,
    bytes: Vec<u8>,
    digest: String,
    lines: context::Lines,
}

impl ContextDocument {
    /// Reads a document; relative addresses are resolved against that of the graph under the public base. Takes some time
    /// for a long one.
    ///
    /// # Errors
    /// `BadParameter` for what is broken, with the line.
    pub fn read(
        id: RecordId,
        (media_type, syntax): (&'static str, Syntax),
        bytes: Vec<u8>,
        base: &Base,
    ) -> Result<Self, Error> {
        let digest = codec::sha256(&bytes).to_string();
        let lines = context::lines(syntax, &bytes, id.as_str(), &digest, base)
            .map_err(|broken| Error::parameter("body", broken.to_string()))?;
        Ok(Self { id, media_type, bytes, digest, lines })
    }
}

/// The key of the record of a context graph.
pub fn context_key(id: &RecordId) -> Key {
    Key { kind: Kind::ContextGraph, collection: None, id: id.clone() }
}

impl Catalogue {
    /// The record of a context graph; none where there is no graph, or no more.
    ///
    /// # Errors
    /// Those of reading.
    pub fn context_graph(&self, id: &RecordId) -> Result<Option<Stored>, Error> {
        match self.get(&context_key(id)) {
            Ok(stored) => Ok(Some(stored)),
            Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Registers a document as a context graph, or adds it to one. What adds nothing is no new revision.
    ///
    /// # Errors
    /// `TooLarge`, `PreconditionFailed`, and the writer's refusals.
    pub async fn put_context_graph(&self, document: &ContextDocument, write: ContextWrite, caller: Caller) -> Outcome {
        if let Some(earlier) = self.answered_before(&caller)? {
            return Ok(earlier);
        }
        let key = context_key(&document.id);
        let payload = self.stage_bytes(&document.bytes)?;
        let mut attempts = 0;
        loop {
            let current = self.context_graph(&document.id)?;
            let (bound, intent) = bind(&caller, &key, current.as_ref())?;
            let record = current.as_ref().map(|stored| String::from_utf8_lossy(&stored.record));
            let kept = record.as_deref().map(statements).unwrap_or_default();
            let mut wanted = document.lines.clone();
            if let (ContextWrite::Merge, Some(stored)) = (write, &current) {
                wanted.extend(context::split(&kept));
                if wanted == context::split(&kept) {
                    return Ok(unchanged(stored));
                }
            }
            let text = wanted.into_iter().map(|line| line + "\n").collect::<String>();
            if text.len() > MAX_STATEMENT_BYTES {
                return Err(Error::TooLarge { what: "the graph", limit: MAX_STATEMENT_BYTES as u64 });
            }
            let record = edited(record.as_deref(), document, &text)?;
            let checked = self.check(&record)?;
            let action = Action::Put { record: checked.text, intent, payloads: vec![payload.clone()] };
            let outcome = self.submit_one(register::command(checked.key, action, bound)).await;
            attempts += 1;
            match outcome {
                Err(Error::PreconditionFailed { .. } | Error::Exists { .. })
                    if caller.precondition == Precondition::None && attempts < ATTEMPTS => {}
                other => return other,
            }
        }
    }
}

/// Binds a write to what was read.
fn bind(caller: &Caller, key: &Key, current: Option<&Stored>) -> Result<(Caller, Intent), Error> {
    let Some(stored) = current else {
        return match caller.precondition {
            Precondition::None => Ok((caller.clone(), Intent::Create)),
            _ => Err(Error::PreconditionFailed { key: key.clone(), current: None }),
        };
    };
    register::check_current(&caller.precondition, key, stored.digest)?;
    Ok((Caller { precondition: Precondition::OneOf(vec![stored.digest]), ..caller.clone() }, Intent::Replace))
}

/// The statements that the record of a context graph keeps.
pub fn statements(record: &str) -> String {
    let fields = Fields::of_valid(record).unwrap_or_default();
    fields.string("statements").unwrap_or_default().into_owned()
}

/// The record with these statements; what else it says stays.
fn edited(record: Option<&str>, document: &ContextDocument, text: &str) -> Result<String, Error> {
    let ContextDocument { id, media_type, digest, .. } = document;
    let failed = || Error::internal("writing the record of a context graph");
    let mut members = match record {
        Some(record) => Members::parse(record).map_err(Error::internal("reading a stored record"))?,
        None => {
            let mut members = Members::default();
            members.set_value("kind", Kind::ContextGraph.as_str()).map_err(failed())?;
            members.set_value("id", id.as_str()).map_err(failed())?;
            members
        }
    };
    let graph = projection::context_graph(&Base::stored(), id.as_str());
    members.set_value("graph", graph.as_str()).map_err(failed())?;
    let source = format!(r#"{{"media_type":"{media_type}","sha256":"{digest}"}}"#);
    members.set("source", RawValue::from_string(source).map_err(failed())?);
    members.set_value("statements", text).map_err(failed())?;
    Ok(members.to_text())
}

fn unchanged(stored: &Stored) -> Receipt {
    Receipt {
        key: stored.key.clone(),
        effect: Effect::Unchanged,
        sequence: stored.sequence,
        revision: stored.revision,
        digest: Some(stored.digest),
        pending: false,
    }
}
