//! Sitemaps (sitemaps.org 0.9) of the pages of records, for search engines.

use super::document::{Document, Form};
use super::parts;
use crate::catalogue::changes::to_second;
use crate::catalogue::{Catalogue, Error};
use crate::http::faces::pages::address;

/// The index of all parts.
///
/// # Errors
/// Those of the catalogue.
pub fn index(catalogue: &Catalogue, base: &str) -> Result<String, Error> {
    let last = catalogue.horizon()?.sequence;
    let mut document = Document::new(Form::Parts, &[]);
    for part in 1..=parts::count(last) {
        let (_, end) = parts::range(part, last)?;
        let modified = parts::time(catalogue, end)?.map(|time| to_second(&time));
        document.entry(&format!("{base}/sitemaps/{part}.xml"), modified.as_deref(), &[]);
    }
    Ok(document.finish())
}

/// A part; the first one has the home page too.
///
/// # Errors
/// `NoSuch` part, and those of the catalogue.
pub fn part(catalogue: &Catalogue, base: &str, part: u64) -> Result<String, Error> {
    let selection = parts::selection(part, catalogue.horizon()?.sequence)?;
    let mut document = Document::new(Form::Resources, &[]);
    if part == 1 {
        document.entry(&format!("{base}/"), None, &[]);
    }
    catalogue.each_published(&selection, None, &mut |entry| {
        document.entry(&format!("{base}{}", address::page(&entry.key)), Some(&to_second(&entry.time)), &[]);
        Ok(true)
    })?;
    Ok(document.finish())
}
