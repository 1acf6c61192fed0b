//! XML as a tree of names and text: prefixes, the order of attributes, comments, processing instructions and white
//! space between elements do not matter. Text with anything else than white space counts to the letter. No DTD.

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::shorten::{both, difference};
use super::verdict::{Difference, Place};

/// Deepest nesting, and most nodes.
const MAX_DEPTH: usize = 1_000;
const MAX_NODES: usize = 10_000_000;

/// Start, text and end of elements in the order of the document.
#[derive(Debug, PartialEq, Eq)]
enum Node {
    /// Namespace and local name, then attributes in the order of their names.
    Start {
        name: String,
        attributes: Vec<(String, String)>,
    },
    Text(String),
    End,
}

fn qualified(namespace: &ResolveResult<'_>, local: &str) -> String {
    match namespace {
        ResolveResult::Bound(namespace) => format!("{{{}}}{local}", namespace.as_ref()),
        _ => local.to_owned(),
    }
}

/// Reads a document into its nodes; neighbouring pieces of text are one.
fn read(bytes: &[u8]) -> Result<Vec<Node>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let (mut nodes, mut depth) = (Vec::new(), 0usize);
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => {
                depth += 1;
                let name = qualified(&namespace, start.local_name().as_ref());
                let mut attributes = Vec::new();
                for attribute in start.attributes() {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    if attribute.key.as_namespace_binding().is_none() {
                        let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
                        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
                        attributes.push((qualified(&namespace, local.as_ref()), value.into_owned()));
                    }
                }
                attributes.sort();
                nodes.push(Node::Start { name, attributes });
            }
            Event::End(_) => {
                depth = depth.checked_sub(1).ok_or("an end without a start")?;
                nodes.push(Node::End);
            }
            Event::Text(part) => add_text(&mut nodes, &part.xml10_content()),
            Event::CData(part) => add_text(&mut nodes, &part.xml10_content()),
            Event::GeneralRef(reference) => {
                let written = format!("&{};", reference.xml10_content());
                let text = quick_xml::escape::unescape(&written).map_err(|error| error.to_string())?;
                add_text(&mut nodes, &text);
            }
            Event::DocType(_) => return Err("has a document type".to_owned()),
            Event::Eof if depth > 0 => return Err("ends before its root element does".to_owned()),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
        if depth > MAX_DEPTH || nodes.len() > MAX_NODES {
            return Err("nested too deep, or too large".to_owned());
        }
    }
    nodes.retain(|node| !matches!(node, Node::Text(text) if text.trim().is_empty()));
    match nodes.first() {
        Some(Node::Start { .. }) => Ok(nodes),
        _ => Err("has no root element".to_owned()),
    }
}

fn add_text(nodes: &mut Vec<Node>, part: &str) {
    match nodes.last_mut() {
        Some(Node::Text(text)) => text.push_str(part),
        _ => nodes.push(Node::Text(part.to_owned())),
    }
}

/// Where in the tree a walk is: names with positions among their like.
#[derive(Default)]
struct Path {
    steps: Vec<String>,
    /// For each open element, how often each name came among its children.
    seen: Vec<std::collections::BTreeMap<String, usize>>,
}

impl Path {
    fn enter(&mut self, name: &str) {
        let local = name.rsplit('}').next().unwrap_or(name).to_owned();
        let count = self.seen.last_mut().map_or(1, |seen| {
            let count = seen.entry(local.clone()).or_default();
            *count += 1;
            *count
        });
        self.steps.push(format!("{local}[{count}]"));
        self.seen.push(std::collections::BTreeMap::new());
    }

    fn leave(&mut self) {
        self.steps.pop();
        self.seen.pop();
    }
}

fn shown(node: Option<&Node>) -> String {
    match node {
        None => "end of document".to_owned(),
        Some(Node::End) => "end of element".to_owned(),
        Some(Node::Text(text)) => text.clone(),
        Some(Node::Start { name, attributes }) => {
            let attributes: Vec<String> =
                attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\"")).collect();
            format!("<{name}{}>", attributes.concat())
        }
    }
}

/// `xml/1`.
pub(super) fn compare(expected: &[u8], found: &[u8]) -> Result<(), Difference> {
    let (expected, found) = both(read(expected), read(found), "XML")?;
    let mut path = Path::default();
    for index in 0..expected.len().max(found.len()) {
        let (left, right) = (expected.get(index), found.get(index));
        if left != right {
            let place = Place::Element { path: format!("/{}", path.steps.join("/")) };
            return Err(difference(place, &shown(left), &shown(right)));
        }
        match left {
            Some(Node::Start { name, .. }) => path.enter(name),
            Some(Node::End) => path.leave(),
            _ => {}
        }
    }
    Ok(())
}
