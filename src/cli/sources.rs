//! What `ingest` reads: files and folders taken apart into documents, collections first, so that products find theirs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::catalogue::{Delivery, Document, Error, MAX_DOCUMENT_BYTES};
use crate::importer;

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
    /// Nothing that an importer knows.
    Other,
}

/// A file to ingest.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    /// As given on the command line, for messages.
    pub name: String,
    pub shape: Shape,
    /// What its start was taken for.
    pub format: Option<importer::Format>,
}

impl Source {
    /// Data that describe themselves are products of their own only where no label names them.
    pub fn is_data(&self) -> bool {
        self.format.is_some_and(importer::Format::describes_itself)
    }
}

/// Everything below the given paths.
pub struct Sources {
    /// Documents: collections first, data files last.
    pub documents: Vec<Source>,
    /// Files that no importer reads: a label may name them.
    pub others: Vec<PathBuf>,
    pub delivery: Delivery,
}

/// All files below the given paths, in a stable order.
///
/// # Errors
/// The first path or folder that cannot be read, named.
pub fn find(paths: &[PathBuf]) -> io::Result<Sources> {
    let (mut files, mut known, mut roots) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        walk(path, &mut files)?;
        if path.is_dir() {
            roots.push(path.clone());
        } else if let Some(folder) = path.parent().filter(|folder| folder.is_dir()) {
            // A label that is named alone still finds the files beside it.
            roots.push(folder.to_owned());
            known.extend(beside(folder));
        }
    }
    known.extend(files.iter().cloned());
    let delivery = Delivery::new(roots, known);
    let (mut documents, mut others) = (Vec::new(), Vec::new());
    for path in files {
        let source = look_at(path)?;
        let is_document = source.format.is_some() || source.shape != Shape::Other || delivery.is_list(&source.path);
        if is_document { documents.push(source) } else { others.push(source.path) }
    }
    // Stable: within a shape the order of names stays. Files called collections… are small lists of collections.
    documents.sort_by_key(|source| (source.is_data(), !begins_with_collections(source), source.shape));
    Ok(Sources { documents, others, delivery })
}

/// Why a file that no importer reads and no label names is left out.
pub fn what_is(path: &Path) -> String {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    let name = path.display().to_string();
    match (read, importer::identify(&name, &head)) {
        (Err(error), _) => format!("cannot be read: {error}"),
        (Ok(_), Some((media_type, what))) => format!("{what} ({media_type}) that no label here names"),
        (Ok(_), None) => "is of no format that is known here, and no label here names it".to_owned(),
    }
}

fn beside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.map(|entry| entry.path()).collect()
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

fn look_at(path: PathBuf) -> io::Result<Source> {
    let name = path.display().to_string();
    let mut head = Vec::new();
    File::open(&path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    let format = importer::recognise(&name, &head);
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_json = head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let is_collection = matches!(format, Some(importer::Format::StacCollection)) || is_native_collection(&head);
    let shape = match extension.as_str() {
        "ndjson" | "jsonl" => Shape::Lines,
        _ if looks_like_lines(&head) => Shape::Lines,
        _ if is_collection => Shape::Collection,
        _ if format.is_some() || is_json => Shape::Document,
        _ => Shape::Other,
    };
    Ok(Source { name, path, shape, format })
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
        let length = file.metadata().map(|metadata| metadata.len());
        let read = file.take(MAX_DOCUMENT_BYTES + 1).read_to_end(&mut bytes);
        let start_is_enough = self.format.is_some_and(importer::Format::is_read_from_its_start);
        let (bytes, length) = match (read, length) {
            (Ok(_), _) if bytes.len() as u64 <= MAX_DOCUMENT_BYTES => (Ok(bytes), None),
            (Ok(_), Ok(length)) if start_is_enough => (Ok(bytes), Some(length)),
            (Ok(_), _) => (Err(too_large()), None),
            (Err(error), _) => (Err(Error::internal("reading a file")(error)), None),
        };
        Document { number: 1, name: self.name.clone(), bytes, path: Some(self.path.clone()), length }
    }

    fn document(&self, number: u64, bytes: Result<Vec<u8>, Error>) -> Document {
        Document::alone(number, format!("{}:{number}", self.name), bytes)
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
