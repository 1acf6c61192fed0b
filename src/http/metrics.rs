//! Counters of the service in the text format of Prometheus.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

static ANSWERED: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];
static MICROSECONDS: AtomicU64 = AtomicU64::new(0);

/// Counts one answered request.
pub fn count(status: u16, duration_us: u64) {
    if let Some(class) = ANSWERED.get(usize::from(status / 100)) {
        class.fetch_add(1, Ordering::Relaxed);
    }
    MICROSECONDS.fetch_add(duration_us, Ordering::Relaxed);
}

/// All counters, with the gauges that the catalogue gives.
pub fn render(gauges: &[(&str, &str, u64)]) -> String {
    let mut text = String::new();
    text.push_str("# HELP perennial_http_requests_total Requests answered, by status class.\n");
    text.push_str("# TYPE perennial_http_requests_total counter\n");
    for (class, counter) in ANSWERED.iter().enumerate().skip(1) {
        let value = counter.load(Ordering::Relaxed);
        // Writing into a String cannot fail.
        let _ = writeln!(text, "perennial_http_requests_total{{class=\"{class}xx\"}} {value}");
    }
    text.push_str("# HELP perennial_http_request_seconds_total Time until the answer began, summed.\n");
    text.push_str("# TYPE perennial_http_request_seconds_total counter\n");
    let micros = MICROSECONDS.load(Ordering::Relaxed);
    let _ = writeln!(text, "perennial_http_request_seconds_total {}.{:06}", micros / 1_000_000, micros % 1_000_000);
    for (name, help, value) in gauges {
        let family = name.split('{').next().unwrap_or(name);
        let _ = writeln!(text, "# HELP {family} {help}\n# TYPE {family} gauge\n{name} {value}");
    }
    text
}
