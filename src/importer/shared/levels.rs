//! Processing levels: one notation for what agencies spell in many ways.

use super::names::{Names, Role};

/// The notation of a level as written: from the tables, else read as `L` and a digit. With a scheme (`CODMAC`), only
/// what that scheme says, because its `2` is another level than the `2` of others.
pub fn normalised(names: &Names, scheme: Option<&str>, written: &str) -> Option<String> {
    let spelling = scheme.map(|scheme| format!("{scheme} {written}"));
    let concept = names.concept(Role::Level, spelling.as_deref().unwrap_or(written));
    let notation = concept.map(|concept| concept.notation.clone().unwrap_or_else(|| concept.label.clone()));
    match scheme {
        Some(_) => notation,
        None => notation.or_else(|| of_letters(written)),
    }
}

/// `L2A`, `Level-2A`, `2a`, `L2SP` → `L2A`, `L2A`, `L2A`, `L2`; nothing for what does not begin like that.
fn of_letters(written: &str) -> Option<String> {
    let upper = written.trim().to_ascii_uppercase();
    // Headers of FITS write numbers: `2.00000`.
    let upper = match upper.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => upper,
    };
    let rest = upper.strip_prefix("LEVEL").or_else(|| upper.strip_prefix('L')).unwrap_or(&upper);
    let rest = rest.trim_start_matches([' ', '-', '_']);
    let mut characters = rest.chars();
    let digit = characters.next().filter(|digit| ('0'..='4').contains(digit))?;
    let letter = match (characters.next(), characters.next()) {
        (None, _) => None,
        (Some(letter @ 'A'..='D'), None) => Some(letter),
        // Another digit would make it a number, not a level.
        (Some(other), _) if other.is_ascii_alphabetic() && rest.len() < upper.len() => None,
        _ => return None,
    };
    Some(letter.map_or_else(|| format!("L{digit}"), |letter| format!("L{digit}{letter}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_normalised_when_they_begin_like_one() {
        let cases = [
            ("L2A", Some("L2A")),
            ("Level-2A", Some("L2A")),
            ("level 1c", Some("L1C")),
            ("2", Some("L2")),
            ("L1TP", Some("L1")),
            ("L2SP", Some("L2")),
            ("L3", Some("L3")),
            ("2.00000", Some("L2")),
            ("2.5", None),
            ("LV1B", None),
            ("20", None),
            ("raw", None),
            ("", None),
        ];
        for (written, expected) in cases {
            assert_eq!(of_letters(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn words_and_schemes_have_their_own_levels() {
        let cases = [
            (None, "Calibrated", Some("calibrated")),
            (None, "RAW", Some("raw")),
            (None, "Partially Processed", Some("partially processed")),
            (Some("CODMAC"), "2", Some("raw")),
            (Some("CODMAC"), "3", Some("calibrated")),
            (Some("CODMAC"), "9", None),
            (None, "2", Some("L2")),
        ];
        for (scheme, written, expected) in cases {
            let found = normalised(Names::bundled(), scheme, written);
            assert_eq!(found.as_deref(), expected, "{scheme:?} {written}");
        }
    }
}
