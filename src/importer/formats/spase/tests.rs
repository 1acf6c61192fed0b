//! Descriptions in, records out: data, observatories, agents, and the descriptions of the corpus.

use crate::importer::Format;
use crate::importer::tests::corpus;
use serde_json::json;

const DATA: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Spase xmlns="http://www.spase-group.org/data/schema"><Version>2.7.1</Version>
 <MetadataRightsList><Rights><RightsIdentifier>CC0-1.0</RightsIdentifier></Rights></MetadataRightsList>
 <NumericalData>
  <ResourceID>spase://X/NumericalData/Ship/Mag/PT1S</ResourceID>
  <ResourceHeader>
   <ResourceName>Ship field,
     1 s</ResourceName>
   <DOI>https://doi.org/10.1/x</DOI><ReleaseDate>2024-01-02T00:00:00Z</ReleaseDate><Description>Text.</Description>
   <PublicationInfo><Authors>A and B</Authors><PublicationDate>2023-01-01T00:00:00Z</PublicationDate><PublishedBy>P</PublishedBy></PublicationInfo>
   <Contact><PersonID>spase://X/Person/A.B</PersonID><Role>PrincipalInvestigator</Role><Role>Author</Role></Contact>
   <Association><AssociationID>spase://X/NumericalData/Raw</AssociationID><AssociationType>DerivedFrom</AssociationType></Association>
   <PriorID>spase://OLD/NumericalData/Ship</PriorID>
  </ResourceHeader>
  <AccessInformation><RepositoryID>spase://X/Repository/R</RepositoryID><AccessRights>Open</AccessRights>
   <AccessURL><Name>Files</Name><URL>https://x.example/data/</URL><ProductKey>SHIP_MAG</ProductKey></AccessURL><Format>CDF</Format></AccessInformation>
  <ProcessingLevel>Calibrated</ProcessingLevel>
  <InstrumentID>spase://X/Instrument/Ship/Mag</InstrumentID>
  <MeasurementType>MagneticField</MeasurementType>
  <TemporalDescription><TimeSpan><StartDate>2020-01-01T00:00:00Z</StartDate><RelativeStopDate>-P3M</RelativeStopDate></TimeSpan>
   <Cadence>PT1S</Cadence></TemporalDescription>
  <ObservedRegion>Heliosphere.NearEarth</ObservedRegion>
  <Parameter><Name>B</Name><ParameterKey>b_gse</ParameterKey><Field><FieldQuantity>Magnetic</FieldQuantity></Field></Parameter>
 </NumericalData>
</Spase>
"#;

#[test]
fn a_data_set_is_a_collection() {
    let record = corpus::record(Format::Spase, DATA);
    for (pointer, expected) in [
        ("/kind", json!("collection")),
        ("/id", json!("spase://X/NumericalData/Ship/Mag/PT1S")),
        ("/title", json!("Ship field, 1 s")),
        ("/data_type", json!("NumericalData")),
        ("/doi", json!("10.1/x")),
        ("/aliases", json!(["spase://OLD/NumericalData/Ship"])),
        ("/access", json!("open")),
        ("/format", json!("CDF")),
        ("/keywords/0", json!({"scheme": "spase:MeasurementType", "path": "MagneticField"})),
        ("/keywords/1", json!({"scheme": "spase:ObservedRegion", "path": "Heliosphere > NearEarth"})),
        ("/missions/0/label", json!("Ship")),
        ("/instruments/0/label", json!("Ship/Mag")),
        ("/properties/spase:Cadence", json!("PT1S")),
        ("/properties/spase:Cadence_seconds", json!(1.0)),
        ("/time/relative_end", json!("-P3M")),
        ("/properties/spase:ProductKey", json!("SHIP_MAG")),
        ("/properties/spase:FieldQuantity", json!("Magnetic")),
        ("/properties/spase:MetadataRights", json!("CC0-1.0")),
        ("/providers/0/name", json!("P")),
    ] {
        assert_eq!(record.pointer(pointer), Some(&expected), "{pointer} of {record:#}");
    }
    let links = record["links"].as_array().expect("links");
    for link in [
        json!({"rel": "contact", "href": "spase://X/Person/A.B", "title": "PrincipalInvestigator, Author"}),
        json!({"rel": "derived_from", "href": "spase://X/NumericalData/Raw", "title": "DerivedFrom"}),
        json!({"rel": "instrument", "href": "spase://X/Instrument/Ship/Mag"}),
        json!({"rel": "repository", "href": "spase://X/Repository/R"}),
        json!({"rel": "data", "href": "https://x.example/data/", "title": "Files"}),
    ] {
        assert!(links.contains(&link), "{link} in {links:#?}");
    }
}

#[test]
fn each_resource_is_of_its_kind() {
    for (resource, rest, kind) in [
        ("Person", "<PersonName>A</PersonName>", "agent"),
        (
            "Observatory",
            "<Location><ObservatoryRegion>Earth.Surface</ObservatoryRegion><Latitude>5</Latitude><Longitude>6</Longitude></Location>",
            "platform",
        ),
        ("Instrument", "<ObservatoryID>spase://X/Observatory/Ship</ObservatoryID>", "instrument"),
        ("Repository", "<AccessURL><URL>https://x</URL></AccessURL>", "agent"),
        ("Document", "<DocumentType>Report</DocumentType>", "document"),
        (
            "Granule",
            "<ParentID>spase://X/NumericalData/A</ParentID><StartDate>2020-01-01</StartDate><Source><SourceType>Data</SourceType><URL>https://x/a.cdf?b</URL><Checksum><HashValue>12</HashValue><HashFunction>MD5</HashFunction></Checksum><DataExtent><Quantity>5</Quantity></DataExtent></Source>",
            "product",
        ),
    ] {
        let text =
            format!("<Spase><{resource}><ResourceID>spase://X/{resource}/1</ResourceID>{rest}</{resource}></Spase>");
        let record = corpus::record(Format::Spase, &text);
        assert_eq!(record["kind"], kind, "{record:#}");
        if kind == "product" {
            assert_eq!(record["collection"], "spase://X/NumericalData/A");
            assert_eq!(record["files"][0]["name"], "a.cdf");
            assert_eq!(record["files"][0]["bytes"], 5);
        }
    }
}

#[test]
fn what_is_missing_is_said_once() {
    for (text, message) in [
        ("<Spase><Version>2</Version></Spase>", "describes no resource"),
        ("<Spase>\n<Person/></Spase>", "line 2: Person has no ResourceID"),
        ("<Spase>\n<Person>", "line 2: not well-formed"),
    ] {
        let imported = corpus::import_text(Format::Spase, text);
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1), "{text}");
        assert!(imported.findings[0].to_string().contains(message), "{}", imported.findings[0]);
    }
}

#[test]
fn several_resources_are_several_records() {
    let one = |id: &str| format!("<Person><ResourceID>spase://X/Person/{id}</ResourceID></Person>");
    let text = format!("<Spase>{}{}</Spase>", one("a"), one("b"));
    let imported = corpus::import_text(Format::Spase, &text);
    assert_eq!(imported.entities.iter().map(|entity| entity.place).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn damage_never_panics() {
    corpus::survives(Format::Spase, DATA);
}

#[test]
fn every_description_of_the_corpus_is_a_valid_record() {
    let Some(tally) = corpus::run(Format::Spase, &["spase"]) else { return };
    assert_eq!((tally.files, tally.records, tally.refused), (1071, 1071, 0), "{:#?}", tally.reasons);
}
