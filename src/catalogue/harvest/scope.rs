//! Moves a record into the scope of its source: its key gets the source's prefix, what it was called stays among its
//! identifiers, and what it says of bytes that only the source holds becomes an address. A pure function of texts.

use serde_json::value::RawValue;

use crate::catalogue::Error;
use crate::model::json::{self, Members};
use crate::model::{HARVEST_SOURCE, HARVESTED, RecordId, Scope, Sha256};

/// Kinds that are taken from others. Of another archive's sources, holds, evidence, recipes and graphs nothing follows here.
const KINDS: &[&str] = &["product", "collection", "agent", "mission", "platform", "instrument", "target", "document"];

/// Where a document came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// Id of the source.
    pub source: &'a str,
    /// What the source calls the document.
    pub id: &'a str,
    /// Of the document, byte for byte as the source gave it.
    pub sha256: Sha256,
    pub datestamp: Option<&'a str>,
    pub href: Option<&'a str>,
}

/// How ids of everything from a source begin.
pub fn prefix(source: &str) -> String {
    RecordId::parse(source).map(|source| Scope::Harvested(source).named("")).unwrap_or_default()
}

/// A record as it is kept. `document` describes the kept bytes (`source` of the record); a record that an importer made has it
/// already.
///
/// # Errors
/// `Invalid` for what cannot be taken: another kind, an id that becomes too long, a record that was harvested elsewhere.
pub fn scoped(record: &str, origin: &Origin<'_>, document: Option<&str>) -> Result<String, Error> {
    let mut members = Members::parse(record).map_err(|error| Error::invalid("", error.to_string()))?;
    let kind = text(&members, "kind")?;
    if !KINDS.contains(&kind.as_str()) {
        return Err(Error::invalid("/kind", format!("{kind} is not taken from other archives")));
    }
    let id = text(&members, "id")?;
    let named = if kind == "product" { "collection" } else { "id" };
    let own = if kind == "product" { text(&members, "collection")? } else { id.clone() };
    if own.starts_with(HARVESTED) {
        return Err(Error::invalid(format!("/{named}"), "was harvested by the source itself: ask its origin"));
    }
    let moved = RecordId::parse(&format!("{}{own}", prefix(origin.source)));
    let moved = moved.map_err(|error| Error::invalid(format!("/{named}"), error.to_string()))?;
    set(&mut members, named, moved.as_str())?;
    identify(&mut members, origin, &id)?;
    mark(&mut members, origin.source)?;
    let before = members.remove("source");
    let source = document.map(str::to_owned).or_else(|| before.as_ref().map(|source| source.get().to_owned()));
    if let Some(source) = source {
        members.set("source", raw(source)?);
    }
    if let Some(href) = origin.href.filter(|_| document.is_some()) {
        give_back_files(&mut members, href)?;
    }
    let mut harvested = Members::default();
    set(&mut harvested, "source", origin.source)?;
    set(&mut harvested, "id", origin.id)?;
    set(&mut harvested, "sha256", &origin.sha256.to_string())?;
    if let Some(datestamp) = origin.datestamp {
        set(&mut harvested, "datestamp", datestamp)?;
    }
    if let Some(href) = origin.href {
        set(&mut harvested, "href", href)?;
    }
    if let (Some(before), Some(_)) = (before, document) {
        harvested.set("source_there", before);
    }
    members.set("harvested", raw(harvested.to_text())?);
    Ok(members.to_text())
}

/// What the record and the document are called there stands among the identifiers, once each.
fn identify(members: &mut Members, origin: &Origin<'_>, id: &str) -> Result<(), Error> {
    let mut identifiers: Vec<Box<RawValue>> = Vec::new();
    for known in members.get("identifiers").and_then(json::elements).unwrap_or_default() {
        identifiers.push(raw(known.to_owned())?);
    }
    let listed = (origin.id != id).then_some(origin.id);
    for value in std::iter::once(id).chain(listed) {
        let mut identifier = Members::default();
        set(&mut identifier, "scheme", origin.source)?;
        set(&mut identifier, "value", value)?;
        let text = identifier.to_text();
        if !identifiers.iter().any(|known| known.get() == text) {
            identifiers.push(raw(text)?);
        }
    }
    members.set_value("identifiers", &identifiers).map_err(Error::internal("editing a harvested record"))
}

/// By this property copies of one source are found.
fn mark(members: &mut Members, source: &str) -> Result<(), Error> {
    let properties = members.get("properties").map(Members::parse).transpose();
    let mut properties =
        properties.map_err(|error| Error::invalid("/properties", error.to_string()))?.unwrap_or_default();
    set(&mut properties, HARVEST_SOURCE, source)?;
    members.set("properties", raw(properties.to_text())?);
    Ok(())
}

/// Bytes that the source holds are not held here: they are at its address of the record.
fn give_back_files(members: &mut Members, href: &str) -> Result<(), Error> {
    let Some(files) = members.get("files").and_then(json::elements) else { return Ok(()) };
    let mut changed: Vec<Box<RawValue>> = Vec::with_capacity(files.len());
    for file in files {
        let Ok(mut file) = Members::parse(file) else { return Ok(()) };
        let name = file.get("name").and_then(json::read_string).map(std::borrow::Cow::into_owned);
        if let (Some(_), Some(name)) = (file.remove("storage"), name)
            && file.get("href").is_none()
        {
            let name = crate::model::uri::encode(&name);
            set(&mut file, "href", &format!("{href}/files/{name}"))?;
        }
        changed.push(raw(file.to_text())?);
    }
    members.set_value("files", &changed).map_err(Error::internal("editing a harvested record"))
}

fn text(members: &Members, name: &str) -> Result<String, Error> {
    let value = members.get(name).and_then(json::read_string);
    value.map(Into::into).ok_or_else(|| Error::invalid(format!("/{name}"), "must be a text"))
}

fn set(members: &mut Members, name: &str, value: &str) -> Result<(), Error> {
    members.set_value(name, value).map_err(Error::internal("editing a harvested record"))
}

fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(Error::internal("editing a harvested record"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sha256;

    fn check(record: &str, id: &str, document: Option<&str>, expected: Result<&str, &str>) {
        let origin = Origin {
            source: "esa",
            id,
            sha256: Sha256::from_bytes([0; 32]),
            datestamp: None,
            href: Some("https://a.example/r"),
        };
        let made = scoped(record, &origin, document);
        let zeros = "0".repeat(64);
        let harvested =
            format!(r#""harvested":{{"source":"esa","id":"{id}","sha256":"{zeros}","href":"https://a.example/r""#);
        match (made, expected) {
            (Ok(made), Ok(expected)) => assert_eq!(made.replace(&harvested, "@"), expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (made, _) => panic!("{record}: {made:?}"),
        }
    }

    #[test]
    fn a_key_moves_and_the_name_stays() {
        check(
            r#"{"kind":"product","id":"p 1","collection":"c","n":1.10,"source":{"sha256":"ab"}}"#,
            "oai:x:1",
            None,
            Ok(concat!(
                r#"{"kind":"product","id":"p 1","collection":"harvested:esa:c","n":1.10,"identifiers":["#,
                r#"{"scheme":"esa","value":"p 1"},{"scheme":"esa","value":"oai:x:1"}],"properties":{"harvest:source":"esa"},"source":{"sha256":"ab"},@}}"#
            )),
        );
        check(
            r#"{"kind":"mission","id":"m","identifiers":[{"scheme":"esa","value":"m"}],"files":[{"name":"a b","storage":"s"}],"properties":{"a":1},"source":1}"#,
            "m",
            Some(r#"{"sha256":"cd"}"#),
            Ok(concat!(
                r#"{"kind":"mission","id":"harvested:esa:m","identifiers":[{"scheme":"esa","value":"m"}],"files":[{"name":"a b","#,
                r#""href":"https://a.example/r/files/a%20b"}],"properties":{"a":1,"harvest:source":"esa"},"source":{"sha256":"cd"},@,"source_there":1}}"#
            )),
        );
    }

    #[test]
    fn what_cannot_be_taken_is_refused() {
        for kind in ["source", "hold", "evidence", "recipe", "context_graph", "none"] {
            check(&format!(r#"{{"kind":"{kind}","id":"a"}}"#), "a", None, Err("not taken from other archives"));
        }
        check(r#"{"kind":"mission","id":"harvested:x:a"}"#, "a", None, Err("harvested by the source itself"));
        check(
            r#"{"kind":"product","id":"a","collection":"harvested:esa:a"}"#,
            "a",
            None,
            Err("harvested by the source"),
        );
        check(r#"{"kind":"product","id":"a"}"#, "a", None, Err("/collection"));
        check("[]", "a", None, Err("rule"));
        let long = format!(r#"{{"kind":"mission","id":"{}"}}"#, "x".repeat(RecordId::MAX_BYTES));
        check(&long, "a", None, Err("at most"));
        assert_eq!(sha256(b"").to_string().len(), 64);
    }
}
