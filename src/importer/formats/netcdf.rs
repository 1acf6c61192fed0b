//! NetCDF classic and NetCDF-4/HDF5: global attributes (ACDD 1.3), variables and dimensions in short. Embedded ISO and
//! ODL texts are remarked and stay in the source. Reads no values of variables. Door of `netcdf-reader`.

use netcdf_reader::{NcAttrValue, NcAttribute, NcFile, NcGroup};

use crate::importer::shared::names::Role;
use crate::importer::shared::numbers::number;
use crate::importer::shared::record::{FieldCounts, File, Record};
use crate::importer::shared::space::Shape;
use crate::importer::shared::time::Written;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::{Draft, RecordId};

/// Longest text and list that become properties.
const MAX_TEXT: usize = 1_000;
const MAX_LIST: usize = 32;
/// Most variables and dimensions that are named.
const MAX_NAMES: usize = 200;

/// Whether the first bytes are of this format. HDF5 counts: what it holds is known once it is read.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let classic: [&[u8]; 3] = [b"CDF\x01", b"CDF\x02", b"CDF\x05"];
    classic.iter().any(|magic| head.starts_with(magic)) || head.starts_with(b"\x89HDF\r\n\x1a\n")
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    if let Err(reason) = read(bytes, context, imported) {
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
}

fn broken(message: &dyn std::fmt::Display) -> Reason {
    Reason::Broken { line: 1, message: format!("not readable as NetCDF or HDF5: {message}") }
}

fn read(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    // A foreign reader of foreign bytes: should it panic, this document is lost and no other.
    let opened = std::panic::catch_unwind(|| {
        let file = NcFile::from_bytes(bytes).map_err(|error| broken(&error))?;
        file.root_group().cloned().map_err(|error| broken(&error))
    });
    let root = opened.unwrap_or_else(|_| Err(broken(&"its structure is damaged")))?;
    let attributes = Attributes { root: &root };
    let get = |names: &[&str]| attributes.get(names);
    let delivered = context.file_name();
    let own = get(&["dataset_name", "product_name", "GranuleID", "granule_id"]).or(delivered.map(str::to_owned));
    let digest = || format!("sha256:{}", (context.digest)(bytes));
    let written = own.or_else(|| get(&["id", "uuid", "tracking_id"])).unwrap_or_else(digest);
    let id = RecordId::parse(&written).map_err(Reason::BadId)?;
    let collection = get(&["ShortName", "short_name"]);
    let mut record =
        Record::new(context, "product", Some(collection.as_deref().unwrap_or(context.collection)), id.as_str());
    if collection.is_none() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    describe(&mut record, &get, &written);
    people(&mut record, &get);
    place(&mut record, &attributes);
    if let Some(name) = delivered {
        let media_type = Some(media_type(bytes));
        record.file(&File { name, role: Some("data"), media_type, ..File::default() });
    }
    let mapped = properties(&mut record, &root);
    structure(&mut record, &root);
    let all = u64::try_from(root.attributes.len()).unwrap_or(u64::MAX);
    imported.fields = imported.fields + FieldCounts { mapped, kept: all.saturating_sub(mapped) };
    record.finish(bytes, 0..bytes.len(), media_type(bytes), imported);
    Ok(())
}

fn media_type(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"CDF") { "application/netcdf" } else { "application/x-hdf5" }
}

/// Global attributes by name, whatever their case.
struct Attributes<'f> {
    root: &'f NcGroup,
}

impl Attributes<'_> {
    fn get(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| text_of(&self.root.attributes, name))
    }

    /// GOES has the box on a variable of its own.
    fn anywhere(&self, names: &[&str]) -> Option<f64> {
        let groups = std::iter::once(&self.root.attributes);
        let mut all = groups.chain(self.root.variables.iter().map(|variable| &variable.attributes));
        all.find_map(|attributes| names.iter().find_map(|name| number(&text_of(attributes, name)?)))
    }
}

fn text_of(attributes: &[NcAttribute], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))?;
    let text = match &attribute.value {
        NcAttrValue::Chars(text) => text.clone(),
        NcAttrValue::Strings(texts) => texts.join(", "),
        other => numbers(other)?.first()?.clone(),
    };
    let text = text.trim_matches(['\0', ' ', '\n', '\r', '\t']);
    (!text.is_empty() && !text.eq_ignore_ascii_case("N/A")).then(|| text.to_owned())
}

/// Digits of a numeric attribute.
fn numbers(value: &NcAttrValue) -> Option<Vec<String>> {
    fn shown<T: ToString>(values: &[T]) -> Option<Vec<String>> {
        Some(values.iter().map(ToString::to_string).collect())
    }
    match value {
        NcAttrValue::Bytes(values) => shown(values),
        NcAttrValue::Shorts(values) => shown(values),
        NcAttrValue::Ints(values) => shown(values),
        NcAttrValue::Floats(values) => shown(values),
        NcAttrValue::Doubles(values) => shown(values),
        NcAttrValue::UBytes(values) => shown(values),
        NcAttrValue::UShorts(values) => shown(values),
        NcAttrValue::UInts(values) => shown(values),
        NcAttrValue::Int64s(values) => shown(values),
        NcAttrValue::UInt64s(values) => shown(values),
        NcAttrValue::Chars(_) | NcAttrValue::Strings(_) | NcAttrValue::UserDefined { .. } => None,
    }
}

fn describe(record: &mut Record<'_>, get: &dyn Fn(&[&str]) -> Option<String>, id: &str) {
    record.text("title", Some(get(&["title", "LongName"]).as_deref().unwrap_or(id)));
    for (member, names) in [
        ("description", &["summary", "abstract", "comment"][..]),
        ("licence", &["license"]),
        ("version", &["product_version", "version", "VersionID"]),
        ("data_type", &["cdm_data_type", "featureType"]),
        ("doi", &["doi", "identifier_product_doi"]),
        ("citation", &["citation"]),
    ] {
        record.text(member, get(names).as_deref());
    }
    record.text("format", Some("NetCDF"));
    let names = [
        (Role::Mission, &["project", "program", "mission"][..]),
        (Role::Platform, &["platform", "platform_ID", "satellite", "platform_name"]),
        (Role::Instrument, &["instrument", "sensor", "instrument_type", "instrument_ID"]),
        (Role::Level, &["processing_level", "ProcessingLevel"]),
    ];
    for (role, attributes) in names {
        if let Some(written) = get(attributes) {
            record.name(role, &written);
        }
    }
    let scheme = get(&["keywords_vocabulary"]);
    for keyword in get(&["keywords"]).unwrap_or_default().split([',', ';']).map(str::trim) {
        record.keyword(scheme.as_deref(), keyword);
    }
    let start = get(&["time_coverage_start", "start_time", "RangeBeginningDateTime"]);
    let stop = get(&["time_coverage_end", "stop_time", "RangeEndingDateTime"]);
    if start.is_some() || stop.is_some() {
        record.time(Written {
            start: start.as_deref().map(|start| ("time_coverage_start", start)),
            stop: stop.as_deref().map(|stop| ("time_coverage_end", stop)),
            ..Written::default()
        });
    }
    if let Some(created) = get(&["date_created", "date_metadata_modified"]) {
        record.date("processed_at", "date_created", &created);
    }
    for (member, name) in [("issued", "date_issued"), ("modified", "date_modified")] {
        if let Some(date) = get(&[name]) {
            record.date(member, name, &date);
        }
    }
}

fn people(record: &mut Record<'_>, get: &dyn Fn(&[&str]) -> Option<String>) {
    if let Some(id) = get(&["id"]) {
        let authority = get(&["naming_authority"]).map_or_else(String::new, |authority| format!("{authority}:"));
        record.identifier("acdd", &format!("{authority}{id}"));
    }
    if let Some(uuid) = get(&["uuid", "tracking_id"]) {
        record.identifier("uuid", &uuid);
    }
    for (rel, name) in [("see_also", "metadata_link"), ("see_also", "references"), ("see_also", "infoUrl")] {
        if let Some(href) = get(&[name]).filter(|href| href.starts_with("http") && !href.contains(' ')) {
            record.link(rel, &href, Some(name));
        }
    }
}

fn place(record: &mut Record<'_>, attributes: &Attributes<'_>) {
    let edges = [
        attributes.anywhere(&["geospatial_lon_min", "geospatial_westbound_longitude", "WestBoundingCoordinate"]),
        attributes.anywhere(&["geospatial_lat_min", "geospatial_southbound_latitude", "SouthBoundingCoordinate"]),
        attributes.anywhere(&["geospatial_lon_max", "geospatial_eastbound_longitude", "EastBoundingCoordinate"]),
        attributes.anywhere(&["geospatial_lat_max", "geospatial_northbound_latitude", "NorthBoundingCoordinate"]),
    ];
    if let [Some(west), Some(south), Some(east), Some(north)] = edges {
        record.footprint("earth", Some("WGS84"), &Shape::Box { west, south, east, north });
    }
}

/// Every short global attribute; texts of other standards are remarked.
fn properties(record: &mut Record<'_>, root: &NcGroup) -> u64 {
    let mut mapped = 0_u64;
    for attribute in &root.attributes {
        let name = format!("netcdf:{}", attribute.name);
        if let Some(standard) = embedded(attribute) {
            let message = format!("{standard} within an attribute stays in the source");
            record.note(Reason::FieldNoted { field: attribute.name.clone(), message });
            continue;
        }
        let numeric = numbers(&attribute.value).filter(|values| !values.is_empty() && values.len() <= MAX_LIST);
        let numeric = numeric.filter(|values| values.iter().all(|value| number(value).is_some()));
        if let Some(values) = numeric {
            let one = values.first().filter(|_| values.len() == 1).cloned();
            record.raw_property(&name, &one.unwrap_or_else(|| format!("[{}]", values.join(","))));
        } else if let Some(text) = text_of(&root.attributes, &attribute.name).filter(|text| text.len() <= MAX_TEXT) {
            record.property(&name, &text);
        } else {
            continue;
        }
        mapped = mapped.saturating_add(1);
    }
    mapped
}

/// A document of another standard in a text attribute.
fn embedded(attribute: &NcAttribute) -> Option<&'static str> {
    let text = attribute.value.as_string()?;
    let odl = ["StructMetadata", "CoreMetadata", "ArchiveMetadata", "coremetadata", "archivemetadata"];
    if odl.iter().any(|name| attribute.name.starts_with(name)) {
        return Some("ODL of EOS");
    }
    (text.contains("<gmd:") || text.contains("<gmi:") || text.contains("<mdb:")).then_some("ISO 19115 XML")
}

fn structure(record: &mut Record<'_>, root: &NcGroup) {
    let mut variables = Draft::array();
    root.variables.iter().take(MAX_NAMES).for_each(|variable| variables.string_element(&variable.name));
    let mut dimensions = Draft::object();
    root.dimensions
        .iter()
        .take(MAX_NAMES)
        .for_each(|dimension| dimensions.raw(&dimension.name, &dimension.size.to_string()));
    if !variables.is_empty() {
        record.raw_property("netcdf:variables", &variables.finish());
    }
    if !dimensions.is_empty() {
        record.raw_property("netcdf:dimensions", &dimensions.finish());
    }
    for variable in root.variables.iter().take(MAX_NAMES) {
        if let Some(name) = text_of(&variable.attributes, "standard_name") {
            record.keyword(Some("CF standard name"), &name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sha256;

    fn made(bytes: &[u8]) -> Imported {
        let digest = |_: &[u8]| Sha256::from_bytes([1; 32]);
        let mut imported = Imported::default();
        import(bytes, &Context::new(&digest), &mut imported);
        imported
    }

    /// A classic file without dimensions and variables: its attributes are all texts.
    fn classic(attributes: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = b"CDF\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0c".to_vec();
        bytes.extend((attributes.len() as u32).to_be_bytes());
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend((text.len() as u32).to_be_bytes());
            bytes.extend(text.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        };
        for (name, value) in attributes {
            text(&mut bytes, name);
            bytes.extend(2_u32.to_be_bytes());
            text(&mut bytes, value);
        }
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn global_attributes_make_a_product() {
        let bytes = classic(&[("title", "T"), ("id", "a"), ("naming_authority", "org.x"), ("keywords", "k1, k2")]);
        let imported = made(&bytes);
        assert_eq!(imported.entities.len(), 1, "{:?}", imported.findings);
        let record = imported.entities.first().map(|entity| entity.record.as_str()).unwrap_or_default();
        for part in [r#""title":"T""#, r#""value":"org.x:a""#, r#"{"path":"k1"},{"path":"k2"}"#, r#""netcdf:id":"a""#] {
            assert!(record.contains(part), "{part} in {record}");
        }
    }

    #[test]
    fn cut_files_are_one_finding_each() {
        let whole = classic(&[("title", "T")]);
        let mut hdf = b"\x89HDF\r\n\x1a\n".to_vec();
        hdf.resize(1024, 0xff);
        for bytes in [whole.get(..30).unwrap_or_default(), hdf.as_slice(), b"\x89HDF\r\n\x1a\n"] {
            let imported = made(bytes);
            assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1));
        }
    }

    #[test]
    fn every_file_of_the_corpus_passes_the_schema() {
        use crate::importer::{Format, tests::corpus};
        let Some(tally) = corpus::run(Format::NetCdf, &["netcdf", "cdf", "solar"]) else { return };
        assert!(tally.files >= 11 && tally.records + 2 >= tally.files, "{tally:?}");
    }
}
