//! What a client takes, by `Accept` (RFC 9110 § 12.5.1). Which forms there are is for each resource to say.

use actix_web::HttpRequest;
use actix_web::http::header;

/// The value of the header, all fields together.
pub fn of(request: &HttpRequest) -> String {
    let values = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// The form that the client likes best, of some in the order of our own liking. Without a header that is the first;
/// none when the client takes none of them.
pub fn best<F>(accept: &str, forms: impl IntoIterator<Item = (F, &'static str)>) -> Option<F> {
    let mut best: Option<(Liking, F)> = None;
    for (form, media_type) in forms {
        let liking =
            if accept.trim().is_empty() { Liking { weight: 1000, specificity: 0 } } else { liking(accept, media_type) };
        if liking.weight > 0 && best.as_ref().is_none_or(|(known, _)| liking > *known) {
            best = Some((liking, form));
        }
    }
    best.map(|(_, form)| form)
}

/// How much a client likes a form: of two that weigh the same, the one that it names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Liking {
    /// Thousandths.
    weight: u16,
    /// 3 for a type that is named, 2 for `kind/*`, 1 for `*/*`.
    specificity: u8,
}

/// Of the ranges that fit a media type the most specific counts. Its parameters tell no forms apart here.
fn liking(accept: &str, media_type: &str) -> Liking {
    let (kind, subtype) = media_type.split(';').next().unwrap_or("").trim().split_once('/').unwrap_or(("", ""));
    let mut found = Liking::default();
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
        if specificity > found.specificity {
            found = Liking { weight: (quality * 1000.0) as u16, specificity };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_is_named_or_weighs_most_is_given() {
        let forms = || [("json", "application/json"), ("csv", "text/csv; charset=utf-8"), ("html", "text/html")];
        let cases = [
            ("", Some("json")),
            ("*/*", Some("json")),
            ("text/csv", Some("csv")),
            ("text/csv, */*", Some("csv")),
            ("text/csv;q=0.5, */*", Some("json")),
            ("text/*", Some("csv")),
            ("text/html, application/json;q=0.9", Some("html")),
            ("TEXT/CSV;header=present", Some("csv")),
            ("application/json;q=0, */*;q=0.1", Some("csv")),
            ("image/png", None),
            ("nonsense;;;q=x,,/", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(best(accept, forms()), expected, "{accept}");
        }
    }
}
