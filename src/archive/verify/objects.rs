//! Every object by itself: its OCFL structure and digests, and the payload's own digest, in one reading.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

use super::walk::Found;
use super::{Finding, Progress, RESTORE, Severity, Verification};
use crate::archive::disk;
use crate::archive::error::DiskError;
use crate::archive::inventory;
use crate::archive::layout::{self, ObjectId};
use crate::archive::object::MAX_INVENTORY_BYTES;
use crate::archive::ocfl;
use crate::archive::open::Inner;
use crate::archive::payload::{COMPRESSED, RAW};
use crate::archive::streams;
use crate::codec::Algorithm;
use crate::model::{PayloadLocation, Sha256};

/// Payload objects that hold what their name says.
pub type Held = HashMap<Sha256, PayloadLocation>;

/// Validates each object; returns the payload objects.
pub fn check(
    archive: &Inner,
    found: &Found,
    verification: &mut Verification,
    progress: &mut dyn FnMut(Progress),
) -> Result<Held, DiskError> {
    let mut held = Held::new();
    for (path, name) in found {
        let id = name.as_deref().and_then(ObjectId::parse);
        let mut wrong = None;
        let mut original = None;
        let full = archive.paths.archive.join(path);
        let mut digests = |file: &Path, algorithms: &BTreeSet<Algorithm>| match id {
            Some(ObjectId::Payload(sha256)) => {
                payload_digests(archive, file, algorithms, sha256, &mut original, &mut wrong)
            }
            _ => ocfl::digest_file(archive.disk.as_ref(), file, algorithms),
        };
        let report = match ocfl::validate_object_with(archive.disk.as_ref(), &full, &mut digests) {
            Ok(report) => report,
            Err(error) => {
                let what = format!("{error}: {}", error.source);
                verification.error(name.as_deref(), path, what);
                continue;
            }
        };
        take_report(path, name.as_deref(), &report, verification);
        if id.is_some() {
            check_as_written(archive, path, name.as_deref(), verification);
        }
        if let Some(what) = wrong {
            verification.error(name.as_deref(), path, what);
        }
        if let (Some(ObjectId::Payload(sha256)), Some(location)) = (id, original) {
            held.insert(sha256, location);
        }
        let objects = verification.objects;
        progress(Progress { objects, of_objects: found.len() as u64, bytes: verification.bytes });
    }
    Ok(held)
}

/// Our own objects are held to more than OCFL asks for: each version has its inventory, each sidecar its exact form.
fn check_as_written(archive: &Inner, path: &Path, name: Option<&str>, verification: &mut Verification) {
    for within in ["", "v1"] {
        let dir = path.join(within);
        let read = |file: &str| {
            let full = archive.paths.archive.join(&dir).join(file);
            disk::read_file(archive.disk.as_ref(), &full, MAX_INVENTORY_BYTES).map_err(|error| error.to_string())
        };
        let sidecar = read(inventory::INVENTORY).map(|bytes| inventory::sidecar(&bytes));
        match (sidecar, read(inventory::SIDECAR)) {
            (Ok(expected), Ok(found)) if expected == found => {}
            (Ok(_), Ok(_)) => verification.error(name, dir.join(inventory::SIDECAR), "it is not as it was written"),
            (Err(what), _) => {
                verification.error(name, dir.join(inventory::INVENTORY), format!("cannot be read: {what}"))
            }
            (_, Err(what)) => verification.error(name, dir.join(inventory::SIDECAR), format!("cannot be read: {what}")),
        }
    }
}

fn take_report(path: &Path, name: Option<&str>, report: &ocfl::ObjectReport, verification: &mut Verification) {
    verification.objects += 1;
    verification.files += report.files;
    verification.bytes += report.bytes;
    let object = report.id.as_deref().or(name);
    for problem in &report.problems {
        let severity = if problem.code.starts_with('W') { Severity::Warning } else { Severity::Error };
        verification.findings.push(Finding {
            severity,
            code: Some(problem.code),
            object: object.map(str::to_owned),
            path: path.join(&problem.path),
            what: problem.what.clone(),
            what_to_do: RESTORE.into(),
        });
    }
    let belongs_elsewhere = report.id.as_deref().filter(|id| layout::object_path(id) != path);
    if let Some(id) = belongs_elsewhere {
        let place = layout::object_path(id);
        verification.error(Some(id), path, format!("the layout has this object at {}", place.display()));
    }
    if report.id.as_deref().and_then(ObjectId::parse).is_none() && report.id.is_some() {
        verification.findings.push(Finding {
            severity: Severity::Note,
            code: None,
            object: object.map(str::to_owned),
            path: path.to_owned(),
            what: "an object of a kind that this version does not know: only its OCFL form was checked".into(),
            what_to_do: "use a newer version of Perennial".into(),
        });
    }
}

/// Digests of a payload's file, and in the same reading the digest of the original.
fn payload_digests(
    archive: &Inner,
    file: &Path,
    algorithms: &BTreeSet<Algorithm>,
    sha256: Sha256,
    original: &mut Option<PayloadLocation>,
    wrong: &mut Option<String>,
) -> io::Result<BTreeMap<Algorithm, String>> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let compressed = name == COMPRESSED;
    if *algorithms != BTreeSet::from([Algorithm::Sha512]) || !(compressed || name == RAW) {
        return ocfl::digest_file(archive.disk.as_ref(), file, algorithms);
    }
    let streams = streams::digest_streams(archive.disk.open(file)?.as_ref(), compressed)?;
    match streams.original {
        Ok((actual, bytes)) if actual == sha256 => *original = Some(PayloadLocation::Object { bytes, compressed }),
        Ok((actual, _)) => *wrong = Some(format!("the original bytes have the sha256 {actual}")),
        Err(what) => *wrong = Some(what),
    }
    Ok(BTreeMap::from([(Algorithm::Sha512, streams.stored.to_string())]))
}
