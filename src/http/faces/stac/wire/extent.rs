//! `extent` of a Collection: as given where STAC 1.1 takes it, else from what the record knows of time and place.

use crate::model::json::{Fields, elements, read_string};
use crate::model::{Draft, Entity, Instant};

const WHOLE_EARTH: &str = "[-180,-90,180,90]";
const ALWAYS: &str = "[null,null]";

/// Writes `extent`, which every Collection must have.
pub(super) fn write(entity: &Entity<'_>, collection: &mut Draft) {
    let given = entity.extent.and_then(|extent| Fields::of_valid(extent.get())).unwrap_or_default();
    let mut extent = Draft::object();
    member(&given, "spatial", "bbox", &boxes(entity, &given), &mut extent);
    member(&given, "temporal", "interval", &intervals(entity, &given), &mut extent);
    for (name, value) in given.iter().filter(|(name, _)| !matches!(*name, "spatial" | "temporal")) {
        extent.raw(name, value);
    }
    collection.part("extent", extent);
}

/// One half of the extent, with the further members that it was given.
fn member(given: &Fields<'_>, half: &str, name: &str, list: &[String], extent: &mut Draft) {
    let mut written = Draft::object();
    written.raw(name, &format!("[{}]", list.join(",")));
    let others = given.get(half).and_then(Fields::of_valid).unwrap_or_default();
    for (other, value) in others.iter().filter(|(other, _)| *other != name) {
        written.raw(other, value);
    }
    extent.part(half, written);
}

/// What stood in the list, or was the list itself before 0.8.
fn listed<'a>(given: &Fields<'a>, half: &str, name: &str) -> Vec<&'a str> {
    let Some(written) = given.get(half) else { return Vec::new() };
    if written.starts_with('[') {
        return vec![written];
    }
    Fields::of_valid(written).and_then(|half| elements(half.get(name)?)).unwrap_or_default()
}

fn boxes(entity: &Entity<'_>, given: &Fields<'_>) -> Vec<String> {
    let numbers = |text: &str| serde_json::from_str::<Vec<f64>>(text).ok().filter(|list| matches!(list.len(), 4 | 6));
    let usable = listed(given, "spatial", "bbox").into_iter().filter(|text| numbers(text).is_some());
    let mut boxes: Vec<String> = usable.map(str::to_owned).collect();
    if boxes.is_empty() {
        let on_earth = entity.space.iter().filter(|footprint| footprint.body == "earth");
        let held = on_earth.filter_map(|footprint| serde_json::to_string(footprint.bbox.as_ref()?).ok());
        boxes.extend(held.take(1));
    }
    // STAC 1.1 takes one box, or an overall one and its parts: two are parts without the overall one.
    if let [first, second] = boxes.as_slice() {
        let overall = numbers(first).zip(numbers(second)).and_then(|(first, second)| overall(&first, &second));
        boxes.insert(0, overall.unwrap_or_else(|| WHOLE_EARTH.to_owned()));
    }
    if boxes.is_empty() { vec![WHOLE_EARTH.to_owned()] } else { boxes }
}

fn overall(first: &[f64], second: &[f64]) -> Option<String> {
    if first.len() != second.len() {
        return None;
    }
    let half = first.len() / 2;
    let widest = |(at, (a, b)): (usize, (&f64, &f64))| if at < half { a.min(*b) } else { a.max(*b) };
    let numbers: Vec<f64> = first.iter().zip(second).enumerate().map(widest).collect();
    serde_json::to_string(&numbers).ok()
}

fn intervals(entity: &Entity<'_>, given: &Fields<'_>) -> Vec<String> {
    let written = listed(given, "temporal", "interval");
    let mut intervals: Vec<String> = written.iter().filter_map(|text| interval(text)).collect();
    if intervals.is_empty() {
        intervals.push(entity.time.as_ref().map_or_else(
            || ALWAYS.to_owned(),
            |time| {
                let unending = time.open_end || time.placeholder || time.relative_end.is_some();
                let end = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), |text| format!("\"{text}\""));
                let stop = time.stop.as_deref().filter(|_| !unending);
                format!("[{},{}]", end(time.start.as_deref()), end(stop))
            },
        ));
    }
    intervals
}

/// As written when both ends are null or RFC 3339 in UTC; a time without zone is taken as UTC, as the importer does.
fn interval(text: &str) -> Option<String> {
    let [start, stop] = *elements(text)?.as_slice() else { return None };
    if [start, stop].into_iter().all(is_usable) {
        return Some(text.to_owned());
    }
    Some(format!("[{},{}]", in_utc(start)?, in_utc(stop)?))
}

fn is_usable(end: &str) -> bool {
    end == "null"
        || read_string(end).is_some_and(|text| {
            let zone = text.ends_with('Z') || text.ends_with("+00:00");
            zone && text.as_bytes().get(10) == Some(&b'T') && Instant::parse(&text).is_ok()
        })
}

fn in_utc(end: &str) -> Option<String> {
    if end == "null" {
        return Some(end.to_owned());
    }
    let text = read_string(end)?;
    let day = || Instant::parse(&format!("{text}T00:00:00Z"));
    let instant = Instant::parse(&text).or_else(|_| Instant::parse(&format!("{text}Z"))).or_else(|_| day()).ok()?;
    Some(format!("\"{instant}\""))
}
