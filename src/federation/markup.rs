//! XML answers as a tree that knows where each element stands, so that a record can be cut out byte for byte. Expands no
//! entities beyond the five of XML, reads no DTD, fetches nothing. What the elements mean is for the protocols to say.

use std::ops::Range;
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 256;

/// Why a text is no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkupError {
    #[error("it is no well-formed XML (at byte {at}): {reason}")]
    Broken { at: usize, reason: String },
    #[error("its XML is nested deeper than {MAX_DEPTH} elements")]
    TooDeep,
    #[error("its XML declares or uses entities, which are not expanded")]
    Entities,
}

/// Namespace declarations as written, those of the element itself last.
#[derive(Debug, Default)]
struct Scope {
    above: Option<Rc<Self>>,
    /// Prefix (empty for the default) and the escaped IRI.
    own: Vec<(String, String)>,
}

/// An element.
#[derive(Debug)]
pub struct Node<'t> {
    text: &'t str,
    /// Local name, without prefix.
    pub name: String,
    /// Namespace IRI; empty for none.
    pub namespace: String,
    /// Local names and values; namespace declarations are left out.
    attributes: Vec<(String, String)>,
    pub children: Vec<Self>,
    /// Text directly within, white space around removed.
    pub content: String,
    range: Range<usize>,
    scope: Rc<Scope>,
}

/// Reads a document. Children of elements that are named in `opaque` are cut out, not read: theirs is only the place.
///
/// # Errors
/// `MarkupError` for what is not well-formed as a whole, nested too deep, or needs entities.
pub fn parse<'t>(text: &'t str, opaque: &[&str]) -> Result<Node<'t>, MarkupError> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Node<'t>> = Vec::new();
    // Elements within one that is only cut out.
    let mut below = 0_usize;
    loop {
        let at = place(reader.buffer_position());
        let (namespace, event) = reader.read_resolved_event().map_err(|error| broken(at, &error))?;
        let is_cut = open.len() > 1 && open.iter().rev().nth(1).is_some_and(|node| opaque.contains(&&*node.name));
        match event {
            Event::Start(_) if is_cut => {
                below += 1;
                if below + open.len() > MAX_DEPTH {
                    return Err(MarkupError::TooDeep);
                }
            }
            Event::End(_) if below > 0 => below -= 1,
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(MarkupError::TooDeep);
                }
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
                    _ => String::new(),
                };
                let above = open.last().map(|node| Rc::clone(&node.scope));
                open.push(node(text, &start, namespace, at, above)?);
            }
            Event::End(_) => {
                let Some(mut ended) = open.pop() else { return Err(broken(at, &"an end without a start")) };
                ended.range.end = place(reader.buffer_position());
                ended.content = ended.content.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(ended),
                    None => return Ok(ended),
                }
            }
            Event::DocType(doctype) if doctype.xml10_content().contains("<!ENTITY") => {
                return Err(MarkupError::Entities);
            }
            Event::GeneralRef(reference) => {
                let character = character(&reference.xml10_content()).ok_or(MarkupError::Entities)?;
                add(&mut open, below, |content| content.push(character));
            }
            Event::Text(part) => add(&mut open, below, |content| content.push_str(&part.xml10_content())),
            Event::CData(part) => add(&mut open, below, |content| content.push_str(&part.xml10_content())),
            Event::Eof => return Err(broken(at, &"it ends before its root element does")),
            _ => {}
        }
    }
}

fn add(open: &mut [Node<'_>], below: usize, change: impl FnOnce(&mut String)) {
    if let Some(node) = open.last_mut().filter(|_| below == 0) {
        change(&mut node.content);
    }
}

fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn broken(at: usize, reason: &dyn std::fmt::Display) -> MarkupError {
    MarkupError::Broken { at, reason: reason.to_string() }
}

fn node<'t>(
    text: &'t str,
    start: &BytesStart<'_>,
    namespace: String,
    at: usize,
    above: Option<Rc<Scope>>,
) -> Result<Node<'t>, MarkupError> {
    let mut attributes = Vec::new();
    let mut own = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| broken(at, &error))?;
        let raw: &str = &attribute.value;
        match attribute.key.as_namespace_binding() {
            Some(PrefixDeclaration::Default) => own.push((String::new(), raw.to_owned())),
            Some(PrefixDeclaration::Named(prefix)) => own.push((prefix.to_owned(), raw.to_owned())),
            None => {
                let value = quick_xml::escape::unescape(raw).map_err(|_| MarkupError::Entities)?.into_owned();
                attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
            }
        }
    }
    let scope = match above {
        Some(above) if own.is_empty() => above,
        above => Rc::new(Scope { above, own }),
    };
    let name = start.local_name().as_ref().to_owned();
    let (children, content) = (Vec::new(), String::new());
    Ok(Node { text, name, namespace, attributes, children, content, range: at..at, scope })
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    let known = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];
    known.into_iter().find(|(known, _)| *known == name).map(|(_, character)| character)
}

impl<'t> Node<'t> {
    /// An attribute by its local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Children of a local name.
    pub fn named<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Self> + 'n {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at a path such as `a/b`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |node, name| node.children.iter().find(|child| child.name == name))
    }

    /// The text of the first element at a path, if it has any.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|node| node.content.as_str()).filter(|content| !content.is_empty())
    }

    /// The first element of a local name below this one, in document order.
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// The bytes of this element as they stand.
    pub fn verbatim(&self) -> &'t str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// The element as a document of its own: its bytes as they stand, and in its start tag those namespace declarations of
    /// the elements around it that it uses and does not make itself.
    pub fn cut(&self) -> String {
        let bytes = self.verbatim();
        let missing = self.borrowed(bytes);
        let end_of_name = bytes.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(0);
        let (Some(head), Some(rest)) = (bytes.get(..end_of_name), bytes.get(end_of_name..)) else {
            return bytes.to_owned();
        };
        let mut cut = String::with_capacity(bytes.len() + 64 * missing.len());
        cut.push_str(head);
        for (prefix, iri) in missing {
            cut.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            cut.push_str(prefix);
            let quote = if iri.contains('"') { '\'' } else { '"' };
            cut.push('=');
            cut.push(quote);
            cut.push_str(iri);
            cut.push(quote);
        }
        cut.push_str(rest);
        cut
    }

    /// Declarations from around the element that its bytes may need.
    fn borrowed(&self, bytes: &str) -> Vec<(&str, &str)> {
        let start_tag = bytes.get(..bytes.find('>').unwrap_or(0)).unwrap_or_default();
        let mut found: Vec<(&str, &str)> = Vec::new();
        let mut scope = Some(&self.scope);
        while let Some(current) = scope {
            for (prefix, iri) in &current.own {
                let declared = match prefix.as_str() {
                    "" => declares(start_tag, "xmlns"),
                    _ => declares(start_tag, &format!("xmlns:{prefix}")),
                };
                // The nearest declaration of a prefix hides those further out.
                if !declared && !found.iter().any(|(known, _)| known == prefix) {
                    found.push((prefix, iri));
                }
            }
            scope = current.above.as_ref();
        }
        found.retain(|(prefix, iri)| match *prefix {
            "" => !iri.is_empty() && has_bare_element(bytes),
            prefix => bytes.contains(&format!("{prefix}:")),
        });
        found
    }
}

/// Whether an element has no prefix, so that a default namespace would be its own.
fn has_bare_element(bytes: &str) -> bool {
    bytes.split('<').skip(1).any(|after| {
        let name = after.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
        !name.is_empty() && !name.starts_with(['!', '?']) && !name.contains(':')
    })
}

/// Whether a start tag has an attribute of exactly this name.
fn declares(start_tag: &str, name: &str) -> bool {
    start_tag.match_indices(name).any(|(at, _)| {
        let before = start_tag.get(..at).and_then(|before| before.chars().next_back());
        let after = start_tag.get(at + name.len()..).unwrap_or_default().trim_start();
        before.is_some_and(|c| c.is_ascii_whitespace()) && after.starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_cut_out_as_it_stands() {
        let text = concat!(
            "<?xml version=\"1.0\"?>\n<O xmlns=\"urn:o\" xmlns:s=\"urn:s\" xmlns:unused=\"urn:u\"><record><header>",
            "<identifier> a&amp;b </identifier></header><metadata>\n  <s:Spase  v='1'><s:x>1</s:x><s:x/></s:Spase>\n",
            "</metadata></record></O>"
        );
        let root = parse(text, &["metadata"]).expect("well-formed");
        assert_eq!((root.name.as_str(), root.namespace.as_str()), ("O", "urn:o"));
        assert_eq!(root.text_at("record/header/identifier"), Some("a&b"));
        let metadata = root.at("record/metadata/Spase").expect("an element");
        assert_eq!(metadata.verbatim(), "<s:Spase  v='1'><s:x>1</s:x><s:x/></s:Spase>");
        assert!(metadata.children.is_empty(), "it is only cut out");
        assert_eq!(metadata.cut(), "<s:Spase xmlns:s=\"urn:s\"  v='1'><s:x>1</s:x><s:x/></s:Spase>");
        let own = "<O xmlns:s=\"urn:s\"><metadata><s:a xmlns:s = 'urn:t' xmlns='urn:q'/></metadata></O>";
        let root = parse(own, &["metadata"]).expect("well-formed");
        let inner = root.at("metadata/a").expect("an element");
        assert_eq!(inner.cut(), "<s:a xmlns:s = 'urn:t' xmlns='urn:q'/>");
        assert_eq!(inner.namespace, "urn:t");
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert_eq!(parse(&deep, &[]).err(), Some(MarkupError::TooDeep));
        let within = format!("<m><metadata><x>{}", "<a>".repeat(100_000));
        assert_eq!(parse(&within, &["metadata"]).err(), Some(MarkupError::TooDeep));
        let laughs = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        assert_eq!(parse(laughs, &[]).err(), Some(MarkupError::Entities));
        assert_eq!(parse("<a>&file;</a>", &[]).err(), Some(MarkupError::Entities));
        for text in ["", "<a>", "<a></b>", "no xml", "<a", "{\"a\":1}", "<a><b></a></b>"] {
            assert!(matches!(parse(text, &[]), Err(MarkupError::Broken { .. })), "{text:?}");
        }
    }
}
