//! Virtual products: bytes that are proved to be recreatable may be dropped, come back when somebody reads them, and can be
//! kept again. Decides who may drop what; the archive only does it.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use super::command::{Action, Command, Intent, Precondition};
use super::holdings::Tried;
use super::recreate::{Wish, is_about};
use super::{Catalogue, Error, HeldFile, now};
use crate::archive::{DropError, Payload, ReadError, Reason};
use crate::codec;
use crate::model::json::{self, Fields, Members};
use crate::model::{Entity, Instant, Key, Kind, PayloadLocation, RecordId, Sha256};
use crate::recreation::evidence;
use crate::recreation::plan;
use crate::recreation::recipe::Recipe;
use crate::recreation::verdict::Verdict;

/// Proofs that are needed before bytes may go, and engines that must have given them.
const PROOFS: usize = 2;
const ENGINES: usize = 2;

/// Rebuilt payloads that wait in `work/` for the next reader.
const MOST_REBUILT: usize = 32;

/// A file whose bytes went, or would go.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DroppedFile {
    pub name: String,
    pub sha256: Sha256,
    /// Length of the original, bytes.
    pub bytes: u64,
    /// Stored bytes that went; 0 in a dry run.
    pub freed: u64,
}

/// What was dropped, or kept again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Dropping {
    pub files: Vec<DroppedFile>,
    /// The signed record of it; none in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<RecordId>,
}

/// Who drops, and on what grounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct DropWish<'a> {
    pub agent: &'a str,
    /// The curator's reason why one engine is proof enough; kept and signed.
    pub consent: Option<&'a str>,
    pub dry_run: bool,
}

/// Rebuilt payloads, each made by one thread while others wait for it.
#[derive(Default)]
pub(super) struct Rebuilds(Mutex<HashMap<Sha256, Arc<Mutex<Option<PathBuf>>>>>);

impl Rebuilds {
    fn place(&self, sha256: Sha256) -> Arc<Mutex<Option<PathBuf>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_REBUILT && !all.contains_key(&sha256) {
            // Whoever reads one of them has it open.
            all.retain(|_, place| match place.try_lock() {
                Ok(path) => {
                    path.as_ref().map(std::fs::remove_file);
                    false
                }
                Err(_) => true,
            });
        }
        Arc::clone(all.entry(sha256).or_default())
    }
}

impl Catalogue {
    /// Drops the bytes of a product's files that its recipe makes. Nothing is dropped unless everything may be.
    ///
    /// # Errors
    /// `NotDroppable` with every reason; `NotFound`; `NoSuch` recipe.
    pub fn drop_bytes(&self, key: &Key, wish: &DropWish<'_>) -> Result<Dropping, Error> {
        self.health.check_writable()?;
        let recipe = self.recipe_for(key)?;
        let stored = self.get(key)?;
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let mut reasons = Vec::new();
        let mut files = Vec::new();
        let mut locations = Vec::new();
        for file in &entity.files {
            let Some(sha256) = file.payload().filter(|sha256| recipe.output_of(sha256).is_some()) else { continue };
            let location = self.payload_location(&sha256)?;
            if let PayloadLocation::Pack { .. } = location {
                let name = &file.name;
                reasons
                    .push(format!("{name} shares a pack with other payloads: register it with an object of its own"));
            } else if self.archive.holds(&sha256, &location).map_err(Error::internal("looking for a payload"))? {
                files.push(DroppedFile { name: file.name.to_string(), sha256, bytes: location.bytes(), freed: 0 });
                locations.push(location);
            }
        }
        if files.is_empty() && reasons.is_empty() {
            reasons.push("the recipe makes none of the files that are held".to_owned());
        }
        let digests: Vec<Sha256> = files.iter().map(|file| file.sha256).collect();
        let proofs = self.proofs(key, &recipe, wish.consent.is_some(), &mut reasons)?;
        self.check_inputs(&recipe, &digests, &mut reasons)?;
        self.check_holds(key, &recipe, &digests, &mut reasons)?;
        self.check_consent(&digests, &mut reasons)?;
        if !reasons.is_empty() {
            return Err(Error::NotDroppable { key: key.clone(), reasons });
        }
        if wish.dry_run {
            return Ok(Dropping { files, evidence: None });
        }
        let evidence = self.note_drop(key, &recipe, &files, &proofs, wish)?;
        for (file, location) in files.iter_mut().zip(&locations) {
            let reason = Reason {
                agent: wish.agent.to_owned(),
                recipe: recipe.id.to_string(),
                evidence: proofs.iter().map(ToString::to_string).chain([evidence.to_string()]).collect(),
            };
            file.freed = self.archive.drop_payload(&file.sha256, location, reason, now()).map_err(drop_error)?;
            tracing::info!(product.id = %key, sha256 = %file.sha256, freed = file.freed, "bytes dropped: they can be made again");
        }
        self.mark(key, Some(&evidence), wish.agent)?;
        Ok(Dropping { files, evidence: Some(evidence) })
    }

    /// Makes dropped bytes again and keeps them.
    ///
    /// # Errors
    /// `NotRecreated` with the reason; `NotFound`.
    pub fn keep_bytes(&self, key: &Key, agent: &str) -> Result<Dropping, Error> {
        self.health.check_writable()?;
        let stored = self.get(key)?;
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let mut files = Vec::new();
        let mut payloads = Vec::new();
        for file in &entity.files {
            let Some(sha256) = file.payload() else { continue };
            if plan::Holdings::held(self, &sha256)?.is_some() {
                continue;
            }
            let payload = self.rebuilt(&sha256)?;
            let mut stager = self.stage()?;
            for piece in payload.read() {
                let piece = piece.map_err(Error::internal("reading a rebuilt payload"))?;
                super::stage_error(stager.write(&piece))?;
            }
            payloads.push(Arc::new(super::stage_error(stager.finish(Some(sha256)))?));
            files.push(DroppedFile { name: file.name.to_string(), sha256, bytes: payload.bytes(), freed: 0 });
        }
        if files.is_empty() {
            return Ok(Dropping { files, evidence: None });
        }
        self.mark_with(key, None, agent, payloads)?;
        for file in &files {
            // The first list that names the payload says that it has an object: where it does not, the note stays.
            if let PayloadLocation::Object { .. } = self.payload_location(&file.sha256)? {
                self.archive.forget_dropped(&file.sha256).map_err(Error::internal("removing a note"))?;
            }
        }
        Ok(Dropping { files, evidence: None })
    }

    /// Evidence that allows a drop; what is missing goes to the reasons.
    fn proofs(
        &self,
        key: &Key,
        recipe: &Recipe,
        has_consent: bool,
        reasons: &mut Vec<String>,
    ) -> Result<Vec<RecordId>, Error> {
        let own =
            evidence::public_key(&self.secrets.signing_key().map_err(Error::internal("reading the signing key"))?);
        let all = self.evidence_of(key.id.as_str(), evidence::ABOUT)?;
        let all: Vec<Tried> = all.into_iter().filter(|tried| is_about(&tried.record, key)).collect();
        // A failure after the last proof takes the proofs before it back.
        let since =
            all.iter().rposition(|tried| tried.outcome().as_deref() != Some("identical")).map_or(0, |at| at + 1);
        let mut engines = BTreeSet::new();
        let mut proofs = Vec::new();
        for tried in all.get(since..).unwrap_or_default() {
            let by_us = evidence::verify(&tried.record).is_ok_and(|key| key == own);
            if by_us && recipe_and_engine(tried).is_some_and(|(made_by, _)| made_by == recipe.id.as_str()) {
                engines.extend(recipe_and_engine(tried).map(|(_, engine)| engine));
                proofs.push(tried.id.clone());
            }
        }
        if proofs.len() < PROOFS {
            reasons.push(format!("it was rebuilt identically {} times in a row, {PROOFS} are needed", proofs.len()));
        }
        if engines.len() < ENGINES && !has_consent {
            let seen = engines.into_iter().collect::<Vec<_>>().join(", ");
            reasons.push(format!(
                "it was proved on one engine alone ({seen}), {ENGINES} are needed; a curator may consent to one, with a reason"
            ));
        }
        Ok(proofs)
    }

    /// Everything that the recipe needs must stay: held, or made from what is held.
    fn check_inputs(&self, recipe: &Recipe, dropping: &[Sha256], reasons: &mut Vec<String>) -> Result<(), Error> {
        let plan = plan::plan(self, Arc::new(recipe.clone()))?;
        reasons.extend(plan.obstacles.iter().map(ToString::to_string));
        let inputs = plan.steps.iter().flat_map(|step| &step.inputs);
        for input in inputs.filter(|input| dropping.contains(&input.sha256)) {
            reasons.push(format!("{} is needed to make it again", input.name));
        }
        Ok(())
    }

    fn check_holds(
        &self,
        key: &Key,
        recipe: &Recipe,
        digests: &[Sha256],
        reasons: &mut Vec<String>,
    ) -> Result<(), Error> {
        let mut subjects: BTreeSet<String> =
            digests.iter().flat_map(|digest| [digest.to_string(), format!("payload:sha256:{digest}")]).collect();
        subjects.extend([key.id.to_string(), recipe.id.to_string()]);
        subjects.extend(
            key.collection.iter().flat_map(|collection| [collection.to_string(), format!("{collection}/{}", key.id)]),
        );
        for entry in self.records.keys(Kind::Hold, None, None) {
            let (hold, _) = entry.map_err(Error::internal("listing holds"))?;
            let Ok(stored) = self.get(&hold) else { continue };
            let record = String::from_utf8_lossy(&stored.record);
            let Some(fields) = Fields::of_valid(&record) else { continue };
            let until = fields.string("until").and_then(|until| Instant::parse(&until).ok());
            let named = json::elements(fields.get("subjects").unwrap_or("[]")).unwrap_or_default();
            let is_named =
                named.iter().filter_map(|name| json::read_string(name)).any(|name| subjects.contains(name.as_ref()));
            if is_named && until.is_none_or(|until| until > now()) {
                let reason = fields.string("reason").unwrap_or_default();
                reasons.push(format!("hold {} stands in the way: {reason}", hold.id));
            }
        }
        Ok(())
    }

    /// Looks through all records for those that name the payloads: each must allow it, and be a product with a recipe.
    fn check_consent(&self, digests: &[Sha256], reasons: &mut Vec<String>) -> Result<(), Error> {
        let names: Vec<String> = digests.iter().map(|digest| format!("payload:sha256:{digest}")).collect();
        for kind in Kind::ALL {
            for entry in self.records.keys(kind, None, None) {
                let (key, _) = entry.map_err(Error::internal("listing records"))?;
                let stored = match self.get(&key) {
                    Ok(stored) => stored,
                    Err(Error::Gone { .. } | Error::NotFound { .. }) => continue,
                    Err(error) => return Err(error),
                };
                if !names.iter().any(|name| memchr::memmem::find(&stored.record, name.as_bytes()).is_some()) {
                    continue;
                }
                let record = String::from_utf8_lossy(&stored.record);
                let retention = Fields::of_valid(&record).and_then(|fields| Fields::of_valid(fields.get("retention")?));
                if retention.and_then(|retention| retention.string("drop").map(|word| word == "allowed")) != Some(true)
                {
                    reasons.push(format!(
                        "{key} names the bytes and does not allow it (\"retention\": {{\"drop\": \"allowed\"}})"
                    ));
                }
            }
        }
        Ok(())
    }

    fn note_drop(
        &self,
        key: &Key,
        recipe: &Recipe,
        files: &[DroppedFile],
        proofs: &[RecordId],
        wish: &DropWish<'_>,
    ) -> Result<RecordId, Error> {
        let time = now().to_string();
        let unique = codec::sha256(format!("{key}\0{time}").as_bytes()).to_string();
        let id = format!("drop:{time}:{}", unique.get(..12).unwrap_or_default());
        let (product, links) = (key.id.as_str(), serde_json::json!([{"rel": "about", "href": key.id.as_str()}]));
        let record = serde_json::json!({
            "kind": "evidence", "id": id, "title": format!("Bytes of {product} dropped"), "subject": product, "outcome": "dropped",
            "processed_at": time, "links": links,
            "drop": {"product": {"collection": key.collection, "id": key.id}, "recipe": recipe.id, "files": files,
                     "proofs": proofs, "consent": wish.consent, "agent": wish.agent},
        });
        let signing_key = self.secrets.signing_key().map_err(Error::internal("reading the signing key"))?;
        let unsigned =
            |reason: String| Error::Unavailable { reason: format!("the evidence cannot be signed: {reason}") };
        let checked = self.check(&evidence::sign(&record.to_string(), &signing_key).map_err(unsigned)?)?;
        let action = Action::Put { record: checked.text, intent: Intent::Create, payloads: Vec::new() };
        let agent = wish.agent.to_owned();
        let command = Command { key: checked.key, action, precondition: Precondition::None, idempotency: None, agent };
        Ok(self.submit_and_wait(command)?.key.id)
    }

    fn mark(&self, key: &Key, evidence: Option<&RecordId>, agent: &str) -> Result<(), Error> {
        self.mark_with(key, evidence, agent, Vec::new())
    }

    /// Says in the product's record that its bytes were dropped, or that they are back.
    fn mark_with(
        &self,
        key: &Key,
        evidence: Option<&RecordId>,
        agent: &str,
        payloads: Vec<Arc<crate::archive::StagedPayload>>,
    ) -> Result<(), Error> {
        self.rewrite(key, agent, payloads, |record| {
            let mut members = Members::parse(record).map_err(Error::internal("reading a stored record"))?;
            let mut noted = Members::parse(members.get("recreation").unwrap_or("{}")).unwrap_or_default();
            match evidence {
                Some(id) => {
                    let note = serde_json::json!({"at": now().to_string(), "evidence": id.as_str()});
                    noted.set_value("dropped", &note).map_err(Error::internal("editing a record"))?;
                }
                None => drop(noted.remove("dropped")),
            }
            let noted = RawValue::from_string(noted.to_text()).map_err(Error::internal("editing a record"))?;
            members.set("recreation", noted);
            Ok(Some(members.to_text()))
        })
    }

    /// The bytes of a file, made again where they were dropped. May take as long as its recipe: for a thread that may wait.
    ///
    /// # Errors
    /// `NotRecreated` with the reason; `Internal` when the archive cannot give what it holds.
    pub fn open_payload(&self, file: &HeldFile) -> Result<Payload, Error> {
        match self.held_payload(file)? {
            Some(payload) => Ok(payload),
            None => self.rebuilt(&file.digest),
        }
    }

    /// The bytes of a file as the archive holds them; nothing where they were dropped.
    ///
    /// # Errors
    /// `Internal` when the archive cannot give them.
    pub fn held_payload(&self, file: &HeldFile) -> Result<Option<Payload>, Error> {
        match self.archive.payload(&file.digest, &file.location) {
            Ok(payload) => Ok(Some(payload)),
            Err(ReadError::Missing { .. }) if matches!(self.archive.dropped(&file.digest), Ok(Some(_))) => Ok(None),
            Err(error) => Err(Error::internal("opening a payload")(error)),
        }
    }

    /// Makes a dropped payload again; one thread does, others wait for it.
    fn rebuilt(&self, sha256: &Sha256) -> Result<Payload, Error> {
        let note = self.archive.dropped(sha256).map_err(Error::internal("looking for a payload"))?;
        let note = note.ok_or_else(|| Error::NoSuch { what: format!("payload sha256:{sha256}") })?;
        let refused = |reason: String| Error::NotRecreated { sha256: *sha256, reason };
        let place = self.rebuilds.place(*sha256);
        let mut path = place.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |path: &PathBuf| self.archive.payload_at(path, sha256, note.bytes);
        if let Some(payload) = path.as_ref().and_then(|path| open(path).ok()) {
            return Ok(payload);
        }
        let recipe = RecordId::parse(&note.recipe).map_err(|error| refused(error.to_string()))?;
        let recipe = self.recipe(&recipe)?.ok_or_else(|| refused(format!("recipe {} is gone", note.recipe)))?;
        let wish = Wish { negative_cases: false, occasion: "read", ..Wish::default() };
        let (attempt, bench) = self.attempt(&Arc::new(recipe), &wish)?;
        let made = attempt.outputs.iter().find(|output| output.found == *sha256);
        let Some(made) = made else { return Err(refused(reason_of(&attempt.verdict))) };
        let folder = self.work_folder().join("rebuilt");
        let target = folder.join(sha256.to_string());
        std::fs::create_dir_all(&folder).map_err(Error::internal("keeping a rebuilt payload"))?;
        std::fs::rename(&made.path, &target).map_err(Error::internal("keeping a rebuilt payload"))?;
        tracing::info!(%sha256, recipe.id = note.recipe, "dropped bytes were made again for a reader");
        drop(bench);
        let payload = open(&target).map_err(Error::internal("reading a rebuilt payload"))?;
        *path = Some(target);
        Ok(payload)
    }
}

/// The recipe that was tried and the engine of its last run.
fn recipe_and_engine(tried: &Tried) -> Option<(String, String)> {
    let recreation = Fields::of_valid(tried.field("recreation")?)?;
    let steps = json::elements(recreation.get("steps")?)?;
    let engine = Fields::of_valid(steps.last()?)?.string("engine")?.into_owned();
    Some((recreation.string("recipe")?.into_owned(), engine))
}

/// Why an attempt gave no bytes.
fn reason_of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Blocked { obstacles } => {
            let reasons: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            reasons.join("; ")
        }
        Verdict::Failed { step, end, .. } => format!("recipe {step} ended with {end:?}"),
        Verdict::Different { output, .. } | Verdict::Equivalent { output, .. } => {
            format!("{output} came out with other bytes")
        }
        Verdict::Identical => "the recipe makes other files".to_owned(),
    }
}

fn drop_error(error: DropError) -> Error {
    match error {
        DropError::ReadOnly => Error::ReadOnly { reason: error.to_string() },
        error => Error::Internal { doing: "dropping a payload", source: Box::new(error) },
    }
}
