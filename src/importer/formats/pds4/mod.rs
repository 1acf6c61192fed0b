//! PDS4 labels (PDS4 information model): products, collections with their inventory, bundles, documents, context
//! products. What each attribute becomes stands in `docs/importers/pds4.md`.

mod areas;
mod files;
mod footprints;
mod inventory;
mod references;

use crate::importer::shared::names::Role;
use crate::importer::shared::record::Record;
use crate::importer::shared::values::{Properties, prose, tidy};
use crate::importer::shared::xml::{self, Element};
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::{Draft, RecordId};

use references::Links;

/// As much of a file as is looked at to recognise it.
const HEAD: usize = 1 << 16;
/// Levels of a LIDVID up to its collection: `urn:nasa:pds:bundle:collection`.
const COLLECTION_LEVELS: usize = 5;

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    match xml::root_of(head) {
        Some((name, namespace)) => name.starts_with("Product_") && (namespace.is_empty() || is_pds4(&namespace)),
        // What cannot be read to its root may still be a label, which then says what is wrong with it.
        None => {
            let finds = |needle: &[u8]| memchr::memmem::find(head, needle).is_some();
            head.trim_ascii_start().starts_with(b"<") && finds(b"<Product_") && finds(b"pds.nasa.gov/pds4")
        }
    }
}

fn is_pds4(namespace: &str) -> bool {
    namespace.contains("pds.nasa.gov") && namespace.contains("pds4")
}

/// Adds the record of a label.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refused = |reason, id| Finding { place: context.first, id, reason };
    let root = match xml::parse(bytes) {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(refused(reason, None)),
    };
    match Identity::of(&root) {
        Ok(identity) => {
            label(&root, &identity, context).finish(bytes, 0..bytes.len(), "application/xml", imported);
            imported.fields = imported.fields + root.counts();
        }
        Err((reason, id)) => imported.findings.push(refused(reason, id)),
    }
}

/// What names a product: logical identifier and version.
struct Identity {
    lid: String,
    version: Option<String>,
}

impl Identity {
    fn of(root: &Element) -> Result<Self, (Reason, Option<String>)> {
        let missing = |line, message: &str| (Reason::Broken { line, message: message.to_owned() }, None);
        let area = root.at("Identification_Area").ok_or_else(|| missing(root.line, "no Identification_Area"))?;
        let lid = area.text_at("logical_identifier");
        let lid = lid.ok_or_else(|| missing(area.line, "Identification_Area has no logical_identifier"))?;
        RecordId::parse(lid).map_err(|invalid| (Reason::BadId(invalid), Some(lid.to_owned())))?;
        Ok(Self { lid: lid.to_owned(), version: area.text_at("version_id").map(tidy) })
    }

    fn lidvid(&self) -> Option<String> {
        self.version.as_ref().map(|version| format!("{}::{version}", self.lid))
    }

    /// The identifier cut after so many levels, if it has more.
    fn ancestor(&self, levels: usize) -> Option<&str> {
        self.lid.match_indices(':').nth(levels.checked_sub(1)?).and_then(|(at, _)| self.lid.get(..at))
    }
}

/// Kinds of records by product class; a context product is what it describes.
fn kind_of(root: &Element) -> &'static str {
    let has = |name| root.at(name).is_some();
    match root.name.as_str() {
        "Product_Collection" | "Product_Bundle" => "collection",
        "Product_Document" => "document",
        "Product_Context" if has("Instrument") => "instrument",
        "Product_Context" if ["Instrument_Host", "Telescope", "Airborne", "Facility"].into_iter().any(has) => {
            "platform"
        }
        "Product_Context" if has("Investigation") => "mission",
        "Product_Context" if has("Target") => "target",
        "Product_Context" if ["Agency", "Node", "PDS_Affiliate", "PDS_Guest"].into_iter().any(has) => "agent",
        "Product_Context" => "document",
        _ => "product",
    }
}

fn label<'c>(root: &Element, identity: &Identity, context: &'c Context<'c>) -> Record<'c> {
    let kind = kind_of(root);
    let named = identity.ancestor(COLLECTION_LEVELS);
    let collection = match kind {
        "product" => Some(named.unwrap_or(context.collection)),
        "document" => named,
        _ => None,
    };
    let mut record = Record::new(context, kind, collection, &identity.lid);
    if kind == "product" && named.is_none() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    record.place = context.first;
    let mut properties = Properties::default();
    let mut links = Links::default();
    identification(root, identity, &mut record);
    areas::write(root, &mut record, &mut properties, &mut links);
    footprints::write(root, &mut record);
    files::write(root, &mut record, &mut properties);
    match root.name.as_str() {
        "Product_Collection" => {
            if let Some(bundle) = identity.ancestor(COLLECTION_LEVELS - 1) {
                links.add("bundle", bundle, None);
            }
            inventory::collection(root, identity.lidvid().as_deref(), context, &mut record, &mut links);
        }
        "Product_Bundle" => inventory::bundle(root, identity.lidvid().as_deref(), &mut record, &mut links),
        "Product_Context" => described(root, kind, &mut record),
        _ => {}
    }
    references::write(root, &mut properties, &mut links);
    links.write(&mut record);
    properties.write(&mut record);
    record
}

fn identification(root: &Element, identity: &Identity, record: &mut Record<'_>) {
    record.identifier("lid", &identity.lid);
    if let Some(lidvid) = identity.lidvid() {
        record.identifier("lidvid", &lidvid);
    } else {
        let message = "absent: the product has no LIDVID".to_owned();
        record.note(Reason::FieldUnusable { field: "version_id".to_owned(), message });
    }
    record.text("version", identity.version.as_deref());
    record.text("data_type", Some(&root.name));
    let Some(area) = root.at("Identification_Area") else { return };
    if area.text_at("product_class").is_some_and(|class| class != root.name) {
        let message = format!("differs from the root element {}, which counts", root.name);
        record.note(Reason::FieldNoted { field: "product_class".to_owned(), message });
    }
    record.text("title", area.text_at("title").map(tidy).as_deref());
    if let Some(doi) = area.text_at("Citation_Information/doi").map(bare_doi) {
        record.text("doi", Some(&doi));
        record.identifier("doi", &doi);
    }
    let own = root.name.strip_prefix("Product_").unwrap_or_default();
    let description = area.text_at("Citation_Information/description");
    let description = description.or_else(|| root.at(own).and_then(|element| element.text_at("description")));
    record.text("description", description.map(prose).as_deref());
    for keyword in area.all("Citation_Information/keyword").into_iter().filter_map(Element::text) {
        record.keyword(None, &tidy(keyword));
    }
    for alias in area.all("Alias_List/Alias/alternate_id").into_iter().filter_map(Element::text) {
        if RecordId::parse(alias).is_ok() && alias != identity.lid {
            record.alias(alias);
        }
    }
    history(area, identity, record);
}

/// A DOI without what resolvers put before it.
fn bare_doi(written: &str) -> String {
    let written = written.trim();
    let known = ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:", "DOI:"];
    known.iter().find_map(|prefix| written.strip_prefix(prefix)).unwrap_or(written).trim().to_owned()
}

/// `Modification_History` is the history of the product; its entry for this version says when that was made.
fn history(area: &Element, identity: &Identity, record: &mut Record<'_>) {
    let mut steps = Draft::array();
    let mut modified: Option<(&str, bool)> = None;
    for detail in area.all("Modification_History/Modification_Detail") {
        let (date, version) = (detail.text_at("modification_date"), detail.text_at("version_id"));
        let mut step = Draft::object();
        step.optional("version", version);
        step.optional("date", date);
        step.optional("description", detail.text_at("description").map(prose));
        steps.element(&step.finish());
        let of_this_version = version.is_some() && version == identity.version.as_deref();
        if let Some(date) = date
            && modified.is_none_or(|known| (of_this_version, date) > (known.1, known.0))
        {
            modified = Some((date, of_this_version));
        }
    }
    if !steps.is_empty() {
        let mut provenance = Draft::object();
        provenance.part("history", steps);
        record.draft.part("provenance", provenance);
    }
    if let Some((date, _)) = modified {
        record.date("modified", "modification_date", date);
    }
}

/// What a context product describes bears its name.
fn described(root: &Element, kind: &str, record: &mut Record<'_>) {
    let role = match kind {
        "instrument" => Role::Instrument,
        "platform" => Role::Platform,
        "mission" => Role::Mission,
        "target" => Role::Target,
        _ => return,
    };
    let classes = ["Instrument", "Instrument_Host", "Telescope", "Airborne", "Facility", "Investigation", "Target"];
    let name = classes.into_iter().filter_map(|class| root.at(class)).find_map(|element| element.text_at("name"));
    if let Some(name) = name.or_else(|| root.text_at("Identification_Area/title")) {
        record.name(role, &tidy(name));
    }
}

#[cfg(test)]
mod tests;
