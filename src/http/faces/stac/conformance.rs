//! The one table of what this face implements; the landing page, `/conformance` and docs/conformance.md come from it.

/// A conformance class and what answers it here.
pub struct Class {
    pub uri: &'static str,
    /// Path, or what it means here.
    pub answered_by: &'static str,
}

const fn class(uri: &'static str, answered_by: &'static str) -> Class {
    Class { uri, answered_by }
}

/// Every class that the face implements. Clients look for 1.0.0 URIs, so nothing newer is named alone.
pub const CLASSES: &[Class] = &[
    class("https://api.stacspec.org/v1.0.0/core", "/stac"),
    class("https://api.stacspec.org/v1.0.0/collections", "/stac/collections"),
    class("https://api.stacspec.org/v1.0.0/ogcapi-features", "/stac/collections/{collection}/items"),
    class("https://api.stacspec.org/v1.0.0/item-search", "/stac/search by GET and POST"),
    class(
        "https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction",
        "POST, PUT, PATCH, DELETE of items",
    ),
    class(
        "https://api.stacspec.org/v1.0.0/collections/extensions/transaction",
        "POST, PUT, PATCH, DELETE of collections",
    ),
    class("https://api.stacspec.org/v0.3.0/aggregation", "/stac/aggregate by GET and POST"),
    class("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core", "/stac/collections/{collection}/items"),
    class("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson", "application/geo+json"),
    class("http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/simpletx", "POST, PUT, PATCH, DELETE of items"),
];

/// The URIs as a JSON array.
pub fn json() -> String {
    let uris: Vec<&str> = CLASSES.iter().map(|class| class.uri).collect();
    serde_json::Value::from(uris).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md"));
        let documented = documented.expect("docs/conformance.md");
        for class in CLASSES {
            let row = format!("| `{}` | {} |", class.uri, class.answered_by);
            assert!(documented.contains(&row), "docs/conformance.md lacks the row {row}");
        }
        assert_eq!(documented.matches("| `http").count(), CLASSES.len());
    }
}
