//! Percent-encoding and references (RFC 3986).

/// Encodes a path segment or a parameter value: everything but the unreserved characters.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

/// What a reference means at a base address; `None` when either is none.
pub fn join(base: &str, reference: &str) -> Option<String> {
    let base = oxiri::Iri::parse(base).ok()?;
    base.resolve(reference.trim()).ok().map(|address| address.into_inner())
}

#[cfg(test)]
mod tests {
    #[test]
    fn references_are_resolved() {
        let join = |reference| super::join("http://a.example/b/c?d=1", reference);
        assert_eq!(join("e").as_deref(), Some("http://a.example/b/e"));
        assert_eq!(join("?d=2").as_deref(), Some("http://a.example/b/c?d=2"));
        assert_eq!(join("//b.example/").as_deref(), Some("http://b.example/"));
        assert_eq!(join("https://b.example/x").as_deref(), Some("https://b.example/x"));
        assert_eq!(join("http://[").as_deref(), None);
    }

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(super::encode("a/b c%é~"), "a%2Fb%20c%25%C3%A9~");
    }
}
