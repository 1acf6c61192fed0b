//! Submission packages, whole and spoiled: what the report says of every file, and what the records say of their bytes.

use serde_json::{Value, json};

use crate::support::delivery::{Delivery, label, md5, pds4, text};

const COLLECTION: &str = "urn:nasa:pds:b:c";
const TABLE: &[u8] = b"1,2\n3,4\n";

fn id(name: &str) -> String {
    format!("{COLLECTION}:{name}")
}

/// Name of a label, file that it names, bytes and MD5 that it promises, and what is found.
type Promised = (&'static str, &'static str, Option<usize>, Option<String>, &'static str);

#[test]
fn a_promise_is_checked_on_the_bytes_as_delivered() {
    let crlf = b"1,2\r\n3,4\r\n";
    let cases: [Promised; 8] = [
        ("good", "t.tab", Some(8), Some(md5(TABLE)), "ok"),
        ("sized", "t.tab", Some(8), None, "ok"),
        ("unpromised", "t.tab", None, None, "unchecked"),
        ("broken", "t.tab", Some(8), Some(md5(b"other")), "differs"),
        ("lines", "t.tab", Some(10), Some(md5(crlf)), "line_endings"),
        ("short", "t.tab", Some(80), None, "truncated"),
        ("absent", "no.tab", Some(8), Some(md5(TABLE)), "absent"),
        ("cased", "T.TAB", Some(8), Some(md5(TABLE)), "ok"),
    ];
    let delivery = Delivery::new();
    for (name, file, size, digest, _) in &cases {
        delivery.add(&format!("{name}/{name}.xml"), label(name, &[(*file, *size, digest.as_deref())]).as_bytes());
        delivery.add(&format!("{name}/t.tab"), TABLE);
    }
    let report = delivery.ingest();
    assert_eq!(report.count("files"), 16);
    for (name, _, size, _, expected) in cases {
        let label = format!("{name}.xml");
        assert_eq!(report.status(&label), "imported", "{name}");
        let product = delivery.product(COLLECTION, &id(name));
        let file = &product["files"][0];
        assert_eq!((&file["fixity"], &product["fixity"]["status"]), (&json!(expected), &json!(expected)), "{name}");
        let held = expected != "absent";
        assert_eq!(file["storage"].is_string(), held, "{name}");
        let data = format!("{name}/t.tab");
        assert_eq!(report.status(&data), if held { "attached" } else { "refused" }, "{name}");
        if held {
            assert_eq!(file["bytes"], 8, "{name}");
            let declared = size.filter(|size| *size != 8);
            assert_eq!(file["declared_bytes"], declared.map_or(Value::Null, |size| json!(size)), "{name}");
        }
        let found = !report.said(&label).iter().any(|said| said.contains("file \"t.tab\"") || said.contains("no.tab"));
        assert_eq!(found, ["ok", "unchecked"].contains(&expected), "{name}: {:?}", report.said(&label));
    }
    assert!(report.said("cased.xml").iter().any(|said| said.contains("was delivered as")));
    let again = delivery.ingest();
    assert_eq!((again.count("created"), again.count("replaced"), again.count("unchanged")), (0, 0, 8));
}

#[test]
fn names_with_backslashes_and_in_other_folders_find_their_files() {
    let delivery = Delivery::of(&[
        ("LABEL/p1.xml", label("p1", &[("..\\DATA\\T.TAB", Some(8), None)]).as_bytes()),
        ("data/t.tab", TABLE),
    ]);
    let report = delivery.ingest();
    assert_eq!((report.status("p1.xml"), report.status("t.tab")), ("imported", "attached"));
    let product = delivery.product(COLLECTION, &id("p1"));
    assert_eq!(product["files"][0]["delivered_as"], "delivery/data/t.tab");
}

#[test]
fn nothing_outside_of_the_delivery_is_read() {
    let delivery = Delivery::new();
    let secret = delivery.outside("secret.txt");
    std::fs::write(&secret, "secret\n").expect("written");
    std::os::unix::fs::symlink(&secret, delivery.folder().join("link.txt")).expect("a link");
    std::os::unix::fs::symlink(delivery.outside(""), delivery.folder().join("folder")).expect("a link");
    let names = ["../secret.txt", "../../../../../../../../etc/passwd", text(&secret), "link.txt", "folder/secret.txt"];
    for (at, name) in names.iter().enumerate() {
        delivery.add(&format!("out{at}.xml"), label(&format!("out{at}"), &[(*name, None, None)]).as_bytes());
    }
    let report = delivery.ingest();
    for (at, name) in names.iter().enumerate() {
        let label = format!("out{at}.xml");
        let product = delivery.product(COLLECTION, &id(&format!("out{at}")));
        assert_eq!(product["files"][0]["fixity"], "absent", "{name}");
        assert_eq!(product["files"][0]["storage"], Value::Null, "{name}");
        assert_eq!(
            report.said(&label).iter().filter(|said| said.contains("is not in the delivery")).count(),
            1,
            "{name}"
        );
    }
    assert_eq!(report.count("files"), names.len() as u64);
}

#[test]
fn spoiled_files_are_one_clear_finding_each_and_the_rest_is_ingested() {
    let good = label("good", &[]);
    let named = |name: &str| good.replace("c:good", &format!("c:{name}"));
    let wide = named("utf16").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let utf16 = [b"\xff\xfe".as_slice(), &wide].concat();
    let latin = good.replace("UTF-8", "ISO-8859-1").replace("Of urn", "Fl\u{e4}che urn").replace("c:good", "c:latin");
    let latin: Vec<u8> = latin.chars().map(|sign| u8::try_from(u32::from(sign)).expect("latin")).collect();
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\">{}]>{}",
        (0..20).map(|n| format!("<!ENTITY a{n} \"&a;&a;&a;&a;\">")).collect::<String>(),
        good.split_once('\n').expect("two lines").1.replace("<title>", "<title>&a19;")
    );
    let outside = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}",
        good.split_once('\n').expect("two lines").1.replace("<title>", "<title>&x;")
    );
    let mut headless = b"SIMPLE  =                    T".to_vec();
    headless.resize(2_880 * 3, b' ');
    let mut cut = b"\x89HDF\r\n\x1a\n".to_vec();
    cut.resize(1_000, 0);
    let line = vec![b'x'; 40 << 20];
    let spoiled: [(&str, Vec<u8>); 6] = [
        ("truncated.xml", good.as_bytes()[..good.len() / 2].to_vec()),
        ("bomb.xml", bomb.into_bytes()),
        ("entity.xml", outside.into_bytes()),
        ("headless.fits", headless),
        ("cut.h5", cut),
        ("line.txt", line),
    ];
    let whole: [(&str, Vec<u8>); 5] = [
        ("good.xml", good.clone().into_bytes()),
        ("bom.xml", [b"\xef\xbb\xbf".as_slice(), named("bom").as_bytes()].concat()),
        ("utf16.xml", utf16),
        ("latin.xml", latin),
        ("crlf.xml", named("crlf").replace('\n', "\r\n").into_bytes()),
    ];
    let delivery = Delivery::new();
    spoiled.iter().chain(&whole).for_each(|(name, bytes)| delivery.add(name, bytes));
    let report = delivery.ingest();
    for (name, _) in &spoiled {
        assert_eq!(report.status(name), "refused", "{name}: {}", report.file(name));
        assert_eq!(report.said(name).len(), 1, "{name}: {:?}", report.said(name));
        assert!(!report.said(name)[0].contains("root:"), "{name}");
    }
    for (name, _) in &whole {
        assert_eq!(report.status(name), "imported", "{name}: {}", report.file(name));
    }
    assert_eq!(delivery.product(COLLECTION, &id("latin"))["title"], "Fl\u{e4}che urn:nasa:pds:b:c:latin");
    assert_eq!(report.count("files"), 11);
    assert_eq!(report.count("imported_files") + report.count("refused_files"), 11);
}

#[test]
fn cyclic_bundles_and_an_inventory_that_names_itself_are_kept_as_they_are() {
    let bundle = |own: &str, other: &str| {
        let member = format!(
            "<Bundle_Member_Entry><lid_reference>urn:nasa:pds:{other}</lid_reference>\
             <member_status>Primary</member_status><reference_type>bundle_has_bundle</reference_type></Bundle_Member_Entry>"
        );
        pds4(
            "Product_Bundle",
            &format!("urn:nasa:pds:{own}"),
            &format!("<Bundle><bundle_type>Archive</bundle_type></Bundle>{member}"),
        )
    };
    let area = "<File_Area_Inventory><File><file_name>inventory.csv</file_name></File><Inventory><records>3</records>\
        <record_delimiter>Carriage-Return Line-Feed</record_delimiter><field_delimiter>Comma</field_delimiter></Inventory></File_Area_Inventory>";
    let members = "P,urn:nasa:pds:b:c::1.0\r\nP,urn:nasa:pds:b:c:good::1.0\r\nP,urn:nasa:pds:b:c:lacking::1.0\r\n";
    let delivery = Delivery::of(&[
        ("bundle_a.xml", bundle("a", "z").as_bytes()),
        ("bundle_z.xml", bundle("z", "a").as_bytes()),
        ("collection.xml", pds4("Product_Collection", COLLECTION, area).as_bytes()),
        ("inventory.csv", members.as_bytes()),
        ("good.xml", label("good", &[]).as_bytes()),
    ]);
    let report = delivery.ingest();
    assert!(report.said("collection.xml").iter().any(|said| said.contains("lists itself")));
    assert_eq!((report.count("refused"), report.status("inventory.csv")), (0, "attached"), "{}", report.0);
    let service = delivery.serve();
    let members = |query: &str| service.get(&format!("/api/v1/collections/{COLLECTION}/members{query}"));
    let all = members("").expect_status(200).json();
    assert_eq!((&all["expected"], &all["held"]), (&json!(2), &json!(1)), "{all}");
    for (query, name) in [("?held=false", "lacking"), ("?held=true", "good")] {
        let found = members(query).expect_status(200).json();
        assert_eq!(found["members"].as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!(found["members"][0]["name"], format!("{COLLECTION}:{name}::1.0"), "{found}");
    }
    members("?hold=true").expect_status(400);
    members("?held=perhaps").expect_status(400);
    drop(service);
    let (code, account) = delivery.json(&["import"]);
    assert_eq!((code, &account["identical"], &account["changed"]), (0, &account["records"], &json!(0)), "{account}");
}

#[test]
fn a_list_of_checksums_becomes_evidence() {
    let lines = [
        format!("{}  good.bin", md5(b"good")),
        format!("{}  changed.bin", md5(b"as it was")),
        format!("{}  gone.bin", md5(b"gone")),
        format!("{}  ../secret.bin", md5(b"secret")),
        format!("{}  lines.txt", md5(b"a\r\nb\r\n")),
    ];
    let delivery = Delivery::of(&[
        ("manifest-md5.txt", lines.join("\n").as_bytes()),
        ("good.bin", b"good"),
        ("changed.bin", b"as it is"),
        ("lines.txt", b"a\nb\n"),
    ]);
    std::fs::write(delivery.outside("secret.bin"), "secret").expect("written");
    let report = delivery.ingest();
    assert_eq!(report.status("manifest-md5.txt"), "imported");
    let (code, evidence) = delivery.json(&["get", "--kind", "evidence", "fixity:delivery/manifest-md5.txt"]);
    assert_eq!(code, 0);
    let properties = &evidence["properties"];
    for (outcome, names) in [
        ("ok", json!(["good.bin"])),
        ("differs", json!(["changed.bin"])),
        ("absent", json!(["gone.bin", "../secret.bin"])),
        ("line_endings", json!(["lines.txt"])),
    ] {
        assert_eq!(properties[format!("fixity:files_{outcome}")], names, "{outcome}");
    }
}

#[test]
fn a_table_of_names_in_the_store_adds_a_spelling() {
    let body = "<Observation_Area><Observing_System><Observing_System_Component><name>NSYT-ONE</name><type>Host</type>\
        </Observing_System_Component></Observing_System></Observation_Area>";
    let of = |name: &str| pds4("Product_Observational", &format!("urn:nasa:pds:b:c:{name}"), body);
    let delivery = Delivery::of(&[("before.xml", of("before").as_bytes())]);
    delivery.ingest();
    assert_eq!(delivery.product(COLLECTION, &id("before"))["platforms"][0]["label"], "NSYT-ONE");
    let tables = delivery.store.path().join("ontologies");
    std::fs::create_dir(&tables).expect("a folder");
    let table = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n\
        <https://w3id.org/perennial/platform/insight> skos:altLabel \"NSYT-ONE\" .\n";
    std::fs::write(tables.join("own.ttl"), table).expect("written");
    let (code, account) = delivery.json(&["import"]);
    assert_eq!((code, &account["changed"], &account["written"]), (1, &json!(1), &json!(0)), "{account}");
    let (code, account) = delivery.json(&["import", "--write"]);
    assert_eq!((code, &account["written"]), (0, &json!(1)), "{account}");
    let platform = delivery.product(COLLECTION, &id("before"))["platforms"][0].clone();
    assert_eq!((&platform["label"], &platform["as_written"]), (&json!("InSight"), &json!("NSYT-ONE")));
    let (code, account) = delivery.json(&["import"]);
    assert_eq!((code, &account["identical"]), (0, &account["records"]), "{account}");
    std::fs::write(tables.join("own.ttl"), "no Turtle").expect("written");
    assert_eq!(delivery.json(&["import"]).0, 3);
}

#[test]
fn an_edit_by_hand_is_named_by_import_and_files_attached_later_stay() {
    let delivery = Delivery::of(&[("p1.xml", label("p1", &[("t.tab", Some(8), None)]).as_bytes()), ("t.tab", TABLE)]);
    delivery.ingest();
    let place = format!("/api/v1/collections/{COLLECTION}/products/{}", id("p1"));
    let service = delivery.serve();
    service.put(&format!("{place}/files/later.txt"), "later").expect_status(200);
    drop(service);
    assert_eq!(delivery.json(&["import"]).0, 0);
    let service = delivery.serve();
    service.patch(&place, r#"{"title":"By hand"}"#).expect_status(200);
    drop(service);
    let (code, account) = delivery.json(&["import", "--collection", COLLECTION]);
    assert_eq!(code, 1);
    let changes: Vec<&Value> = account["changes"].as_object().expect("changes").values().collect();
    assert_eq!(changes, [&json!("/title")]);
    assert_eq!(delivery.json(&["import", "--collection", "nowhere"]).0, 4);
    assert_eq!(delivery.json(&["import", "--kind", "nothing"]).0, 2);
}

#[test]
fn an_older_version_that_arrives_late_becomes_a_revision_and_takes_nothing_newer_back() {
    let (older, newer) = (label("p1", &[]), label("p1", &[]).replace(">1.0<", ">2.0<"));
    let delivery = Delivery::of(&[("new/p1.xml", newer.as_bytes())]);
    delivery.ingest();
    delivery.add("old/p1.xml", older.as_bytes());
    assert_eq!(delivery.ingest().count("replaced"), 1);
    assert_eq!(delivery.product(COLLECTION, &id("p1"))["version"], "2.0");
    let again = delivery.ingest();
    assert_eq!((again.count("replaced"), again.count("unchanged")), (0, 2));
    let service = delivery.serve();
    let resolve = |version: &str| service.get(&format!("/api/v1/resolve?id={}::{version}", id("p1")));
    assert_eq!(resolve("1.0").expect_status(200).json()["matches"][0]["status"], "superseded");
    assert_eq!(resolve("2.0").expect_status(200).json()["matches"][0]["status"], "current");
}

#[test]
fn any_name_of_a_record_leads_to_it() {
    let delivery = Delivery::new();
    let service = delivery.serve();
    service
        .put("/api/v1/collections/c", json!({"id":"c","kind":"collection","title":"C"}).to_string())
        .expect_status(201);
    let product = |names: Value, aliases: Value, links: Value| {
        let record = json!({"id":"p","kind":"product","collection":"c","title":"P","identifiers":names,"aliases":aliases,"links":links});
        service.put("/api/v1/collections/c/products/p", record.to_string())
    };
    let link = json!([{"rel":"derived_from","href":"urn:nasa:pds:b:raw:q::1.0"}]);
    product(json!([{"scheme":"lidvid","value":"urn:x:p::1.0"}]), json!(["old name"]), link.clone()).expect_status(201);
    product(
        json!([{"scheme":"lidvid","value":"urn:x:p::2.0"},{"scheme":"doi","value":"10.1/p"}]),
        json!(["old name"]),
        link,
    )
    .expect_status(200);
    let gone = json!({"id":"g","kind":"product","collection":"c","title":"G","aliases":["was here"]});
    service.put("/api/v1/collections/c/products/g", gone.to_string()).expect_status(201);
    service.delete("/api/v1/collections/c/products/g").expect_status(200);
    let resolve = |name: &str| service.get(&format!("/api/v1/resolve?id={name}"));
    for (name, matched, status, revision) in [
        ("p", "id", "current", 2),
        ("urn:x:p::2.0", "identifier", "current", 2),
        ("10.1/p", "identifier", "current", 2),
        ("old%20name", "alias", "current", 2),
        ("urn:x:p::1.0", "identifier", "superseded", 1),
        ("was%20here", "alias", "deleted", 1),
    ] {
        let answer = resolve(name).expect_status(200).json();
        let found = &answer["matches"][0];
        assert_eq!(found["matched"], matched, "{answer}");
        assert_eq!((found["status"].as_str(), found["revision"].as_u64()), (Some(status), Some(revision)), "{answer}");
    }
    resolve("nothing").expect_status(404);
    let links = service.get("/api/v1/links?to=urn:nasa:pds:b:raw:q::1.0&rel=derived_from").expect_status(200).json();
    assert_eq!((&links["numberMatched"], &links["links"][0]["id"]), (&json!(1), &json!("p")));
    assert_eq!(service.get("/api/v1/links?to=urn:nasa:pds:b:raw:q::1.0&rel=cites").json()["numberMatched"], 0);
    for wrong in ["resolve", "resolve?id=p&kind=product", "links", "links?to=p&of=q", "links?to=p&limit=0"] {
        service.get(&format!("/api/v1/{wrong}")).expect_status(400);
    }
    // As `serve` does: other verbs find it by the lock.
    let address = format!("pid 0 at {}", service.client.url);
    service.catalogue().archive().announce(&address).expect("written");
    let served = delivery.json(&["resolve", "urn:x:p::1.0"]);
    assert_eq!((served.0, &served.1["matches"][0]["status"]), (0, &json!("superseded")));
    assert_eq!(delivery.json(&["resolve", "nothing"]).0, 4);
    assert_ne!(delivery.run(&["import"]).status.code(), Some(0));
    drop(service);
    let offline = delivery.json(&["resolve", "10.1/p"]);
    assert_eq!((offline.0, &offline.1["matches"][0]["id"]), (0, &json!("p")));
    assert_eq!(delivery.json(&["resolve", "nothing"]).0, 4);
}
