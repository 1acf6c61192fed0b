//! Evidence as a Process Run Crate (Workflow Run RO-Crate 0.5 on RO-Crate 1.1): what ran, on what, and what it made, in the
//! vocabulary that other tools read. Makes the metadata alone; files and their packing are the caller's.

use serde_json::{Value, json};

use super::recipe::Recipe;
use crate::model::Sha256;
use crate::model::json::{Fields, elements};

/// Name of the metadata file within a crate (RO-Crate 1.1 § 2.1).
pub const METADATA: &str = "ro-crate-metadata.json";

/// A file of a crate: a path within it, or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub id: String,
    pub name: String,
    pub sha256: Sha256,
    pub bytes: Option<u64>,
}

/// One run with its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Run<'a> {
    pub recipe: &'a Recipe,
    pub inputs: Vec<Part>,
    pub program: Vec<Part>,
    pub outputs: Vec<Part>,
}

/// The metadata of a crate about an attempt: its evidence (the stored record) and its runs, in order.
pub fn metadata(evidence: &str, evidence_id: &str, runs: &[Run<'_>]) -> Value {
    let fields = Fields::of_valid(evidence).unwrap_or_default();
    let recreation = fields.get("recreation").and_then(Fields::of_valid).unwrap_or_default();
    let text = |name: &str| recreation.string(name).map(|value| value.into_owned()).unwrap_or_default();
    let (started, ended, verdict) = (text("started"), text("ended"), text("verdict"));
    let title = fields.string("title").unwrap_or_default();
    let engines: Vec<String> =
        recreation.get("steps").and_then(elements).unwrap_or_default().into_iter().map(engine_of).collect();
    let mut graph = Vec::new();
    let mut parts: Vec<Value> = Vec::new();
    let mut actions = Vec::new();
    for (at, run) in runs.iter().enumerate() {
        let action = format!("#run-{at}");
        let reference = |part: &Part| json!({"@id": part.id});
        let files = run.inputs.iter().chain(&run.program).chain(&run.outputs);
        for part in files {
            let file = json!({"@id": part.id});
            if parts.contains(&file) {
                continue;
            }
            parts.push(file);
            graph.push(json!({"@id": part.id, "@type": "File", "name": part.name, "sha256": part.sha256,
                              "contentSize": part.bytes.map(|bytes| bytes.to_string())}));
        }
        let is_last = at + 1 == runs.len();
        let has_failed = is_last && matches!(verdict.as_str(), "failed" | "blocked");
        let status =
            if has_failed { "http://schema.org/FailedActionStatus" } else { "http://schema.org/CompletedActionStatus" };
        let instrument = format!("#recipe-{}", run.recipe.id);
        graph.push(json!({
            "@id": action, "@type": "CreateAction", "name": run.recipe.title.clone().unwrap_or_else(|| title.to_string()),
            "description": run.recipe.argv.join(" "), "instrument": {"@id": instrument}, "agent": {"@id": "#perennial"},
            "startTime": started, "endTime": ended, "actionStatus": {"@id": status},
            "object": run.inputs.iter().map(reference).collect::<Vec<_>>(),
            "result": run.outputs.iter().map(reference).collect::<Vec<_>>(),
            "error": has_failed.then(|| text("log")),
        }));
        graph.push(json!({
            "@id": instrument, "@type": "SoftwareApplication", "name": run.recipe.argv.first(), "identifier": run.recipe.id,
            "softwareRequirements": engines.get(at), "hasPart": run.program.iter().map(reference).collect::<Vec<_>>(),
        }));
        actions.push(json!({"@id": action}));
    }
    let evidence_file = json!({"@id": "evidence.json"});
    graph.push(json!({"@id": "evidence.json", "@type": "File", "name": "Signed evidence", "encodingFormat": "application/json", "identifier": evidence_id}));
    parts.push(evidence_file);
    graph.push(json!({"@id": "#perennial", "@type": "SoftwareApplication", "name": text("software"), "softwareVersion": env!("CARGO_PKG_VERSION")}));
    graph.push(json!({"@id": "https://w3id.org/ro/wfrun/process/0.5", "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}));
    let root = json!({
        "@id": "./", "@type": "Dataset", "name": title, "description": format!("Verdict: {verdict}"), "datePublished": ended,
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "conformsTo": {"@id": "https://w3id.org/ro/wfrun/process/0.5"}, "hasPart": parts, "mentions": actions,
    });
    let descriptor = json!({"@id": METADATA, "@type": "CreativeWork", "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}, "about": {"@id": "./"}});
    let mut all = vec![descriptor, root];
    all.extend(graph.into_iter().map(without_nulls));
    json!({"@context": ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"], "@graph": all})
}

fn engine_of(step: &str) -> String {
    let engine = Fields::of_valid(step).and_then(|step| step.string("engine").map(|name| name.into_owned()));
    engine.unwrap_or_default()
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_a_crate_leads_to_an_entity_in_it() {
        let digest = crate::codec::sha256(b"x");
        let recipe = format!(
            r#"{{"id":"{digest}","title":"T","executor":{{"kind":"native"}},"argv":["/bin/cat","/in/a"],"outputs":[{{"name":"o","sha256":"{digest}"}}]}}"#
        );
        let recipe = Recipe::read(&recipe).expect("reads");
        let part = |id: &str| Part { id: id.into(), name: id.into(), sha256: digest, bytes: Some(1) };
        let run = Run {
            recipe: &recipe,
            inputs: vec![part("in/a")],
            program: vec![part("program/p")],
            outputs: vec![part("out/o")],
        };
        let evidence = r#"{"title":"Recreation of p: identical","recreation":{"verdict":"identical","started":"2026-11-22T00:00:00Z",
            "ended":"2026-11-22T00:00:01Z","software":"perennial","steps":[{"engine":"e"}]}}"#;
        let metadata = metadata(evidence, "e", &[run]);
        let graph = metadata["@graph"].as_array().expect("a graph");
        let ids: Vec<&str> = graph.iter().map(|entity| entity["@id"].as_str().expect("an id")).collect();
        let mut references = Vec::new();
        for entity in graph {
            for (name, value) in entity.as_object().expect("an object") {
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                let named =
                    values.iter().filter_map(|value| Some((name.clone(), value.get("@id")?.as_str()?.to_owned())));
                references.extend(named);
            }
        }
        assert!(references.len() >= 9, "{references:?}");
        for (name, id) in references.iter().filter(|(_, id)| !id.starts_with("http")) {
            assert!(ids.contains(&id.as_str()), "{name} leads to {id}");
        }
    }
}
