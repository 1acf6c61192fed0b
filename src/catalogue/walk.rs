//! A whole result as a file: page after page from the index, each where the one before ended, in flat memory.
//!
//! A record that is there throughout is written exactly once; one that comes, goes or changes its place in the order
//! meanwhile may be in or not. A walk that fails ends in an error, never in a file that looks whole.

use super::{Catalogue, Error};
use crate::export::{self, ExportError, Form, Format, Shown};
use crate::model::Query;

/// Records read at once.
const PAGE: usize = 1_000;
/// Records that the columns of a table are found on, and most bytes of them. They are held until then.
const SAMPLE: usize = 10_000;
const SAMPLE_BYTES: usize = 16 << 20;
/// Bytes sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// How much of a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// One page; whoever wants more asks for the next.
    Page,
}

/// What a face makes of a stored record: a GeoJSON feature in its own form.
pub type View = dyn Fn(&[u8]) -> Result<String, Error> + Send;

/// How a result is written.
pub struct Writing {
    pub format: Format,
    pub extent: Extent,
    /// Address of the service, for links to files.
    pub base: String,
    /// None for records as they are stored.
    pub view: Option<Box<View>>,
}

impl Writing {
    fn shown(&self, record: Vec<u8>) -> Result<Shown, Error> {
        let feature = self.view.as_ref().map(|view| view(&record)).transpose()?;
        Ok(Shown { record, feature })
    }

    const fn form(&self) -> Form {
        if self.view.is_some() { Form::Feature } else { Form::Record }
    }
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
        writing: &Writing,
        send: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<Walked, Error> {
        query.count = false;
        query.aggregations.clear();
        if writing.extent == Extent::Whole {
            query.limit = PAGE;
        }
        let mut walk = Walk { catalogue: self, query, token, ended: false };
        let mut page = walk.sample(writing)?;
        let mut encoder = export::encoder(writing.format, writing.form(), &page, &writing.base).map_err(unwritten)?;
        let mut walked = Walked::default();
        let mut piece = Vec::new();
        encoder.start(&mut piece).map_err(unwritten)?;
        loop {
            for shown in page {
                encoder.record(&shown, &mut piece).map_err(unwritten)?;
                walked.records += 1;
                if piece.len() >= PIECE_BYTES && !send(std::mem::take(&mut piece)) {
                    return Ok(walked);
                }
            }
            if walk.ended || writing.extent == Extent::Page {
                break;
            }
            page = walk.next_page(writing)?;
        }
        encoder.finish(&mut piece).map_err(unwritten)?;
        send(piece);
        walked.next = walk.token.filter(|_| !walk.ended);
        Ok(walked)
    }
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
    /// The first records: a page, or as many as the columns of a table are found on.
    fn sample(&mut self, writing: &Writing) -> Result<Vec<Shown>, Error> {
        let mut sample = self.next_page(writing)?;
        let is_sampled = writing.format.is_table() && writing.extent == Extent::Whole;
        let mut bytes: usize = sample.iter().map(|shown| shown.text().len()).sum();
        while is_sampled && !self.ended && sample.len() < SAMPLE && bytes < SAMPLE_BYTES {
            let page = self.next_page(writing)?;
            bytes += page.iter().map(|shown| shown.text().len()).sum::<usize>();
            sample.extend(page);
        }
        Ok(sample)
    }

    fn next_page(&mut self, writing: &Writing) -> Result<Vec<Shown>, Error> {
        let results = self.catalogue.search(self.query.clone(), self.token.as_deref())?;
        self.ended = results.next.is_none();
        self.token = results.next;
        results.found.into_iter().map(|found| writing.shown(found.record)).collect()
    }
}
