//! Labels in, records out.

use super::*;
use crate::importer::Format;
use crate::importer::tests::corpus;
use crate::model::Sha256;

fn made(path: &str, bytes: &[u8]) -> Imported {
    let digest = |_: &[u8]| Sha256::from_bytes([1; 32]);
    let mut context = Context::new(&digest);
    context.path = path;
    let mut imported = Imported::default();
    import(bytes, &context, &mut imported);
    imported
}

fn record(path: &str, text: &str) -> String {
    let mut imported = made(path, text.as_bytes());
    let entity = imported.entities.pop().unwrap_or_else(|| panic!("{:?}", imported.findings));
    if let Err(violations) = crate::schema::Registry::new().expect("schemas").check(&entity.record) {
        panic!("{violations:?}\n{}", entity.record);
    }
    entity.record
}

#[test]
fn labels_are_told_by_their_first_statement() {
    let cases: &[(&str, &str, bool)] = &[
        ("a", "PDS_VERSION_ID = PDS3\r\n", true),
        ("a", "/* c */ pds_version_id=PDS3", true),
        ("a", "CCSD3ZF0000100000001NJPL3IF0PDSX00000001 = SFDU_LABEL", true),
        ("a", "Object = IsisCube\n", true),
        ("a.lbl", "A = 1", true),
        ("a.txt", "A = 1", false),
        ("a.lbl", "<xml/>", false),
        ("a.lbl", "{\"a\" = 1", false),
        ("a.lbl", "", false),
    ];
    for (name, text, expected) in cases {
        assert_eq!(recognises(name, text.as_bytes()), *expected, "{text}");
    }
}

#[test]
fn a_detached_label_is_a_product_with_its_files() {
    let record = record(
        "d/x.lbl",
        "PDS_VERSION_ID = PDS3\r\nRECORD_BYTES = 100\r\nFILE_RECORDS = 5\r\n^IMAGE = (\"X.IMG\", 3)\r\nDATA_SET_ID = \"S-1\"\r\n\
         PRODUCT_ID = \"P1\"\r\nORIGINAL_PRODUCT_ID = P0\r\nTARGET_NAME = MARS\r\nINSTRUMENT_NAME = UNK\r\n\
         EXPOSURE_DURATION = 1.50 <MS>\r\nMD5_CHECKSUM = \"0123456789abcdef0123456789abcdef\"\r\nEND\r\n",
    );
    for part in [
        r#""id":"P1","collection":"S-1""#,
        r#""name":"X.IMG","role":"image","bytes":500,"checksums":[{"algorithm":"md5""#,
        r#""aliases":["P0"]"#,
        r#""pds3:EXPOSURE_DURATION":1.50"#,
        r#""pds3:EXPOSURE_DURATION_UNIT":"MS""#,
    ] {
        assert!(record.contains(part), "{part} in {record}");
    }
    assert!(!record.contains("UNK"), "{record}");
}

#[test]
fn an_attached_label_alone_is_the_source() {
    let text =
        b"PDS_VERSION_ID = PDS3\nRECORD_BYTES = 10\nFILE_RECORDS = 9\n^IMAGE = 2\nPRODUCT_ID = P\nEND\n\xff\xfe\"";
    let imported = made("a/b.img", text);
    let entity = imported.entities.first().expect("a record");
    assert_eq!(entity.source.as_ref().map(|source| source.range.end), Some(text.len() - 3));
    assert!(entity.record.contains(r#""name":"b.img","role":"image","bytes":90"#), "{}", entity.record);
}

#[test]
fn cubes_are_named_by_their_files() {
    let record = record(
        "a/b.cub",
        "Object = IsisCube\nGroup = Instrument\nSpacecraftName = X\nTargetName = Mars\nEnd_Group\nGroup = Archive\n\
         DataSetId = S\nProductId = P\nEnd_Group\nGroup = Kernels\nK = (Table, $a/b.bsp)\nEnd_Group\nEnd_Object\nEnd\n",
    );
    for part in [r#""id":"b.cub","collection":"S""#, r#"{"rel":"derived_from","href":"P"}"#, r#""href":"$a/b.bsp""#] {
        assert!(record.contains(part), "{part} in {record}");
    }
}

#[test]
fn catalogue_objects_become_records_of_their_kinds() {
    let text = "PDS_VERSION_ID = PDS3\nOBJECT = PERSONNEL\nPDS_USER_ID = A\nOBJECT = PERSONNEL_INFORMATION\nFULL_NAME = \"B\"\n\
        END_OBJECT\nEND_OBJECT\nOBJECT = INSTRUMENT\nINSTRUMENT_HOST_ID = H\nINSTRUMENT_ID = I\nEND_OBJECT\n\
        OBJECT = DATA_SET\nDATA_SET_ID = S\nEND_OBJECT\nOBJECT = MISSION\nEND_OBJECT\nEND";
    let imported = made("a.cat", text.as_bytes());
    let starts =
        [r#"{"kind":"agent","id":"A""#, r#"{"kind":"instrument","id":"H/I""#, r#"{"kind":"collection","id":"S""#];
    assert_eq!((imported.entities.len(), imported.findings.len()), (3, 1));
    for (entity, start) in imported.entities.iter().zip(starts) {
        assert!(entity.record.starts_with(start), "{}", entity.record);
    }
}

#[test]
fn bare_numbers_of_levels_are_codes_of_codmac() {
    for (written, part) in [
        ("2", r#""level":{"normalised":"raw","as_written":"2","scheme":"CODMAC"}"#),
        ("\"3\"", r#""level":{"normalised":"calibrated","as_written":"3","scheme":"CODMAC"}"#),
        ("9", r#""level":{"as_written":"9","scheme":"CODMAC"}"#),
        ("\"LEVEL 1B\"", r#""level":{"normalised":"L1B","as_written":"LEVEL 1B"}"#),
    ] {
        let text = format!("PDS_VERSION_ID = PDS3\nPRODUCT_ID = P\nPROCESSING_LEVEL_ID = {written}\nEND\n");
        let record = record("x.lbl", &text);
        assert!(record.contains(part), "{part} in {record}");
    }
    let cube = "Object = IsisCube\nGroup = Archive\nProcessingLevelId = 3\nEnd_Group\nEnd_Object\nEnd\n";
    assert!(record("x.cub", cube).contains(r#""normalised":"calibrated""#));
}

#[test]
fn what_is_no_label_is_one_finding() {
    let deep = format!("PDS_VERSION_ID = PDS3\n{}", "OBJECT = A\n".repeat(1_000));
    for text in ["PDS_VERSION_ID = \"PDS3", "A = 1", "PDS_VERSION_ID", &deep, "Object = IsisCube\n(", "END"] {
        let imported = made("", text.as_bytes());
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1), "{text:.50}");
    }
}

#[test]
fn every_label_of_the_corpus_passes_the_schema() {
    let Some(tally) = corpus::run(Format::Pds3, &["pds3", "pds4/transform"]) else { return };
    assert!(tally.files >= 200 && tally.records >= 200, "{tally:?}");
}

#[test]
fn spoiled_labels_are_told() {
    let text = "PDS_VERSION_ID = PDS3\r\n/* c */\r\n^IMAGE = (\"X.IMG\", 3 <BYTES>)\r\nDATA_SET_ID = {\"S-1\", 'S-2'}\r\n\
        PRODUCT_ID = \"P1\"\r\nOBJECT = IMAGE\r\nLINES = 2#101#\r\nEND_OBJECT = IMAGE\r\nEND\r\n";
    let text = text.replace("\r\n", "\n");
    corpus::survives(Format::Pds3, &text);
}
