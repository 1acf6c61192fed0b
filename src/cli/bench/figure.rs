//! A measured figure beside what was asked for, and the table of all of them.

use std::time::Duration;

use serde::Serialize;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    AtLeast(f64),
    AtMost(f64),
}

impl Asked {
    fn is_met(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(limit) => measured >= limit,
            Self::AtMost(limit) => measured <= limit,
        }
    }

    fn show(self, unit: &str) -> String {
        match self {
            Self::AtLeast(limit) => format!("≥ {} {unit}", number(limit)),
            Self::AtMost(limit) => format!("≤ {} {unit}", number(limit)),
        }
    }
}

/// One measured value.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub scenario: &'static str,
    pub what: String,
    pub measured: f64,
    pub unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

impl Figure {
    /// A value that nothing is asked of.
    pub fn new(scenario: &'static str, what: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        Self { scenario, what: what.into(), measured, unit, asked: None, met: None }
    }

    /// The same with what is asked.
    #[must_use]
    pub fn asked(mut self, asked: Asked) -> Self {
        self.asked = Some(asked);
        self.met = Some(asked.is_met(self.measured));
        self
    }

    /// The same with what is asked, if a condition holds: some figures are asked at one size only.
    #[must_use]
    pub fn asked_if(self, holds: bool, asked: Asked) -> Self {
        if holds { self.asked(asked) } else { self }
    }

    /// As a row of the table in docs/PERFORMANCE.md.
    pub fn row(&self) -> String {
        let asked = self.asked.map(|asked| asked.show(self.unit)).unwrap_or_default();
        let verdict = match self.met {
            Some(false) => " (missed)",
            _ => "",
        };
        format!("| {} | {} | {asked} | {} {}{verdict} |", self.scenario, self.what, number(self.measured), self.unit)
    }
}

/// A number with three or four digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => grouped(value.round() as i64),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Durations of many requests.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// The duration that this share of the requests stayed under, milliseconds; 0 when there are none.
    pub fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let at = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(at).map_or(0.0, |duration| duration.as_secs_f64() * 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_figure_says_so() {
        let row = |measured| Figure::new("read", "p50", measured, "ms").asked(Asked::AtMost(0.2)).row();
        assert_eq!(row(0.15), "| read | p50 | ≤ 0.200 ms | 0.150 ms |");
        assert_eq!(row(1.5), "| read | p50 | ≤ 0.200 ms | 1.50 ms (missed) |");
        assert_eq!((number(1_234_567.0), number(45.67)), ("1,234,567".to_owned(), "45.7".to_owned()));
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_durations() {
        let mut latencies = Latencies::default();
        (0..100).rev().for_each(|millis| latencies.add(Duration::from_millis(millis)));
        assert_eq!((latencies.percentile(50), latencies.percentile(95)), (50.0, 95.0));
        assert_eq!(Latencies::default().percentile(50), 0.0);
    }
}
