//! Labels in, records out: every class that is mapped, what is broken, and the labels of the corpus.

use std::path::Path;

use crate::importer::tests::corpus;
use crate::importer::{Context, Format, import};
use serde_json::json;

const PRODUCT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1" xmlns:cart="http://pds.nasa.gov/pds4/cart/v1"
  xmlns:x="http://pds.nasa.gov/pds4/mission/x/v1">
 <Identification_Area>
  <logical_identifier>urn:nasa:pds:b:c:p1</logical_identifier>
  <version_id>2.0</version_id>
  <title>A
     title</title>
  <information_model_version>1.10.1.0</information_model_version>
  <product_class>Product_Observational</product_class>
  <Alias_List><Alias><alternate_id>OLD_P1</alternate_id></Alias></Alias_List>
  <Citation_Information><doi>10.17189/1</doi><keyword>dust</keyword><description>What it is.</description></Citation_Information>
  <Modification_History>
   <Modification_Detail><modification_date>2020-01-02</modification_date><version_id>1.0</version_id></Modification_Detail>
   <Modification_Detail><modification_date>2021-03-04</modification_date><version_id>2.0</version_id></Modification_Detail>
  </Modification_History>
 </Identification_Area>
 <Observation_Area>
  <Time_Coordinates><start_date_time>2018-01-01T00:00:00Z</start_date_time><stop_date_time>2018-01-02T00:00:00Z</stop_date_time>
   <solar_longitude unit="deg">12.50</solar_longitude></Time_Coordinates>
  <Primary_Result_Summary><purpose>Science</purpose><processing_level>Raw</processing_level>
   <Science_Facets><discipline_name>Imaging</discipline_name><facet1>Color</facet1></Science_Facets></Primary_Result_Summary>
  <Investigation_Area><name>Mission X</name><type>Mission</type><Internal_Reference>
   <lid_reference>urn:nasa:pds:context:investigation:mission.x</lid_reference><reference_type>data_to_investigation</reference_type>
  </Internal_Reference></Investigation_Area>
  <Observing_System>
   <Observing_System_Component><name>Ship</name><type>Host</type></Observing_System_Component>
   <Observing_System_Component><name>Eye</name><type>IMAGER</type><Internal_Reference>
    <lid_reference>urn:nasa:pds:context:instrument:eye.x</lid_reference><reference_type>is_instrument</reference_type>
   </Internal_Reference></Observing_System_Component>
  </Observing_System>
  <Target_Identification><name>(134340) Pluto</name><type>Dwarf Planet</type></Target_Identification>
  <Mission_Area><x:Own><x:phase>CRUISE</x:phase><x:sol>007</x:sol><x:rate>1.50</x:rate></x:Own>
   <x:Parameter><x:name>mode</x:name><x:value>4</x:value></x:Parameter></Mission_Area>
  <Discipline_Area><cart:Cartography><cart:Bounding_Coordinates><cart:west_bounding_coordinate>10</cart:west_bounding_coordinate>
   <cart:east_bounding_coordinate>20</cart:east_bounding_coordinate><cart:north_bounding_coordinate>5</cart:north_bounding_coordinate>
   <cart:south_bounding_coordinate>-5</cart:south_bounding_coordinate></cart:Bounding_Coordinates></cart:Cartography></Discipline_Area>
 </Observation_Area>
 <Reference_List>
  <Internal_Reference><lidvid_reference>urn:nasa:pds:b:raw:p0::1.0</lidvid_reference><reference_type>data_to_raw_source_product</reference_type></Internal_Reference>
 </Reference_List>
 <File_Area_Observational>
  <File><file_name>p1.dat</file_name><creation_date_time>2021-03-03T01:02:03Z</creation_date_time><file_size unit="byte">12</file_size>
   <md5_checksum>0123456789abcdef0123456789abcdef</md5_checksum></File>
  <Table_Delimited><parsing_standard_id>PDS DSV 1</parsing_standard_id></Table_Delimited>
 </File_Area_Observational>
</Product_Observational>
"#;

#[test]
fn a_label_is_a_product() {
    let record = corpus::record(Format::Pds4, PRODUCT);
    for (pointer, expected) in [
        ("/kind", json!("product")),
        ("/id", json!("urn:nasa:pds:b:c:p1")),
        ("/collection", json!("urn:nasa:pds:b:c")),
        ("/version", json!("2.0")),
        ("/title", json!("A title")),
        ("/description", json!("What it is.")),
        ("/identifiers/1", json!({"scheme": "lidvid", "value": "urn:nasa:pds:b:c:p1::2.0"})),
        ("/identifiers/2", json!({"scheme": "doi", "value": "10.17189/1"})),
        ("/aliases", json!(["OLD_P1"])),
        ("/platforms/0/label", json!("Ship")),
        ("/keywords/1/path", json!("Imaging > Color")),
        ("/properties/pds4:solar_longitude", json!(12.5)),
        ("/properties/x:phase", json!("CRUISE")),
        ("/properties/x:sol", json!("007")),
        ("/properties/x:mode", json!(4)),
        (
            "/links/1",
            json!({"rel": "instrument", "href": "urn:nasa:pds:context:instrument:eye.x", "title": "is_instrument"}),
        ),
        ("/files/0/bytes", json!(12)),
        ("/files/0/role", json!("data")),
        ("/format", json!("PDS DSV 1")),
    ] {
        assert_eq!(record.pointer(pointer), Some(&expected), "{pointer} of {record:#}");
    }
    let links = record["links"].as_array().expect("links");
    assert!(links.iter().any(|link| link["rel"] == "derived_from" && link["href"] == "urn:nasa:pds:b:raw:p0::1.0"));
    assert_eq!(record["instruments"].as_array().map(Vec::len), Some(1));
    let raw = corpus::import_text(Format::Pds4, PRODUCT);
    assert!(raw.entities[0].record.contains("\"x:rate\":1.50"), "numbers stay as written");
    assert_eq!(raw.fields.kept, 0, "{:?}", raw.fields);
}

fn collection(inventory: Option<&'static str>) -> (serde_json::Value, Vec<String>) {
    let label = r#"<Product_Collection xmlns="http://pds.nasa.gov/pds4/pds/v1"><Identification_Area>
      <logical_identifier>urn:nasa:pds:b:c</logical_identifier><version_id>3.0</version_id></Identification_Area>
      <File_Area_Inventory><File><file_name>inv.tab</file_name></File><Inventory><records>3</records>
      <field_delimiter>Horizontal Tab</field_delimiter></Inventory></File_Area_Inventory></Product_Collection>"#;
    let digest = |bytes: &[u8]| crate::codec::sha256(bytes);
    let beside = |name: &str| inventory.filter(|_| name == "inv.tab").map(|text| text.as_bytes().to_vec());
    let imported = import(Format::Pds4, label.as_bytes(), &Context { beside: &beside, ..Context::new(&digest) });
    let record = serde_json::from_str(&imported.entities[0].record).expect("JSON");
    (record, imported.findings.iter().map(ToString::to_string).collect())
}

#[test]
fn an_inventory_gives_members_by_status() {
    let (record, findings) =
        collection(Some("P\turn:nasa:pds:b:c:p1::1.0\r\nS\turn:nasa:pds:o:c:p\r\n\r\nP\turn:nasa:pds:b:c::3.0\r\n"));
    assert_eq!(record["members_expected"], 1);
    assert_eq!(record["links"][0]["rel"], "bundle");
    assert_eq!(record["links"][1], json!({"rel": "member", "href": "urn:nasa:pds:b:c:p1::1.0", "title": "Primary"}));
    assert_eq!(record["links"][2]["rel"], "secondary_member");
    assert!(findings.iter().any(|finding| finding.contains("itself")), "{findings:?}");
    let (record, findings) = collection(Some("P,urn:x\nnonsense\n"));
    assert_eq!(record["members_expected"], 0);
    assert!(findings.iter().any(|finding| finding.contains("2 lines")), "{findings:?}");
    let (record, findings) = collection(None);
    assert_eq!(record.get("members_expected"), None);
    assert!(findings.iter().any(|finding| finding.contains("not beside")), "{findings:?}");
}

#[test]
fn a_large_inventory_is_a_list() {
    let line = |number: usize| format!("P\turn:nasa:pds:b:c:p{number}::1.0\n");
    let text: &'static str = Box::leak((0..10_001).map(line).collect::<String>().into_boxed_str());
    let (record, _) = collection(Some(text));
    assert_eq!(record["members_expected"], 10_001);
    assert_eq!(record["properties"]["members"].as_array().map(Vec::len), Some(10_001));
}

#[test]
fn what_is_missing_is_said_once() {
    for (label, message) in [
        ("<Product_Observational/>", "no Identification_Area"),
        (
            "<Product_Observational>\n<Identification_Area/></Product_Observational>",
            "line 2: Identification_Area has no",
        ),
        ("<Product_Observational>\n<Identification_Area>", "line 2: not well-formed"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><Product_Observational/>", "entities"),
    ] {
        let imported = corpus::import_text(Format::Pds4, label);
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1));
        assert!(imported.findings[0].to_string().contains(message), "{} for {label}", imported.findings[0]);
    }
    let bad = PRODUCT.replace("0123456789abcdef0123456789abcdef", "unknown").replace(">12<", ">twelve<");
    let imported = corpus::import_text(Format::Pds4, &bad);
    assert_eq!(imported.entities.len(), 1);
    let findings: Vec<_> = imported.findings.iter().map(ToString::to_string).collect();
    assert!(findings.iter().any(|finding| finding.contains("no MD5")), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.contains("no number of bytes")), "{findings:?}");
}

#[test]
fn damage_never_panics() {
    corpus::survives(Format::Pds4, PRODUCT);
}

#[test]
fn every_label_of_the_corpus_is_a_valid_record() {
    let Some(tally) = corpus::run(Format::Pds4, &["pds4"]) else { return };
    assert_eq!((tally.files, tally.records, tally.refused), (466, 466, 0), "{:#?}", tally.reasons);
    let collection = "insight_rad/data_raw/collection_data_rad_raw.xml";
    let shared = std::env::var("PERENNIAL_SHARED").expect("it was there");
    let path = Path::new(&shared).join("corpus/data/pds4").join(collection);
    let imported = corpus::import_file(&path, Format::Pds4, &std::fs::read(&path).expect("there"));
    assert!(imported.entities[0].record.contains("\"members_expected\":7"));
}
