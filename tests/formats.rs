//! Archives of every released format stay readable: opened, verified, served and exported as they were.

use std::path::{Path, PathBuf};

use perennial::catalogue::offline::Offline;
use perennial::catalogue::{Catalogue, Options, export};
use perennial::model::{Key, Query, RecordId};

/// The archive of a released version of the format.
fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats").join(version)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[test]
fn an_archive_of_every_format_is_sound_and_exports_what_it_always_did() {
    for version in ["v1", "v2"] {
        let fixture = fixture(version);
        let out = tempfile::tempdir().expect("a folder");
        let offline = Offline::open(&fixture).expect("opens");
        let verified = offline.archive().verify(&mut |_| {}).expect("readable");
        assert!(verified.is_sound(), "{version}: {:?}", verified.findings);
        export::export(offline.archive(), out.path(), false).expect("exports");
        for name in ["records.ndjson", "tombstones.ndjson"] {
            let expected = std::fs::read(fixture.join("expected").join(name)).expect("the fixture");
            assert!(std::fs::read(out.path().join(name)).expect("exported") == expected, "{version}/{name}");
        }
    }
}

#[test]
fn an_archive_of_format_2_gives_back_every_document_and_file() {
    let store = tempfile::tempdir().expect("a folder");
    copy(&fixture("v2").join("archive"), &store.path().join("archive"));
    let catalogue = Catalogue::open(store.path(), &Options::default()).expect("opens");
    let id = |text: &str| RecordId::parse(text).expect("valid");
    let read = |file: &_| {
        let pieces = catalogue.open_payload(file).expect("opens").read();
        pieces.flat_map(|piece| piece.expect("sound")).collect::<Vec<u8>>()
    };
    for (number, bytes) in [(0, 343), (3, 343), (7, 165_000), (8, 0), (11, 383)] {
        let key = Key::product(id("urn:nasa:pds:b:c"), id(&format!("urn:nasa:pds:b:c:t{number:02}")));
        let file = catalogue.file(&key, &format!("t{number:02}.tab")).expect("held");
        assert_eq!(read(&file).len(), bytes, "t{number:02}.tab");
        let source = String::from_utf8(read(&catalogue.source(&key).expect("held"))).expect("text");
        assert!(source.contains(&format!("urn:nasa:pds:b:c:t{number:02}<")), "{source}");
    }
    catalogue.close();
}

#[test]
fn an_archive_of_format_1_is_served_and_written_on() {
    let store = tempfile::tempdir().expect("a folder");
    copy(&fixture("v1").join("archive"), &store.path().join("archive"));
    let catalogue = Catalogue::open(store.path(), &Options::default()).expect("opens");
    let id = |text| RecordId::parse(text).expect("valid");
    let key = Key::product(id("goce-gravity"), id("GO_CONS_GCF_2_DIR_R1"));
    let stored = catalogue.get(&key).expect("a product");
    assert_eq!(stored.revision, 5);
    for (name, bytes) in [("small.txt", 692), ("large.bin", 30_000), ("mid.txt", 43_893)] {
        let file = catalogue.file(&key, name).expect("held");
        let read: usize =
            catalogue.open_payload(&file).expect("opens").read().map(|piece| piece.expect("sound").len()).sum();
        assert_eq!(read, bytes, "{name}");
    }
    assert_eq!(catalogue.revisions(&Key::product(id("goce-gravity"), id("to/be deleted %"))).expect("known").len(), 2);
    let found = catalogue.search(Query { limit: 10, count: true, ..Query::default() }, None).expect("answered");
    assert_eq!(found.matched, Some(2));
    catalogue.close();
}
