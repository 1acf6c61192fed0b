//! Metadata section and data object section of a manifest.

use crate::importer::Reason;
use crate::importer::shared::names::Role;
use crate::importer::shared::record::{File, Record};
use crate::importer::shared::space::Shape;
use crate::importer::shared::time::Written;
use crate::importer::shared::values::{Properties, tidy};
use crate::importer::shared::xml::Element;
use crate::model::Draft;

/// What names and describes a product.
pub struct Product<'d> {
    family: Option<&'d str>,
    number: Option<&'d str>,
    pub mode: Option<&'d str>,
    kind: Option<&'d str>,
    unit: Option<&'d str>,
    pub start: Option<&'d str>,
    pub stop: Option<&'d str>,
    pub orbit: Option<&'d str>,
    pub data_take: Option<&'d str>,
}

impl<'d> Product<'d> {
    pub fn of(root: &'d Element) -> Self {
        let first = |name: &str| root.descendants(name).into_iter().find_map(Element::text);
        let platform = root.descendants("platform").into_iter().next();
        let of_platform = |name: &str| platform.and_then(|platform| platform.text_at(name));
        let period = root.descendants("acquisitionPeriod").into_iter().next();
        let of_period = |name: &str| period.and_then(|period| period.text_at(name));
        let unit = root.descendants("contentUnit").into_iter().find_map(|unit| unit.attribute("textInfo"));
        Self {
            family: of_platform("familyName"),
            number: of_platform("number"),
            mode: first("mode"),
            kind: first("productType").or_else(|| first("productClass")),
            unit,
            start: of_period("startTime"),
            stop: of_period("stopTime"),
            orbit: first("orbitNumber"),
            data_take: first("missionDataTakeID"),
        }
    }

    /// Family and number: `SENTINEL-1A`; Sentinel-2 writes `SENTINEL` and `2A`.
    fn platform(&self) -> Option<String> {
        let (family, number) = (self.family?, self.number.unwrap_or_default());
        let dash = number.starts_with(|c: char| c.is_ascii_digit()) && !family.ends_with(|c: char| c.is_ascii_digit());
        Some(if dash { format!("{family}-{number}") } else { format!("{family}{number}") })
    }

    /// The platform without the letter of the unit.
    pub fn mission(&self) -> Option<String> {
        let platform = self.platform()?;
        let trimmed = platform.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        Some(if trimmed.ends_with(|c: char| c.is_ascii_digit()) { trimmed.to_owned() } else { platform })
    }

    /// `S1A` of `SENTINEL-1A`.
    pub fn platform_code(&self) -> Option<String> {
        let platform = self.platform()?;
        Some(match platform.to_ascii_uppercase().strip_prefix("SENTINEL-") {
            Some(rest) => format!("S{rest}"),
            None => platform.replace(' ', ""),
        })
    }

    /// The product type; Sentinel-2 says it only as the name of its package.
    pub fn kind(&self) -> Option<&'d str> {
        let of_unit = self.unit.and_then(|unit| match unit {
            unit if unit.contains("Level-1C") || unit.contains("1C") => Some("MSIL1C"),
            unit if unit.contains("Level-2A") || unit.contains("2A") => Some("MSIL2A"),
            unit if unit.contains("Level-1B") => Some("MSIL1B"),
            _ => None,
        });
        self.kind.or(of_unit)
    }
}

/// Writes all sections.
pub fn write(root: &Element, product: &Product<'_>, record: &mut Record<'_>, properties: &mut Properties) {
    if let Some(mission) = product.mission() {
        record.name(Role::Mission, &mission);
    }
    if let Some(platform) = product.platform() {
        record.name(Role::Platform, &platform);
    }
    for instrument in root.descendants("instrument") {
        let family = instrument.at("familyName");
        let short = family.and_then(|family| family.attribute("abbreviation"));
        if let Some(name) = short.or_else(|| family.and_then(Element::text)) {
            record.name(Role::Instrument, name);
        }
        if let Some(name) = family.and_then(Element::text) {
            properties.add("safe:instrument", &tidy(name));
        }
    }
    record.text("data_type", product.kind());
    let unit = product.unit.unwrap_or_default();
    if let Some(level) = level_of(unit).or_else(|| product.kind().and_then(level_of)) {
        record.name(Role::Level, &level);
    }
    if !unit.is_empty() {
        record.text("description", Some(&tidy(unit)));
    }
    record.time(Written {
        start: product.start.map(|written| ("startTime", written)),
        stop: product.stop.map(|written| ("stopTime", written)),
        ..Written::default()
    });
    footprints(root, record);
    processing(root, record);
    for object in root.descendants("dataObject") {
        file(object, record);
    }
    for section in root.all("metadataSection/metadataObject/metadataWrap/xmlData") {
        properties.sweep(section, &|element| !matches!(element.name.as_str(), "processing" | "footPrint"), &name_of);
    }
    orbits(root, properties);
}

/// `Level-1` of `Sentinel-1 IW Level-1 GRD Product`; `L2A` of `MSIL2A`; `LEVEL-1` of `OL_1_EFR___`.
fn level_of(text: &str) -> Option<String> {
    if let Some(at) = text.find("Level-") {
        let level = text.get(at..)?.split_whitespace().next()?;
        return Some(level.trim_end_matches([',', '.', '_']).split('_').next()?.to_owned());
    }
    if let Some(level) = text.strip_prefix("MSI").filter(|level| level.starts_with('L')) {
        return Some(level.to_owned());
    }
    let mut parts = text.split('_').skip(1);
    let digit = parts.next().filter(|part| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(format!("L{digit}"))
}

/// Latitude comes first, in both ways of writing: `lat,lon lat,lon` and `lat lon lat lon`.
fn footprints(root: &Element, record: &mut Record<'_>) {
    for footprint in root.descendants("footPrint") {
        let lists = footprint.descendants("coordinates").into_iter().chain(footprint.descendants("posList"));
        for list in lists.filter_map(Element::text) {
            let numbers: Option<Vec<f64>> = list
                .split([',', ' ', '\n', '\t', '\r'])
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().ok())
                .collect();
            let unusable = |message: &str| Reason::GeometryUnusable { message: message.to_owned() };
            let Some(numbers) = numbers.filter(|numbers| numbers.len() >= 6 && numbers.len().is_multiple_of(2)) else {
                record.note(unusable("a footprint is no list of latitudes and longitudes"));
                continue;
            };
            let corners = numbers.chunks_exact(2).filter_map(|pair| Some([*pair.get(1)?, *pair.first()?])).collect();
            record.footprint("earth", None, &Shape::Polygon(corners));
        }
    }
}

/// Steps of processing: the outermost is the last. Products and auxiliary files that went in are inputs.
fn processing(root: &Element, record: &mut Record<'_>) {
    let tops: Vec<_> = root.all("metadataSection/metadataObject/metadataWrap/xmlData/processing");
    let mut inputs = Draft::array();
    let mut history = Draft::array();
    let mut links: Vec<String> = Vec::new();
    for top in &tops {
        if let Some(made) = top.attribute("stop").or_else(|| top.attribute("start")) {
            record.date("processed_at", "processing", made);
        }
        step(top, &mut inputs, &mut history, &mut links);
    }
    for name in links {
        record.link("derived_from", &name, None);
    }
    let mut provenance = Draft::object();
    if let Some(software) = tops.first().and_then(|top| top.descendants("software").into_iter().next()) {
        let name = software.attribute("name").unwrap_or_default();
        let version = software.attribute("version").unwrap_or_default();
        provenance.string("generated_by", format!("{name} {version}").trim());
    }
    provenance.part("inputs", inputs);
    provenance.part("history", history);
    record.draft.part("provenance", provenance);
}

fn step(processing: &Element, inputs: &mut Draft, history: &mut Draft, links: &mut Vec<String>) {
    let mut entry = Draft::object();
    for (member, attribute) in [("name", "name"), ("start", "start"), ("stop", "stop")] {
        entry.optional(member, processing.attribute(attribute));
    }
    for facility in processing.named("facility") {
        entry.optional("facility", facility.attribute("name"));
        for software in facility.named("software") {
            entry.optional("software", software.attribute("name"));
            entry.optional("version", software.attribute("version"));
        }
    }
    history.element(&entry.finish());
    for resource in processing.named("resource") {
        let (name, role) = (resource.attribute("name"), resource.attribute("role"));
        if let Some(name) = name.filter(|name| !name.is_empty() && *name != "Unknown") {
            let mut input = Draft::object();
            input.string("name", name);
            input.optional("role", role);
            input.optional("version", resource.attribute("version"));
            inputs.element(&input.finish());
            // Processors write where the input lay on their disk.
            let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
            let product = last.strip_suffix(".SAFE").or_else(|| last.ends_with(".SEN3").then_some(last));
            if let Some(product) = product.filter(|product| !links.iter().any(|known| known == product)) {
                links.push(product.to_owned());
            }
        }
        resource.named("processing").for_each(|inner| step(inner, inputs, history, links));
    }
}

/// A file of the product, with the checksum that was promised for it.
fn file(object: &Element, record: &mut Record<'_>) {
    for stream in object.named("byteStream") {
        let Some(href) = stream.at("fileLocation").and_then(|location| location.attribute("href")) else {
            let message = format!("line {}: a byteStream without fileLocation", stream.line);
            record.note(Reason::FieldUnusable { field: "fileLocation".to_owned(), message });
            continue;
        };
        let checksum = stream.at("checksum");
        let algorithm = checksum.and_then(|checksum| checksum.attribute("checksumName"));
        let algorithm = algorithm.map(|name| name.to_ascii_lowercase());
        let value = checksum.and_then(Element::text);
        let promised = algorithm.as_deref().zip(value).filter(|(algorithm, value)| is_checksum(algorithm, value));
        if let (Some(value), None) = (value, promised) {
            let message =
                format!("{value:?} of {href} is no {}", algorithm.as_deref().unwrap_or("digest of a named algorithm"));
            record.note(Reason::FieldUnusable { field: "checksum".to_owned(), message });
        }
        let media_type = stream.attribute("mimeType").filter(|written| written.contains('/'));
        record.file(&File {
            name: href.trim_start_matches("./"),
            role: Some(role_of(object, href)),
            bytes: stream.attribute("size").and_then(|size| size.parse().ok()),
            checksum: promised,
            media_type,
            href: None,
        });
    }
}

fn role_of(object: &Element, href: &str) -> &'static str {
    let id = object.attribute("ID").unwrap_or_default().to_ascii_lowercase();
    let href = href.to_ascii_lowercase();
    let within = |words: &[&str]| words.iter().any(|word| href.contains(word) || id.contains(word));
    match () {
        () if within(&["qi_data", "quality", "olqc", "report"]) => "quality",
        () if within(&["preview", "quicklook", "quick-look", "browse", "thumbnail", "html/"]) => "browse",
        () if within(&["aux_data", "auxiliary"]) => "ancillary",
        () if within(&["annotation", "metadata", "mtd_", "inspire", "calibration/", "support/"]) => "metadata",
        () => "data",
    }
}

fn is_checksum(algorithm: &str, value: &str) -> bool {
    let digits = match algorithm {
        "md5" => 32,
        "sha1" => 40,
        "sha256" | "sha3-256" => 64,
        "sha512" => 128,
        _ => {
            return algorithm.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !algorithm.is_empty();
        }
    };
    value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Elements that have the same name in several classes say which.
fn name_of(parent: &Element, leaf: &Element) -> Option<String> {
    let name = leaf.name.as_str();
    Some(match name {
        "familyName" | "number" | "startTime" | "stopTime" | "orbitNumber" | "relativeOrbitNumber" => return None,
        "name" | "type" | "value" => format!("safe:{}/{name}", parent.name),
        name => format!("safe:{name}"),
    })
}

fn orbits(root: &Element, properties: &mut Properties) {
    for reference in root.descendants("orbitReference") {
        for name in ["orbitNumber", "relativeOrbitNumber"] {
            for orbit in reference.named(name) {
                if let Some(number) = orbit.text() {
                    let plain = number.trim_start_matches('0');
                    properties.add(&format!("safe:{name}"), if plain.is_empty() { number } else { plain });
                }
                if let Some(direction) = orbit.attribute("groundTrackDirection") {
                    properties.add("safe:groundTrackDirection", direction);
                }
            }
        }
    }
}
