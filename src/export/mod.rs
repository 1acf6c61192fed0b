//! Results of a search as files of other formats: records go in one after the other, bytes come out. Pure: knows neither
//! the search nor where the bytes go, and keeps at most a batch of records.

mod cell;
mod columns;
mod csv;
mod geojson;
mod geoparquet;
mod place;
mod row;
mod shape;
#[cfg(test)]
mod tests;
mod votable;
mod wkb;

use geoparquet::GeoParquet;
use row::Row;

/// Why a record cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("a stored record cannot be read")]
    Record(#[from] serde_json::Error),
    #[error("the GeoParquet file cannot be made")]
    Parquet(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Csv,
    GeoJson,
    GeoParquet,
    VoTable,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Ndjson, Self::Csv, Self::GeoJson, Self::GeoParquet, Self::VoTable];

    /// The name in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::GeoJson => "geojson",
            Self::GeoParquet => "geoparquet",
            Self::VoTable => "votable",
        }
    }

    /// The format of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Whether its columns are found on a sample.
    pub const fn is_table(self) -> bool {
        matches!(self, Self::Csv | Self::GeoParquet | Self::VoTable)
    }

    /// As registered with IANA, where it is.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::GeoJson => "application/geo+json",
            Self::GeoParquet => "application/vnd.apache.parquet",
            Self::VoTable => "application/x-votable+xml",
        }
    }

    /// Usual ending of a file name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::GeoJson => "geojson",
            Self::GeoParquet => "parquet",
            Self::VoTable => "xml",
        }
    }
}

/// What a record looks like in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is stored.
    Record,
    /// As a GeoJSON feature that a face makes of it.
    Feature,
}

/// A record to write.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The stored bytes.
    pub record: Vec<u8>,
    /// The feature, where the form is that; its members become columns, its text is written as it is.
    pub feature: Option<String>,
}

impl Shown {
    /// What a line of a file would be.
    pub fn text(&self) -> &[u8] {
        self.feature.as_ref().map_or(&self.record, |feature| feature.as_bytes())
    }
}

/// Writes records in one format. What is between `start` and `finish` alone is no whole file.
pub trait Encoder: Send {
    /// What stands before the first record.
    ///
    /// # Errors
    /// `ExportError`.
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError>;

    /// One record.
    ///
    /// # Errors
    /// `ExportError`; what was written so far is not to be ended as if it were whole.
    fn record(&mut self, shown: &Shown, out: &mut Vec<u8>) -> Result<(), ExportError>;

    /// What stands behind the last record.
    ///
    /// # Errors
    /// `ExportError`.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError>;
}

/// An encoder. The columns of tables are found on `sample`, the first records; `base` is the address of the service for
/// links to files.
///
/// # Errors
/// `ExportError`.
pub fn encoder(format: Format, form: Form, sample: &[Shown], base: &str) -> Result<Box<dyn Encoder>, ExportError> {
    Ok(match format {
        Format::Ndjson => Box::new(Ndjson),
        Format::Csv => Box::new(csv::Csv::new(form, sample)?),
        Format::GeoJson => Box::new(geojson::GeoJson::default()),
        Format::GeoParquet => Box::new(GeoParquet::new(sample, base)?),
        Format::VoTable => Box::new(votable::VoTable::new(sample)?),
    })
}

/// The text of each record, one a line. Stored records and the features made of them have no line breaks.
struct Ndjson;

impl Encoder for Ndjson {
    fn start(&mut self, _: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }

    fn record(&mut self, shown: &Shown, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(shown.text());
        out.push(b'\n');
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }
}
