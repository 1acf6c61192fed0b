//! What `ingest` reads: files and folders taken apart into documents, collections first, so that products find theirs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::catalogue::{Document, Error};
use crate::importer;

/// Longest line or document taken into memory, bytes.
pub const MAX_DOCUMENT_BYTES: u64 = 64 << 20;
/// What is looked at to tell a file's format.
const HEAD_BYTES: u64 = 256 << 10;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// One document that registers a collection.
    Collection,
    /// One document.
    Document,
    /// One document a line.
    Lines,
}

/// A file to ingest.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    /// As given on the command line, for messages.
    pub name: String,
    pub shape: Shape,
}

/// All files below the given paths, in a stable order; collections before everything else.
///
/// # Errors
/// The first path or folder that cannot be read, named.
pub fn find(paths: &[PathBuf]) -> io::Result<Vec<Source>> {
    let mut files = Vec::new();
    for path in paths {
        walk(path, &mut files)?;
    }
    let mut sources = files
        .into_iter()
        .map(|path| {
            let shape = shape_of(&path)?;
            Ok(Source { name: path.display().to_string(), path, shape })
        })
        .collect::<io::Result<Vec<_>>>()?;
    // Stable: within a shape the order of names stays. Files called collections… are small lists of collections.
    sources.sort_by_key(|source| (!begins_with_collections(source), source.shape));
    Ok(sources)
}

fn begins_with_collections(source: &Source) -> bool {
    let name = source.path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    source.shape == Shape::Collection || (source.shape == Shape::Lines && name.starts_with("collections"))
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let metadata = std::fs::metadata(path).map_err(named)?;
    if !metadata.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(named)? {
        let entry = entry.map_err(named)?;
        // Links are not followed: a submission holds its files.
        if !entry.file_type().map_err(named)?.is_symlink() {
            entries.push(entry.path());
        }
    }
    entries.sort();
    entries.iter().try_for_each(|entry| walk(entry, files))
}

fn shape_of(path: &Path) -> io::Result<Shape> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    if matches!(extension.as_str(), "ndjson" | "jsonl") || looks_like_lines(&head) {
        return Ok(Shape::Lines);
    }
    let recognised = importer::recognise(&path.to_string_lossy(), &head);
    let collection = matches!(recognised, Some(importer::Format::StacCollection)) || is_native_collection(&head);
    Ok(if collection { Shape::Collection } else { Shape::Document })
}

/// The head of a native collection record, which may be longer than the head.
fn is_native_collection(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\"kind\": \"collection\"").is_some()
        || memchr::memmem::find(head, b"\"kind\":\"collection\"").is_some()
}

/// The first line is a whole JSON object and another one begins after it.
fn looks_like_lines(head: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'\n', head) else { return false };
    let (first, rest) = head.split_at(at);
    let whole = first.first() == Some(&b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
    whole && rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

impl Source {
    /// The documents of this file, one after the other; memory holds one at a time.
    pub fn documents(&self) -> io::Result<Box<dyn Iterator<Item = Document> + '_>> {
        let file = File::open(&self.path)?;
        if self.shape != Shape::Lines {
            return Ok(Box::new(std::iter::once(self.whole(file))));
        }
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut number = 0;
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                number += 1;
                match next_line(&mut reader) {
                    Ok(None) => return None,
                    Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                    Ok(Some(line)) if line.len() as u64 > MAX_DOCUMENT_BYTES => {
                        return Some(self.document(number, Err(too_large())));
                    }
                    Ok(Some(line)) => return Some(self.document(number, Ok(line))),
                    Err(error) => {
                        let unreadable = Error::internal("reading a file")(error);
                        return Some(self.document(number, Err(unreadable)));
                    }
                }
            }
        })))
    }

    fn whole(&self, file: File) -> Document {
        let mut bytes = Vec::new();
        let read = file.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut bytes);
        let bytes = match read {
            Ok(_) if bytes.len() as u64 > MAX_DOCUMENT_BYTES => Err(too_large()),
            Ok(_) => Ok(bytes),
            Err(error) => Err(Error::internal("reading a file")(error)),
        };
        Document { number: 1, name: self.name.clone(), bytes }
    }

    fn document(&self, number: u64, bytes: Result<Vec<u8>, Error>) -> Document {
        Document { number, name: format!("{}:{number}", self.name), bytes }
    }
}

/// The next line without its newline; of an overlong one, the beginning just past the limit.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reader.by_ref().take(MAX_DOCUMENT_BYTES + 2).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 > MAX_DOCUMENT_BYTES {
        skip_line(reader)?;
    }
    Ok(Some(line))
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok(());
        }
        let newline = memchr::memchr(b'\n', available);
        let used = newline.map_or(available.len(), |at| at + 1);
        reader.consume(used);
        if newline.is_some() {
            return Ok(());
        }
    }
}

fn too_large() -> Error {
    Error::TooLarge { what: "the document", limit: MAX_DOCUMENT_BYTES }
}
