//! Times as producers write them, to RFC 3339 in UTC. What is relative, open or a placeholder is never a date.

/// The scale that a time is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum System {
    #[default]
    Utc,
    Tai,
    Tt,
    Tdb,
    Mjd,
    Jd,
    Sclk,
}

/// A time span as a document writes it. Each end has the name of its field, for findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written<'a> {
    pub start: Option<(&'static str, &'a str)>,
    pub stop: Option<(&'static str, &'a str)>,
    pub system: System,
    /// The document says that there is no end yet.
    pub open_end: bool,
    /// An ISO 8601 duration before the present, such as `-P3M`.
    pub relative_end: Option<&'a str>,
    /// An ISO 8601 duration: how exact the ends are.
    pub precision: Option<&'a str>,
}
