//! Looks at the bytes of a document before a parser does: its size, how deep it nests, which entities it declares.

use super::{Broken, MAX_BYTES, MAX_DEPTH, Syntax};

/// Most entities that an RDF/XML document may declare, and their longest value. They are used for namespaces.
const MAX_ENTITIES: usize = 64;
const MAX_ENTITY_BYTES: usize = 512;

pub(super) fn check(syntax: Syntax, bytes: &[u8]) -> Result<(), Broken> {
    if bytes.len() > MAX_BYTES {
        return Err(Broken::new(0, format!("longer than {MAX_BYTES} bytes")));
    }
    match syntax {
        Syntax::JsonLd => nesting(bytes, b"\"", false),
        Syntax::Turtle => nesting(bytes, b"\"'", true),
        Syntax::RdfXml => entities(bytes),
    }
}

/// Counts brackets outside strings, and in Turtle outside IRIs and comments. A string that is never closed hides what
/// follows, and is an error of the parser.
fn nesting(bytes: &[u8], quotes: &[u8], is_turtle: bool) -> Result<(), Broken> {
    let (mut depth, mut line, mut at) = (0_usize, 1_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => line = line.saturating_add(1),
            b'{' | b'[' | b'(' => depth = depth.saturating_add(1),
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'<' if is_turtle => at = skip(bytes, at, |byte| byte == b'>' || byte == b'\n').saturating_sub(1),
            b'#' if is_turtle => at = skip(bytes, at, |byte| byte == b'\n').saturating_sub(1),
            quote if quotes.contains(&quote) => {
                let end = after_string(bytes, at, quote, is_turtle);
                line = line.saturating_add(memchr::memchr_iter(b'\n', bytes.get(at..end).unwrap_or_default()).count());
                at = end;
                continue;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(Broken::new(line, format!("nested deeper than {MAX_DEPTH}")));
        }
        at = at.saturating_add(1);
    }
    Ok(())
}

/// Where the byte stands that ends what began at a place.
fn skip(bytes: &[u8], from: usize, ends: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|byte| ends(*byte)).map_or(bytes.len(), |length| from.saturating_add(length))
}

/// The place after a string that begins at a quote; in Turtle it may have three quotes at each end.
fn after_string(bytes: &[u8], from: usize, quote: u8, is_turtle: bool) -> usize {
    let triple = [quote; 3];
    let long = is_turtle && bytes.get(from..).is_some_and(|rest| rest.starts_with(&triple));
    let mark = if long { triple.as_slice() } else { triple.get(..1).unwrap_or_default() };
    let mut at = from.saturating_add(mark.len());
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            at = at.saturating_add(2);
        } else if bytes.get(at..).is_some_and(|rest| rest.starts_with(mark)) {
            return at.saturating_add(mark.len());
        } else {
            at = at.saturating_add(1);
        }
    }
    bytes.len()
}

/// Entities made of entities multiply; long ones that are named often do too.
fn entities(bytes: &[u8]) -> Result<(), Broken> {
    for (number, at) in memchr::memmem::find_iter(bytes, b"<!ENTITY").enumerate() {
        let line = || memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count().saturating_add(1);
        let rest = bytes.get(at..).unwrap_or_default();
        let declaration = rest.get(..skip(rest, 0, |byte| byte == b'>')).unwrap_or_default();
        let within = memchr::memchr(b'&', declaration).is_some();
        if number >= MAX_ENTITIES || declaration.len() > MAX_ENTITY_BYTES || within {
            return Err(Broken::new(line(), "declares entities that are many, long or made of others"));
        }
    }
    Ok(())
}
