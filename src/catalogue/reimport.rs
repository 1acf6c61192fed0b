//! Runs importers again over the kept sources: the same document gives the same record, or what changed in it is named.
//! What the delivery added (bytes held, fixity, the document's place) is taken from the stored record.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::command::{Action, Command, Intent, Outcome, Precondition};
use super::delivery::Promise;
use super::ingest::{MAX_DOCUMENT_BYTES, with_source_path};
use super::{Catalogue, Error, Stored, attach, register};
use crate::model::json::{self, Fields, Members};
use crate::model::{Entity, Key, Kind, RecordId, Sha256};
use crate::{codec, importer};

/// Documents whose records are remembered: the rows of a table share one.
const REMEMBERED: usize = 8;

/// What importing the kept source again gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Identical,
    /// The first member that differs, as a JSON pointer, and the new record.
    Changed {
        pointer: String,
        record: String,
    },
    /// The source makes no record of this key any more, or none that the schema takes.
    Refused {
        reason: String,
    },
    /// No importer of this binary knows the source.
    NoImporter,
}

/// One record whose source was imported again.
#[derive(Debug)]
pub struct Reimported {
    pub key: Key,
    pub verdict: Verdict,
    /// Digest of the stored record.
    pub stored: Sha256,
}

/// What an import depends on.
#[derive(Clone, PartialEq, Eq)]
struct Wanted {
    source: Source,
    /// Collection of what names none.
    collection: String,
}

/// Records by their keys, or why there are none.
struct Made {
    of: Wanted,
    /// An importer knows the source.
    is_known: bool,
    records: HashMap<Key, String>,
    /// The first refusal of the schema or of the importer.
    refusal: Option<String>,
}

/// Imports sources again, one record after the other.
pub struct Reimporter<'a> {
    catalogue: &'a Catalogue,
    remembered: Vec<Rc<Made>>,
}

impl Catalogue {
    /// Imports kept sources again.
    pub fn reimporter(&self) -> Reimporter<'_> {
        Reimporter { catalogue: self, remembered: Vec::new() }
    }

    /// Keys of this archive's own live records of a kind, of one collection if given.
    pub fn live_keys(&self, kind: Kind, collection: Option<&RecordId>) -> impl Iterator<Item = Result<Key, Error>> {
        let keys = self.records.keys(kind, collection, None);
        let keys = keys.map(|entry| entry.map(|(key, _)| key).map_err(Error::internal("listing records")));
        keys.filter(|key| key.as_ref().map_or(true, Key::is_local))
    }

    /// Registers changed records as new revisions, if nobody changed them since; one outcome for each, in order.
    pub fn take_reimported(&self, changed: Vec<Reimported>) -> Vec<Outcome> {
        let commands: Vec<Command> = changed.into_iter().filter_map(command).collect();
        if commands.is_empty() {
            return Vec::new();
        }
        let stopped = || Error::Unavailable { reason: "the service stopped before this was answered".to_owned() };
        let outcomes = self.submit(commands).map(oneshot::Receiver::blocking_recv);
        match outcomes {
            Ok(Ok(outcomes)) => outcomes,
            Ok(Err(_)) => vec![Err(stopped())],
            Err(error) => vec![Err(error)],
        }
    }
}

fn command(reimported: Reimported) -> Option<Command> {
    let Verdict::Changed { record, .. } = reimported.verdict else { return None };
    let action = Action::Put { record, intent: Intent::Replace, payloads: Vec::new() };
    let precondition = Precondition::OneOf(vec![reimported.stored]);
    Some(Command { key: reimported.key, action, precondition, idempotency: None, agent: "local".to_owned() })
}

impl Reimporter<'_> {
    /// Imports the source of a record again; nothing for records that no document
    /// describes.
    ///
    /// # Errors
    /// `NotFound` and `Gone`; the archive's.
    pub fn judge(&mut self, key: &Key) -> Result<Option<Reimported>, Error> {
        // The evidence of a list of checksums is about a delivery that is gone.
        if key.kind == Kind::Evidence {
            return Ok(None);
        }
        let stored = self.catalogue.get(key)?;
        let digest = stored.digest;
        let record = std::str::from_utf8(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let Some(source) = Source::of(record) else { return Ok(None) };
        let collection = key.collection.as_ref().map_or(importer::UNCOLLECTED, RecordId::as_str);
        let path = source.path.clone();
        let made = self.made(&stored, Wanted { source, collection: collection.to_owned() })?;
        let verdict = match made.records.get(key) {
            Some(text) => compare(record, with_delivery(text, record, path.as_deref())?),
            None if !made.is_known => Verdict::NoImporter,
            None => {
                let reason = made.refusal.clone().unwrap_or_else(|| "its source makes other records".to_owned());
                Verdict::Refused { reason }
            }
        };
        Ok(Some(Reimported { key: key.clone(), verdict, stored: digest }))
    }

    fn made(&mut self, stored: &Stored, wanted: Wanted) -> Result<Rc<Made>, Error> {
        if let Some(made) = self.remembered.iter().find(|made| made.of == wanted) {
            return Ok(Rc::clone(made));
        }
        let made = Rc::new(self.catalogue.import_again(stored, wanted)?);
        if made.records.len() > 1 {
            self.remembered.truncate(REMEMBERED - 1);
            self.remembered.insert(0, Rc::clone(&made));
        }
        Ok(made)
    }
}

impl Catalogue {
    fn import_again(&self, stored: &Stored, wanted: Wanted) -> Result<Made, Error> {
        let digest = wanted.source.sha256;
        let (bytes, length) = self.held_bytes(&digest)?;
        let path = wanted.source.path.clone().unwrap_or_default();
        let format = importer::recognise(&path, &bytes);
        let mut made = Made { of: wanted, is_known: format.is_some(), records: HashMap::new(), refusal: None };
        let Some(format) = format else { return Ok(made) };
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let beside = |name: &str| {
            let file = entity.files.iter().find(|file| file.name == name)?;
            self.held_bytes(&file.payload()?).ok().filter(|(_, length)| length.is_none()).map(|(bytes, _)| bytes)
        };
        let whole = |bytes: &[u8]| if length.is_some() { digest } else { codec::sha256(bytes) };
        let context = importer::Context {
            collection: &made.of.collection,
            names: &self.names,
            beside: &beside,
            path: &path,
            length,
            ..importer::Context::new(&whole)
        };
        let imported = importer::import(format, &bytes, &context);
        let refused = imported.findings.iter().find(|finding| finding.reason.outcome() == importer::Outcome::Refused);
        made.refusal = refused.map(ToString::to_string);
        for entity in imported.entities {
            match self.check(&entity.record) {
                Ok(checked) => drop(made.records.insert(checked.key, checked.text)),
                Err(error) => made.refusal = made.refusal.take().or_else(|| Some(error.chain())),
            }
        }
        Ok(made)
    }

    /// The bytes of a payload; of a very long one its start, and its length.
    fn held_bytes(&self, digest: &Sha256) -> Result<(Vec<u8>, Option<u64>), Error> {
        let location = self.records.payload(digest).map_err(Error::internal("finding a payload"))?;
        let location = location.ok_or_else(|| Error::NoSuch { what: format!("payload sha256:{digest}") })?;
        let payload = self.archive.payload(digest, &location).map_err(Error::internal("opening a payload"))?;
        let mut bytes = Vec::new();
        let mut length = 0;
        for piece in payload.read() {
            let piece = piece.map_err(Error::internal("reading a payload"))?;
            length += piece.len() as u64;
            let room = (MAX_DOCUMENT_BYTES + 1).saturating_sub(bytes.len() as u64);
            bytes.extend(piece.iter().take(usize::try_from(room).unwrap_or(usize::MAX)));
        }
        Ok((bytes, Some(length).filter(|length| *length > MAX_DOCUMENT_BYTES)))
    }
}

/// What a stored record says of its source.
#[derive(Clone, PartialEq, Eq)]
struct Source {
    sha256: Sha256,
    path: Option<String>,
}

impl Source {
    fn of(record: &str) -> Option<Self> {
        let source = Fields::of_valid(Fields::of_valid(record)?.get("source")?)?;
        let sha256 = Sha256::parse(&source.string("sha256")?).ok()?;
        Some(Self { sha256, path: source.string("path").map(Into::into) })
    }
}

/// Adds to a fresh record what the delivery added to the stored one, in the order in which it did.
fn with_delivery(fresh: &str, stored: &str, path: Option<&str>) -> Result<String, Error> {
    let broken = "editing a checked record";
    let mut text = match path {
        Some(path) => with_source_path(fresh, path)?,
        None => fresh.to_owned(),
    };
    let stored = Members::parse(stored).map_err(Error::internal(broken))?;
    let Some(held) = stored.get("files") else { return Ok(text) };
    let mut held: Vec<Option<Members>> = json::elements(held)
        .unwrap_or_default()
        .into_iter()
        .map(|file| Members::parse(file).ok().filter(is_delivered))
        .collect();
    if held.iter().any(Option::is_some) {
        let mut members = Members::parse(&text).map_err(Error::internal(broken))?;
        let mut files: Vec<Box<RawValue>> = Vec::new();
        for file in members.get("files").and_then(json::elements).unwrap_or_default() {
            let mut file = Members::parse(file).map_err(Error::internal(broken))?;
            let same =
                held.iter_mut().find(|held| held.as_ref().is_some_and(|held| held.get("name") == file.get("name")));
            if let Some(held) = same.and_then(Option::take) {
                add_delivered(&mut file, &held)?;
            }
            files.push(raw(file.to_text())?);
        }
        // Files that were attached later stay.
        for file in held.into_iter().flatten().filter(|file| file.get("storage").is_some()) {
            files.push(raw(file.to_text())?);
        }
        members.set_value("files", &files).map_err(Error::internal(broken))?;
        text = members.to_text();
    }
    if let Some(fixity) = stored.get("fixity") {
        let mut members = Members::parse(&text).map_err(Error::internal(broken))?;
        members.set("fixity", raw(fixity.to_owned())?);
        text = members.to_text();
    }
    Ok(text)
}

fn is_delivered(file: &Members) -> bool {
    file.get("storage").is_some() || file.get("fixity").is_some()
}

fn add_delivered(file: &mut Members, held: &Members) -> Result<(), Error> {
    let broken = "editing a checked record";
    let declared = file.get("bytes").and_then(|bytes| bytes.parse::<u64>().ok());
    let storage = held.get("storage").and_then(json::read_string);
    let digest = storage.as_deref().and_then(|storage| Sha256::parse(storage.strip_prefix("payload:sha256:")?).ok());
    let bytes = held.get("bytes").and_then(|bytes| bytes.parse::<u64>().ok());
    let known = promises(file);
    let listed: Vec<Promise> = promises(held).into_iter().filter(|promise| !known.contains(promise)).collect();
    attach::add_listed(file, &listed)?;
    if let (Some(digest), Some(bytes)) = (digest, bytes) {
        register::describe_as_found(file, digest, bytes)?;
        if let Some(declared) = declared.filter(|declared| *declared != bytes) {
            file.set_value("declared_bytes", &declared).map_err(Error::internal(broken))?;
        }
    }
    for name in ["delivered_as", "fixity"] {
        if let Some(value) = held.get(name) {
            file.set(name, raw(value.to_owned())?);
        }
    }
    Ok(())
}

/// Checksums that the document or a list of its delivery promises.
fn promises(file: &Members) -> Vec<Promise> {
    let text = file.to_text();
    serde_json::from_str(&text).map_or_else(|_| Vec::new(), |file| attach::own_promises(&file))
}

fn compare(stored: &str, fresh: String) -> Verdict {
    if stored == fresh {
        return Verdict::Identical;
    }
    Verdict::Changed { pointer: first_difference(stored, &fresh), record: fresh }
}

/// Pointer to the first value that differs; to an object whose members only changed places.
fn first_difference(stored: &str, fresh: &str) -> String {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    if let (Some(old), Some(new)) = (Fields::of_valid(stored), Fields::of_valid(fresh)) {
        for (name, value) in new.iter() {
            match old.get(name) {
                Some(known) if known == value => {}
                Some(known) => return format!("/{}{}", escaped(name), first_difference(known, value)),
                None => return format!("/{}", escaped(name)),
            }
        }
        let gone = old.iter().map(|(name, _)| name).find(|name| new.get(name).is_none());
        return gone.map(|name| format!("/{}", escaped(name))).unwrap_or_default();
    }
    if let (Some(old), Some(new)) = (list(stored), list(fresh)) {
        let differs = old.iter().zip(&new).position(|(old, new)| old != new);
        let Some(at) = differs else { return format!("/{}", old.len().min(new.len())) };
        let deeper = old.get(at).zip(new.get(at)).map(|(old, new)| first_difference(old, new));
        return format!("/{at}{}", deeper.unwrap_or_default());
    }
    String::new()
}

fn list(text: &str) -> Option<Vec<&str>> {
    text.starts_with('[').then(|| json::elements(text))?
}

fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(Error::internal("editing a checked record"))
}
