//! Which formats answers have, and which of them a client wants, by `Accept` or by the parameter `format`. How the header is
//! read is elsewhere.

use crate::catalogue::Error;
use crate::http::accept;
use crate::index::graph::{ResultFormat, TripleFormat};

/// Formats of solutions and truth values with their media types, the usual one first.
const RESULTS: &[(ResultFormat, &[&str])] = &[
    (ResultFormat::Json, &["application/sparql-results+json", "application/json"]),
    (ResultFormat::Xml, &["application/sparql-results+xml", "application/xml", "text/xml"]),
    (ResultFormat::Csv, &["text/csv"]),
    (ResultFormat::Tsv, &["text/tab-separated-values"]),
];

/// Formats of graphs with their media types.
const TRIPLES: &[(TripleFormat, &[&str])] = &[
    (TripleFormat::Turtle, &["text/turtle", "application/x-turtle", "text/n3", "text/rdf+n3"]),
    (TripleFormat::NTriples, &["application/n-triples", "text/plain"]),
    (TripleFormat::RdfXml, &["application/rdf+xml", "application/xml", "text/xml"]),
    (TripleFormat::JsonLd, &["application/ld+json", "application/json"]),
];

/// Short names of formats, as clients put them into a parameter.
const NAMES: &[(&str, Option<ResultFormat>, Option<TripleFormat>)] = &[
    ("json", Some(ResultFormat::Json), Some(TripleFormat::JsonLd)),
    ("xml", Some(ResultFormat::Xml), Some(TripleFormat::RdfXml)),
    ("csv", Some(ResultFormat::Csv), None),
    ("tsv", Some(ResultFormat::Tsv), None),
    ("turtle", None, Some(TripleFormat::Turtle)),
    ("ttl", None, Some(TripleFormat::Turtle)),
    ("n3", None, Some(TripleFormat::Turtle)),
    ("nt", None, Some(TripleFormat::NTriples)),
    ("ntriples", None, Some(TripleFormat::NTriples)),
    ("rdf", None, Some(TripleFormat::RdfXml)),
    ("rdf+xml", None, Some(TripleFormat::RdfXml)),
    ("json-ld", None, Some(TripleFormat::JsonLd)),
    ("jsonld", None, Some(TripleFormat::JsonLd)),
];

/// A format and the media type that the answer is sent under.
pub type Chosen<F> = Option<(F, &'static str)>;

/// What the client takes: a format for tables and truth values, and one for graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub results: Chosen<ResultFormat>,
    pub triples: Chosen<TripleFormat>,
}

impl Wanted {
    /// Whether there is a form of answer that it takes.
    pub const fn is_anything(&self) -> bool {
        self.results.is_some() || self.triples.is_some()
    }

    /// Whether it means the same formats, under whatever names.
    pub fn is_same(&self, other: &Self) -> bool {
        let formats =
            |wanted: &Self| (wanted.results.map(|(format, _)| format), wanted.triples.map(|(format, _)| format));
        formats(self) == formats(other)
    }
}

/// What `Accept` takes; an empty header takes everything.
pub fn by_header(accept: &str) -> Wanted {
    Wanted { results: best(RESULTS, accept), triples: best(TRIPLES, accept) }
}

/// What the parameter names: a short name or a media type.
///
/// # Errors
/// 400 that lists the names.
pub fn by_name(name: &str) -> Result<Wanted, Error> {
    let name = name.trim().to_ascii_lowercase();
    if let Some((_, results, triples)) = NAMES.iter().find(|(known, ..)| *known == name) {
        return Ok(Wanted {
            results: results.and_then(|format| usual(RESULTS, format)),
            triples: triples.and_then(|format| usual(TRIPLES, format)),
        });
    }
    // A plus sign that was not encoded arrives as a space.
    let wanted = by_header(&name.replace(' ', "+"));
    if name.contains('/') && !name.contains('*') && wanted.is_anything() {
        return Ok(wanted);
    }
    let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
    Err(Error::parameter("format", format!("is none of {}, and no media type of a result", names.join(", "))))
}

fn usual<F: Copy + PartialEq>(table: &[(F, &[&'static str])], format: F) -> Chosen<F> {
    let (_, names) = table.iter().find(|(known, _)| *known == format)?;
    names.first().map(|name| (format, *name))
}

/// The format that the client likes best.
fn best<F: Copy>(table: &[(F, &[&'static str])], header: &str) -> Chosen<F> {
    let named = |(format, names): &(F, &[&'static str])| {
        let format = *format;
        names.iter().map(move |name| ((format, *name), *name)).collect::<Vec<_>>()
    };
    accept::best(header, table.iter().flat_map(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: Wanted) -> (Option<&'static str>, Option<&'static str>) {
        (wanted.results.map(|(_, name)| name), wanted.triples.map(|(_, name)| name))
    }

    #[test]
    fn accept_headers_of_clients_choose_formats() {
        let (json, xml, turtle) = ("application/sparql-results+json", "application/sparql-results+xml", "text/turtle");
        let cases = [
            ("", Some(json), Some(turtle)),
            ("*/*", Some(json), Some(turtle)),
            ("application/json", Some("application/json"), Some("application/json")),
            ("application/sparql-results+xml", Some(xml), None),
            ("text/csv;q=0.3, application/sparql-results+json;q=0.2", Some("text/csv"), None),
            ("text/turtle;q=0.5,application/n-triples", None, Some("application/n-triples")),
            ("application/sparql-results+json;q=0, */*;q=0.1", Some("application/json"), Some(turtle)),
            ("text/*;q=0.1,application/rdf+xml;q=0.2", Some("text/xml"), Some("application/rdf+xml")),
            ("image/png", None, None),
            ("nonsense;;;q=x,,/", None, None),
        ];
        for (accept, results, triples) in cases {
            assert_eq!(names(by_header(accept)), (results, triples), "{accept}");
        }
    }

    #[test]
    fn names_of_formats_are_honoured_or_refused() {
        let table = by_name("CSV").expect("known");
        assert_eq!(names(table), (Some("text/csv"), None));
        assert_eq!(names(by_name("application/rdf xml").expect("known")), (None, Some("application/rdf+xml")));
        for name in ["", "html", "*/*", "image/png", "text/html"] {
            assert!(by_name(name).is_err(), "{name}");
        }
    }
}
