//! OCFL 1.1 inventories of objects with one version, as this archive makes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::model::{Instant, Sha512};

pub const OBJECT_DECLARATION: &str = "0=ocfl_object_1.1";
pub const OBJECT_DECLARATION_CONTENT: &[u8] = b"ocfl_object_1.1\n";
pub const INVENTORY: &str = "inventory.json";
pub const SIDECAR: &str = "inventory.json.sha512";
const TYPE: &str = "https://ocfl.io/1.1/spec/#inventory";

/// OCFL 1.1 section 3.5, as much of it as our objects use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub digest_algorithm: String,
    pub head: String,
    /// Digest of stored bytes → paths from the object root.
    pub manifest: BTreeMap<String, Vec<String>>,
    pub versions: BTreeMap<String, Version>,
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// RFC 3339 with seconds and zone.
    pub created: String,
    pub message: String,
    pub user: User,
    /// Digest → logical paths.
    pub state: BTreeMap<String, Vec<String>>,
}

/// Who made a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub address: String,
}

impl Inventory {
    /// The inventory of a first and only version that holds these files.
    pub fn first(id: String, message: &str, created: Instant, files: &[(&str, Sha512)]) -> Self {
        let mut manifest: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut state: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, digest) in files {
            manifest.entry(digest.to_string()).or_default().push(format!("v1/content/{name}"));
            state.entry(digest.to_string()).or_default().push((*name).to_owned());
        }
        let user = User { name: "Perennial".into(), address: "urn:perennial:archive".into() };
        let version = Version { created: created.to_string(), message: message.into(), user, state };
        Self {
            id,
            kind: TYPE.into(),
            digest_algorithm: "sha512".into(),
            head: "v1".into(),
            manifest,
            versions: BTreeMap::from([("v1".into(), version)]),
        }
    }

    /// The file as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Maps and strings into memory: serde_json has no failure for these.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The digest of a content file, by its name within `v1/content`.
    pub fn digest_of(&self, name: &str) -> Option<Sha512> {
        let path = format!("v1/content/{name}");
        let (digest, _) = self.manifest.iter().find(|(_, paths)| paths.contains(&path))?;
        Sha512::parse(digest).ok()
    }
}

/// The sidecar of an inventory file: its digest and its name.
pub fn sidecar(inventory: &[u8]) -> Vec<u8> {
    format!("{} {INVENTORY}\n", codec::sha512(inventory)).into_bytes()
}
