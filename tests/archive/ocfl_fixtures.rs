//! The validator against the fixtures of the OCFL editors, where they are at hand.

use std::collections::BTreeSet;
use std::path::PathBuf;

use perennial::archive::disk::RealDisk;
use perennial::archive::ocfl::validate_object;

/// `E001_extra_file` → {E001}; empty where the fixtures are not there.
fn objects(folder: &str) -> Vec<(String, PathBuf)> {
    let shared =
        std::env::var("PERENNIAL_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let folder = PathBuf::from(shared).join("ocfl-fixtures/1.1").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not there", folder.display());
        return Vec::new();
    };
    entries
        .map(|entry| entry.expect("readable"))
        .map(|e| (e.file_name().to_string_lossy().into_owned(), e.path()))
        .collect()
}

fn codes_in(name: &str) -> BTreeSet<&str> {
    let is_code = |part: &&str| part.len() == 4 && part[1..].bytes().all(|digit| digit.is_ascii_digit());
    name.split('_').take_while(is_code).collect()
}

fn check(folder: &str, passes: impl Fn(&BTreeSet<&str>, &BTreeSet<&str>) -> bool) {
    let mut failures = Vec::new();
    for (name, path) in objects(folder) {
        let report = validate_object(&RealDisk, &path).expect("readable");
        let found: BTreeSet<&str> = report.problems.iter().map(|problem| problem.code).collect();
        if !passes(&codes_in(&name), &found) {
            failures.push(format!("{name}: {:?}", report.problems));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_good_object_is_called_valid() {
    check("good-objects", |_, found| found.iter().all(|code| code.starts_with('W')));
}

#[test]
fn every_bad_object_is_refused_with_the_expected_codes() {
    check("bad-objects", |expected, found| found.iter().any(|code| code.starts_with('E')) && expected.is_subset(found));
}

#[test]
fn every_doubtful_object_is_valid_with_the_expected_warnings() {
    check("warn-objects", |expected, found| {
        found.iter().all(|code| code.starts_with('W')) && expected.is_subset(found)
    });
}
