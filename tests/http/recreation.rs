//! Recipes, plans, evidence and dropped bytes over HTTP, with an executor that does in memory what programs would do.
//! Real engines and sandboxes have tests of their own.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use perennial::catalogue::{Options, RecreationSettings};
use perennial::codec;
use perennial::recreation::evidence;
use perennial::recreation::perform::{
    Cancel, End, EngineName, Executor, ExecutorKind, Job, PerformError, Performed, Produced, Usage,
};
use serde_json::{Value, json};

use crate::support::{Service, Store, options, records};

/// `concat` puts the inputs together, `fail` ends with 3, `count` never makes the same twice, `nothing` writes nothing.
#[derive(Default)]
struct Machine {
    runs: AtomicU64,
}

impl Executor for Machine {
    fn name(&self) -> EngineName {
        EngineName("machine".to_owned())
    }

    fn perform_until(&self, job: &Job, folder: &Path, _cancel: &Cancel) -> Result<Performed, PerformError> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        let mut content = Vec::new();
        for input in &job.inputs {
            std::fs::File::open(&input.path).expect("an input").read_to_end(&mut content).expect("reads");
        }
        let (end, content) = match job.argv[0].as_str() {
            "concat" => (End::Exited { code: 0 }, content),
            "count" => (End::Exited { code: 0 }, run.to_string().into_bytes()),
            "nothing" => (End::OutputMissing { name: job.outputs[0].clone() }, Vec::new()),
            _ => (End::Exited { code: 3 }, Vec::new()),
        };
        let engine = match job.executor {
            ExecutorKind::Native => "machine".to_owned(),
            ExecutorKind::Wasi { engine } => format!("machine {engine:?}"),
        };
        let mut outputs = Vec::new();
        if end.is_success() {
            let (name, path) = (job.outputs[0].clone(), folder.join(&job.outputs[0]));
            std::fs::write(&path, &content).expect("writes");
            outputs.push(Produced { name, path, bytes: content.len() as u64, sha256: codec::sha256(&content) });
        }
        let log = "what the program said".to_owned();
        let layers = vec!["none: a double".to_owned()];
        Ok(Performed {
            end,
            engine: EngineName(engine),
            layers,
            outputs,
            others: Vec::new(),
            log,
            usage: Usage::default(),
        })
    }
}

fn with_machine() -> (Options, Arc<Machine>) {
    let machine = Arc::new(Machine::default());
    let mut options = options();
    options.settings.payload_object_threshold = 0;
    options.settings.recreation = Some(RecreationSettings { executor: machine.clone(), root: None, at_once: 2 });
    (options, machine)
}

fn started() -> (Store, Service, Arc<Machine>) {
    let store = Store::new();
    let (options, machine) = with_machine();
    let service = store.serve_with(&options);
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    (store, service, machine)
}

fn hold(service: &Service, id: &str, content: &str, members: Value) {
    let mut product = json!({"id": id, "kind": "product", "collection": "c", "files": []});
    product.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    service.put(&format!("/api/v1/collections/c/products/{id}"), product.to_string()).expect_status(201);
    service.put(&format!("/api/v1/collections/c/products/{id}/files/f"), content).expect_status(200);
}

fn digest(content: &str) -> String {
    codec::sha256(content.as_bytes()).to_string()
}

fn recipe(command: &str, inputs: &[(&str, &str)], makes: &str) -> Value {
    let input = |(id, content): &(&str, &str)| json!({"name": id, "sha256": digest(content), "product": {"collection": "c", "id": id}, "file": "f"});
    json!({"kind": "recipe", "executor": {"kind": "native"}, "program": {"command": "/bin/true"}, "argv": [command],
           "inputs": inputs.iter().map(input).collect::<Vec<_>>(), "outputs": [{"name": "o", "sha256": digest(makes)}]})
}

fn register(service: &Service, recipe: &Value) -> String {
    let answer = service.post("/api/v1/records/recipe", recipe.to_string());
    assert!([200, 201].contains(&answer.status), "{}", answer.text());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// `a` and `b` are held, and `ab` is made of them.
fn with_product() -> (Store, Service, Arc<Machine>, String) {
    let (store, service, machine) = started();
    hold(&service, "a", "A", json!({}));
    hold(&service, "b", "B", json!({}));
    let id = register(&service, &recipe("concat", &[("a", "A"), ("b", "B")], "AB"));
    hold(&service, "ab", "AB", json!({"recipe": id, "retention": {"drop": "allowed"}}));
    (store, service, machine, id)
}

fn recreate(service: &Service, id: &str) -> Value {
    service.post(&format!("/api/v1/collections/c/products/{id}/recreate"), "").expect_status(200).json()
}

#[test]
fn a_product_is_proved_with_signed_evidence_and_says_so() {
    let (_store, service, _machine, recipe) = with_product();
    let status = |service: &Service| {
        service.search("facets=recreation.status&limit=0")["facets"]["recreation.status"]["buckets"].clone()
    };
    assert_eq!(status(&service), json!([{"value": "never tried", "count": 1}]));
    let plan = service.post("/api/v1/collections/c/products/ab/recreate?dry_run=true", "").expect_status(200).json();
    assert_eq!((plan["possible"].clone(), plan["steps"][0]["recipe"].clone()), (json!(true), json!(recipe)));
    let answer = recreate(&service, "ab");
    assert_eq!(answer["verdict"], "identical");
    evidence::verify(&answer["evidence"].to_string()).expect("signed");
    let record = service.get("/api/v1/collections/c/products/ab").json();
    assert_eq!(record["recreation"]["status"], "proved");
    assert_eq!(record["recreation"]["evidence"], answer["evidence"]["id"]);
    assert_eq!(status(&service), json!([{"value": "proved", "count": 1}]));
    let revision = service.get("/api/v1/collections/c/products/ab").header("perennial-revision");
    recreate(&service, "ab");
    assert_eq!(
        service.get("/api/v1/collections/c/products/ab").header("perennial-revision"),
        revision,
        "no revision for a drill"
    );
    let all = service.get("/api/v1/collections/c/products/ab/evidence").json();
    assert_eq!(all["evidence"].as_array().map(Vec::len), Some(2));
    let rates = service.get("/api/v1/recreation").json();
    assert_eq!(rates["collections"]["c"]["proved"], 1);
}

#[test]
fn evidence_cannot_be_forged_or_replaced() {
    let (_store, service, _machine, _) = with_product();
    let answer = recreate(&service, "ab");
    let id = answer["evidence"]["id"].as_str().expect("an id").replace(':', "%3A");
    let mut forged = answer["evidence"].clone();
    forged["outcome"] = json!("different");
    let path = format!("/api/v1/records/evidence/{id}");
    service.put(&path, forged.to_string()).expect_problem(422, "invalid");
    let resigned = evidence::sign(&forged.to_string(), &[9; 32]).expect("signs");
    let answered = service.put(&path, resigned).expect_status(200).json();
    assert_eq!(answered["status"], "unchanged");
    assert_eq!(service.get(&path).json()["outcome"], "identical");
}

#[test]
fn every_way_to_fail_has_its_verdict_and_its_reason() {
    let (_store, service, _machine) = started();
    hold(&service, "a", "A", json!({}));
    for (command, verdict, expected) in [
        ("fail", "failed", json!("exited")),
        ("nothing", "failed", json!("output_missing")),
        ("concat", "different", Value::Null),
    ] {
        let id = register(&service, &recipe(command, &[("a", "A")], command));
        hold(&service, command, command, json!({"recipe": id}));
        let answer = recreate(&service, command);
        assert_eq!(answer["verdict"], verdict, "{answer}");
        let recreation = &answer["evidence"]["recreation"];
        assert_eq!(recreation["end"], expected, "{recreation}");
        let status =
            service.get(&format!("/api/v1/collections/c/products/{command}")).json()["recreation"]["status"].clone();
        assert_eq!(status, verdict);
        if verdict == "different" {
            assert_eq!(recreation["outputs"][0]["first"]["place"]["at"], "byte", "{recreation}");
        }
    }
    let missing = register(&service, &recipe("concat", &[("a", "A"), ("gone", "G")], "AG"));
    hold(&service, "ag", "AG", json!({"recipe": missing}));
    let answer = recreate(&service, "ag");
    assert_eq!(
        (answer["verdict"].clone(), answer["evidence"]["recreation"]["obstacles"][0]["name"].clone()),
        (json!("blocked"), json!("gone"))
    );
    service.post("/api/v1/collections/c/products/a/recreate", "").expect_problem(404, "not-found");
}

#[test]
fn negative_cases_must_fail_and_one_that_does_not_is_seen() {
    let (_store, service, _machine) = started();
    for (id, content) in [("a", "A"), ("b", "B")] {
        hold(&service, id, content, json!({}));
    }
    let mut good = recipe("concat", &[("a", "A")], "A");
    good["outputs"][0]["sha256"] = json!(digest("A!"));
    good["inputs"] = json!([{"name": "a", "sha256": digest("A")}, {"name": "x", "sha256": digest("!")}]);
    hold(&service, "x", "!", json!({}));
    good["negative_cases"] = json!([
        {"replace": {"a": {"sha256": digest("B")}}, "must": "differ", "observed": {"o": digest("B!")}},
        {"replace": {"a": {"sha256": digest("B")}}, "must": "fail"},
        {"replace": {"a": {"sha256": digest("B")}}, "observed": {"o": digest("other")}},
    ]);
    let id = register(&service, &good);
    let answer = service.post(&format!("/api/v1/records/recipe/{id}/recreate"), "").expect_status(200).json();
    assert_eq!(answer["verdict"], "identical");
    let cases = &answer["evidence"]["recreation"]["negative_cases"];
    let passed: Vec<&Value> = cases.as_array().expect("cases").iter().map(|case| &case["passed"]).collect();
    assert_eq!(passed, [&json!(true), &json!(false), &json!(false)], "{cases}");
}

#[test]
fn recipes_are_their_content() {
    let (_store, service, _machine, id) = with_product();
    let same = recipe("concat", &[("a", "A"), ("b", "B")], "AB");
    assert_eq!(register(&service, &same), id);
    let mut wrong = same.clone();
    wrong["id"] = json!("0".repeat(64));
    let problem = service.post("/api/v1/records/recipe", wrong.to_string()).expect_problem(422, "invalid");
    assert!(problem.to_string().contains(&id), "{problem}");
    let mut own = same.clone();
    own["inputs"][0]["sha256"] = json!(digest("AB"));
    own["stdout"] = json!("nobody");
    let problem = service.post("/api/v1/records/recipe", own.to_string()).expect_problem(422, "invalid");
    assert!(problem.to_string().contains("/inputs/0/sha256") && problem.to_string().contains("/stdout"), "{problem}");
    service.delete(&format!("/api/v1/records/recipe/{id}")).expect_problem(409, "recipe-in-use");
}

#[test]
fn a_circle_of_recipes_is_refused_at_whichever_end_it_closes() {
    let (_store, service, _machine) = started();
    let first = register(&service, &recipe("concat", &[("y", "Y")], "X"));
    let second = register(&service, &recipe("concat", &[("x", "X")], "Y"));
    hold(&service, "x", "X", json!({"recipe": first}));
    let closing = json!({"id": "y", "kind": "product", "collection": "c", "recipe": second});
    let problem = service.put("/api/v1/collections/c/products/y", closing.to_string()).expect_problem(422, "invalid");
    assert!(problem.to_string().contains("/recipe"), "{problem}");
}

#[test]
fn bytes_are_dropped_on_proof_alone_and_come_back_for_readers() {
    let (store, service, machine, _) = with_product();
    let file = "/api/v1/collections/c/products/ab/files/f";
    let dropping = "/api/v1/collections/c/products/ab/drop";
    let reasons = service.post(dropping, "").expect_problem(409, "not-droppable").to_string();
    assert!(reasons.contains("0 times") && reasons.contains("one engine"), "{reasons}");
    recreate(&service, "ab");
    recreate(&service, "ab");
    service.post(dropping, "").expect_problem(409, "not-droppable");
    let hold = json!({"id": "h", "kind": "hold", "reason": "an inquiry", "subjects": ["ab"]});
    service.put("/api/v1/records/hold/h", hold.to_string()).expect_status(201);
    let reasons = service.post(&format!("{dropping}?consent=yes"), "").expect_problem(409, "not-droppable").to_string();
    assert!(reasons.contains("an inquiry"), "{reasons}");
    service.delete("/api/v1/records/hold/h").expect_status(200);
    let dry = service.post(&format!("{dropping}?consent=yes&dry_run=true"), "").expect_status(200).json();
    assert_eq!(dry["files"][0]["freed"], 0);
    let dropped = service.post(&format!("{dropping}?consent=yes"), "").expect_status(200).json();
    assert!(dropped["files"][0]["freed"].as_u64() > Some(0), "{dropped}");
    let runs = machine.runs.load(Ordering::SeqCst);
    assert_eq!(service.get(file).expect_status(200).text(), "AB");
    assert_eq!(service.get(file).expect_status(200).text(), "AB");
    assert_eq!(machine.runs.load(Ordering::SeqCst), runs + 1, "one run serves both readers");
    drop(service);
    let (options, _) = with_machine();
    let service = store.serve_with(&options);
    let verified = service.catalogue().archive().verify(&mut |_| {}).expect("verifies");
    assert!(verified.is_sound() && verified.dropped == 1, "{verified:?}");
    assert_eq!(service.get(file).expect_status(200).text(), "AB");
    service.post("/api/v1/collections/c/products/ab/keep", "").expect_status(200);
    assert_eq!(service.get("/api/v1/collections/c/products/ab").json()["recreation"].get("dropped"), None);
    let verified = service.catalogue().archive().verify(&mut |_| {}).expect("verifies");
    assert!(verified.is_sound() && verified.dropped == 0, "{verified:?}");
    assert_eq!(service.get(file).expect_status(200).text(), "AB");
}

#[test]
fn dropped_bytes_whose_input_rots_are_refused_with_the_reason() {
    let (store, service, _machine, _) = with_product();
    recreate(&service, "ab");
    recreate(&service, "ab");
    service.post("/api/v1/collections/c/products/ab/drop?consent=yes", "").expect_status(200);
    drop(service);
    let rotten = find(&store.path().join("archive"), &digest("A"));
    std::fs::write(&rotten, b"Z").expect("writable");
    let (options, _) = with_machine();
    let service = store.serve_with(&options);
    let problem = service.get("/api/v1/collections/c/products/ab/files/f").expect_problem(503, "not-recreated");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&digest("A"))), "{problem}");
}

#[test]
fn dropped_inputs_are_made_again_first_and_impact_names_what_stands_on_them() {
    let (_store, service, _machine, _) = with_product();
    let id = register(&service, &recipe("concat", &[("ab", "AB"), ("b", "B")], "ABB"));
    hold(&service, "abb", "ABB", json!({"recipe": id}));
    recreate(&service, "ab");
    recreate(&service, "ab");
    service.post("/api/v1/collections/c/products/ab/drop?consent=yes", "").expect_status(200);
    let plan = service.post("/api/v1/collections/c/products/abb/recreate?dry_run=true", "").expect_status(200).json();
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(2), "{plan}");
    assert_eq!(recreate(&service, "abb")["verdict"], "identical");
    let impact = service.get("/api/v1/collections/c/products/a/impact").json();
    let named: Vec<(&str, u64)> = impact["products"]
        .as_array()
        .expect("products")
        .iter()
        .map(|one| (one["id"].as_str().unwrap_or(""), one["steps"].as_u64().unwrap_or(0)))
        .collect();
    assert_eq!(named, [("ab", 1), ("abb", 2)]);
}

#[test]
fn a_drill_takes_what_was_never_tried_first() {
    let (_store, service, _machine, id) = with_product();
    recreate(&service, "ab");
    hold(&service, "second", "AB", json!({"recipe": id}));
    let drilled = service.post("/api/v1/recreation/drill?count=1", "").expect_status(200).json();
    assert_eq!(
        (drilled["drilled"][0]["id"].clone(), drilled["drilled"][0]["verdict"].clone()),
        (json!("second"), json!("identical"))
    );
    service.post("/api/v1/recreation/drill?count=0", "").expect_problem(400, "bad-parameter");
}

#[test]
fn a_crate_of_an_attempt_holds_metadata_evidence_and_files() {
    let (_store, service, _machine, _) = with_product();
    let id = recreate(&service, "ab")["evidence"]["id"].as_str().expect("an id").replace(':', "%3A");
    let answer = service.get(&format!("/api/v1/records/evidence/{id}/crate")).expect_status(200);
    assert!(answer.body.starts_with(b"PK"), "no zip");
    for name in ["ro-crate-metadata.json", "evidence.json"] {
        assert!(answer.body.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
    }
    service.get("/api/v1/records/evidence/nobody/crate").expect_problem(404, "not-found");
}

#[test]
fn a_service_that_runs_nothing_plans_and_says_that_it_runs_nothing() {
    let store = Store::new();
    let service = store.serve();
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    hold(&service, "a", "A", json!({}));
    let id = register(&service, &recipe("concat", &[("a", "A")], "A+"));
    service.post(&format!("/api/v1/records/recipe/{id}/recreate?dry_run=true"), "").expect_status(200);
    service.post(&format!("/api/v1/records/recipe/{id}/recreate"), "").expect_problem(503, "unavailable");
    service.post(&format!("/api/v1/records/recipe/{id}/recreate?engine=v8"), "").expect_problem(400, "bad-parameter");
}

fn find(folder: &Path, digest: &str) -> std::path::PathBuf {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path()) {
            let is_payload = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with("payload."));
            if entry.is_dir() {
                waiting.push(entry);
            } else if is_payload && entry.to_string_lossy().contains(digest) {
                return entry;
            }
        }
    }
    panic!("no payload object of {digest}");
}
