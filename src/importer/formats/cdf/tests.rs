//! Files in, records out.

use super::*;
use crate::model::Sha256;

fn made(bytes: &[u8]) -> Imported {
    let digest = |_: &[u8]| Sha256::from_bytes([1; 32]);
    let mut imported = Imported::default();
    import(bytes, &Context::new(&digest), &mut imported);
    imported
}

/// A file of version 3 with one text entry for each attribute; `last` is where the last attribute leads.
fn file(attributes: &[(&str, &str)], last: u64) -> Vec<u8> {
    let mut bytes = b"\xcd\xf3\x00\x01\x00\x00\xff\xff".to_vec();
    let word = |bytes: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|value| bytes.extend(value.to_be_bytes()));
    let long = |bytes: &mut Vec<u8>, value: u64| bytes.extend(value.to_be_bytes());
    // CDR: 8 to 48, GDR: 48 to 120, then ADR (324 bytes) and AEDR (56 and the text) in turn.
    long(&mut bytes, 40);
    word(&mut bytes, &[1]);
    long(&mut bytes, 48);
    word(&mut bytes, &[3, 8, 6, 0, 0]);
    long(&mut bytes, 72);
    word(&mut bytes, &[2]);
    [0, 0, 120].iter().for_each(|value| long(&mut bytes, *value));
    bytes.resize(120, 0);
    for (number, (name, value)) in attributes.iter().enumerate() {
        let start = bytes.len() as u64;
        let next = start + 324 + 56 + value.len() as u64;
        long(&mut bytes, 324);
        word(&mut bytes, &[4]);
        long(&mut bytes, if number + 1 == attributes.len() { last } else { next });
        long(&mut bytes, start + 324);
        word(&mut bytes, &[1, 0, 1, 0, 0]);
        long(&mut bytes, 0);
        word(&mut bytes, &[0, 0, 0]);
        let mut padded = name.as_bytes().to_vec();
        padded.resize(256, 0);
        bytes.extend(padded);
        assert_eq!(bytes.len() as u64, start + 324, "length of an ADR");
        long(&mut bytes, 56 + value.len() as u64);
        word(&mut bytes, &[5]);
        long(&mut bytes, 0);
        word(&mut bytes, &[0, 51, 0, value.len() as u32, 1, 0, 0, 0, 0]);
        bytes.extend(value.as_bytes());
    }
    bytes
}

#[test]
fn global_attributes_make_a_product() {
    let bytes =
        file(&[("Logical_source", "x_h0"), ("Logical_file_id", "x_h0_20200104_v02"), ("Source_name", "X>Xenon")], 0);
    let imported = made(&bytes);
    assert_eq!(imported.entities.len(), 1, "{:?}", imported.findings);
    let record = imported.entities.first().map(|entity| entity.record.as_str()).unwrap_or_default();
    for part in [r#""id":"x_h0_20200104_v02","collection":"x_h0""#, r#"Xenon"#, r#""cdf:Source_name":"X>Xenon""#] {
        assert!(record.contains(part), "{part} in {record}");
    }
}

#[test]
fn damaged_files_are_one_finding_each() {
    let whole = file(&[("A", "b")], 0);
    let cyclic = file(&[("A", "b")], 120);
    let compressed = b"\xcd\xf3\x00\x01\xcc\xcc\x00\x01";
    for bytes in [whole.get(..200).unwrap_or_default(), cyclic.as_slice(), compressed, b"\xcd\xf3\x00\x01"] {
        let imported = made(bytes);
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1));
    }
}

#[test]
fn a_file_compressed_as_a_whole_is_unpacked() {
    use std::io::Write;
    let whole = file(&[("Logical_file_id", "x_h0_20200104_v02")], 0);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&whole[8..]).expect("packed");
    let packed = encoder.finish().expect("packed");
    let mut bytes = b"\xcd\xf3\x00\x01\xcc\xcc\x00\x01".to_vec();
    let parameters = 8 + 32 + packed.len() as u64;
    [32 + packed.len() as u64].iter().for_each(|value| bytes.extend(value.to_be_bytes()));
    bytes.extend(10_u32.to_be_bytes());
    bytes.extend(parameters.to_be_bytes());
    bytes.extend((whole.len() as u64 - 8).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(packed);
    bytes.extend(28_u64.to_be_bytes());
    [11_u32, 5, 0, 1, 6].iter().for_each(|value| bytes.extend(value.to_be_bytes()));
    let imported = made(&bytes);
    assert_eq!(imported.entities.len(), 1, "{:?}", imported.findings);
}

#[test]
fn every_file_of_the_corpus_passes_the_schema() {
    use crate::importer::{Format, tests::corpus};
    let Some(tally) = corpus::run(Format::Cdf, &["cdf", "solar"]) else { return };
    assert!(tally.files >= 4 && tally.records + 2 >= tally.files, "{tally:?}");
}
