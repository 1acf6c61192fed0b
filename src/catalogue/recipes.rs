//! What recipes, products with a recipe and evidence must keep to when they are registered, beyond their schemas: identity,
//! names that mean something, signatures, and no recipe that needs what only it can make.

use std::collections::HashSet;
use std::path::Path;

use super::command::{Action, Command, Intent, Outcome, Precondition};
use super::{Catalogue, Checked, Error, Violation};
use crate::model::json::{self, Fields, Members};
use crate::model::{INPUT, Key, Kind, RECIPE, RecordId};
use crate::recreation::evidence;
use crate::recreation::plan::MAX_STEPS;
use crate::recreation::recipe::{ProductName, Recipe, identity};

/// Gives a recipe that comes without an id the one that it has by its content.
pub(super) fn identify(members: &mut Members) -> Result<(), Error> {
    if members.get("id").is_none()
        && let Ok(id) = identity(&members.to_text())
    {
        let id = serde_json::value::to_raw_value(&id).map_err(Error::internal("editing a record"))?;
        members.set_first("id", id);
    }
    Ok(())
}

impl Catalogue {
    /// Checks what only recipes, products with a recipe and evidence have to keep to.
    ///
    /// # Errors
    /// `Invalid` with all violations.
    pub(super) fn check_recreation(&self, checked: &Checked) -> Result<(), Error> {
        let violations = match checked.key.kind {
            Kind::Recipe => self.recipe_violations(&checked.text)?,
            Kind::Product => self.product_violations(&checked.key, &checked.text)?,
            Kind::Evidence => evidence_violations(&checked.text),
            _ => Vec::new(),
        };
        if violations.is_empty() { Ok(()) } else { Err(Error::Invalid { violations }) }
    }

    /// Registers a recipe whose files lie in a folder, on a thread that may wait. The same recipe again changes nothing.
    ///
    /// # Errors
    /// `Invalid` with all violations; what the disk says.
    pub fn register_recipe(&self, text: &str, folder: &Path, agent: &str) -> Outcome {
        self.check_ready()?;
        let (text, payloads) = self.with_files_of(text.to_owned(), folder)?;
        let mut members = Members::parse(&text).map_err(|error| Error::invalid("", error.to_string()))?;
        identify(&mut members)?;
        let checked = self.check(&members.to_text())?;
        let action = Action::Put { record: checked.text, intent: Intent::Ensure, payloads };
        let agent = agent.to_owned();
        self.submit_and_wait(Command {
            key: checked.key,
            action,
            precondition: Precondition::None,
            idempotency: None,
            agent,
        })
    }

    fn recipe_violations(&self, text: &str) -> Result<Vec<Violation>, Error> {
        let recipe = match Recipe::read(text) {
            Ok(recipe) => recipe,
            Err(error) => return Ok(vec![violation("", error.to_string())]),
        };
        let mut violations: Vec<Violation> =
            recipe.faults().into_iter().map(|fault| violation(&fault.pointer, fault.message)).collect();
        match identity(text) {
            Ok(id) if id.to_string() == recipe.id.as_str() => {}
            Ok(id) => violations
                .push(violation("/id", format!("is the sha256 of the content, which is {id}; or leave it out"))),
            Err(reason) => violations.push(violation("/id", format!("cannot be computed: {reason}"))),
        }
        let own = recipe.id.clone();
        if self.leads_to(&recipe, |_, next| next == Some(&own))? {
            violations.push(violation(
                "/inputs",
                "one of the inputs is made by this recipe, or from what it makes".to_owned(),
            ));
        }
        Ok(violations)
    }

    fn product_violations(&self, key: &Key, text: &str) -> Result<Vec<Violation>, Error> {
        // Nearly all products have none: a look at the text is cheaper than one at its members.
        if memchr::memmem::find(text.as_bytes(), b"\"recipe\"").is_none() {
            return Ok(Vec::new());
        }
        let Some(recipe) = recipe_of(text) else { return Ok(Vec::new()) };
        // Whatever nobody reads cannot be its own ancestor.
        if self.first_links_to(key.id.as_str(), Some(INPUT), 1)?.is_empty() {
            return Ok(Vec::new());
        }
        let Some(recipe) = self.recipe(&recipe)? else { return Ok(Vec::new()) };
        let is_circle = self.leads_to(&recipe, |product, _| product.key() == *key)?;
        let fault = || violation("/recipe", "the recipe reads this product, or what is made from it".to_owned());
        Ok(is_circle.then(fault).into_iter().collect())
    }

    /// Follows the inputs of a recipe to products and their recipes, until one of them is found or all are seen.
    fn leads_to(
        &self,
        recipe: &Recipe,
        is_found: impl Fn(&ProductName, Option<&RecordId>) -> bool,
    ) -> Result<bool, Error> {
        let products =
            |recipe: &Recipe| recipe.inputs.iter().filter_map(|input| input.product.clone()).collect::<Vec<_>>();
        let mut waiting = products(recipe);
        let mut seen: HashSet<Key> = waiting.iter().map(ProductName::key).collect();
        while let Some(product) = waiting.pop() {
            let next = self.recipe_id_of(&product.key())?;
            if is_found(&product, next.as_ref()) {
                return Ok(true);
            }
            if seen.len() > MAX_STEPS {
                let message =
                    format!("the recipe stands on more than {MAX_STEPS} products: its rebuild would never end");
                return Err(Error::invalid("/inputs", message));
            }
            let Some(next) = next.map(|next| self.recipe(&next)).transpose()?.flatten() else { continue };
            waiting.extend(products(&next).into_iter().filter(|product| seen.insert(product.key())));
        }
        Ok(false)
    }

    /// The recipe that a product names; none where there is no such product, or it names none.
    pub(super) fn recipe_id_of(&self, key: &Key) -> Result<Option<RecordId>, Error> {
        match self.get(key) {
            Ok(stored) => Ok(recipe_of(&String::from_utf8_lossy(&stored.record))),
            Err(Error::NotFound { .. } | Error::Gone { .. } | Error::UnknownCollection { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A registered recipe.
    pub(super) fn recipe(&self, id: &RecordId) -> Result<Option<Recipe>, Error> {
        match self.get(&recipe_key(id)) {
            Ok(stored) => {
                let text = String::from_utf8_lossy(&stored.record);
                Recipe::read(&text).map(Some).map_err(Error::internal("reading a stored recipe"))
            }
            Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses to let go of a recipe that products name.
    pub(super) fn check_deletable(&self, key: &Key) -> Result<(), Error> {
        super::refuse_copy(key)?;
        if key.kind != Kind::Recipe {
            return Ok(());
        }
        let naming = self.first_links_to(key.id.as_str(), Some(RECIPE), 1)?;
        match naming.into_iter().next() {
            Some(referrer) => Err(Error::RecipeInUse { id: key.id.to_string(), product: referrer.key }),
            None => Ok(()),
        }
    }
}

/// The key of a recipe.
pub(super) fn recipe_key(id: &RecordId) -> Key {
    Key { kind: Kind::Recipe, collection: None, id: id.clone() }
}

/// The id of the recipe that a product's record names.
pub(super) fn recipe_of(record: &str) -> Option<RecordId> {
    let fields = Fields::of_valid(record)?;
    let id = json::read_string(fields.get("recipe")?)?;
    RecordId::parse(&id).ok()
}

/// Evidence of a recreation is believed by its signature; a signature that is there must be right.
fn evidence_violations(text: &str) -> Vec<Violation> {
    let Some(fields) = Fields::of_valid(text) else { return Vec::new() };
    if fields.get("recreation").is_none() && fields.get("signature").is_none() {
        return Vec::new();
    }
    evidence::verify(text).err().map(|reason| violation("/signature", reason)).into_iter().collect()
}

fn violation(pointer: &str, message: String) -> Violation {
    Violation { pointer: pointer.to_owned(), message }
}
