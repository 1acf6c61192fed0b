//! What would change if a product changed: the recipes that read it, the products that they make, and so on. Only looks.

use std::collections::{HashSet, VecDeque};

use super::recreate::digests_of;
use super::{Catalogue, Error};
use crate::model::{Entity, INPUT, Key, Kind, RECIPE, RecordId};
use crate::recreation::recipe::Recipe;

/// Most products that one answer names.
pub const MAX_IMPACTED: usize = 100_000;

/// A product that is made, directly or not, from the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Impacted {
    pub collection: Option<RecordId>,
    pub id: RecordId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The recipe that makes it.
    pub recipe: RecordId,
    /// Runs between both; 1 for what is made from the product itself.
    pub steps: usize,
}

/// Products in order of distance.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Impact {
    pub products: Vec<Impacted>,
    /// Whether there are more than are listed (`MAX_IMPACTED`).
    pub is_cut: bool,
}

impl Catalogue {
    /// Everything that stands on a product through recipes.
    ///
    /// # Errors
    /// `NotFound`, `Gone`.
    pub fn impact(&self, key: &Key) -> Result<Impact, Error> {
        self.get(key)?;
        let mut impact = Impact::default();
        let mut seen = HashSet::from([key.clone()]);
        let mut waiting = VecDeque::from([(key.clone(), 0)]);
        while let Some((key, steps)) = waiting.pop_front() {
            for (recipe, product) in self.made_from(&key)? {
                if !seen.insert(product.clone()) {
                    continue;
                }
                if impact.products.len() >= MAX_IMPACTED {
                    impact.is_cut = true;
                    return Ok(impact);
                }
                let (collection, id, title) = (product.collection.clone(), product.id.clone(), self.title_of(&product));
                impact.products.push(Impacted { collection, id, title, recipe, steps: steps + 1 });
                waiting.push_back((product, steps + 1));
            }
        }
        Ok(impact)
    }

    /// Recipes that read a product, each with a product that it makes.
    fn made_from(&self, key: &Key) -> Result<Vec<(RecordId, Key)>, Error> {
        let stored = self.get(key)?;
        let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
        let digests = digests_of(&entity);
        let names = digests.iter().map(ToString::to_string).chain([key.id.to_string()]);
        let reads = |recipe: &Recipe| {
            let mut inputs = recipe.inputs.iter();
            inputs.any(|input| match &input.product {
                Some(product) => product.key() == *key,
                None => digests.contains(&input.sha256),
            })
        };
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for name in names {
            let referring = self.records.referring(&name, Some(INPUT), usize::MAX);
            let referring = referring.map_err(Error::internal("looking for recipes"))?;
            for id in referring.into_iter().filter(|(_, key)| key.kind == Kind::Recipe).map(|(_, key)| key.id) {
                if !seen.insert(id.clone()) || !self.recipe(&id)?.is_some_and(|recipe| reads(&recipe)) {
                    continue;
                }
                let products = self.first_links_to(id.as_str(), Some(RECIPE), MAX_IMPACTED)?;
                let products = products.into_iter().filter(|product| product.key.kind == Kind::Product);
                found.extend(products.map(|product| (id.clone(), product.key)));
            }
        }
        Ok(found)
    }

    fn title_of(&self, key: &Key) -> Option<String> {
        let stored = self.get(key).ok()?;
        let entity = Entity::view(&stored.record).ok()?;
        entity.title.map(|title| title.into_owned())
    }
}
