//! `Observation_Area` and `Context_Area`: when, by what and of what; and all their other scalars as properties.

use super::references::{Links, reference};
use crate::importer::shared::names::Role;
use crate::importer::shared::record::Record;
use crate::importer::shared::time::Written;
use crate::importer::shared::values::{Properties, prose, tidy};
use crate::importer::shared::xml::Element;

/// Attributes that mean nothing without the class that they stand in.
const GENERIC: &[&str] = &["name", "type", "id", "value", "unit", "index", "files", "description"];
/// Prose and internal references: they stay in the source.
const UNNAMED: &[&str] =
    &["description", "comment", "local_identifier", "local_identifier_reference", "local_reference_type"];
/// Mapped elsewhere, or structure of files.
const ELSEWHERE: &[&str] = &[
    "Internal_Reference",
    "Local_Internal_Reference",
    "Modification_History",
    "Alias_List",
    "Observing_System",
    "Target_Identification",
    "Investigation_Area",
    "Reference_List",
    "Inventory",
    "Bundle_Member_Entry",
    "Document_Edition",
    "Document_Format_Set",
];
const MAPPED: &[&str] = &[
    "logical_identifier",
    "version_id",
    "title",
    "product_class",
    "doi",
    "keyword",
    "start_date_time",
    "stop_date_time",
    "processing_level",
    "processing_level_id",
    "lid_reference",
    "lidvid_reference",
    "reference_type",
];

/// Writes both areas, and the scalars of the classes beside them.
pub fn write(root: &Element, record: &mut Record<'_>, properties: &mut Properties, links: &mut Links) {
    for area in root.children().filter(|child| matches!(child.name.as_str(), "Observation_Area" | "Context_Area")) {
        if let Some(times) = area.at("Time_Coordinates") {
            let named = |name, path| times.text_at(path).map(|written| (name, written));
            record.time(Written {
                start: named("start_date_time", "start_date_time"),
                stop: named("stop_date_time", "stop_date_time"),
                ..Written::default()
            });
        }
        results(area, record);
        investigations(area, record, properties, links);
        for system in area.named("Observing_System") {
            components(system, record, properties, links);
        }
        targets(area, record, properties, links);
    }
    publication(root, record);
    properties.sweep(root, &enters, &name_of);
    pairs(root, properties);
}

fn results(area: &Element, record: &mut Record<'_>) {
    for summary in area.named("Primary_Result_Summary") {
        let level = summary.text_at("processing_level").or_else(|| summary.text_at("processing_level_id"));
        if let Some(level) = level {
            record.name(Role::Level, level);
        }
        for facets in summary.named("Science_Facets") {
            let path: Vec<_> =
                ["discipline_name", "facet1", "facet2"].into_iter().filter_map(|name| facets.text_at(name)).collect();
            record.keyword(Some("pds4:discipline"), &path.join(" > "));
            for (scheme, name) in [("pds4:domain", "domain"), ("pds4:wavelength_range", "wavelength_range")] {
                for value in facets.named(name).filter_map(Element::text) {
                    record.keyword(Some(scheme), value);
                }
            }
        }
    }
}

fn investigations(area: &Element, record: &mut Record<'_>, properties: &mut Properties, links: &mut Links) {
    for investigation in area.named("Investigation_Area") {
        if let Some(name) = investigation.text_at("name") {
            record.name(Role::Mission, &tidy(name));
        }
        if let Some(kind) = investigation.text_at("type") {
            properties.add("pds4:investigation_type", kind);
        }
        for (href, kind) in investigation.named("Internal_Reference").filter_map(reference) {
            links.add("mission", href, kind);
        }
    }
}

/// A component is an instrument or what carries one. What is said of its reference counts more than its type, which
/// older labels wrote freely.
fn components(system: &Element, record: &mut Record<'_>, properties: &mut Properties, links: &mut Links) {
    for component in system.named("Observing_System_Component") {
        let kind = component.text_at("type").unwrap_or_default();
        let references: Vec<_> = component.named("Internal_Reference").filter_map(reference).collect();
        let said = references.iter().find_map(|(_, said)| *said).unwrap_or_default();
        let role = match said {
            "is_instrument" => Some(Role::Instrument),
            "is_instrument_host" | "is_telescope" | "is_facility" | "is_airborne" => Some(Role::Platform),
            _ => role_of(kind),
        };
        let Some(role) = role else {
            properties.add("pds4:observing_system_component", kind);
            continue;
        };
        if let Some(name) = component.text_at("name") {
            record.name(role, &tidy(name));
        }
        let rel = if role == Role::Instrument { "instrument" } else { "platform" };
        for (href, said) in references {
            links.add(rel, href, said);
        }
    }
}

fn role_of(kind: &str) -> Option<Role> {
    let kind = kind.to_ascii_lowercase();
    match kind.as_str() {
        "" | "literature search" | "naked eye" | "computer" | "artificial illumination" => None,
        "spacecraft" | "host" | "rover" | "lander" | "orbiter" | "telescope" | "observatory" | "facility"
        | "laboratory" | "airborne" | "aircraft" | "balloon" | "suborbital rocket" => Some(Role::Platform),
        _ => Some(Role::Instrument),
    }
}

fn targets(area: &Element, record: &mut Record<'_>, properties: &mut Properties, links: &mut Links) {
    for target in area.named("Target_Identification") {
        if let Some(name) = target.text_at("name") {
            record.name(Role::Target, &tidy(name));
        }
        for (property, attribute) in
            [("pds4:target_type", "type"), ("pds4:alternate_designation", "alternate_designation")]
        {
            for value in target.named(attribute).filter_map(Element::text) {
                properties.add(property, &tidy(value));
            }
        }
        for (href, kind) in target.named("Internal_Reference").filter_map(reference) {
            links.add("target", href, kind);
        }
    }
}

/// When a document was published.
fn publication(root: &Element, record: &mut Record<'_>) {
    if let Some(date) = root.text_at("Document/publication_date") {
        record.date("issued", "publication_date", date);
    }
    if let Some(right) = root.text_at("Document/copyright") {
        record.text("licence", Some(&prose(right)));
    }
}

fn enters(element: &Element) -> bool {
    let name = element.name.as_str();
    // Numbers of a table or an array describe bytes, not the observation.
    !(name.starts_with("File_Area") || name.starts_with("Information_Package") || ELSEWHERE.contains(&name))
}

fn name_of(parent: &Element, leaf: &Element) -> Option<String> {
    let name = leaf.name.as_str();
    if UNNAMED.contains(&name) || (MAPPED.contains(&name) && is_core(leaf)) || is_pair(parent) {
        return None;
    }
    let prefix = prefix_of(leaf);
    Some(match GENERIC.contains(&name) {
        true => format!("{prefix}:{}/{name}", parent.name),
        false => format!("{prefix}:{name}"),
    })
}

fn is_core(element: &Element) -> bool {
    prefix_of(element) == "pds4"
}

/// The name of a dictionary: `geom` for `http://pds.nasa.gov/pds4/geom/v1`, `insight` for `…/pds4/mission/insight/v1`.
fn prefix_of(element: &Element) -> &str {
    let mut parts = element.namespace.trim_end_matches('/').rsplit('/');
    let last = parts.next().unwrap_or_default();
    let is_version = last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match if is_version { parts.next().unwrap_or_default() } else { last } {
        "" | "pds" => "pds4",
        name => name,
    }
}

/// Classes such as `Parameter {name, value}` hold an attribute that no dictionary has.
fn is_pair(element: &Element) -> bool {
    element.at("name").is_some() && element.at("value").is_some()
}

fn pairs(root: &Element, properties: &mut Properties) {
    for area in ["Observation_Area", "Context_Area"].into_iter().filter_map(|name| root.at(name)) {
        for kind in ["Mission_Area", "Discipline_Area"] {
            area.named(kind).for_each(|part| pairs_below(part, properties));
        }
    }
}

fn pairs_below(element: &Element, properties: &mut Properties) {
    for child in element.children() {
        if is_pair(child)
            && let (Some(name), Some(value)) = (child.text_at("name"), child.text_at("value"))
        {
            properties.add(&format!("{}:{}", prefix_of(child), tidy(name)), &tidy(value));
        }
        pairs_below(child, properties);
    }
}
