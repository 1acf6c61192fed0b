//! OGC API Records, part 1: record core as GeoJSON, alone or in a FeatureCollection. Mapping:
//! `docs/importers/ogc-records.md`.

use std::borrow::Cow;

use crate::importer::shared::record::{File, Record};
use crate::importer::shared::space::Shape;
use crate::importer::shared::time::Written;
use crate::importer::shared::values::name_of_address;
use crate::importer::{Context, Finding, Imported, Reason, text_of};
use crate::model::Draft;
use crate::model::json::{self, Fields};

/// How much of the file is looked at.
const HEAD: usize = 1 << 16;

/// Properties that get a place of their own; all others become properties of the record.
const PLACED: &[&str] = &[
    "type",
    "title",
    "description",
    "keywords",
    "themes",
    "created",
    "updated",
    "recordCreated",
    "recordUpdated",
    "license",
    "rights",
    "contacts",
    "externalIds",
    "language",
    "formats",
    "version",
];

/// Types of resources that stand for a set of others.
const SETS: &[&str] = &["dataset", "series", "collection", "catalog", "catalogue"];

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    if head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let feature = has("\"Feature\"") || has("\"FeatureCollection\"");
    let conforms = ["ogcapi-records", "ogcapi-records-1/1.0"].into_iter().any(has);
    let dated = has("\"recordCreated\"") || has("\"recordUpdated\"") || has("\"record-created\"");
    feature && (conforms || dated) && !has("\"stac_version\"") && !has("\"assets\"")
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refuse = |reason| Finding { place: context.first, id: None, reason };
    let fields = match text_of(bytes).map(Fields::parse) {
        Ok(Ok(fields)) => fields,
        Ok(Err(error)) => return imported.findings.push(refuse(Reason::NotAnObject { message: error.to_string() })),
        Err(reason) => return imported.findings.push(refuse(reason)),
    };
    let features = fields.get("features").and_then(json::elements).filter(|features| !features.is_empty());
    let Some(features) = features else {
        return feature(&fields, 0..bytes.len(), context.first, bytes, context, imported);
    };
    for (number, element) in features.into_iter().enumerate() {
        // The element is a part of the imported bytes: its address says where it stands.
        let start = (element.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
        let place = context.first.saturating_add(number);
        match Fields::of_valid(element) {
            Some(fields) => {
                feature(&fields, start..start.saturating_add(element.len()), place, bytes, context, imported)
            }
            None => {
                let reason = Reason::NotAnObject { message: "an element of features".to_owned() };
                imported.findings.push(Finding { place, id: None, reason });
            }
        }
    }
}

fn feature(
    fields: &Fields<'_>,
    range: std::ops::Range<usize>,
    place: usize,
    bytes: &[u8],
    context: &Context<'_>,
    imported: &mut Imported,
) {
    let Some(id) = fields.string("id") else {
        return imported.findings.push(Finding { place, id: None, reason: Reason::NoId });
    };
    let properties = fields.get("properties").and_then(Fields::of_valid).unwrap_or_default();
    let of_type = properties.string("type").unwrap_or(Cow::Borrowed("dataset"));
    let is_set = SETS.iter().any(|set| of_type.to_ascii_lowercase().ends_with(set));
    let kind = if is_set { "collection" } else { "document" };
    let mut record = Record::new(context, kind, None, &id);
    record.place = place;
    record.text("data_type", Some(&of_type));
    for member in ["title", "description", "version"] {
        record.text(member, properties.string(member).as_deref());
    }
    record.text("licence", properties.string("license").as_deref());
    keywords(&properties, &mut record);
    dates(&properties, &mut record);
    external_ids(&properties, &mut record);
    contacts(&properties, &mut record);
    time(fields, &mut record);
    if let Some(geometry) = fields.get("geometry").filter(|geometry| *geometry != "null") {
        record.footprint("earth", None, &Shape::Geometry(geometry));
    }
    links(fields, &mut record);
    free(&properties, &mut record);
    imported.fields.mapped = imported.fields.mapped.saturating_add(properties.len() as u64);
    record.finish(bytes, range, "application/geo+json", imported);
}

fn keywords(properties: &Fields<'_>, record: &mut Record<'_>) {
    for keyword in properties.get("keywords").and_then(json::elements).unwrap_or_default() {
        json::read_string(keyword).iter().for_each(|keyword| record.keyword(None, keyword));
    }
    for theme in properties.get("themes").and_then(json::elements).unwrap_or_default() {
        let Some(theme) = Fields::of_valid(theme) else { continue };
        for concept in theme.get("concepts").and_then(json::elements).unwrap_or_default() {
            let id = Fields::of_valid(concept).and_then(|concept| concept.string("id"));
            let id = id.or_else(|| json::read_string(concept));
            id.iter().for_each(|id| record.keyword(theme.string("scheme").as_deref(), id));
        }
    }
}

fn dates(properties: &Fields<'_>, record: &mut Record<'_>) {
    for (member, source) in [
        ("created", "created"),
        ("modified", "updated"),
        ("created", "recordCreated"),
        ("modified", "recordUpdated"),
        ("created", "record-created"),
        ("modified", "record-updated"),
    ] {
        properties.string(source).iter().for_each(|text| record.date(member, source, text));
    }
}

fn external_ids(properties: &Fields<'_>, record: &mut Record<'_>) {
    for external in properties.get("externalIds").and_then(json::elements).unwrap_or_default() {
        let Some(external) = Fields::of_valid(external) else { continue };
        let scheme = external.string("scheme").unwrap_or(Cow::Borrowed("external"));
        external.string("value").iter().for_each(|value| record.identifier(&scheme, value));
    }
}

fn contacts(properties: &Fields<'_>, record: &mut Record<'_>) {
    let mut providers = Draft::array();
    for written in
        properties.get("contacts").or(properties.get("providers")).and_then(json::elements).unwrap_or_default()
    {
        let Some(contact) = Fields::of_valid(written) else { continue };
        let name = contact.string("organization").or_else(|| contact.string("name"));
        let mut provider = Draft::object();
        provider.optional("name", name);
        contact
            .get("roles")
            .filter(|roles| roles.starts_with('['))
            .iter()
            .for_each(|roles| provider.raw("roles", roles));
        if !provider.is_empty() {
            providers.element(&provider.finish());
        }
    }
    record.draft.part("providers", providers);
}

/// `time` has `date`, `timestamp` or `interval`; `..` leaves an end open.
fn time(fields: &Fields<'_>, record: &mut Record<'_>) {
    let Some(time) = fields.get("time").and_then(Fields::of_valid) else { return };
    let interval: Vec<Cow<'_, str>> = time
        .get("interval")
        .and_then(json::elements)
        .unwrap_or_default()
        .into_iter()
        .filter_map(json::read_string)
        .collect();
    let moment = time.string("timestamp").or_else(|| time.string("date"));
    let (start, stop) = match interval.as_slice() {
        [start, stop] => (Some(start.as_ref()), Some(stop.as_ref())),
        _ => (moment.as_deref(), moment.as_deref()),
    };
    let start = start.filter(|start| *start != "..");
    record.time(Written {
        start: start.map(|start| ("time", start)),
        stop: stop.map(|stop| ("time", stop)),
        zone_unsaid: true,
        ..Written::default()
    });
    if let Some(resolution) = time.string("resolution") {
        record.duration("ogc:resolution", &resolution);
    }
}

fn links(fields: &Fields<'_>, record: &mut Record<'_>) {
    for written in fields.get("links").and_then(json::elements).unwrap_or_default() {
        let link = Fields::of_valid(written).unwrap_or_default();
        let Some(href) = link.string("href") else { continue };
        let rel = link.string("rel").unwrap_or(Cow::Borrowed("item"));
        let title = link.string("title");
        if matches!(rel.as_ref(), "enclosure" | "item" | "data" | "download") {
            let media_type = link.string("type");
            record.file(&File {
                name: name_of_address(&href).unwrap_or(&href),
                role: Some("data"),
                bytes: link.get("length").and_then(|length| length.parse().ok()),
                media_type: media_type.as_deref(),
                href: Some(&href),
                ..File::default()
            });
        } else {
            record.link(&rel, &href, title.as_deref());
        }
    }
}

fn free(properties: &Fields<'_>, record: &mut Record<'_>) {
    for (name, value) in properties.iter().filter(|(name, _)| !PLACED.contains(name)) {
        if value != "null" {
            record.raw_property(&format!("ogc:{name}"), value);
        }
    }
    for name in ["rights", "language", "formats"] {
        if let Some(value) = properties.get(name).filter(|value| *value != "null") {
            record.raw_property(&format!("ogc:{name}"), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::importer::Format;
    use crate::importer::tests::corpus;
    use crate::model::Sha256;
    use crate::schema::Registry;

    fn imported(text: &str) -> Imported {
        let digest = |bytes: &[u8]| Sha256::from_bytes([bytes.len() as u8; 32]);
        let mut imported = Imported::default();
        import(text.as_bytes(), &Context::new(&digest), &mut imported);
        let registry = Registry::new().expect("schemas");
        for entity in &imported.entities {
            registry.check(&entity.record).expect("passes");
        }
        imported
    }

    const RECORD: &str = r#"{"id":"urn:x:1","type":"Feature","conformsTo":["http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"],
        "time":{"interval":["1990-01-01","2000-12-31T00:00:00Z"],"resolution":"P1D"},"geometry":{"type":"Point","coordinates":[1,2]},
        "properties":{"created":"2020-01-02T00:00:00Z","type":"dataset","title":"T","keywords":["k"],"license":"CC-BY-4.0","x":1.0,
        "themes":[{"concepts":[{"id":"c"}],"scheme":"s"}],"contacts":[{"name":"N","roles":["author"]}]},
        "links":[{"rel":"enclosure","href":"https://x/a.nc","type":"application/x-netcdf","length":5},{"rel":"about","href":"https://x"}]}"#;

    #[test]
    fn a_record_becomes_a_collection() {
        assert!(recognises("x", RECORD.as_bytes()));
        let made = imported(RECORD);
        let record = &made.entities.first().expect("one").record;
        for part in [
            r#""kind":"collection","id":"urn:x:1","data_type":"dataset","title":"T","licence":"CC-BY-4.0""#,
            r#""start":"1990-01-01T00:00:00Z","stop":"2000-12-31T00:00:00Z""#,
            r#""files":[{"name":"a.nc","role":"data","bytes":5,"media_type":"application/x-netcdf","href":"https://x/a.nc"}]"#,
            r#""links":[{"rel":"about","href":"https://x"}]"#,
            r#""providers":[{"name":"N","roles":["author"]}]"#,
            r#""keywords":[{"path":"k"},{"scheme":"s","path":"c"}]"#,
            r#""ogc:resolution":"P1D","ogc:resolution_seconds":86400.0,"ogc:x":1.0"#,
        ] {
            assert!(record.contains(part), "{part} in {record}");
        }
        assert_eq!(made.findings, []);
        let several = format!(r#"{{"type":"FeatureCollection","features":[{RECORD},7]}}"#);
        let made = imported(&several);
        assert_eq!((made.entities.len(), made.findings.len()), (1, 1));
        let range = made.entities.first().and_then(|entity| entity.source.clone()).expect("source").range;
        assert_eq!(&several[range], RECORD);
    }

    #[test]
    fn stac_items_are_left_to_stac_and_broken_ones_are_findings() {
        let item = r#"{"type":"Feature","stac_version":"1.0.0","assets":{},"conformsTo":["ogcapi-records-1"]}"#;
        assert!(!recognises("x", item.as_bytes()));
        for text in ["{", "{}", "", "{\"features\":[{}]}", "{\"id\":7}"] {
            let made = imported(text);
            assert_eq!((made.entities.len(), made.findings.len()), (0, 1), "{text}");
        }
    }

    #[test]
    fn damaged_documents_are_told_and_the_corpus_passes() {
        corpus::survives(Format::OgcRecord, RECORD);
        if let Some(tally) = corpus::run(Format::OgcRecord, &["stac", "dcat", "opus"]) {
            // STAC items are GeoJSON too, and none of them is taken.
            assert_eq!(tally.files, 0, "{tally:?}");
        }
    }
}
