//! What JSON Schema cannot say: order of times and latitudes, sensible positions, identifiers that an address and an
//! index can hold, integers that fit. Together with the schemas, a record that passes can be viewed as an `Entity`.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Violation;
use super::text::{Document, Shape};
use crate::model::{BoundingBox, Instant, Kind, RecordId};

/// Longitude of bodies other than Earth is counted to 180 either way or to 360 eastward.
const FAREST_LONGITUDE: f64 = 360.0;

/// Members at the top that hold an instant.
const INSTANTS: [&str; 3] = ["processed_at", "archived_at", "until"];

pub(super) struct Rules<'a, 'v> {
    pub document: &'a Document<'a>,
    pub violations: &'v mut Vec<Violation>,
}

impl Rules<'_, '_> {
    pub(super) fn check(&mut self, kind: Kind) {
        self.identifiers(kind);
        for name in INSTANTS {
            self.instant_member(0, name);
        }
        if let Some(lifecycle) = self.document.member(0, "lifecycle") {
            for (_, value) in self.document.members(lifecycle) {
                self.instant(value);
            }
        }
        if let Some(time) = self.document.member(0, "time") {
            self.time(time);
        }
        if let Some(space) = self.document.member(0, "space") {
            for footprint in self.document.elements(space) {
                self.footprint(footprint);
            }
        }
        if let Some(files) = self.document.member(0, "files") {
            self.files(files);
        }
        if kind == Kind::Collection {
            self.counts();
        }
    }

    fn report(&mut self, slot: u32, rule: &str, message: impl Into<String>) {
        let pointer = self.document.pointer(slot);
        // Where the schema spoke already, of this value or within it, its word is enough.
        let within =
            |other: &str| other.strip_prefix(&pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !self.violations.iter().any(|violation| within(&violation.pointer)) {
            self.violations.push(Violation { pointer, rule: rule.to_owned(), message: message.into() });
        }
    }

    fn string(&self, slot: u32) -> Option<Cow<'_, str>> {
        let found = self.document.slot(slot);
        matches!(found.shape, Shape::String { .. }).then(|| self.document.string(found))
    }

    fn identifier(&mut self, slot: u32) {
        if let Some(Err(reason)) = self.string(slot).map(|text| RecordId::parse(&text)) {
            self.report(slot, "identifier", reason.to_string());
        }
    }

    fn identifiers(&mut self, kind: Kind) {
        let named = ["id", "collection"].into_iter().filter_map(|name| self.document.member(0, name));
        let aliases = self.document.member(0, "aliases");
        let slots: Vec<u32> = named.chain(aliases.into_iter().flat_map(|list| self.document.elements(list))).collect();
        for slot in slots {
            self.identifier(slot);
        }
        if kind == Kind::Collection
            && let Some(parent) = self.document.member(0, "collection")
            && self.document.text_member(0, "collection") == self.document.text_member(0, "id")
        {
            self.report(parent, "own-parent", "a collection cannot be part of itself");
        }
    }

    fn instant_member(&mut self, object: u32, name: &str) -> Option<Instant> {
        self.document.member(object, name).and_then(|slot| self.instant(slot))
    }

    fn instant(&mut self, slot: u32) -> Option<Instant> {
        let text = self.string(slot)?.into_owned();
        match Instant::parse(&text) {
            Ok(instant) if text.ends_with('Z') => return Some(instant),
            Ok(_) => {
                let message = "times are written in UTC, ending in Z; put the original into as_written";
                self.report(slot, "utc", message);
            }
            Err(reason) => self.report(slot, "instant", reason.to_string()),
        }
        None
    }

    fn time(&mut self, time: u32) {
        let start = self.instant_member(time, "start");
        let stop = self.instant_member(time, "stop");
        if let (Some(start), Some(stop), Some(slot)) = (start, stop, self.document.member(time, "stop"))
            && stop < start
        {
            self.report(slot, "time-order", format!("stop {stop} lies before start {start}"));
        }
    }

    /// Sound without the schema too: `check_footprint` uses it alone.
    pub(super) fn footprint(&mut self, footprint: u32) {
        let body = self.document.text_member(footprint, "body");
        let on_earth = body.is_none_or(|body| body == "earth");
        if let Some(bbox) = self.present(footprint, "bbox") {
            match self.numbers(bbox) {
                Some(numbers) => self.bbox(bbox, &numbers, on_earth),
                None => self.report(bbox, "box", "a bounding box is an array of numbers"),
            }
        }
        if let Some(centre) = self.document.member(footprint, "centre") {
            self.position(centre, on_earth);
        }
        if let Some(geometry) = self.present(footprint, "geometry") {
            self.geometry(geometry, on_earth);
        }
    }

    fn present(&self, object: u32, name: &str) -> Option<u32> {
        self.document.member(object, name).filter(|slot| self.document.slot(*slot).shape != Shape::Null)
    }

    fn numbers(&self, array: u32) -> Option<Vec<f64>> {
        if self.document.slot(array).shape != Shape::Array {
            return None;
        }
        self.document.elements(array).map(|element| self.number(element)).collect()
    }

    fn number(&self, slot: u32) -> Option<f64> {
        let found = self.document.slot(slot);
        if found.shape == Shape::Number { self.document.written(found).parse().ok() } else { None }
    }

    fn bbox(&mut self, slot: u32, numbers: &[f64], on_earth: bool) {
        let limited: Vec<f64>;
        let judged = if on_earth {
            numbers
        } else {
            // Only the longitudes follow another convention.
            let east = numbers.len() / 2;
            let is_longitude = |place: usize| place == 0 || place == east;
            if let Some(longitude) = numbers
                .iter()
                .enumerate()
                .find_map(|(place, number)| (is_longitude(place) && number.abs() > FAREST_LONGITUDE).then_some(number))
            {
                return self.report(slot, "box", format!("longitude {longitude} lies outside -360 to 360"));
            }
            limited = numbers.iter().enumerate().map(|(place, n)| if is_longitude(place) { 0.0 } else { *n }).collect();
            &limited
        };
        if let Err(reason) = BoundingBox::from_numbers(judged) {
            self.report(slot, "box", reason.to_string());
        }
    }

    fn position(&mut self, slot: u32, on_earth: bool) -> bool {
        let mut coordinates = self.document.elements(slot).map(|element| self.number(element));
        let (Some(Some(longitude)), Some(Some(latitude))) = (coordinates.next(), coordinates.next()) else {
            self.report(slot, "position", "a position is longitude and latitude, in degrees");
            return false;
        };
        let farest = if on_earth { 180.0 } else { FAREST_LONGITUDE };
        if latitude.abs() > 90.0 {
            self.report(slot, "latitude", format!("latitude {latitude} lies outside -90 to 90"));
            return false;
        }
        if longitude.abs() > farest {
            self.report(slot, "longitude", format!("longitude {longitude} lies outside -{farest} to {farest}"));
            return false;
        }
        true
    }

    /// One finding a geometry: a ring of a thousand positions in projected metres is one mistake.
    fn geometry(&mut self, slot: u32, on_earth: bool) {
        let Some(shape) = self.document.text_member(slot, "type") else {
            return self.report(slot, "geometry", "a geometry names its type");
        };
        let depth = match shape.as_ref() {
            "Point" => 0,
            "MultiPoint" | "LineString" => 1,
            "MultiLineString" | "Polygon" => 2,
            "MultiPolygon" => 3,
            "GeometryCollection" => {
                let Some(geometries) = self.document.member(slot, "geometries") else {
                    return self.report(slot, "geometry", "a GeometryCollection needs geometries");
                };
                let parts: Vec<u32> = self.document.elements(geometries).collect();
                return parts.into_iter().for_each(|part| self.geometry(part, on_earth));
            }
            _ => {
                let named = self.document.member(slot, "type").unwrap_or(slot);
                return self.report(named, "geometry", "no geometry type of RFC 7946");
            }
        };
        match self.document.member(slot, "coordinates") {
            Some(coordinates) => _ = self.coordinates(coordinates, depth, on_earth),
            None => self.report(slot, "geometry", "a geometry needs coordinates"),
        }
    }

    fn coordinates(&mut self, slot: u32, depth: usize, on_earth: bool) -> bool {
        if depth == 0 {
            return self.position(slot, on_earth);
        }
        if self.document.slot(slot).shape != Shape::Array {
            self.report(slot, "geometry", "coordinates nest as RFC 7946 says for this type");
            return false;
        }
        let document = self.document;
        document.elements(slot).all(|part| self.coordinates(part, depth - 1, on_earth))
    }

    fn files(&mut self, files: u32) {
        let document = self.document;
        let mut names = HashSet::new();
        for file in document.elements(files) {
            if let Some(bytes) = document.member(file, "bytes") {
                self.whole_number(bytes);
            }
            let Some(slot) = document.member(file, "name") else { continue };
            self.identifier(slot);
            if let Some(name) = self.string(slot)
                && !names.insert(name.into_owned())
            {
                self.report(slot, "file-name", "two files of one record need two names");
            }
        }
    }

    fn counts(&mut self) {
        for name in ["members_expected", "members_held"] {
            if let Some(slot) = self.document.member(0, name) {
                self.whole_number(slot);
            }
        }
    }

    fn whole_number(&mut self, slot: u32) {
        let found = self.document.slot(slot);
        if found.shape == Shape::Number && self.document.written(found).parse::<u64>().is_err() {
            self.report(slot, "whole-number", "a count is written as digits alone and fits 64 bits");
        }
    }
}
