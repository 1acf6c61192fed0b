//! The forms that the address of a record has, by name and by media type. Which of them a client wants is decided where pages
//! negotiate.

use crate::rdf::Writing;

/// One form of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Html,
    /// The record as it is stored.
    Json,
    Rdf(Writing),
    BibTex,
    /// Citation Style Language.
    CslJson,
    DataCite,
    /// Links to everything around the record (RFC 9264).
    Linkset,
}

impl Form {
    /// Every form, in order of preference where the client has none.
    pub const ALL: [Self; 10] = [
        Self::Html,
        Self::Json,
        Self::Rdf(Writing::JsonLd),
        Self::Rdf(Writing::Turtle),
        Self::Rdf(Writing::RdfXml),
        Self::Rdf(Writing::NTriples),
        Self::BibTex,
        Self::CslJson,
        Self::DataCite,
        Self::Linkset,
    ];

    /// The value of the parameter `format`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Rdf(Writing::JsonLd) => "jsonld",
            Self::Rdf(Writing::Turtle) => "ttl",
            Self::Rdf(Writing::RdfXml) => "rdf",
            Self::Rdf(Writing::NTriples) => "nt",
            Self::BibTex => "bibtex",
            Self::CslJson => "csl",
            Self::DataCite => "datacite",
            Self::Linkset => "linkset",
        }
    }

    /// The media type, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html",
            Self::Json => "application/json",
            Self::Rdf(writing) => writing.media_type(),
            Self::BibTex => "application/x-bibtex",
            Self::CslJson => "application/vnd.citationstyles.csl+json",
            Self::DataCite => "application/vnd.datacite.datacite+json",
            Self::Linkset => "application/linkset+json",
        }
    }

    /// The media type with its parameters.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Rdf(writing) => writing.content_type(),
            Self::BibTex => "application/x-bibtex; charset=utf-8",
            other => other.media_type(),
        }
    }

    /// The form of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }
}

/// All names, for the message to those who asked for another one.
pub fn names() -> String {
    Form::ALL.map(Form::name).join(", ")
}
