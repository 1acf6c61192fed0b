//! The rules over one file. The tables are the rule; the text of `docs/ARCHITECTURE.md` explains them.

use crate::source::{Finding, SourceFile, names};

/// A room, its floor and, where a room is not simply on the floor above, what it may name all the same.
struct Room {
    name: &'static str,
    floor: u8,
}

/// From the ground up. A room names rooms of lower floors only, never one of its own floor.
const ROOMS: &[Room] = &[
    Room { name: "model", floor: 0 },
    Room { name: "codec", floor: 1 },
    Room { name: "rdf", floor: 1 },
    Room { name: "query", floor: 1 },
    Room { name: "schema", floor: 1 },
    Room { name: "export", floor: 1 },
    Room { name: "config", floor: 1 },
    Room { name: "importer", floor: 2 },
    Room { name: "archive", floor: 2 },
    Room { name: "index", floor: 2 },
    Room { name: "recreation", floor: 2 },
    Room { name: "federation", floor: 2 },
    Room { name: "observe", floor: 2 },
    Room { name: "catalogue", floor: 3 },
    Room { name: "http", floor: 4 },
    Room { name: "bench", floor: 5 },
    Room { name: "cli", floor: 6 },
];

/// Rooms inside `index` that do not know each other: each projection stands alone.
const PROJECTIONS: &[&str] = &["records", "text", "graph"];

/// A crate and the places (folder or file without `.rs`) that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("zstd", &["codec"]),
    ("zstd_safe", &["codec"]),
    ("sha2", &["codec"]),
    ("hmac", &["codec"]),
    ("jsonschema", &["schema"]),
    ("sled", &["index/records"]),
    ("tantivy", &["index/text"]),
    ("oxigraph", &["index/graph"]),
    ("oxrdf", &["rdf"]),
    ("oxttl", &["rdf"]),
    ("oxjsonld", &["rdf"]),
    ("oxrdfxml", &["rdf"]),
    ("quick_xml", &["importer/shared/xml", "recreation/compare/xml", "federation/markup"]),
    ("flate2", &["importer/formats/cdf", "federation/outbound", "recreation/compare/png", "recreation/compare/tests"]),
    ("netcdf_reader", &["importer/formats/netcdf"]),
    ("encoding_rs", &["importer/shared/xml"]),
    ("md5", &["codec"]),
    ("mimalloc", &["main"]),
    ("geo", &["query"]),
    ("parquet", &["export/geoparquet"]),
    ("arrow_array", &["export/geoparquet"]),
    ("arrow_schema", &["export/geoparquet"]),
    ("cql2", &["query"]),
    ("pest", &["query/cql2"]),
    ("unaccent", &["query/evaluate"]),
    ("wasmtime", &["recreation/perform/wasi"]),
    ("landlock", &["recreation/perform/confine"]),
    ("actix_web", &["http", "cli/serve"]),
    ("actix_http", &["http", "cli/serve"]),
    ("maud", &["http/faces"]),
    ("utoipa", &["http", "cli/openapi"]),
    ("utoipa_actix_web", &["http", "cli/openapi"]),
    ("utoipa_swagger_ui", &["http"]),
    ("clap", &["cli", "observe", "bench"]),
    ("indicatif", &["cli", "bench"]),
    ("ureq", &["cli/client", "federation", "recreation/tes/client"]),
    ("tracing_subscriber", &["observe"]),
];

/// Rooms without I/O: same input, same output, on any machine.
const PURE: &[&str] = &["model", "codec", "rdf", "query", "schema", "export", "importer"];

/// What a pure room must not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "rustix",
];

/// Ways to touch a disk; in `archive` they belong to `archive::disk`, whose double the power-loss tests use.
const DISK: &[&str] =
    &["std::fs", "fs::File", "File::open", "File::create", "OpenOptions", "rustix", "std::os::unix::fs"];

/// Calls that end the process or a request; each needs the remark `// cannot fail: reason`.
const PANICS: &[&str] = &["panic", "unreachable"];

/// Below the crate root, which room a file is in; `None` for `lib.rs` and `main.rs`.
fn room_of(file: &SourceFile) -> Option<&str> {
    file.module().first().copied()
}

fn floor_of(name: &str) -> Option<u8> {
    ROOMS.iter().find(|room| room.name == name).map(|room| room.floor)
}

/// Names behind `prefix::` on a line, `prefix::{a::b, c}` included.
fn named_after(line: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in names(line, prefix) {
        let Some(rest) = line[start + prefix.len()..].strip_prefix("::") else { continue };
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_heads(group)),
            None => found.extend(head(rest)),
        }
    }
    found
}

fn head(path: &str) -> Option<String> {
    let name: String = path.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// First name of each entry of a `use` group.
fn group_heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut entry) = (Vec::new(), 0_usize, String::new());
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.extend(head(std::mem::take(&mut entry).trim())),
            _ if depth == 0 => entry.push(letter),
            _ => {}
        }
    }
    heads.extend(head(entry.trim()));
    heads
}

/// Joins a `use` statement that spans lines, so that its group is read whole; keyed by its first line.
fn statements(lines: &[String]) -> Vec<(usize, String)> {
    let mut statements = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in lines.iter().enumerate() {
        if let Some((first, mut text)) = open.take() {
            text.push_str(line.trim());
            if line.contains(';') {
                statements.push((first, text))
            } else {
                open = Some((first, text))
            }
            continue;
        }
        let is_use =
            names(line, "use").first().is_some_and(|at| line[..*at].trim_start().is_empty() || line.contains("pub"));
        if is_use && !line.contains(';') {
            open = Some((index, line.clone()))
        } else {
            statements.push((index, line.clone()))
        }
    }
    statements.extend(open);
    statements
}

pub fn layers(file: &SourceFile) -> Vec<Finding> {
    let Some(room) = room_of(file) else { return Vec::new() };
    let Some(floor) = floor_of(room) else { return Vec::new() };
    let mut findings = Vec::new();
    for (index, line) in statements(&file.code) {
        let mut named = named_after(&line, "crate");
        named.extend(named_after(&line, "perennial"));
        named.extend(named_after(&line, &vec!["super"; file.module().len()].join("::")));
        for other in named.iter().filter(|other| *other != room) {
            let Some(other_floor) = floor_of(other) else { continue };
            if other_floor >= floor {
                findings.push(file.finding(
                    index,
                    "layers",
                    format!("`{room}` must not name `{other}`: it is not below it"),
                ));
            }
        }
        findings.extend(projection_neighbour(file, index, &line));
    }
    findings
}

/// `index::records` and `index::text` do not know each other.
fn projection_neighbour(file: &SourceFile, index: usize, line: &str) -> Option<Finding> {
    let module = file.module();
    let ["index", own, ..] = module.as_slice() else { return None };
    let own = PROJECTIONS.iter().find(|name| *name == own)?;
    let mut named = named_after(line, "crate::index");
    named.extend(named_after(line, &vec!["super"; module.len() - 1].join("::")));
    let other = named.iter().find(|name| name != own && PROJECTIONS.contains(&name.as_str()))?;
    Some(file.finding(index, "layers", format!("`index::{own}` must not name `index::{other}`")))
}

pub fn rooms_are_known(file: &SourceFile) -> Vec<Finding> {
    match room_of(file) {
        Some(room) if floor_of(room).is_none() => {
            vec![file.finding(0, "rooms", format!("`{room}` has no floor: give it one in tests/house/rules.rs"))]
        }
        _ => Vec::new(),
    }
}

/// Whether the file is the place, or inside it.
fn is_in(file: &SourceFile, place: &str) -> bool {
    let inside = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    inside == place || inside.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a line names the crate, not a module, field or method that has the same name.
fn names_crate(line: &str, name: &str) -> bool {
    names(line, name).into_iter().any(|at| {
        let before = line[..at].trim_end();
        let after = &line[at + name.len()..];
        let is_outermost = !before.ends_with("::") || (before == "::" || before.ends_with(" ::"));
        let is_path = after.starts_with("::") && is_outermost && !before.ends_with('.');
        let is_use = before.ends_with("use") && (after.starts_with(';') || after.starts_with(" as "));
        is_path || is_use
    })
}

pub fn doors(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, places) in DOORS {
        if places.iter().any(|place| is_in(file, place)) {
            continue;
        }
        for (index, line) in file.code.iter().enumerate() {
            if names_crate(line, name) && !file.is_excused(index, "door") {
                let text = format!("crate `{name}` belongs behind src/{}", places.join(", src/"));
                findings.push(file.finding(index, "doors", text));
            }
        }
    }
    findings
}

pub fn archive_disk(file: &SourceFile) -> Vec<Finding> {
    if room_of(file) != Some("archive") || is_in(file, "archive/disk") {
        return Vec::new();
    }
    let text = "disk access of `archive` goes through `archive::disk`, so that power-loss tests see it";
    production_uses(file, DISK, "archive-disk", "door", text)
}

pub fn purity(file: &SourceFile) -> Vec<Finding> {
    match room_of(file) {
        Some(room) if PURE.contains(&room) => {
            production_uses(file, IMPURE, "purity", "door", "a pure room reads no file, clock, environment or network")
        }
        _ => Vec::new(),
    }
}

fn production_uses(file: &SourceFile, words: &[&str], rule: &'static str, excuse: &str, reason: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.production.iter().enumerate() {
        let Some(word) = words.iter().find(|word| !names(line, word).is_empty()) else { continue };
        if !file.is_excused(index, excuse) {
            findings.push(file.finding(index, rule, format!("`{word}`: {reason}")));
        }
    }
    findings
}

pub fn panics(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.production.iter().enumerate() {
        let macros =
            PANICS.iter().find(|name| names(line, name).iter().any(|at| line[at + name.len()..].starts_with("!")));
        let called = macros.copied().or_else(|| line.contains(".unwrap()").then_some("unwrap()")).or_else(|| {
            line.match_indices(".expect(").any(|(at, _)| !line[..at].ends_with("self")).then_some("expect()")
        });
        let Some(called) = called else { continue };
        if !file.is_excused(index, "cannot fail") {
            let text = format!("`{called}` without `// cannot fail: reason`: return an error or let the type say it");
            findings.push(file.finding(index, "panics", text));
        }
    }
    findings
}

pub fn unfinished(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.code.iter().enumerate() {
        for word in ["todo!", "unimplemented!", "dbg!"] {
            if line.contains(word) {
                findings.push(file.finding(index, "unfinished", format!("`{word}`")));
            }
        }
    }
    for (index, line) in file.raw.iter().enumerate() {
        let comment = line.find("//").map_or("", |at| &line[at..]);
        if let Some(word) = ["TODO", "FIXME", "XXX"].iter().find(|word| !names(comment, word).is_empty()) {
            findings.push(file.finding(index, "unfinished", format!("`{word}`: finish it or write an issue")));
        }
    }
    findings
}

pub fn first_line(file: &SourceFile) -> Vec<Finding> {
    match file.raw.first() {
        Some(line) if line.starts_with("//! ") => Vec::new(),
        _ => vec![file.finding(
            0,
            "first-line",
            "starts with `//!`: what the module is for, and what it is not".to_owned(),
        )],
    }
}

pub fn ignored(file: &SourceFile) -> Vec<Finding> {
    let ignored = file.code.iter().enumerate().filter(|(_, line)| line.contains("#[ignore"));
    ignored
        .map(|(index, _)| file.finding(index, "ignored", "a test that never runs tests nothing".to_owned()))
        .collect()
}

/// Runs a rule on a text as if it stood at the path; the answer is the lines of the findings.
#[cfg(test)]
fn found(rule: fn(&SourceFile) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
    rule(&SourceFile::new(path, text)).iter().map(|finding| finding.line).collect()
}

#[test]
fn each_rule_finds_what_it_forbids_and_nothing_else() {
    let check = |rule, path, text, expected: &[usize]| assert_eq!(found(rule, path, text), expected, "{path}: {text}");
    check(layers, "src/archive/a.rs", "use crate::model::X;\nuse crate::index::Y;\n", &[2]);
    check(layers, "src/archive/a.rs", "use crate::{\n    codec::Z,\n    catalogue::{A, http},\n};\n", &[1]);
    check(layers, "src/archive/a.rs", "fn f() { crate::http::g() }\n/// [`crate::http`]\n", &[1]);
    check(layers, "src/archive/a.rs", "use super::super::index::X;\nuse super::index::Y;\n", &[1]);
    check(layers, "src/index/text/a.rs", "use crate::index::records::X;\nuse super::b;\n", &[1]);
    check(layers, "src/http/a.rs", "use crate::catalogue::X;\nuse crate::http::Y;\nuse crate::cli;\n", &[3]);
    check(doors, "src/http/a.rs", "use sled::Db;\nfn a() { b.sled(); self::sled::c() }\n", &[1]);
    check(doors, "src/archive/a.rs", "let x = ::sha2::Sha256::new();\n// door: measured\nuse zstd::Encoder;\n", &[1]);
    check(doors, "src/codec/a.rs", "use zstd::Encoder;\nuse sha2::Digest;\n", &[]);
    check(doors, "src/cli/serve.rs", "use actix_web::rt;\n", &[]);
    check(doors, "src/catalogue/a.rs", "#[derive(utoipa::ToSchema)]\n", &[1]);
    check(archive_disk, "src/archive/commit.rs", "use std::fs;\n// door: the lock\nuse rustix::fs;\n", &[1]);
    check(archive_disk, "src/archive/disk.rs", "use std::fs;\n", &[]);
    check(purity, "src/model/a.rs", "let now = SystemTime::now();\n#[cfg(test)]\nmod tests { use std::fs; }\n", &[1]);
    check(
        panics,
        "src/a/b.rs",
        "x.unwrap();\nx.unwrap_or(1);\nself.expect(2);\nx.expect(3);\nunreachable!();\n",
        &[1, 4, 5],
    );
    check(panics, "src/a/b.rs", "// cannot fail: a constant\nx.unwrap();\npanic!() // cannot fail: seen above\n", &[]);
    check(unfinished, "src/a/b.rs", "todo!()\nlet a = 1; // TODO more\nlet todo = 2;\n", &[1, 2]);
    check(first_line, "src/a/b.rs", "use x;\n", &[1]);
    check(rooms_are_known, "src/attic/b.rs", "\n", &[1]);
    check(ignored, "tests/a.rs", "#[ignore]\nfn a() {}\n", &[1]);
}
