//! What a restart finds: everything that was acknowledged, and indexes made again where they cannot be used.

use std::path::Path;

use perennial::catalogue::{Catalogue, StartError};
use perennial::model::{Key, RecordId};

use crate::support::records::{lines, product};
use crate::support::{Service, Store, options, service};

fn export(service: &Service) -> String {
    service.search("limit=1000&sort=id&kind=product,collection&facets=level,mission")["records"].to_string()
}

fn filled() -> (Store, String) {
    let (store, service) = service();
    service.ingest(lines("c", 0..200));
    service.delete("/api/v1/collections/c/products/p0003").expect_status(200);
    let before = export(&service);
    drop(service);
    (store, before)
}

/// The store answers as before, and takes writes.
#[track_caller]
fn answers_as_before(store: &Store, before: &str) {
    let service = store.serve();
    assert_eq!(export(&service), before);
    service.get("/api/v1/collections/c/products/p0003").expect_problem(410, "gone");
    let added = service.put("/api/v1/collections/c/products/new", product("c", "new")).expect_status(201).json();
    assert_eq!(added["sequence"], 203);
    assert_eq!(service.search("ids=new")["matched"], 1);
}

fn damage(folder: &Path, bytes: &[u8]) {
    for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            damage(&entry, bytes);
        } else {
            std::fs::write(&entry, bytes).expect("writable");
        }
    }
}

#[test]
fn everything_acknowledged_is_there_after_a_restart() {
    let (store, before) = filled();
    answers_as_before(&store, &before);
}

#[test]
fn an_index_folder_that_is_gone_is_built_again() {
    for part in ["index", "index/records", "index/text"] {
        let (store, before) = filled();
        std::fs::remove_dir_all(store.path().join(part)).expect("deleted");
        answers_as_before(&store, &before);
    }
}

#[test]
fn an_index_that_cannot_be_read_is_built_again() {
    for part in ["index/records", "index/text"] {
        for bytes in [b"".as_slice(), b"not an index at all"] {
            let (store, before) = filled();
            damage(&store.path().join(part), bytes);
            answers_as_before(&store, &before);
        }
    }
}

#[test]
fn an_index_that_is_a_file_is_built_again() {
    for part in ["index/records", "index/text"] {
        let (store, before) = filled();
        let path = store.path().join(part);
        std::fs::remove_dir_all(&path).expect("deleted");
        std::fs::write(&path, "a file").expect("writable");
        answers_as_before(&store, &before);
    }
}

#[test]
fn an_index_of_another_store_is_built_again() {
    let (store, before) = filled();
    let (other, service) = service();
    service.ingest(lines("c", 1_000..1_400));
    drop(service);
    std::fs::remove_dir_all(store.path().join("index")).expect("deleted");
    std::fs::rename(other.path().join("index"), store.path().join("index")).expect("moved");
    answers_as_before(&store, &before);
}

#[test]
fn an_index_that_is_behind_catches_up() {
    let (store, service) = service();
    service.ingest(lines("c", 0..50));
    drop(service);
    let kept = tempfile::tempdir().expect("a folder");
    copy(&store.path().join("index"), kept.path());
    let service = store.serve();
    service.ingest(lines("c", 50..200));
    service.delete("/api/v1/collections/c/products/p0003").expect_status(200);
    let before = export(&service);
    drop(service);
    std::fs::remove_dir_all(store.path().join("index")).expect("deleted");
    copy(kept.path(), &store.path().join("index"));
    answers_as_before(&store, &before);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("readable").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[test]
fn leftovers_of_an_interrupted_run_are_removed() {
    let (store, before) = filled();
    let work = store.path().join("work");
    std::fs::create_dir_all(work.join("stage-1")).expect("made");
    std::fs::write(work.join("stage-1/half"), "half a payload").expect("writable");
    answers_as_before(&store, &before);
    assert!(!work.join("stage-1").exists());
}

#[test]
fn a_second_process_on_the_same_store_is_refused_and_disturbs_nobody() {
    let (store, service) = service();
    let refused = Catalogue::open(&store.path(), &options()).err().expect("refused");
    assert!(matches!(refused, StartError::Archive(_)), "{refused}");
    let cause = std::error::Error::source(&refused).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("in use"), "{cause}");
    service.put("/api/v1/collections/c/products/p", product("c", "p")).expect_status(201);
    drop(service);
    let catalogue = Catalogue::open(&store.path(), &options()).expect("free again");
    let key = Key::product(RecordId::parse("c").expect("valid"), RecordId::parse("p").expect("valid"));
    assert_eq!(catalogue.get(&key).expect("kept").record, product("c", "p").into_bytes());
    catalogue.close();
}

#[test]
fn a_folder_that_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    std::fs::create_dir_all(store.join("archive")).expect("made");
    std::fs::write(store.join("archive/thesis.txt"), "do not touch").expect("writable");
    assert!(Catalogue::open(&store, &options()).is_err());
    assert_eq!(std::fs::read_to_string(store.join("archive/thesis.txt")).expect("there"), "do not touch");
}
