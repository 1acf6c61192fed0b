//! What is lost or changed is found, named, and hides nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use perennial::archive::disk::double::{DiskDouble, Survival};
use perennial::archive::disk::{Disk, remove_tree};
use perennial::archive::{Archive, Finding, OpenError, Options, Severity, Verification};
use perennial::codec::{FrameWriter, sha256};
use perennial::model::PayloadLocation;

use super::{Delivery, Lines, STORE, open};

const ROOT: &str = "/store/archive";

/// A name and what is done to a file's bytes.
type Change = (&'static str, fn(&mut Vec<u8>));
/// A name and what is done to a disk.
type Case<'a> = (&'static str, &'a dyn Fn(&DiskDouble));

/// An archive of three deliveries.
fn archive() -> (DiskDouble, [Delivery; 3]) {
    let mut lines = Lines::default();
    let deliveries = [1, 2, 3].map(|number| Delivery::make(&mut lines, number));
    let disk = DiskDouble::default();
    let (archive, _) = open(&disk).expect("a new store");
    let mut writer = archive.writer().expect("the writer");
    for delivery in &deliveries {
        delivery.commit(&archive, &mut writer).expect("committed");
    }
    (disk.restart(Survival::Everything), deliveries)
}

fn read_only(disk: &DiskDouble) -> Result<Archive, OpenError> {
    let options = Options { read_only: true, ..super::options() };
    Archive::open(Path::new(STORE), Arc::new(disk.clone()), options).map(|(archive, _)| archive)
}

fn verify(disk: &DiskDouble) -> Verification {
    read_only(disk).expect("readable").verify(&mut |_| {}).expect("readable")
}

fn archive_files(disk: &DiskDouble) -> Vec<PathBuf> {
    disk.files().into_iter().filter(|path| path.starts_with(ROOT)).collect()
}

/// The object that a file is part of, or the file itself where it describes the root, from the root.
fn part_of(file: &Path) -> PathBuf {
    let within = file.strip_prefix(ROOT).expect("in the archive");
    if within.components().count() > 4 { within.components().take(4).collect() } else { within.to_owned() }
}

#[test]
fn every_changed_file_is_found_and_named() {
    let (disk, _) = archive();
    assert!(verify(&disk).findings.is_empty());
    let files = archive_files(&disk);
    assert!(files.len() > 50);
    let changes: [Change; 4] = [
        ("its first bit flipped", |bytes| bytes[0] ^= 1),
        ("a bit in its middle flipped", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
        }),
        ("its last byte cut off", |bytes| bytes.truncate(bytes.len() - 1)),
        ("everything cut off", Vec::clear),
    ];
    for file in &files {
        for (how, change) in changes {
            let damaged = disk.restart(Survival::Everything);
            damaged.damage(file, change).expect("a file");
            let what = format!("{} with {how}", file.display());
            match read_only(&damaged) {
                Ok(archive) => {
                    let findings = archive.verify(&mut |_| {}).expect(&what).findings;
                    let names_it = |path: &PathBuf| path.starts_with(part_of(file)) || part_of(file).starts_with(path);
                    // A wrong digest in the list of the root's files is named with the file that it is of.
                    let is_list =
                        |what: &str| file.ends_with("root-files.sha512") && what.contains("root-files.sha512");
                    let is_named =
                        |it: &Finding| it.severity == Severity::Error && (names_it(&it.path) || is_list(&it.what));
                    let named = findings.iter().any(is_named);
                    assert!(named, "{what}: {findings:#?}");
                }
                Err(error) => assert!(error.to_string().contains("storage root"), "{what}: {error}"),
            }
        }
    }
}

#[test]
fn every_missing_file_and_object_is_found_and_named() {
    let (disk, _) = archive();
    let files = archive_files(&disk);
    let mut parts: Vec<PathBuf> = files.iter().map(|file| part_of(file)).collect();
    parts.dedup();
    let last_segment = perennial::archive::object_path("segment:5");
    for part in files.iter().map(|file| file.strip_prefix(ROOT).expect("in it").to_owned()).chain(parts) {
        // The loss of the newest whole object is what checkpoints are for.
        if part == last_segment {
            continue;
        }
        let damaged = disk.restart(Survival::Everything);
        remove_tree(&damaged, &Path::new(ROOT).join(&part)).expect("there");
        match read_only(&damaged) {
            Ok(archive) => {
                let verification = archive.verify(&mut |_| {}).expect("readable");
                let object: PathBuf = part.components().take(4).collect();
                let named = |path: &PathBuf| path.starts_with(&object) || object.starts_with(path);
                let is_named = verification.findings.iter().any(|finding| named(&finding.path));
                assert!(!verification.is_sound() && is_named, "{}: {:#?}", part.display(), verification.findings);
            }
            Err(error) => assert!(error.to_string().contains("storage root"), "{}: {error}", part.display()),
        }
    }
}

#[test]
fn a_torn_segment_is_reported_and_does_not_hide_the_others() {
    let (disk, deliveries) = archive();
    let segment = |first: u64| Path::new(ROOT).join(perennial::archive::object_path(&format!("segment:{first}")));
    let tear = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let cases: [Case<'_>; 3] = [
        ("torn records", &|disk| {
            disk.damage(&segment(3).join("v1/content/records.ndjson.zst"), tear).expect("a file");
        }),
        ("torn description", &|disk| disk.damage(&segment(3).join("v1/content/segment.json"), tear).expect("a file")),
        ("missing object", &|disk| remove_tree(disk, &segment(3)).expect("there")),
    ];
    for (what, damage) in cases {
        let disk = disk.restart(Survival::Everything);
        damage(&disk);
        let (archive, recovery) = open(&disk).expect(what);
        assert_eq!((recovery.last_sequence, recovery.damages.len()), (6, 1), "{what}");
        assert_eq!(recovery.damages[0].object, "segment:3", "{what}");
        assert!(recovery.damages[0].what_to_do.contains("backup"), "{what}");
        let segments: Vec<_> = archive.segments(1).expect("readable").collect();
        let readable: Vec<bool> = segments.iter().map(Result::is_ok).collect();
        assert_eq!(readable, [true, false, true], "{what}");
        deliveries[0].is_held(&archive, what);
        deliveries[2].is_held(&archive, what);
        archive.writer().expect("the end of the log is intact");
    }
}

#[test]
fn nothing_is_appended_to_a_log_whose_end_cannot_be_read() {
    let (disk, deliveries) = archive();
    let last = Path::new(ROOT).join(perennial::archive::object_path("segment:5"));
    disk.damage(&last.join("v1/content/segment.json"), |bytes| bytes[0] = b'x').expect("a file");
    let (archive, recovery) = open(&disk).expect("the store");
    assert_eq!(recovery.damages.len(), 1);
    let refused = archive.writer().err().expect("refused").to_string();
    assert!(refused.contains("segment:5"), "{refused}");
    deliveries[0].is_held(&archive, "before the damage");
}

#[test]
fn what_does_not_belong_into_the_archive_is_named() {
    for stray in ["notes.txt", "abc/notes.txt", "abc/def/012/segment%3a1/x", "photos/a"] {
        let (disk, _) = archive();
        let path = Path::new(ROOT).join(stray);
        let mut dirs: Vec<&Path> = path.ancestors().skip(1).collect();
        dirs.reverse();
        for dir in dirs.into_iter().filter(|dir| dir.starts_with(ROOT)) {
            perennial::archive::disk::ensure_dir(&disk, dir).expect("made");
        }
        disk.create(&path).expect("made");
        assert!(!verify(&disk).is_sound(), "{stray}");
    }
}

#[test]
fn a_payload_that_nothing_names_is_an_orphan_and_no_damage() {
    let (begun, deliveries) = archive();
    let line = Lines { last: deliveries[2].last(), ..Lines::default() }.put("q", r#"{"id":"q"}"#);
    let commit = |disk: &DiskDouble| {
        let (archive, _) = open(disk).expect("the store");
        let orphan = super::stage(&archive, &[7; 5000]).expect("staged");
        archive.writer().expect("the writer").commit(std::slice::from_ref(&line), &[orphan]).is_ok()
    };
    let whole = begun.restart(Survival::Everything);
    assert!(commit(&whole));
    let is_payload_rename =
        |text: &String| text.starts_with("rename") && text.contains("archive") && text.contains("payload");
    let renamed = whole.log().iter().rposition(is_payload_rename).expect("the payload is renamed");
    let disk = begun.restart(Survival::Everything);
    disk.cut_after(renamed + 2);
    assert!(!commit(&disk));
    let disk = disk.restart(Survival::Everything);
    let (archive, _) = open(&disk).expect("the store");
    let verification = archive.verify(&mut |_| {}).expect("readable");
    let notes: Vec<&str> = verification.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert!(verification.is_sound());
    assert_eq!(notes, ["an orphan: no segment names this payload"]);
}

#[test]
fn a_bomb_in_place_of_a_payload_is_refused_without_unpacking_it() {
    let (disk, deliveries) = archive();
    let large = sha256(&deliveries[0].payloads[1]);
    let path = Path::new(ROOT).join(perennial::archive::object_path(&format!("payload:sha256:{large}")));
    let mut bomb = FrameWriter::new(Vec::new(), 3, 1 << 30).expect("level 3");
    bomb.put_frame(&vec![0; 256 << 20]).expect("memory");
    let (bomb, _) = bomb.finish().expect("memory");
    assert!(bomb.len() < 32 << 10);
    disk.damage(&path.join("v1/content/payload.zst"), |bytes| *bytes = bomb).expect("a file");
    let archive = read_only(&disk).expect("readable");
    let location = PayloadLocation::Object { bytes: 256 << 20, compressed: true };
    let payload = archive.payload(&large, &location).expect("the lengths fit");
    let outcome: Vec<_> = payload.read().collect();
    assert!(matches!(&outcome[..], [Err(error)] if error.to_string().contains("longer than frames are")));
    assert!(!archive.verify(&mut |_| {}).expect("readable").is_sound());
}

#[test]
fn a_backup_taken_while_records_are_written_is_sound() {
    let (disk, deliveries) = archive();
    let behind = read_only(&disk).expect("readable");
    let (archive, _) = open(&disk).expect("the store");
    let mut lines = Lines { last: deliveries[2].last(), ..Lines::default() };
    let newer = lines.put("q", r#"{"id":"q"}"#);
    archive.writer().expect("the writer").commit(&[newer], &[]).expect("committed");
    let done = behind.backup(Path::new("/backup")).expect("copied");
    assert_eq!(done.last_sequence, deliveries[2].last());
    let copy = disk.restart(Survival::OnlySynced);
    let options = Options { read_only: true, ..super::options() };
    let (archive, recovery) = Archive::open(Path::new("/backup"), Arc::new(copy), options).expect("a store");
    assert_eq!(recovery.last_sequence, deliveries[2].last());
    let verification = archive.verify(&mut |_| {}).expect("readable");
    assert!(verification.findings.is_empty(), "{:#?}", verification.findings);
    deliveries.iter().for_each(|delivery| delivery.is_held(&archive, "in the copy"));
}
