//! Which form of a landing page the client wants, by `Accept` (RFC 9110 § 12.5.1). Which forms there are is said elsewhere.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::http::faces::linked::form::Form;

/// Forms of pages that are no record's.
const PLAIN: [Form; 2] = [Form::Html, Form::Json];

/// The form with the highest weight of all that a record has; `None` when the client takes none of them.
pub fn wanted(request: &HttpRequest) -> Option<Form> {
    preferred_of(request, &Form::ALL)
}

/// The form with the highest weight of some; of equal ones the first.
pub fn preferred_of(request: &HttpRequest, forms: &[Form]) -> Option<Form> {
    let values = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    preferred(&values.collect::<Vec<_>>().join(","), forms)
}

/// Whether an error is told as a page: only to those who ask for HTML by name, as browsers do.
pub fn is_browser(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    let accept = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    (accept.contains("text/html") || accept.contains("application/xhtml+xml"))
        && preferred(&accept, &PLAIN) == Some(Form::Html)
}

fn preferred(accept: &str, forms: &[Form]) -> Option<Form> {
    if accept.trim().is_empty() {
        return forms.first().copied();
    }
    let mut best: Option<(u16, Form)> = None;
    for form in forms {
        let (kind, subtype) = form.media_type().split_once('/').unwrap_or_default();
        let weight = weight(accept, kind, subtype);
        if weight > 0 && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, *form));
        }
    }
    best.map(|(_, form)| form)
}

/// The weight of a media type in thousandths: of the ranges that fit the most specific counts.
fn weight(accept: &str, kind: &str, subtype: &str) -> u16 {
    let mut found = (0, 0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let (range_kind, range_subtype) = parts.next().unwrap_or("").split_once('/').unwrap_or(("", ""));
        let specificity = match (range_kind.eq_ignore_ascii_case(kind), range_subtype.eq_ignore_ascii_case(subtype)) {
            (true, true) => 3,
            (true, false) if range_subtype == "*" => 2,
            _ if range_kind == "*" && range_subtype == "*" => 1,
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = quality.map_or(1.0, |text| text.trim().parse::<f32>().unwrap_or(0.0)).clamp(0.0, 1.0);
        if specificity > found.0 {
            found = (specificity, (quality * 1000.0) as u16);
        }
    }
    found.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdf::Writing;

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let cases = [
            ("", Some(Form::Html)),
            ("*/*", Some(Form::Html)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Form::Html)),
            ("application/json", Some(Form::Json)),
            ("application/json, text/html;q=0.5", Some(Form::Json)),
            ("text/html;q=0, */*", Some(Form::Json)),
            ("application/*;q=0.3,text/plain", Some(Form::Json)),
            ("text/turtle", Some(Form::Rdf(Writing::Turtle))),
            ("application/ld+json, text/turtle;q=0.9", Some(Form::Rdf(Writing::JsonLd))),
            ("application/rdf+xml;q=0.9, text/html;q=0.2", Some(Form::Rdf(Writing::RdfXml))),
            ("application/n-triples", Some(Form::Rdf(Writing::NTriples))),
            ("application/x-bibtex", Some(Form::BibTex)),
            ("image/png", None),
            ("nonsense;;;q=x,,/", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(preferred(accept, &Form::ALL), expected, "{accept}");
        }
    }
}
