//! What a process has used: processor time and memory, from /proc. On a busy machine processor time says more than the
//! clock on the wall.

use std::time::{Duration, Instant};

/// Clock ticks a second in /proc: `USER_HZ`, which Linux fixes at 100 for programs.
const TICKS_PER_SECOND: u64 = 100;

/// Processor time of all threads of a process, user and system. Zero when the process is gone.
pub fn processor_time(process: u32) -> Duration {
    ticks(process, 11)
}

/// Processor time of all processes that this one started and that have ended, with theirs.
pub fn processor_time_of_children() -> Duration {
    ticks(std::process::id(), 13)
}

/// Two neighbouring counts of /proc/PID/stat, added; by their place behind the program's name.
fn ticks(process: u32, place: usize) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program, in brackets, may hold anything.
    let after_name = text.rsplit_once(')').map_or("", |(_, after)| after);
    let numbers: Vec<u64> =
        after_name.split_whitespace().skip(place).take(2).filter_map(|part| part.parse().ok()).collect();
    Duration::from_millis(numbers.iter().sum::<u64>() * 1_000 / TICKS_PER_SECOND)
}

/// A line of /proc/PID/status in MiB: `VmRSS` (resident), `RssAnon` (its own part, without mapped files), `VmHWM` (most).
pub fn memory(process: u32, line: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = text.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    let kibibytes = value.and_then(|value| value.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

/// A stretch of work being measured.
pub struct Meter {
    process: u32,
    before: Duration,
    started: Instant,
}

/// What a stretch of work took.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub wall: Duration,
    pub processor: Duration,
}

impl Meter {
    /// Begins to measure a process.
    pub fn of(process: u32) -> Self {
        Self { process, before: processor_time(process), started: Instant::now() }
    }

    /// Begins to measure this process.
    pub fn own() -> Self {
        Self::of(std::process::id())
    }

    /// What it took until now.
    pub fn taken(&self) -> Taken {
        let processor = processor_time(self.process).saturating_sub(self.before);
        Taken { wall: self.started.elapsed(), processor }
    }
}

impl Taken {
    /// Things done a second on the wall clock.
    pub fn rate(&self, things: f64) -> f64 {
        things / self.wall.as_secs_f64().max(1e-6)
    }

    /// Things done a second of processor time.
    pub fn processor_rate(&self, things: f64) -> f64 {
        things / self.processor.as_secs_f64().max(1e-6)
    }

    /// Processor time for one thing, microseconds.
    pub fn processor_micros(&self, things: f64) -> f64 {
        self.processor.as_secs_f64() * 1e6 / things.max(1.0)
    }
}
