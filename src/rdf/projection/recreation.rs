//! What a recipe reads and makes, and what evidence says of an attempt, in PROV's words: the attempt is an activity that used the
//! recipe and generated the evidence.

use super::base::thing;
use super::sink::Sink;
use super::words;
use crate::model::json::{self, Fields};
use crate::model::{Key, Kind, RecordId};

/// Most inputs and outputs of a recipe that are stated.
const MOST_FILES: usize = 1_000;

pub(super) fn describe(sink: &mut Sink<'_>, key: &Key, fields: &Fields<'_>) {
    match key.kind {
        Kind::Recipe => {
            pinned(sink, fields, "inputs", "input");
            pinned(sink, fields, "outputs", "output");
        }
        Kind::Evidence => attempt(sink, fields),
        _ => {}
    }
}

/// Files with their digests; an input belongs to the product that holds it.
fn pinned(sink: &mut Sink<'_>, fields: &Fields<'_>, member: &str, part: &str) {
    let files = fields.get(member).and_then(json::elements).unwrap_or_default();
    let files = files.into_iter().take(MOST_FILES).filter_map(Fields::of_valid);
    for (number, file) in (1_usize..).zip(files) {
        let Some(sha256) = file.string("sha256").filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        else {
            continue;
        };
        let subject = sink.part(&format!("{part}-{number}"));
        if member == "inputs" {
            sink.iri(words::PINNED_INPUT, subject.clone());
            sink.iri_of(&subject, words::TYPE, words::PINNED_INPUT_CLASS);
        } else {
            sink.iri(words::MAKES, subject.clone());
            sink.iri_of(&subject, words::TYPE, words::PREMIS_FILE);
        }
        sink.typed_of(&subject, words::SOURCE_DIGEST, sha256.as_ref(), words::HEX_BINARY);
        sink.text_of(&subject, words::FILE_NAME, &file.string("name").unwrap_or_default());
        if let Some(product) = file.get("product").and_then(product_of) {
            let product = thing(sink.base, &product);
            sink.iri_of(&subject, words::IS_PART_OF, product);
        }
    }
}

fn attempt(sink: &mut Sink<'_>, fields: &Fields<'_>) {
    let Some(recreation) = fields.get("recreation").and_then(Fields::of_valid) else { return };
    let activity = sink.part("activity");
    sink.iri(words::WAS_GENERATED_BY, activity.clone());
    sink.iri_of(&activity, words::TYPE, words::ACTIVITY);
    let recipe = recreation.string("recipe").and_then(|id| RecordId::parse(&id).ok());
    if let Some(id) = recipe {
        let recipe = thing(sink.base, &Key { kind: Kind::Recipe, collection: None, id });
        sink.iri_of(&activity, words::USED, recipe);
    }
    if let Some(product) = recreation.get("product").and_then(product_of) {
        let product = thing(sink.base, &product);
        sink.iri(words::SUBJECT, product);
    }
    for (predicate, name) in [(words::STARTED_AT_TIME, "started"), (words::ENDED_AT_TIME, "ended")] {
        if let Some(time) = recreation.string(name) {
            sink.time_of(&activity, predicate, &time);
        }
    }
    let steps = recreation.get("steps").and_then(json::elements).unwrap_or_default();
    let engine = steps.last().and_then(|step| Fields::of_valid(step)?.string("engine").map(|name| name.into_owned()));
    if let Some(engine) = engine {
        let software = sink.part("software");
        sink.iri_of(&activity, words::WAS_ASSOCIATED_WITH, software.clone());
        sink.iri_of(&software, words::TYPE, words::SOFTWARE_AGENT);
        sink.text_of(&software, words::LABEL, &engine);
    }
}

fn product_of(text: &str) -> Option<Key> {
    let fields = Fields::of_valid(text)?;
    let id = |name: &str| RecordId::parse(&fields.string(name)?).ok();
    Some(Key::product(id("collection")?, id("id")?))
}
