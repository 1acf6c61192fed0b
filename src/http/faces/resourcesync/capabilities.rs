//! Where a client of ResourceSync begins: the source description, and the capability list that it leads to.

use super::document::{Document, Form};

/// Address of the capability list below the base.
pub const LIST: &str = "/resourcesync/capabilitylist.xml";

/// The source description (§ 7).
pub fn source(base: &str) -> String {
    let mut document = Document::new(Form::Resources, &[("capability", "description")]);
    document.link("describedby", &format!("{base}/.well-known/void"));
    document.entry(&format!("{base}{LIST}"), None, &[("capability", "capabilitylist")]);
    document.finish()
}

/// The capability list (§ 9).
pub fn list(base: &str) -> String {
    let mut document = Document::new(Form::Resources, &[("capability", "capabilitylist")]);
    document.link("up", &format!("{base}/.well-known/resourcesync"));
    document.entry(&format!("{base}/resourcesync/resourcelist.xml"), None, &[("capability", "resourcelist")]);
    document.entry(&format!("{base}/resourcesync/changelist.xml"), None, &[("capability", "changelist")]);
    document.finish()
}
