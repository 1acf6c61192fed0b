//! Files that are delivered beside the records that name them: `COLLECTION/ID/NAME` below a folder.

use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Catalogue, Error, register};
use crate::archive::StagedPayload;
use crate::model::Key;
use crate::model::json::{Fields, Members};
use crate::model::uri::encode;

impl Catalogue {
    /// Stages the files that a record names and the folder holds; gives the record with their digests and storage.
    pub(super) fn with_companions(
        &self,
        key: &Key,
        record: String,
        folder: &Path,
    ) -> Result<(String, Vec<Arc<StagedPayload>>), Error> {
        let Some(collection) = &key.collection else { return Ok((record, Vec::new())) };
        let place = folder.join(encode(collection.as_str())).join(encode(key.id.as_str()));
        self.with_files_of(record, &place)
    }

    /// Stages the files that a record names and that lie right in a folder.
    pub(super) fn with_files_of(
        &self,
        record: String,
        place: &Path,
    ) -> Result<(String, Vec<Arc<StagedPayload>>), Error> {
        let mut members = Members::parse(&record).map_err(|error| Error::invalid("", error.to_string()))?;
        let files: Vec<Box<RawValue>> = serde_json::from_str(members.get("files").unwrap_or("[]")).unwrap_or_default();
        let mut described = Vec::with_capacity(files.len());
        let mut payloads = Vec::new();
        for file in files {
            let named =
                Fields::of_valid(file.get()).and_then(|fields| fields.string("name").map(|name| name.into_owned()));
            let path =
                named.filter(|name| is_plain_name(name)).map(|name| place.join(name)).filter(|path| path.is_file());
            let Some(path) = path else {
                described.push(file);
                continue;
            };
            let payload = self.stage_file(&path)?;
            let mut file = Members::parse(file.get()).map_err(Error::internal("editing a checked record"))?;
            register::describe(&mut file, &payload)?;
            described.push(RawValue::from_string(file.to_text()).map_err(Error::internal("editing a checked record"))?);
            payloads.push(payload);
        }
        if payloads.is_empty() {
            return Ok((record, payloads));
        }
        members.set_value("files", &described).map_err(Error::internal("editing a checked record"))?;
        Ok((members.to_text(), payloads))
    }
}

/// A name that stays within its folder.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}
