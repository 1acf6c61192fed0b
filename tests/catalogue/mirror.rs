//! A store that follows another: the same lines, the same bytes, the same answers, and nothing of its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use perennial::catalogue::export::export;
use perennial::catalogue::mirror::{Follower, Marker, MirrorError};
use perennial::catalogue::{Catalogue, Options};
use perennial::federation::outbound;

use crate::support::records::{collection, lines, numbered};
use crate::support::{Service, Store, options, service};

/// Sources may be on this machine.
fn outward() -> Options {
    let mut options = options();
    options.settings.outbound = outbound::Settings { allow_private: true, authorities: None };
    options
}

/// Follows to the end of the other log.
fn catch_up(catalogue: &Catalogue, url: &str) -> Result<u64, MirrorError> {
    let follower = Follower::new(catalogue, url, None)?;
    loop {
        let progress = follower.step()?;
        if progress.verified {
            return Ok(progress.size);
        }
    }
}

fn exported(service: &Service, folder: &Path) -> Vec<(String, Vec<u8>)> {
    export(service.catalogue().archive(), folder, true).expect("an export");
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("within").to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    files.sort();
    files
}

fn root(service: &Service) -> (u64, String) {
    let tree = service.catalogue().archive().tree();
    (tree.size(), tree.root().to_string())
}

#[test]
fn a_mirror_is_the_same_to_the_byte_and_takes_no_writes() {
    let (_source_store, source) = service();
    source.ingest(lines("c", 0..40));
    let large = vec![7_u8; 9 << 20];
    source.put("/api/v1/collections/c/products/p0001/files/large.dat", large.clone()).expect_status(200);
    source.put("/api/v1/collections/c/products/p0002/files/small.txt", "small").expect_status(200);
    let store = Store::new();
    let mirror = store.serve_with(&outward());
    assert_eq!(catch_up(mirror.catalogue(), &source.url).expect("follows"), source.catalogue().last_sequence());
    // Changes, a deletion and a new file, after it has begun.
    source.put("/api/v1/collections/c/products/p0003", numbered("c", 3).replace("sea", "lake")).expect_status(200);
    source.delete("/api/v1/collections/c/products/p0004").expect_status(200);
    catch_up(mirror.catalogue(), &format!("{}/", source.url)).expect("follows");
    assert_eq!(root(&mirror), root(&source));
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    assert_eq!(exported(&mirror, &ours), exported(&source, &theirs));
    for path in ["/api/v1/search?q=scene&limit=100&facets=mission", "/stac/search?limit=50", "/api/v1/collections/c"] {
        let of = |service: &Service| service.get(path).expect_status(200).text().replace(&service.url, "");
        // Page tokens are signed by each store with a key of its own.
        assert_eq!(of(&mirror), of(&source), "{path}");
    }
    assert_eq!(mirror.get("/api/v1/collections/c/products/p0001/files/large.dat").expect_status(200).body, large);
    mirror.get("/api/v1/collections/c/products/p0004").expect_status(410);
    let refused = mirror.put("/api/v1/collections/d", collection("d")).expect_status(503);
    assert!(refused.text().contains("mirror of"), "{}", refused.text());
    let refused = mirror.post("/api/v1/ingest", lines("c", 0..1)).expect_status(503);
    assert!(refused.text().contains("mirror of"), "{}", refused.text());
    drop(mirror);
    // It knows what it is when it is opened again, and goes on.
    let mirror = store.serve_with(&outward());
    mirror.put("/api/v1/collections/d", collection("d")).expect_status(503);
    source.put("/api/v1/collections/d", collection("d")).expect_status(201);
    catch_up(mirror.catalogue(), &source.url).expect("follows");
    assert_eq!(root(&mirror), root(&source));
}

#[test]
fn a_store_with_records_of_its_own_or_of_another_source_becomes_no_mirror() {
    let (_a_store, a) = service();
    let (_b_store, b) = service();
    let own = {
        let store = Store::new();
        let service = store.serve_with(&outward());
        service.put("/api/v1/collections/own", collection("own")).expect_status(201);
        let refused = catch_up(service.catalogue(), &a.url);
        service.put("/api/v1/collections/more", collection("more")).expect_status(201);
        refused
    };
    assert!(matches!(own, Err(MirrorError::NotEmpty { lines: 1 })), "{own:?}");
    let store = Store::new();
    let mirror = store.serve_with(&outward());
    catch_up(mirror.catalogue(), &a.url).expect("follows");
    let other = catch_up(mirror.catalogue(), &b.url);
    assert!(matches!(other, Err(MirrorError::Other { .. })), "{other:?}");
    // Its address now leads to another log, with another key.
    let marker = Marker::read(&store.path()).expect("readable").expect("a mirror");
    Marker { url: b.url.clone(), ..marker }.write(&store.path()).expect("written");
    let unsigned = catch_up(mirror.catalogue(), &b.url);
    assert!(matches!(unsigned, Err(MirrorError::Note(_))), "{unsigned:?}");
    // With the right key, and other lines.
    let key = b.get("/api/v1/log/checkpoint?f=json").json()["public_key"].as_str().expect("a key").to_owned();
    Marker { url: b.url.clone(), public_key: key }.write(&store.path()).expect("written");
    let before = root(&mirror);
    let diverged = catch_up(mirror.catalogue(), &b.url);
    assert!(matches!(diverged, Err(MirrorError::Diverged { .. })), "{diverged:?}");
    b.put("/api/v1/collections/more", collection("more")).expect_status(201);
    let diverged = catch_up(mirror.catalogue(), &b.url);
    assert!(matches!(diverged, Err(MirrorError::Diverged { .. })), "{diverged:?}");
    assert_eq!(root(&mirror), before, "nothing of the other log is kept");
}

/// Passes questions on to a service, and changes what comes back.
fn passing_on(to: String, change: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let client = crate::support::Client::new(to);
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4_096];
            let read = stream.read(&mut head).unwrap_or(0);
            let asked = String::from_utf8_lossy(&head[..read]).into_owned();
            let Some(path) = asked.split(' ').nth(1) else { continue };
            let answer = client.get(path);
            let body = change(path, answer.body);
            let mut said =
                format!("HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {}\r\n", answer.status, body.len());
            for name in ["perennial-log-last", "perennial-log-root"] {
                if let Some(value) = answer.headers.get(name) {
                    said += &format!("{name}: {}\r\n", value.to_str().expect("text"));
                }
            }
            let _ = stream.write_all(&[said.as_bytes(), b"\r\n", &body].concat());
        }
    });
    url
}

#[test]
fn what_was_altered_on_its_way_is_not_kept() {
    let (_source_store, source) = service();
    source.ingest(lines("c", 0..20));
    source.put("/api/v1/collections/c/products/p0002/files/small.txt", "small").expect_status(200);
    let is_lines = |path: &str| path.starts_with("/api/v1/log?");
    type Change = Box<dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send>;
    let changes: Vec<(&str, Change)> = vec![
        (
            "a letter",
            Box::new(move |path, body| {
                if is_lines(path) {
                    String::from_utf8_lossy(&body).replacen("Scene", "scene", 1).into_bytes()
                } else {
                    body
                }
            }),
        ),
        (
            "a line less",
            Box::new(move |path, body| {
                if is_lines(path) {
                    body.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default().to_vec()
                } else {
                    body
                }
            }),
        ),
        ("cut", Box::new(move |path, body| if is_lines(path) { body[..body.len() / 2].to_vec() } else { body })),
        ("nothing", Box::new(move |path, body| if is_lines(path) { Vec::new() } else { body })),
        ("no JSON", Box::new(|path, body| if path.contains("payloads?") { b"<html>".to_vec() } else { body })),
        ("another payload", Box::new(|path, body| if path.contains("payloads/") { b"smell".to_vec() } else { body })),
        (
            "a longer log",
            Box::new(|path, body| {
                if !path.contains("checkpoint") {
                    return body;
                }
                let text = String::from_utf8_lossy(&body).into_owned();
                let size =
                    serde_json::from_slice::<serde_json::Value>(&body).expect("JSON")["size"].as_u64().expect("a size");
                text.replace(&format!("\\n{size}\\n"), &format!("\\n{}\\n", size + 1)).into_bytes()
            }),
        ),
    ];
    for (what, change) in changes {
        let url = passing_on(source.url.clone(), change);
        let store = Store::new();
        let mirror = store.serve_with(&outward());
        let followed = catch_up(mirror.catalogue(), &url);
        assert!(followed.is_err(), "{what}");
        assert_eq!(mirror.catalogue().last_sequence(), 0, "{what}: nothing is kept");
    }
}

#[test]
fn the_log_is_served_by_whole_segments_and_bad_questions_are_refused() {
    let (_store, service) = service();
    service.ingest(lines("c", 0..10));
    let all = service.get("/api/v1/log").expect_status(200);
    assert_eq!(all.text().lines().count(), 11);
    assert_eq!(all.header("perennial-log-last"), "11");
    let (size, root) = root(&service);
    assert_eq!((size, all.header("perennial-log-root")), (11, root));
    assert_eq!(service.get("/api/v1/log?from=5").expect_status(200).text().lines().count(), 7);
    assert_eq!(service.get("/api/v1/log?from=12").expect_status(200).text(), "");
    let note = service.get("/api/v1/log/checkpoint").expect_status(200).text();
    assert_eq!(note.lines().nth(1), Some("11"));
    for bad in ["?from=0", "?from=x", "?from=-1", "?from=99999999999999999999", "?form=1"] {
        service.get(&format!("/api/v1/log{bad}")).expect_status(400);
    }
    for bad in ["", "?from=1", "?from=2&to=1", "?from=1&to=200000", "?from=1&to=2&x=1"] {
        service.get(&format!("/api/v1/log/payloads{bad}")).expect_status(400);
    }
    service.get("/api/v1/log/checkpoint?f=xml").expect_status(400);
    service.get("/api/v1/log/payloads/xyz").expect_status(400);
    service.get(&format!("/api/v1/log/payloads/{}", "0".repeat(64))).expect_status(404);
    let foreign = [("origin", "https://elsewhere.example")];
    service.get_with(&format!("/api/v1/log/payloads/{}", "0".repeat(64)), &foreign).expect_status(403);
}
