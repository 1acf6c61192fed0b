//! What a plan asks of the archive, and the bytes that a run needs: the catalogue's side of `recreation`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::recipes::recipe_of;
use super::{Catalogue, Error};
use crate::model::json::{self, Fields};
use crate::model::{Kind, MAKES, RecordId, Sha256};
use crate::recreation::evidence::TRIED;
use crate::recreation::plan::Holdings;
use crate::recreation::recipe::{ProductName, Recipe};
use crate::recreation::run::{Bytes, BytesError};

/// Recipes that are looked at when nothing but a digest is known.
const MOST_MAKERS: usize = 100;

impl Holdings for Catalogue {
    type Error = Error;

    fn held(&self, sha256: &Sha256) -> Result<Option<u64>, Error> {
        let location = self.records.payload(sha256).map_err(Error::internal("finding a payload"))?;
        let Some(location) = location else { return Ok(None) };
        let is_held = self.archive.holds(sha256, &location).map_err(Error::internal("looking for a payload"))?;
        Ok(is_held.then(|| location.bytes()))
    }

    fn maker(&self, sha256: &Sha256, product: Option<&ProductName>) -> Result<Option<Arc<Recipe>>, Error> {
        let named = product.map(|product| self.recipe_id_of(&product.key())).transpose()?.flatten();
        let others = self.first_links_to(&sha256.to_string(), Some(MAKES), MOST_MAKERS)?;
        let others = others.into_iter().filter(|maker| maker.key.kind == Kind::Recipe).map(|maker| maker.key.id);
        for id in named.into_iter().chain(others) {
            if let Some(recipe) = self.recipe(&id)?.filter(|recipe| recipe.output_of(sha256).is_some()) {
                return Ok(Some(Arc::new(recipe)));
            }
        }
        Ok(None)
    }

    fn last_run_ms(&self, recipe: &RecordId) -> Result<Option<u64>, Error> {
        for tried in self.evidence_of(recipe.as_str(), TRIED)?.iter().rev() {
            let steps =
                tried.field("recreation").and_then(|member| json::elements(Fields::of_valid(member)?.get("steps")?));
            let wall_ms = |step: &&str| {
                let step =
                    Fields::of_valid(step).filter(|step| step.string("recipe").as_deref() == Some(recipe.as_str()))?;
                Fields::of_valid(step.get("usage")?)?.get("wall_ms")?.parse().ok()
            };
            let found = steps.unwrap_or_default().iter().find_map(wall_ms);
            if tried.is_proof() && found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// A record of evidence, as far as it is read.
pub(super) struct Tried {
    pub id: RecordId,
    pub record: String,
}

impl Tried {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        Fields::of_valid(&self.record)?.get(name)
    }

    pub(super) fn outcome(&self) -> Option<String> {
        json::read_string(self.field("outcome")?).map(|outcome| outcome.into_owned())
    }

    pub(super) fn is_proof(&self) -> bool {
        matches!(self.outcome().as_deref(), Some("identical" | "equivalent"))
    }
}

impl Catalogue {
    /// Evidence of recreations that refers to a recipe or a product, oldest first.
    pub(super) fn evidence_of(&self, name: &str, relation: &str) -> Result<Vec<Tried>, Error> {
        let referrers = self.records.referring(name, Some(relation), usize::MAX);
        let referrers = referrers.map_err(Error::internal("looking for evidence"))?;
        let mut keys: Vec<_> =
            referrers.into_iter().map(|(_, key)| key).filter(|key| key.kind == Kind::Evidence).collect();
        // Ids begin with the time.
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            match self.get(&key) {
                Ok(stored) => {
                    found.push(Tried { id: key.id, record: String::from_utf8_lossy(&stored.record).into_owned() });
                }
                Err(Error::Gone { .. } | Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The recipe of a product, or the recipe that is asked for by its own id.
    pub(super) fn recipe_for(&self, key: &crate::model::Key) -> Result<Recipe, Error> {
        let stored = self.get(key)?;
        let record = String::from_utf8_lossy(&stored.record);
        if key.kind == Kind::Recipe {
            return Recipe::read(&record).map_err(Error::internal("reading a stored recipe"));
        }
        let none = || Error::NoSuch { what: format!("recipe of {key}: its record names none") };
        let id = recipe_of(&record).ok_or_else(none)?;
        self.recipe(&id)?.ok_or_else(|| Error::NoSuch { what: format!("recipe {id}, which {key} names") })
    }
}

/// Writes payloads for a run. A dropped payload is not here: the plan makes it before.
pub(super) struct Shelf<'a>(pub &'a Catalogue);

impl Bytes for Shelf<'_> {
    fn write(&self, sha256: &Sha256, to: &Path) -> Result<u64, BytesError> {
        let damaged = |reason: String| BytesError::Damaged(reason);
        let location = self.0.records.payload(sha256).map_err(|error| damaged(error.to_string()))?;
        let location = location.ok_or_else(|| damaged("the archive has no payload of this digest".to_owned()))?;
        let payload = self.0.archive.payload(sha256, &location).map_err(|error| damaged(error.to_string()))?;
        let disk = |source| BytesError::Disk { path: to.to_owned(), source };
        let mut file = std::fs::File::create_new(to).map_err(disk)?;
        let mut bytes = 0;
        for piece in payload.read() {
            let piece = piece.map_err(|error| damaged(error.to_string()))?;
            file.write_all(&piece).map_err(disk)?;
            bytes += piece.len() as u64;
        }
        Ok(bytes)
    }
}
