//! MTL in three syntaxes, written for these tests.

use crate::importer::Format;
use crate::importer::tests::corpus::{holds, one, run, survives};

const ODL: &str = r#"GROUP = LANDSAT_METADATA_FILE
  GROUP = PRODUCT_CONTENTS
    ORIGIN = "Image courtesy of the U.S. Geological Survey"
    DIGITAL_OBJECT_IDENTIFIER = "https://doi.org/10.5066/P9OGBGM6"
    LANDSAT_PRODUCT_ID = "LC09_L2SP_010065_20220129_20220131_02_T1"
    PROCESSING_LEVEL = "L2SP"
    COLLECTION_NUMBER = 02
    COLLECTION_CATEGORY = "T1"
    OUTPUT_FORMAT = "GEOTIFF"
    FILE_NAME_BAND_1 = "LC09_B1.TIF"
    FILE_NAME_QUALITY_L1_PIXEL = "LC09_QA_PIXEL.TIF"
    FILE_NAME_METADATA_ODL = "LC09_MTL.txt"
    DATA_TYPE_BAND_1 = "UINT16"
  END_GROUP = PRODUCT_CONTENTS
  GROUP = IMAGE_ATTRIBUTES
    SPACECRAFT_ID = "LANDSAT_9"
    SENSOR_ID = "OLI_TIRS"
    WRS_PATH = 010
    WRS_ROW = 65
    DATE_ACQUIRED = 2022-01-29
    SCENE_CENTER_TIME = "15:28:34.3964289Z"
    CLOUD_COVER = 21.12
    SUN_AZIMUTH = 112.20059080
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = PROJECTION_ATTRIBUTES
    DATUM = "WGS84"
    GRID_CELL_SIZE_REFLECTIVE = 30.00
    CORNER_UL_LAT_PRODUCT = -6.1
    CORNER_UL_LON_PRODUCT = -81.0
    CORNER_UR_LAT_PRODUCT = -6.2
    CORNER_UR_LON_PRODUCT = -79.0
    CORNER_LL_LAT_PRODUCT = -8.1
    CORNER_LL_LON_PRODUCT = -81.1
    CORNER_LR_LAT_PRODUCT = -8.2
    CORNER_LR_LON_PRODUCT = -79.1
  END_GROUP = PROJECTION_ATTRIBUTES
  GROUP = LEVEL2_PROCESSING_RECORD
    DATE_PRODUCT_GENERATED = "2022-01-31T05:45:26Z"
  END_GROUP = LEVEL2_PROCESSING_RECORD
  GROUP = LEVEL1_PROCESSING_RECORD
    LANDSAT_SCENE_ID = "LC90100652022029LGN00"
    LANDSAT_PRODUCT_ID = "LC09_L1TP_010065_20220129_20220129_02_T1"
    DATE_PRODUCT_GENERATED = "2022-01-29T19:00:10Z"
    FILE_NAME_BAND_1 = "LC09_L1_B1.TIF"
    FILE_NAME_CPF = "LC09CPF_20220101_20220331_02.03"
  END_GROUP = LEVEL1_PROCESSING_RECORD
END_GROUP = LANDSAT_METADATA_FILE
END
"#;

/// The same in XML and JSON.
fn converted() -> [String; 2] {
    let (mut xml, mut json) = (String::new(), String::from("{"));
    for line in ODL.lines().map(str::trim) {
        match line.split_once(" = ") {
            Some(("GROUP", name)) => {
                xml += &format!("<{name}>\n");
                json += &format!("\"{name}\":{{\n");
            }
            Some(("END_GROUP", name)) => {
                xml += &format!("</{name}>\n");
                json = json.trim_end_matches(['\n', ',']).to_owned() + "},\n";
            }
            Some((name, value)) => {
                let value = value.trim_matches('"');
                xml += &format!("<{name}>{value}</{name}>\n");
                json += &format!("\"{name}\":\"{value}\",\n");
            }
            None => {}
        }
    }
    [xml, json.trim_end_matches(['\n', ',']).to_owned() + "}"]
}

fn without_source(record: &str) -> &str {
    record.split_once(r#","source":"#).expect("a source").0
}

#[test]
fn three_syntaxes_make_one_record() {
    let (record, findings) = one(Format::Landsat, ODL);
    assert_eq!(findings, [""; 0]);
    holds(
        &record,
        &[
            r#""kind":"product","id":"LC09_L2SP_010065_20220129_20220131_02_T1","collection":"landsat_ot_c2_l2""#,
            r#"{"scheme":"landsat-scene-id","value":"LC90100652022029LGN00"}"#,
            r#""quality":{"cloud_cover":21.12,"gsd":30.00}"#,
            r#""files":[{"name":"LC09_B1.TIF","role":"data","media_type":"image/tiff"},{"name":"LC09_QA_PIXEL.TIF","role":"quality","media_type":"image/tiff"},{"name":"LC09_MTL.txt","role":"metadata","media_type":"text/plain"}]"#,
            r#"{"rel":"derived_from","href":"LC09_L1TP_010065_20220129_20220129_02_T1","title":"Level-1 product"}"#,
            r#"{"rel":"calibration","href":"LC09CPF_20220101_20220331_02.03"}"#,
            r#""landsat:WRS_PATH":10,"landsat:WRS_ROW":65"#,
            r#""landsat:SUN_AZIMUTH":112.20059080"#,
            r#""landsat:COLLECTION_NUMBER":"02""#,
        ],
    );
    for text in converted() {
        let (other, findings) = one(Format::Landsat, &text);
        assert_eq!(findings, [""; 0]);
        assert_eq!(without_source(&other), without_source(&record));
    }
}

#[test]
fn files_before_collection_2_have_other_names() {
    let text = r#"GROUP = L1_METADATA_FILE
GROUP = METADATA_FILE_INFO
LANDSAT_SCENE_ID = "LC80010012014001LGN00"
FILE_DATE = 2014-01-02T00:00:00Z
END_GROUP = METADATA_FILE_INFO
GROUP = PRODUCT_METADATA
DATA_TYPE = "L1T"
SPACECRAFT_ID = "LANDSAT_8"
DATE_ACQUIRED = 2014-01-01
SCENE_CENTER_TIME = 14:00:00.1234567Z
FILE_NAME_BAND_1 = "B1.TIF"
CORNER_UL_LAT_PRODUCT = 1
END_GROUP = PRODUCT_METADATA
GROUP = IMAGE_ATTRIBUTES
CLOUD_COVER = -1
END_GROUP = IMAGE_ATTRIBUTES
END_GROUP = L1_METADATA_FILE
END
"#;
    let (record, findings) = one(Format::Landsat, text);
    assert_eq!(findings.len(), 1, "{findings:?}");
    holds(
        &record,
        &[
            r#""id":"LC80010012014001LGN00","collection":"uncollected""#,
            r#""name":"B1.TIF""#,
            r#""landsat:CLOUD_COVER":-1"#,
        ],
    );
    assert!(!record.contains("\"quality\"") && !record.contains("\"space\""));
}

#[test]
fn a_scene_without_an_id_is_refused_and_nothing_panics() {
    for text in [
        "GROUP = LANDSAT_METADATA_FILE\nEND_GROUP = LANDSAT_METADATA_FILE\nEND\n",
        "<LANDSAT_METADATA_FILE/>",
        "{\"LANDSAT_METADATA_FILE\":{}}",
    ] {
        let (record, findings) = one(Format::Landsat, text);
        assert_eq!((record.as_str(), findings.len()), ("", 1), "{text}");
    }
    survives(Format::Landsat, ODL);
    converted().iter().for_each(|text| survives(Format::Landsat, text));
}

#[test]
fn the_corpus_is_imported_whole() {
    let Some(tally) = run(Format::Landsat, &["landsat-mtl"]) else { return };
    assert_eq!((tally.files, tally.records, tally.findings), (30, 30, 0), "{tally:?}");
}
