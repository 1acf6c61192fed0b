//! DCAT in its syntaxes.

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
        if let Err(violations) = registry.check(&entity.record) {
            panic!("{violations:?}\n{}", entity.record);
        }
    }
    imported
}

const TURTLE: &str = r#"@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
<c> a dcat:Catalog ; dct:title "Catalogue"@en ; dcat:dataset <s> , <d> .
<s> a dcat:DatasetSeries ; dct:title "Series" .
<d> a dcat:Dataset ; dct:title "Titel"@de , "Title"@en ; dcat:inSeries <s> ; dcat:keyword "k" ; dcat:theme <http://t/x/y> ;
  dct:publisher [ a <http://xmlns.com/foaf/0.1/Agent> ; <http://xmlns.com/foaf/0.1/name> "P" ] ;
  dct:temporal [ dcat:startDate "2016-03-04"^^xsd:date ; dcat:endDate "2018"^^xsd:gYear ] ;
  dct:spatial [ dcat:bbox "POLYGON((3.0 53.0,7.2 53.0,7.2 50.7,3.0 50.7,3.0 53.0))"^^geo:wktLiteral ] ;
  dct:accessRights <http://publications.europa.eu/resource/authority/access-right/PUBLIC> ; dct:identifier "doi:10.1/x" ;
  dcat:spatialResolutionInMeters "30.0"^^xsd:decimal ;
  dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <http://x/a.csv> ; dcat:byteSize "5120.0"^^xsd:decimal ;
    dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ] ."#;

#[test]
fn a_catalogue_its_series_and_its_data_set_become_records() {
    assert!(recognises("x", TURTLE.as_bytes()));
    let made = imported(TURTLE);
    let records: Vec<&str> = made.entities.iter().map(|entity| entity.record.as_str()).collect();
    let [catalogue, series, data_set] = records.as_slice() else { panic!("{records:?}") };
    assert!(
        catalogue.starts_with(r#"{"kind":"collection","id":"c","title":"Catalogue","data_type":"Catalog""#),
        "{catalogue}"
    );
    assert!(
        catalogue
            .contains(r#"{"rel":"member","href":"s","title":"Series"},{"rel":"member","href":"d","title":"Title"}"#)
    );
    assert!(series.starts_with(r#"{"kind":"collection","id":"s""#));
    for part in [
        r#"{"kind":"product","id":"d","collection":"s","title":"Title""#,
        r#""doi":"10.1/x""#,
        r#""access":"open""#,
        r#""providers":[{"name":"P","roles":["publisher"]}]"#,
        r#""start":"2016-03-04T00:00:00Z","stop":"2018-12-31T23:59:59.999999Z""#,
        r#""keywords":[{"path":"k"},{"scheme":"http://t/x","path":"http://t/x/y"}]"#,
        r#"[3,53],[7.2,53]"#,
        r#""files":[{"name":"a.csv","role":"data","bytes":5120,"media_type":"text/csv","href":"http://x/a.csv"}]"#,
        r#""dcat:spatialResolutionInMeters":30.0"#,
    ] {
        assert!(data_set.contains(part), "{part} in {data_set}");
    }
    assert_eq!(made.findings, []);
}

#[test]
fn the_same_in_other_syntaxes() {
    let json = r#"{"@context":{"dcat":"http://www.w3.org/ns/dcat#","dct":"http://purl.org/dc/terms/"},"@id":"http://x/d","@type":"dcat:Dataset","dct:title":"T"}"#;
    let xml = r#"<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#"
        xmlns:dct="http://purl.org/dc/terms/"><dcat:Dataset rdf:about="http://x/d"><dct:title>T</dct:title></dcat:Dataset></rdf:RDF>"#;
    let open = r#"{"@context":"https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld","@type":"dcat:Catalog","dataset":[{"@type":"dcat:Dataset","identifier":"http://x/d","title":"T","accessLevel":"public","temporal":"2000-01-01/2001-01-01","spatial":"-10,20,30,40"}]}"#;
    let schema = r#"{"@context":"https://schema.org/","@type":"Dataset","@id":"http://x/d","name":"T"}"#;
    for text in [json, xml, open, schema] {
        assert!(recognises("x", text.as_bytes()), "{text}");
        let made = imported(text);
        let found = made.entities.iter().any(|entity| entity.record.contains(r#""id":"http://x/d","title":"T""#));
        assert!(found, "{text} {:?} {:?}", made.entities, made.findings);
    }
}

#[test]
fn what_is_broken_or_describes_nothing_is_one_finding() {
    let cases = [
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<a> b",
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .",
        "{\"@context\":{\"dcat\":\"http://www.w3.org/ns/dcat#\"}",
        "{\"@context\":\"http://elsewhere/dcat#\",\"@id\":\"a\",\"http://www.w3.org/ns/dcat#x\":1}",
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:dcat=\"http://www.w3.org/ns/dcat#\"><",
        "",
        "\u{0}",
    ];
    for text in cases {
        let made = imported(text);
        assert_eq!((made.entities.len(), made.findings.len()), (0, 1), "{text} {:?}", made.findings);
    }
    assert!(!recognises("x.json", br#"{"stac_version":"1.0.0","links":[{"@id":"http://www.w3.org/ns/dcat#"}]}"#));
}

#[test]
fn damaged_documents_are_told_and_the_corpus_passes() {
    let one =
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<http://x/d> a dcat:Dataset ;\n dcat:keyword \"a\" , \"b\" .\n";
    corpus::survives(Format::Dcat, one);
    if let Some(tally) = corpus::run(Format::Dcat, &["dcat"]) {
        assert!(tally.files > 0 && tally.records > 0, "{tally:?}");
    }
}
