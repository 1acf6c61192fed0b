//! `perennial recipe` over what other tools wrote: CWL tools and run crates. Where bubblewrap cannot isolate, the tests say so
//! and are skipped.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use perennial::codec::sha256;
use serde_json::{Value, json};

use crate::support::can_isolate;

fn perennial(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perennial"));
    command.args(["--store", "store", "--json"]).args(arguments).current_dir(folder).stdin(Stdio::null());
    command.output().unwrap()
}

fn write(folder: &Path, name: &str, document: &Value) {
    std::fs::write(folder.join(name), document.to_string()).unwrap();
}

/// Sorts a file by a column, as a tool of CWL.
fn tool() -> Value {
    json!({
        "class": "CommandLineTool", "cwlVersion": "v1.2", "label": "Sort", "baseCommand": "sort",
        "inputs": {
            "reverse": {"type": "boolean", "inputBinding": {"prefix": "-r"}},
            "column": {"type": "int", "default": 2, "inputBinding": {"prefix": "-k"}},
            "table": {"type": "File", "inputBinding": {"position": 5}},
        },
        "outputs": {"sorted": "stdout"}, "stdout": "$(inputs.table.nameroot).sorted",
    })
}

#[test]
fn a_tool_of_cwl_with_its_job_is_run_and_registered() {
    if !can_isolate() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "x 1\ny 3\nz 2\n").unwrap();
    write(folder.path(), "tool.json", &tool());
    write(folder.path(), "job.json", &json!({"reverse": true, "table": {"class": "File", "path": "a.txt"}}));
    let done = perennial(folder.path(), &["recipe", "tool.json", "--job", "job.json"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let registered: Value = serde_json::from_slice(&done.stdout).unwrap();
    let recipe = &registered["recipe"];
    assert_eq!(recipe["argv"], json!(["/usr/bin/sort", "-k", "2", "-r", "/in/a.txt"]));
    assert_eq!((&recipe["title"], &recipe["determinism"]["claim"]), (&json!("Sort"), &json!("bytes")));
    assert_eq!(recipe["outputs"][0]["sha256"], sha256(b"y 3\nz 2\nx 1\n").to_string());
    assert_eq!(std::fs::read_to_string(folder.path().join("a.sorted")).unwrap(), "y 3\nz 2\nx 1\n");
    for arguments in [
        &["recipe", "tool.json"][..],
        &["recipe", "job.json", "--job", "job.json"],
        &["recipe", "tool.json", "--job", "none.json"],
    ] {
        let refused = perennial(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&refused.stderr));
    }
}

#[test]
fn a_run_crate_becomes_a_recipe_only_if_its_bytes_come_out_again() {
    if !can_isolate() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("crate");
    std::fs::create_dir_all(whole.join("data")).unwrap();
    std::fs::write(whole.join("data/a.txt"), "x 1\ny 3\nz 2\n").unwrap();
    std::fs::write(whole.join("data/out"), "x 1\nz 2\ny 3\n").unwrap();
    let mut packed = tool();
    packed["id"] = json!("#main");
    write(&whole, "packed.cwl", &json!({"cwlVersion": "v1.2", "$graph": [packed]}));
    write(
        &whole,
        "ro-crate-metadata.json",
        &json!({"@graph": [
            {"@id": "#run", "@type": "CreateAction", "instrument": {"@id": "packed.cwl"},
             "object": [{"@id": "data/a.txt"}, {"@id": "#reverse"}], "result": [{"@id": "data/out"}]},
            {"@id": "data/a.txt", "@type": "File", "exampleOfWork": {"@id": "packed.cwl#main/table"}},
            {"@id": "#reverse", "@type": "PropertyValue", "value": "False", "exampleOfWork": {"@id": "packed.cwl#main/reverse"}},
            {"@id": "data/out", "@type": "File"},
        ]}),
    );
    let done = perennial(folder.path(), &["recipe", "crate/ro-crate-metadata.json"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let registered: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(registered["recipe"]["argv"], json!(["/usr/bin/sort", "-k", "2", "/in/a.txt"]));
    assert!(!folder.path().join("a.sorted").exists(), "the crate has its files already");
    std::fs::write(whole.join("data/out"), "x 1\nz 2\ny 4\n").unwrap();
    let refused = perennial(folder.path(), &["recipe", "crate/ro-crate-metadata.json"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("other bytes"));
}
