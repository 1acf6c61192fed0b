//! Takes what a program left in `/out`, when it is what the job declared. Trusts no name and no kind of file there.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::end::{End, LimitKind};
use super::files::{digest_of, open_plain};
use super::job::{Job, PerformError, Produced};

/// Declared outputs in the job's order, and other plain files by name.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) outputs: Vec<Produced>,
    pub(super) others: Vec<Produced>,
}

/// Looks through the folder of a run that ended with 0. The program must be gone: what is digested stays as it is.
pub(super) fn collect(job: &Job, out: &Path) -> Result<Result<Collected, End>, PerformError> {
    let mut collected = Collected::default();
    for name in &job.outputs {
        match produced(name, out)? {
            Ok(file) => collected.outputs.push(file),
            Err(end) => return Ok(Err(end)),
        }
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(out).map_err(|source| disk(out, source))? {
        let entry = entry.map_err(|source| disk(out, source))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        // A name that is no text cannot be declared, so nobody can want it.
        if let Some(name) = entry.file_name().to_str().filter(|name| is_file && !job.outputs.iter().any(|o| o == name))
        {
            names.push(name.to_owned());
        }
        if names.len() as u64 > job.limits.output_files {
            return Ok(Err(End::Limit { which: LimitKind::Files }));
        }
    }
    names.sort();
    for name in names {
        // What is foreign among undeclared files is nobody's loss.
        if let Ok(file) = produced(&name, out)? {
            collected.others.push(file);
        }
    }
    let bytes: u64 = collected.outputs.iter().chain(&collected.others).map(|file| file.bytes).sum();
    match bytes > job.limits.output_bytes {
        true => Ok(Err(End::Limit { which: LimitKind::Output })),
        false => Ok(Ok(collected)),
    }
}

fn disk(path: &Path, source: std::io::Error) -> PerformError {
    PerformError::Disk { path: path.to_owned(), source }
}

/// One output, when it is a plain file with this name alone.
fn produced(name: &str, out: &Path) -> Result<Result<Produced, End>, PerformError> {
    let path = out.join(name);
    let found = match std::fs::symlink_metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Err(End::OutputMissing { name: name.to_owned() }));
        }
        Err(source) => return Err(disk(&path, source)),
    };
    if let Some(reason) = why_foreign(&found) {
        return Ok(Err(End::OutputForeign { name: name.to_owned(), reason: reason.to_owned() }));
    }
    let mut file = open_plain(&path).map_err(|source| disk(&path, source))?;
    let (sha256, bytes) = digest_of(&mut file).map_err(|source| disk(&path, source))?;
    Ok(Ok(Produced { name: name.to_owned(), path, bytes, sha256 }))
}

fn why_foreign(found: &Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    if kind.is_symlink() {
        return Some("a symbolic link");
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    if !kind.is_file() {
        return Some("a pipe, socket or device");
    }
    // A second name could be changed later behind the back of whoever took the first.
    (found.nlink() != 1).then_some("a file with several names")
}
