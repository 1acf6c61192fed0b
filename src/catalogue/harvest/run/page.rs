//! What becomes of one page: what is known already is passed over, the rest is mapped, handed to the writer, and noted once
//! it is durable. Decides nothing about deletions.

use tokio::sync::oneshot;

use super::{Break, Run};
use crate::catalogue::command::{Command, Effect};
use crate::catalogue::harvest::document::Mapped;
use crate::catalogue::harvest::report::{Counts, Quarantined, RunFault};
use crate::catalogue::harvest::state::{KnownDocument, PageNote};
use crate::catalogue::{Error, Outcome};
use crate::codec::{self, Sha256Hasher};
use crate::federation::harvest::paging::PageMark;
use crate::federation::protocol::{Document, Listing};
use crate::model::Key;

/// Bytes of one quarantined document that are kept, and documents of one run whose bytes are.
const QUARANTINE_BYTES: usize = 1 << 20;
const QUARANTINE_KEPT: usize = 100;
/// Most documents of one listing: their ids are held in memory while it goes on.
const MAX_DOCUMENTS: usize = 5_000_000;
/// Documents that are worth a thread of their own.
const WORTH_A_THREAD: usize = 50;

/// A page on its way to the archive.
pub struct Pending {
    /// Each with how many commands it has with the writer.
    documents: Vec<(Mapped, usize)>,
    answers: Option<oneshot::Receiver<Vec<Outcome>>>,
    note: PageNote,
    next: Option<String>,
    counts: Counts,
}

/// A document of a page that is not known as it is.
struct Fresh {
    id: String,
    document: Document,
}

impl Run<'_> {
    /// Looks at a page, maps what is new in it and hands it to the writer.
    pub(super) fn prepare(&mut self, page: Listing) -> Result<Pending, Break> {
        let mark = mark_of(&page);
        self.pages.take(mark).map_err(|endless| Break::Fault(RunFault::new("endless", endless)))?;
        if self.pages.count() == 1 {
            self.progress.is_whole = page.is_whole;
        }
        self.progress.total = page.total.or(self.progress.total);
        self.progress.checkpoint = self.progress.checkpoint.take().or(page.checkpoint);
        self.progress.validator = page.validator;
        let note = PageNote {
            records: mark.records.map(|digest| digest.to_string()),
            continuation: mark.continuation.map(|digest| digest.to_string()),
            ..PageNote::default()
        };
        let mut pending = Pending {
            documents: Vec::new(),
            answers: None,
            note,
            next: page.next,
            counts: Counts { pages: 1, ..Counts::default() },
        };
        let fresh = self.sort(page.documents, &mut pending)?;
        let mut commands: Vec<Command> = Vec::new();
        for (fresh, mapped) in self.map(fresh) {
            match mapped.and_then(|mapped| self.claim(mapped)) {
                Ok(mut mapped) => {
                    let own = std::mem::take(&mut mapped.commands);
                    pending.documents.push((mapped, own.len()));
                    commands.extend(own);
                }
                Err(error) if is_ours(&error) => return Err(error.into()),
                Err(error) => self.quarantine(fresh.id, &fresh.document.bytes, &error, &mut pending.counts)?,
            }
        }
        if !commands.is_empty() && !self.wish.dry_run {
            pending.answers = Some(self.catalogue.submit_as(commands, true)?);
        }
        Ok(pending)
    }

    /// Notes what is listed and keeps what is not known as it is.
    fn sort(&mut self, documents: Vec<Document>, pending: &mut Pending) -> Result<Vec<Fresh>, Break> {
        let mut fresh = Vec::new();
        for (number, document) in documents.into_iter().enumerate() {
            let Some(id) = document.id.clone().filter(|id| !id.is_empty()) else {
                let name = format!("page {}, record {}", self.pages.count(), number + 1);
                let error = Error::invalid("", "the source does not say what it is called");
                self.quarantine(name, &document.bytes, &error, &mut pending.counts)?;
                continue;
            };
            if self.present.len() + self.gone.len() >= MAX_DOCUMENTS {
                let reason = format!("it lists more than {MAX_DOCUMENTS} records");
                return Err(Break::Fault(RunFault::new("endless", reason)));
            }
            let is_repeated = self.present.contains(&id) || self.gone.contains(&id);
            pending.counts.listed += usize::from(!is_repeated);
            self.list(id.clone(), document.deleted);
            let listed = if document.deleted { &mut pending.note.gone } else { &mut pending.note.present };
            listed.push(id.clone());
            if document.deleted {
                continue;
            }
            if self.known.get(&id) == Some(&codec::sha256(&document.bytes)) {
                pending.counts.unchanged += usize::from(!is_repeated);
                continue;
            }
            fresh.push(Fresh { id, document });
        }
        Ok(fresh)
    }

    /// Maps documents, on several threads where they are many.
    fn map(&self, fresh: Vec<Fresh>) -> Vec<(Fresh, Result<Mapped, Error>)> {
        let (catalogue, source) = (self.catalogue, self.source.id.as_str());
        let one = |fresh: Fresh| {
            let mapped = catalogue.map_document(source, &fresh.id, &fresh.document);
            (fresh, mapped)
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(fresh.len() / WORTH_A_THREAD);
        if threads < 2 {
            return fresh.into_iter().map(one).collect();
        }
        let each = fresh.len().div_ceil(threads);
        let mut parts: Vec<Vec<Fresh>> = Vec::with_capacity(threads);
        let mut rest = fresh.into_iter();
        while parts.len() < threads {
            parts.push(rest.by_ref().take(each).collect());
        }
        std::thread::scope(|scope| {
            let started: Vec<_> =
                parts.into_iter().map(|part| scope.spawn(|| part.into_iter().map(one).collect::<Vec<_>>())).collect();
            started.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        })
    }

    /// A document whose records another document has made cannot have them too: they would take turns for ever.
    fn claim(&mut self, mapped: Mapped) -> Result<Mapped, Error> {
        if self.owners.is_none() {
            let owners = if self.known.len() == 0 { Ok(Default::default()) } else { self.folder.owners() };
            self.owners = Some(owners.map_err(Error::internal("reading what is known of a source"))?);
        }
        let Some(owners) = &mut self.owners else { return Ok(mapped) };
        let is_other =
            |key: &&Key| owners.get(key).is_some_and(|owner| *owner != mapped.id && !self.gone.contains(owner));
        if let Some(key) = mapped.keys.iter().find(is_other) {
            let owner = owners.get(key).cloned().unwrap_or_default();
            return Err(Error::invalid("/id", format!("names {key}, which the document {owner:?} of this source is")));
        }
        owners.extend(mapped.keys.iter().map(|key| (key.clone(), mapped.id.clone())));
        Ok(mapped)
    }

    /// Puts a document aside, with its bytes if they are few.
    fn quarantine(&mut self, id: String, bytes: &[u8], error: &Error, counts: &mut Counts) -> Result<(), Break> {
        counts.quarantined += 1;
        let sha256 = codec::sha256(bytes).to_string();
        let reason: String = error.chain().chars().take(500).collect();
        let quarantined = Quarantined { id: id.clone(), sha256, bytes: bytes.len() as u64, reason };
        let is_news = self.standing.quarantine.get(&id) != Some(&quarantined);
        if is_news && !self.wish.dry_run && bytes.len() <= QUARANTINE_BYTES && self.kept.len() < QUARANTINE_KEPT {
            self.kept.push(self.catalogue.stage_bytes(bytes)?);
        }
        self.standing.quarantine.insert(id, quarantined.clone());
        self.quarantine.push(quarantined);
        Ok(())
    }

    /// Waits until a page is durable, and notes it.
    pub(super) fn settle(&mut self, pending: Pending) -> Result<(), Break> {
        let Pending { documents, answers, note, next, mut counts } = pending;
        let mut outcomes = match answers {
            Some(answers) => answers.blocking_recv().map_err(|_| Break::Stopped)?.into_iter(),
            None => Vec::new().into_iter(),
        };
        let mut noted = Vec::with_capacity(documents.len());
        for (mapped, commands) in documents {
            let own: Result<Vec<_>, Error> = outcomes.by_ref().take(commands).collect();
            match own {
                Ok(receipts) => {
                    let is_same =
                        !self.wish.dry_run && receipts.iter().all(|receipt| receipt.effect == Effect::Unchanged);
                    let is_known = self.known.get(&mapped.id).is_some();
                    match (is_same, is_known) {
                        (true, _) => counts.unchanged += 1,
                        (false, true) => counts.changed += 1,
                        (false, false) => counts.new += 1,
                    }
                    self.standing.quarantine.remove(&mapped.id);
                    let document = KnownDocument { id: mapped.id, sha256: Some(mapped.sha256), keys: mapped.keys };
                    self.known.note(&document);
                    noted.push(document);
                }
                Err(error) if is_ours(&error) => return Err(error.into()),
                Err(error) => self.quarantine(mapped.id, &[], &error, &mut counts)?,
            }
        }
        self.progress.counts.add(counts);
        self.progress.pages += 1;
        self.progress.page = next;
        if self.wish.dry_run {
            return Ok(());
        }
        self.progress.sequence = self.catalogue.last_sequence();
        let kept = self.folder.note(&noted).and_then(|()| self.folder.note_page(&self.progress, &note));
        kept.map_err(|error| Break::Ours(Error::internal("noting a harvested page")(error)))
    }
}

/// What a page looks like, by digests.
fn mark_of(page: &Listing) -> PageMark {
    let mut hasher = Sha256Hasher::default();
    for document in &page.documents {
        for part in [document.id.as_deref(), document.datestamp.as_deref()].into_iter().flatten() {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&[u8::from(document.deleted)]);
        hasher.update(&document.bytes);
    }
    let continuation = page.next.as_ref().map(|next| codec::sha256(next.as_bytes()));
    PageMark { records: (!page.documents.is_empty()).then(|| hasher.finish()), continuation }
}

/// Whether nothing more can be registered, whatever the document.
fn is_ours(error: &Error) -> bool {
    match error {
        Error::ReadOnly { .. } | Error::InsufficientStorage { .. } | Error::Unavailable { .. } => true,
        Error::Internal { doing, .. } => !doing.contains("editing"),
        _ => false,
    }
}
