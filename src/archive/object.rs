//! One OCFL object on its way: written under `work/`, made durable, then renamed into the storage root.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::disk::{self, Disk, WriteFile};
use super::error::{At, DiskError};
use super::inventory::{self, Inventory};
use crate::codec;
use crate::model::{Instant, Sha512};

/// Inventories of our objects have a handful of files.
pub const MAX_INVENTORY_BYTES: u64 = 1 << 20;

/// An object with one version that is being written under `work/`.
pub struct ObjectDraft {
    id: String,
    root: PathBuf,
    files: Vec<Box<dyn WriteFile>>,
    content: Vec<(&'static str, Sha512)>,
    stored: u64,
}

impl ObjectDraft {
    /// Begins an object: a leftover of the same name goes.
    pub fn begin(disk: &dyn Disk, work: &Path, id: String) -> Result<Self, DiskError> {
        let root = work.join(super::layout::encode(&id));
        disk::remove_tree(disk, &root).at("remove", &root)?;
        for dir in [root.clone(), root.join("v1"), root.join("v1/content")] {
            disk.make_dir(&dir).at("create directory", &dir)?;
        }
        Ok(Self { id, root, files: Vec::new(), content: Vec::new(), stored: 0 })
    }

    /// The path of a content file.
    pub fn content_path(&self, name: &str) -> PathBuf {
        self.root.join("v1/content").join(name)
    }

    /// Writes a content file whose bytes are in memory.
    pub fn put(&mut self, disk: &dyn Disk, name: &'static str, bytes: &[u8]) -> Result<(), DiskError> {
        let path = self.content_path(name);
        let file = self.write(disk, &path, bytes)?;
        self.add(name, codec::sha512(bytes), bytes.len() as u64, file);
        Ok(())
    }

    /// Takes a content file that stands at [`Self::content_path`] already.
    pub fn add(&mut self, name: &'static str, digest: Sha512, stored: u64, file: Box<dyn WriteFile>) {
        self.stored += stored;
        self.content.push((name, digest));
        self.files.push(file);
    }

    fn write(&self, disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<Box<dyn WriteFile>, DiskError> {
        let mut file = disk.create(path).at("create", path)?;
        file.write_all(bytes).at("write", path)?;
        Ok(file)
    }

    /// Writes declaration, inventories and sidecars. What is left to do is to make everything durable.
    pub fn seal(mut self, disk: &dyn Disk, message: &str, created: Instant) -> Result<SealedObject, DiskError> {
        let inventory = Inventory::first(self.id.clone(), message, created, &self.content).to_bytes();
        let sidecar = inventory::sidecar(&inventory);
        let described: [(&str, &[u8]); 5] = [
            (inventory::OBJECT_DECLARATION, inventory::OBJECT_DECLARATION_CONTENT),
            ("v1/inventory.json", &inventory),
            ("v1/inventory.json.sha512", &sidecar),
            (inventory::INVENTORY, &inventory),
            (inventory::SIDECAR, &sidecar),
        ];
        for (name, bytes) in described {
            let path = self.root.join(name);
            let file = self.write(disk, &path, bytes)?;
            self.stored += bytes.len() as u64;
            self.files.push(file);
        }
        let dirs = vec![self.root.join("v1/content"), self.root.join("v1"), self.root.clone()];
        let Self { root, files, content, stored, .. } = self;
        Ok(SealedObject { root, files, dirs, content, stored, inventory, sidecar })
    }
}

/// A complete object under `work/` whose files still have to be made durable.
pub struct SealedObject {
    pub root: PathBuf,
    pub files: Vec<Box<dyn WriteFile>>,
    /// Its directories, bottom-up.
    pub dirs: Vec<PathBuf>,
    pub content: Vec<(&'static str, Sha512)>,
    /// Bytes of all its files.
    pub stored: u64,
    inventory: Vec<u8>,
    sidecar: Vec<u8>,
}

impl SealedObject {
    /// Reads the small files back and compares them; content is compared by who knows what it means.
    ///
    /// Returns the first path that does not hold what was written.
    pub fn read_back(&self, disk: &dyn Disk) -> Result<Option<PathBuf>, DiskError> {
        let described: [(&str, &[u8]); 5] = [
            (inventory::OBJECT_DECLARATION, inventory::OBJECT_DECLARATION_CONTENT),
            ("v1/inventory.json", &self.inventory),
            ("v1/inventory.json.sha512", &self.sidecar),
            (inventory::INVENTORY, &self.inventory),
            (inventory::SIDECAR, &self.sidecar),
        ];
        for (name, expected) in described {
            let path = self.root.join(name);
            if disk::read_file(disk, &path, MAX_INVENTORY_BYTES).at("read back", &path)? != expected {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

/// Reads and checks the inventory of an object: sidecar, id and shape.
///
/// # Errors
/// A sentence that says what is wrong; `Missing` has none.
pub fn read_inventory(disk: &dyn Disk, object: &Path, id: &str) -> Result<Inventory, InventoryError> {
    let path = object.join(inventory::INVENTORY);
    let bytes = read_some(disk, &path)?;
    let sidecar_path = object.join(inventory::SIDECAR);
    let sidecar = read_some(disk, &sidecar_path)?;
    if sidecar != inventory::sidecar(&bytes) {
        return Err(InventoryError::Damaged("inventory.json does not have the digest in its sidecar".into()));
    }
    let inventory: Inventory =
        serde_json::from_slice(&bytes).map_err(|error| InventoryError::Damaged(format!("inventory.json: {error}")))?;
    if inventory.id == id {
        Ok(inventory)
    } else {
        Err(InventoryError::Damaged(format!("inventory.json is that of {:?}", inventory.id)))
    }
}

fn read_some(disk: &dyn Disk, path: &Path) -> Result<Vec<u8>, InventoryError> {
    let read = disk::read_file(disk, path, MAX_INVENTORY_BYTES);
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(InventoryError::Missing),
        read => read.at("read", path).map_err(InventoryError::Disk),
    }
}

/// Why an object's inventory cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error("an inventory or its sidecar is missing")]
    Missing,
    #[error("{0}")]
    Damaged(String),
    #[error(transparent)]
    Disk(DiskError),
}
