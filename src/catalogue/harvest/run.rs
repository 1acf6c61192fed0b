//! One run over one source: page by page from the fetcher through importers to the writer, with the next page prepared while
//! the one before is being made durable. What becomes of a page is `page`'s, how a run ends is `finish`'s.

mod finish;
mod page;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Place;
use super::fetch::Fetch;
use super::report::{Harvested, Quarantined, RunFault};
use super::state::{Folder, Known, PageNote, Progress, Standing, listed_as};
use crate::archive::StagedPayload;
use crate::catalogue::{Catalogue, Error, now};
use crate::federation::Source;
use crate::federation::harvest::paging::Pages;
use crate::federation::harvest::window;
use crate::federation::outbound::Outbound;
use crate::federation::protocol::{Fault, From, Listing};
use crate::model::{Key, RecordId, Sha256};
use page::Pending;

/// Pages that wait to be taken.
const PAGES_AHEAD: usize = 2;
/// How often a waiting run looks whether the service stops.
const STEP: Duration = Duration::from_millis(100);

/// What is wanted of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HarvestWish {
    /// Ask for everything, not only for changes.
    pub full: bool,
    /// Make the deletions that wait for approval.
    pub approve: bool,
    /// Write nothing.
    pub dry_run: bool,
}

/// What a run knows while it goes.
struct Run<'c> {
    catalogue: &'c Catalogue,
    source: &'c Source,
    wish: HarvestWish,
    folder: Folder,
    standing: Standing,
    known: Known,
    progress: Progress,
    /// Pages that an earlier run took.
    resumed: usize,
    pages: Pages,
    present: BTreeSet<String>,
    gone: BTreeSet<String>,
    /// Documents by the keys of their records; read when something is new.
    owners: Option<HashMap<Key, String>>,
    quarantine: Vec<Quarantined>,
    /// Bytes of quarantined documents.
    kept: Vec<std::sync::Arc<StagedPayload>>,
}

/// Why a run stops before the end of its listing.
enum Break {
    Fault(RunFault),
    Stopped,
    Ours(Error),
}

impl std::convert::From<Error> for Break {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

/// How a listing ended.
enum End {
    Listed,
    Unchanged,
    Fault(RunFault),
    Stopped,
}

impl Catalogue {
    /// Harvests a source, on a thread that may wait.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` when its record is no source to harvest, `Unavailable` while another run of it goes on, and what
    /// keeps the archive from writing. What is wrong with the source is in the report.
    pub fn harvest(&self, id: &RecordId, wish: HarvestWish) -> Result<Harvested, Error> {
        let source = self.source_to_harvest(id)?;
        self.health().check_writable()?;
        let place = self.copying.take(id)?;
        self.harvest_at(&source, wish, &place)
    }

    /// Begins a run on a thread of its own; what comes of it stands at the source.
    ///
    /// # Errors
    /// As `harvest`, as far as it can be known at once.
    pub fn begin_harvest(catalogue: std::sync::Arc<Self>, id: RecordId, wish: HarvestWish) -> Result<(), Error> {
        let source = catalogue.source_to_harvest(&id)?;
        catalogue.health().check_writable()?;
        drop(catalogue.copying.take(&id)?);
        let run = move || {
            let done = catalogue.copying.take(&id).and_then(|place| catalogue.harvest_at(&source, wish, &place));
            if let Err(error) = done {
                tracing::warn!(source.id = %id, error = error.chain(), "not harvested");
            }
        };
        let thread = std::thread::Builder::new().name("harvest".to_owned()).spawn(run);
        thread.map(drop).map_err(Error::internal("starting a thread for a source"))
    }

    fn harvest_at(&self, source: &Source, wish: HarvestWish, place: &Place<'_>) -> Result<Harvested, Error> {
        let outbound = Outbound::of(&self.settings.outbound);
        let outbound = outbound.map_err(Error::internal("setting up the client for sources"))?;
        let begun = Instant::now();
        let mut run = Run::open(self, source, wish)?;
        let mut end = run.listed(&outbound, place)?;
        if run.is_stale(&end) {
            tracing::info!(source.id = %source.id, "the interrupted listing cannot go on; listing again");
            run.restart();
            end = run.listed(&outbound, place)?;
        }
        let report = run.finish(end, begun)?;
        let counts = report.counts;
        if let Some(fault) = &report.fault {
            tracing::warn!(source.id = %source.id, url = source.url, kind = fault.kind, reason = fault.reason, "a harvest ended early");
        }
        tracing::info!(
            source.id = %source.id,
            outcome = ?report.outcome,
            new = counts.new,
            changed = counts.changed,
            deleted = counts.deleted,
            quarantined = counts.quarantined,
            elapsed_ms = report.elapsed_ms,
            "harvested"
        );
        Ok(report)
    }
}

impl<'c> Run<'c> {
    fn open(catalogue: &'c Catalogue, source: &'c Source, wish: HarvestWish) -> Result<Self, Error> {
        let folder = Folder::of(&catalogue.index_path(), source.id.as_str());
        let last = catalogue.last_sequence();
        let listed_as = listed_as(source);
        let interrupted = folder.progress(&listed_as, last);
        let (known, mut standing) = match (folder.known(), folder.standing(last)) {
            (Some(known), Some(standing)) => (known, standing),
            // Killed in its first run: how it stands was never noted, how far it came was.
            (Some(known), None) if interrupted.is_some() => (known, catalogue.reported_standing(source)?),
            _ => catalogue.remember(source, &folder, !wish.dry_run)?,
        };
        if standing.listed_as != listed_as {
            // Another address or another format: its checkpoint says nothing.
            (standing.checkpoint, standing.validator) = (None, None);
            standing.missing.clear();
        }
        let interrupted = interrupted.filter(|_| !wish.full && !wish.dry_run);
        let mut run = Self {
            catalogue,
            source,
            wish,
            folder,
            standing,
            known,
            progress: Progress { listed_as, ..Progress::default() },
            resumed: 0,
            pages: Pages::default(),
            present: BTreeSet::new(),
            gone: BTreeSet::new(),
            owners: None,
            quarantine: Vec::new(),
            kept: Vec::new(),
        };
        match interrupted {
            Some((progress, notes)) => run.resume(progress, notes)?,
            None => run.restart(),
        }
        Ok(run)
    }

    /// Begins the listing at its first page.
    fn restart(&mut self) {
        let checkpoint = self.standing.checkpoint.as_deref().filter(|_| !self.wish.full);
        let overlap = self.source.harvest.overlap.map(Duration::from_secs);
        self.progress = Progress {
            started: now().to_string(),
            listed_as: std::mem::take(&mut self.progress.listed_as),
            since: checkpoint.map(|checkpoint| window::since(checkpoint, overlap)),
            ..Progress::default()
        };
        self.resumed = 0;
        self.pages = Pages::default();
        self.present.clear();
        self.gone.clear();
        if !self.wish.dry_run {
            self.folder.begin();
        }
    }

    fn resume(&mut self, progress: Progress, notes: Vec<PageNote>) -> Result<(), Error> {
        self.folder.resume(&notes).map_err(Error::internal("going on with a harvest"))?;
        let digests = notes.iter().flat_map(|note| [&note.records, &note.continuation]).flatten();
        let seen: Vec<Sha256> = digests.filter_map(|digest| Sha256::parse(digest).ok()).collect();
        self.pages = Pages::resumed(seen, progress.pages);
        self.resumed = progress.pages;
        for note in notes {
            note.present.into_iter().for_each(|id| self.list(id, false));
            note.gone.into_iter().for_each(|id| self.list(id, true));
        }
        self.progress = progress;
        Ok(())
    }

    /// A run that went on where another stopped, and came no further: its continuation is worth nothing any more.
    fn is_stale(&self, end: &End) -> bool {
        let End::Fault(fault) = end else { return false };
        let may_pass = matches!(fault.kind.as_str(), "timeout" | "unreachable" | "refused");
        self.resumed > 0 && self.progress.pages == self.resumed && !may_pass
    }

    fn list(&mut self, id: String, is_gone: bool) {
        let (from, into) =
            if is_gone { (&mut self.present, &mut self.gone) } else { (&mut self.gone, &mut self.present) };
        from.remove(&id);
        into.insert(id);
    }

    /// Takes pages until the listing ends, one way or another.
    fn listed(&mut self, outbound: &Outbound, place: &Place<'_>) -> Result<End, Error> {
        let is_first = self.progress.page.is_none();
        let from = From {
            since: self.progress.since.clone(),
            page: self.progress.page.clone(),
            validator: self.standing.validator.clone().filter(|_| is_first && !self.wish.full),
        };
        let fetch = Fetch {
            outbound: outbound.clone(),
            source: self.source.clone(),
            patience: self.catalogue.settings.harvest.patience,
            stop: std::sync::Arc::clone(&self.catalogue.copying.stop),
        };
        let (sender, pages) = mpsc::sync_channel(PAGES_AHEAD);
        // Not waited for: a request to the source may outlast the service.
        let thread = std::thread::Builder::new().name("fetch".to_owned()).spawn(move || fetch.run(from, &sender));
        thread.map_err(Error::internal("starting a thread for a source"))?;
        let mut pending = None;
        let end = self.take_pages(&pages, place, &mut pending);
        // What was on its way is durable or not before anything else is decided.
        let settled = pending.map_or(Ok(()), |pending| self.settle(pending));
        match (end, settled) {
            (Err(Break::Ours(error)), _) | (_, Err(Break::Ours(error))) => Err(error),
            (Err(Break::Fault(fault)), _) | (_, Err(Break::Fault(fault))) => Ok(End::Fault(fault)),
            (Err(Break::Stopped), _) | (_, Err(Break::Stopped)) => Ok(End::Stopped),
            (Ok(end), Ok(())) => Ok(end),
        }
    }

    fn take_pages(
        &mut self,
        pages: &Receiver<Result<Listing, Fault>>,
        place: &Place<'_>,
        pending: &mut Option<Pending>,
    ) -> Result<End, Break> {
        loop {
            let page = self.next_page(pages)?;
            if page.is_unchanged {
                return Ok(End::Unchanged);
            }
            let is_last = page.next.is_none();
            let next = self.prepare(page)?;
            if let Some(before) = pending.replace(next) {
                self.settle(before)?;
            }
            place.note(self.progress.counts);
            if is_last {
                return Ok(End::Listed);
            }
        }
    }

    fn next_page(&self, pages: &Receiver<Result<Listing, Fault>>) -> Result<Listing, Break> {
        loop {
            if self.catalogue.copying.stop.load(Ordering::Acquire) {
                return Err(Break::Stopped);
            }
            match pages.recv_timeout(STEP) {
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(fault)) => return Err(Break::Fault(RunFault::from(&fault))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Break::Stopped),
            }
        }
    }
}
