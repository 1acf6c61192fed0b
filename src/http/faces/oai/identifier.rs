//! Identifiers and names of sets as OAI-PMH writes them, both ways: whatever a record is called, they are valid, and no two
//! records have the same.

use crate::catalogue::changes::Set;
use crate::model::{Key, RecordId};
use crate::rdf::projection::{self, Base};

/// The host of an address, as the namespace of identifiers: without its port, so that it stays when that changes.
pub fn namespace(base: &str) -> String {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-.".contains(letter) { letter } else { '-' };
    host.chars().map(plain).collect()
}

/// `oai:<host>:<kind>/<id>`, for products `oai:<host>:product/<collection>/<id>`: what stands behind the host is the path of
/// the record below `/id/`, percent-encoded as there.
pub fn write(namespace: &str, key: &Key) -> String {
    let stored = Base::stored();
    let thing = projection::thing(&stored, key);
    let path = thing.as_str().strip_prefix(stored.as_str()).and_then(|path| path.strip_prefix("id/"));
    format!("oai:{namespace}:{}", path.unwrap_or_default())
}

/// The key of an identifier of this repository.
pub fn read(namespace: &str, identifier: &str) -> Option<Key> {
    let path = identifier.strip_prefix("oai:")?.strip_prefix(namespace)?.strip_prefix(':')?;
    let stored = Base::stored();
    if path.contains(['#', '?']) {
        return None;
    }
    projection::key_of(&stored, &format!("{}id/{path}", stored.as_str()))
}

/// Whether a text can be an identifier at all: a URI has no other characters (RFC 3986 § 2).
pub fn is_uri(text: &str) -> bool {
    let is_reserved = |byte: u8| b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
    let escapes_hold = text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    has_scheme
        && escapes_hold
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%' || is_reserved(byte))
}

/// `collection:<id>` or `mission:<label>`, in which `~` and two digits stand for a byte that has no place in a setSpec.
pub fn write_set(set: &Set) -> String {
    match set {
        Set::Collection(id) => format!("collection:{}", escape(id.as_str())),
        Set::Mission(label) => format!("mission:{}", escape(label)),
    }
}

/// The set of a name that `write_set` gives.
pub fn read_set(text: &str) -> Option<Set> {
    let (family, name) = text.split_once(':')?;
    let name = unescape(name)?;
    match family {
        "collection" => RecordId::parse(&name).ok().map(Set::Collection),
        "mission" => (!name.is_empty()).then_some(Set::Mission(name)),
        _ => None,
    }
}

/// Whether a text has the form of a setSpec or a metadataPrefix: unreserved characters of RFC 2396, sets with `:` between.
pub fn is_plain(text: &str, has_colons: bool) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte))
    };
    if has_colons { text.split(':').all(part) } else { part(text) }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            escaped.push(byte as char);
        } else {
            escaped.push_str(&format!("~{byte:02X}"));
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    if text.contains('%') {
        return None;
    }
    projection::decode(&text.replace('~', "%"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn id(text: &str) -> RecordId {
        RecordId::parse(text).expect("an identifier")
    }

    #[test]
    fn identifiers_and_sets_read_back_whatever_a_record_is_called() {
        let hostile = "spase://SMWG/ü %2F#?<&\u{202E}]]>";
        let keys = [
            Key::product(id("a/b:c"), id(hostile)),
            Key::collection(id(hostile)),
            Key { kind: Kind::Agent, collection: None, id: id("x") },
        ];
        for key in keys {
            let written = write("a.example", &key);
            assert!(is_uri(&written), "{written}");
            assert_eq!(read("a.example", &written), Some(key.clone()));
            assert_eq!(read("b.example", &written), None);
            assert_eq!(read("a.example", &format!("{written}#x")), None);
            for set in [Set::Collection(key.id.clone()), Set::Mission(hostile.into())] {
                assert!(is_plain(&write_set(&set), true));
                assert_eq!(read_set(&write_set(&set)), Some(set));
            }
        }
        for no_set in ["", "collection", "collection:", "mission:", "x:y", "collection:~ZZ", "collection:~", "a:b:c"] {
            assert_eq!(read_set(no_set), None, "{no_set}");
        }
        for no_uri in ["", "x", ":x", "x:", "x:a b", "x:%z1", "x:%", "x:é", "x:<"] {
            assert!(!is_uri(no_uri), "{no_uri}");
        }
    }

    #[test]
    fn the_namespace_is_the_host_alone() {
        for (base, expected) in [
            ("https://archive.example.org/", "archive.example.org"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://[::1]:80", "--1"),
            ("http://localhost", "localhost"),
        ] {
            assert_eq!(namespace(base), expected);
        }
    }
}
