//! A whole result as a file: page after page from the index, each where the one before ended, in flat memory.
//!
//! A record that is there throughout is written exactly once; one that comes, goes or changes its place in the order
//! meanwhile may be in or not. A walk that fails ends in an error, never in a file that looks whole.

use super::{Catalogue, Error};
use crate::export::{self, Columns, ExportError, Format, Row};
use crate::model::Query;

/// Records read at once.
const PAGE: usize = 1_000;
/// Records that the columns of a table are found on. They are held until then.
const SAMPLE: usize = 10_000;

/// How much of a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// One page; whoever wants more asks for the next.
    Page,
}

/// What a walk wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walked {
    pub records: u64,
    /// Token of what follows a page.
    pub next: Option<String>,
}

impl Catalogue {
    /// Writes a result in a format, from a token on. `send` takes each piece and says whether more is wanted.
    ///
    /// # Errors
    /// As `search`; what was sent until then is no whole file.
    pub fn export(
        &self,
        mut query: Query,
        token: Option<String>,
        (format, extent, base): (Format, Extent, &str),
        send: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<Walked, Error> {
        query.count = false;
        query.aggregations.clear();
        if extent == Extent::Whole {
            query.limit = PAGE;
        }
        let mut walk = Walk { catalogue: self, query, token, ended: false };
        let mut sample = Vec::new();
        while !walk.ended && (sample.is_empty() || (format != Format::Ndjson && sample.len() < SAMPLE)) {
            sample.extend(walk.next_page()?);
            if extent == Extent::Page {
                break;
            }
        }
        let columns = columns_of(format, &sample)?;
        let mut encoder = export::encoder(format, columns, base).map_err(unwritten)?;
        let mut walked = Walked::default();
        let mut piece = Vec::new();
        encoder.start(&mut piece).map_err(unwritten)?;
        let mut page = sample;
        loop {
            for record in page {
                encoder.record(&record, &mut piece).map_err(unwritten)?;
                walked.records += 1;
                if piece.len() >= PIECE_BYTES && !send(std::mem::take(&mut piece)) {
                    return Ok(walked);
                }
            }
            if walk.ended || extent == Extent::Page {
                break;
            }
            page = walk.next_page()?;
        }
        encoder.finish(&mut piece).map_err(unwritten)?;
        send(piece);
        walked.next = walk.token.filter(|_| !walk.ended);
        Ok(walked)
    }
}

/// Bytes sent at once.
const PIECE_BYTES: usize = 256 << 10;

fn columns_of(format: Format, records: &[Vec<u8>]) -> Result<Columns, Error> {
    if matches!(format, Format::Ndjson | Format::GeoJson) {
        return Ok(Columns::default());
    }
    let rows = records.iter().map(|record| Row::read(record)).collect::<Result<Vec<_>, _>>();
    Ok(Columns::of(&rows.map_err(unwritten)?))
}

fn unwritten(error: ExportError) -> Error {
    Error::Internal { doing: "writing a result", source: Box::new(error) }
}

/// Where a walk stands.
struct Walk<'c> {
    catalogue: &'c Catalogue,
    query: Query,
    token: Option<String>,
    ended: bool,
}

impl Walk<'_> {
    fn next_page(&mut self) -> Result<Vec<Vec<u8>>, Error> {
        let results = self.catalogue.search(self.query.clone(), self.token.as_deref())?;
        self.ended = results.next.is_none();
        self.token = results.next;
        Ok(results.found.into_iter().map(|found| found.record).collect())
    }
}
