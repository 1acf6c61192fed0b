//! A source: a catalogue elsewhere, as its record describes it. Asks nothing of anybody.

use std::time::Duration;

use serde::Deserialize;

use super::outbound::Limits;
use crate::model::RecordId;

/// What a source speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// STAC API 1.0 and 1.1.
    Stac,
    /// OGC API - Records, part 1.
    Records,
    /// OAI-PMH 2.0.
    Oai,
    /// OGC CSW 2.0.2 and 3.0.
    Csw,
    /// NASA's Common Metadata Repository.
    Cmr,
    /// The registry API of NASA's Planetary Data System.
    Pds,
    /// OGC OpenSearch EO (13-026).
    Opensearch,
    /// A feed of DCAT, paged by hydra.
    Dcat,
    /// A SPARQL endpoint.
    Sparql,
    /// Another Perennial.
    Perennial,
}

impl Protocol {
    /// Every protocol, in the order of the schema.
    pub const ALL: [Self; 10] = [
        Self::Stac,
        Self::Records,
        Self::Oai,
        Self::Csw,
        Self::Cmr,
        Self::Pds,
        Self::Opensearch,
        Self::Dcat,
        Self::Sparql,
        Self::Perennial,
    ];

    /// The name that records use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stac => "stac",
            Self::Records => "records",
            Self::Oai => "oai",
            Self::Csw => "csw",
            Self::Cmr => "cmr",
            Self::Pds => "pds",
            Self::Opensearch => "opensearch",
            Self::Dcat => "dcat",
            Self::Sparql => "sparql",
            Self::Perennial => "perennial",
        }
    }
}

/// What is done with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is asked with every federated search.
    #[default]
    Live,
    /// It is copied, and the copy is searched.
    Harvest,
    Both,
    /// Nothing; what was harvested stays.
    Off,
}

impl Mode {
    /// Whether it is asked while somebody waits.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::Both)
    }

    /// Whether it is copied.
    pub const fn is_harvested(self) -> bool {
        matches!(self, Self::Harvest | Self::Both)
    }
}

/// What the archivist says that a source can answer; what is absent is for the source to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    pub text: Option<bool>,
    pub space: Option<bool>,
    pub time: Option<bool>,
    pub filter: Option<bool>,
    pub sort: Option<bool>,
    pub paging: Option<bool>,
}

/// How it is harvested.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Harvest {
    /// Seconds between runs; never by itself when absent.
    pub every: Option<u64>,
    /// Metadata prefix or output schema; the best that both know when absent.
    pub format: Option<String>,
    /// Seconds before the checkpoint that are asked for again.
    pub overlap: Option<u64>,
    /// Whether robots.txt is respected; it is when absent.
    pub robots: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default)]
struct Budget {
    seconds: Option<f64>,
    records: Option<usize>,
    bytes: Option<u64>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Source {
    pub id: RecordId,
    #[serde(default)]
    pub title: String,
    pub protocol: Protocol,
    /// Base address, without a `/` at its end.
    pub url: String,
    #[serde(default)]
    pub mode: Mode,
    /// 0 to 100.
    #[serde(default = "usual_trust")]
    pub trust: u8,
    #[serde(default)]
    pub licence: Option<String>,
    /// Collections of it that are asked for; all when empty.
    #[serde(default)]
    pub collections: Vec<String>,
    #[serde(default)]
    pub capabilities: Capabilities,
    #[serde(default)]
    limits: Budget,
    #[serde(default)]
    rate: Option<f64>,
    #[serde(default)]
    pub harvest: Harvest,
    /// For SPARQL: the CONSTRUCT query whose answer are its records.
    #[serde(default)]
    pub query: Option<String>,
}

const fn usual_trust() -> u8 {
    50
}

/// Why a record is no source.
#[derive(Debug, thiserror::Error)]
#[error("the record of the source cannot be used")]
pub struct SourceError(#[source] serde_json::Error);

impl Source {
    /// Reads the record of a source.
    ///
    /// # Errors
    /// `SourceError` when it has no protocol or address, or says something else than its schema.
    pub fn read(record: &str) -> Result<Self, SourceError> {
        let mut source: Self = serde_json::from_str(record).map_err(SourceError)?;
        source.url.truncate(source.url.trim_end_matches('/').len());
        Ok(source)
    }

    /// What one request to it may use.
    pub fn limits(&self) -> Limits {
        let seconds = self.limits.seconds.unwrap_or(30.0).clamp(0.05, 600.0);
        Limits { time: Duration::from_secs_f64(seconds), bytes: self.limits.bytes.unwrap_or(64 << 20) }
    }

    /// Most records of one request to it.
    pub fn page_size(&self) -> usize {
        self.limits.records.unwrap_or(500)
    }

    /// Least time between two requests while harvesting.
    pub fn pause(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate.unwrap_or(5.0).clamp(0.001, 1_000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_source_is_read_with_what_it_leaves_out() {
        let record = r#"{"id":"esa","kind":"source","protocol":"stac","url":"https://a.example/stac/","rate":2}"#;
        let source = Source::read(record).expect("a source");
        assert_eq!((source.url.as_str(), source.trust, source.mode), ("https://a.example/stac", 50, Mode::Live));
        assert_eq!(source.pause(), Duration::from_millis(500));
        assert_eq!(source.limits().bytes, 64 << 20);
        for wrong in ["{}", r#"{"id":"a","url":"http://a"}"#, r#"{"id":"a","protocol":"ftp","url":"http://a"}"#, "[]"] {
            assert!(Source::read(wrong).is_err(), "{wrong}");
        }
        for protocol in Protocol::ALL {
            let record = format!(r#"{{"id":"a","protocol":"{}","url":"http://a"}}"#, protocol.as_str());
            assert_eq!(Source::read(&record).expect("a source").protocol, protocol);
        }
    }
}
