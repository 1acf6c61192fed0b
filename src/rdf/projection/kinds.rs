//! What a record is, and what only its kind has.

use oxrdf::NamedNodeRef;

use super::base::name;
use super::sink::Sink;
use super::words;
use crate::model::json::{self, Fields};
use crate::model::{Key, Kind};

pub(super) fn describe(sink: &mut Sink<'_>, key: &Key, fields: &Fields<'_>) {
    for class in classes(key.kind, fields) {
        sink.iri(words::TYPE, *class);
    }
    match key.kind {
        Kind::Collection => whole_number(sink, words::MEMBERS_EXPECTED, fields.get("members_expected")),
        Kind::Source => {
            let url = fields.string("url");
            let address = url.as_deref().and_then(super::base::address);
            address.into_iter().for_each(|address| sink.iri(words::ENDPOINT_URL, address));
        }
        Kind::ContextGraph => reference(sink, words::GRAPH, fields.string("graph").as_deref()),
        Kind::Evidence => {
            reference(sink, words::SUBJECT, fields.string("subject").as_deref());
            sink.text(words::OUTCOME, &fields.string("outcome").unwrap_or_default());
        }
        Kind::Hold => hold(sink, fields),
        _ => {}
    }
}

const DATASET: &[NamedNodeRef<'static>] = &[words::DATASET];

fn classes(kind: Kind, fields: &Fields<'_>) -> &'static [NamedNodeRef<'static>] {
    match kind {
        // What was observed with an instrument is the observation and its result in one, as OGC 10-157 has it.
        Kind::Product if fields.get("instruments").is_some() => &[words::DATASET, words::OBSERVATION],
        Kind::Product => DATASET,
        Kind::Collection => &[words::DATASET_SERIES],
        Kind::Recipe => &[words::RECIPE_CLASS, words::PLAN],
        Kind::Agent => match fields.string("agent_type").as_deref() {
            Some("person") => &[words::PERSON],
            Some("organisation") => &[words::ORGANIZATION],
            Some("software") => &[words::SOFTWARE_AGENT],
            _ => &[words::AGENT],
        },
        Kind::Mission => &[words::MISSION_CLASS],
        Kind::Platform => &[words::PLATFORM_CLASS],
        Kind::Instrument => &[words::SENSOR, words::SYSTEM],
        Kind::Target => &[words::FEATURE_OF_INTEREST],
        Kind::Document => &[words::DOCUMENT],
        Kind::Source => &[words::CATALOG],
        Kind::ContextGraph => &[words::CONTEXT_GRAPH_CLASS],
        Kind::Hold => &[words::HOLD_CLASS],
        Kind::Evidence => &[words::EVIDENCE_CLASS],
    }
}

fn hold(sink: &mut Sink<'_>, fields: &Fields<'_>) {
    for subject in fields.get("subjects").and_then(json::elements).unwrap_or_default() {
        reference(sink, words::SUBJECT, json::read_string(subject).as_deref());
    }
    sink.text(words::REASON, &fields.string("reason").unwrap_or_default());
    if let Some(until) = fields.string("until") {
        sink.time(words::UNTIL, &until);
    }
}

/// What a record names, by any of its names.
fn reference(sink: &mut Sink<'_>, predicate: NamedNodeRef<'_>, text: Option<&str>) {
    if let Some(named) = text.and_then(|text| name(sink.base, text)) {
        sink.iri(predicate, named);
    }
}

/// A number that is written as digits alone.
pub(super) fn whole_number(sink: &mut Sink<'_>, predicate: NamedNodeRef<'_>, text: Option<&str>) {
    let is_digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(digits) = text.filter(is_digits) {
        sink.typed(predicate, digits, words::NON_NEGATIVE);
    }
}
