//! The frame of every page: head, navigation, search box, footer, and the headers that keep the page to itself.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{assets, words};

/// Nothing but this service's own files, no script or style in the text, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Characters of a title that a window shows.
const TITLE_CHARACTERS: usize = 100;

/// Where in the navigation a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Home,
    Search,
    Collections,
    Other,
}

/// What the frame needs to know about its page.
pub struct Frame {
    pub title: String,
    pub section: Section,
    /// Whether the header has a search box: not where the page has its own.
    pub search_box: bool,
    /// Other forms of what the page shows: media type and address.
    pub alternates: Vec<(&'static str, String)>,
    /// What the page is about, for crawlers: JSON-LD in which no `<` stands.
    pub structured: Option<String>,
}

impl Frame {
    /// A page outside the sections, with the search box in its header.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section: Section::Other,
            search_box: true,
            alternates: Vec::new(),
            structured: None,
        }
    }

    /// The page as an answer.
    pub fn answer(&self, status: StatusCode, content: &Markup) -> HttpResponse {
        let mut response = HttpResponse::build(status);
        response
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .insert_header((header::VARY, "accept"))
            .insert_header((header::CACHE_CONTROL, "no-cache"));
        response.body(self.document(content).into_string())
    }

    fn document(&self, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (words::shortened(&self.title, TITLE_CHARACTERS)) " · Perennial" }
                    link rel="stylesheet" href=(assets::address("style"));
                    link rel="icon" type="image/svg+xml" href=(assets::address("icon"));
                    @for (media_type, href) in &self.alternates {
                        link rel="alternate" type=(media_type) href=(href);
                    }
                    @if let Some(structured) = &self.structured {
                        script type="application/ld+json" { (PreEscaped(structured)) }
                    }
                    script src=(assets::address("pages")) defer {}
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    (self.header())
                    main #content tabindex="-1" { (content) }
                    (footer())
                }
            }
        }
    }

    fn header(&self) -> Markup {
        let here = |section| (self.section == section).then_some("page");
        html! {
            header.top {
                div.bar {
                    a.brand href="/" {
                        img src=(assets::address("icon")) alt="" width="28" height="28";
                        span { "Perennial" }
                    }
                    nav aria-label="Main" {
                        a href="/search" aria-current=[here(Section::Search)] { "Search" }
                        a href="/collections" aria-current=[here(Section::Collections)] { "Collections" }
                        a href="/docs/" { "API" }
                    }
                    @if self.search_box {
                        form.quick action="/search" role="search" {
                            label.unseen for="quick" { "Search the archive" }
                            input #quick type="search" name="q" placeholder="Search the archive" autocomplete="off"
                                data-suggest="/api/v1/suggest";
                            button { "Search" }
                        }
                    }
                }
            }
        }
    }
}

fn footer() -> Markup {
    html! {
        footer {
            div.bar {
                p { strong { "Perennial" } ", a long-term archive of space missions. What is here is kept, checked and found." }
                nav aria-label="For programs" {
                    a href="/stac" { "STAC" }
                    a href="/records" { "OGC API Records" }
                    a href="/recreation" { "Recreation" }
                    a href="/sources" { "Sources" }
                    a href="/docs/" { "Interface description" }
                    a href="/openapi.json" { "OpenAPI" }
                    a href="/health" { "Health" }
                }
            }
        }
    }
}
