//! The house rules of `docs/ARCHITECTURE.md` as a test: who may name whom, one door per heavy crate, no way to panic on
//! input, no dead path in the documents. Nothing about taste. Standard library only, so it still builds when all else fails.
//!
//! A finding reads `file:line: [rule] what is wrong`. Two remarks in the source are understood:
//! `// cannot fail: reason` on the line of an `expect` or above it, and `// door: reason` for a use outside its door.

#[path = "house/dependencies.rs"]
mod dependencies;
#[path = "house/documents.rs"]
mod documents;
#[path = "house/rules.rs"]
mod rules;
#[path = "house/source.rs"]
mod source;

use source::{Finding, SourceFile};

/// Fails with every finding at once, each naming file, line and rule.
fn refuse(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} finding(s):\n{}\n", lines.len(), lines.join("\n"));
}

/// Runs one rule over every file of `src`.
fn check_sources(rule: fn(&SourceFile) -> Vec<Finding>) {
    let files = source::read_sources();
    assert!(files.len() > 3, "src was not found or is empty");
    let findings: Vec<Finding> = files.iter().flat_map(rule).collect();
    refuse(&findings);
}

#[test]
fn rooms_name_only_rooms_below_them() {
    check_sources(rules::layers);
}

#[test]
fn every_room_has_a_floor() {
    check_sources(rules::rooms_are_known);
}

#[test]
fn a_heavy_crate_is_named_only_behind_its_door() {
    check_sources(rules::doors);
}

#[test]
fn the_archive_touches_the_disk_only_through_archive_disk() {
    check_sources(rules::archive_disk);
}

#[test]
fn pure_rooms_read_no_file_clock_environment_or_network() {
    check_sources(rules::purity);
}

#[test]
fn nothing_outside_tests_panics_on_input() {
    check_sources(rules::panics);
}

#[test]
fn nothing_is_left_unfinished() {
    check_sources(rules::unfinished);
}

#[test]
fn every_file_says_first_what_it_is_for() {
    check_sources(rules::first_line);
}

#[test]
fn no_test_is_ignored() {
    let findings: Vec<Finding> = source::read_tests().iter().flat_map(rules::ignored).collect();
    refuse(&findings);
}

#[test]
fn every_path_that_a_document_names_exists() {
    refuse(&documents::dead_paths());
}

#[test]
fn numbers_stay_exact_and_forbidden_crates_stay_out() {
    refuse(&dependencies::check());
}

#[test]
fn the_integration_tests_are_one_binary() {
    refuse(&dependencies::one_test_binary());
}
