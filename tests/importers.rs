//! What the importers make of real documents, counted. Needs the shared corpus; says so when it is absent.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use perennial::codec::sha256;
use perennial::importer::{Context, Format, Outcome, Reason, UNCOLLECTED, import, recognise};
use perennial::model::{Entity, Kind};
use perennial::schema::Registry;

/// The formats that are counted here; other documents lie between them.
const STAC: &[Format] = &[
    Format::Native,
    Format::NativeLines,
    Format::StacItem,
    Format::StacCollection,
    Format::StacCatalog,
    Format::StacItemCollection,
    Format::StacArray,
    Format::StacLines,
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("entry").path()) {
            if entry.is_dir() { folders.push(entry) } else { found.push(entry) }
        }
    }
    found.sort();
    found
}

/// What one file gave.
#[derive(Default)]
struct Account {
    /// Collection, id and content of each product, in order.
    products: Vec<(String, String, String)>,
    collections: Vec<String>,
    findings: BTreeMap<String, usize>,
    refused: Vec<(PathBuf, String)>,
    catalogs: usize,
    uncollected: usize,
    unrecognised: Vec<PathBuf>,
}

/// The record without what depends on how its document was laid out.
fn content(record: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(record).expect("JSON");
    value.as_object_mut().expect("object").remove("source");
    value.to_string()
}

fn account(files: &[PathBuf]) -> Account {
    let registry = Registry::new().expect("schemas");
    let mut account = Account::default();
    for path in files {
        let bytes = std::fs::read(path).expect("readable");
        let format = recognise(&path.to_string_lossy(), &bytes).filter(|format| STAC.contains(format));
        let Some(format) = format else {
            account.unrecognised.push(path.clone());
            continue;
        };
        let made = import(format, &bytes, &Context::new(&sha256));
        for entity in &made.entities {
            let checked = match registry.check(&entity.record) {
                Ok(checked) => checked,
                Err(violations) => {
                    let reasons: Vec<String> = violations.iter().map(ToString::to_string).collect();
                    account.refused.push((path.clone(), reasons.join("; ")));
                    continue;
                }
            };
            let view = Entity::view(checked.text.as_bytes()).expect("viewable");
            let source = entity.source.as_ref().expect("a STAC record has a source");
            assert_eq!(view.source.expect("source").sha256, sha256(&bytes[source.range.clone()]).to_string());
            match view.kind {
                Kind::Product => {
                    let collection = view.collection.expect("a product has a collection").into_owned();
                    account.products.push((collection, view.id.into_owned(), content(&checked.text)));
                }
                Kind::Collection => account.collections.push(view.id.into_owned()),
                other => panic!("{other} from {}", path.display()),
            }
        }
        for finding in &made.findings {
            match &finding.reason {
                Reason::Catalog { .. } => account.catalogs += 1,
                Reason::NoCollection { .. } => account.uncollected += 1,
                reason if reason.outcome() == Outcome::Refused => {
                    account.refused.push((path.clone(), finding.to_string()));
                }
                reason => {
                    let name = format!("{reason:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
                    *account.findings.entry(name).or_default() += 1;
                }
            }
        }
    }
    account
}

/// The shared corpus, if it is here.
fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("PERENNIAL_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("corpus/data/stac");
    if !folder.is_dir() {
        println!("SKIPPED: {} is not here, so no real STAC document was read", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn every_stac_document_of_the_corpus_is_accounted_for() {
    let Some(folder) = corpus() else { return };
    let (arrays, others): (Vec<_>, Vec<_>) =
        files(&folder).into_iter().partition(|path| path.starts_with(folder.join("pc-arrays")));
    let account = account(&others);
    assert_eq!(account.refused, [], "refused");
    assert_eq!(account.products.len(), 1_424);
    let mut contents: HashMap<(&str, &str), HashSet<&str>> = HashMap::new();
    for (collection, id, content) in &account.products {
        contents.entry((collection, id)).or_default().insert(content);
    }
    assert_eq!(contents.len(), 1_367);
    assert_eq!(contents.values().filter(|contents| contents.len() > 1).count(), 56);
    assert_eq!(account.uncollected, 22);
    assert_eq!(account.products.iter().filter(|(collection, ..)| collection == UNCOLLECTED).count(), 22);
    assert_eq!(account.collections.len(), 233);
    assert_eq!(account.collections.iter().collect::<HashSet<_>>().len(), 128);
    assert_eq!(account.catalogs, 2);
    // The rest of the folder: ECHO and UMM metadata, and texts that describe collections.
    let rest: Vec<_> =
        account.unrecognised.iter().filter(|path| path.extension().is_none_or(|end| end != "md")).collect();
    assert_eq!(rest.len(), 4, "{rest:?}");
    println!("findings: {:?}", account.findings);

    // Arrays of items are no STAC document of their own, and are read all the same.
    let account = self::account(&arrays);
    assert_eq!((account.refused.len(), account.products.len()), (0, 44));
}
