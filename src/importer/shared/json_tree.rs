//! JSON documents as the same tree that XML documents become: a member is an element, an array is its elements one
//! after the other under one name. Numbers keep their digits; null is an element without text.

use super::xml::Element;
use crate::importer::Reason;
use crate::model::json;

/// Deepest nesting: more than any record of the standards read here has, and little for a stack.
const MAX_DEPTH: usize = 64;

/// Reads a JSON object into a root element without a name.
///
/// # Errors
/// `Reason::NotUtf8`, or `Reason::Broken` with the line, for what is no JSON object or nests too deep.
pub fn parse(bytes: &[u8]) -> Result<Element, Reason> {
    of_text(crate::importer::text_of(bytes)?)
}

/// As [`parse`], of a text.
///
/// # Errors
/// `Reason::Broken` with the line, for what is no JSON object or nests too deep.
pub fn of_text(text: &str) -> Result<Element, Reason> {
    // Before anything reads it level by level; values that are skipped are no check of serde_json's.
    check_nesting(text)?;
    let fields = json::Fields::parse(text)
        .map_err(|error| Reason::Broken { line: error.line(), message: format!("no JSON object: {error}") })?;
    let mut root = Element::made("", 1, String::new());
    for (name, value) in fields.iter() {
        add(&mut root, name, value);
    }
    Ok(root)
}

fn check_nesting(text: &str) -> Result<(), Reason> {
    let (mut depth, mut line, mut is_inside, mut is_escaped) = (0_usize, 1, false, false);
    for byte in text.bytes() {
        match byte {
            b'\n' => line += 1,
            _ if is_escaped => is_escaped = false,
            b'\\' if is_inside => is_escaped = true,
            b'"' => is_inside = !is_inside,
            b'{' | b'[' if !is_inside => depth += 1,
            b'}' | b']' if !is_inside => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Reason::Broken { line, message: "nested too deep".to_owned() });
        }
    }
    Ok(())
}

fn add(parent: &mut Element, name: &str, value: &str) {
    if let Some(fields) = json::Fields::of_valid(value) {
        let mut element = Element::made(name, 0, String::new());
        for (member, inner) in fields.iter() {
            add(&mut element, member, inner);
        }
        return parent.push(element);
    }
    if let Some(elements) = json::elements(value) {
        return elements.iter().for_each(|element| add(parent, name, element));
    }
    let text = match json::read_string(value) {
        Some(text) => text.trim().to_owned(),
        None if value == "null" => String::new(),
        None => value.to_owned(),
    };
    parent.push(Element::made(name, 0, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_elements_and_arrays_are_siblings() {
        let text = r#"{"a":{"b":[{"c":" x\u00e9 "},{"c":1.2925E-02},[true]]},"n":null}"#;
        let root = parse(text.as_bytes()).expect("an object");
        assert_eq!(root.all("a/b").len(), 3);
        assert_eq!(root.all("a/b/c").iter().filter_map(|c| c.text()).collect::<Vec<_>>(), ["xé", "1.2925E-02"]);
        assert_eq!(root.text_at("n"), None);
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_line() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        for text in ["", "[1]", "{\"a\":\n1,,}", "{", deep.as_str()] {
            assert!(matches!(parse(text.as_bytes()), Err(Reason::Broken { .. })), "{text:.20}");
        }
        assert!(matches!(parse(b"{\"a\":\"\xff\"}"), Err(Reason::NotUtf8 { .. })));
    }
}
