//! Which form of a landing page the client wants, by `Accept` (RFC 9110 § 12.5.1). RDF forms will join the table here.

use actix_web::HttpRequest;
use actix_web::http::header;

/// Forms that a landing page has, in order of preference where the client has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Html,
    /// The record as it is stored.
    Json,
}

const FORMS: [(Form, &str, &str); 2] = [(Form::Html, "text", "html"), (Form::Json, "application", "json")];

/// The form with the highest weight; `None` when the client takes none of them.
pub fn wanted(request: &HttpRequest) -> Option<Form> {
    let values = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    preferred(&values.collect::<Vec<_>>().join(","))
}

/// Whether an error is told as a page: only to those who ask for HTML by name, as browsers do.
pub fn is_browser(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    let accept = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    (accept.contains("text/html") || accept.contains("application/xhtml+xml")) && preferred(&accept) == Some(Form::Html)
}

fn preferred(accept: &str) -> Option<Form> {
    if accept.trim().is_empty() {
        return Some(Form::Html);
    }
    let weighed = FORMS.map(|(form, kind, subtype)| (weight(accept, kind, subtype), form));
    let mut best: Option<(u16, Form)> = None;
    for (weight, form) in weighed.into_iter().filter(|(weight, _)| *weight > 0) {
        if best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, form));
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
            ("text/turtle", None),
            ("nonsense;;;q=x,,/", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(preferred(accept), expected, "{accept}");
        }
    }
}
