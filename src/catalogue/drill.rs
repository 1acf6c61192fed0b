//! Drills: which products should be rebuilt next, and how many can be. Chooses by age, risk and what depends on it; the same
//! state and time always give the same choice.

use std::collections::BTreeMap;

use super::recreate::{Recreated, Wish};
use super::{Catalogue, Error, now};
use crate::model::json::Fields;
use crate::model::{Instant, Key, Kind, RECIPE, RecordId};
use crate::recreation::perform::WasiEngine;
use crate::recreation::recipe::{ExecutorName, Recipe};

/// A product that nobody tried counts as untried for so many days.
const NEVER_TRIED_DAYS: f64 = 3_650.0;
/// Machines and libraries change under a native program, nothing under a WebAssembly one.
const NATIVE_RISK: f64 = 1.5;
/// What failed before fails again, or was mended: both should be known.
const FAILED_RISK: f64 = 2.0;
/// Dropped bytes exist only as long as the recipe works.
const DROPPED_VALUE: f64 = 3.0;
const MICROS_PER_DAY: f64 = 86_400e6;

/// How a product stands.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    key: Key,
    /// How much it deserves a drill.
    weight: f64,
    engine: WasiEngine,
    status: String,
    /// RFC 3339 of the last attempt.
    at: Option<String>,
}

/// How many products of a collection can be rebuilt.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rebuildability {
    /// Products with a recipe.
    pub products: u64,
    pub proved: u64,
    pub different: u64,
    pub failed: u64,
    pub blocked: u64,
    pub never_tried: u64,
    /// First and last attempt, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
}

/// What a drill did with one product.
#[derive(Debug)]
pub struct Drilled {
    pub key: Key,
    pub engine: WasiEngine,
    pub outcome: Result<Recreated, Error>,
}

impl Catalogue {
    /// Rebuilds the products that deserve it most, at most `count`. `told` hears of each as it ends; false stops.
    ///
    /// # Errors
    /// `Internal` when the candidates cannot be listed. What fails with one product is its outcome.
    pub fn drill(
        &self,
        count: usize,
        collection: Option<&RecordId>,
        agent: &str,
        told: &mut dyn FnMut(&Drilled) -> bool,
    ) -> Result<(), Error> {
        let mut candidates = self.candidates(collection)?;
        candidates.sort_by(|one, other| other.weight.total_cmp(&one.weight).then_with(|| one.key.cmp(&other.key)));
        for Candidate { key, engine, .. } in candidates.into_iter().take(count) {
            let outcome = self.recreate(&key, &Wish { engine, negative_cases: true, occasion: "drill", agent });
            if !told(&Drilled { key, engine, outcome }) {
                break;
            }
        }
        Ok(())
    }

    /// Rebuildability of each collection that has recipes.
    ///
    /// # Errors
    /// `Internal` when an index cannot be read.
    pub fn rebuildability(&self) -> Result<BTreeMap<String, Rebuildability>, Error> {
        let mut collections: BTreeMap<String, Rebuildability> = BTreeMap::new();
        for Candidate { key, status, at, .. } in self.candidates(None)? {
            let collection = key.collection.map(|id| id.to_string()).unwrap_or_default();
            let counts = collections.entry(collection).or_default();
            counts.products += 1;
            *match status.as_str() {
                "proved" => &mut counts.proved,
                "different" => &mut counts.different,
                "failed" => &mut counts.failed,
                "blocked" => &mut counts.blocked,
                _ => &mut counts.never_tried,
            } += 1;
            let Some(at) = at else { continue };
            // RFC 3339 in UTC with six digits sorts as text.
            if counts.oldest.as_ref().is_none_or(|oldest| at < *oldest) {
                counts.oldest = Some(at.clone());
            }
            if counts.newest.as_ref().is_none_or(|newest| at > *newest) {
                counts.newest = Some(at);
            }
        }
        Ok(collections)
    }

    /// Products with a recipe.
    fn candidates(&self, collection: Option<&RecordId>) -> Result<Vec<Candidate>, Error> {
        let mut candidates = Vec::new();
        for entry in self.records.keys(Kind::Recipe, None, None) {
            let (recipe, _) = entry.map_err(Error::internal("listing recipes"))?;
            let Some(recipe) = self.recipe(&recipe.id)? else { continue };
            let products = self.records.referring(recipe.id.as_str(), Some(RECIPE), usize::MAX);
            for (_, key) in products.map_err(Error::internal("looking for products"))? {
                if key.kind != Kind::Product || collection.is_some_and(|wanted| key.collection.as_ref() != Some(wanted))
                {
                    continue;
                }
                match self.get(&key) {
                    Ok(stored) => candidates.push(candidate(key, &recipe, &String::from_utf8_lossy(&stored.record))),
                    Err(Error::Gone { .. } | Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(candidates)
    }
}

fn candidate(key: Key, recipe: &Recipe, record: &str) -> Candidate {
    let noted = Fields::of_valid(record).and_then(|fields| Fields::of_valid(fields.get("recreation")?));
    let field = |name: &str| noted.as_ref()?.string(name).map(|value| value.into_owned());
    let (status, at) = (field("status").unwrap_or_else(|| "never tried".to_owned()), field("at"));
    let tried = at.as_deref().and_then(|at| Instant::parse(at).ok());
    let days = tried.map_or(NEVER_TRIED_DAYS, |tried| (now().micros() - tried.micros()) as f64 / MICROS_PER_DAY);
    let is_dropped = noted.is_some_and(|noted| noted.get("dropped").is_some());
    let factors = [
        (recipe.executor == ExecutorName::Native, NATIVE_RISK),
        (!matches!(status.as_str(), "proved" | "never tried"), FAILED_RISK),
        (is_dropped, DROPPED_VALUE),
    ];
    let weight = factors.iter().filter(|(holds, _)| *holds).fold(days, |weight, (_, factor)| weight * factor);
    // Which engine comes next is told by the last attempt's time: no count has to be kept, and both have their turn.
    let is_odd = tried.is_some_and(|tried| tried.micros() & 1 == 1);
    let engine = if is_odd { WasiEngine::Pulley } else { WasiEngine::Cranelift };
    Candidate { key, weight, engine, status, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(executor: &str, recreation: &str) -> f64 {
        let digest = crate::codec::sha256(b"x");
        let recipe = format!(
            r#"{{"id":"{digest}","executor":{{"kind":"{executor}"}},"argv":["x"],"outputs":[{{"name":"o","sha256":"{digest}"}}]}}"#
        );
        let recipe = Recipe::read(&recipe).expect("reads");
        let id = |text| RecordId::parse(text).expect("an id");
        candidate(Key::product(id("c"), id("p")), &recipe, &format!(r#"{{"id":"p"{recreation}}}"#)).weight
    }

    #[test]
    fn what_was_never_tried_comes_first_and_what_matters_more_comes_sooner() {
        let proved = r#","recreation":{"status":"proved","at":"2026-10-01T00:00:00.000000Z"}"#;
        let failed = r#","recreation":{"status":"failed","at":"2026-10-01T00:00:00.000000Z"}"#;
        let dropped = r#","recreation":{"status":"proved","at":"2026-10-01T00:00:00.000000Z","dropped":{}}"#;
        let order = [
            weight("native", ""),
            weight("wasi", ""),
            weight("wasi", dropped),
            weight("wasi", failed),
            weight("wasi", proved),
        ];
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");
        assert!(weight("native", proved) > weight("wasi", proved));
    }
}
