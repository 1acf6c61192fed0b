//! XML written as text: nothing that a record holds can break a document. Reads none.

/// Whether XML 1.0 § 2.2 has a place for the character.
pub const fn is_char(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Writes text between tags. `>` is written as an entity too, so that no `]]>` is left; a carriage return as a reference, or
/// a reader would make a newline of it; what XML cannot hold becomes U+FFFD.
pub fn push_text(out: &mut String, text: &str) {
    push(out, text, false);
}

/// Writes the value of an attribute in quotation marks, whose white space a reader would change otherwise.
fn push_value(out: &mut String, text: &str) {
    push(out, text, true);
}

fn push(out: &mut String, text: &str, is_value: bool) {
    let mut kept = 0;
    for (at, letter) in text.char_indices() {
        let written = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\r' => "&#13;",
            '"' if is_value => "&quot;",
            '\t' if is_value => "&#9;",
            '\n' if is_value => "&#10;",
            letter if is_char(letter) => continue,
            _ => "\u{FFFD}",
        };
        out.push_str(text.get(kept..at).unwrap_or_default());
        out.push_str(written);
        kept = at + letter.len_utf8();
    }
    out.push_str(text.get(kept..).unwrap_or_default());
}

/// Writes `<name>text</name>`.
pub fn element(out: &mut String, name: &str, text: &str) {
    element_with(out, name, &[], text);
}

/// Writes `<name>text</name>` unless the text is empty.
pub fn optional(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        element(out, name, text);
    }
}

/// Writes an element with attributes.
pub fn element_with(out: &mut String, name: &str, attributes: &[(&str, &str)], text: &str) {
    open(out, name, attributes);
    push_text(out, text);
    close(out, name);
}

/// Writes a start tag.
pub fn open(out: &mut String, name: &str, attributes: &[(&str, &str)]) {
    out.push('<');
    out.push_str(name);
    for (attribute, value) in attributes {
        out.push(' ');
        out.push_str(attribute);
        out.push_str("=\"");
        push_value(out, value);
        out.push('"');
    }
    out.push('>');
}

/// Writes an end tag.
pub fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_a_document() {
        let mut out = String::new();
        element_with(&mut out, "a", &[("b", "\"<\n\u{1}")], "]]>\r\u{0}\u{FFFE}é&\u{10FFFF}");
        assert_eq!(out, "<a b=\"&quot;&lt;&#10;\u{FFFD}\">]]&gt;&#13;\u{FFFD}\u{FFFD}é&amp;\u{10FFFF}</a>");
    }
}
