//! Collects the statements of one graph. Whatever it is given it makes valid: a text that is no address becomes none, and
//! characters that XML cannot hold become U+FFFD, so that every serialisation says the same.

use oxrdf::{GraphName, Literal, NamedNode, NamedNodeRef, Quad};

use super::base::Base;
use super::words;

/// Statements of one graph.
pub(super) struct Sink<'b> {
    pub base: &'b Base,
    /// The record as a thing: the subject that the graph is about.
    pub thing: NamedNode,
    graph: NamedNode,
    quads: Vec<Quad>,
}

impl<'b> Sink<'b> {
    pub fn new(base: &'b Base, thing: NamedNode, graph: NamedNode) -> Self {
        Self { base, thing, graph, quads: Vec::with_capacity(32) }
    }

    /// A part of the thing: `thing#name`.
    pub fn part(&self, name: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("{}#{name}", self.thing.as_str()))
    }

    /// States something of the thing.
    pub fn iri(&mut self, predicate: NamedNodeRef<'_>, object: impl Into<NamedNode>) {
        let subject = self.thing.clone();
        self.iri_of(&subject, predicate, object);
    }

    /// States something of a part of the thing.
    pub fn iri_of(&mut self, subject: &NamedNode, predicate: NamedNodeRef<'_>, object: impl Into<NamedNode>) {
        let graph = GraphName::NamedNode(self.graph.clone());
        self.quads.push(Quad::new(subject.clone(), predicate.into_owned(), object.into(), graph));
    }

    /// A text of the thing; an empty one is none.
    pub fn text(&mut self, predicate: NamedNodeRef<'_>, value: &str) {
        let subject = self.thing.clone();
        self.text_of(&subject, predicate, value);
    }

    /// A text of a part of the thing; an empty one is none.
    pub fn text_of(&mut self, subject: &NamedNode, predicate: NamedNodeRef<'_>, value: &str) {
        if !value.trim().is_empty() {
            self.literal(subject, predicate, Literal::new_simple_literal(clean(value)));
        }
    }

    /// A typed value of the thing, in the form that its datatype asks for.
    pub fn typed(&mut self, predicate: NamedNodeRef<'_>, value: impl Into<String>, datatype: NamedNodeRef<'_>) {
        let subject = self.thing.clone();
        self.typed_of(&subject, predicate, value, datatype);
    }

    /// A typed value of a part of the thing.
    pub fn typed_of(
        &mut self,
        subject: &NamedNode,
        predicate: NamedNodeRef<'_>,
        value: impl Into<String>,
        datatype: NamedNodeRef<'_>,
    ) {
        self.literal(subject, predicate, Literal::new_typed_literal(value, datatype));
    }

    /// A point in time as a record writes it; what is none becomes a plain text.
    pub fn time_of(&mut self, subject: &NamedNode, predicate: NamedNodeRef<'_>, value: &str) {
        match instant(value) {
            Some(value) => self.typed_of(subject, predicate, value, words::DATE_TIME),
            None => self.text_of(subject, predicate, value),
        }
    }

    /// A point in time of the thing.
    pub fn time(&mut self, predicate: NamedNodeRef<'_>, value: &str) {
        let subject = self.thing.clone();
        self.time_of(&subject, predicate, value);
    }

    fn literal(&mut self, subject: &NamedNode, predicate: NamedNodeRef<'_>, literal: Literal) {
        let graph = GraphName::NamedNode(self.graph.clone());
        self.quads.push(Quad::new(subject.clone(), predicate.into_owned(), literal, graph));
    }

    /// The statements in the order in which they were made, each once.
    pub fn finish(self) -> Vec<Quad> {
        let mut seen = std::collections::HashSet::with_capacity(self.quads.len());
        let first: Vec<bool> = self.quads.iter().map(|quad| seen.insert(quad)).collect();
        drop(seen);
        self.quads.into_iter().zip(first).filter(|(_, is_first)| *is_first).map(|(quad, _)| quad).collect()
    }
}

/// Text without what XML 1.0 cannot hold, and with `\n` alone as end of line, as an XML reader gives it.
fn clean(text: &str) -> String {
    let holds =
        |letter: char| !matches!(letter, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}');
    if !text.contains('\r') && text.chars().all(holds) {
        return text.to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().map(|letter| if holds(letter) { letter } else { '\u{FFFD}' }).collect()
}

/// A date-time of RFC 3339 as `xsd:dateTime` wants it: capitals, and no leap second, which that type does not have.
fn instant(text: &str) -> Option<String> {
    let parsed = crate::model::Instant::parse(text).ok()?;
    let is_plain = text.len() >= 20
        && text.ends_with('Z')
        && text.get(10..11) == Some("T")
        && text.get(17..19) != Some("60")
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(&byte));
    Some(if is_plain { text.to_owned() } else { parsed.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lose_what_no_xml_can_hold() {
        assert_eq!(clean("a\r\nb\rc\u{0}\u{8}\u{FFFF}d\te"), "a\nb\nc\u{FFFD}\u{FFFD}\u{FFFD}d\te");
    }

    #[test]
    fn times_are_dates_of_xml_schema_or_none() {
        let cases = [
            ("2005-05-04T08:09:32Z", Some("2005-05-04T08:09:32Z")),
            ("2005-05-04t08:09:32.5z", Some("2005-05-04T08:09:32.500000Z")),
            ("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59.000000Z")),
            ("2005-05-04T08:09:32+02:00", Some("2005-05-04T06:09:32.000000Z")),
            ("2005", None),
        ];
        for (text, expected) in cases {
            assert_eq!(instant(text).as_deref(), expected, "{text}");
        }
    }
}
