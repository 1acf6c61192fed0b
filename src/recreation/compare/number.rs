//! Numbers of files: how far two of them lie apart, and when two ways of writing mean the same one.

/// Distance of two doubles in representable values; both zeros are one.
pub(super) fn ulp_f64(left: f64, right: f64) -> u64 {
    let ordered = |value: f64| match value.to_bits().cast_signed() {
        bits if bits < 0 => i64::MIN.wrapping_sub(bits),
        bits => bits,
    };
    ordered(left).abs_diff(ordered(right))
}

/// Distance of two singles in representable values; both zeros are one.
pub(super) fn ulp_f32(left: f32, right: f32) -> u64 {
    let ordered = |value: f32| match value.to_bits().cast_signed() {
        bits if bits < 0 => i32::MIN.wrapping_sub(bits),
        bits => bits,
    };
    u64::from(ordered(left).abs_diff(ordered(right)))
}

/// A finite number as CSV and JSON write them; no `inf`, no `nan`, no hexadecimal.
pub(super) fn parse(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !is_plain || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A decimal number exactly: sign, digits without zeros at either end, and the power of ten of the last digit. Two ways
/// of writing mean the same number when these are the same.
pub(super) fn exact(text: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let is_unsigned = rest.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    parse(rest).filter(|_| is_unsigned)?;
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let power = i64::from(exponent) - i64::try_from(fraction.len()).ok()? + i64::try_from(trailing).ok()?;
    Some((negative, significant.to_owned(), power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_many_ways_of_writing() {
        for (left, right) in [("1", "1.0"), ("10e-1", "1"), ("-0", "0.00"), ("1200", "1.2e3"), ("0.05", "5E-2")] {
            assert_eq!(exact(left), exact(right), "{left} {right}");
        }
        for (left, right) in [("1", "-1"), ("0.1", "0.10000000000000001"), ("1e3", "1e4"), ("12", "1.2")] {
            assert_ne!(exact(left), exact(right), "{left} {right}");
        }
        for text in ["", "-", "abc", "nan", "inf", "0x10", "1e999", ".", "1e", "1 2"] {
            assert_eq!((exact(text), parse(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn neighbours_are_one_apart_and_zeros_none() {
        assert_eq!(ulp_f64(1.0, f64::from_bits(1.0f64.to_bits() + 1)), 1);
        assert_eq!(ulp_f64(0.0, -0.0), 0);
        assert_eq!(ulp_f64(f64::from_bits(1), -f64::from_bits(1)), 2);
        assert_eq!(ulp_f32(1.0, f32::from_bits(1.0f32.to_bits() - 3)), 3);
        assert_eq!(ulp_f64(f64::MAX, f64::MIN), 2 * f64::MAX.to_bits());
    }
}
