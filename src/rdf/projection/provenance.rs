//! How a record came to be: the activity that generated it, with what software, from what; the document it was made from.

use super::base::{name, thing};
use super::files::held;
use super::sink::Sink;
use super::words;
use crate::model::json::{self, Fields};
use crate::model::{Entity, Key, Kind, RecordId};

/// Most inputs of a record that are stated.
const MOST_INPUTS: usize = 10_000;
/// Most steps of a history that are looked at.
const MOST_STEPS: usize = 100;

pub(super) fn describe(sink: &mut Sink<'_>, key: &Key, entity: &Entity<'_>, fields: &Fields<'_>) {
    if let Some(source) = &entity.source {
        sink.iri(words::HAD_PRIMARY_SOURCE, held(sink.base, key, "source"));
        sink.typed(words::SOURCE_DIGEST, source.sha256.as_ref(), words::HEX_BINARY);
    }
    recipe(sink, fields);
    let given = fields.get("provenance").and_then(Fields::of_valid).unwrap_or_default();
    let software = given.get("generated_by").and_then(software);
    let inputs = given.get("inputs").and_then(json::elements).unwrap_or_default();
    let inputs: Vec<_> =
        inputs.iter().take(MOST_INPUTS).filter_map(|input| name(sink.base, &name_of(input)?)).collect();
    let facilities = facilities(given.get("history"));
    if software.is_none() && inputs.is_empty() && facilities.is_empty() {
        return;
    }
    let activity = sink.part("activity");
    sink.iri(words::WAS_GENERATED_BY, activity.clone());
    sink.iri_of(&activity, words::TYPE, words::ACTIVITY);
    if let Some(software) = software {
        let agent = sink.part("software");
        sink.iri_of(&activity, words::WAS_ASSOCIATED_WITH, agent.clone());
        sink.iri_of(&agent, words::TYPE, words::SOFTWARE_AGENT);
        sink.text_of(&agent, words::LABEL, &software);
    }
    for (number, facility) in (1_usize..).zip(facilities) {
        let agent = sink.part(&format!("facility-{number}"));
        sink.iri_of(&activity, words::WAS_ASSOCIATED_WITH, agent.clone());
        sink.iri_of(&agent, words::TYPE, words::ORGANIZATION);
        sink.iri_of(&agent, words::TYPE, words::FOAF_AGENT);
        sink.text_of(&agent, words::NAME, &facility);
    }
    for input in inputs {
        sink.iri_of(&activity, words::USED, input.clone());
        sink.iri(words::WAS_DERIVED_FROM, input);
    }
}

/// A recipe that is kept as a record of its own, or in the product.
fn recipe(sink: &mut Sink<'_>, fields: &Fields<'_>) {
    let Some(given) = fields.get("recipe") else { return };
    match json::read_string(given) {
        Some(id) => {
            if let Ok(id) = RecordId::parse(&id) {
                let recipe = thing(sink.base, &Key { kind: Kind::Recipe, collection: None, id });
                sink.iri(words::RECIPE, recipe);
            }
        }
        None => {
            let recipe = sink.part("recipe");
            sink.iri(words::RECIPE, recipe.clone());
            sink.iri_of(&recipe, words::TYPE, words::RECIPE_CLASS);
        }
    }
}

/// Who processed it: the facilities that the steps of the history name, each once.
fn facilities(history: Option<&str>) -> Vec<String> {
    let steps = history.and_then(json::elements).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for step in steps.into_iter().take(MOST_STEPS).filter_map(Fields::of_valid) {
        let named = step.string("facility").filter(|name| !name.trim().is_empty());
        names.extend(named.filter(|name| !names.iter().any(|known| known == name)).map(|name| name.into_owned()));
    }
    names
}

/// The software: a text, or the name and version of an object.
fn software(given: &str) -> Option<String> {
    if let Some(text) = json::read_string(given) {
        return Some(text.into_owned()).filter(|text| !text.trim().is_empty());
    }
    let fields = Fields::of_valid(given)?;
    let name = fields.string("name").or_else(|| fields.string("software"))?;
    Some(format!("{name} {}", fields.string("version").unwrap_or_default()).trim().to_owned())
}

/// The name of an input: a text, or the `id`, `href` or `name` of an object.
fn name_of(input: &str) -> Option<String> {
    let of_object = |fields: Fields<'_>| {
        ["id", "href", "name"].into_iter().find_map(|name| fields.string(name).map(|name| name.into_owned()))
    };
    json::read_string(input).map(|text| text.into_owned()).or_else(|| of_object(Fields::of_valid(input)?))
}
