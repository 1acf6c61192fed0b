//! Manifests in, products out: Sentinel-1 and SEN3, names without a folder, and the manifests of the corpus.

use crate::importer::tests::corpus;
use crate::importer::{Context, Format, import};
use serde_json::json;

const MANIFEST: &str = r#"<?xml version="1.0"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0" xmlns:gml="http://www.opengis.net/gml" version="x">
 <informationPackageMap><xfdu:contentUnit unitType="SAFE Archive Information Package" textInfo="Sentinel-1 IW Level-1 GRD Product"/></informationPackageMap>
 <metadataSection>
  <metadataObject ID="processing"><metadataWrap><xmlData>
   <safe:processing name="GRD" start="2021-08-09T20:00:00" stop="2021-08-09T20:10:00">
    <safe:facility name="Kiruna"><safe:software name="IPF" version="003.40"/></safe:facility>
    <safe:resource name="S1A_IW_SL1.SAFE" role="Level-1 SLC"><safe:processing name="SLC"><safe:resource name="Unknown" role="Raw"/></safe:processing></safe:resource>
   </safe:processing></xmlData></metadataWrap></metadataObject>
  <metadataObject ID="platform"><metadataWrap><xmlData><safe:platform><safe:familyName>SENTINEL-1</safe:familyName><safe:number>A</safe:number>
   <safe:instrument><safe:familyName abbreviation="SAR">Synthetic Aperture Radar</safe:familyName><safe:extension><safe:mode>IW</safe:mode></safe:extension></safe:instrument>
   </safe:platform></xmlData></metadataWrap></metadataObject>
  <metadataObject ID="orbit"><metadataWrap><xmlData><safe:orbitReference><safe:orbitNumber type="start">039156</safe:orbitNumber></safe:orbitReference></xmlData></metadataWrap></metadataObject>
  <metadataObject ID="general"><metadataWrap><xmlData><i><missionDataTakeID>302867</missionDataTakeID><productType>GRD</productType><polarisation>VV</polarisation><polarisation>VH</polarisation></i></xmlData></metadataWrap></metadataObject>
  <metadataObject ID="period"><metadataWrap><xmlData><safe:acquisitionPeriod><safe:startTime>2021-08-09T17:39:53.153776</safe:startTime><safe:stopTime>2021-08-09T17:40:18.152800</safe:stopTime></safe:acquisitionPeriod></xmlData></metadataWrap></metadataObject>
  <metadataObject ID="frames"><metadataWrap><xmlData><safe:frameSet><safe:frame><safe:footPrint><gml:coordinates>46,1 46.5,4.8 45,5.2 44.5,1.9</gml:coordinates></safe:footPrint></safe:frame></safe:frameSet></xmlData></metadataWrap></metadataObject>
 </metadataSection>
 <dataObjectSection><dataObject ID="quicklook"><byteStream mimeType="image/png" size="33"><fileLocation locatorType="URL" href="./preview/quick-look.png"/>
  <checksum checksumName="MD5">b8c011b376d0c220f734e849c1f57ab7</checksum></byteStream></dataObject></dataObjectSection>
</xfdu:XFDU>
"#;

#[test]
fn a_manifest_is_a_product_with_all_its_files() {
    let digest = |bytes: &[u8]| crate::codec::sha256(bytes);
    let path = "in/S1A_IW_GRDH_1SDV_X_6FF8.SAFE/manifest.safe";
    let imported = import(Format::Safe, MANIFEST.as_bytes(), &Context { path, ..Context::new(&digest) });
    let record: serde_json::Value = serde_json::from_str(&imported.entities[0].record).expect("JSON");
    for (pointer, expected) in [
        ("/id", json!("S1A_IW_GRDH_1SDV_X_6FF8")),
        ("/collection", json!("SENTINEL-1/GRD")),
        ("/data_type", json!("GRD")),
        ("/platforms/0/label", json!("SENTINEL-1A")),
        ("/files/0/name", json!("preview/quick-look.png")),
        ("/files/0/bytes", json!(33)),
        ("/files/0/role", json!("browse")),
        ("/files/0/checksums/0/algorithm", json!("md5")),
        ("/properties/safe:orbitNumber", json!(39156)),
        ("/properties/safe:polarisation", json!(["VV", "VH"])),
        ("/provenance/generated_by", json!("IPF 003.40")),
        ("/provenance/inputs/0/name", json!("S1A_IW_SL1.SAFE")),
        ("/links/0", json!({"rel": "derived_from", "href": "S1A_IW_SL1"})),
    ] {
        let label = |value: Option<&serde_json::Value>| value.map(|value| value.to_string().to_lowercase());
        assert_eq!(
            label(record.pointer(pointer)),
            Some(expected.to_string().to_lowercase()),
            "{pointer} of {record:#}"
        );
    }
}

#[test]
fn a_manifest_out_of_its_folder_names_itself() {
    let record = corpus::record(Format::Safe, MANIFEST);
    let id = record["id"].as_str().expect("text");
    assert!(id.starts_with("S1A_IW_GRD_20210809T173953_20210809T174018_039156_049F13_"), "{id}");
    let imported = corpus::import_text(Format::Safe, "<XFDU>\n</XFDU>");
    assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1));
}

#[test]
fn damage_never_panics() {
    corpus::survives(Format::Safe, MANIFEST);
}

#[test]
fn every_manifest_of_the_corpus_is_a_valid_record() {
    let Some(tally) = corpus::run(Format::Safe, &["safe"]) else { return };
    assert_eq!((tally.files, tally.records, tally.refused), (17, 17, 0), "{:#?}", tally.reasons);
}
