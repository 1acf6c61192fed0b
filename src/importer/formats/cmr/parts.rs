//! What the dialects of CMR metadata share: identifiers, placeholders, keywords, spans, shapes.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::{Once, number_of};
use super::super::super::shared::space::Shape;
use super::super::super::shared::time::Written;
use super::super::super::shared::xml::Element;

/// Scheme of science keywords, as GCMD's keyword service names it.
pub const SCIENCE_KEYWORDS: &str = "gcmd:sciencekeywords";
/// Scheme of place names.
pub const LOCATIONS: &str = "gcmd:locations";
/// Scheme of ISO 19115 topic categories.
pub const TOPICS: &str = "iso:topicCategory";

/// A text that says something: CMR's converters write `Not provided` where a mandatory field is missing.
pub fn given(text: Option<&str>) -> Option<&str> {
    let nothing = ["not provided", "not applicable", "not given", "not available", "n/a", "none provided", "null"];
    text.map(str::trim).filter(|text| !text.is_empty() && !nothing.contains(&text.to_lowercase().as_str()))
}

/// The concept id in a path, where a download is named by it: `C92711294-NSIDC_ECS.xml`. It stands nowhere in the
/// document.
pub fn concept_id(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let stem = name.split('.').next()?;
    let (number, provider) = stem.split_once('-')?;
    let digits = number.strip_prefix(['C', 'G'])?;
    let is_number = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    // `G2485638210-LPCLOUD-neither.echo10`: what follows the provider is a remark.
    let provider = provider.split('-').next().filter(|provider| !provider.is_empty())?;
    let is_provider = provider.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (is_number && is_provider).then(|| stem.get(..number.len() + 1 + provider.len())).flatten()
}

/// CMR's EntryId, `MOD10A1_006`: what granules and portals name a collection by.
pub fn entry_id(short_name: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{short_name}_{version}"),
        None => short_name.to_owned(),
    }
}

/// The name that ECS gives a collection, `MOD10A1.006`: versions of digits have three.
pub fn ecs_name(short_name: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{short_name}.{}", padded(version)),
        None => short_name.to_owned(),
    }
}

/// `5` as ECS writes it in names: `005`. Any other version as it is.
pub fn padded(version: &str) -> String {
    let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    if digits { format!("{version:0>3}") } else { version.to_owned() }
}

/// The first of several places that says something.
pub fn first<'e>(element: &'e Element, paths: &[&str]) -> Option<&'e str> {
    paths.iter().find_map(|path| element.all(path).into_iter().find_map(|found| given(found.text())))
}

/// Texts that become properties of their own.
pub fn properties(once: &mut Once<'_>, element: &Element, table: &[(&str, &str)]) {
    for (path, name) in table {
        for found in element.all(path) {
            once.text(name, given(found.text()));
        }
    }
}

/// As [`properties`], for numbers.
pub fn numbers(once: &mut Once<'_>, element: &Element, table: &[(&str, &str)]) {
    for (path, name) in table {
        for found in element.all(path) {
            once.number(name, given(found.text()));
        }
    }
}

/// Names at a path, each with a role.
pub fn names(once: &mut Once<'_>, element: &Element, role: Role, paths: &[&str]) {
    for path in paths {
        for found in element.all(path) {
            once.name(role, given(found.text()));
        }
    }
}

/// Keywords at a path, in one scheme.
pub fn keywords(once: &mut Once<'_>, element: &Element, scheme: Option<&str>, path: &str) {
    for found in element.all(path) {
        if let Some(text) = given(found.text()) {
            once.keyword(scheme, text);
        }
    }
}

/// Keywords whose levels are elements of their own, in the order of `levels`.
pub fn levelled(once: &mut Once<'_>, element: &Element, scheme: &str, path: &str, levels: &[&str]) {
    for keyword in element.all(path) {
        let parts = levels.iter().filter_map(|level| given(keyword.text_at(level)));
        let written = parts.collect::<Vec<_>>().join(" > ");
        once.keyword(Some(scheme), &written);
    }
}

/// Beginnings and ends of all spans of a document, as written.
#[derive(Default)]
pub struct Spans<'e> {
    starts: Vec<&'e str>,
    stops: Vec<&'e str>,
    open: bool,
}

impl<'e> Spans<'e> {
    /// A span; one without an end is not over.
    pub fn add(&mut self, start: Option<&'e str>, stop: Option<&'e str>) {
        let (start, stop) = (given(start), given(stop));
        self.starts.extend(start);
        self.stops.extend(stop);
        self.open |= start.is_some() && stop.is_none();
    }

    /// An instant.
    pub fn instant(&mut self, time: Option<&'e str>) {
        self.add(time, time);
    }

    /// Whether the document says that the span lasts.
    pub fn ends_at_present(&mut self, flag: Option<&str>) {
        self.open |= flag.is_some_and(|flag| flag.eq_ignore_ascii_case("true") || flag == "1");
    }

    /// Writes the span from the first beginning to the last end. Producers of the CMR write ISO 8601 throughout, whose
    /// order is that of its letters.
    pub fn write(self, once: &mut Once<'_>, [begins, ends]: [&'static str; 2]) {
        let start = self.starts.into_iter().min().map(|start| (begins, start));
        let last = self.stops.into_iter().max();
        // An end that the document itself declares outdated is no end, and can still be asked for.
        once.text("cmr:EndingDateTime", last.filter(|_| self.open));
        let stop = last.filter(|_| !self.open).map(|stop| (ends, stop));
        if start.is_some() || stop.is_some() {
            once.record.time(Written { start, stop, open_end: self.open, ..Written::default() });
        }
    }
}

/// Longitude and latitude of a point.
fn point(element: &Element, names: [&str; 2]) -> Option<[f64; 2]> {
    let [longitude, latitude] = names.map(|name| element.text_at(name).and_then(number_of)?.parse().ok());
    Some([longitude?, latitude?])
}

/// A box of four elements: west, south, east, north.
pub fn rectangle(once: &mut Once<'_>, element: &Element, names: [&str; 4]) {
    let read = names.map(|name| element.text_at(name).and_then(number_of).and_then(|number| number.parse().ok()));
    if let [Some(west), Some(south), Some(east), Some(north)] = read {
        once.record.footprint("earth", None, &Shape::Box { west, south, east, north });
    }
}

/// A polygon of points.
pub fn polygon(once: &mut Once<'_>, points: &[&Element], names: [&str; 2]) {
    let corners: Vec<_> = points.iter().filter_map(|element| point(element, names)).collect();
    if corners.len() >= 3 {
        once.record.footprint("earth", None, &Shape::Polygon(corners));
    }
}

/// A point, as a footprint.
pub fn single(once: &mut Once<'_>, element: &Element, names: [&str; 2]) {
    if let Some(place) = point(element, names) {
        once.record.footprint("earth", None, &Shape::Point(place));
    }
}

/// A line of points, as GeoJSON.
pub fn line(once: &mut Once<'_>, points: &[&Element], names: [&str; 2]) {
    let places: Vec<_> = points.iter().filter_map(|element| point(element, names)).collect();
    if places.len() >= 2 {
        let places = places.iter().map(|[x, y]| format!("[{x},{y}]")).collect::<Vec<_>>().join(",");
        let geometry = format!("{{\"type\":\"LineString\",\"coordinates\":[{places}]}}");
        once.record.footprint("earth", None, &Shape::Geometry(&geometry));
    }
}

/// The additional attribute that is the DOI of a collection. Granules repeat it, and it names none of them.
pub const DOI: &str = "identifier_product_doi";

/// An additional attribute: its name always, its value where the document gives one.
pub fn attribute(once: &mut Once<'_>, name: Option<&str>, values: &[&str]) {
    let Some(name) = given(name) else { return };
    for value in values {
        once.number(&format!("cmr:{name}"), given(Some(value)));
    }
    if values.is_empty() {
        once.text("cmr:AdditionalAttributes", Some(name));
    }
}

/// What a link leads to, from the words of its type.
pub fn rel_of(kind: &str) -> &'static str {
    let kind = kind.to_uppercase();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    if has(&["BROWSE", "VISUALIZATION", "THUMBNAIL"]) {
        "preview"
    } else if has(&["LANDING PAGE", "HOME PAGE", "DATACENTER"]) {
        "about"
    } else if has(&["SERVICE", "OPENDAP", "THREDDS", "USE SERVICE API"]) {
        "service"
    } else if has(&["GET DATA", "DIRECT DOWNLOAD", "DATA POOL"]) {
        "data"
    } else if has(&["METADATA"]) {
        "describedby"
    } else if has(&["GUIDE", "DOCUMENT", "PUBLICATION", "ALGORITHM", "HANDBOOK", "VIEW RELATED", "README", "PAPER"]) {
        "document"
    } else {
        "see_also"
    }
}
