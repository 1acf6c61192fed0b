//! The examples of the CQL2 standard, as the published crate `cql2` carries them: all are read, in both languages to the
//! same filter; those that call functions beyond the standard are refused by the function's name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use perennial::model::{Filter, PropertyName};
use perennial::query::cql2::{from_json, from_text, native};

/// Functions that the examples make up.
const MADE_UP: &[&str] = &["avg", "Foo", "Bar", "Buffer"];

/// The examples call footprints by several names.
fn names(name: &str) -> PropertyName {
    match name {
        "footprint" | "location" | "road" => native("geometry"),
        name => native(name),
    }
}

fn examples() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    let folders = registries.filter_map(Result::ok).map(|registry| registry.path().join("cql2-0.6.0/examples"));
    folders.into_iter().find(|folder| folder.is_dir())
}

fn read_all(folder: &str, read: impl Fn(&str) -> Result<Filter, String>) -> BTreeMap<String, Result<Filter, String>> {
    let folder = examples().expect("the examples").join(folder);
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let is_example =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "txt" || extension == "json");
    files
        .filter(is_example)
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, read(&std::fs::read_to_string(&path).expect("text")))
        })
        .collect()
}

fn check(read: &BTreeMap<String, Result<Filter, String>>) {
    assert!(read.len() > 90, "{} examples", read.len());
    for (name, filter) in read {
        if let Err(reason) = filter {
            let is_made_up =
                MADE_UP.iter().any(|function| reason.contains(&format!("no function or operator {function:?}")));
            assert!(is_made_up, "{name}: {reason}");
        }
    }
    assert_eq!(read.values().filter(|filter| filter.is_err()).count(), 5, "avg twice, Foo, Bar and Buffer");
}

#[test]
fn the_examples_of_the_standard_are_read_in_both_languages() {
    if examples().is_none() {
        eprintln!("SKIPPED: the source of the crate cql2 is not in the registry of this machine");
        return;
    }
    let text = read_all("text", |text| from_text(text, names).map_err(|error| error.to_string()));
    let json = read_all("json", |text| from_json(text, names).map_err(|error| error.to_string()));
    check(&text);
    check(&json);
    let mut compared = 0;
    for (name, from_text) in &text {
        if let (Ok(from_text), Some(Ok(from_json))) = (from_text, json.get(name.split("-alt").next().unwrap_or(name))) {
            assert_eq!(from_text, from_json, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared} compared");
}
