//! Finds paths in documents that lead nowhere: links of Markdown files, paths in backticks, `docs/…` named in source.

use std::fs;
use std::path::Path;

use crate::source::{Finding, files_below, read_sources, relative, root};

/// Folders of the project; a backticked path that starts with one must exist.
const FOLDERS: &[&str] = &[
    "src/",
    "schemas/",
    "fixtures/",
    "openapi/",
    "tests/",
    "docs/",
    "scripts/",
    "packaging/",
    "benches/",
    "web/",
    ".ci/",
];

pub fn dead_paths() -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in documents() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = relative(&path);
        let folder = path.parent().map_or_else(root, Path::to_path_buf);
        let mut in_block = false;
        for (index, line) in text.lines().enumerate() {
            in_block ^= line.trim_start().starts_with("```");
            if in_block {
                continue;
            }
            let dead_links = links(line).into_iter().filter(|target| !folder.join(target).exists());
            let dead_names = backticked(line).into_iter().filter(|target| !root().join(target).exists());
            let dead = dead_links.chain(dead_names);
            findings.extend(dead.map(|target| Finding {
                path: name.clone(),
                line: index + 1,
                rule: "dead-path",
                text: format!("`{target}` does not exist"),
            }));
        }
    }
    findings.extend(dead_in_sources());
    findings
}

/// Markdown files of the root and of docs.
fn documents() -> Vec<std::path::PathBuf> {
    let base = root();
    let entries = fs::read_dir(&base).into_iter().flatten().flatten();
    let top = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|given| given == "md"));
    let mut found: Vec<_> = top.chain(files_below(&base.join("docs"), "md")).collect();
    found.sort();
    found
}

/// Targets of `[text](target)` that are files, without their anchors.
fn links(line: &str) -> Vec<String> {
    let starts = line.match_indices("](").map(|(at, _)| &line[at + 2..]);
    let targets = starts.filter_map(|rest| rest.split([')', ' ']).next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('#'))
        .filter_map(|target| target.split('#').next().map(str::to_owned))
        .filter(|target| !target.is_empty())
        .collect()
}

/// Paths of the project in backticks; patterns and places to fill in are left alone.
fn backticked(line: &str) -> Vec<String> {
    let spans = line.split('`').skip(1).step_by(2);
    spans
        .filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)))
        .filter(|span| !span.contains(['*', '<', '>', '{', '}', '…', ' ', '$']))
        .filter_map(|span| span.split(['#', ':']).next().map(str::to_owned))
        .collect()
}

/// `docs/….md` in the comments of the source.
fn dead_in_sources() -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in read_sources() {
        for (index, line) in file.raw.iter().enumerate() {
            let starts = line.match_indices("docs/").map(|(at, _)| &line[at..]);
            let paths = starts.filter_map(|rest| rest.find(".md").map(|end| &rest[..end + 3]));
            let is_path =
                |path: &&str| path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/_.-".contains(letter));
            let dead = paths.filter(is_path).filter(|path| !root().join(path).exists());
            findings.extend(dead.map(|path| file.finding(index, "dead-path", format!("`{path}` does not exist"))));
        }
    }
    findings
}

#[test]
fn links_and_backticked_paths_are_read() {
    assert_eq!(links("see [a](docs/a.md#x), [b](https://x.org/) and [c](#d)"), ["docs/a.md"]);
    assert_eq!(backticked("`src/model/id.rs:12` and `src/http/faces/*.rs` and `cargo test`"), ["src/model/id.rs"]);
}
