//! Addresses of pages and of what lies behind them. All are relative to the service's root.

use crate::model::uri::encode;
use crate::model::{Key, Kind};

/// The page of a record.
pub fn page(key: &Key) -> String {
    match (&key.collection, key.kind) {
        (Some(collection), _) => product(collection.as_str(), key.id.as_str()),
        (None, Kind::Collection) => collection(key.id.as_str()),
        (None, kind) => entity(kind, key.id.as_str()),
    }
}

/// The page of a product.
pub fn product(collection: &str, id: &str) -> String {
    format!("/products/{}/{}", encode(collection), encode(id))
}

/// The page of a collection.
pub fn collection(id: &str) -> String {
    format!("/collections/{}", encode(id))
}

/// The page of a record of another kind.
pub fn entity(kind: Kind, id: &str) -> String {
    format!("/entities/{kind}/{}", encode(id))
}

/// Where a name leads, whatever it names.
pub fn resolve(name: &str) -> String {
    format!("/resolve?id={}", encode(name))
}

/// The record in the native interface.
pub fn native(key: &Key) -> String {
    super::super::native::records::href("", key)
}

/// One revision of a record in the native interface; only collections and products have such addresses.
pub fn revision(key: &Key, revision: u64) -> String {
    format!("{}?revision={revision}", page(key))
}

/// A file that the archive holds.
pub fn file(key: &Key, name: &str) -> String {
    format!("{}/files/{}", native(key), encode(name))
}

/// The verbatim source document.
pub fn source(key: &Key) -> String {
    format!("{}/source", native(key))
}

/// The record as STAC: an Item or a Collection.
pub fn stac(key: &Key) -> Option<String> {
    match (&key.collection, key.kind) {
        (Some(collection), _) => {
            Some(format!("/stac/collections/{}/items/{}", encode(collection.as_str()), encode(key.id.as_str())))
        }
        (None, Kind::Collection) => Some(format!("/stac/collections/{}", encode(key.id.as_str()))),
        (None, _) => None,
    }
}

/// An address elsewhere that may stand in a link: only of the web, never a script.
pub fn elsewhere(href: &str) -> Option<&str> {
    let scheme = href.get(..8).or_else(|| href.get(..7)).unwrap_or("").to_ascii_lowercase();
    (scheme.starts_with("https://") || scheme.starts_with("http://")).then_some(href)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        for href in ["https://a.example/x", "HTTP://a.example"] {
            assert_eq!(elsewhere(href), Some(href));
        }
        for href in
            ["javascript:alert(1)", "data:text/html,x", "//a.example", "", "urn:x", "/x", "JAVASCRIPT://http://x"]
        {
            assert_eq!(elsewhere(href), None, "{href}");
        }
    }
}
