//! Bodies of answers as texts and trees, for the protocols: what is wrong with one is a fault with a short reason.

use std::borrow::Cow;

use super::Fault;
use crate::federation::markup::{self, Node};
use crate::federation::outbound::Response;

/// The text of an answer. Bytes that are no UTF-8 stand in it as U+FFFD: one bad record must not cost its page.
pub fn text(response: &Response) -> Cow<'_, str> {
    let body = response.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&response.body);
    String::from_utf8_lossy(body)
}

/// The tree of an XML answer; elements below those in `opaque` are only cut out.
///
/// # Errors
/// `Fault::ParseError`, which names the media type when it is not one of XML.
pub fn tree<'t>(text: &'t str, response: &Response, opaque: &[&str]) -> Result<Node<'t>, Fault> {
    markup::parse(text, opaque).map_err(|error| {
        let media_type = response.media_type();
        if media_type.is_empty() || media_type.ends_with("xml") {
            return Fault::unreadable(error);
        }
        Fault::unreadable(format!("{error}; it is said to be {media_type:.80}"))
    })
}

/// The bytes of a document that was cut out of a page. Where the page had bytes that are no UTF-8, so has the document: its
/// importer says so, and it is put aside.
pub fn bytes_of(document: String, is_broken: bool) -> Vec<u8> {
    if !is_broken || !document.contains('\u{fffd}') {
        return document.into_bytes();
    }
    let mut bytes = Vec::with_capacity(document.len());
    for (number, part) in document.split('\u{fffd}').enumerate() {
        if number > 0 {
            bytes.push(0xff);
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// Whether the text of an answer stands for bytes that are no UTF-8.
pub fn is_broken(text: &str, response: &Response) -> bool {
    text.contains('\u{fffd}') && std::str::from_utf8(&response.body).is_err()
}

/// An address with these parameters added, in order.
pub fn with(url: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = url.to_owned();
    for (name, value) in parameters {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&crate::model::uri::encode(value));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_to_any_address() {
        assert_eq!(
            with("http://a/oai", &[("verb", "ListRecords"), ("a", "b c&d")]),
            "http://a/oai?verb=ListRecords&a=b%20c%26d"
        );
        assert_eq!(with("http://a/?x=1", &[("y", "2")]), "http://a/?x=1&y=2");
        assert_eq!(with("http://a/", &[]), "http://a/");
    }

    #[test]
    fn a_document_with_bytes_that_are_no_text_stays_unreadable() {
        assert_eq!(bytes_of("<a>\u{fffd}</a>".to_owned(), true), b"<a>\xff</a>");
        assert_eq!(bytes_of("<b/>".to_owned(), true), b"<b/>");
        assert_eq!(bytes_of("<a>\u{fffd}</a>".to_owned(), false), "<a>\u{fffd}</a>".as_bytes());
    }
}
