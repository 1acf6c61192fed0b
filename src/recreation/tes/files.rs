//! The one folder whose files tasks may name. Follows no link in it, and gives nothing outside.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat};

use crate::codec::Sha256Hasher;
use crate::model::Sha256;
use crate::recreation::perform::Cancel;

/// Bytes copied at once.
const BLOCK_BYTES: usize = 1 << 18;

/// A file below the shared folder: plain names, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Below(Vec<OsString>);

impl Below {
    fn split(&self) -> Option<(&OsString, &[OsString])> {
        self.0.split_last()
    }
}

/// Why bytes were not copied.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    #[error("more than {0} bytes")]
    TooLong(u64),
    #[error("called off")]
    Cancelled,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<rustix::io::Errno> for CopyError {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}

/// Copies to the end and digests on the way.
pub(super) fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    most: u64,
    cancel: &Cancel,
) -> Result<(Sha256, u64), CopyError> {
    let (mut hasher, mut bytes, mut block) = (Sha256Hasher::default(), 0u64, vec![0u8; BLOCK_BYTES]);
    loop {
        if cancel.is_cancelled() {
            return Err(CopyError::Cancelled);
        }
        let read = match from.read(&mut block) {
            Ok(0) => return Ok((hasher.finish(), bytes)),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        bytes += read as u64;
        if bytes > most {
            return Err(CopyError::TooLong(most));
        }
        let piece = block.get(..read).unwrap_or_default();
        hasher.update(piece);
        to.write_all(piece)?;
    }
}

/// The shared folder, held open.
#[derive(Debug)]
pub(super) struct Shared {
    /// As the operator named it, and without links: clients may use either.
    names: [PathBuf; 2],
    folder: OwnedFd,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Shared {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let real = path.canonicalize()?;
        let folder = open(&real, FOLDER, Mode::empty())?;
        Ok(Self { names: [std::path::absolute(path)?, real], folder })
    }

    pub(super) fn path(&self) -> &Path {
        let [_, real] = &self.names;
        real
    }

    /// The file that a URL names.
    ///
    /// # Errors
    /// What would be right.
    pub(super) fn below(&self, url: &str) -> Result<Below, String> {
        let wrong = || format!("is not a file:// address below {}", self.path().display());
        let path = url.strip_prefix("file://localhost/").or_else(|| url.strip_prefix("file:///")).ok_or_else(wrong)?;
        let path = format!("/{}", decode(path).ok_or_else(wrong)?);
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
        if !path.split('/').skip(1).all(is_plain) {
            return Err(wrong());
        }
        let rest = self.names.iter().find_map(|name| Path::new(&path).strip_prefix(name).ok());
        let parts: Vec<OsString> = rest.ok_or_else(wrong)?.iter().map(OsString::from).collect();
        if parts.is_empty() { Err(wrong()) } else { Ok(Below(parts)) }
    }

    /// The `file://` address of a file below.
    pub(super) fn url(&self, parts: &[&str]) -> String {
        let path = parts.iter().fold(self.path().to_owned(), |path, part| path.join(part));
        let parts = path.iter().skip(1).map(|part| crate::model::uri::encode(&part.to_string_lossy()));
        format!("file:///{}", parts.collect::<Vec<_>>().join("/"))
    }

    /// The folder that holds a file, by way of folders that are no links.
    fn parent(&self, parents: &[OsString], is_made: bool) -> Result<OwnedFd, rustix::io::Errno> {
        let mut folder = self.folder.try_clone().map_err(|_| rustix::io::Errno::MFILE)?;
        for name in parents {
            let found = openat(&folder, name, FOLDER, Mode::empty());
            folder = match found {
                Err(rustix::io::Errno::NOENT) if is_made => match mkdirat(&folder, name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => openat(&folder, name, FOLDER, Mode::empty())?,
                    Err(error) => return Err(error),
                },
                found => found?,
            };
        }
        Ok(folder)
    }

    /// Opens a plain file for reading; never waits for the writer of a pipe.
    pub(super) fn read(&self, file: &Below) -> std::io::Result<File> {
        let (name, parents) = file.split().ok_or(rustix::io::Errno::NOENT)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(self.parent(parents, false)?, name, flags, Mode::empty())?);
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(std::io::Error::other("not a plain file")),
        }
    }

    /// Writes a file beside its place, flushed; [`Beside::publish`] gives it its name.
    pub(super) fn write_beside(&self, to: &Below, from: &mut File, cancel: &Cancel) -> Result<Beside, CopyError> {
        let (name, parents) = to.split().ok_or(rustix::io::Errno::NOENT)?;
        let folder = self.parent(parents, true)?;
        let beside = OsString::from(format!(".perennial-{}", super::queue::random_id()?));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&folder, &beside, flags, Mode::from_raw_mode(0o666))?);
        let mut made = Beside { folder, beside, name: name.clone(), sha256: None, bytes: 0, is_published: false };
        let (sha256, bytes) = copy(from, &mut file, u64::MAX, cancel)?;
        file.sync_all()?;
        (made.sha256, made.bytes) = (Some(sha256), bytes);
        Ok(made)
    }
}

/// A whole file that has not got its name yet; it goes when it is dropped before.
#[derive(Debug)]
pub(super) struct Beside {
    folder: OwnedFd,
    beside: OsString,
    name: OsString,
    pub(super) sha256: Option<Sha256>,
    pub(super) bytes: u64,
    is_published: bool,
}

impl Beside {
    /// Gives the file its name; what had it before is replaced, a link not followed.
    pub(super) fn publish(&mut self) -> std::io::Result<()> {
        renameat(self.folder.as_fd(), &self.beside, self.folder.as_fd(), &self.name)?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.is_published {
            // It counts for nothing under this name.
            let _ = unlinkat(self.folder.as_fd(), &self.beside, AtFlags::empty());
        }
    }
}

/// Percent-decoding (RFC 3986 § 2.1) of UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match byte {
            b'%' => bytes.push(u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_below_the_folder_are_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let shared = Shared::open(folder.path()).expect("opened");
        let base = format!("file://{}", folder.path().display());
        assert_eq!(shared.below(&format!("{base}/a/b%20c")), Ok(Below(vec!["a".into(), "b c".into()])));
        assert_eq!(shared.below(&shared.url(&["ä b", "c"])), Ok(Below(vec!["ä b".into(), "c".into()])));
        for path in [
            "",
            "/",
            "/../x",
            "/a/../../x",
            "/a//b",
            "/./a",
            "/%2e%2e/x",
            "/a%2F..%2F..%2Fx",
            "/%",
            "/%zz",
            "/a%00",
            "x/a",
        ] {
            assert!(shared.below(&format!("{base}{path}")).is_err(), "{path}");
        }
        for url in ["file:///etc/passwd", "http://localhost/a", "/etc/passwd", "file://host/a", ""] {
            assert!(shared.below(url).is_err(), "{url}");
        }
    }

    #[test]
    fn no_link_is_followed_and_nothing_half_is_left() {
        let (folder, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        std::fs::write(outside.path().join("secret"), "secret").expect("written");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("way")).expect("linked");
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("file")).expect("linked");
        let shared = Shared::open(folder.path()).expect("opened");
        let below = |parts: &[&str]| shared.below(&shared.url(parts)).expect("plain");
        assert!(shared.read(&below(&["way", "secret"])).is_err());
        assert!(shared.read(&below(&["file"])).is_err());
        let source = folder.path().join("source");
        std::fs::write(&source, "new").expect("written");
        let from = || File::open(&source).expect("opened");
        assert!(shared.write_beside(&below(&["way", "new"]), &mut from(), &Cancel::default()).is_err());
        let called_off = Cancel::default();
        called_off.cancel();
        assert!(shared.write_beside(&below(&["a"]), &mut from(), &called_off).is_err());
        drop(shared.write_beside(&below(&["a"]), &mut from(), &Cancel::default()).expect("written"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 3);
        let mut made = shared.write_beside(&below(&["file"]), &mut from(), &Cancel::default()).expect("written");
        made.publish().expect("published");
        assert_eq!(std::fs::read_to_string(outside.path().join("secret")).expect("read"), "secret");
        assert_eq!(std::fs::read_to_string(folder.path().join("file")).expect("read"), "new");
    }
}
