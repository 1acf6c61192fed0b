//! What observed what, for what, when, and how far it was processed.

use oxrdf::NamedNodeRef;

use super::base::address;
use super::concepts::{Role, concept, known};
use super::sink::Sink;
use super::words;

use crate::model::{Entity, Kind, Name, TimeSpan};

pub(super) fn describe(sink: &mut Sink<'_>, entity: &Entity<'_>) {
    // The record of an instrument says what carries it; a product says which of them were at work.
    let platform = if entity.kind == Kind::Instrument { words::IS_HOSTED_BY } else { words::PLATFORM };
    let instrument = if entity.kind == Kind::Platform { words::HOSTS } else { words::MADE_BY_SENSOR };
    names(sink, Role::Mission, &entity.missions, words::MISSION, words::MISSION_LABEL);
    names(sink, Role::Platform, &entity.platforms, platform, words::PLATFORM_LABEL);
    names(sink, Role::Instrument, &entity.instruments, instrument, words::INSTRUMENT_LABEL);
    names(sink, Role::Target, &entity.targets, words::HAS_FEATURE_OF_INTEREST, words::TARGET_LABEL);
    if let Some(level) = &entity.level {
        let as_written = level.as_written.as_deref();
        if let Some(normalised) = level.normalised.as_deref().or(as_written).filter(|text| !text.trim().is_empty()) {
            sink.iri(words::LEVEL, concept(sink.base, Role::Level, normalised, None));
        }
        sink.text(words::LEVEL_AS_WRITTEN, as_written.unwrap_or_default());
    }
    if let Some(data_type) = entity.data_type.as_deref().filter(|text| !text.trim().is_empty()) {
        sink.iri(words::KIND, concept(sink.base, Role::ProductType, data_type, None));
        if known(Role::ProductType, data_type).is_none() {
            sink.text(words::DATA_TYPE_LABEL, data_type);
        }
    }
    sink.text(words::FORMAT, entity.format.as_deref().unwrap_or_default());
    if let Some(time) = &entity.time {
        period(sink, time);
    }
}

/// Concepts by their labels. A label that no table has is stated beside its address; an address that the producer gives
/// beside ours is what the record is related to.
fn names(
    sink: &mut Sink<'_>,
    role: Role,
    names: &[Name<'_>],
    predicate: NamedNodeRef<'_>,
    label_predicate: NamedNodeRef<'_>,
) {
    for name in names.iter().filter(|name| !name.label.trim().is_empty()) {
        let ours = known(role, &name.label);
        let given = name.iri.as_deref().and_then(address);
        match ours {
            Some(ours) => {
                let other = given.filter(|given| *given != ours);
                sink.iri(predicate, ours);
                other.into_iter().for_each(|other| sink.iri(words::RELATION, other));
            }
            None => {
                sink.iri(predicate, concept(sink.base, role, &name.label, name.iri.as_deref()));
                sink.text(label_predicate, &name.label);
            }
        }
    }
}

/// An end that is open, relative or a placeholder is no date.
fn period(sink: &mut Sink<'_>, time: &TimeSpan<'_>) {
    let has_end = !(time.open_end || time.placeholder || time.relative_end.is_some());
    let stop = time.stop.as_deref().filter(|_| has_end);
    if time.start.is_none() && stop.is_none() && has_end {
        return;
    }
    let period = sink.part("time");
    sink.iri(words::TEMPORAL, period.clone());
    sink.iri_of(&period, words::TYPE, words::PERIOD_OF_TIME);
    if let Some(start) = &time.start {
        sink.time_of(&period, words::START_DATE, start);
    }
    // One instant is both its ends.
    if let Some(stop) = stop.or(time.start.as_deref().filter(|_| has_end)) {
        sink.time_of(&period, words::END_DATE, stop);
    }
    if time.open_end || time.placeholder {
        sink.typed_of(&period, words::OPEN_END, "true", words::BOOLEAN);
    }
    sink.text_of(&period, words::RELATIVE_END, time.relative_end.as_deref().unwrap_or_default());
}
