//! Which form of an answer a client wants: `f` decides, else `Accept`, else JSON.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::html;
use crate::catalogue::Error;
use crate::http::parameters::Parameters;
use crate::model::Draft;
use crate::model::uri::encode;

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Html,
}

impl Format {
    /// Takes `f` from the parameters.
    ///
    /// # Errors
    /// 400 for a form that is not offered.
    pub fn take(request: &HttpRequest, parameters: &mut Parameters) -> Result<Self, Error> {
        match parameters.one("f")?.as_deref() {
            Some("json" | "geojson") => Ok(Self::Json),
            Some("html") => Ok(Self::Html),
            Some(_) => Err(Error::parameter("f", "is none of json, geojson, html")),
            None => Ok(Self::accepted(request)),
        }
    }

    /// What stands first in `Accept`: browsers put `text/html` there.
    fn accepted(request: &HttpRequest) -> Self {
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let ranges = accept.split(',').filter_map(|range| range.split(';').next()).map(str::trim);
        let mut known = ranges.filter_map(|range| match range {
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "application/json" | "application/geo+json" | "application/schema+json" | "*/*" | "application/*" => {
                Some(Self::Json)
            }
            _ => None,
        });
        known.next().unwrap_or(Self::Json)
    }

    /// The document in this form.
    pub fn answer(self, json: String, media_type: &str, title: &str) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((header::VARY, "accept"));
        match self {
            Self::Json => response.content_type(media_type).body(json),
            Self::Html => response.content_type("text/html; charset=utf-8").body(html::page(title, &json)),
        }
    }
}

/// The links to this document and to its other form, for an address without `f`. `query` has the other parameters.
pub fn own_links(address: &str, query: &str, media_type: &str, format: Format, links: &mut Draft) {
    let with = |form: &str| {
        if query.is_empty() { format!("{address}?f={form}") } else { format!("{address}?{query}&f={form}") }
    };
    let plain = if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") };
    let (this, other) = match format {
        Format::Json => (plain, ("alternate", with("html"), "text/html")),
        Format::Html => (with("html"), ("alternate", with("json"), media_type)),
    };
    let own_type = if format == Format::Json { media_type } else { "text/html" };
    add(links, "self", &this, own_type, None);
    add(links, other.0, &other.1, other.2, Some("This document in its other form"));
}

/// Adds a link.
pub fn add(links: &mut Draft, rel: &str, href: &str, media_type: &str, title: Option<&str>) {
    let mut link = Draft::object();
    link.string("rel", rel);
    link.string("href", href);
    link.string("type", media_type);
    link.optional("title", title);
    links.element(&link.finish());
}

/// The query string without `f` and without what is named.
pub fn query_without(request: &HttpRequest, name: &str) -> String {
    let parts = request.query_string().split('&').filter(|part| {
        let given = part.split('=').next().unwrap_or_default();
        !part.is_empty() && given != "f" && given != name
    });
    parts.collect::<Vec<_>>().join("&")
}

/// The address of a page's successor.
pub fn next_address(request: &HttpRequest, address: &str, format: Format, token: &str) -> String {
    let mut query = query_without(request, "token");
    if !query.is_empty() {
        query.push('&');
    }
    let form = if format == Format::Html { "&f=html" } else { "" };
    format!("{address}?{query}token={}{form}", encode(token))
}
