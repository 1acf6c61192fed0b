//! Many documents at once: each is told by its content, checked, and handed to the writer together with its neighbours.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::command::{Action, Command, Intent, Outcome, Precondition};
use super::delivery::Delivery;
use super::{Address, Caller, Catalogue, Error, now, register, stage_error};
use crate::archive::StagedPayload;
use crate::codec;
use crate::importer::{self, FieldCounts, Format, Imported};
use crate::model::json::Members;
use crate::model::{Key, RecordId};

/// Longest line or document taken into memory, bytes; of a longer data file this much is looked at.
pub const MAX_DOCUMENT_BYTES: u64 = 64 << 20;

/// A document as it arrived.
#[derive(Debug)]
pub struct Document {
    /// Number of the line or file, for reports.
    pub number: u64,
    /// Name of the file, or `line N`.
    pub name: String,
    /// Its bytes, or why they were not taken. Of a very large file only the start.
    pub bytes: Result<Vec<u8>, Error>,
    /// The file that it is, when it was delivered as one.
    pub path: Option<PathBuf>,
    /// Length of the whole file, when `bytes` is only its start.
    pub length: Option<u64>,
}

impl Document {
    /// A document that came by itself.
    pub const fn alone(number: u64, name: String, bytes: Result<Vec<u8>, Error>) -> Self {
        Self { number, name, bytes, path: None, length: None }
    }
}

/// What became of a document.
#[derive(Debug)]
pub struct DocumentReport {
    pub number: u64,
    pub name: String,
    /// One for each record that the document made, or the reason why it made none.
    pub outcomes: Vec<Outcome>,
    /// What was noticed, guessed or left out, each with its reason.
    pub findings: Vec<String>,
    /// What it was taken for.
    pub format: Option<Format>,
    /// How many of its fields went into records, and how many only into the kept source.
    pub fields: FieldCounts,
}

/// A report whose outcomes are partly known: what was refused before the writer saw it.
struct Draft {
    report: DocumentReport,
    /// How many commands of this document wait for the writer.
    waiting: usize,
}

/// Who submits, and where the files are that the records name.
#[derive(Clone, Copy)]
struct Submitter<'a> {
    agent: &'a str,
    files: Option<&'a Path>,
    delivery: Option<&'a Delivery>,
}

/// A document whose bytes were taken.
struct Taken<'a> {
    bytes: &'a [u8],
    path: Option<&'a Path>,
    /// Path below the delivery.
    place: Option<&'a str>,
    length: Option<u64>,
}

/// Checked documents, ready for the writer.
pub struct Prepared {
    drafts: Vec<Draft>,
    commands: Vec<Command>,
}

/// Documents that wait for the writer.
pub struct Ticket {
    drafts: Vec<Draft>,
    outcomes: Result<oneshot::Receiver<Vec<Outcome>>, Error>,
}

impl Catalogue {
    /// Checks documents and makes commands of them. Takes processor time and may write small files: not for a thread
    /// that must not wait.
    pub fn prepare(&self, documents: Vec<Document>, agent: &str) -> Prepared {
        self.prepare_documents(documents, Submitter { agent, files: None, delivery: None })
    }

    /// As `prepare`; files that records name are taken from `COLLECTION/ID/NAME` below a folder.
    pub fn prepare_with_files(&self, documents: Vec<Document>, agent: &str, files: &Path) -> Prepared {
        self.prepare_documents(documents, Submitter { agent, files: Some(files), delivery: None })
    }

    /// As `prepare`, for documents of a delivery: the files that they name beside them become files of their records.
    pub fn prepare_delivered(&self, documents: Vec<Document>, agent: &str, delivery: &Delivery) -> Prepared {
        self.prepare_documents(documents, Submitter { agent, files: None, delivery: Some(delivery) })
    }

    fn prepare_documents(&self, documents: Vec<Document>, submitter: Submitter<'_>) -> Prepared {
        let mut prepared = Prepared { drafts: Vec::with_capacity(documents.len()), commands: Vec::new() };
        for document in documents {
            let before = prepared.commands.len();
            let report = DocumentReport {
                number: document.number,
                name: document.name,
                outcomes: Vec::new(),
                findings: Vec::new(),
                format: None,
                fields: FieldCounts::default(),
            };
            let mut draft = Draft { report, waiting: 0 };
            let (path, length) = (document.path.as_deref(), document.length);
            let place = submitter.delivery.zip(path).map(|(delivery, path)| delivery.relative(path));
            let read = document.bytes.and_then(|bytes| {
                let taken = Taken { bytes: &bytes, path, place: place.as_deref(), length };
                self.read_document(&taken, submitter, &mut draft, &mut prepared.commands)
            });
            if let Err(error) = read {
                draft.report.outcomes.push(Err(error));
            }
            draft.waiting = prepared.commands.len() - before;
            prepared.drafts.push(draft);
        }
        prepared
    }

    fn read_document(
        &self,
        taken: &Taken<'_>,
        submitter: Submitter<'_>,
        draft: &mut Draft,
        commands: &mut Vec<Command>,
    ) -> Result<(), Error> {
        let bytes = taken.bytes;
        let Some(format) = importer::recognise(&draft.report.name, bytes) else {
            if let (Some(delivery), Some(path)) = (submitter.delivery, taken.path)
                && let Some(command) = self.fixity_report(path, bytes, delivery, submitter.agent)?
            {
                commands.push(command);
                return Ok(());
            }
            if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
                return Err(Error::invalid("", "is of no format that is known here"));
            }
            // Native records are the common tongue: their schema says best what is missing.
            return self.native_command(text_of(bytes)?, submitter, commands);
        };
        draft.report.format = Some(format);
        let whole = match taken.length {
            Some(length) if !format.is_read_from_its_start() => {
                return Err(Error::invalid("", format!("is too long for a document of its kind: {length} bytes")));
            }
            Some(_) => taken.path.map(|path| self.stage_file(path)).transpose()?,
            None => None,
        };
        let digest = |bytes: &[u8]| whole.as_ref().map_or_else(|| codec::sha256(bytes), |whole| whole.sha256);
        let beside = |name: &str| submitter.delivery?.read_beside(taken.path?, name);
        let context = importer::Context {
            names: &self.names,
            beside: &beside,
            path: taken.place.unwrap_or_default(),
            length: taken.length,
            ..importer::Context::new(&digest)
        };
        let imported = importer::import(format, bytes, &context);
        self.take_imported(imported, taken, whole, submitter, draft, commands);
        Ok(())
    }

    fn native_command(&self, text: &str, submitter: Submitter<'_>, commands: &mut Vec<Command>) -> Result<(), Error> {
        let checked = self.check(text)?;
        let (text, payloads) = match submitter.files {
            Some(folder) => self.with_companions(&checked.key, checked.text, folder)?,
            None => (checked.text, Vec::new()),
        };
        commands.push(put(checked.key, text, payloads, Intent::Put, submitter.agent));
        Ok(())
    }

    fn take_imported(
        &self,
        imported: Imported,
        taken: &Taken<'_>,
        whole: Option<Arc<StagedPayload>>,
        submitter: Submitter<'_>,
        draft: &mut Draft,
        commands: &mut Vec<Command>,
    ) {
        draft.report.fields = draft.report.fields + imported.fields;
        for finding in imported.findings {
            match finding.reason.outcome() {
                importer::Outcome::Refused => draft.report.outcomes.push(Err(Error::invalid("", finding.to_string()))),
                _ => draft.report.findings.push(finding.to_string()),
            }
        }
        let mut staged: Option<(Range<usize>, Arc<StagedPayload>)> = whole.map(|whole| (0..taken.bytes.len(), whole));
        for entity in imported.entities {
            let made = match &entity.source {
                None => self.native_command(&entity.record, submitter, commands),
                Some(source) => self.stage_source(taken, &source.range, &mut staged).and_then(|document| {
                    self.entity_commands(&entity.record, document, taken, submitter, draft, commands)
                }),
            };
            if let Err(error) = made {
                draft.report.outcomes.push(Err(error));
            }
        }
    }

    /// Records that share one document share its payload.
    fn stage_source(
        &self,
        taken: &Taken<'_>,
        range: &Range<usize>,
        last: &mut Option<(Range<usize>, Arc<StagedPayload>)>,
    ) -> Result<Arc<StagedPayload>, Error> {
        if let Some((known, payload)) = last
            && known == range
        {
            return Ok(Arc::clone(payload));
        }
        let payload = self.stage_bytes(taken.bytes.get(range.clone()).unwrap_or_default())?;
        *last = Some((range.clone(), Arc::clone(&payload)));
        Ok(payload)
    }

    fn entity_commands(
        &self,
        record: &str,
        document: Arc<StagedPayload>,
        taken: &Taken<'_>,
        submitter: Submitter<'_>,
        draft: &mut Draft,
        commands: &mut Vec<Command>,
    ) -> Result<(), Error> {
        let checked = self.check(record)?;
        let mut payloads = vec![document];
        let mut text = checked.text;
        if let Some(place) = taken.place.filter(|_| draft.report.format.is_some_and(Format::is_named_by_its_path)) {
            text = with_source_path(&text, place)?;
        }
        if let (Some(delivery), Some(path)) = (submitter.delivery, taken.path) {
            let attached = self.with_delivered(&checked.key, text, path, delivery)?;
            payloads.extend(attached.payloads);
            draft.report.findings.extend(attached.findings);
            text = attached.text;
        }
        if let Some(collection) = &checked.key.collection {
            self.ensure_collection(collection, submitter.agent, commands)?;
        }
        commands.push(put(checked.key, text, payloads, Intent::Import, submitter.agent));
        Ok(())
    }

    /// An imported product whose collection nobody registered gets a minimal one, which a later document replaces.
    fn ensure_collection(&self, id: &RecordId, agent: &str, commands: &mut Vec<Command>) -> Result<(), Error> {
        let key = Key::collection(id.clone());
        let current = self.records.current(&key).map_err(Error::internal("looking for a collection"))?;
        let known = current.is_some_and(|current| !current.deleted);
        if known || commands.iter().any(|command| command.key == key) {
            return Ok(());
        }
        let checked = self.check(&importer::minimal_collection(id))?;
        commands.push(put(checked.key, checked.text, Vec::new(), Intent::Ensure, agent));
        Ok(())
    }

    /// Registers one foreign document that makes exactly the record of the address.
    ///
    /// # Errors
    /// `Invalid` when it makes none, several or another record; the writer's refusals.
    pub async fn put_document(&self, address: &Address, bytes: Vec<u8>, intent: Intent, caller: Caller) -> Outcome {
        let format = importer::recognise("request", &bytes);
        let format = format.ok_or_else(|| Error::invalid("", "is no document of a format that is known here"))?;
        let named = address.collection.as_ref().map_or(importer::UNCOLLECTED, RecordId::as_str);
        let context =
            importer::Context { collection: named, names: &self.names, ..importer::Context::new(&codec::sha256) };
        let mut imported = importer::import(format, &bytes, &context);
        let (Some(entity), true) = (imported.entities.pop(), imported.entities.is_empty()) else {
            let reason =
                imported.findings.first().map_or_else(|| "makes no single record".to_owned(), ToString::to_string);
            return Err(Error::invalid("", reason));
        };
        let checked = self.check(&entity.record)?;
        register::agree(address, &checked.key)?;
        let payloads = match &entity.source {
            Some(source) => vec![self.stage_bytes(bytes.get(source.range.clone()).unwrap_or_default())?],
            None => Vec::new(),
        };
        let action = Action::Put { record: checked.text, intent, payloads };
        self.submit_one(register::command(checked.key, action, caller)).await
    }

    pub(super) fn stage_bytes(&self, bytes: &[u8]) -> Result<Arc<StagedPayload>, Error> {
        let mut stager = stage_error(self.archive.stage(now()))?;
        stage_error(stager.write(bytes))?;
        stage_error(stager.finish(None)).map(Arc::new)
    }

    /// Hands prepared documents to the writer; waits while its queue is full.
    pub fn enqueue(&self, prepared: Prepared) -> Ticket {
        let Prepared { drafts, commands } = prepared;
        let outcomes = if commands.is_empty() { Ok(oneshot::channel().1) } else { self.submit(commands) };
        Ticket { drafts, outcomes }
    }
}

impl Ticket {
    /// The reports, once everything that can be kept is durable and findable.
    pub async fn reports(self) -> Vec<DocumentReport> {
        let outcomes = match self.outcomes {
            Ok(outcomes) => outcomes.await.ok(),
            Err(error) => return distribute(self.drafts, Vec::new(), &error),
        };
        distribute(self.drafts, outcomes.unwrap_or_default(), &stopping())
    }

    /// As `reports`, for a thread outside of any runtime.
    pub fn wait(self) -> Vec<DocumentReport> {
        let outcomes = match self.outcomes {
            Ok(outcomes) => outcomes.blocking_recv().ok(),
            Err(error) => return distribute(self.drafts, Vec::new(), &error),
        };
        distribute(self.drafts, outcomes.unwrap_or_default(), &stopping())
    }
}

fn stopping() -> Error {
    Error::Unavailable { reason: "the service stopped before this was answered; send it again".to_owned() }
}

fn distribute(drafts: Vec<Draft>, outcomes: Vec<Outcome>, otherwise: &Error) -> Vec<DocumentReport> {
    let mut outcomes = outcomes.into_iter();
    let mut reports = Vec::with_capacity(drafts.len());
    for Draft { mut report, waiting } in drafts {
        for _ in 0..waiting {
            report.outcomes.push(outcomes.next().unwrap_or_else(|| Err(otherwise.for_another())));
        }
        reports.push(report);
    }
    reports
}

/// Notes where the source document stood in its delivery: importing it again needs that.
pub(super) fn with_source_path(record: &str, place: &str) -> Result<String, Error> {
    let broken = "editing a checked record";
    let mut members = Members::parse(record).map_err(Error::internal(broken))?;
    let source = members.get("source").unwrap_or("{}");
    let mut source = Members::parse(source).map_err(Error::internal(broken))?;
    source.set_value("path", place).map_err(Error::internal(broken))?;
    let source = RawValue::from_string(source.to_text()).map_err(Error::internal(broken))?;
    members.set("source", source);
    Ok(members.to_text())
}

fn put(key: Key, record: String, payloads: Vec<Arc<StagedPayload>>, intent: Intent, agent: &str) -> Command {
    let action = Action::Put { record, intent, payloads };
    Command { key, action, precondition: Precondition::None, idempotency: None, agent: agent.to_owned() }
}

fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| Error::invalid("", format!("not UTF-8 at byte {}", error.valid_up_to())))
}
