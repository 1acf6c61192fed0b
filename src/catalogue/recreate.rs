//! Making a product again: plan, perform in a folder of its own, compare, keep the evidence, and tell the product's record how
//! it stands. A use case over `recreation`; knows no engine by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;

use super::command::{Action, Command, Intent, Outcome, Precondition};
use super::holdings::Shelf;
use super::secrets::SecretsError;
use super::{Catalogue, Error, now};
use crate::archive::StagedPayload;
use crate::codec;
use crate::model::json::{Fields, Members};
use crate::model::{Entity, Instant, Key, Kind, RECREATION, Sha256};
use crate::recreation::evidence::{self, Circumstances, Subject};
use crate::recreation::perform::{End, Executor, LimitKind, WasiEngine};
use crate::recreation::plan::{self, Plan};
use crate::recreation::recipe::{ProductName, Recipe};
use crate::recreation::run::{RunError, Workshop};
use crate::recreation::verdict::{Attempt, Verdict};

/// A proof that is newer is not noted again in the product's record, which would be a revision for every drill.
const NOTE_AGAIN_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// Attempts to edit a record that others write too.
const REWRITE_ATTEMPTS: usize = 16;

/// How long a recipe waits for others to end.
const PATIENCE: Duration = Duration::from_secs(600);

/// What runs recipes; without it nothing is made again.
#[derive(Clone)]
pub struct RecreationSettings {
    pub executor: Arc<dyn Executor>,
    /// Root file system of native programs; the machine's own where none is pinned.
    pub root: Option<PathBuf>,
    /// Runs at once; others wait.
    pub at_once: usize,
}

impl std::fmt::Debug for RecreationSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RecreationSettings").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Verdicts since the service started.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; VERDICTS.len()]);

/// All verdicts, by their words.
const VERDICTS: [&str; 5] = ["identical", "equivalent", "different", "failed", "blocked"];

impl Tally {
    fn count(&self, verdict: &Verdict) {
        for (counter, _) in self.0.iter().zip(VERDICTS).filter(|(_, name)| *name == verdict.name()) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each verdict with how often it was given.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        VERDICTS.into_iter().zip(self.0.iter().map(|counter| counter.load(Ordering::Relaxed)))
    }
}

/// How a product shall be made again.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// For WebAssembly programs.
    pub engine: WasiEngine,
    /// Whether the inputs that must not work are tried as well.
    pub negative_cases: bool,
    /// `request`, `drill` or `read`.
    pub occasion: &'a str,
    /// Who asks: a user name, or `local`.
    pub agent: &'a str,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { engine: WasiEngine::Cranelift, negative_cases: true, occasion: "request", agent: "local" }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Recreated {
    pub verdict: Verdict,
    pub attempt: Attempt,
    /// The key of the evidence.
    pub evidence: Key,
    /// Its record as stored.
    pub record: String,
}

/// A folder under `work/` that goes when it is dropped.
pub(super) struct Bench(PathBuf);

impl Bench {
    pub(super) fn make(work: &Path) -> Result<Self, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = work.join(format!("recreation-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Error::internal("making a folder for a run"))?;
        std::path::absolute(path).map(Self).map_err(Error::internal("making a folder for a run"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "the folder of a run was not removed");
        }
    }
}

impl Catalogue {
    /// What would have to be run to make a product (or what a recipe makes) again, and what stands in the way.
    ///
    /// # Errors
    /// `NotFound`; `NoSuch` recipe.
    pub fn plan(&self, key: &Key) -> Result<Plan, Error> {
        let recipe = self.recipe_for(key)?;
        plan::plan(self, Arc::new(recipe))
    }

    /// Makes a product again, compares it with what is preserved, and keeps signed evidence. Waits: to be called on a thread
    /// that may.
    ///
    /// # Errors
    /// As `plan`; `Unavailable` where this process runs nothing; `Internal` when a run could not even be tried. Whatever a
    /// program does is a verdict.
    pub fn recreate(&self, key: &Key, wish: &Wish<'_>) -> Result<Recreated, Error> {
        let recipe = Arc::new(self.recipe_for(key)?);
        let product = self.product_of(key, &recipe)?;
        self.health.check_writable()?;
        let started = time_of(now());
        // Made before anything is run, so that what came of it can be signed.
        self.secrets.signing_key().map_err(signing_error)?;
        let (attempt, bench) = self.attempt(&recipe, wish)?;
        // What was made takes room that the evidence may need.
        drop(bench);
        let ended = time_of(now());
        let evidence = self.keep_evidence(&recipe, product.as_ref(), (&started, &ended), wish, &attempt)?;
        if let Some(product) = &product {
            self.note(&product.key(), &attempt, &ended, &evidence.0, wish.agent)?;
        }
        self.tally.count(&attempt.verdict);
        let (id, verdict) = (recipe.id.as_str(), attempt.verdict.name());
        let product = product.map(|product| product.key().to_string());
        if attempt.verdict.is_proof() {
            tracing::info!(recipe.id = id, product, verdict, evidence.id = %evidence.0.id, "made again");
        } else {
            tracing::warn!(recipe.id = id, product, verdict, evidence.id = %evidence.0.id, "could not be made again");
        }
        let (evidence, record) = evidence;
        Ok(Recreated { verdict: attempt.verdict.clone(), attempt, evidence, record })
    }

    /// Plans and performs. What was made lies in the folder while it is kept.
    pub(super) fn attempt(&self, recipe: &Arc<Recipe>, wish: &Wish<'_>) -> Result<(Attempt, Bench), Error> {
        let none = || Error::Unavailable { reason: "this process runs no recipes".to_owned() };
        let settings = self.settings.recreation.as_ref().ok_or_else(none)?;
        let plan = plan::plan(self, Arc::clone(recipe))?;
        let room = self.room()?;
        let bench = Bench::make(&self.work_folder())?;
        let _place = self.runs.enter_within(PATIENCE)?;
        let workshop = Workshop {
            executor: settings.executor.as_ref(),
            engine: wish.engine,
            bytes: &Shelf(self),
            folder: bench.path(),
            room,
            root: settings.root.as_deref(),
        };
        let attempt = workshop.perform(&plan, wish.negative_cases).map_err(|error| match error {
            RunError::Disk { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Error::InsufficientStorage { free: 0, threshold: 0 }
            }
            error => Error::internal("running a recipe")(error),
        })?;
        // Too little room on this disk says nothing about the recipe.
        let is_full = matches!(&attempt.verdict, Verdict::Failed { end: End::Limit { which: LimitKind::Output }, .. });
        if is_full && room < recipe.limits.output_bytes {
            let threshold = self.settings.free_space_threshold;
            return Err(Error::InsufficientStorage { free: room.saturating_add(threshold), threshold });
        }
        Ok((attempt, bench))
    }

    /// Bytes that runs may write before the disk has too few for the archive.
    fn room(&self) -> Result<u64, Error> {
        let free = self.archive.free_bytes().map_err(Error::internal("looking for free space"))?;
        let threshold = self.settings.free_space_threshold;
        match free.saturating_sub(threshold) {
            0 => Err(Error::InsufficientStorage { free, threshold }),
            room => Ok(room),
        }
    }

    /// The product that is asked for; none where a recipe is. Its recipe must make one of its files.
    fn product_of(&self, key: &Key, recipe: &Recipe) -> Result<Option<ProductName>, Error> {
        let (Kind::Product, Some(collection)) = (key.kind, &key.collection) else { return Ok(None) };
        let stored = self.get(key)?;
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let digests = digests_of(&entity);
        if !digests.iter().any(|digest| recipe.output_of(digest).is_some()) {
            let what = format!(
                "output of recipe {} among the files of {key}: no sha256 of theirs is one of its outputs",
                recipe.id
            );
            return Err(Error::NoSuch { what });
        }
        Ok(Some(ProductName { collection: collection.clone(), id: key.id.clone() }))
    }

    fn keep_evidence(
        &self,
        recipe: &Recipe,
        product: Option<&ProductName>,
        (started, ended): (&str, &str),
        wish: &Wish<'_>,
        attempt: &Attempt,
    ) -> Result<(Key, String), Error> {
        let subject = Subject { product, recipe: &recipe.id };
        let software = concat!("perennial ", env!("CARGO_PKG_VERSION"));
        let circumstances = Circumstances { started, ended, occasion: wish.occasion, software };
        let about = product.map_or(recipe.id.as_str(), |product| product.id.as_str());
        let unique = codec::sha256(format!("{about}\0{}\0{ended}", recipe.id).as_bytes()).to_string();
        let id = format!("{RECREATION}{ended}:{}", unique.get(..12).unwrap_or_default());
        let key = self.secrets.signing_key().map_err(Error::internal("reading the signing key"))?;
        let unsigned =
            |reason: String| Error::Unavailable { reason: format!("the evidence cannot be signed: {reason}") };
        let record = evidence::record(&id, &subject, &circumstances, attempt, &key).map_err(unsigned)?;
        let checked = self.check(&record)?;
        let action = Action::Put { record: checked.text.clone(), intent: Intent::Create, payloads: Vec::new() };
        self.submit_and_wait(command(checked.key.clone(), action, Precondition::None, wish.agent))?;
        Ok((checked.key, checked.text))
    }

    /// Writes into the product's record how it stands, unless it says so already.
    fn note(&self, key: &Key, attempt: &Attempt, at: &str, evidence: &Key, agent: &str) -> Result<(), Error> {
        let verdict = attempt.verdict.name();
        let status = if attempt.verdict.is_proof() { "proved" } else { verdict };
        self.rewrite(key, agent, Vec::new(), |record| {
            if is_noted(record, verdict, at) {
                return Ok(None);
            }
            let mut members = Members::parse(record).map_err(Error::internal("reading a stored record"))?;
            let mut noted = Members::parse(members.get("recreation").unwrap_or("{}")).unwrap_or_default();
            for (name, value) in
                [("status", status), ("verdict", verdict), ("at", at), ("evidence", evidence.id.as_str())]
            {
                noted.set_value(name, value).map_err(Error::internal("editing a record"))?;
            }
            let noted = RawValue::from_string(noted.to_text()).map_err(Error::internal("editing a record"))?;
            members.set("recreation", noted);
            Ok(Some(members.to_text()))
        })
    }

    /// Reads, edits and replaces a record on a thread that may wait; tries again when somebody else was quicker. An edit
    /// that gives nothing changes nothing.
    pub(super) fn rewrite(
        &self,
        key: &Key,
        agent: &str,
        payloads: Vec<Arc<StagedPayload>>,
        edit: impl Fn(&str) -> Result<Option<String>, Error>,
    ) -> Result<(), Error> {
        for _ in 0..REWRITE_ATTEMPTS {
            let stored = self.get(key)?;
            let Some(edited) = edit(&String::from_utf8_lossy(&stored.record))? else { return Ok(()) };
            let checked = self.check(&edited)?;
            let action = Action::Put { record: checked.text, intent: Intent::Replace, payloads: payloads.clone() };
            let precondition = Precondition::OneOf(vec![stored.digest]);
            match self.submit_and_wait(command(key.clone(), action, precondition, agent)) {
                Err(Error::PreconditionFailed { .. }) => {}
                outcome => return outcome.map(drop),
            }
        }
        Err(Error::Unavailable { reason: format!("{key} is written all the time") })
    }

    /// As `submit_one`, on a thread that may wait.
    pub(super) fn submit_and_wait(&self, command: Command) -> Outcome {
        let stopped = || Error::Unavailable { reason: "the service is stopping".to_owned() };
        let outcomes = self.submit(vec![command])?.blocking_recv().map_err(|_| stopped())?;
        outcomes.into_iter().next().ok_or_else(stopped)?
    }

    /// Evidence of a product's recreations, newest first, as stored.
    ///
    /// # Errors
    /// `NotFound`, `Gone`.
    pub fn evidence(&self, key: &Key) -> Result<Vec<String>, Error> {
        self.get(key)?;
        let relation = if key.kind == Kind::Recipe { evidence::TRIED } else { evidence::ABOUT };
        let mut found = self.evidence_of(key.id.as_str(), relation)?;
        found.retain(|tried| is_about(&tried.record, key));
        Ok(found.into_iter().rev().map(|tried| tried.record).collect())
    }
}

/// Whether evidence is about this product, whose id may be another's in another collection.
pub(super) fn is_about(record: &str, key: &Key) -> bool {
    let Some(recreation) = Fields::of_valid(record).and_then(|fields| Fields::of_valid(fields.get("recreation")?))
    else {
        return false;
    };
    let Some(collection) = &key.collection else {
        return recreation.string("recipe").as_deref() == Some(key.id.as_str());
    };
    let product = recreation.get("product").and_then(Fields::of_valid);
    product.is_some_and(|product| {
        product.string("collection").as_deref() == Some(collection.as_str())
            && product.string("id").as_deref() == Some(key.id.as_str())
    })
}

/// Whether a record says this verdict already, not too long ago.
fn is_noted(record: &str, verdict: &str, at: &str) -> bool {
    let noted = Fields::of_valid(record).and_then(|fields| Fields::of_valid(fields.get("recreation")?));
    let Some(noted) = noted.filter(|noted| noted.string("verdict").as_deref() == Some(verdict)) else { return false };
    let micros = |text: &str| Instant::parse(text).ok().map(Instant::micros);
    let before = noted.string("at").and_then(|before| micros(&before));
    let Some((before, now)) = before.zip(micros(at)) else { return false };
    u128::try_from(now - before).is_ok_and(|passed| passed < NOTE_AGAIN_AFTER.as_micros())
}

/// Digests of a product's files, held or only promised.
pub(super) fn digests_of(entity: &Entity<'_>) -> Vec<Sha256> {
    let promised = |file: &crate::model::File<'_>| {
        let sha256 = file.checksums.iter().filter(|checksum| checksum.algorithm == Sha256::ALGORITHM);
        sha256.filter_map(|checksum| Sha256::parse(&checksum.value.to_ascii_lowercase()).ok()).collect::<Vec<_>>()
    };
    entity.files.iter().flat_map(|file| file.payload().into_iter().chain(promised(file))).collect()
}

/// Why the key that signs cannot be had: a full disk is told as such.
fn signing_error(error: SecretsError) -> Error {
    match error {
        SecretsError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            Error::InsufficientStorage { free: 0, threshold: 0 }
        }
        error => Error::internal("reading the signing key")(error),
    }
}

fn command(key: Key, action: Action, precondition: Precondition, agent: &str) -> Command {
    Command { key, action, precondition, idempotency: None, agent: agent.to_owned() }
}

fn time_of(instant: Instant) -> String {
    instant.to_string()
}
