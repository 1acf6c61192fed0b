//! OAI-PMH as a harvester sees it: every record exactly once, deletions told, faults named, documents well-formed.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Service, Store, records, service};

/// Waits until what was written is older than the running second, which is never listed.
pub fn settle(service: &Service) {
    let catalogue = service.catalogue();
    while catalogue.horizon().expect("a horizon").sequence < catalogue.last_sequence() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn oai(service: &Service, query: &str) -> String {
    let answer = service.get(&format!("/oai?{query}")).expect_status(200);
    assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
    let text = answer.text();
    check_well_formed(&text);
    text
}

fn check_well_formed(text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{error} at {}: {text}", reader.error_position()),
        }
    }
    let is_char = |letter: char| matches!(letter, '\n' | '\t' | ' '..='\u{FFFD}' | '\u{10000}'..);
    assert!(text.chars().all(is_char), "{text}");
}

fn all<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    let parts = text.split(begin).skip(1);
    parts.map(|part| part.split_once(end).unwrap_or_else(|| panic!("{end} after {begin} in {text}")).0).collect()
}

fn error(text: &str) -> &str {
    all(text, "<error code=\"", "\"").first().copied().unwrap_or_else(|| panic!("no error in {text}"))
}

/// Identifiers of a whole list, with their datestamps and whether they were deleted; `between` is done after each page.
fn harvest(service: &Service, query: &str, between: &mut dyn FnMut(usize)) -> BTreeMap<String, (String, bool)> {
    let mut found = BTreeMap::new();
    let verb = query.split('&').next().expect("a verb").to_owned();
    let mut asked = query.to_owned();
    for page in 1.. {
        let text = oai(service, &asked);
        for header in all(&text, "<header", "</header>") {
            let identifier = all(header, "<identifier>", "</identifier>")[0].to_owned();
            let datestamp = all(header, "<datestamp>", "</datestamp>")[0].to_owned();
            let is_deleted = header.starts_with(" status=\"deleted\"");
            assert!(found.insert(identifier.clone(), (datestamp, is_deleted)).is_none(), "{identifier} twice");
        }
        let token = all(&text, "<resumptionToken", "</resumptionToken>").first().map(|token| token.split_once('>'));
        match token.flatten() {
            Some((_, token)) if !token.is_empty() => asked = format!("{verb}&resumptionToken={token}"),
            _ => return found,
        }
        between(page);
    }
    unreachable!("a list has an end")
}

fn filled(count: u32) -> (Store, Service) {
    let (store, service) = service();
    let results = service.ingest(records::lines("c", 0..count));
    assert!(results.iter().all(|result| result["status"] == "created"));
    settle(&service);
    (store, service)
}

#[test]
fn every_record_comes_exactly_once_while_the_catalogue_changes_and_restarts() {
    let (store, service) = filled(1_700);
    let ids: Vec<String> =
        harvest(&service, "verb=ListIdentifiers&metadataPrefix=oai_dc", &mut |_| {}).into_keys().collect();
    assert_eq!(ids.len(), 1_701);
    let mut running = Some(service);
    let mut asked = "verb=ListRecords&metadataPrefix=oai_dc".to_owned();
    let mut seen = Vec::new();
    for round in 0.. {
        let service = running.take().expect("running");
        let text = oai(&service, &asked);
        seen.extend(all(&text, "<identifier>", "</identifier>").into_iter().map(str::to_owned));
        let token =
            all(&text, "<resumptionToken", "</resumptionToken>")[0].split_once('>').expect("a token").1.to_owned();
        if token.is_empty() {
            break;
        }
        asked = format!("verb=ListRecords&resumptionToken={token}");
        // Some that were given change, some that were not, some come and some go.
        for n in [round, 600 + round, 1_600 + round] {
            let record = records::numbered("c", n).replace("\"title\":\"", "\"title\":\"changed ");
            let results = service.ingest(format!("{record}\n{}", records::numbered("c", 5_000 + n)));
            assert!(results.iter().all(|result| result["status"] != "failed"), "{results:?}");
        }
        let gone: serde_json::Value = serde_json::from_str(&records::numbered("c", 1_650 + round)).expect("JSON");
        service
            .delete(&format!("/api/v1/collections/c/products/{}", gone["id"].as_str().expect("an id")))
            .expect_status(200);
        drop(service);
        running = Some(store.serve());
    }
    seen.sort();
    assert_eq!(seen, ids);
}

#[test]
fn what_changed_since_a_harvest_comes_with_the_next_and_deletions_are_told() {
    let (_store, service) = filled(3);
    let before = oai(&service, "verb=Identify");
    let date = all(&before, "<responseDate>", "</responseDate>")[0].to_owned();
    assert!(before.contains("<deletedRecord>persistent</deletedRecord>"), "{before}");
    let id = |n| {
        let record: serde_json::Value = serde_json::from_str(&records::numbered("c", n)).expect("JSON");
        record["id"].as_str().expect("an id").to_owned()
    };
    service.delete(&format!("/api/v1/collections/c/products/{}", id(1))).expect_status(200);
    settle(&service);
    let host = "127.0.0.1";
    let later = harvest(&service, &format!("verb=ListIdentifiers&metadataPrefix=oai_dc&from={date}"), &mut |_| {});
    let gone = format!("oai:{host}:product/c/{}", id(1));
    assert!(later[&gone].1, "{later:?}");
    let whole = harvest(&service, "verb=ListIdentifiers&metadataPrefix=oai_dc&set=collection:c", &mut |_| {});
    assert_eq!(whole.len(), 4);
    let one = oai(&service, &format!("verb=GetRecord&metadataPrefix=oai_dc&identifier={gone}"));
    assert!(one.contains("<header status=\"deleted\">") && !one.contains("<metadata>"), "{one}");
    assert!(one.contains("<setSpec>collection:c</setSpec>"), "{one}");
    let stamp = &later[&gone].0;
    let at = harvest(
        &service,
        &format!("verb=ListIdentifiers&metadataPrefix=oai_dc&from={stamp}&until={stamp}"),
        &mut |_| {},
    );
    assert!(at.contains_key(&gone), "{at:?}");
    let none = oai(&service, "verb=ListRecords&metadataPrefix=oai_dc&until=1990-01-01");
    assert_eq!(error(&none), "noRecordsMatch");
}

#[test]
fn faults_are_told_in_the_words_of_the_protocol() {
    let (_store, service) = filled(600);
    let first = oai(&service, "verb=ListRecords&metadataPrefix=oai_dc");
    let token = all(&first, "<resumptionToken", "</resumptionToken>")[0].split_once('>').expect("a token").1.to_owned();
    let cases = [
        ("", "badVerb"),
        ("verb=Nothing", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&x=%zz", "badArgument"),
        ("verb=Identify&x", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=marc21", "cannotDisseminateFormat"),
        ("verb=ListRecords&resumptionToken=nonsense", "badResumptionToken"),
        (&format!("verb=ListIdentifiers&resumptionToken={token}"), "badResumptionToken"),
        (&format!("verb=ListSets&resumptionToken={token}"), "badResumptionToken"),
        (&format!("verb=ListRecords&resumptionToken={token}x"), "badResumptionToken"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=collection:nowhere", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=mission:Nobody", "noRecordsMatch"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:127.0.0.1:product/c/nobody", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:other.example:collection/c", "idDoesNotExist"),
        ("verb=ListMetadataFormats&identifier=oai:127.0.0.1:agent/nobody", "idDoesNotExist"),
    ];
    for (query, expected) in cases {
        let text = oai(&service, query);
        assert_eq!(error(&text), expected, "{query}");
        assert_eq!(text.contains("<request>"), expected == "badVerb" || expected == "badArgument", "{text}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let posted =
        service.send("POST", "/oai", &form, "verb=ListRecords&metadataPrefix=oai_dc").expect_status(200).text();
    let cut = |text: &str| {
        text.split_once("<ListRecords>")
            .expect("a list")
            .1
            .split_once("<resumptionToken")
            .expect("a token")
            .0
            .to_owned()
    };
    assert_eq!(cut(&posted), cut(&first));
    service
        .send("POST", "/oai", &[("content-type", "application/json")], "{}")
        .expect_problem(415, "unsupported-media-type");
}

#[test]
fn hostile_texts_break_no_format() {
    let (_store, service) = service();
    let hostile = "]]> <b>&amp; \u{1}\u{FFFE}\u{FFFF}\u{7F}\u{85}\u{2028} \"' \u{10FFFF} \r\n é";
    let record = json!({ "kind": "product", "id": "x/ü:%2F#? <&]]>", "collection": "c", "title": hostile, "description": hostile,
        "licence": hostile, "format": hostile, "data_type": hostile, "keywords": [{ "path": hostile, "scheme": hostile }],
        "missions": [{ "label": hostile }], "identifiers": [{ "scheme": hostile, "value": hostile }],
        "time": { "start": "2020-01-01T00:00:00Z", "open_end": true }, "space": [{ "body": "earth", "bbox": [170, -10, -170, 10] }] });
    let agent = json!({ "kind": "agent", "id": "a", "title": hostile });
    let stored = record.to_string().replace("\u{1}", "\\u0001");
    let results = service.ingest(format!("{stored}\n{agent}"));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    settle(&service);
    let formats = oai(&service, "verb=ListMetadataFormats");
    for prefix in all(&formats, "<metadataPrefix>", "</metadataPrefix>") {
        let text = oai(&service, &format!("verb=ListRecords&metadataPrefix={prefix}&set=collection:c"));
        let identifiers = all(&text, "<identifier>", "</identifier>");
        assert!(
            identifiers.contains(&"oai:127.0.0.1:product/c/x%2F%C3%BC%3A%252F%23%3F%20%3C%26%5D%5D%3E"),
            "{identifiers:?}"
        );
        for identifier in identifiers.iter().filter(|identifier| identifier.starts_with("oai:")) {
            let escaped = identifier.replace('%', "%25");
            let one = oai(&service, &format!("verb=GetRecord&metadataPrefix={prefix}&identifier={escaped}"));
            assert!(one.contains(identifier), "{one}");
        }
    }
    let sets = oai(&service, "verb=ListSets");
    let mission = all(&sets, "<setSpec>mission:", "</setSpec>")[0];
    let of_mission =
        harvest(&service, &format!("verb=ListIdentifiers&metadataPrefix=oai_dc&set=mission:{mission}"), &mut |_| {});
    assert_eq!(of_mission.len(), 1);
    let agents = oai(&service, "verb=ListMetadataFormats&identifier=oai:127.0.0.1:agent/a");
    assert_eq!(all(&agents, "<metadataPrefix>", "</metadataPrefix>"), ["oai_dc", "dcat", "perennial"]);
    let refused = oai(&service, "verb=GetRecord&metadataPrefix=iso19139&identifier=oai:127.0.0.1:agent/a");
    assert_eq!(error(&refused), "cannotDisseminateFormat");
}

#[test]
fn the_native_format_has_the_stored_bytes() {
    let (_store, service) = service();
    let record =
        r#"{"kind":"agent","id":"a","title":"1 < 2 & é","extra":{"n":1.10,"big":123456789012345678901234567890}}"#;
    service.put("/api/v1/records/agent/a", record).expect_status(201);
    let stored = service.get("/api/v1/records/agent/a").expect_status(200).text();
    let text = oai(&service, "verb=GetRecord&metadataPrefix=perennial&identifier=oai:127.0.0.1:agent/a");
    let given = all(&text, "<record xmlns=", "</record>")[0].split_once('>').expect("text").1;
    let given = given.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    assert_eq!(given, stored);
    let schema = service.get("/oai/perennial.xsd").expect_status(200).text();
    check_well_formed(&schema);
}
