//! Products that did not come as STAC: their fields under the names that STAC's common metadata and its extensions
//! have for them. What the record's own `properties` say under such a name stays.

use super::item::{Parts, Stored};
use super::{assets, unreadable};
use crate::catalogue::Error;
use crate::model::json::Fields;
use crate::model::{Draft, Entity, Name};

const EO: &str = "https://stac-extensions.github.io/eo/v1.1.0/schema.json";
const PROCESSING: &str = "https://stac-extensions.github.io/processing/v1.2.0/schema.json";
pub(super) const SCIENTIFIC: &str = "https://stac-extensions.github.io/scientific/v1.0.0/schema.json";
const SOLAR_SYSTEM: &str = "https://stac-extensions.github.io/ssys/v1.1.0/schema.json";
pub(super) const VERSION: &str = "https://stac-extensions.github.io/version/v1.2.0/schema.json";

/// Properties under construction, with the extensions that they belong to.
struct Making<'a> {
    given: Fields<'a>,
    properties: Draft,
    extensions: Vec<&'static str>,
}

/// Properties, assets and extensions of a product whose files are found below `product_address`.
pub(super) fn item<'a>(record: &'a [u8], stored: &Stored<'a>, product_address: &str) -> Result<Parts<'a>, Error> {
    let entity = Entity::view(record).map_err(unreadable)?;
    let given = stored.properties.unwrap_or("{}");
    let mut making = Making {
        given: Fields::of_valid(given).unwrap_or_default(),
        properties: Draft::with_capacity(given.len() + 512),
        extensions: Vec::new(),
    };
    making.fill(&entity, stored);
    let mut extensions = Draft::array();
    making.extensions.iter().for_each(|extension| extensions.string_element(extension));
    Ok(Parts {
        extensions: extensions.finish().into(),
        properties: making.properties.finish().into(),
        assets: assets::of_files(&entity.files, product_address).into(),
        stac: Fields::default(),
    })
}

impl Making<'_> {
    fn fill(&mut self, entity: &Entity<'_>, stored: &Stored<'_>) {
        self.text("title", entity.title.as_deref(), None);
        self.text("description", entity.description.as_deref().filter(|text| !text.is_empty()), None);
        self.text("platform", first(&entity.platforms), None);
        self.text("mission", first(&entity.missions), None);
        self.list("instruments", entity.instruments.iter().map(|name| name.label.as_ref()), None);
        self.list("keywords", entity.keywords.iter().map(|keyword| keyword.path.as_ref()), None);
        self.text("license", entity.licence.as_deref().filter(|licence| is_licence(licence)), None);
        self.text("version", entity.version.as_deref(), Some(VERSION));
        let level = entity.level.as_ref();
        let level = level.and_then(|level| level.normalised.as_deref().or(level.as_written.as_deref()));
        self.text("processing:level", level, Some(PROCESSING));
        self.text("sci:doi", doi(entity), Some(SCIENTIFIC));
        self.quality(entity);
        let elsewhere = entity.space.iter().any(|footprint| footprint.body != "earth");
        let targets = entity.targets.iter().map(|target| target.label.as_ref());
        self.list("ssys:targets", targets.filter(|_| elsewhere), Some(SOLAR_SYSTEM));
        if let (true, Some(space)) = (elsewhere, stored.space) {
            self.properties.raw("perennial:footprints", space);
        }
        if entity.files.iter().any(|file| file.bytes.is_some() || !file.checksums.is_empty()) {
            self.extensions.push(assets::FILE_EXTENSION);
        }
        for (name, value) in self.given.iter() {
            self.properties.raw(name, value);
        }
    }

    fn is_free(&self, name: &str) -> bool {
        self.given.get(name).is_none()
    }

    fn text(&mut self, name: &str, value: Option<&str>, extension: Option<&'static str>) {
        if let Some(value) = value.filter(|_| self.is_free(name)) {
            self.properties.string(name, value);
            self.extensions.extend(extension);
        }
    }

    fn list<'t>(&mut self, name: &str, values: impl Iterator<Item = &'t str>, extension: Option<&'static str>) {
        let mut list = Draft::array();
        values.for_each(|value| list.string_element(value));
        if !list.is_empty() && self.is_free(name) {
            self.properties.raw(name, &list.finish());
            self.extensions.extend(extension);
        }
    }

    fn quality(&mut self, entity: &Entity<'_>) {
        let Some(quality) = entity.quality.and_then(|quality| Fields::of_valid(quality.get())) else { return };
        let number = |name| {
            let positive = |text: &&str| text.starts_with(|first: char| first.is_ascii_digit());
            quality.get(name).filter(positive)
        };
        // The schema of STAC wants a distance above zero.
        let above_zero = |text: &&str| text.parse::<f64>().is_ok_and(|distance| distance > 0.0);
        if let Some(distance) = number("gsd").filter(above_zero).filter(|_| self.is_free("gsd")) {
            self.properties.raw("gsd", distance);
        }
        if let Some(cover) = number("cloud_cover").filter(|_| self.is_free("eo:cloud_cover")) {
            self.properties.raw("eo:cloud_cover", cover);
            self.extensions.push(EO);
        }
    }
}

fn first<'a>(names: &'a [Name<'_>]) -> Option<&'a str> {
    names.first().map(|name| name.label.as_ref())
}

fn doi<'a>(entity: &'a Entity<'_>) -> Option<&'a str> {
    let named = entity.identifiers.iter().find(|identifier| identifier.scheme.eq_ignore_ascii_case("doi"));
    entity.doi.as_deref().or(named.map(|identifier| identifier.value.as_ref()))
}

/// An SPDX identifier or another word, as the schema of STAC has it; not a text or an address.
pub(super) fn is_licence(text: &str) -> bool {
    let word = |character: char| character.is_alphanumeric() || "_-.+".contains(character);
    !text.is_empty() && text.chars().all(word)
}
