//! Addresses of records, graphs and names. What is stored holds for ever, whatever the service is called: it is written
//! under a base that no host has, and the edges of the service put their own address in its place.

use std::borrow::Cow;

use oxrdf::NamedNode;

use crate::model::uri::encode;
use crate::model::{Key, Kind, RecordId};

/// The base of what is stored. RFC 2606 keeps `.invalid` free of hosts.
const STORED: &str = "https://perennial.invalid/";

/// Longest address that a record may give, bytes; the longest real one has 400.
const MAX_ADDRESS: usize = 2_048;

/// The address under which things are named; it ends in `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// The base of what is stored.
    pub fn stored() -> Self {
        Self(STORED.to_owned())
    }

    /// The base of a service, from its public address; the stored one where that is no address.
    pub fn public(url: &str) -> Self {
        let text = format!("{}/", url.trim_end_matches('/'));
        NamedNode::new(&text).map_or_else(|_| Self::stored(), |_| Self(text))
    }

    /// The base with its `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text of a stored term as it leaves: this base instead of the stored one.
    pub fn publish<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match text.strip_prefix(STORED) {
            Some(rest) if self.0 != STORED => Cow::Owned(format!("{}{rest}", self.0)),
            _ => Cow::Borrowed(text),
        }
    }

    /// A text that came in, such as a query: the stored base wherever this one stands.
    pub fn store<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.0 == STORED || !text.contains(&self.0) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(text.replace(&self.0, STORED))
    }

    /// What stands under the base; the path must hold nothing that an IRI has no place for.
    pub(super) fn node(&self, path: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("{}{path}", self.0))
    }

    /// A concept that no vocabulary has: what it is the name of, and the name.
    pub(in crate::rdf) fn term(&self, role: &str, name: &str) -> NamedNode {
        self.node(&format!("terms/{role}/{}", encode(&shortened(name))))
    }
}

/// Kind and identifiers as segments of a path.
fn path(key: &Key) -> String {
    match &key.collection {
        Some(collection) => format!("{}/{}/{}", key.kind, encode(collection.as_str()), encode(key.id.as_str())),
        None => format!("{}/{}", key.kind, encode(key.id.as_str())),
    }
}

/// The record's subject as a thing; its page is elsewhere.
pub fn thing(base: &Base, key: &Key) -> NamedNode {
    base.node(&format!("id/{}", path(key)))
}

/// The graph of a record.
pub fn graph(base: &Base, key: &Key) -> NamedNode {
    base.node(&format!("graphs/{}", path(key)))
}

/// The graph that says how each record stands in the archive.
pub fn meta_graph(base: &Base) -> NamedNode {
    base.node("graphs/meta")
}

/// The graph of a vocabulary that the program brings.
pub fn vocabulary_graph(base: &Base, name: &str) -> NamedNode {
    base.node(&format!("graphs/vocabulary/{}", encode(name)))
}

/// The graph of statements that a user posted; its record has a graph of its own.
pub fn context_graph(base: &Base, id: &str) -> NamedNode {
    base.node(&format!("graphs/context/{}", encode(id)))
}

/// The context graph that an address names.
pub fn context_of(base: &Base, iri: &str) -> Option<RecordId> {
    let id = iri.strip_prefix(base.as_str())?.strip_prefix("graphs/context/")?;
    if id.contains(['/', '#', '?']) { None } else { RecordId::parse(&decode(id)?).ok() }
}

/// The graph of a record harvested from elsewhere.
pub fn harvested_graph(base: &Base, source: &str, id: &str) -> NamedNode {
    base.node(&format!("graphs/harvested/{}/{}", encode(source), encode(id)))
}

/// The key of the record that an address of `thing` or `graph` names; a fragment is left out of account.
pub fn key_of(base: &Base, iri: &str) -> Option<Key> {
    let rest = iri.strip_prefix(base.as_str())?;
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let path = rest.strip_prefix("id/").or_else(|| rest.strip_prefix("graphs/"))?;
    let (kind, identifiers) = path.split_once('/')?;
    let kind = Kind::from_name(kind)?;
    let parse = |segment: &str| RecordId::parse(&decode(segment)?).ok();
    match (kind, identifiers.split_once('/')) {
        (Kind::Product, Some((collection, id))) if !id.contains('/') => {
            Some(Key::product(parse(collection)?, parse(id)?))
        }
        (Kind::Product, _) | (_, Some(_)) => None,
        (kind, None) => Some(Key { kind, collection: None, id: parse(identifiers)? }),
    }
}

/// Undoes percent-encoding; `None` where that gives no UTF-8 or an escape is broken.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| (byte as char).to_digit(16);
        let value = digit(rest.next()?)?.checked_mul(16)?.checked_add(digit(rest.next()?)?)?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The address of whatever a text names: an absolute address stays, a DOI leads to its resolver, any other text is a name
/// that the archive may know. `None` for texts that are empty or too long to be a name.
pub fn name(base: &Base, text: &str) -> Option<NamedNode> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_ADDRESS {
        return None;
    }
    if let Some(doi) = doi(text) {
        return Some(NamedNode::new_unchecked(format!("https://doi.org/{}", encode_path(doi))));
    }
    Some(address(text).unwrap_or_else(|| base.node(&format!("id/name/{}", encode(text)))))
}

/// An absolute address as a record gives it, if it is one.
pub(super) fn address(text: &str) -> Option<NamedNode> {
    let scheme = text.split_once(':')?.0;
    // One letter is the drive of a path, and a dot in front of the colon is part of a file name.
    let is_scheme =
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte));
    // In JSON-LD `dcat:x` stands for a term of DCAT, so it cannot be an address.
    let is_prefix = crate::rdf::prefixes().iter().any(|(prefix, _)| prefix == scheme);
    (is_scheme && !is_prefix && text.len() <= MAX_ADDRESS).then(|| NamedNode::new(text).ok()).flatten()
}

/// The DOI in a text, in any of the ways that records write it.
pub fn doi(text: &str) -> Option<&str> {
    let prefixes = ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:", "DOI:"];
    let bare = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text).trim();
    let (registrant, suffix) = bare.strip_prefix("10.")?.split_once('/')?;
    let is_registrant = registrant.len() >= 4 && registrant.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_registrant && !suffix.is_empty()).then_some(bare)
}

/// Encodes all but unreserved characters and `/`.
fn encode_path(text: &str) -> String {
    text.split('/').map(encode).collect::<Vec<_>>().join("/")
}

/// A label that is longer than any name is cut: it is no name.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_ADDRESS {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().take(MAX_ADDRESS / 8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RecordId {
        RecordId::parse(text).expect("an identifier")
    }

    #[test]
    fn an_address_gives_its_key_back() {
        let base = Base::public("http://127.0.0.1:8080");
        let keys = [
            Key::product(id("a/b"), id("urn:x:é y%2F#?")),
            Key::collection(id("c")),
            Key { kind: Kind::ContextGraph, collection: None, id: id("meta") },
        ];
        for key in keys {
            assert_eq!(key_of(&base, &format!("{}#file-1", thing(&base, &key).as_str())), Some(key.clone()));
            assert_eq!(key_of(&base, graph(&base, &key).as_str()), Some(key));
        }
        for other in
            ["graphs/meta", "id/product/a", "id/product/a/b/c", "id/name/x", "graphs/context/x", "id/agent/%F", ""]
        {
            assert_eq!(key_of(&base, &format!("{}{other}", base.as_str())), None, "{other}");
        }
        assert_eq!(key_of(&base, thing(&Base::stored(), &Key::collection(id("c"))).as_str()), None);
    }

    #[test]
    fn bases_take_each_others_place() {
        let base = Base::public("https://a.example/x/");
        let stored = "https://perennial.invalid/id/name/n";
        assert_eq!(base.publish(stored), "https://a.example/x/id/name/n");
        assert_eq!(base.publish("see https://perennial.invalid/"), "see https://perennial.invalid/");
        assert_eq!(base.store("ASK { <https://a.example/x/id/name/n> ?p ?o }"), format!("ASK {{ <{stored}> ?p ?o }}"));
        assert_eq!(Base::public("no address").as_str(), STORED);
    }

    #[test]
    fn whatever_a_text_is_its_name_is_an_address() {
        let base = Base::stored();
        let under = |rest: &str| format!("{STORED}id/name/{rest}");
        let cases = [
            ("spase://SMWG/Person/X", "spase://SMWG/Person/X".to_owned()),
            ("urn:nasa:pds:b:c:p::1.0", "urn:nasa:pds:b:c:p::1.0".to_owned()),
            ("10.5270/S2_-znk9xsj", "https://doi.org/10.5270/S2_-znk9xsj".to_owned()),
            ("doi:10.5270/a<b>", "https://doi.org/10.5270/a%3Cb%3E".to_owned()),
            ("http://dx.doi.org/10.5270/x", "https://doi.org/10.5270/x".to_owned()),
            ("nsy_sclkscet_00014.tsc", under("nsy_sclkscet_00014.tsc")),
            ("http://broken address", under("http%3A%2F%2Fbroken%20address")),
            ("C:\\data\\x", under("C%3A%5Cdata%5Cx")),
            ("a.b:c", under("a.b%3Ac")),
            ("dcat:Dataset", under("dcat%3ADataset")),
            ("http://[::1", under("http%3A%2F%2F%5B%3A%3A1")),
            ("é\u{0}", under("%C3%A9%00")),
        ];
        for (text, expected) in cases {
            let named = name(&base, text).expect(text);
            assert_eq!(named.as_str(), expected);
            assert!(NamedNode::new(named.as_str()).is_ok(), "{named}");
        }
        assert_eq!((name(&base, " "), name(&base, &"x".repeat(1 << 20))), (None, None));
    }
}
