//! Counts how far numbers lie apart, and says when it is too far. One for each comparison.

use super::number::{ulp_f32, ulp_f64};
use super::verdict::{Comparison, Rule, Tolerance};

impl Tolerance {
    /// Whether it bounds anything, by numbers that can be bounds.
    pub(super) fn is_sound(&self) -> bool {
        let fine = |bound: Option<f64>| bound.is_none_or(|bound| bound.is_finite() && bound >= 0.0);
        let is_any = self.absolute.is_some() || self.relative.is_some() || self.ulp.is_some();
        is_any && fine(self.absolute) && fine(self.relative)
    }
}

/// The largest differences so far.
#[derive(Debug, Default)]
pub(super) struct Measure {
    /// None with rules that allow no difference of numbers.
    tolerance: Option<Tolerance>,
    max_absolute: f64,
    max_relative: f64,
    max_ulp: u64,
    count: u64,
}

impl Measure {
    pub(super) fn new(rule: &Rule) -> Self {
        let tolerance = match rule {
            Rule::Numeric { tolerance, .. } => Some(*tolerance),
            Rule::Bytes | Rule::Canonical { .. } => None,
        };
        Self { tolerance, ..Self::default() }
    }

    /// Whether numbers may differ at all.
    pub(super) fn is_numeric(&self) -> bool {
        self.tolerance.is_some()
    }

    /// Takes two doubles in; false when they are too far apart.
    pub(super) fn doubles(&mut self, expected: f64, found: f64) -> bool {
        self.take(expected, found, ulp_f64(expected, found))
    }

    /// Takes two singles in; false when they are too far apart.
    pub(super) fn singles(&mut self, expected: f32, found: f32) -> bool {
        self.take(f64::from(expected), f64::from(found), ulp_f32(expected, found))
    }

    /// Takes two integers in, whose representable neighbours are one apart.
    pub(super) fn integers(&mut self, expected: i64, found: i64) -> bool {
        self.take(expected as f64, found as f64, expected.abs_diff(found))
    }

    fn take(&mut self, expected: f64, found: f64, ulp: u64) -> bool {
        // A missing value is the same as a missing value, and as nothing else.
        if expected.is_nan() && found.is_nan() {
            return true;
        }
        let Some(tolerance) = self.tolerance else { return expected == found };
        let absolute = (expected - found).abs();
        if expected == found && ulp == 0 {
            return true;
        }
        // A difference that is no number, with NaN or infinities, is within no bound.
        if !absolute.is_finite() {
            return false;
        }
        let relative = if expected == 0.0 { f64::INFINITY } else { absolute / expected.abs() };
        self.count += 1;
        self.max_absolute = self.max_absolute.max(absolute);
        self.max_ulp = self.max_ulp.max(ulp);
        if relative.is_finite() {
            self.max_relative = self.max_relative.max(relative);
        }
        tolerance.absolute.is_some_and(|bound| absolute <= bound)
            || tolerance.relative.is_some_and(|bound| relative <= bound)
            || tolerance.ulp.is_some_and(|bound| ulp <= bound)
    }

    pub(super) fn equivalent(self, rule: Rule) -> Comparison {
        let Self { max_absolute, max_relative, max_ulp, count, .. } = self;
        Comparison::Equivalent { rule, max_absolute, max_relative, max_ulp, count }
    }
}
