//! The verbs that answer in one piece: Identify, ListMetadataFormats and GetRecord.

use super::envelope::Context;
use super::fault::{Code, Fault};
use super::formats::Format;
use super::identifier;
use crate::catalogue::changes::{Entry, Horizon, to_second};
use crate::catalogue::{Catalogue, Error};
use crate::http::faces::xml;

/// Who this repository is.
///
/// # Errors
/// Those of the catalogue.
pub fn identify(catalogue: &Catalogue, context: &Context, horizon: Horizon) -> Result<String, Error> {
    let earliest = catalogue.earliest()?.unwrap_or(horizon.time);
    let mut out = String::from("<Identify>");
    xml::element(&mut out, "repositoryName", &format!("Perennial at {}", context.namespace));
    xml::element(&mut out, "baseURL", &format!("{}/oai", context.base));
    xml::element(&mut out, "protocolVersion", "2.0");
    xml::element(&mut out, "adminEmail", &postmaster(&context.namespace));
    xml::element(&mut out, "earliestDatestamp", &to_second(&earliest.to_string()));
    xml::element(&mut out, "deletedRecord", "persistent");
    xml::element(&mut out, "granularity", "YYYY-MM-DDThh:mm:ssZ");
    if is_domain(&context.namespace) {
        description(&mut out, &context.namespace);
    }
    out.push_str("</Identify>");
    Ok(out)
}

/// Every host that takes mail has this address (RFC 5321 § 4.5.1). The schema wants a dot in it.
fn postmaster(host: &str) -> String {
    if host.contains('.') { format!("postmaster@{host}") } else { format!("postmaster@{host}.localdomain") }
}

/// Whether the host may stand in the description of identifiers: names with a dot that begin with a letter.
fn is_domain(host: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    host.starts_with(|letter: char| letter.is_ascii_alphabetic()) && host.contains('.') && host.split('.').all(part)
}

/// How identifiers are made (guidelines of the protocol, oai-identifier).
fn description(out: &mut String, host: &str) {
    out.push_str("<description>");
    let namespace = "http://www.openarchives.org/OAI/2.0/oai-identifier";
    let location = format!("{namespace} http://www.openarchives.org/OAI/2.0/oai-identifier.xsd");
    xml::open(out, "oai-identifier", &[("xmlns", namespace), ("xsi:schemaLocation", &location)]);
    xml::element(out, "scheme", "oai");
    xml::element(out, "repositoryIdentifier", host);
    xml::element(out, "delimiter", ":");
    xml::element(out, "sampleIdentifier", &format!("oai:{host}:product/collection/id"));
    out.push_str("</oai-identifier></description>");
}

/// The formats of the repository, or those of one record.
///
/// # Errors
/// `idDoesNotExist`, and those of the catalogue.
pub fn formats(catalogue: &Catalogue, context: &Context, of: Option<&str>) -> Result<String, Fault> {
    let entry = of.map(|text| find(catalogue, context, text)).transpose()?;
    let mut out = String::from("<ListMetadataFormats>");
    for format in Format::ALL {
        if entry.as_ref().is_some_and(|entry| !format.kinds().contains(&entry.key.kind)) {
            continue;
        }
        out.push_str("<metadataFormat>");
        xml::element(&mut out, "metadataPrefix", format.prefix());
        xml::element(&mut out, "schema", &format.schema(&context.base));
        xml::element(&mut out, "metadataNamespace", format.namespace());
        out.push_str("</metadataFormat>");
    }
    out.push_str("</ListMetadataFormats>");
    Ok(out)
}

/// One record as it is now.
///
/// # Errors
/// `idDoesNotExist`, `cannotDisseminateFormat`, and those of the catalogue.
pub fn record(catalogue: &Catalogue, context: &Context, text: &str, format: Format) -> Result<String, Fault> {
    let entry = find(catalogue, context, text)?;
    if !format.kinds().contains(&entry.key.kind) {
        let message = format!("a {} is not given in {}", entry.key.kind, format.prefix());
        return Err(Fault::new(Code::CannotDisseminateFormat, message));
    }
    let mut out = String::from("<GetRecord>");
    context.record(&mut out, &entry, format)?;
    out.push_str("</GetRecord>");
    Ok(out)
}

fn find(catalogue: &Catalogue, context: &Context, text: &str) -> Result<Entry, Fault> {
    let key = identifier::read(&context.namespace, text);
    let entry = key.map(|key| catalogue.published(&key)).transpose()?.flatten();
    entry.ok_or_else(|| Fault::new(Code::IdDoesNotExist, "there is no such record in this repository"))
}
