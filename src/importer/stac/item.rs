//! STAC Item to product.

use std::borrow::Cow;

use super::names::Names;
use super::{Draft, Fields, Making, Reason, json, names, time, usable};
use crate::importer::shared::names::Role;
use crate::importer::shared::{levels, space};

/// Members that get a place of their own in the record; all others go to `stac` as given.
const PLACED: &[&str] = &["type", "id", "collection", "geometry", "bbox", "properties", "links", "assets"];

/// Where processing levels are written, the first that is there counts.
const LEVELS: &[&str] = &["processing:level", "landsat:processing_level", "s2:processing_level", "landsat:correction"];

/// Where kinds of products are written.
const DATA_TYPES: &[&str] = &["product:type", "s5p:product_type", "sar:product_type", "s2:product_type"];

impl<'a> Making<'a> {
    /// The product that an Item describes.
    pub(super) fn item(&mut self) -> Result<Draft, Reason> {
        let mut draft = Draft::new("product", &self.id()?);
        draft.string("collection", &self.collection_of_item()?);
        let properties = self.properties();
        let mut stac = Draft::object();
        self.about(&properties, &mut draft);
        self.time(time::of_item(&properties), &mut draft);
        self.lifecycle(&properties, &mut draft);
        self.footprint(&properties, &mut draft, &mut stac);
        self.level(&properties, &mut draft);
        draft.optional("data_type", names::first_string(&properties, DATA_TYPES));
        quality(&properties, &mut draft);
        self.files(&mut draft, &mut stac);
        identifiers(&properties, &mut draft);
        self.links(&mut draft, &mut stac);
        if let Some(written) = self.fields.get("properties") {
            let holder = if written.starts_with('{') { &mut draft } else { &mut stac };
            holder.raw("properties", written);
        }
        self.foreign(&mut stac, PLACED);
        draft.part("stac", stac);
        Ok(draft)
    }

    fn collection_of_item(&mut self) -> Result<String, Reason> {
        match self.fields.get("collection").filter(|collection| *collection != "null") {
            Some(written) => {
                let collection = json::read_string(written).ok_or(Reason::CollectionNotText)?;
                usable(&collection).map_err(Reason::BadCollection)?;
                Ok(collection.into_owned())
            }
            None => {
                let used = self.context.collection.to_owned();
                self.note(Reason::NoCollection { used: used.clone() });
                Ok(used)
            }
        }
    }

    fn properties(&mut self) -> Fields<'a> {
        let Some(written) = self.fields.get("properties") else { return Fields::default() };
        Fields::of_valid(written).unwrap_or_else(|| {
            self.findings.push(Reason::WrongType { name: "properties" });
            Fields::default()
        })
    }

    fn about(&self, properties: &Fields<'_>, draft: &mut Draft) {
        let either = |name| properties.string(name).or_else(|| self.fields.string(name));
        draft.optional("title", either("title"));
        draft.optional("description", either("description"));
        names::keywords(properties.get("keywords").or(self.fields.get("keywords")), None, draft);
        draft.optional("licence", names::first_string(properties, &["license", "item:license"]));
        let lists = [
            (Role::Mission, &["constellation", "mission", "eo:constellation"][..]),
            (Role::Platform, &["platform", "eo:platform"]),
            (Role::Instrument, &["instruments", "instrument", "eo:instrument"]),
            (Role::Target, &["ssys:targets"]),
        ];
        let lists = lists.map(|(role, sources)| (role, Names::of(properties, sources)));
        Names::write_all(lists, self.context.names, draft);
    }

    /// Dates of the description itself; the observation's stand in `time`.
    fn lifecycle(&self, properties: &Fields<'_>, draft: &mut Draft) {
        let mut lifecycle = Draft::object();
        for (member, source) in [("created", "created"), ("modified", "updated")] {
            lifecycle
                .optional(member, properties.string(source).and_then(|text| time::read(&text)).map(|read| read.start));
        }
        draft.part("lifecycle", lifecycle);
        let processed = properties.string("processing:datetime").and_then(|text| time::read(&text));
        draft.optional("processed_at", processed.map(|read| read.start));
    }

    fn level(&self, properties: &Fields<'_>, draft: &mut Draft) {
        if let Some(written) = names::first_string(properties, LEVELS) {
            let mut level = Draft::object();
            level.optional("normalised", levels::normalised(self.context.names, None, &written));
            level.string("as_written", &written);
            draft.part("level", level);
        }
    }

    fn footprint(&mut self, properties: &Fields<'_>, draft: &mut Draft, stac: &mut Draft) {
        let body = Names::of(properties, &["ssys:targets"])
            .first()
            .map_or(Cow::Borrowed("earth"), |target| Cow::Owned(target.to_lowercase()));
        let written = |name| self.fields.get(name).filter(|value| *value != "null");
        let (geometry, bbox) = (written("geometry"), written("bbox"));
        let footprint = space::footprint(&body, None, geometry, bbox);
        self.findings.extend(footprint.findings);
        if let Some(text) = footprint.text {
            draft.raw("space", &format!("[{text}]"));
        }
        // What the footprint does not hold as it was written is kept beside.
        let kept = [("geometry", geometry, footprint.geometry_kept), ("bbox", bbox, footprint.bbox_kept)];
        for (name, value, _) in kept.iter().filter(|(_, _, held)| !held) {
            if let Some(value) = value {
                stac.raw(name, value);
            }
        }
    }
}

fn quality(properties: &Fields<'_>, draft: &mut Draft) {
    let mut quality = Draft::object();
    for (member, sources) in [("cloud_cover", &["eo:cloud_cover"][..]), ("gsd", &["gsd", "eo:gsd"])] {
        let mut values = sources.iter().filter_map(|source| properties.get(source));
        if let Some(number) =
            values.find(|value| value.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
        {
            quality.raw(member, number);
        }
    }
    draft.part("quality", quality);
}

fn identifiers(properties: &Fields<'_>, draft: &mut Draft) {
    if let Some(doi) = properties.string("sci:doi").filter(|doi| !doi.is_empty()) {
        let mut identifier = Draft::object();
        identifier.string("scheme", "doi");
        identifier.string("value", &doi);
        let mut identifiers = Draft::array();
        identifiers.element(&identifier.finish());
        draft.part("identifiers", identifiers);
    }
}
