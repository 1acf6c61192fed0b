//! Any JSON document of this face as a plain page: for people who follow a link with a browser. The pages for people
//! stand elsewhere; this one shows what a client gets.

use crate::model::json::{Fields, elements, read_string};

/// Deepest members shown as tables; what nests deeper is shown as text.
const MAX_DEPTH: usize = 6;

/// A whole page.
pub fn page(title: &str, json: &str) -> String {
    let mut body = String::with_capacity(json.len() * 2);
    let fields = Fields::of_valid(json).unwrap_or_default();
    let features = fields.get("features").or(fields.get("collections")).and_then(elements);
    match features {
        Some(list) => {
            list.iter().for_each(|document| entry(document, &mut body));
            rest(&fields, &["features", "collections"], &mut body);
        }
        None => value(json, 0, &mut body),
    }
    let title = html_escape(title);
    format!(
        concat!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>",
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
            "<style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}",
            "th{{text-align:left;vertical-align:top;padding-right:1rem;font-weight:600}}td{{overflow-wrap:anywhere}}article{{border-top:1px solid #8888;padding:.5rem 0}}</style>",
            "</head><body><h1>{title}</h1>{body}</body></html>"
        ),
        title = title,
        body = body
    )
}

/// One record or collection in a list: its title leads to it.
fn entry(document: &str, page: &mut String) {
    let fields = Fields::of_valid(document).unwrap_or_default();
    let properties = fields.get("properties").and_then(Fields::of_valid).unwrap_or_default();
    let text = |name: &str| fields.string(name).or_else(|| properties.string(name));
    let title = text("title").or_else(|| text("id")).unwrap_or_default();
    let own = fields.get("links").and_then(elements).and_then(|links| {
        let links = links.into_iter().filter_map(Fields::of_valid);
        links.filter(|link| link.string("rel").as_deref() == Some("self")).find_map(|link| link.string("href"))
    });
    let heading = match own {
        Some(href) => format!("<a href=\"{}{}\">{}</a>", html_escape(&href), html_form(&href), html_escape(&title)),
        None => html_escape(&title),
    };
    page.push_str(&format!("<article><h2>{heading}</h2>"));
    if let Some(description) = text("description") {
        let short: String = description.chars().take(500).collect();
        page.push_str(&format!("<p>{}</p>", html_escape(&short)));
    }
    page.push_str("</article>");
}

/// What asks for the page rather than the document.
fn html_form(href: &str) -> &'static str {
    if href.contains('?') { "&amp;f=html" } else { "?f=html" }
}

fn rest(fields: &Fields<'_>, shown: &[&str], page: &mut String) {
    page.push_str("<table>");
    fields.iter().filter(|(name, _)| !shown.contains(name)).for_each(|(name, text)| row(name, text, 0, page));
    page.push_str("</table>");
}

fn row(name: &str, text: &str, depth: usize, page: &mut String) {
    page.push_str(&format!("<tr><th>{}</th><td>", html_escape(name)));
    value(text, depth + 1, page);
    page.push_str("</td></tr>");
}

fn value(text: &str, depth: usize, page: &mut String) {
    if depth > MAX_DEPTH {
        return page.push_str(&html_escape(text));
    }
    if let Some(fields) = Fields::of_valid(text) {
        return match (fields.string("href"), fields.string("rel")) {
            (Some(href), Some(rel)) if is_web(&href) => {
                let title = fields.string("title").unwrap_or_else(|| href.clone());
                page.push_str(&format!(
                    "<a href=\"{}\">{}</a> ({})",
                    html_escape(&href),
                    html_escape(&title),
                    html_escape(&rel)
                ));
            }
            _ => rest(&fields, &[], page),
        };
    }
    match elements(text) {
        Some(list) if list.iter().all(|element| !element.starts_with(['{', '['])) => {
            let parts: Vec<String> = list.iter().map(|element| plain(element)).collect();
            page.push_str(&parts.join(", "));
        }
        Some(list) => {
            page.push_str("<ul>");
            for element in list {
                page.push_str("<li>");
                value(element, depth + 1, page);
                page.push_str("</li>");
            }
            page.push_str("</ul>");
        }
        None => page.push_str(&plain(text)),
    }
}

fn plain(text: &str) -> String {
    html_escape(&read_string(text).unwrap_or_else(|| text.into()))
}

/// A record may name any address; only those of the web become links.
fn is_web(href: &str) -> bool {
    href.starts_with("https://") || href.starts_with("http://")
}

/// Text for HTML content and attributes.
fn html_escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_says_never_becomes_markup_or_script() {
        let json = r#"{"title":"<script>alert(1)</script>","a":{"b":["<i>",{"rel":"via","href":"javascript:alert(1)"}]},"links":[{"rel":"x\"","href":"https://e.org/?a=\"&b","title":"<b>"}]}"#;
        let page = page("A <title>", json);
        assert!(!page.contains("<script>") && !page.contains("<i>") && !page.contains("href=\"javascript"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("https://e.org/?a=&quot;&amp;b"), "{page}");
        assert!(page.starts_with("<!doctype html>"));
    }

    #[test]
    fn deep_documents_are_shown_as_text() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(super::page("x", &format!("{{\"a\":{deep}}}")).contains("[[["));
    }
}
