//! Resource lists (§ 10): all records of a snapshot, whose last sequence is in the address, so that all parts are of one time.

use super::document::{Document, Form};
use super::parts;
use crate::catalogue::{Catalogue, Error};
use crate::http::faces::resourcesync::capabilities;

/// The index of the newest snapshot.
///
/// # Errors
/// Those of the catalogue.
pub fn index(catalogue: &Catalogue, base: &str) -> Result<String, Error> {
    let snapshot = catalogue.horizon()?.sequence;
    let mut document = begin(catalogue, base, snapshot, Form::Parts)?;
    if snapshot == 0 {
        return Ok(document.finish());
    }
    for part in 1..=parts::count(snapshot) {
        let (_, last) = parts::range(part, snapshot)?;
        let modified = parts::time(catalogue, last)?;
        document.entry(&format!("{base}/resourcesync/resourcelist/{snapshot}/{part}.xml"), modified.as_deref(), &[]);
    }
    Ok(document.finish())
}

/// A part.
///
/// # Errors
/// `NoSuch` part or snapshot, and those of the catalogue.
pub fn part(catalogue: &Catalogue, base: &str, snapshot: u64, part: u64) -> Result<String, Error> {
    if snapshot > catalogue.horizon()?.sequence {
        return Err(Error::NoSuch { what: format!("snapshot {snapshot} of this archive yet") });
    }
    let mut document = begin(catalogue, base, snapshot, Form::Resources)?;
    catalogue.each_published(&parts::selection(part, snapshot)?, None, &mut |entry| {
        document.record(base, &entry, None);
        Ok(true)
    })?;
    Ok(document.finish())
}

fn begin(catalogue: &Catalogue, base: &str, snapshot: u64, form: Form) -> Result<Document, Error> {
    let at = parts::time(catalogue, snapshot)?;
    let mut metadata = vec![("capability", "resourcelist")];
    metadata.extend(at.as_deref().map(|at| ("at", at)));
    let mut document = Document::new(form, &metadata);
    document.link("up", &format!("{base}{}", capabilities::LIST));
    Ok(document)
}
