//! Files that are delivered beside the records that name them: `COLLECTION/ID/NAME` below a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Catalogue, Error, register};
use crate::archive::StagedPayload;
use crate::model::json::Members;
use crate::model::uri::encode;
use crate::model::{Entity, Key};

impl Catalogue {
    /// Stages the files that a record names and the folder holds; gives the record with their digests and storage.
    pub(super) fn with_companions(
        &self,
        key: &Key,
        record: String,
        folder: &Path,
    ) -> Result<(String, Vec<Arc<StagedPayload>>), Error> {
        let entity = Entity::view(record.as_bytes()).map_err(Error::internal("reading a checked record"))?;
        let Some(collection) = &key.collection else { return Ok((record, Vec::new())) };
        let place = folder.join(encode(collection.as_str())).join(encode(key.id.as_str()));
        let held: Vec<Option<PathBuf>> = entity
            .files
            .iter()
            .map(|file| is_plain_name(&file.name).then(|| place.join(file.name.as_ref())).filter(|path| path.is_file()))
            .collect();
        if held.iter().all(Option::is_none) {
            return Ok((record, Vec::new()));
        }
        let mut members = Members::parse(&record).map_err(Error::internal("editing a checked record"))?;
        let files = members.get("files").unwrap_or("[]");
        let files: Vec<Box<RawValue>> =
            serde_json::from_str(files).map_err(Error::internal("editing a checked record"))?;
        let mut described = Vec::with_capacity(files.len());
        let mut payloads = Vec::new();
        for (file, path) in files.into_iter().zip(held) {
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
        members.set_value("files", &described).map_err(Error::internal("editing a checked record"))?;
        Ok((members.to_text(), payloads))
    }
}

/// A name that stays within its folder.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}
