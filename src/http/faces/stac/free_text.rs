//! Free-text extension, basic and advanced, as the catalogue's free text. What the text means is for the index to say.

use crate::catalogue::Error;
use crate::model::{TextMode, TextQuery};

/// Words and signs that only the advanced grammar has.
fn is_advanced(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.any(|word| {
        matches!(word, "OR" | "AND" | "NOT") || word.starts_with(['+', '-', '"', '(']) || word.ends_with([')', '"'])
    })
}

/// Reads `q` of a query string.
pub fn from_text(text: String) -> TextQuery {
    let mode = if is_advanced(&text) { TextMode::StacAdvanced } else { TextMode::StacBasic };
    TextQuery::new(text, mode)
}

/// Reads `q` of a body: a list of terms (basic) or a text (advanced).
///
/// # Errors
/// 400 for anything else.
pub fn from_body(text: &str) -> Result<TextQuery, Error> {
    let wrong = |_| Error::parameter("q", "is a list of terms, or a text");
    if text.starts_with('[') {
        let terms: Vec<String> = serde_json::from_str(text).map_err(wrong)?;
        return Ok(TextQuery::new(terms.join(","), TextMode::StacBasic));
    }
    serde_json::from_str(text).map(from_text).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_tells_the_grammar() {
        let text = |text: &str| from_text(text.to_owned()).mode;
        for basic in ["snow", "snow,ice", "sea ice,land", "land-use", "ORBIT"] {
            assert_eq!(text(basic), TextMode::StacBasic, "{basic}");
        }
        for advanced in ["snow OR ice", "+snow -ice", "\"sea ice\"", "(snow ice) AND land"] {
            assert_eq!(text(advanced), TextMode::StacAdvanced, "{advanced}");
        }
        let terms = from_body(r#"["sea ice","snow"]"#).expect("terms");
        assert_eq!((terms.text.as_str(), terms.mode), ("sea ice,snow", TextMode::StacBasic));
        assert_eq!(from_body(r#""snow OR ice""#).expect("text").mode, TextMode::StacAdvanced);
        for wrong in ["7", "[1]", "{}"] {
            assert!(from_body(wrong).is_err(), "{wrong}");
        }
    }
}
