//! Shortens what stands at a difference, so that a verdict stays small whatever the files hold.

use super::verdict::{Difference, Place};

/// Most characters of one side.
const MAX_CHARACTERS: usize = 120;

/// Text, cut; control characters escaped.
pub(super) fn text(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_CHARACTERS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        short.push('…');
    }
    short
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().take(MAX_CHARACTERS / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// A difference of two texts.
pub(super) fn difference(place: Place, expected: &str, found: &str) -> Difference {
    Difference { place, expected: text(expected), found: text(found) }
}

/// A difference of the files as wholes.
pub(super) fn whole(expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Difference {
    difference(Place::Whole, &expected.to_string(), &found.to_string())
}

/// Both files in a form, or the difference that one of them has not.
pub(super) fn both<T>(expected: Result<T, String>, found: Result<T, String>, form: &str) -> Result<(T, T), Difference> {
    match (expected, found) {
        (Ok(expected), Ok(found)) => Ok((expected, found)),
        (expected, found) => {
            let say = |side: Result<T, String>| match side {
                Ok(_) => format!("is {form}"),
                Err(reason) => format!("is not {form}: {reason}"),
            };
            Err(whole(say(expected), say(found)))
        }
    }
}
