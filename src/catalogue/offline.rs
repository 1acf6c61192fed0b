//! Reading single records from the archive alone: no lock, no index, beside a running service. Follows the whole log,
//! so it takes longer the longer the log is.

use std::collections::BTreeSet;
use std::path::Path;

use super::nearest::nearest;
use super::open::{self, StartError};
use super::{Error, Options, Settings};
use crate::archive::{Archive, Payload};
use crate::model::{Access, Entity, Event, Key, Kind, PayloadLocation, Sha256};

/// An archive opened for reading.
pub struct Offline {
    archive: Archive,
}

impl Offline {
    /// Opens the archive of a store without its lock.
    ///
    /// # Errors
    /// `StartError::Archive` when there is none.
    pub fn open(store: &Path) -> Result<Self, StartError> {
        let settings = Settings { read_only: true, ..Settings::default() };
        Ok(Self { archive: open::open_archive(store, &Options { settings, ..Options::default() })? })
    }

    /// The archive itself.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The stored bytes of the current record.
    ///
    /// # Errors
    /// `NotFound`, `Gone`, or `Internal` when the archive cannot be read.
    pub fn record(&self, key: &Key) -> Result<Vec<u8>, Error> {
        let mut last: Option<Event> = None;
        let mut collections = BTreeSet::new();
        self.each(|event| {
            if event.kind == Kind::Collection {
                collections.insert(event.id.to_string());
            }
            if event.id == key.id && event.kind == key.kind && event.collection == key.collection {
                last = Some(event);
            }
        })?;
        match last {
            None => {
                let wanted = key.collection.as_ref().unwrap_or(&key.id);
                let nearest = nearest(wanted.as_str(), collections.iter().map(String::as_str));
                match &key.collection {
                    Some(collection) if !collections.contains(collection.as_str()) => {
                        Err(Error::UnknownCollection { id: collection.to_string(), nearest })
                    }
                    Some(_) => Err(Error::NotFound { key: key.clone(), nearest: Vec::new() }),
                    None => Err(Error::NotFound { key: key.clone(), nearest }),
                }
            }
            Some(Event { record: Some(record), .. }) => Ok(record.get().as_bytes().to_vec()),
            Some(Event { revision, sequence, time, .. }) => {
                Err(Error::Gone { key: key.clone(), revision, sequence, time })
            }
        }
    }

    fn each(&self, mut visit: impl FnMut(Event)) -> Result<(), Error> {
        let failed = || Error::internal("reading the archive");
        for segment in self.archive.segments(1).map_err(failed())? {
            segment.map_err(failed())?.lines.into_iter().for_each(|line| visit(line.event));
        }
        Ok(())
    }

    /// The bytes of a file of a product.
    ///
    /// # Errors
    /// As `record`; `NoSuch` file; `AccessDenied`.
    pub fn file(&self, key: &Key, name: &str) -> Result<Payload, Error> {
        let record = self.record(key)?;
        let entity = Entity::view(&record).map_err(Error::internal("reading a stored record"))?;
        let file = entity.files.iter().find(|file| file.name == name);
        let digest = file.and_then(|file| file.payload());
        let digest = digest.ok_or_else(|| Error::NoSuch { what: format!("file {name:?} of {key} in this archive") })?;
        if entity.access != Access::Open {
            return Err(Error::AccessDenied { key: key.clone(), access: "not open" });
        }
        let location = self.payload_location(&digest)?;
        self.archive.payload(&digest, &location).map_err(Error::internal("opening a payload"))
    }

    fn payload_location(&self, digest: &Sha256) -> Result<PayloadLocation, Error> {
        let failed = || Error::internal("reading the archive");
        for segment in self.archive.segments(1).map_err(failed())? {
            let payloads = segment.map_err(failed())?.payloads;
            if let Some((_, location)) = payloads.into_iter().find(|(held, _)| held == digest) {
                return Ok(location);
            }
        }
        Err(Error::NoSuch { what: format!("payload sha256:{digest}") })
    }
}
