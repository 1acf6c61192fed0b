//! Headers in, records out.

use super::*;
use crate::model::Sha256;

fn made(bytes: &[u8]) -> Imported {
    let digest = |_: &[u8]| Sha256::from_bytes([1; 32]);
    let mut imported = Imported::default();
    import(bytes, &Context::new(&digest), &mut imported);
    imported
}

/// Blocks of 80-character cards.
fn blocks(cards: &[&str]) -> Vec<u8> {
    let mut bytes: Vec<u8> = cards.iter().flat_map(|card| format!("{card:<80}").into_bytes()).collect();
    bytes.resize(bytes.len().next_multiple_of(2880), b' ');
    bytes
}

#[test]
fn every_header_is_read_and_data_are_passed_over() {
    let mut bytes = blocks(&[
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    1",
        "NAXIS1  =                   10",
        "TELESCOP= 'Isn''t '           / c",
        "LONG    = 'one &'",
        "CONTINUE  'two'",
        "HIERARCH ESO DET ID = 'CCD' / c",
        "DATE-OBS= '31/12/99'",
        "TIME-OBS= '01:02:03'",
        "EXPTIME =                 1.5D1 / s",
        "END",
    ]);
    bytes.extend(vec![7; 2880]);
    bytes.extend(blocks(&["XTENSION= 'IMAGE'", "BITPIX  = 8", "NAXIS   = 0", "FILTER  = 'R'", "END"]));
    let end = bytes.len();
    bytes.extend(vec![9; 100]);
    let imported = made(&bytes);
    let entity = imported.entities.first().expect("a record");
    assert_eq!(entity.source.as_ref().map(|source| source.range.clone()), Some(0..end));
    for part in [
        r#""fits:LONG":"one two""#,
        r#""fits:ESO DET ID":"CCD""#,
        r#""fits:EXPTIME":1.5E1"#,
        r#""fits:FILTER":"R""#,
        "Isn't",
    ] {
        assert!(entity.record.contains(part), "{part} in {}", entity.record);
    }
}

#[test]
fn dates_of_all_times_are_understood() {
    let cases = [
        ("31/12/99", Some("01:02:03"), "1999-12-31T01:02:03", false),
        ("2018.11.29_00:00:00_TAI", None, "2018-11-29T00:00:00", true),
        ("2020-01-01T00:00:00.1", Some("05:00:00"), "2020-01-01T00:00:00.1", false),
        ("2020-01-01", None, "2020-01-01", false),
    ];
    for (date, time, expected, is_tai) in cases {
        assert_eq!(iso(date, time), (expected.to_owned(), is_tai), "{date}");
    }
}

#[test]
fn broken_files_are_one_finding_each() {
    let endless = blocks(&["SIMPLE  =                    T"; 72]);
    let huge = blocks(&[
        "SIMPLE  = T",
        "BITPIX  = 64",
        "NAXIS   = 2",
        "NAXIS1  = 99999999999",
        "NAXIS2  = 99999999999",
        "END",
    ]);
    for bytes in [endless.as_slice(), b"\x1f\x8b\x08", b"SIMPLE  =\xff"] {
        let imported = made(bytes);
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1));
    }
    assert_eq!(made(&huge).entities.len(), 1);
    assert_eq!(made(b"SIMPLE  = T\nTELESCOP= 'x'\n").entities.len(), 1);
}

#[test]
fn every_file_of_the_corpus_passes_the_schema() {
    use crate::importer::{Format, tests::corpus};
    let Some(tally) = corpus::run(Format::Fits, &["astro", "solar"]) else { return };
    assert!(tally.files >= 33 && tally.records + 2 >= tally.files, "{tally:?}");
}
