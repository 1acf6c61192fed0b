//! Looks at a run from outside: its processes in the system's table, its files in `/out`. Changes nothing.

use std::path::Path;

/// All processes of a run together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Processes {
    pub(super) count: u64,
    pub(super) resident_bytes: u64,
    pub(super) cpu_ms: u64,
}

/// Parent, resident pages and processor ticks of a process.
struct Entry {
    pid: u32,
    parent: u32,
    pages: u64,
    ticks: u64,
}

const PAGE_BYTES: u64 = 4096;

/// Linux says `USER_HZ` is 100 on every architecture that we run on.
const TICK_MS: u64 = 10;

fn entry(pid: u32) -> Option<Entry> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything, parentheses too.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let parent = u32::try_from(number(1)?).ok()?;
    // Fields 14 to 17 of proc(5): user and system ticks, and those of children that were waited for.
    let ticks = (11..=14).filter_map(number).sum();
    Some(Entry { pid, parent, pages: number(21)?, ticks })
}

/// Whether a process is stopped, ended or gone: it begins no others.
pub(super) fn is_stopped(pid: u32) -> bool {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    let state = text.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, None | Some('T' | 't' | 'Z' | 'X'))
}

/// The processes that a process has begun.
pub(super) fn children_of(parent: u32) -> Vec<u32> {
    let Ok(listed) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = listed.filter_map(|found| found.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(entry).filter(|entry| entry.parent == parent).map(|entry| entry.pid).collect()
}

/// What descends from a process, itself included. Orphans stay below: process 1 of the namespace takes them.
pub(super) fn processes_below(root: u32) -> Processes {
    let Ok(listed) = std::fs::read_dir("/proc") else { return Processes::default() };
    let pids = listed.filter_map(|found| found.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let entries: Vec<Entry> = pids.filter_map(entry).collect();
    let mut sum = Processes::default();
    let mut waiting = vec![root];
    while let Some(pid) = waiting.pop() {
        if let Some(found) = entries.iter().find(|entry| entry.pid == pid) {
            sum.count += 1;
            sum.resident_bytes += found.pages * PAGE_BYTES;
            sum.cpu_ms += found.ticks * TICK_MS;
        }
        waiting.extend(entries.iter().filter(|entry| entry.parent == pid && entry.pid != pid).map(|entry| entry.pid));
    }
    sum
}

/// Bytes and entries in a folder and below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) files: u64,
}

/// Counts until a limit is passed; what cannot be read counts as an entry alone.
pub(super) fn written_below(folder: &Path, max_files: u64) -> Written {
    let mut sum = Written::default();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(listed) = std::fs::read_dir(&folder) else { continue };
        for found in listed.flatten() {
            sum.files += 1;
            if sum.files > max_files {
                return sum;
            }
            let Ok(metadata) = found.metadata() else { continue };
            match metadata.is_dir() {
                true => waiting.push(found.path()),
                false => sum.bytes = sum.bytes.saturating_add(metadata.len()),
            }
        }
    }
    sum
}
