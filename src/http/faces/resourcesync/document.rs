//! Lists of addresses in the XML of sitemaps, with what ResourceSync adds. Says how they are written, not what is in them.

use crate::catalogue::changes::{Entry, to_second};
use crate::http::faces::native::records;
use crate::http::faces::xml;

const SITEMAPS: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const TERMS: &str = "http://www.openarchives.org/rs/terms/";

/// Addresses of resources, or of parts of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Resources,
    Parts,
}

/// A document on its way.
pub struct Document {
    out: String,
    form: Form,
}

impl Document {
    /// A document of this form; `metadata` are the attributes of its `rs:md`, none in a plain sitemap.
    pub fn new(form: Form, metadata: &[(&str, &str)]) -> Self {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let mut attributes = vec![("xmlns", SITEMAPS)];
        if !metadata.is_empty() {
            attributes.push(("xmlns:rs", TERMS));
        }
        xml::open(&mut out, form.root(), &attributes);
        out.push('\n');
        if !metadata.is_empty() {
            xml::element_with(&mut out, "rs:md", metadata, "");
            out.push('\n');
        }
        Self { out, form }
    }

    /// A link of the document itself.
    pub fn link(&mut self, relation: &str, address: &str) {
        xml::element_with(&mut self.out, "rs:ln", &[("rel", relation), ("href", address)], "");
        self.out.push('\n');
    }

    /// An address with the time of its last change, if known, and what ResourceSync says of it.
    pub fn entry(&mut self, address: &str, modified: Option<&str>, metadata: &[(&str, &str)]) {
        let name = self.form.entry();
        xml::open(&mut self.out, name, &[]);
        xml::element(&mut self.out, "loc", address);
        if let Some(modified) = modified {
            xml::element(&mut self.out, "lastmod", modified);
        }
        if !metadata.is_empty() {
            xml::element_with(&mut self.out, "rs:md", metadata, "");
        }
        xml::close(&mut self.out, name);
        self.out.push('\n');
    }

    /// A record under its native address; a change has its kind and time.
    pub fn record(&mut self, base: &str, entry: &Entry, change: Option<&str>) {
        let digest = entry.digest().map(|digest| format!("sha-256:{digest}"));
        let length = entry.record.as_ref().map(|record| record.len().to_string());
        let mut metadata = Vec::new();
        if let Some(change) = change {
            metadata.extend([("change", change), ("datetime", entry.time.as_str())]);
        }
        if let (Some(digest), Some(length)) = (&digest, &length) {
            metadata.extend([("hash", digest.as_str()), ("length", length.as_str()), ("type", "application/json")]);
        }
        let modified = entry.record.as_ref().map(|_| to_second(&entry.time));
        self.entry(&records::href(base, &entry.key), modified.as_deref(), &metadata);
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        xml::close(&mut self.out, self.form.root());
        self.out.push('\n');
        self.out
    }
}

impl Form {
    const fn root(self) -> &'static str {
        match self {
            Self::Resources => "urlset",
            Self::Parts => "sitemapindex",
        }
    }

    const fn entry(self) -> &'static str {
        match self {
            Self::Resources => "url",
            Self::Parts => "sitemap",
        }
    }
}
