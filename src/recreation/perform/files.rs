//! The files of a job on the host: opened, checked against their digests, kept open. Starts nothing.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::end::End;
use super::job::{Job, JobFile, PerformError};
use crate::codec::Sha256Hasher;
use crate::model::Sha256;

/// Bytes digested at once.
const BLOCK_BYTES: usize = 1 << 18;

/// Longest name of a file in a job: what Linux takes for one path segment.
const MAX_NAME_BYTES: usize = 255;

/// Files of one job, so that its description stays bounded.
const MAX_FILES: usize = 20_000;

/// Opens a plain file for reading; follows no link at its end, and never waits for the writer of a pipe.
pub(super) fn open_plain(path: &Path) -> std::io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(std::io::Error::other("not a plain file")),
    }
}

/// Digest and length of what is left of a file.
pub(super) fn digest_of(file: &mut File) -> std::io::Result<(Sha256, u64)> {
    let mut hasher = Sha256Hasher::default();
    let mut block = vec![0u8; BLOCK_BYTES];
    let mut bytes = 0u64;
    loop {
        let read = match file.read(&mut block) {
            Ok(0) => return Ok((hasher.finish(), bytes)),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(block.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// Opens a file of a job and reads it through: it is the one that the recipe names, or the run ends here.
pub(super) fn open_checked(wanted: &JobFile) -> Result<File, End> {
    let missing = |error: std::io::Error| End::InputMissing { name: wanted.name.clone(), reason: error.to_string() };
    let mut file = open_plain(&wanted.path).map_err(missing)?;
    let (found, _) = digest_of(&mut file).map_err(missing)?;
    match found == wanted.sha256 {
        true => Ok(file),
        false => Err(End::InputChanged { name: wanted.name.clone(), expected: wanted.sha256, found }),
    }
}

/// All files that a job reads: program, tools, inputs.
pub(super) fn all_of(job: &Job) -> impl Iterator<Item = &JobFile> {
    std::iter::once(&job.program).chain(&job.tools).chain(&job.inputs)
}

/// Whether a name is one plain path segment.
fn is_segment(name: &str) -> bool {
    let is_special = name.is_empty() || name == "." || name == "..";
    !is_special && name.len() <= MAX_NAME_BYTES && !name.contains('/') && !name.chars().any(char::is_control)
}

/// Names that do not repeat and are path segments.
fn names_are_sound<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), PerformError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !is_segment(name) {
            return Err(bad(format!("{name:?} is no file name")));
        }
        if !seen.insert(name) {
            return Err(bad(format!("{name:?} is named twice")));
        }
    }
    Ok(())
}

fn bad(reason: impl Into<String>) -> PerformError {
    PerformError::BadJob { reason: reason.into() }
}

/// Refuses a job that could mean two things or reach outside its folders.
///
/// # Errors
/// `PerformError::BadJob` with the reason.
pub(super) fn job_is_sound(job: &Job) -> Result<(), PerformError> {
    if job.inputs.len() + job.tools.len() + job.outputs.len() > MAX_FILES {
        return Err(bad(format!("more than {MAX_FILES} files")));
    }
    names_are_sound(job.inputs.iter().map(|file| file.name.as_str()))?;
    names_are_sound(std::iter::once(&job.program).chain(&job.tools).map(|file| file.name.as_str()))?;
    names_are_sound(job.outputs.iter().map(String::as_str))?;
    if let Some(name) = job.stdin.as_ref().filter(|name| job.inputs.iter().all(|file| file.name != **name)) {
        return Err(bad(format!("standard input {name:?} is no input")));
    }
    if let Some(name) = job.stdout.as_ref().filter(|name| !job.outputs.contains(name)) {
        return Err(bad(format!("standard output {name:?} is no output")));
    }
    if job.argv.first().is_none_or(String::is_empty) {
        return Err(bad("there is no argument 0, the program's own name"));
    }
    if job.argv.iter().chain(job.environment.values()).any(|text| text.contains('\0')) {
        return Err(bad("an argument or value of the environment has a NUL"));
    }
    match job.environment.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        Some(name) => Err(bad(format!("{name:?} is no name of an environment variable"))),
        None => Ok(()),
    }
}

/// A folder made below the caller's.
pub(super) fn make_folder(folder: &Path, name: &str) -> Result<PathBuf, PerformError> {
    let made = folder.join(name);
    match std::fs::create_dir(&made) {
        Ok(()) => Ok(made),
        Err(source) => Err(PerformError::Disk { path: made, source }),
    }
}
