//! Where the buckets of a histogram of numbers begin.

/// Where buckets of one width begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    width: f64,
    /// Set when the width is a part of one: 0.1 is not exact, 10 is.
    parts: Option<f64>,
}

impl Grid {
    pub(super) fn new(width: f64) -> Self {
        let parts = (1.0 / width).round();
        let is_part = width < 1.0 && parts < 1e12 && 1.0 / parts == width;
        Self { width, parts: is_part.then_some(parts) }
    }

    /// The bucket that a number falls into, unless numbers of that size are too coarse to tell buckets apart.
    pub(super) fn index(self, number: f64) -> Option<i64> {
        let place = self.parts.map_or(number / self.width, |parts| number * parts).floor();
        // 2^53: beyond it not every whole number is a float.
        if place.abs() > 9_007_199_254_740_992.0 {
            return None;
        }
        let index = place as i64;
        // Division rounds: what stands in the answer decides.
        if number < self.start(index) {
            Some(index - 1)
        } else if number >= self.start(index + 1) {
            Some(index + 1)
        } else {
            Some(index)
        }
    }

    /// The least number of a bucket.
    pub(super) fn start(self, index: i64) -> f64 {
        let index = index as f64;
        self.parts.map_or(index * self.width, |parts| index / parts)
    }

    /// The least of 1, 2 or 5 times a power of ten that needs at most so many buckets.
    pub(super) fn fitting(least: f64, greatest: f64, buckets: usize) -> Self {
        let share = 1.0 / buckets.max(1) as f64;
        let rough = (greatest * share - least * share).max(f64::MIN_POSITIVE);
        let power = if greatest > least { (rough.log10().floor() as i32).clamp(-300, 305) } else { 0 };
        let widths = (power..power + 3).flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * decimal(power)));
        let fits = |grid: &Self| match (grid.index(least), grid.index(greatest)) {
            (Some(first), Some(last)) => last.abs_diff(first) < buckets.max(1) as u64,
            _ => false,
        };
        widths.map(Self::new).find(fits).unwrap_or_else(|| Self::new(decimal(power + 3)))
    }

    pub(super) const fn width(self) -> f64 {
        self.width
    }
}

/// The float nearest to a power of ten.
fn decimal(power: i32) -> f64 {
    format!("1e{}", power.clamp(-300, 308)).parse().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_between_the_ends_of_its_bucket() {
        for width in [0.1, 0.3, 1.0, 7.0, 1e-5, 2.5e7, 1.0 / 3.0] {
            let grid = Grid::new(width);
            for step in -3_000..3_000 {
                for number in [f64::from(step) * 0.1, f64::from(step) * width, f64::from(step) / 3.0] {
                    let index = grid.index(number).expect("not too large");
                    assert!(grid.start(index) <= number && number < grid.start(index + 1), "{number} by {width}");
                }
            }
            for number in [f64::MAX, -1e300] {
                assert_eq!(grid.index(number), None);
            }
        }
        assert_eq!(Grid::new(0.1).start(3), 0.3);
    }

    #[test]
    fn a_span_of_numbers_gets_the_least_customary_width_that_fits() {
        let cases = [
            (0.0, 100.0, 10, 20.0),
            (0.0, 99.9, 10, 10.0),
            (0.0, 99.9, 20, 5.0),
            (-0.02, 0.03, 10, 0.01),
            (5.0, 5.0, 10, 1.0),
            (0.0, 1e300, 10, 2e299),
            (-1e308, 1e308, 10, 5e307),
        ];
        for (least, greatest, buckets, width) in cases {
            let grid = Grid::fitting(least, greatest, buckets);
            assert!((grid.width() / width - 1.0).abs() < 1e-9, "{least} {greatest} {buckets}: {}", grid.width());
            let ends = grid.index(least).zip(grid.index(greatest));
            assert!(ends.is_some_and(|(first, last)| last.abs_diff(first) < buckets as u64));
        }
    }
}
