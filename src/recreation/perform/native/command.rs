//! The command line of bubblewrap for one job: what the program finds in its file system, and nothing else. Starts
//! only bubblewrap itself, to ask whether it works here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::FileType;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::recreation::perform::job::Job;

/// Folder in the sandbox of the program that starts the job's own. It is not empty, and nothing in it is secret.
const OWN: &str = "/.perennial";

/// Folders of the machine that stand for `/` where no root is given: programs and libraries.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// What of `/etc` programs and libraries need to be found; no names of users or machines.
const CONFIGURATION: &[&str] = &["/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"];

/// Folders that are made anew whatever a pinned root has there.
const REPLACED: &[&str] = &["in", "out", "program", "tmp", "proc", "dev", "sys", "run", ".perennial"];

/// Largest `/tmp` and shared memory together with the output limit: half of what the program may have in memory.
fn temporary_bytes(job: &Job) -> u64 {
    (job.limits.memory_bytes / 2).max(1 << 20)
}

/// Name and version of bubblewrap, when it can make all namespaces here.
///
/// # Errors
/// Why not, for people.
pub(super) fn version() -> Result<String, String> {
    let asked = Command::new("bwrap").arg("--version").stdin(Stdio::null()).output();
    let asked = asked.map_err(|error| format!("bubblewrap (bwrap) cannot be started: {error}"))?;
    let version = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let mut trial = Command::new("bwrap");
    trial.args(["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]);
    trial.args(["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--size", "65536", "--tmpfs", "/tmp"]);
    let tried = trial.args(["--", "/bin/true"]).stdin(Stdio::null()).output();
    let tried = tried.map_err(|error| format!("bubblewrap cannot be started: {error}"))?;
    match tried.status.success() {
        true => Ok(version),
        false => Err(format!("bubblewrap cannot isolate here: {}", String::from_utf8_lossy(&tried.stderr).trim())),
    }
}

/// A path as bubblewrap finds it, which is started in `/`.
fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Arguments under construction.
#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn flag(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    /// An option with two paths, such as `--ro-bind FROM TO`.
    fn pair(&mut self, option: &str, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) {
        self.0.extend([OsString::from(option), from.as_ref().to_owned(), to.as_ref().to_owned()]);
    }
}

/// Everything behind `bwrap`, the job's own command included.
///
/// # Errors
/// Why this machine cannot do it.
pub(super) fn arguments(job: &Job, program: &Path, out: &Path) -> Result<Vec<OsString>, String> {
    let mut arguments = Arguments::default();
    arguments.flag(&["--unshare-all", "--unshare-user", "--hostname", "sandbox", "--die-with-parent", "--new-session"]);
    arguments.flag(&["--as-pid-1", "--cap-drop", "ALL", "--clearenv"]);
    system(&mut arguments, job.root.as_deref())?;
    let room = temporary_bytes(job).to_string();
    arguments.flag(&["--proc", "/proc", "--dev", "/dev", "--size", &room, "--tmpfs", "/dev/shm"]);
    arguments.flag(&["--remount-ro", "/dev", "--size", &room, "--tmpfs", "/tmp", "--dir", "/in", "--dir", "/program"]);
    for (folder, files) in [("/in", &job.inputs), ("/program", &job.tools)] {
        for file in files {
            arguments.pair("--ro-bind", absolute(&file.path)?, format!("{folder}/{}", file.name));
        }
    }
    arguments.pair("--ro-bind", absolute(&job.program.path)?, format!("/program/{}", job.program.name));
    arguments.pair("--bind", absolute(out)?, "/out");
    let own = own(&mut arguments, program)?;
    arguments.flag(&["--remount-ro", "/", "--chdir", "/out"]);
    for (name, value) in environment(job) {
        arguments.flag(&["--setenv", &name, &value]);
    }
    arguments.flag(&["--"]);
    arguments.0.extend(own);
    arguments.flag(&["sandbox-exec", "--"]);
    arguments.0.extend(job.argv.iter().map(OsString::from));
    Ok(arguments.0)
}

fn environment(job: &Job) -> BTreeMap<String, String> {
    let given = [("LC_ALL", "C"), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin"), ("HOME", "/tmp")];
    let mut all: BTreeMap<_, _> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.extend(job.environment.clone());
    all
}

/// What stands for `/`: each entry of a pinned root, or the machine's programs and libraries; read-only.
fn system(arguments: &mut Arguments, root: Option<&Path>) -> Result<(), String> {
    let Some(root) = root else {
        for path in SYSTEM.iter().map(Path::new) {
            if let Ok(found) = std::fs::symlink_metadata(path) {
                entry(arguments, path, path, found.file_type());
            }
        }
        CONFIGURATION.iter().for_each(|path| arguments.flag(&["--ro-bind-try", path, path]));
        return Ok(());
    };
    let unreadable = |error: std::io::Error| format!("the root file system {}: {error}", root.display());
    for found in std::fs::read_dir(absolute(root)?).map_err(unreadable)? {
        let found = found.map_err(unreadable)?;
        let name = found.file_name();
        if !REPLACED.iter().any(|replaced| name == *replaced) {
            entry(arguments, &found.path(), &Path::new("/").join(&name), found.file_type().map_err(unreadable)?);
        }
    }
    Ok(())
}

/// One entry of the root: a link stays a link, such as `/bin` to `usr/bin`.
fn entry(arguments: &mut Arguments, from: &Path, to: &Path, kind: FileType) {
    match std::fs::read_link(from) {
        Ok(target) if kind.is_symlink() => arguments.pair("--symlink", target, to),
        _ => arguments.pair("--ro-bind", from, to),
    }
}

/// Puts our own program and its libraries into the sandbox, so that it starts under any root; how to start it there.
fn own(arguments: &mut Arguments, program: &Path) -> Result<Vec<OsString>, String> {
    let inside = |name: &str| PathBuf::from(OWN).join(name);
    arguments.pair("--ro-bind", absolute(program)?, inside("perennial"));
    let libraries = libraries()?;
    let Some(loader) = libraries.iter().find(|library| is_loader(library)) else {
        // Linked statically: it starts by itself.
        return Ok(vec![inside("perennial").into_os_string()]);
    };
    for library in &libraries {
        if let Some(name) = library.file_name().and_then(OsStr::to_str) {
            arguments.pair("--ro-bind", library, Path::new(OWN).join("lib").join(wanted_name(name)));
        }
    }
    let loader = loader.file_name().and_then(OsStr::to_str).map(wanted_name).unwrap_or_default();
    let loader = Path::new(OWN).join("lib").join(loader);
    let words = [loader.into_os_string(), "--library-path".into(), format!("{OWN}/lib").into()];
    Ok(words.into_iter().chain([inside("perennial").into_os_string()]).collect())
}

/// The name by which the loader looks for a library: `libstdc++.so.6` of the file `libstdc++.so.6.0.30`, which is what
/// the table of mappings names, links followed.
fn wanted_name(file: &str) -> String {
    match file.split_once(".so.") {
        Some((stem, version)) => format!("{stem}.so.{}", version.split('.').next().unwrap_or(version)),
        None => file.to_owned(),
    }
}

fn is_loader(library: &Path) -> bool {
    library.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with("ld-") || name.starts_with("ld."))
}

/// The shared libraries of this very process, which is the same program or one that is linked as it is.
fn libraries() -> Result<Vec<PathBuf>, String> {
    let maps = std::fs::read_to_string("/proc/self/maps").map_err(|error| format!("/proc/self/maps: {error}"))?;
    let mut found: Vec<PathBuf> = Vec::new();
    for path in maps.lines().filter_map(|line| line.split_once('/').map(|(_, path)| format!("/{path}"))) {
        let is_library = Path::new(&path).file_name().and_then(OsStr::to_str).is_some_and(|name| name.contains(".so"));
        if is_library && !found.iter().any(|known| known == Path::new(&path)) {
            found.push(path.into());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_found_by_the_name_that_the_loader_asks_for() {
        let names = [
            ("libstdc++.so.6.0.30", "libstdc++.so.6"),
            ("libc.so.6", "libc.so.6"),
            ("ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2"),
            ("ld-2.31.so", "ld-2.31.so"),
        ];
        for (file, expected) in names {
            assert_eq!(wanted_name(file), expected);
        }
    }
}
