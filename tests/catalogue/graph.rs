//! The graph across upgrades and damage: an old one answers until the new one is there, a broken one is found and mended, and
//! a reindex brings it along.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oxigraph::model::{GraphName, Literal, NamedNode, Quad};
use oxigraph::store::Store as Quads;
use perennial::catalogue::{Options, audit, rebuild};

use crate::support::{Service, Store, options, options_with_graph, records};

const MARK: &str = "/sparql?query=ASK%20%7B%20%3Curn%3Amark%3E%20%3Fp%20%3Fo%20%7D";

/// How long a new graph may take: an attempt comes every five seconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn node(iri: &str) -> NamedNode {
    NamedNode::new(iri).expect("an IRI")
}

fn filled() -> Store {
    let store = Store::new();
    let service = store.serve_with(&options_with_graph());
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    service.ingest(records::lines("c", 0..30));
    assert_eq!(service.get("/sparql?wait=graph&query=ASK%20%7B%7D").expect_status(200).json()["boolean"], true);
    store
}

fn folder(store: &Store, name: &str) -> PathBuf {
    store.path().join("index").join(name)
}

/// Makes the graph one of another version, which says `<urn:mark>` something.
fn make_outdated(graph: &Path) {
    let quads = Quads::open(graph).expect("opens");
    let (meta, version) =
        (node("https://perennial.invalid/graphs/meta"), node("https://w3id.org/perennial/ltdp#projectionVersion"));
    let graph = GraphName::from(meta.clone());
    let noted: Vec<Quad> = quads
        .quads_for_pattern(Some((&meta).into()), Some((&version).into()), None, None)
        .collect::<Result<_, _>>()
        .expect("readable");
    assert_eq!(noted.len(), 1);
    quads.remove(&noted[0]).expect("removed");
    quads.insert(&Quad::new(meta, version, Literal::from(1), graph.clone())).expect("written");
    let mark = Quad::new(node("urn:mark"), node("urn:p"), Literal::from(1), GraphName::from(node("urn:g")));
    quads.insert(&mark).expect("written");
    quads.flush().expect("flushed");
}

/// Asks until the mark is there, or is not; true when that happened.
fn mark_becomes(service: &Service, expected: bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let answer = service.get(MARK);
        if answer.status == 200 && answer.json()["boolean"] == expected {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn a_graph_of_another_version_answers_until_the_new_one_is_there() {
    let store = filled();
    make_outdated(&folder(&store, "graph"));
    // As long as nothing can be built beside it.
    std::os::unix::fs::symlink("/nowhere/at/all", folder(&store, "graph-new")).expect("a link");
    let service = store.serve_with(&options_with_graph());
    assert!(mark_becomes(&service, true), "the old graph does not answer");
    std::fs::remove_file(folder(&store, "graph-new")).expect("removed");
    assert!(mark_becomes(&service, false), "the new graph does not take its place");
    let known = service.get("/sparql?query=ASK%20%7B%20%3Fs%20a%20dcat%3ADatasetSeries%20%7D").expect_status(200);
    assert_eq!(known.json()["boolean"], true);
    for gone in ["graph-new", "graph-old"] {
        assert!(!folder(&store, gone).exists(), "{gone}");
    }
    drop(service);
    assert_eq!(audit::graph(&store.path(), &options(), false).expect("audited").drifted, 0);
}

#[test]
fn an_audit_makes_a_broken_graph_anew() {
    let store = filled();
    let right = audit::graph(&store.path(), &options(), false).expect("audited");
    assert_eq!((right.records, right.drifted, right.ruined), (31, 0, false), "{right:?}");
    let graph = folder(&store, "graph");
    rebuild::reindex(&store.path(), &options()).expect("rebuilt");
    let mut broken = 0;
    for entry in std::fs::read_dir(&graph).expect("readable").filter_map(Result::ok) {
        if entry.path().extension().is_some_and(|extension| extension == "sst") {
            let mut bytes = std::fs::read(entry.path()).expect("read");
            // The beginning of the data; the end holds what RocksDB reads to open it.
            bytes.iter_mut().take(40).for_each(|byte| *byte ^= 0x55);
            std::fs::write(entry.path(), bytes).expect("written");
            broken += 1;
        }
    }
    assert!(broken > 0);
    let found = audit::graph(&store.path(), &options(), false).expect("audited");
    assert!(found.ruined, "{found:?}");
    assert!(audit::graph(&store.path(), &options(), true).expect("audited").ruined);
    let mended = audit::graph(&store.path(), &options(), false).expect("audited");
    assert_eq!((mended.records, mended.drifted, mended.ruined), (31, 0, false), "{mended:?}");
}

#[test]
fn a_reindex_builds_the_graph_or_leaves_it() {
    let store = filled();
    make_outdated(&folder(&store, "graph"));
    let options: Options = options();
    let left = rebuild::reindex_without_graph(&store.path(), &options).expect("rebuilt");
    assert_eq!(left.statements, None);
    let has_mark = |graph: &Path| {
        let quads = Quads::open(graph).expect("opens");
        quads.contains_named_graph(&node("urn:g")).expect("readable")
    };
    assert!(has_mark(&folder(&store, "graph")), "the graph was to stay");
    let built = rebuild::reindex(&store.path(), &options).expect("rebuilt");
    assert!(built.statements.is_some_and(|statements| statements > 31 * 5), "{built:?}");
    assert!(!has_mark(&folder(&store, "graph")));
}
