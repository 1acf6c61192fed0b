//! Numbers as old standards write them (`+3`, `.5`, `5.`, `1.5D3`) as JSON text, with their digits kept.

/// JSON text of a decimal number, or `None` for what is no number, has leading zeros (a serial number more likely than a
/// count), or is beyond what a double holds.
pub fn json_number(written: &str) -> Option<String> {
    let (sign, unsigned) = match written.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", written.strip_prefix('+').unwrap_or(written)),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E', 'd', 'D']) {
        Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || !digits(fraction.unwrap_or("")) || has_leading_zero {
        return None;
    }
    if whole.is_empty() && fraction.unwrap_or("").is_empty() {
        return None;
    }
    let mut text = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if let Some(exponent) = exponent {
        let bare = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if bare.is_empty() || !digits(bare) {
            return None;
        }
        text.push('E');
        text.push_str(exponent);
    }
    text.parse::<f64>().is_ok_and(f64::is_finite).then_some(text)
}

/// A number for calculating with.
pub fn number(written: &str) -> Option<f64> {
    json_number(written)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_and_only_what_json_forbids_is_changed() {
        let cases = [
            ("1.50", Some("1.50")),
            ("+3", Some("3")),
            ("-.5", Some("-0.5")),
            ("5.", Some("5.0")),
            ("1.5D-3", Some("1.5E-3")),
            ("2e+05", Some("2E+05")),
            ("0", Some("0")),
            ("-0.0", Some("-0.0")),
            ("007", None),
            ("1e999", None),
            (".", None),
            ("-", None),
            ("", None),
            ("1.2.3", None),
            ("1e", None),
            ("12:30", None),
            ("NaN", None),
            ("inf", None),
            ("1997-03", None),
        ];
        for (written, expected) in cases {
            assert_eq!(json_number(written).as_deref(), expected, "{written}");
        }
    }
}
