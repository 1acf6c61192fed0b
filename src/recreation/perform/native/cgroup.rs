//! Control groups of version 1 or 2, where they can be made: memory, number of processes, processor time of all of a
//! run's processes together. Where they cannot, `watch` bounds the run less exactly, and the layers say so.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::recreation::perform::job::Limits;

/// Where the hierarchies are mounted.
const MOUNTED: &str = "/sys/fs/cgroup";

/// Processes of ours in the sandbox: bubblewrap outside, process 1 inside.
const OWN_PROCESSES: u64 = 2;

/// Memory of our own processes.
const OWN_BYTES: u64 = 64 << 20;

/// How the names of our groups begin; the number of the process that made them follows.
const NAME: &str = "perennial-";

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Makes a group, and removes those that a service left which was killed.
fn make_in(place: &Path, name: &str) -> Option<PathBuf> {
    let folder = place.join(name);
    std::fs::create_dir(&folder).ok()?;
    for found in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let other = found.file_name();
        let pid = other.to_str().and_then(|other| other.strip_prefix(NAME)?.split('-').next()?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            // Whoever else does the same may have been faster.
            let _ = std::fs::remove_dir(found.path());
        }
    }
    Some(folder)
}

/// The groups of one run; removed when dropped, by when nothing is in them.
#[derive(Debug, Default)]
pub(super) struct Group {
    memory: Option<PathBuf>,
    pids: Option<PathBuf>,
    cpu: Option<PathBuf>,
    is_unified: bool,
}

impl Group {
    /// Makes what can be made.
    pub(super) fn make(limits: &Limits) -> Self {
        let name = format!("{NAME}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let membership = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let group = Self::version_1(&membership, &name);
        let group = if group.is_empty() { Self::version_2(&membership, &name) } else { group };
        group.bounded(limits)
    }

    fn is_empty(&self) -> bool {
        self.memory.is_none() && self.pids.is_none() && self.cpu.is_none()
    }

    fn version_1(membership: &str, name: &str) -> Self {
        let made = |controller: &str| {
            let line = membership.lines().find(|line| {
                line.split(':').nth(1).is_some_and(|names| names.split(',').any(|one| one == controller))
            })?;
            let own = line.splitn(3, ':').nth(2)?.trim_start_matches('/');
            make_in(&Path::new(MOUNTED).join(controller).join(own), name)
        };
        Self { memory: made("memory"), pids: made("pids"), cpu: made("cpuacct"), is_unified: false }
    }

    /// Beside our own group, as a group with processes in it can give no controllers to groups below it.
    fn version_2(membership: &str, name: &str) -> Self {
        let own = membership.lines().find_map(|line| line.strip_prefix("0::/"));
        let Some(own) = own else { return Self::default() };
        let own = Path::new(MOUNTED).join(own);
        let places = [Some(own.as_path()), own.parent().filter(|above| above.starts_with(MOUNTED))];
        for place in places.into_iter().flatten() {
            let Some(folder) = make_in(place, name) else { continue };
            let has = |file: &str| folder.join(file).exists().then(|| folder.clone());
            let group =
                Self { memory: has("memory.max"), pids: has("pids.max"), cpu: has("cpu.stat"), is_unified: true };
            if group.memory.is_some() || group.pids.is_some() {
                return group;
            }
            let _ = std::fs::remove_dir(&folder);
        }
        Self::default()
    }

    fn bounded(mut self, limits: &Limits) -> Self {
        let bytes = limits.memory_bytes.saturating_add(OWN_BYTES).to_string();
        let processes = limits.processes.saturating_add(OWN_PROCESSES).to_string();
        let file = if self.is_unified { "memory.max" } else { "memory.limit_in_bytes" };
        if self.memory.as_ref().is_some_and(|folder| std::fs::write(folder.join(file), &bytes).is_err()) {
            self.memory = None;
        }
        if let Some(folder) = &self.memory {
            // Without swap the limit is what it says; a kernel without swap accounting has no such file.
            let swap =
                if self.is_unified { ("memory.swap.max", "0") } else { ("memory.memsw.limit_in_bytes", &*bytes) };
            let _ = std::fs::write(folder.join(swap.0), swap.1);
        }
        if self.pids.as_ref().is_some_and(|folder| std::fs::write(folder.join("pids.max"), &processes).is_err()) {
            self.pids = None;
        }
        self
    }

    /// Files into which the run's first process writes itself.
    pub(super) fn joined(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = [&self.memory, &self.pids, &self.cpu]
            .into_iter()
            .flatten()
            .map(|folder| folder.join("cgroup.procs"))
            .collect();
        files.dedup();
        files
    }

    pub(super) fn layers(&self) -> Vec<String> {
        let version = if self.is_unified { "cgroup v2" } else { "cgroup v1" };
        let named = [(&self.memory, "memory"), (&self.pids, "pids")];
        named.iter().filter(|(folder, _)| folder.is_some()).map(|(_, name)| format!("{version} {name}")).collect()
    }

    pub(super) fn bounds_memory(&self) -> bool {
        self.memory.is_some()
    }

    pub(super) fn bounds_processes(&self) -> bool {
        self.pids.is_some()
    }

    fn number(folder: &Option<PathBuf>, file: &str) -> Option<u64> {
        std::fs::read_to_string(folder.as_ref()?.join(file)).ok()?.trim().parse().ok()
    }

    /// A field of a file of lines `name value`.
    fn field(folder: &Option<PathBuf>, file: &str, name: &str) -> Option<u64> {
        let text = std::fs::read_to_string(folder.as_ref()?.join(file)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.trim().parse().ok()
    }

    /// Milliseconds of the processor used so far.
    pub(super) fn cpu_ms(&self) -> Option<u64> {
        match self.is_unified {
            true => Self::field(&self.cpu, "cpu.stat", "usage_usec").map(|microseconds| microseconds / 1_000),
            false => Self::number(&self.cpu, "cpuacct.usage").map(|nanoseconds| nanoseconds / 1_000_000),
        }
    }

    pub(super) fn peak_memory(&self) -> Option<u64> {
        Self::number(&self.memory, if self.is_unified { "memory.peak" } else { "memory.max_usage_in_bytes" })
    }

    /// Whether the kernel ended a process for its memory.
    pub(super) fn killed_for_memory(&self) -> bool {
        let file = if self.is_unified { "memory.events" } else { "memory.oom_control" };
        Self::field(&self.memory, file, "oom_kill").is_some_and(|count| count > 0)
    }

    /// Whether a process could not be made.
    pub(super) fn refused_process(&self) -> bool {
        Self::field(&self.pids, "pids.events", "max").is_some_and(|count| count > 0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in [&self.memory, &self.pids, &self.cpu].into_iter().flatten() {
            // The kernel takes a moment to see that the last process is gone.
            for _ in 0..100 {
                match std::fs::remove_dir(folder) {
                    Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(std::time::Duration::from_millis(1));
                    }
                    _ => break,
                }
            }
        }
    }
}
