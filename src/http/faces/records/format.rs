//! Which form of an answer a client wants: `f` decides, else `Accept`, else JSON.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::html;
use crate::catalogue::Error;
use crate::export;
use crate::http::accept;
use crate::http::parameters::Parameters;
use crate::model::Draft;
use crate::model::uri::encode;

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Html,
}

const FORMS: [(Format, &str); 5] = [
    (Format::Json, "application/geo+json"),
    (Format::Json, "application/json"),
    (Format::Json, "application/schema+json"),
    (Format::Html, "text/html"),
    (Format::Html, "application/xhtml+xml"),
];

/// A form of a list of records.
pub enum Listed {
    Document(Format),
    File(export::Format),
}

impl Listed {
    /// Takes `f` from the parameters.
    ///
    /// # Errors
    /// 400 for a form that is not offered.
    pub fn take(request: &HttpRequest, parameters: &mut Parameters) -> Result<Self, Error> {
        let documents = FORMS.map(|(format, media_type)| (Self::Document(format), media_type));
        match parameters.one("f")?.as_deref() {
            Some("html") => Ok(Self::Document(Format::Html)),
            Some("json") => Ok(Self::Document(Format::Json)),
            Some(name) => crate::http::export::named(name).map(Self::File),
            None => {
                let files = export::Format::ALL.map(|format| (Self::File(format), format.media_type()));
                let best = accept::best(&accept::of(request), documents.into_iter().chain(files));
                Ok(best.unwrap_or(Self::Document(Format::Json)))
            }
        }
    }
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

    fn accepted(request: &HttpRequest) -> Self {
        accept::best(&accept::of(request), FORMS).unwrap_or(Self::Json)
    }

    /// The document in this form.
    pub fn answer(self, json: String, media_type: &'static str, title: &str) -> HttpResponse {
        match self {
            Self::Json => {
                HttpResponse::Ok().insert_header((header::VARY, "accept")).content_type(media_type).body(json)
            }
            Self::Html => html::page(title, &json, media_type),
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
