//! Registering, replacing, patching and deleting single records.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::command::{Action, Command, Intent, Outcome, Precondition, Receipt};
use super::writer::durable_receipt;
use super::{Catalogue, Error, recipes};
use crate::archive::StagedPayload;
use crate::model::json::{self, Members};
use crate::model::{IdempotencyKey, Key, Kind, RecordId, Sha256};

/// Attempts of a read-modify-write whose caller named no revision.
const PATCH_ATTEMPTS: usize = 16;

/// Who asks, and under which conditions.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// User name; empty means `local`.
    pub agent: String,
    pub precondition: Precondition,
    pub idempotency: Option<IdempotencyKey>,
}

/// Which record a submission is about, as far as the address of the request says.
#[derive(Debug, Clone)]
pub struct Address {
    pub kind: Kind,
    pub collection: Option<RecordId>,
    /// Absent when the record itself brings its id.
    pub id: Option<RecordId>,
}

impl Address {
    /// The address of a known key.
    pub fn of(key: &Key) -> Self {
        Self { kind: key.kind, collection: key.collection.clone(), id: Some(key.id.clone()) }
    }
}

impl Catalogue {
    /// Registers a record from its JSON text.
    ///
    /// # Errors
    /// `Invalid` with all violations, or the writer's refusal.
    pub async fn put(&self, address: &Address, text: &str, intent: Intent, caller: Caller) -> Outcome {
        if let Some(earlier) = self.answered_before(&caller)? {
            return Ok(earlier);
        }
        let (completed, payloads) = self.complete(address, text)?;
        let checked = self.check(&completed)?;
        agree(address, &checked.key)?;
        let action = Action::Put { record: checked.text, intent, payloads };
        self.submit_one(command(checked.key, action, caller)).await
    }

    /// Applies a JSON Merge Patch (RFC 7396) to the current record.
    ///
    /// # Errors
    /// As `put`, and `NotFound` or `Gone`.
    pub async fn patch(&self, key: &Key, patch: &str, caller: Caller) -> Outcome {
        if Members::parse(patch).is_err() {
            self.check(patch)?;
            return Err(Error::invalid("", "a merge patch of a record is a JSON object"));
        }
        self.modify(key, caller, |record| {
            json::merge_patch(Some(record), patch).map_err(|error| Error::invalid("", error.to_string()))
        })
        .await
    }

    /// The first receipt of a repeated request: what it was about may have changed or gone since, its uploads too.
    pub(super) fn answered_before(&self, caller: &Caller) -> Result<Option<Receipt>, Error> {
        let Some(idempotency) = &caller.idempotency else { return Ok(None) };
        self.check_ready()?;
        durable_receipt(&self.archive, &self.records, idempotency)
    }

    /// Reads, edits and replaces a record; tries again when somebody else was quicker, unless the caller named a revision.
    pub(super) async fn modify<E>(&self, key: &Key, caller: Caller, edit: E) -> Outcome
    where
        E: Fn(&str) -> Result<String, Error>,
    {
        if let Some(earlier) = self.answered_before(&caller)? {
            return Ok(earlier);
        }
        let mut attempts = 0;
        loop {
            let stored = self.get(key)?;
            check_current(&caller.precondition, key, stored.digest)?;
            let record = std::str::from_utf8(&stored.record).map_err(Error::internal("reading a stored record"))?;
            let edited = edit(record)?;
            let bound = Caller { precondition: Precondition::OneOf(vec![stored.digest]), ..caller.clone() };
            let outcome = self.put(&Address::of(key), &edited, Intent::Replace, bound).await;
            attempts += 1;
            match outcome {
                Err(Error::PreconditionFailed { .. })
                    if caller.precondition == Precondition::None && attempts < PATCH_ATTEMPTS => {}
                other => return other,
            }
        }
    }

    /// Leaves a tombstone.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, `CollectionNotEmpty`, `PreconditionFailed`.
    pub async fn delete(&self, key: &Key, caller: Caller) -> Outcome {
        self.check_deletable(key)?;
        self.submit_one(command(key.clone(), Action::Delete, caller)).await
    }

    /// Names a staged payload as a file of a product, in one revision.
    ///
    /// # Errors
    /// `DigestMismatch` when the record promises another sha256 for this file; as `patch` otherwise.
    pub async fn attach(
        &self,
        key: &Key,
        name: &str,
        media_type: Option<&str>,
        payload: StagedPayload,
        caller: Caller,
    ) -> Result<Receipt, Error> {
        let upload = self.uploads.adopt(payload)?;
        let outcome = self
            .modify(key, caller, |record| {
                let mut members = members(record)?;
                let mut files: Vec<Box<RawValue>> = match members.get("files") {
                    Some(files) => serde_json::from_str(files).map_err(Error::internal("reading stored files"))?,
                    None => Vec::new(),
                };
                let at = files.iter().position(|file| file_name(file.get()).as_deref() == Some(name));
                let mut file = match at.and_then(|at| files.get(at)) {
                    Some(file) => self::members(file.get())?,
                    None => Members::default(),
                };
                set(&mut file, "name", name)?;
                if let Some(media_type) = media_type {
                    set(&mut file, "media_type", media_type)?;
                }
                set(&mut file, "upload", &upload)?;
                let file = raw(file.to_text())?;
                match at.and_then(|at| files.get_mut(at)) {
                    Some(old) => *old = file,
                    None => files.push(file),
                }
                set(&mut members, "files", &files)?;
                Ok(members.to_text())
            })
            .await;
        self.uploads.discard(&upload);
        outcome
    }

    /// Fills in what the address says and the text leaves out, and turns uploads into payloads.
    fn complete(&self, address: &Address, text: &str) -> Result<(String, Vec<Arc<StagedPayload>>), Error> {
        // What is no object at all is the schema's to refuse, with position and reason.
        let Ok(mut members) = Members::parse(text) else { return Ok((text.to_owned(), Vec::new())) };
        let named = members.get("kind").is_some() && members.get("id").is_some();
        let placed = members.get("collection").is_some() || address.collection.is_none();
        let uploads = members.get("files").is_some_and(|files| files.contains("\"upload\""));
        if named && placed && !uploads {
            return Ok((text.to_owned(), Vec::new()));
        }
        if let (None, Some(id)) = (members.get("id"), &address.id) {
            members.set_first("id", raw_string(id.as_str())?);
        }
        if let (None, Some(collection)) = (members.get("collection"), &address.collection) {
            members.set_first("collection", raw_string(collection.as_str())?);
        }
        if members.get("kind").is_none() {
            members.set_first("kind", raw_string(address.kind.as_str())?);
        }
        let payloads = if uploads { self.resolve_uploads(&mut members)? } else { Vec::new() };
        if address.kind == Kind::Recipe {
            recipes::identify(&mut members)?;
        }
        Ok((members.to_text(), payloads))
    }

    /// Replaces each `files[].upload` by the digest, size and storage of the finished upload.
    fn resolve_uploads(&self, members: &mut Members) -> Result<Vec<Arc<StagedPayload>>, Error> {
        let Some(text) = members.get("files") else { return Ok(Vec::new()) };
        let Ok(files) = serde_json::from_str::<Vec<Box<RawValue>>>(text) else { return Ok(Vec::new()) };
        let mut payloads = Vec::new();
        let mut resolved = Vec::with_capacity(files.len());
        for (at, file) in files.into_iter().enumerate() {
            let Ok(mut file) = Members::parse(file.get()) else {
                resolved.push(file);
                continue;
            };
            if let Some(upload) = file.remove("upload") {
                let pointer = format!("/files/{at}/upload");
                let name: String = serde_json::from_str(upload.get())
                    .map_err(|_| Error::invalid(pointer.clone(), "must be the identifier of an upload"))?;
                let payload =
                    self.uploads.finished(&name).map_err(|error| Error::invalid(pointer, error.to_string()))?;
                describe(&mut file, &payload)?;
                payloads.push(payload);
            }
            resolved.push(raw(file.to_text())?);
        }
        set(members, "files", &resolved)?;
        Ok(payloads)
    }
}

/// Writes what the archive knows of a payload into its file entry; a promised sha256 must agree.
pub(super) fn describe(file: &mut Members, payload: &StagedPayload) -> Result<(), Error> {
    let computed = payload.sha256.to_string();
    let broken = promises_of(file).into_iter().map(|(promise, _)| promise).find(|promise| {
        promise.is_by_producer()
            && promise.algorithm == Sha256::ALGORITHM
            && !promise.value.eq_ignore_ascii_case(&computed)
    });
    if let Some(Promise { value: promised, .. }) = broken {
        return Err(Error::DigestMismatch { algorithm: Sha256::ALGORITHM, promised, computed });
    }
    describe_as_found(file, payload.sha256, payload.bytes)
}

/// As `describe`, whatever was promised: both stand side by side then.
pub(super) fn describe_as_found(file: &mut Members, digest: Sha256, bytes: u64) -> Result<(), Error> {
    let promises = promises_of(file).into_iter().filter(|(promise, _)| promise.is_by_producer());
    let mut checksums: Vec<Box<RawValue>> = promises.map(|(_, text)| text).collect();
    checksums.push(raw(format!(r#"{{"algorithm":"sha256","value":"{digest}","source":"archive"}}"#))?);
    set(file, "bytes", &bytes)?;
    set(file, "checksums", &checksums)?;
    set(file, "storage", &format!("payload:sha256:{digest}"))
}

/// A checksum as a file entry has it.
#[derive(serde::Deserialize)]
struct Promise {
    algorithm: String,
    value: String,
    #[serde(default)]
    source: Option<String>,
}

impl Promise {
    fn is_by_producer(&self) -> bool {
        self.source.as_deref() != Some("archive")
    }
}

fn promises_of(file: &Members) -> Vec<(Promise, Box<RawValue>)> {
    let stored = file.get("checksums").and_then(|text| serde_json::from_str::<Vec<Box<RawValue>>>(text).ok());
    let read = |text: Box<RawValue>| Some((serde_json::from_str(text.get()).ok()?, text));
    stored.unwrap_or_default().into_iter().filter_map(read).collect()
}

pub(super) fn command(key: Key, action: Action, caller: Caller) -> Command {
    let agent = if caller.agent.is_empty() { "local".to_owned() } else { caller.agent };
    Command { key, action, precondition: caller.precondition, idempotency: caller.idempotency, agent }
}

pub(super) fn agree(address: &Address, key: &Key) -> Result<(), Error> {
    let mut violations = Vec::new();
    let mut differ = |pointer: &str, wanted: &str, found: &str| {
        violations.push(super::Violation {
            pointer: pointer.to_owned(),
            message: format!("is {found:?}, the request is about {wanted:?}"),
        });
    };
    if address.kind != key.kind {
        differ("/kind", address.kind.as_str(), key.kind.as_str());
    }
    if let (Some(wanted), Some(found)) = (&address.collection, &key.collection)
        && wanted != found
    {
        differ("/collection", wanted.as_str(), found.as_str());
    }
    if let Some(wanted) = address.id.as_ref().filter(|wanted| **wanted != key.id) {
        differ("/id", wanted.as_str(), key.id.as_str());
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid { violations }) }
}

pub(super) fn check_current(precondition: &Precondition, key: &Key, digest: Sha256) -> Result<(), Error> {
    match precondition {
        Precondition::OneOf(digests) if !digests.contains(&digest) => {
            Err(Error::PreconditionFailed { key: key.clone(), current: Some(digest) })
        }
        _ => Ok(()),
    }
}

fn file_name(file: &str) -> Option<String> {
    let members = Members::parse(file).ok()?;
    serde_json::from_str(members.get("name")?).ok()
}

fn members(text: &str) -> Result<Members, Error> {
    Members::parse(text).map_err(Error::internal("reading a stored record"))
}

fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(Error::internal("editing a record"))
}

fn raw_string(text: &str) -> Result<Box<RawValue>, Error> {
    serde_json::value::to_raw_value(text).map_err(Error::internal("editing a record"))
}

fn set<T: serde::Serialize + ?Sized>(members: &mut Members, name: &str, value: &T) -> Result<(), Error> {
    members.set_value(name, value).map_err(Error::internal("editing a record"))
}
