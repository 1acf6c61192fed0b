//! Stored records as STAC 1.1.0, and ItemCollections taken apart. Stored JSON is spliced into answers, so numbers and
//! unknown members stay as they were written; what older versions wrote differently is brought to 1.1.0 by the table
//! of `docs/importers/stac-migration.md`.

mod assets;
mod collection;
mod extent;
mod item;
mod links;
mod migrate;
mod native;
mod place;
mod times;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::catalogue::Error;
use crate::model::{Draft, json};

pub use collection::collection;
pub use item::item;

/// The version that every answer says.
const STAC_VERSION: &str = "\"1.1.0\"";

/// The texts of the features of an ItemCollection; `None` for any other document.
pub fn features(text: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Collection<'a> {
        #[serde(borrow, rename = "type")]
        of_type: &'a RawValue,
        #[serde(borrow)]
        features: Vec<&'a RawValue>,
    }
    let Collection { of_type, features } = serde_json::from_str(text).ok()?;
    let is_collection = json::read_string(of_type.get()).is_some_and(|name| name == "FeatureCollection");
    is_collection.then(|| features.iter().map(|feature| feature.get().to_owned()).collect())
}

/// Writes `geometry`, and `bbox` where there is one, of footprints on Earth.
pub fn footprint(space: Option<&str>, document: &mut Draft) {
    place::write(&item::Stored { space, ..item::Stored::default() }, &json::Fields::default(), document);
}

/// A stored record passed its schema, so this is a fault of ours.
fn unreadable<E: std::error::Error + Send + Sync + 'static>(error: E) -> Error {
    Error::internal("read a stored record")(error)
}

/// Whether this version needs no migration: what 1.0 says, 1.1 says too.
fn is_current(version: &str) -> bool {
    version.starts_with("1.") && !version.contains('-')
}

#[cfg(test)]
mod tests;
