//! `private/`: the key that signs page tokens, and the users. Not derived from the archive; back it up.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::model::Sha256;

/// Why `private/` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("{} cannot be read or written", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("user {name:?} exists already")]
    UserExists { name: String },
    #[error("there is no user {name:?}")]
    NoSuchUser { name: String },
}

/// A user who may write when the service listens beyond loopback. The bearer token itself is kept nowhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub role: String,
    /// sha256 of the bearer token (256 random bits, so no salt or stretching is needed).
    pub token_sha256: Sha256,
    /// RFC 3339, UTC.
    pub created: String,
}

/// The secrets of one store.
#[derive(Debug, Clone)]
pub struct Secrets {
    folder: PathBuf,
    token_key: [u8; 32],
}

impl Secrets {
    /// Opens `private/`, making it and the token key when they are missing (unless `read_only`: then a key for this
    /// process alone is made, and tokens expire with it).
    ///
    /// # Errors
    /// `SecretsError` when the folder or the key cannot be read or made.
    pub fn open(store: &Path, read_only: bool) -> Result<Self, SecretsError> {
        let folder = store.join("private");
        let path = folder.join("token.key");
        let failed = |source| SecretsError::Io { path: path.clone(), source };
        match fs::read(&path) {
            Ok(bytes) => {
                let token_key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SecretsError::Damaged {
                    path: path.clone(),
                    reason: format!("{} bytes instead of 32; delete it and a new key is made", bytes.len()),
                })?;
                Ok(Self { folder, token_key })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token_key = random().map_err(failed)?;
                if !read_only {
                    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
                    replace(&path, &token_key).map_err(failed)?;
                }
                Ok(Self { folder, token_key })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The key that signs page tokens.
    pub fn token_key(&self) -> &[u8; 32] {
        &self.token_key
    }

    /// The Ed25519 key that signs evidence; made when it is first asked for. Its public half stands in every signature.
    ///
    /// # Errors
    /// `SecretsError` when it cannot be read or made, or is damaged.
    pub fn signing_key(&self) -> Result<[u8; 32], SecretsError> {
        let path = self.folder.join("signing.key");
        let failed = |source| SecretsError::Io { path: path.clone(), source };
        match fs::read(&path) {
            Ok(bytes) => <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SecretsError::Damaged {
                path: path.clone(),
                reason: format!("{} bytes instead of 32; restore it, or delete it and a new key is made", bytes.len()),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random().map_err(failed)?;
                fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
                replace(&path, &key).map_err(failed)?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// All users.
    ///
    /// # Errors
    /// `SecretsError` when the list cannot be read.
    pub fn users(&self) -> Result<Vec<User>, SecretsError> {
        let path = self.folder.join("users.json");
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| SecretsError::Damaged { path: path.clone(), reason: error.to_string() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(SecretsError::Io { path, source }),
        }
    }

    /// Adds a user and returns the bearer token, which cannot be shown again.
    ///
    /// # Errors
    /// `UserExists`, or `SecretsError` of the file.
    pub fn add_user(&self, name: &str, now: String) -> Result<String, SecretsError> {
        let mut users = self.users()?;
        if users.iter().any(|user| user.name == name) {
            return Err(SecretsError::UserExists { name: name.to_owned() });
        }
        let path = self.folder.join("users.json");
        let bits: [u8; 32] = random().map_err(|source| SecretsError::Io { path: path.clone(), source })?;
        let token = format!("perennial_{}", Sha256::from_bytes(bits));
        users.push(User {
            name: name.to_owned(),
            role: "administrator".to_owned(),
            token_sha256: codec::sha256(token.as_bytes()),
            created: now,
        });
        self.write_users(&path, &users)?;
        Ok(token)
    }

    /// Takes a user's rights away.
    ///
    /// # Errors
    /// `NoSuchUser`, or `SecretsError` of the file.
    pub fn remove_user(&self, name: &str) -> Result<(), SecretsError> {
        let mut users = self.users()?;
        let before = users.len();
        users.retain(|user| user.name != name);
        if users.len() == before {
            return Err(SecretsError::NoSuchUser { name: name.to_owned() });
        }
        self.write_users(&self.folder.join("users.json"), &users)
    }

    fn write_users(&self, path: &Path, users: &[User]) -> Result<(), SecretsError> {
        let bytes = serde_json::to_vec_pretty(users)
            .map_err(|error| SecretsError::Damaged { path: path.to_owned(), reason: error.to_string() })?;
        replace(path, &bytes).map_err(|source| SecretsError::Io { path: path.to_owned(), source })
    }

    /// The name of the user whose token this is. Comparing digests of 256-bit secrets leaks nothing useful by time.
    ///
    /// # Errors
    /// `SecretsError` when the list cannot be read.
    pub fn user_of(&self, token: &str) -> Result<Option<String>, SecretsError> {
        let digest = codec::sha256(token.as_bytes());
        Ok(self.users()?.into_iter().find(|user| user.token_sha256 == digest).map(|user| user.name))
    }
}

/// Copies `private/` of a store into another store's folder, for its owner alone. Without one there is nothing to copy.
///
/// # Errors
/// `SecretsError::Io` with the file.
pub fn copy(store: &Path, target: &Path) -> Result<(), SecretsError> {
    let (from, to) = (store.join("private"), target.join("private"));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SecretsError::Io { path, source }
    };
    let entries = match fs::read_dir(&from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(SecretsError::Io { path: from, source }),
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&to).map_err(failed(&to))?;
    for entry in entries {
        let path = entry.map_err(failed(&from))?.path();
        let Some(name) = path.file_name() else { continue };
        let bytes = fs::read(&path).map_err(failed(&path))?;
        replace(&to.join(name), &bytes).map_err(failed(&path))?;
    }
    Ok(())
}

fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0u8; 32];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        filled += rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(bytes)
}

/// Writes beside, flushes and renames: the old content or the new, never half of it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
