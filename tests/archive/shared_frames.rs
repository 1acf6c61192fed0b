//! Small payloads share frames of the pack, and each is still found, verified and named on its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use perennial::archive::disk::Disk;
use perennial::archive::disk::double::{DiskDouble, Survival};
use perennial::archive::{Archive, Commit, Options, ReadError, Verification};
use perennial::codec::{sha256, sha512};
use perennial::model::PayloadLocation;

use super::{Lines, STORE};

/// Longest payload that shares a frame.
const BOUND: usize = 128 << 10;

fn open(disk: &DiskDouble) -> Archive {
    let options = Options { free_space_threshold: 1000, ..Options::default() };
    Archive::open(Path::new(STORE), Arc::new(disk.clone()), options).expect("the store").0
}

fn content(segment: u64, name: &str) -> PathBuf {
    let object = perennial::archive::object_path(&format!("segment:{segment}"));
    Path::new(STORE).join("archive").join(object).join("v1/content").join(name)
}

fn file(disk: &DiskDouble, path: &Path) -> Option<Vec<u8>> {
    perennial::archive::disk::read_file(disk, path, 1 << 30).ok()
}

/// A document like its neighbours, of this length.
fn document(number: usize, bytes: usize) -> Vec<u8> {
    let head = format!("<document><number>{number}</number>");
    let line = "<parameter><name>magnetic field</name><unit>nT</unit></parameter>";
    head.bytes().chain(line.bytes().cycle()).take(bytes).collect()
}

/// Commits a batch of as many lines as payloads.
fn commit(archive: &Archive, lines: &mut Lines, payloads: &[Vec<u8>]) -> Commit {
    let staged: Vec<_> = payloads.iter().map(|payload| super::stage(archive, payload).expect("staged")).collect();
    let named = |payload: &Vec<u8>| {
        let digest = sha256(payload);
        format!(r#"{{"kind":"product","id":"{digest}","files":[{{"name":"s","storage":"payload:sha256:{digest}"}}]}}"#)
    };
    let lines: Vec<_> =
        payloads.iter().map(|payload| lines.put(&format!("p{}", sha256(payload)), &named(payload))).collect();
    archive.writer().expect("the writer").commit(&lines, &staged).expect("committed")
}

fn read(archive: &Archive, payload: &[u8], location: &PayloadLocation) -> Result<Vec<u8>, ReadError> {
    let pieces: Result<Vec<_>, _> = archive.payload(&sha256(payload), location)?.read().collect();
    Ok(pieces?.concat())
}

fn located<'a>(commit: &'a Commit, payload: &[u8]) -> &'a PayloadLocation {
    &commit.payloads.iter().find(|(digest, _)| *digest == sha256(payload)).expect("committed").1
}

fn start_of(location: &PayloadLocation) -> Option<u32> {
    let PayloadLocation::Pack { start, .. } = location else { panic!("no member of a pack: {location:?}") };
    *start
}

fn verify(disk: &DiskDouble) -> Verification {
    open(&disk.restart(Survival::Everything)).verify(&mut |_| {}).expect("readable")
}

fn payloads() -> Vec<Vec<u8>> {
    let mut payloads: Vec<_> = (0..300).map(|number| document(number, 3_000 + number)).collect();
    payloads.push(Vec::new());
    payloads.extend([BOUND - 1, BOUND, BOUND + 1, 3 << 20].map(|bytes| document(7, bytes)));
    payloads.push(payloads[3].clone());
    payloads
}

#[test]
fn small_payloads_share_frames_and_each_comes_back_whole_and_in_part() {
    let disk = DiskDouble::default();
    let payloads = payloads();
    let before = commit(&open(&disk), &mut Lines::default(), &payloads);
    assert_eq!(before.payloads.len(), payloads.len() - 1, "one digest once");
    let archive = open(&disk.restart(Survival::OnlySynced));
    let segment = archive.segments(1).expect("readable").next().expect("one").expect("sound");
    assert_eq!(segment.payloads, before.payloads);
    for payload in &payloads {
        let location = located(&before, payload);
        assert_eq!(start_of(location).is_some(), payload.len() <= BOUND, "{} bytes", payload.len());
        assert!(read(&archive, payload, location).expect("sound") == *payload);
        let opened = archive.payload(&sha256(payload), location).expect("sound");
        assert_eq!((opened.bytes(), opened.ranges_are_verified()), (payload.len() as u64, true));
        assert_eq!(opened.read_stored().is_some(), payload.len() > BOUND);
        let (from, to) = (payload.len() / 3, payload.len() * 2 / 3);
        let part: Vec<_> = opened.read_range(from as u64..to as u64).expect("inside").collect();
        let part: Vec<u8> = part.into_iter().flat_map(|piece| piece.expect("sound")).collect();
        assert!(part == payload[from..to]);
        assert!(opened.read_range(0..payload.len() as u64 + 1).is_err());
    }
    let verification = verify(&disk);
    assert!(verification.findings.is_empty(), "{:#?}", verification.findings);
    assert_eq!(verification.payloads, before.payloads.len() as u64);
}

#[test]
fn a_pack_of_similar_documents_is_a_small_part_of_them_and_an_ordinary_zstd_file() {
    let disk = DiskDouble::default();
    let payloads: Vec<_> = (0..300).map(|number| document(number, 3_000)).collect();
    commit(&open(&disk), &mut Lines::default(), &payloads);
    let pack = file(&disk, &content(1, "pack-0000.zst")).expect("a pack");
    let unpacked = zstd::decode_all(&pack[..]).expect("zstd");
    assert!(unpacked == payloads.concat());
    assert!(pack.len() < unpacked.len() / 50, "{} of {}", pack.len(), unpacked.len());
    assert!(file(&disk, &content(1, "payloads.ndjson")).is_none());
    let list = zstd::decode_all(&file(&disk, &content(1, "payloads.ndjson.zst")).expect("a list")[..]).expect("zstd");
    assert_eq!(list.split(|byte| *byte == b'\n').count(), 301);
}

#[test]
fn a_batch_that_brings_its_documents_has_longer_frames_of_lines() {
    let disk = DiskDouble::default();
    let archive = open(&disk);
    let mut lines = Lines::default();
    let frames = |commit: &Commit| {
        let mut offsets: Vec<_> = commit.records.iter().map(|record| record.frame_offset).collect();
        offsets.dedup();
        offsets.len()
    };
    let imported = commit(&archive, &mut lines, &(0..600).map(|n| document(n, 100)).collect::<Vec<_>>());
    let record = format!(r#"{{"pad":"{}"}}"#, "x".repeat(200));
    let native: Vec<_> = (0..600).map(|n| lines.put(&format!("n{n}"), &record)).collect();
    let native = archive.writer().expect("the writer").commit(&native, &[]).expect("committed");
    assert!(frames(&imported) * 2 < frames(&native), "{} and {}", frames(&imported), frames(&native));
}

#[test]
fn a_changed_byte_in_a_shared_frame_is_named_with_every_payload_in_it() {
    let disk = DiskDouble::default();
    let payloads = payloads();
    let commit = commit(&open(&disk), &mut Lines::default(), &payloads);
    let PayloadLocation::Pack { offset: damaged, stored, .. } = *located(&commit, &payloads[0]) else { panic!() };
    // It was read before, and what is remembered of it is no proof.
    let archive = open(&disk);
    read(&archive, &payloads[0], located(&commit, &payloads[0])).expect("sound");
    disk.damage(&content(1, "pack-0000.zst"), |bytes| bytes[(damaged + stored / 2) as usize] ^= 8).expect("a pack");
    for findings in [archive.verify(&mut |_| {}).expect("readable").findings, verify(&disk).findings] {
        for (digest, location) in &commit.payloads {
            let PayloadLocation::Pack { offset, .. } = *location else { panic!("a member") };
            let is_named = findings.iter().any(|finding| finding.what.contains(&digest.to_string()));
            assert_eq!(is_named, offset == damaged, "{digest}");
        }
    }
    let archive = open(&disk.restart(Survival::Everything));
    for payload in &payloads {
        let location = located(&commit, payload);
        let PayloadLocation::Pack { offset, .. } = *location else { panic!("a member") };
        assert_eq!(read(&archive, payload, location).is_err(), offset == damaged);
    }
}

#[test]
fn a_location_that_lies_is_refused() {
    let disk = DiskDouble::default();
    let archive = open(&disk);
    let payloads = payloads();
    let commit = commit(&archive, &mut Lines::default(), &payloads);
    let payload = &payloads[1];
    let PayloadLocation::Pack { segment, offset, stored, start: Some(start), bytes } = *located(&commit, payload)
    else {
        panic!("it shares a frame")
    };
    let lies = [
        (offset, stored, Some(start + 1), bytes, "sha256"),
        (offset, stored, Some(start), bytes - 1, "sha256"),
        (offset, stored, Some(u32::MAX), bytes, "outside of its frame"),
        (offset, stored, Some(start), 10 << 20, "outside of its frame"),
        (offset, stored, Some(start), u64::MAX, "outside of its frame"),
        (offset, stored, None, bytes, ""),
        (offset, stored - 1, Some(start), bytes, "frame"),
        (offset + 1, stored, Some(start), bytes, "frame"),
        (offset, u64::MAX, Some(start), bytes, "longer than frames are"),
        (u64::MAX, stored, Some(start), bytes, ""),
    ];
    for (offset, stored, start, bytes, what) in lies {
        let lie = PayloadLocation::Pack { segment, offset, stored, start, bytes };
        // From a fresh handle, and from one that remembers the frame.
        for archive in [&open(&disk.restart(Survival::Everything)), &archive] {
            read(archive, payload, located(&commit, payload)).expect("sound");
            let refused = read(archive, payload, &lie).map(|bytes| bytes.len()).expect_err("refused").to_string();
            assert!(refused.contains(what), "{lie:?}: {refused}");
        }
    }
}

/// Adds a file to a segment's object as if it had been committed with it.
fn smuggle(disk: &DiskDouble, segment: u64, name: &str, bytes: &[u8]) {
    disk.create(&content(segment, name)).expect("made").write_all(bytes).expect("written");
    let version = content(segment, "..");
    let root = version.join("..");
    let mut inventory: serde_json::Value =
        serde_json::from_slice(&file(disk, &plain(&root.join("inventory.json"))).expect("one")).expect("JSON");
    let digest = sha512(bytes).to_string();
    inventory["manifest"][&digest] = serde_json::json!([format!("v1/content/{name}")]);
    inventory["versions"]["v1"]["state"][&digest] = serde_json::json!([name]);
    let inventory = inventory.to_string().into_bytes();
    let sidecar = format!("{} inventory.json\n", sha512(&inventory)).into_bytes();
    for folder in [plain(&root), plain(&version)] {
        disk.damage(&folder.join("inventory.json"), |bytes| bytes.clone_from(&inventory)).expect("there");
        disk.damage(&folder.join("inventory.json.sha512"), |bytes| bytes.clone_from(&sidecar)).expect("there");
    }
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            plain.pop()
        } else {
            plain.push(part);
            true
        };
    }
    plain
}

#[test]
fn a_segment_with_two_lists_of_payloads_is_refused_and_named() {
    let disk = DiskDouble::default();
    let archive = open(&disk);
    commit(&archive, &mut Lines::default(), &[document(1, 100)]);
    let list = zstd::decode_all(&file(&disk, &content(1, "payloads.ndjson.zst")).expect("a list")[..]).expect("zstd");
    smuggle(&disk, 1, "payloads.ndjson", &list);
    let archive = open(&disk.restart(Survival::Everything));
    let segment = archive.segments(1).expect("readable").next().expect("one");
    assert!(segment.expect_err("refused").to_string().contains("twice"));
    let findings = verify(&disk).findings;
    assert!(findings.iter().any(|finding| finding.what.contains("another list of payloads")), "{findings:#?}");
}

#[test]
fn a_root_whose_recovery_program_knows_no_shared_frames_gets_none() {
    let disk = DiskDouble::default();
    drop(open(&disk));
    let old = include_bytes!("../../fixtures/formats/v1/archive/recover.py");
    disk.damage(&Path::new(STORE).join("archive/recover.py"), |bytes| *bytes = old.to_vec()).expect("there");
    let archive = open(&disk);
    let payloads = payloads();
    let commit = commit(&archive, &mut Lines::default(), &payloads);
    for payload in &payloads {
        let location = located(&commit, payload);
        assert_eq!(start_of(location), None);
        assert!(read(&archive, payload, location).expect("sound") == *payload);
    }
    assert!(file(&disk, &content(1, "payloads.ndjson.zst")).is_none());
    let list = file(&disk, &content(1, "payloads.ndjson")).expect("a list");
    assert!(!String::from_utf8(list).expect("text").contains("start"));
    let description = String::from_utf8(file(&disk, &content(1, "segment.json")).expect("one")).expect("text");
    assert!(description.contains(r#""version": 1,"#), "{description}");
    let findings = archive.verify(&mut |_| {}).expect("readable").findings;
    assert!(
        findings.iter().all(|finding| finding.path.starts_with("recover.py") || finding.what.contains("recover.py"))
    );
}
