//! What stands around every answer of OAI-PMH, and the parts that several verbs share.

use super::fault::Code;
use super::formats::Format;
use super::identifier;
use crate::catalogue::Error;
use crate::catalogue::changes::{Entry, to_second};
use crate::http::faces::xml;
use crate::model::Instant;

const BEGIN: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ",
    "xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd\">\n"
);

/// Everything that answers are made with.
pub struct Context {
    /// Address of the service, without a slash at its end.
    pub base: String,
    /// The host as the namespace of identifiers.
    pub namespace: String,
}

impl Context {
    /// For a service at this address.
    pub fn new(base: String) -> Self {
        let namespace = identifier::namespace(&base);
        Self { base, namespace }
    }

    /// An answer: when, to what, and its content. The time is that of the snapshot: whoever asks for changes since then misses
    /// nothing.
    pub fn answer(&self, time: Instant, attributes: &[(&str, &str)], content: &str) -> String {
        let mut out = String::with_capacity(content.len() + 1_024);
        out.push_str(BEGIN);
        xml::element(&mut out, "responseDate", &to_second(&time.to_string()));
        xml::element_with(&mut out, "request", attributes, &format!("{}/oai", self.base));
        out.push_str(content);
        out.push_str("\n</OAI-PMH>\n");
        out
    }

    /// The header of a record.
    pub fn header(&self, out: &mut String, entry: &Entry) {
        let status: &[(&str, &str)] = if entry.record.is_none() { &[("status", "deleted")] } else { &[] };
        xml::open(out, "header", status);
        xml::element(out, "identifier", &identifier::write(&self.namespace, &entry.key));
        xml::element(out, "datestamp", &to_second(&entry.time));
        for set in &entry.sets {
            xml::element(out, "setSpec", &identifier::write_set(set));
        }
        xml::close(out, "header");
    }

    /// A record: its header and, unless it was deleted, its metadata.
    ///
    /// # Errors
    /// `Internal` when the stored record cannot be read.
    pub fn record(&self, out: &mut String, entry: &Entry, format: Format) -> Result<(), Error> {
        out.push_str("<record>");
        self.header(out, entry);
        if entry.record.is_some() {
            out.push_str("<metadata>");
            format.write(out, entry, &self.base)?;
            out.push_str("</metadata>");
        }
        out.push_str("</record>\n");
        Ok(())
    }
}

/// An error of the protocol.
pub fn error(code: Code, message: &str) -> String {
    let mut out = String::new();
    xml::element_with(&mut out, "error", &[("code", code.as_str())], message);
    out
}

/// Where the list goes on; none at its end, and an empty one at the end of a list of several pages.
pub fn token(out: &mut String, token: Option<&str>, given_before: u64) {
    if token.is_some() || given_before > 0 {
        xml::element_with(out, "resumptionToken", &[("cursor", &given_before.to_string())], token.unwrap_or_default());
    }
}
