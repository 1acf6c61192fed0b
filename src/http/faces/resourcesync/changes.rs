//! Change lists (§ 12): every event of the log in its order. A part that is full never changes any more; the last one is open.

use super::document::{Document, Form};
use super::{capabilities, parts};
use crate::catalogue::{Catalogue, Error};

/// The index of all parts.
///
/// # Errors
/// Those of the catalogue.
pub fn index(catalogue: &Catalogue, base: &str) -> Result<String, Error> {
    let last = catalogue.horizon()?.sequence;
    let mut document = begin(catalogue, base, (1, None), Form::Parts)?;
    if last == 0 {
        return Ok(document.finish());
    }
    for part in 1..=parts::count(last) {
        let (_, end) = parts::range(part, last)?;
        let modified = parts::time(catalogue, end)?;
        document.entry(&format!("{base}/resourcesync/changelist/{part}.xml"), modified.as_deref(), &[]);
    }
    Ok(document.finish())
}

/// A part.
///
/// # Errors
/// `NoSuch` part, and those of the catalogue.
pub fn part(catalogue: &Catalogue, base: &str, part: u64) -> Result<String, Error> {
    let horizon = catalogue.horizon()?.sequence;
    let (first, last) = parts::range(part, horizon)?;
    let is_full = last == part * parts::EVENTS;
    let mut document = begin(catalogue, base, (first, is_full.then_some(last)), Form::Resources)?;
    document.link("index", &format!("{base}/resourcesync/changelist.xml"));
    catalogue.each_change(first, last, &mut |entry, is_new| {
        let change = match (&entry.record, is_new) {
            (None, _) => "deleted",
            (Some(_), true) => "created",
            (Some(_), false) => "updated",
        };
        document.record(base, &entry, Some(change));
        Ok(true)
    })?;
    Ok(document.finish())
}

/// From the event before which the list has nothing, to the one after which it has nothing.
fn begin(catalogue: &Catalogue, base: &str, (first, last): (u64, Option<u64>), form: Form) -> Result<Document, Error> {
    let from = parts::time(catalogue, first.min(catalogue.readable()))?;
    let until = last.map(|last| parts::time(catalogue, last)).transpose()?.flatten();
    let mut metadata = vec![("capability", "changelist")];
    metadata.extend(from.as_deref().map(|from| ("from", from)));
    metadata.extend(until.as_deref().map(|until| ("until", until)));
    let mut document = Document::new(form, &metadata);
    document.link("up", &format!("{base}{}", capabilities::LIST));
    Ok(document)
}
