//! OPUS of the PDS Ring-Moon Systems Node: metadata of an observation, and lists of its files, as its API answers them.
//! Mapping: `docs/importers/opus.md`.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::importer::shared::names::Role;
use crate::importer::shared::record::{File, Record};
use crate::importer::shared::space::{SKY, Shape};
use crate::importer::shared::time::Written;
use crate::importer::{Context, Finding, Imported, Reason, text_of};
use crate::model::json::{self, Fields};

/// How much of the file is looked at.
const HEAD: usize = 1 << 16;

/// Fields that say which observation is meant; one of them stands in every answer with metadata.
const IDS: [&str; 4] = ["opusid", "rmsobsid", "ringobsid", "observationid"];

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let Some(first) = bare.trim_ascii_start().first() else { return false };
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let observation = ["\"opusid\"", "\"opus_id\"", "\"rms_obs_id\"", "\"ring_obs_id\""].into_iter().any(has);
    let begins_files = has("\"data\"") && (has("opus.pds-rings.seti.org") || has("/holdings/"));
    match first {
        b'{' => (observation && has(" Constraints\"")) || (begins_files && !has("stac_version")),
        b'[' => observation && !has("stac_version"),
        _ => false,
    }
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    if let Err(reason) = document(bytes, context, imported) {
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
}

fn document(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    let text = text_of(bytes)?;
    if text.starts_with('[') {
        let message = |error: serde_json::Error| Reason::NotAnArray { message: error.to_string() };
        let _: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).map_err(message)?;
        let parts = json::elements(text).unwrap_or_default().into_iter().filter_map(Fields::of_valid).collect();
        return Observation::of(vec![("", parts)]).import(bytes, context, imported);
    }
    let message = |error: serde_json::Error| Reason::NotAnObject { message: error.to_string() };
    let fields = Fields::parse(text).map_err(message)?;
    if let Some(files) = fields.get("data").and_then(Fields::of_valid) {
        if files.is_empty() {
            return Err(Reason::NoId);
        }
        for (place, (id, types)) in files.iter().enumerate() {
            file_list(id, types, context.first.saturating_add(place), bytes, context, imported);
        }
        return Ok(());
    }
    let groups = fields.iter().filter_map(|(name, group)| Some((name, vec![Fields::of_valid(group)?])));
    Observation::of(groups.collect()).import(bytes, context, imported)
}

/// All values of an observation: group, name as written, name without case and underscores, value.
struct Observation<'a> {
    values: Vec<(String, String, Cow<'a, str>)>,
}

impl<'a> Observation<'a> {
    fn of(groups: Vec<(&str, Vec<Fields<'a>>)>) -> Self {
        let mut values = Vec::new();
        for (name, value) in groups.iter().flat_map(|(_, parts)| parts.iter().flat_map(Fields::iter)) {
            let text = json::read_string(value).unwrap_or(Cow::Borrowed(value));
            if value != "null" && !text.trim().is_empty() {
                let plain = name.chars().filter(|sign| *sign != '_').flat_map(char::to_lowercase).collect();
                values.push((name.to_owned(), plain, text));
            }
        }
        Self { values }
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        let value =
            |name: &&str| self.values.iter().find(|(_, plain, _)| plain == name).map(|(_, _, value)| value.as_ref());
        names.iter().find_map(value)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(&[name])?.parse().ok()
    }

    fn import(&self, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
        let id = self.get(&IDS).ok_or(Reason::NoId)?;
        let collection = self.get(&["datasetid", "volumeid", "bundleid"]).unwrap_or(context.collection);
        let mut record = Record::new(context, "product", Some(collection), id);
        record.identifier("opus", id);
        let product = self.get(&["productid"]);
        record.text("title", product.or(Some(id)));
        product.into_iter().for_each(|product| record.identifier("pds3:PRODUCT_ID", product));
        record.text("description", self.get(&["note"]));
        record.text("data_type", self.get(&["observationtype"]));
        for (role, names) in [
            (Role::Mission, &["mission", "missionid"][..]),
            (Role::Platform, &["insthost", "instrumenthost", "insthostid"]),
            (Role::Instrument, &["instrument", "instrumentid"]),
            (Role::Target, &["target", "targetname"]),
        ] {
            self.get(names).into_iter().for_each(|name| record.name(role, name));
        }
        let end = |name: &'static str| self.get(&[name]).map(|text| (name, text));
        record.time(Written { start: end("time1"), stop: end("time2"), ..Written::default() });
        if let Some(created) = self.get(&["productcreationtime"]) {
            record.date("processed_at", "productcreationtime", created);
        }
        self.place(&mut record);
        if let Some(volume) = self.get(&["volumeid"]) {
            record.link("collection", volume, Some("volume"));
        }
        self.properties(&mut record);
        imported.fields.mapped = imported.fields.mapped.saturating_add(self.values.len() as u64);
        record.finish(bytes, 0..bytes.len(), "application/json", imported);
        Ok(())
    }

    /// Right ascension and declination of the whole field of view.
    fn place(&self, record: &mut Record<'_>) {
        let bounds = ["rightasc1", "declination1", "rightasc2", "declination2"].map(|name| self.number(name));
        if let [Some(west), Some(south), Some(east), Some(north)] = bounds {
            record.footprint(SKY, Some("ICRS"), &Shape::Box { west, south, east, north });
        }
    }

    /// Every value by its name; numbers are numbers.
    fn properties(&self, record: &mut Record<'_>) {
        for (name, plain, value) in &self.values {
            let name = format!("opus:{name}");
            // A count of a spacecraft's clock looks like a number and is none.
            let is_number = serde_json::from_str::<serde_json::Number>(value).is_ok() && !plain.contains("clock");
            if is_number { record.raw_property(&name, value) } else { record.property(&name, value) }
        }
    }
}

/// The files of one observation: types, each with a list of addresses.
fn file_list(id: &str, types: &str, place: usize, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let types = Fields::of_valid(types).unwrap_or_default();
    let lists: Vec<(&str, Vec<Cow<'_, str>>)> = types
        .iter()
        .map(|(role, list)| {
            let addresses = json::elements(list).unwrap_or_default();
            (role, addresses.into_iter().filter_map(json::read_string).collect())
        })
        .collect();
    let volume = lists.iter().flat_map(|(_, list)| list).find_map(|address| volume_of(address));
    let mut record = Record::new(context, "product", Some(volume.unwrap_or(context.collection)), id);
    record.place = place;
    record.identifier("opus", id);
    record.text("title", Some(id));
    record.text("data_type", Some("file list"));
    let mut seen = HashSet::new();
    for (role, list) in &lists {
        for address in list.iter().filter(|address| seen.insert(address.as_ref().to_owned())) {
            let name = address.split_once("/holdings/").map_or(address.as_ref(), |(_, path)| path);
            record.file(&File { name, role: Some(role), href: Some(address), ..File::default() });
        }
        record.property("opus:product_type", role);
    }
    imported.fields.mapped = imported.fields.mapped.saturating_add(seen.len() as u64);
    record.finish(bytes, 0..bytes.len(), "application/json", imported);
}

/// `COISS_2002` of `…/holdings/volumes/COISS_2xxx/COISS_2002/data/…`.
fn volume_of(address: &str) -> Option<&str> {
    let (_, path) = address.split_once("/holdings/volumes/").or_else(|| address.split_once("/holdings/bundles/"))?;
    path.split('/').nth(1).filter(|volume| !volume.is_empty())
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

    const METADATA: &str = r#"{"General Constraints":{"target_name":"SATURN","mission":"Cassini","time1":"2004-08-01T06:57:35.000",
        "time2":"2004-08-01T10:20:48.000","rightasc1":"350.5","rightasc2":"10","declination1":"-5","declination2":"-4","note":null},
        "PDS Constraints":{"opusid":"co-x-1","datasetid":"CO-S-X-2-V1.0","volumeid":"COX_1","observationduration":"12.50"},
        "Cassini Mission Constraints":{"CASSINIspacecraftclockcount1":"1470036128.000"}}"#;

    #[test]
    fn an_observation_becomes_a_product_of_its_data_set() {
        assert!(recognises("x", METADATA.as_bytes()));
        let made = imported(METADATA);
        let record = &made.entities.first().expect("one").record;
        for part in [
            r#""id":"co-x-1","collection":"CO-S-X-2-V1.0""#,
            r#""start":"2004-08-01T06:57:35.000000Z""#,
            r#""body":"sky","frame":"ICRS","bbox":[-9.5,-5,10,-4]"#,
            r#""opus:observationduration":12.50,"opus:CASSINIspacecraftclockcount1":"1470036128.000""#,
            r#""label":"Saturn","as_written":"SATURN""#,
        ] {
            assert!(record.contains(part), "{part} in {record}");
        }
        assert_eq!(made.findings, []);
    }

    #[test]
    fn a_list_of_files_becomes_a_product_of_its_volume() {
        let text = r#"{"data":{"co-x-1":{"raw":["https://opus.pds-rings.seti.org/holdings/volumes/COX_1xxx/COX_1/data/a.img",
            "https://opus.pds-rings.seti.org/holdings/volumes/COX_1xxx/COX_1/data/a.img"]}},"versions":{}}"#;
        assert!(recognises("x", text.as_bytes()));
        let made = imported(text);
        let record = &made.entities.first().expect("one").record;
        assert!(
            record.contains(r#""collection":"COX_1""#)
                && record.contains(r#""name":"volumes/COX_1xxx/COX_1/data/a.img","role":"raw""#),
            "{record}"
        );
    }

    #[test]
    fn what_is_broken_is_one_finding() {
        for text in ["{", "[", "{\"a Constraints\":{}}", "[{}]", "", "{\"a Constraints\":3}", "\u{feff}{"] {
            let made = imported(text);
            assert_eq!((made.entities.len(), made.findings.len()), (0, 1), "{text}");
        }
    }

    #[test]
    fn damaged_documents_are_told_and_the_corpus_passes() {
        corpus::survives(Format::Opus, METADATA);
        if let Some(tally) = corpus::run(Format::Opus, &["opus"]) {
            assert!(tally.files > 0 && tally.records == tally.files, "{tally:?}");
        }
    }
}
