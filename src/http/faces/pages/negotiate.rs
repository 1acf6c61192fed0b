//! Which form of a landing page the client wants, by `Accept` (RFC 9110 § 12.5.1). Which forms there are is said elsewhere.

use actix_web::HttpRequest;

use crate::http::accept;
use crate::http::faces::linked::form::Form;

/// Forms of pages that are no record's.
const PLAIN: [Form; 2] = [Form::Html, Form::Json];

/// The form with the highest weight of all that a record has; `None` when the client takes none of them.
pub fn wanted(request: &HttpRequest) -> Option<Form> {
    preferred_of(request, &Form::ALL)
}

/// The form with the highest weight of some; of equal ones the first.
pub fn preferred_of(request: &HttpRequest, forms: &[Form]) -> Option<Form> {
    preferred(&accept::of(request), forms)
}

/// Whether an error is told as a page: only to those who ask for HTML by name, as browsers do.
pub fn is_browser(request: &HttpRequest) -> bool {
    let accept = accept::of(request).to_ascii_lowercase();
    (accept.contains("text/html") || accept.contains("application/xhtml+xml"))
        && preferred(&accept, &PLAIN) == Some(Form::Html)
}

fn preferred(accept: &str, forms: &[Form]) -> Option<Form> {
    accept::best(accept, forms.iter().map(|form| (*form, form.media_type())))
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
