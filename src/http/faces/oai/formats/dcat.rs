//! Records as DCAT 3 in RDF/XML: the statements that every other face makes of them.

use crate::catalogue::Error;
use crate::catalogue::changes::Entry;
use crate::rdf::projection::{self, Base};
use crate::rdf::{self, Writing};

/// RDF/XML has no schema of its own; this one is what the protocol's guidelines name for it.
pub const SCHEMA: &str = "http://www.openarchives.org/OAI/2.0/rdf.xsd";
pub const NAMESPACE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

pub fn write(out: &mut String, entry: &Entry, record: &str, base: &Base) -> Result<(), Error> {
    let quads = projection::record(base, &entry.key, record);
    let document = rdf::write(Writing::RdfXml, &quads, base).map_err(Error::internal("writing a record as RDF"))?;
    let document = String::from_utf8(document).map_err(Error::internal("writing a record as RDF"))?;
    // What stands within a document has no declaration of its own.
    let element = document.split_once("?>").map_or(document.as_str(), |(_, element)| element);
    out.push_str(element.trim());
    Ok(())
}
