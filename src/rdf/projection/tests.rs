//! What records say as RDF, and that no record, however strange, breaks it.

use std::collections::HashSet;

use oxrdf::{GraphName, NamedNode, NamedOrBlankNode, Term};

use super::*;
use crate::model::{Kind, RecordId};

fn key(record: &serde_json::Value) -> Key {
    let id = |name: &str| RecordId::parse(record[name].as_str().unwrap_or_default()).ok();
    let kind = Kind::from_name(record["kind"].as_str().expect("a kind")).expect("a known kind");
    Key { kind, collection: id("collection").filter(|_| kind == Kind::Product), id: id("id").expect("an id") }
}

/// Statements of a record as lines, without the graph, with the prefixes that the test names.
fn lines(text: &str) -> Vec<String> {
    let parsed = serde_json::from_str(text).expect("JSON");
    let key = key(&parsed);
    let graph = GraphName::NamedNode(graph(&Base::stored(), &key));
    let thing = thing(&Base::stored(), &key);
    let quads = record(&Base::stored(), &key, text);
    let mut lines = Vec::new();
    for quad in quads {
        assert_eq!(quad.graph_name, graph);
        let NamedOrBlankNode::NamedNode(subject) = &quad.subject else { panic!("a blank node: {quad}") };
        let owned = subject.as_str().strip_prefix(thing.as_str()).expect("a subject of the record");
        assert!(owned.is_empty() || owned.starts_with('#'), "{quad}");
        lines.push(shortened(&format!("{owned} {} {}", quad.predicate, quad.object)));
    }
    let mut once = lines.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), lines.len(), "{lines:#?}");
    lines
}

fn shortened(line: &str) -> String {
    let prefixes = [
        ("http://purl.org/dc/terms/", "dct:"),
        ("http://www.w3.org/ns/dcat#", "dcat:"),
        ("http://www.w3.org/ns/prov#", "prov:"),
        ("http://www.w3.org/ns/sosa/", "sosa:"),
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "a"),
        ("http://www.w3.org/2000/01/rdf-schema#", "rdfs:"),
        ("http://www.w3.org/2001/XMLSchema#", "xsd:"),
        ("http://www.opengis.net/ont/geosparql#", "geo:"),
        ("http://spdx.org/rdf/terms#", "spdx:"),
        ("http://qudt.org/schema/qudt/", "qudt:"),
        ("http://qudt.org/vocab/unit/", "unit:"),
        ("https://w3id.org/perennial/", "p:"),
        ("https://perennial.invalid/", "/"),
    ];
    prefixes.iter().fold(line.to_owned(), |line, (long, short)| line.replace(long, short))
}

fn fixtures() -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/missions");
    let mut records = Vec::new();
    for mission in std::fs::read_dir(root).expect("fixtures").filter_map(|entry| entry.ok()).map(|entry| entry.path()) {
        for file in ["collections.ndjson", "products.ndjson"] {
            let text = std::fs::read_to_string(mission.join(file)).unwrap_or_default();
            records.extend(text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned));
        }
    }
    assert!(records.len() > 700);
    records
}

#[test]
fn a_product_says_what_it_is() {
    let record = r#"{"kind":"product","id":"P 1","collection":"c","title":"T","identifiers":[{"scheme":"x","value":"urn:x:1"}],
        "licence":"CC-BY-4.0","access":"open","missions":[{"label":"Envisat"}],"platforms":[{"label":"Nobody"}],
        "instruments":[{"label":"AATSR","iri":"urn:i"}],"targets":[{"label":"Mars"}],"processed_at":"2020-01-01T00:00:00Z",
        "time":{"start":"2005-05-04T08:09:32Z","stop":"2005-05-04T08:10:20Z"},"level":{"normalised":"L1","as_written":"1B"},
        "space":[{"body":"mars","frame":"IAU_MARS","bbox":[1,2,3,4]}],"quality":{"cloud_cover":5.480},
        "files":[{"name":"a b.N1","bytes":7,"media_type":"image/png","storage":"payload:sha256:00","checksums":[
            {"algorithm":"md5","value":"AB"},{"algorithm":"MD-5","value":"ab"},{"algorithm":"md5","value":"ab"},{"algorithm":"sha1","value":"ABCD"},{"algorithm":"crc32","value":"ab"},{"algorithm":"sha256","value":"zz"}]}],
        "provenance":{"generated_by":"P 2.09","inputs":["raw.N1",{"id":"urn:y"}],"history":[{"facility":"F"},{"facility":"F"},7]},
        "links":[{"rel":"derived_from","href":"raw.N1"},{"rel":"self","href":"x"},{"rel":"license","href":"no address"},
            {"rel":"contact","href":"spase://P","title":"Author"},{"rel":"odd","href":"10.5270/x"}]}"#;
    let expected = r#"
 <a> <dcat:Dataset>
 <a> <sosa:Observation>
 <dct:identifier> "P 1"
 <p:ltdp#name> </id/name/P%201>
 <dct:identifier> "urn:x:1"
 <p:ltdp#name> <urn:x:1>
 <dct:title> "T"
 <dct:isPartOf> </id/collection/c>
 <dcat:inSeries> </id/collection/c>
 <dct:license> <http://spdx.org/licenses/CC-BY-4.0>
 <dct:accessRights> <p:access/open>
 <prov:generatedAtTime> "2020-01-01T00:00:00Z"^^<xsd:dateTime>
 <p:ltdp#mission> <p:mission/envisat>
 <p:ltdp#platform> </terms/platform/Nobody>
 <p:ltdp#platformLabel> "Nobody"
 <sosa:madeBySensor> <p:instrument/aatsr>
 <dct:relation> <urn:i>
 <sosa:hasFeatureOfInterest> <p:target/mars>
 <p:ltdp#level> <p:level/level-1>
 <p:ltdp#levelAsWritten> "1B"
 <dct:temporal> </id/product/c/P%201#time>
#time <a> <dct:PeriodOfTime>
#time <dcat:startDate> "2005-05-04T08:09:32Z"^^<xsd:dateTime>
#time <dcat:endDate> "2005-05-04T08:10:20Z"^^<xsd:dateTime>
#place-1 <geo:asWKT> "<p:crs/mars/IAU_MARS> POLYGON((1 2,3 2,3 4,1 4,1 2))"^^<geo:wktLiteral>
#place-1 <dcat:bbox> "<p:crs/mars/IAU_MARS> POLYGON((1 2,3 2,3 4,1 4,1 2))"^^<geo:wktLiteral>
 <dct:spatial> </id/product/c/P%201#place-1>
#place-1 <a> <dct:Location>
#place-1 <a> <geo:Geometry>
#place-1 <p:ltdp#body> <p:target/mars>
#place-1 <p:ltdp#frame> "IAU_MARS"
 <p:ltdp#quality> </id/product/c/P%201#quality-cloud_cover>
#quality-cloud_cover <a> <qudt:QuantityValue>
#quality-cloud_cover <rdfs:label> "cloud_cover"
#quality-cloud_cover <qudt:numericValue> "5.480"^^<xsd:decimal>
#quality-cloud_cover <qudt:hasUnit> <unit:PERCENT>
 <dcat:distribution> </id/product/c/P%201#file-1>
#file-1 <a> <dcat:Distribution>
#file-1 <a> <http://www.loc.gov/premis/rdf/v3/File>
#file-1 <p:ltdp#fileName> "a b.N1"
#file-1 <dcat:byteSize> "7"^^<xsd:nonNegativeInteger>
#file-1 <dcat:mediaType> <https://www.iana.org/assignments/media-types/image/png>
#file-1 <dcat:downloadURL> </api/v1/collections/c/products/P%201/files/a%20b.N1>
#file-1 <dcat:accessURL> </products/c/P%201>
#file-1 <spdx:checksum> </id/product/c/P%201#file-1-checksum-1>
#file-1-checksum-1 <a> <spdx:Checksum>
#file-1-checksum-1 <spdx:algorithm> <spdx:checksumAlgorithm_sha1>
#file-1-checksum-1 <spdx:checksumValue> "abcd"^^<xsd:hexBinary>
#file-1 <p:ltdp#otherChecksum> </id/product/c/P%201#file-1-checksum-2>
#file-1-checksum-2 <a> <spdx:Checksum>
#file-1-checksum-2 <spdx:algorithm> <spdx:checksumAlgorithm_md5>
#file-1-checksum-2 <spdx:checksumValue> "ab"^^<xsd:hexBinary>
 <prov:wasGeneratedBy> </id/product/c/P%201#activity>
#activity <a> <prov:Activity>
#activity <prov:wasAssociatedWith> </id/product/c/P%201#software>
#software <a> <prov:SoftwareAgent>
#software <rdfs:label> "P 2.09"
#activity <prov:wasAssociatedWith> </id/product/c/P%201#facility-1>
#facility-1 <a> <prov:Organization>
#facility-1 <a> <http://xmlns.com/foaf/0.1/Agent>
#facility-1 <http://xmlns.com/foaf/0.1/name> "F"
#activity <prov:used> </id/name/raw.N1>
 <prov:wasDerivedFrom> </id/name/raw.N1>
#activity <prov:used> <urn:y>
 <prov:wasDerivedFrom> <urn:y>
 <dcat:contactPoint> </id/product/c/P%201#contact-1>
#contact-1 <a> <http://www.w3.org/2006/vcard/ns#Kind>
#contact-1 <http://www.w3.org/2006/vcard/ns#hasUID> <spase://P>
#contact-1 <rdfs:label> "Author"
 <dct:relation> <https://doi.org/10.5270/x>"#;
    let given = lines(record);
    assert_eq!(given, expected.trim_start_matches('\n').lines().collect::<Vec<_>>(), "{given:#?}");
}

#[test]
fn ends_that_are_no_dates_are_marked() {
    let of = |time: &str| lines(&format!(r#"{{"kind":"mission","id":"m","time":{time}}}"#)).split_off(3);
    let open = "#time <p:ltdp#openEnd> \"true\"^^<xsd:boolean>";
    let head = [" <dct:temporal> </id/mission/m#time>", "#time <a> <dct:PeriodOfTime>"];
    assert_eq!(of("{}"), Vec::<String>::new());
    assert_eq!(of(r#"{"placeholder":true,"stop":"2050-01-01T00:00:00Z"}"#), [head[0], head[1], open]);
    assert_eq!(of(r#"{"relative_end":"-P3M"}"#), [head[0], head[1], "#time <p:ltdp#relativeEnd> \"-P3M\""]);
    let instant = of(r#"{"start":"2005-01-01T00:00:00Z"}"#);
    assert_eq!(instant.len(), 4);
    assert!(instant[3].starts_with("#time <dcat:endDate> \"2005-01-01T00:00:00Z\""));
}

#[test]
fn every_fixture_has_statements_of_its_own_alone() {
    let mut all = 0;
    let records = fixtures();
    for record in &records {
        all += lines(record).len();
    }
    // A million statements for 40,000 records was the measure of the graph; records with files have more.
    assert!(all / records.len() > 20 && all / records.len() < 50, "{}", all / records.len());
}

#[test]
fn strange_records_give_valid_statements() {
    let huge = "ü\u{0}\"\\\n".repeat(200_000);
    let strange = [
        "{",
        "[]",
        r#"{"kind":"product","id":"x","collection":"c","title":7}"#,
        r#"{"kind":"agent","id":"<>\"{}|^`\\","agent_type":"person","aliases":["a b","http://[","%zz","é"]}"#,
        r#"{"kind":"hold","id":"h","subjects":["a",7,null,{}],"until":"soon","reason":""}"#,
        r#"{"kind":"evidence","id":"e","subject":"urn:x","outcome":"ok\u0000"}"#,
        r#"{"kind":"source","id":"s","url":"javascript:alert(1)"}"#,
        r#"{"kind":"context_graph","id":"g","graph":" "}"#,
        r#"{"kind":"collection","id":"c","members_expected":1e9,"providers":[7,{"name":""},{"name":"N","roles":["x",1],"url":"u"}],
            "extent":{"spatial":{"bbox":[[179,-1,-179,1],[1],"x",[1,2,3,1e999]]}},"quality":{"gsd":"x","cloud_cover":1e2},
            "provenance":{"inputs":{},"generated_by":[]},"recipe":{"steps":[]},"links":[{"rel":"","href":""}]}"#,
    ];
    let mut records: Vec<String> = strange.iter().map(|text| (*text).to_owned()).collect();
    records.push(
        serde_json::json!({"kind":"document","id":"d","title":huge,"description":huge,"licence":huge,"data_type":huge,
        "missions":[{"label":huge,"iri":huge}],"links":[{"rel":huge,"href":huge},{"rel":"derived_from","href":huge}],
        "files":[{"name":huge,"href":huge,"media_type":huge,"checksums":[{"algorithm":huge,"value":huge}]}]})
        .to_string(),
    );
    let id = RecordId::parse("<x> \"é").expect("an identifier");
    for text in records {
        // A record of a megabyte is strange enough as one kind.
        for kind in Kind::ALL.into_iter().filter(|kind| text.len() < 100_000 || *kind == Kind::Product) {
            let collection = (kind == Kind::Product).then(|| id.clone());
            let key = Key { kind, collection, id: id.clone() };
            let quads = record(&Base::public("http://[::1]:8080"), &key, &text);
            assert!(quads.len() >= 3);
            for quad in quads {
                let mut nodes = vec![quad.predicate];
                let NamedOrBlankNode::NamedNode(subject) = quad.subject else { panic!("a blank node") };
                nodes.push(subject);
                match quad.object {
                    Term::NamedNode(node) => nodes.push(node),
                    Term::Literal(literal) => assert!(!literal.value().contains(['\0', '\r'])),
                    other => panic!("{other}"),
                }
                for node in nodes {
                    assert!(NamedNode::new(node.as_str()).is_ok(), "{:.200}", node.as_str());
                }
            }
        }
    }
}

#[test]
fn the_standing_of_a_record_is_about_the_record_alone() {
    let key = Key::collection(RecordId::parse("c").expect("an identifier"));
    let standing = Standing {
        sequence: 7,
        revision: 2,
        time: "2026-11-22T08:00:00.000001Z",
        agent: "a b",
        scope: "harvested:x",
        digest: None,
        deleted: true,
    };
    let given: Vec<String> =
        meta(&Base::stored(), &key, &standing).iter().map(|quad| shortened(&quad.to_string())).collect();
    let line = |rest: &str| format!("</id/collection/c> {rest} </graphs/meta>");
    let expected = [
        line("<p:ltdp#revision> \"2\"^^<xsd:integer>"),
        line("<p:ltdp#sequence> \"7\"^^<xsd:integer>"),
        line("<prov:wasAttributedTo> </id/agent/a%20b>"),
        line("<p:ltdp#scope> \"harvested:x\""),
        line("<prov:invalidatedAtTime> \"2026-11-22T08:00:00.000001Z\"^^<xsd:dateTime>"),
    ];
    assert_eq!(given, expected);
}

#[test]
fn vocabularies_are_whole_graphs() {
    for (ontology, (name, quads)) in ontologies::ALL.iter().zip(vocabularies(&Base::stored())) {
        let triples = crate::rdf::parse(Syntax::Turtle, ontology.turtle.as_bytes(), concepts::CONCEPTS, &[])
            .expect(ontology.name);
        assert_eq!(quads.len(), triples.len());
        assert!(!quads.is_empty() && quads.iter().all(|quad| quad.graph_name == GraphName::NamedNode(name.clone())));
    }
}

/// Name, address and kind of each row of the table of other vocabularies' terms.
fn table() -> Vec<(String, String, String)> {
    let text = include_str!("../../../ontologies/terms.tsv");
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert!(cells.len() == 5 && cells.iter().all(|cell| !cell.is_empty()), "{line}");
        (cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned())
    });
    rows.collect()
}

#[test]
fn every_term_that_is_emitted_is_explained() {
    let mut explained: HashSet<String> = table().into_iter().map(|(_, iri, _)| iri).collect();
    let own: HashSet<String> = vocabularies(&Base::stored())
        .into_iter()
        .flat_map(|(_, quads)| quads)
        .map(|quad| quad.subject.to_string().trim_matches(['<', '>']).to_owned())
        .collect();
    assert!(explained.is_disjoint(&own));
    let other: Vec<&String> = explained.iter().filter(|iri| iri.contains("/perennial/")).collect();
    assert_eq!(other, Vec::<&String>::new());
    explained.extend(own);
    for word in words::ALL {
        assert!(explained.contains(word.as_str()), "{word}");
    }
    // The vocabularies that we bring use terms of others too.
    for quad in vocabularies(&Base::stored()).into_iter().flat_map(|(_, quads)| quads) {
        let mut used = vec![quad.predicate.as_str().to_owned()];
        match &quad.object {
            Term::NamedNode(node) => used.push(node.as_str().to_owned()),
            Term::Literal(literal) => used.push(literal.datatype().as_str().to_owned()),
            other => panic!("{other}"),
        }
        for used in used {
            assert!(explained.contains(&used), "{used}");
        }
    }
}

#[test]
fn our_own_terms_are_few_and_each_has_a_definition_and_an_example() {
    let (_, quads) =
        vocabularies(&Base::stored()).into_iter().find(|(name, _)| name.as_str().ends_with("/ltdp")).expect("ours");
    let about = |property: &str| -> HashSet<String> {
        let has = quads.iter().filter(|quad| quad.predicate.as_str().ends_with(property));
        has.map(|quad| quad.subject.to_string()).filter(|subject| subject.contains("ltdp#")).collect()
    };
    let terms = about("#type");
    assert!(terms.len() > 40 && terms.len() <= 60, "{}", terms.len());
    for property in ["#label", "#definition", "#example"] {
        assert_eq!(about(property), terms, "{property}");
    }
}

#[test]
fn every_form_of_every_fixture_says_the_same() {
    let base = Base::stored();
    let contexts = &[("https://perennial.invalid/ontologies/context/v1.jsonld", crate::rdf::CONTEXT)];
    let strange = serde_json::json!({"kind":"product","id":"x<>&\"'","collection":"c","title":"]]> <a> & \r\n\t \u{1} \u{85} \u{2028} \u{fffe} \\",
        "description":" leading and trailing ","aliases":["dcat:Dataset","_:b","geosparql:1","a'b","@id","é"],"time":{"start":"odd"},
        "doi":"10.1234/<&>","links":[{"rel":"kernel","href":"@type"},{"rel":"about","href":"http://x/?a=1&b='2'"}]});
    for text in fixtures().into_iter().chain([strange.to_string()]) {
        let parsed = serde_json::from_str(&text).expect("JSON");
        let quads = record(&base, &key(&parsed), &text);
        let mut expected: Vec<String> =
            quads.iter().map(|quad| format!("{} {} {}", quad.subject, quad.predicate, quad.object)).collect();
        expected.sort();
        for writing in crate::rdf::Writing::ALL {
            let syntax = match writing {
                crate::rdf::Writing::Turtle | crate::rdf::Writing::NTriples => Syntax::Turtle,
                crate::rdf::Writing::RdfXml => Syntax::RdfXml,
                crate::rdf::Writing::JsonLd => Syntax::JsonLd,
            };
            let written = crate::rdf::write(writing, &quads, &base).expect("written");
            let read = crate::rdf::parse(syntax, &written, "http://other.example/", contexts).expect("well-formed");
            let graph = meta_graph(&base);
            let read =
                read.into_iter().map(|triple| crate::rdf::convert::quad(triple, &graph).expect("no blank nodes"));
            let mut read: Vec<String> =
                read.map(|quad| format!("{} {} {}", quad.subject, quad.predicate, quad.object)).collect();
            read.sort();
            assert_eq!(read, expected, "{writing:?} {}", String::from_utf8_lossy(&written));
        }
    }
}
