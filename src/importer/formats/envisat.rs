//! ENVISAT and ERS product headers: MPH, SPH, DSDs.
//!
//! ENVISAT Product Specifications (PO-RS-MDA-GS-2009), volume 5: lines of `KEYWORD=value<unit>`; the main header has
//! 1,247 bytes, the specific one SPH_SIZE, with NUM_DSD data set descriptors at its end. The headers alone are the source.

use crate::importer::shared::names::Role;
use crate::importer::shared::numbers::json_number;
use crate::importer::shared::record::{FieldCounts, File, Record};
use crate::importer::shared::space::Shape;
use crate::importer::shared::time::Written;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// Length of the main product header.
const MPH: usize = 1247;
/// Longest specific product header: the largest of the handbook has some 20 kB.
const MAX_SPH: usize = 1 << 20;

/// Instruments by the first three letters of a product's name (volume 5, 5.3).
const INSTRUMENTS: &[(&str, &str)] = &[
    ("ASA", "ASAR"),
    ("ATS", "AATSR"),
    ("AT1", "ATSR-1"),
    ("AT2", "ATSR-2"),
    ("DOR", "DORIS"),
    ("GOM", "GOMOS"),
    ("MER", "MERIS"),
    ("MIP", "MIPAS"),
    ("MWR", "MWR"),
    ("RA2", "RA-2"),
    ("SAR", "SAR"),
    ("SCI", "SCIAMACHY"),
];

/// Corners of the scene in order around it, by the names that ASAR, MERIS and AATSR give them.
const CORNERS: [[&str; 4]; 2] =
    [["FIRST_NEAR", "FIRST_FAR", "LAST_FAR", "LAST_NEAR"], ["FIRST_FIRST", "FIRST_LAST", "LAST_LAST", "LAST_FIRST"]];

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let start = head.get(..head.len().min(400)).unwrap_or_default();
    head.starts_with(b"PRODUCT=\"") && memchr::memmem::find(start, b"\nPROC_STAGE=").is_some()
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    if let Err(reason) = read(bytes, context, imported) {
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
}

/// A line of a header, quotes and blanks taken away.
struct Field<'t> {
    key: &'t str,
    value: &'t str,
    unit: Option<&'t str>,
}

fn fields(text: &str) -> Vec<Field<'_>> {
    let field = |line| {
        let (key, value): (&str, &str) = str::split_once(line, '=')?;
        let (value, unit) = match value.strip_prefix('"') {
            Some(quoted) => (quoted.split('"').next().unwrap_or_default(), None),
            None => match value.split_once('<') {
                Some((value, unit)) => (value, unit.strip_suffix('>')),
                None => (value, None),
            },
        };
        Some(Field { key: key.trim(), value: value.trim(), unit })
    };
    text.lines().filter_map(field).filter(|field| !field.key.is_empty()).collect()
}

fn get<'t>(fields: &[Field<'t>], key: &str) -> Option<&'t str> {
    let field = fields.iter().find(|field| field.key == key)?;
    Some(field.value).filter(|value| !value.is_empty())
}

fn whole(fields: &[Field<'_>], key: &str) -> Option<usize> {
    get(fields, key)?.trim_start_matches('+').parse().ok()
}

fn read(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    let broken = |message: &str| Reason::Broken { line: 1, message: message.to_owned() };
    let head = bytes.get(..MPH).ok_or_else(|| broken("the main product header is cut off"))?;
    let head = String::from_utf8_lossy(head);
    let main = fields(&head);
    let product = get(&main, "PRODUCT").ok_or_else(|| broken("PRODUCT is missing"))?;
    let id = RecordId::parse(product).map_err(Reason::BadId)?;
    let size = whole(&main, "SPH_SIZE").filter(|size| *size <= MAX_SPH).ok_or_else(|| broken("SPH_SIZE is missing"))?;
    let end = MPH.saturating_add(size);
    let specific = bytes.get(MPH..end).ok_or_else(|| broken("the specific product header is cut off"))?;
    let specific = String::from_utf8_lossy(specific);
    let specific = fields(&specific);
    let first_set = specific.iter().position(|field| field.key == "DS_NAME").unwrap_or(specific.len());
    let (specific, sets) = specific.split_at_checked(first_set).unwrap_or((&[], &[]));
    let of_type = product.get(..10).unwrap_or(product);
    let mut record = Record::new(context, "product", Some(of_type), id.as_str());
    describe(&mut record, product, &main, specific);
    footprint(&mut record, specific);
    let references = data_sets(&mut record, sets);
    let total = get(&main, "TOT_SIZE").and_then(|size| size.trim_start_matches('+').parse().ok());
    record.file(&File { name: product, role: Some("data"), bytes: total, ..File::default() });
    let mapped =
        properties(&mut record, "envisat", &main).saturating_add(properties(&mut record, "envisat:SPH", specific));
    let kept = u64::try_from(sets.len()).unwrap_or(u64::MAX).saturating_sub(references);
    imported.fields = imported.fields + FieldCounts { mapped: mapped.saturating_add(references), kept };
    record.finish(bytes, 0..end, "text/x-envisat-header", imported);
    Ok(())
}

fn describe(record: &mut Record<'_>, product: &str, main: &[Field<'_>], specific: &[Field<'_>]) {
    let descriptor = get(specific, "SPH_DESCRIPTOR");
    record.text("title", Some(&descriptor.map_or_else(|| product.to_owned(), |title| format!("{title} {product}"))));
    record.text("version", get(main, "SOFTWARE_VER"));
    record.text("data_type", product.get(..10));
    record.text("format", Some("ENVISAT PDS"));
    let platform = match product.rsplit_once('.').map(|(_, end)| end) {
        Some("E1") => "ERS-1",
        Some("E2") => "ERS-2",
        _ => "Envisat",
    };
    record.name(Role::Mission, platform.split('-').next().unwrap_or(platform));
    record.name(Role::Platform, platform);
    let instrument = INSTRUMENTS.iter().find(|(prefix, _)| product.starts_with(prefix));
    instrument.into_iter().for_each(|(_, name)| record.name(Role::Instrument, name));
    // The ninth character of a name is the level, `B` for browse (volume 5, 5.3).
    if let Some(level) = product.get(8..9).filter(|level| ["0", "1", "2", "3"].contains(level)) {
        record.name(Role::Level, &format!("Level {level}"));
    }
    let start = get(main, "SENSING_START").map(iso);
    let stop = get(main, "SENSING_STOP").map(iso);
    record.time(Written {
        start: start.as_deref().map(|start| ("SENSING_START", start)),
        stop: stop.as_deref().map(|stop| ("SENSING_STOP", stop)),
        ..Written::default()
    });
    if let Some(made) = get(main, "PROC_TIME") {
        record.date("processed_at", "PROC_TIME", &iso(made));
    }
    if let Some(document) = get(main, "REF_DOC") {
        record.link("document", document, None);
    }
}

/// `22-JUL-2002 20:34:52.123456` in ISO 8601; anything else as it is.
fn iso(written: &str) -> String {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let read = || {
        let (date, time) = written.split_once(' ')?;
        let mut parts = date.split('-');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?.checked_add(1)?;
        Some(format!("{year}-{month:02}-{day}T{time}Z"))
    };
    read().unwrap_or_else(|| written.to_owned())
}

/// Corners are in millionths of a degree.
fn footprint(record: &mut Record<'_>, specific: &[Field<'_>]) {
    let degrees = |key: String| Some(get(specific, &key)?.parse::<i64>().ok()? as f64 / 1e6);
    for names in CORNERS {
        let corners = names.iter().filter_map(|name| {
            let longitude = degrees(format!("{name}_LONG")).or_else(|| degrees(format!("{name}_LON")))?;
            Some([longitude, degrees(format!("{name}_LAT"))?])
        });
        let corners: Vec<[f64; 2]> = corners.collect();
        if corners.len() == names.len() {
            return record.footprint("earth", Some("WGS84"), &Shape::Polygon(corners));
        }
    }
}

/// Data sets that only name a file are what the product was made with.
fn data_sets(record: &mut Record<'_>, sets: &[Field<'_>]) -> u64 {
    let mut references = 0_u64;
    let mut name = "";
    for field in sets {
        match field.key {
            "DS_NAME" => name = field.value,
            "FILENAME" if !field.value.is_empty() && !["NOT USED", "MISSING"].contains(&field.value) => {
                references = references.saturating_add(1);
                record.link("derived_from", field.value, Some(name));
            }
            _ => {}
        }
    }
    references
}

fn properties(record: &mut Record<'_>, namespace: &str, fields: &[Field<'_>]) -> u64 {
    let mut mapped = 0_u64;
    for field in fields.iter().filter(|field| !field.value.is_empty()) {
        mapped = mapped.saturating_add(1);
        let name = format!("{namespace}:{}", field.key);
        // Widths are fixed: +000123 is the number 123.
        let sign = if field.value.starts_with('-') { "-" } else { "" };
        let digits = field.value.trim_start_matches(['+', '-']);
        let bare = digits.trim_start_matches('0');
        let bare =
            if bare.is_empty() || bare.starts_with(['.', 'E', 'e']) { format!("0{bare}") } else { bare.to_owned() };
        let is_number = digits.bytes().any(|byte| byte.is_ascii_digit());
        match json_number(&format!("{sign}{bare}")).filter(|_| is_number) {
            Some(number) => record.raw_property(&name, &number),
            None => record.property(&name, field.value),
        }
        if let Some(unit) = field.unit {
            record.property(&format!("{name}_UNIT"), unit);
        }
    }
    mapped
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

    fn product() -> Vec<u8> {
        let specific = "SPH_DESCRIPTOR=\"Image Mode Precision Image\"\nFIRST_NEAR_LAT=+0045000000<10-6degN>\n\
            FIRST_NEAR_LONG=+0010000000<10-6degE>\nFIRST_FAR_LAT=+0045000000<10-6degN>\nFIRST_FAR_LONG=+0011000000<10-6degE>\n\
            LAST_NEAR_LAT=+0044000000<10-6degN>\nLAST_NEAR_LONG=+0010000000<10-6degE>\nLAST_FAR_LAT=+0044000000<10-6degN>\n\
            LAST_FAR_LONG=-0001000000<10-6degE>\n\nDS_NAME=\"ORBIT\"\nDS_TYPE=R\nFILENAME=\"DOR_VOR_AX\"\n";
        let mut bytes = format!(
            "PRODUCT=\"ASA_IMP_1PNUPA20020722_203452_000000162008_00100_02056_0001.N1\"\nPROC_STAGE=N\nREF_DOC=\"PO-RS-X\"\n\
            SENSING_START=\"22-JUL-2002 20:34:52.123456\"\nSENSING_STOP=\"22-JUL-2002 20:35:08.5\"\nABS_ORBIT=+02056\n\
            SPH_SIZE=+{:010}<bytes>\nTOT_SIZE=+00000000000000123456<bytes>\n",
            specific.len()
        )
        .into_bytes();
        bytes.resize(MPH, b' ');
        bytes.extend(specific.as_bytes());
        bytes
    }

    #[test]
    fn headers_make_a_product_with_what_it_was_made_from() {
        let bytes = product();
        assert!(recognises("x", &bytes));
        let imported = made(&bytes);
        assert_eq!(imported.entities.len(), 1, "{:?}", imported.findings);
        let record = imported.entities.first().map(|entity| entity.record.as_str()).unwrap_or_default();
        for part in [
            r#""collection":"ASA_IMP_1P""#,
            r#"{"rel":"derived_from","href":"DOR_VOR_AX","title":"ORBIT"}"#,
            r#""envisat:ABS_ORBIT":2056"#,
            r#""envisat:SPH:LAST_FAR_LONG":-1000000"#,
            r#""bytes":123456"#,
        ] {
            assert!(record.contains(part), "{part} in {record}");
        }
        assert_eq!(iso("22-JUL-2002 20:34:52.1"), "2002-07-22T20:34:52.1Z");
    }

    #[test]
    fn cut_headers_are_one_finding_each() {
        let whole = product();
        for length in [20, MPH, MPH + 10] {
            let imported = made(whole.get(..length).unwrap_or_default());
            assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1), "{length}");
        }
    }
}
