//! Reading single records, their revisions and their bytes.

use super::{Catalogue, Error};
use crate::codec;
use crate::model::{Access, Entity, Event, Key, Kind, PayloadLocation, RecordId, Sha256};

use super::nearest::nearest;

/// A stored record with what HTTP needs of its event.
#[derive(Debug, Clone)]
pub struct Stored {
    pub key: Key,
    /// The stored bytes.
    pub record: Vec<u8>,
    pub digest: Sha256,
    pub sequence: u64,
    pub revision: u64,
    /// RFC 3339, UTC, of the revision.
    pub time: String,
    /// Who registered the revision.
    pub agent: String,
    /// `local`, or where it was harvested from.
    pub scope: String,
}

/// One revision in a list.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Revision {
    pub revision: u64,
    pub sequence: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// `put` or `delete`.
    pub operation: crate::model::Operation,
    pub agent: String,
    /// Record digest; none for a tombstone.
    pub digest: Option<Sha256>,
}

/// A file of a product that the archive holds.
#[derive(Clone)]
pub struct HeldFile {
    pub digest: Sha256,
    pub location: PayloadLocation,
    pub media_type: Option<String>,
    pub name: String,
}

impl Catalogue {
    /// The stored bytes of the record of an event.
    pub(super) fn record_at(&self, sequence: u64) -> Result<Vec<u8>, Error> {
        let location = self.records.location(sequence).map_err(Error::internal("finding a record"))?;
        let location = location.ok_or_else(|| Error::Unavailable {
            reason: format!("the records index does not hold sequence {sequence} yet"),
        })?;
        self.archive.record(&location).map_err(Error::internal("reading a record from the archive"))
    }

    pub(super) fn event_at(&self, sequence: u64) -> Result<(Event, Option<Sha256>), Error> {
        let location = self.records.location(sequence).map_err(Error::internal("finding an event"))?;
        let location = location.ok_or_else(|| Error::Unavailable {
            reason: format!("the records index does not hold sequence {sequence} yet"),
        })?;
        super::writer::event_at(&self.archive, &location).map_err(Error::internal("reading an event from the archive"))
    }

    /// The current revision of a record.
    ///
    /// # Errors
    /// `NotFound` with the nearest names, `Gone` with the tombstone, `UnknownCollection`.
    pub fn get(&self, key: &Key) -> Result<Stored, Error> {
        self.check_ready()?;
        let current = self.records.current(key).map_err(Error::internal("reading the state of a record"))?;
        let Some(current) = current else { return Err(self.not_found(key)) };
        let (event, digest) = self.event_at(current.sequence)?;
        let stored = stored(key, event, digest);
        stored.map_err(|(revision, sequence, time)| Error::Gone { key: key.clone(), revision, sequence, time })
    }

    /// One revision of a record.
    ///
    /// # Errors
    /// `NotFound`, `NoSuch` revision, `Gone` when that revision is a tombstone.
    pub fn get_revision(&self, key: &Key, revision: u64) -> Result<Stored, Error> {
        self.check_ready()?;
        let revisions = self.records.revisions(key).map_err(Error::internal("listing revisions"))?;
        if revisions.is_empty() {
            return Err(self.not_found(key));
        }
        let sequence = revisions.iter().find(|(number, _)| *number == revision).map(|(_, sequence)| *sequence);
        let sequence = sequence.ok_or_else(|| Error::NoSuch { what: format!("revision {revision} of {key}") })?;
        let (event, digest) = self.event_at(sequence)?;
        let stored = stored(key, event, digest);
        stored.map_err(|(revision, sequence, time)| Error::Gone { key: key.clone(), revision, sequence, time })
    }

    /// All revisions of a record, oldest first; those of a deleted record too.
    ///
    /// # Errors
    /// `NotFound` when the key never existed.
    pub fn revisions(&self, key: &Key) -> Result<Vec<Revision>, Error> {
        self.check_ready()?;
        let revisions = self.records.revisions(key).map_err(Error::internal("listing revisions"))?;
        if revisions.is_empty() {
            return Err(self.not_found(key));
        }
        let read = |(revision, sequence)| {
            let (event, digest) = self.event_at(sequence)?;
            let Event { time, operation, agent, .. } = event;
            Ok(Revision { revision, sequence, time, operation, agent, digest })
        };
        revisions.into_iter().map(read).collect()
    }

    /// This archive's own live collections in order of id, after one if given.
    ///
    /// # Errors
    /// `Internal` when an index cannot be read.
    pub fn collections(&self, after: Option<&RecordId>, limit: usize) -> Result<Vec<Stored>, Error> {
        self.check_ready()?;
        let after = after.map(|id| Key::collection(id.clone()));
        let keys = self.records.keys(Kind::Collection, None, after.as_ref());
        let own = keys.filter(|entry| entry.as_ref().map_or(true, |(key, _)| key.is_local()));
        own.take(limit)
            .map(|entry| {
                let (key, _) = entry.map_err(Error::internal("listing collections"))?;
                self.get(&key)
            })
            .collect()
    }

    /// How many live products a collection has.
    ///
    /// # Errors
    /// `Internal` when the index cannot be read.
    pub fn member_count(&self, collection: &RecordId) -> Result<u64, Error> {
        self.records.members(collection).map_err(Error::internal("counting the products of a collection"))
    }

    /// Finds a file of a product and checks that its bytes may be read.
    ///
    /// # Errors
    /// `NoSuch` file, `AccessDenied` when the product's `access` is not open.
    pub fn file(&self, key: &Key, name: &str) -> Result<HeldFile, Error> {
        let stored = self.get(key)?;
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let file = entity.files.iter().find(|file| file.name == name);
        let file = file.ok_or_else(|| Error::NoSuch { what: format!("file {name:?} in {key}") })?;
        check_access(key, entity.access)?;
        let digest = file.payload().ok_or_else(|| Error::NoSuch {
            what: match &file.href {
                Some(href) => format!("copy of file {name:?} of {key} in this archive; its producer has it at {href}"),
                None => format!("copy of file {name:?} of {key} in this archive"),
            },
        })?;
        let location = self.payload_location(&digest)?;
        let media_type = file.media_type.as_ref().map(|media_type| media_type.to_string());
        Ok(HeldFile { digest, location, media_type, name: name.to_owned() })
    }

    /// The verbatim document that a record was made from.
    ///
    /// # Errors
    /// `NoSuch` when the record was registered natively.
    pub fn source(&self, key: &Key) -> Result<HeldFile, Error> {
        let stored = self.get(key)?;
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let none = || Error::NoSuch { what: format!("source document of {key}: it was registered natively") };
        let source = entity.source.ok_or_else(none)?;
        let digest = Sha256::parse(&source.sha256).map_err(Error::internal("reading a source digest"))?;
        let location = self.payload_location(&digest)?;
        Ok(HeldFile { digest, location, media_type: Some(source.media_type.to_string()), name: "source".to_owned() })
    }

    /// The verbatim source document as text.
    ///
    /// # Errors
    /// As `source`; `Internal` when it cannot be read or is no UTF-8.
    pub fn source_text(&self, key: &Key) -> Result<String, Error> {
        let file = self.source(key)?;
        let mut bytes = Vec::new();
        for piece in self.open_payload(&file)?.read() {
            bytes.extend_from_slice(&piece.map_err(Error::internal("reading a source document"))?);
        }
        String::from_utf8(bytes).map_err(Error::internal("reading a source document"))
    }

    /// Where the bytes of a payload stand.
    ///
    /// # Errors
    /// `NoSuch` when the archive never had it.
    pub fn payload_location(&self, digest: &Sha256) -> Result<PayloadLocation, Error> {
        let location = self.records.payload(digest).map_err(Error::internal("finding a payload"))?;
        location.ok_or_else(|| Error::NoSuch { what: format!("payload sha256:{digest}") })
    }

    pub(super) fn not_found(&self, key: &Key) -> Error {
        if let Some(collection) = &key.collection {
            let known = self.records.current(&Key::collection(collection.clone()));
            if !matches!(known, Ok(Some(current)) if !current.deleted) {
                return self.unknown_collection(collection.as_str());
            }
        }
        let nearest = if key.kind == Kind::Collection { self.nearest_collections(key.id.as_str()) } else { Vec::new() };
        Error::NotFound { key: key.clone(), nearest }
    }

    /// The error for a collection that is not registered.
    pub fn unknown_collection(&self, id: &str) -> Error {
        Error::UnknownCollection { id: id.to_owned(), nearest: self.nearest_collections(id) }
    }

    /// Refuses a name that no live collection has: a misspelt name is never shown as an empty result.
    ///
    /// # Errors
    /// `UnknownCollection` with the nearest names.
    pub fn check_collections(&self, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            let key = RecordId::parse(id).map(Key::collection).ok();
            let current = key.map(|key| self.records.current(&key)).transpose();
            let current = current.map_err(Error::internal("looking for a collection"))?.flatten();
            if current.is_none_or(|current| current.deleted) {
                return Err(self.unknown_collection(id));
            }
        }
        Ok(())
    }

    fn nearest_collections(&self, id: &str) -> Vec<String> {
        let names: Vec<String> = self
            .records
            .keys(Kind::Collection, None, None)
            .filter_map(Result::ok)
            .filter(|(key, _)| key.is_local())
            .map(|(key, _)| key.id.to_string())
            .collect();
        nearest(id, names.iter().map(String::as_str))
    }
}

fn check_access(key: &Key, access: Access) -> Result<(), Error> {
    let access = match access {
        Access::Open => return Ok(()),
        Access::Restricted => "restricted",
        Access::Embargoed => "embargoed",
        Access::Closed => "closed",
    };
    Err(Error::AccessDenied { key: key.clone(), access })
}

fn stored(key: &Key, event: Event, digest: Option<Sha256>) -> Result<Stored, (u64, u64, String)> {
    let Event { sequence, revision, time, agent, scope, record, .. } = event;
    let Some(record) = record else { return Err((revision, sequence, time)) };
    let record: Box<str> = record.into();
    let record = record.into_string().into_bytes();
    let digest = digest.unwrap_or_else(|| codec::sha256(&record));
    Ok(Stored { key: key.clone(), record, digest, sequence, revision, time, agent, scope })
}
