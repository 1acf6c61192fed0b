//! What the dependency tree must and must not hold, read from Cargo.lock, Cargo.toml and `cargo tree`.

use std::fs;
use std::process::Command;

use crate::source::{Finding, root};

/// A second framework of any of these kinds is refused; `reqwest` and TLS would come in through default features.
const FORBIDDEN: &[&str] = &[
    "axum",
    "rocket",
    "warp",
    "tide",
    "poem",
    "salvo",
    "gotham",
    "sqlx",
    "sea-orm",
    "diesel",
    "reqwest",
    "openssl",
    "openssl-sys",
    "aws-lc-sys",
    "native-tls",
];

pub fn check() -> Vec<Finding> {
    let mut findings = forbidden_crates();
    findings.extend(exact_numbers());
    findings.extend(sled_is_pinned());
    findings
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn forbidden_crates() -> Vec<Finding> {
    let lock = read("Cargo.lock");
    let named = lock.lines().enumerate().filter_map(|(index, line)| {
        let name = line.strip_prefix("name = \"")?.strip_suffix('"')?;
        FORBIDDEN.contains(&name).then(|| finding("Cargo.lock", index, format!("`{name}` must stay out of the tree")))
    });
    named.collect()
}

/// `arbitrary_precision` anywhere makes cql2 refuse every decimal; features unify, so the whole tree is asked.
fn exact_numbers() -> Vec<Finding> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments =
        ["tree", "--offline", "--locked", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p} {f}"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = tree.lines().filter(|line| line.starts_with("serde_json v")).peekable();
    assert!(lines.peek().is_some(), "cargo tree names no serde_json");
    let broken = lines.find(|line| line.contains("arbitrary_precision"));
    let text = |line: &str| format!("`arbitrary_precision` is on in serde_json: {line}");
    broken.map(|line| finding("Cargo.toml", 0, text(line))).into_iter().collect()
}

/// A caret requirement could move to the 1.0 alphas, whose format differs.
fn sled_is_pinned() -> Option<Finding> {
    let manifest = read("Cargo.toml");
    let (index, line) = manifest.lines().enumerate().find(|(_, line)| line.starts_with("sled"))?;
    let is_pinned = line.contains("\"=0.34.7\"");
    (!is_pinned).then(|| finding("Cargo.toml", index, "sled is pinned to =0.34.7".to_owned()))
}

/// Each further test binary links the whole service again: `tests/all.rs` and this one are enough.
pub fn one_test_binary() -> Vec<Finding> {
    let manifest = read("Cargo.toml");
    let sections: Vec<_> = manifest.lines().enumerate().filter(|(_, line)| line.trim() == "[[test]]").collect();
    let mut findings = Vec::new();
    if sections.len() != 2 {
        findings.push(finding("Cargo.toml", 0, format!("{} test binaries, two are meant", sections.len())));
    }
    if !manifest.lines().any(|line| line.replace(' ', "") == "autotests=false") {
        findings.push(finding(
            "Cargo.toml",
            0,
            "without `autotests = false` each file of tests is a binary".to_owned(),
        ));
    }
    findings
}

fn finding(path: &str, index: usize, text: String) -> Finding {
    Finding { path: path.to_owned(), line: index + 1, rule: "dependencies", text }
}
