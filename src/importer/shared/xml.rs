//! XML documents as a tree that remembers which of its values a mapping has read. No DTD is read, no entity beyond the
//! five of XML is expanded, nothing is fetched; depth and size are bounded.

use std::borrow::Cow;
use std::cell::Cell;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::importer::Reason;

/// Deepest nesting. The deepest real label has 30.
pub const MAX_DEPTH: usize = 256;

/// An element with all that stands in it.
#[derive(Debug, Default)]
pub struct Element {
    /// Local name, without prefix.
    pub name: String,
    /// Namespace IRI; empty for none.
    pub namespace: String,
    /// Line of the start tag, from 1.
    pub line: usize,
    /// Local name and value, in order; namespace declarations are left out.
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
    /// Text directly in this element, white space around removed.
    text: String,
    is_read: Cell<bool>,
}

/// Reads a document into its root element. UTF-8, UTF-16 with a byte order mark, and what an XML declaration names.
///
/// # Errors
/// `Reason::BrokenXml` with the line, for what is not well-formed, nests too deep, or declares entities.
pub fn parse(bytes: &[u8]) -> Result<Element, Reason> {
    let text = decode(bytes)?;
    let mut reader = NsReader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut lines = Lines { text: &text, at: 0, line: 1 };
    let mut open: Vec<Element> = Vec::new();
    loop {
        let position = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_resolved_event();
        let (namespace, event) = event.map_err(|error| broken(lines.of(position), &error.to_string()))?;
        match event {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(broken(lines.of(position), "nested too deep"));
                }
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
                    _ => String::new(),
                };
                open.push(element(&start, namespace, lines.of(position))?);
            }
            Event::End(_) => {
                let Some(mut ended) = open.pop() else {
                    return Err(broken(lines.of(position), "an end without start"));
                };
                ended.text = ended.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(ended),
                    None => return Ok(ended),
                }
            }
            Event::Text(part) => {
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&part.xml10_content());
                }
            }
            Event::CData(part) => {
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&part.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content().into_owned();
                let character = entity(&name)
                    .ok_or_else(|| broken(lines.of(position), &format!("entity {name:?} is not expanded here")))?;
                if let Some(current) = open.last_mut() {
                    current.text.push(character);
                }
            }
            Event::DocType(doctype) => {
                if memchr::memmem::find(doctype.xml10_content().as_bytes(), b"<!ENTITY").is_some() {
                    return Err(broken(lines.of(position), "declares entities, which are never expanded here"));
                }
            }
            Event::Eof => return Err(broken(lines.of(position), "ends before its root element does")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
    }
}

/// Local name and namespace of the root element, read from the first bytes of a document; `None` for what is no XML.
pub fn root_of(head: &[u8]) -> Option<(String, String)> {
    let text = decode(head).ok()?;
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let mut reader = NsReader::from_str(&text);
    loop {
        match reader.read_resolved_event().ok()? {
            (namespace, Event::Start(start) | Event::Empty(start)) => {
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
                    _ => String::new(),
                };
                return Some((start.local_name().as_ref().to_owned(), namespace));
            }
            (_, Event::Eof) => return None,
            _ => {}
        }
    }
}

fn element(start: &BytesStart<'_>, namespace: String, line: usize) -> Result<Element, Reason> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| broken(line, &error.to_string()))?;
        let key = attribute.key;
        if key.as_namespace_binding().is_some() {
            continue;
        }
        let value = unescape(&attribute.value, line)?;
        attributes.push((key.local_name().as_ref().to_owned(), value));
    }
    Ok(Element { name, namespace, line, attributes, ..Element::default() })
}

fn unescape(value: &str, line: usize) -> Result<String, Reason> {
    match quick_xml::escape::unescape(value) {
        Ok(text) => Ok(text.into_owned()),
        Err(error) => Err(broken(line, &error.to_string())),
    }
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// The text of a document in whichever encoding it says.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Reason> {
    if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(bytes) {
        let text =
            encoding.decode_without_bom_handling_and_without_replacement(bytes.get(length..).unwrap_or_default());
        return text.ok_or(Reason::NotUtf8 { byte: 0 });
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(error) => error,
    };
    let declared = declared_encoding(bytes).and_then(encoding_rs::Encoding::for_label);
    match declared {
        Some(encoding) if encoding != encoding_rs::UTF_8 => Ok(encoding.decode(bytes).0),
        // A head that was cut within a character.
        _ if error.error_len().is_none() => Ok(Cow::Borrowed(
            std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default(),
        )),
        _ => Err(Reason::NotUtf8 { byte: error.valid_up_to() }),
    }
}

/// UTF-16 as UTF-8; other bytes as they are. For looking at the start of a document.
pub fn narrow(bytes: &[u8]) -> Cow<'_, [u8]> {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, length)) if encoding != encoding_rs::UTF_8 => {
            let (text, _) = encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default());
            Cow::Owned(text.into_owned().into_bytes())
        }
        _ => Cow::Borrowed(bytes),
    }
}

fn declared_encoding(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..bytes.len().min(200))?;
    let from = memchr::memmem::find(head, b"encoding=")? + b"encoding=".len();
    let quote = *head.get(from)?;
    let rest = head.get(from + 1..)?;
    rest.get(..memchr::memchr(quote, rest)?)
}

fn broken(line: usize, message: &str) -> Reason {
    Reason::BrokenXml { line, message: message.to_owned() }
}

/// Counts lines as far as they are asked for.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, position: usize) -> usize {
        let position = position.min(self.text.len());
        let passed = self.text.as_bytes().get(self.at..position).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.at = self.at.max(position);
        self.line
    }
}

impl Element {
    /// An element that the reader of another syntax (JSON, ODL) makes of a named value.
    pub fn made(name: &str, line: usize, text: String) -> Self {
        Self { name: name.to_owned(), line, text, ..Self::default() }
    }

    /// Adds a child at the end.
    pub fn push(&mut self, child: Self) {
        self.children.push(child);
    }

    /// The text in this element, marked as read; `None` when there is none.
    pub fn text(&self) -> Option<&str> {
        self.is_read.set(true);
        (!self.text.is_empty()).then_some(self.text.as_str())
    }

    /// The text in this element if it has at most so many bytes, not yet marked as read.
    pub fn short_text(&self, most: usize) -> Option<&str> {
        (!self.text.is_empty() && self.text.len() <= most).then_some(self.text.as_str())
    }

    /// An attribute by its local name. The element counts as read.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.is_read.set(true);
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All children.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.children.iter()
    }

    /// Children of a name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at a path such as `a/b/c`, taking the first child at each step.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children.iter().find(|child| child.name == name))
    }

    /// All elements at a path, through every branch.
    pub fn all(&self, path: &str) -> Vec<&Self> {
        path.split('/').fold(vec![self], |elements, name| {
            elements
                .into_iter()
                .flat_map(|element| element.children.iter().filter(move |child| child.name == name))
                .collect()
        })
    }

    /// The text of the first element at a path that has one.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let mut fitting = self.children.iter().filter(|child| child.name == first);
        fitting.find_map(|child| rest.map_or_else(|| child.text(), |rest| child.text_at(rest)))
    }

    /// All elements of a name below this one, however deep, in document order.
    pub fn descendants(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        self.collect(name, &mut found);
        found
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.collect(name, found);
        }
    }

    /// Marks this element and all below it as read.
    pub fn read_all(&self) {
        self.is_read.set(true);
        self.children.iter().for_each(Self::read_all);
    }

    /// How many values (texts, and elements with attributes alone) a mapping has read, and how many it has not.
    pub fn counts(&self) -> super::record::FieldCounts {
        let own = !self.text.is_empty() || (self.children.is_empty() && !self.attributes.is_empty());
        let (mapped, kept) = match (own, self.is_read.get()) {
            (false, _) => (0, 0),
            (true, true) => (1, 0),
            (true, false) => (0, 1),
        };
        self.children
            .iter()
            .map(Self::counts)
            .fold(super::record::FieldCounts { mapped, kept }, |sum, counts| sum + counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_a_tree_that_knows_what_was_read() {
        let text = "<?xml version=\"1.0\"?>\n<!-- c --><a:r xmlns:a=\"urn:x\" v=\"1\">\n <b u=\"m\">1 &lt; 2</b><c/><b><![CDATA[<3>]]></b><d><e>x</e></d></a:r>";
        let root = parse(text.as_bytes()).expect("well-formed");
        assert_eq!((root.name.as_str(), root.namespace.as_str(), root.line), ("r", "urn:x", 2));
        assert_eq!(root.text_at("b"), Some("1 < 2"));
        assert_eq!(root.at("b").and_then(|b| b.attribute("u")), Some("m"));
        assert_eq!(root.all("b").iter().filter_map(|b| b.text()).collect::<Vec<_>>(), ["1 < 2", "<3>"]);
        let counts = root.counts();
        assert_eq!((counts.mapped, counts.kept), (2, 1));
        assert_eq!(root_of(text.as_bytes()), Some(("r".to_owned(), "urn:x".to_owned())));
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
        assert_eq!(parse(latin).expect("latin-1").text(), Some("\u{e9}"));
    }

    #[test]
    fn hostile_documents_are_refused_with_their_line() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]>\n<a>&c;</a>";
        let deep = "<a>".repeat(10_000);
        for text in [bomb, "<a>\n<b></a>", "<a>", "", "<a>&unknown;</a>", "<a x=1/>", deep.as_str()] {
            assert!(matches!(parse(text.as_bytes()), Err(Reason::BrokenXml { .. })), "{text:.40}");
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }
}
