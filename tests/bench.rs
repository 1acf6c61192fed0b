//! The benchmark runs to its end; what it measures is no matter of tests.

use std::process::Command;

#[test]
fn every_scenario_of_the_benchmark_runs_on_a_few_records() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |scenario: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perennial"));
        command.arg("--store").arg(folder.path()).args(["--json", "bench", scenario, "--records", "300"]);
        command.args(["--written", "200", "--payload-mib", "2", "--requests", "10"]);
        let output = command.output().expect("the program runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{scenario}: {errors}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report in JSON");
        let figures = report["figures"].as_array().expect("figures").clone();
        figures.iter().map(|figure| figure["scenario"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let mut measured = run("all");
    measured.dedup();
    assert_eq!(measured, ["payload", "archive", "ingest", "post", "reindex", "start", "read", "stac", "search"]);
    let graph = run("graph");
    assert!(graph.len() > 20 && graph.iter().all(|scenario| scenario == "graph"), "{graph:?}");
    let federation = run("federation");
    assert!(federation.len() > 5 && federation.iter().all(|scenario| scenario == "federation"), "{federation:?}");
    let again = run("read");
    assert!(again.iter().all(|scenario| scenario == "read"), "{again:?}");
}

#[test]
fn a_folder_with_other_content_is_not_used_for_a_benchmark() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("precious"), "kept").expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_perennial"));
    let output = command.arg("--store").arg(folder.path()).arg("bench").output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1);
}
