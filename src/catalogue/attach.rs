//! Makes delivered files the files of a record: staged, checked against every promise, and described with the outcome.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::delivery::{Checker, Delivery, Fixity, Found, PIECE, Promise};
use super::{Catalogue, Error, now, register, stage_error};
use crate::archive::StagedPayload;
use crate::codec::Algorithm;
use crate::model::json::Members;
use crate::model::{self, Entity, Key};

/// A record with its delivered files.
pub(super) struct Attached {
    pub text: String,
    pub payloads: Vec<Arc<StagedPayload>>,
    pub findings: Vec<String>,
}

/// One file of a record, looked for.
struct Looked {
    fixity: Fixity,
    payload: Option<Arc<StagedPayload>>,
    /// Path below the delivery, when it is not what the record says.
    delivered_as: Option<String>,
    /// What lists of checksums promise beside the record.
    listed: Vec<Promise>,
}

impl Catalogue {
    /// Looks for every file that a record names, relative to the document that it was made from.
    ///
    /// # Errors
    /// The disk's, and the archive's refusals: a missing or differing file is a finding and no error.
    pub(super) fn with_delivered(
        &self,
        key: &Key,
        record: String,
        document: &Path,
        delivery: &Delivery,
    ) -> Result<Attached, Error> {
        let broken = |error: serde_json::Error| Error::internal("editing a checked record")(error);
        let entity = Entity::view(record.as_bytes()).map_err(broken)?;
        let mut attached = Attached { text: String::new(), payloads: Vec::new(), findings: Vec::new() };
        let mut looked = Vec::with_capacity(entity.files.len());
        for file in &entity.files {
            let outcome = self.look_for(key, file, document, delivery)?;
            note(file, outcome.as_ref(), &mut attached.findings);
            looked.push(outcome);
        }
        let worst = looked.iter().flatten().map(|looked| looked.fixity).max();
        let Some(worst) = worst else { return Ok(Attached { text: record, ..attached }) };
        let mut members = Members::parse(&record).map_err(Error::internal("editing a checked record"))?;
        let files: Vec<Box<RawValue>> = serde_json::from_str(members.get("files").unwrap_or("[]")).map_err(broken)?;
        let mut described = Vec::with_capacity(files.len());
        for (file, looked) in files.into_iter().zip(looked) {
            let Some(looked) = looked else {
                described.push(file);
                continue;
            };
            described.push(describe(&file, &looked)?);
            attached.payloads.extend(looked.payload);
        }
        members.set_value("files", &described).map_err(broken)?;
        members.set_value("fixity", &serde_json::json!({ "status": worst.as_str() })).map_err(broken)?;
        attached.text = members.to_text();
        Ok(attached)
    }

    /// Nothing for a file that is only elsewhere.
    fn look_for(
        &self,
        key: &Key,
        file: &model::File<'_>,
        document: &Path,
        delivery: &Delivery,
    ) -> Result<Option<Looked>, Error> {
        // An asset has a key for a name, and an address that may be relative.
        let is_relative = |href: &&str| !href.contains(':') && !href.starts_with('/');
        let name = file.href.as_deref().filter(is_relative).unwrap_or(&file.name);
        let (path, is_exact) = match delivery.find(document, name) {
            Found::Exactly(path) => (path, true),
            Found::Nearly(path) => (path, false),
            Found::Outside | Found::Nothing if file.href.is_some() => return Ok(None),
            Found::Outside | Found::Nothing => {
                let (payload, delivered_as) = (None, None);
                return Ok(Some(Looked { fixity: Fixity::Absent, payload, delivered_as, listed: Vec::new() }));
            }
        };
        let own = own_promises(file);
        let listed: Vec<Promise> =
            delivery.promises(&path).iter().filter(|promise| !own.contains(promise)).cloned().collect();
        let (payload, checked) = self.stage_delivered(&path, [own, listed.clone()].concat())?;
        delivery.attach(&path, &key.to_string());
        let size = match file.bytes {
            None => Fixity::Unchecked,
            Some(declared) if payload.bytes < declared => Fixity::Truncated,
            Some(declared) if payload.bytes > declared && checked != Fixity::LineEndings => Fixity::Differs,
            Some(_) => Fixity::Ok,
        };
        let delivered_as = (!is_exact).then(|| delivery.relative(&path));
        let fixity = match (checked, size) {
            // A file that lost its carriage returns is shorter than its label says for that reason.
            (Fixity::LineEndings, _) => Fixity::LineEndings,
            (checked, size) => checked.max(size),
        };
        Ok(Some(Looked { fixity, payload: Some(payload), delivered_as, listed }))
    }

    /// Stages a file of which nothing was promised.
    pub(super) fn stage_file(&self, path: &Path) -> Result<Arc<StagedPayload>, Error> {
        self.stage_delivered(path, Vec::new()).map(|(payload, _)| payload)
    }

    /// Stages a file in one pass; gives the worst outcome of its promises.
    fn stage_delivered(&self, path: &Path, promises: Vec<Promise>) -> Result<(Arc<StagedPayload>, Fixity), Error> {
        let mut checkers: Vec<Checker> = promises.into_iter().map(Checker::new).collect();
        let mut file = File::open(path).map_err(Error::internal("opening a delivered file"))?;
        let mut stager = stage_error(self.archive.stage(now()))?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).map_err(Error::internal("reading a delivered file"))?;
            if read == 0 {
                break;
            }
            let bytes = piece.get(..read).unwrap_or_default();
            checkers.iter_mut().for_each(|checker| checker.update(bytes));
            stage_error(stager.write(bytes))?;
        }
        let mut checked = Fixity::Unchecked;
        for checker in checkers {
            let outcome = checker.finish(path).map_err(Error::internal("reading a delivered file"))?;
            checked = checked.max(outcome);
        }
        Ok((Arc::new(stage_error(stager.finish(None))?), checked))
    }
}

/// What a record says of a file that the archive can check.
pub(super) fn own_promises(file: &model::File<'_>) -> Vec<Promise> {
    let by_producer = file.checksums.iter().filter(|checksum| checksum.source.as_deref() != Some("archive"));
    let known = by_producer.filter_map(|checksum| {
        let algorithm = Algorithm::from_name(&checksum.algorithm)?;
        Some(Promise { algorithm, value: checksum.value.to_ascii_lowercase() })
    });
    known.collect()
}

fn describe(file: &RawValue, looked: &Looked) -> Result<Box<RawValue>, Error> {
    let broken = "editing a checked record";
    let mut members = Members::parse(file.get()).map_err(Error::internal(broken))?;
    let declared = members.get("bytes").and_then(|bytes| bytes.parse::<u64>().ok());
    add_listed(&mut members, &looked.listed)?;
    if let Some(payload) = &looked.payload {
        register::describe_as_found(&mut members, payload.sha256, payload.bytes)?;
        if let Some(declared) = declared.filter(|declared| *declared != payload.bytes) {
            members.set_value("declared_bytes", &declared).map_err(Error::internal(broken))?;
        }
    }
    if let Some(path) = &looked.delivered_as {
        members.set_value("delivered_as", path).map_err(Error::internal(broken))?;
    }
    members.set_value("fixity", looked.fixity.as_str()).map_err(Error::internal(broken))?;
    RawValue::from_string(members.to_text()).map_err(Error::internal(broken))
}

/// Adds what lists of checksums promise to what the record itself says.
pub(super) fn add_listed(file: &mut Members, listed: &[Promise]) -> Result<(), Error> {
    if listed.is_empty() {
        return Ok(());
    }
    let broken = "editing a checked record";
    let own = file.get("checksums").unwrap_or("[]");
    let mut checksums: Vec<serde_json::Value> = serde_json::from_str(own).map_err(Error::internal(broken))?;
    checksums.extend(listed.iter().map(|Promise { algorithm, value }| {
        serde_json::json!({ "algorithm": algorithm.name(), "value": value, "source": "producer" })
    }));
    file.set_value("checksums", &checksums).map_err(Error::internal(broken))
}

fn note(file: &model::File<'_>, looked: Option<&Looked>, findings: &mut Vec<String>) {
    let Some(looked) = looked else { return };
    let name = &file.name;
    match looked.fixity {
        Fixity::Ok | Fixity::Unchecked => {}
        Fixity::LineEndings => {
            findings.push(format!("file {name:?} differs from its checksum in its line endings alone"))
        }
        Fixity::Differs => findings.push(format!("file {name:?} differs from what was promised of it")),
        Fixity::Truncated => findings.push(format!("file {name:?} is shorter than its label says")),
        Fixity::Absent => findings.push(format!("file {name:?} is not in the delivery")),
    }
    if let Some(path) = &looked.delivered_as {
        findings.push(format!("file {name:?} was delivered as {path:?}"));
    }
}
