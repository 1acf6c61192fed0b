//! A harvested document on its way in: recognised, mapped by its importer, moved into the scope of its source, checked. Its
//! bytes are kept as they came. What cannot be taken is a reason; one bad document says nothing about its neighbours.

use std::sync::Arc;

use super::scope::{self, Origin};
use crate::archive::StagedPayload;
use crate::catalogue::command::{Action, Command, Intent, Precondition};
use crate::catalogue::ingest::with_source_path;
use crate::catalogue::{Catalogue, Error};
use crate::codec;
use crate::federation::protocol::Document;
use crate::importer::{self, Format, ImportedEntity};
use crate::model::{Key, Sha256};

/// Who registers what is harvested.
pub const AGENT: &str = "harvest";

/// A document that became records.
pub struct Mapped {
    /// What the source calls it.
    pub id: String,
    pub sha256: Sha256,
    /// The keys of its records; collections that were made for them are not among these.
    pub keys: Vec<Key>,
    pub commands: Vec<Command>,
}

impl Catalogue {
    /// The commands that register a document of a source.
    ///
    /// # Errors
    /// Why it cannot be taken; `ReadOnly` and the like when nothing can.
    pub(super) fn map_document(&self, source: &str, id: &str, document: &Document) -> Result<Mapped, Error> {
        let sha256 = codec::sha256(&document.bytes);
        let (datestamp, href) = (document.datestamp.as_deref(), document.href.as_deref());
        let origin = Origin { source, id, sha256, datestamp, href };
        let mut mapped = Mapped { id: id.to_owned(), sha256, keys: Vec::new(), commands: Vec::new() };
        let (format, entities) = self.entities(id, document)?;
        let mut staged: Option<(std::ops::Range<usize>, Arc<StagedPayload>)> = None;
        for entity in entities {
            let range = entity.source.as_ref().map_or(0..document.bytes.len(), |source| source.range.clone());
            let payload = match &staged {
                Some((known, payload)) if *known == range => Arc::clone(payload),
                _ => self.stage_bytes(document.bytes.get(range.clone()).unwrap_or_default())?,
            };
            staged = Some((range, Arc::clone(&payload)));
            self.register_in_scope(&entity, format, &origin, payload, &mut mapped)?;
        }
        Ok(mapped)
    }

    /// The records that importers make of a document, not yet in any scope.
    fn entities(&self, id: &str, document: &Document) -> Result<(Format, Vec<ImportedEntity>), Error> {
        let bytes = document.bytes.as_slice();
        // Statements of RDF, which only their name tells from other texts.
        let name = if bytes.starts_with(b"<http") { "document.nt" } else { "document" };
        let format = importer::recognise(name, bytes);
        let format = format.ok_or_else(|| Error::invalid("", "is of no format that is known here"))?;
        let context = importer::Context { names: &self.names, path: id, ..importer::Context::new(&codec::sha256) };
        let imported = importer::import(format, bytes, &context);
        if imported.entities.is_empty() {
            let reason = imported.findings.first().map(ToString::to_string);
            return Err(Error::invalid("", reason.unwrap_or_else(|| "makes no record".to_owned())));
        }
        Ok((format, imported.entities))
    }

    fn register_in_scope(
        &self,
        entity: &ImportedEntity,
        format: Format,
        origin: &Origin<'_>,
        payload: Arc<StagedPayload>,
        mapped: &mut Mapped,
    ) -> Result<(), Error> {
        let document = match entity.source {
            Some(_) => None,
            // A native record of another archive: kept like any other document, for it is changed here.
            None => Some(format!(r#"{{"media_type":"application/json","sha256":"{}"}}"#, payload.sha256)),
        };
        let mut text = scope::scoped(&entity.record, origin, document.as_deref())?;
        if document.is_none() && format.is_named_by_its_path() {
            text = with_source_path(&text, origin.id)?;
        }
        let checked = self.check_any(&text)?;
        if let Some(collection) = &checked.key.collection {
            let key = Key::collection(collection.clone());
            if !self.is_live(&key)? && !mapped.commands.iter().any(|command| command.key == key) {
                let minimal = self.check_any(&importer::minimal_collection(collection))?;
                mapped.commands.push(command(minimal.key, minimal.text, Vec::new(), Intent::Ensure));
            }
        }
        mapped.keys.push(checked.key.clone());
        // What the source takes back is taken back here: `Put`, not `Import`.
        mapped.commands.push(command(checked.key, checked.text, vec![payload], Intent::Put));
        Ok(())
    }

    fn is_live(&self, key: &Key) -> Result<bool, Error> {
        let current = self.records.current(key).map_err(Error::internal("looking for a collection"))?;
        Ok(current.is_some_and(|current| !current.deleted))
    }
}

fn command(key: Key, record: String, payloads: Vec<Arc<StagedPayload>>, intent: Intent) -> Command {
    let action = Action::Put { record, intent, payloads };
    Command { key, action, precondition: Precondition::None, idempotency: None, agent: AGENT.to_owned() }
}

/// The tombstone of a record that its source no longer has.
pub fn deletion(key: Key) -> Command {
    let action = Action::Delete;
    Command { key, action, precondition: Precondition::None, idempotency: None, agent: AGENT.to_owned() }
}
