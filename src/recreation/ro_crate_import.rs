//! A Workflow Run RO-Crate as a tool, a job and what came of it: the description of a run of a CWL CommandLineTool, as
//! cwltool and runcrate write it. Reads the metadata alone; a crate that does not say how its program is called is refused.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value, json};

use super::cwl::last_part;

/// Why a crate is no recipe.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrateError {
    #[error("this is no RO-Crate: there is no @graph")]
    NoGraph,
    #[error(
        "no CreateAction of the crate was made by a CWL tool in it; other crates do not say how their program is called"
    )]
    NoTool,
    #[error("{0} runs are in the crate, of which one could be taken; which one it does not say")]
    SeveralRuns(usize),
    #[error("{id:?} is no file of the crate")]
    Outside { id: String },
    #[error("the value of {id:?} is not there")]
    NoValue { id: String },
}

/// One run of a tool.
#[derive(Debug, PartialEq)]
pub struct Imported {
    /// The CWL document, within the crate.
    pub tool: PathBuf,
    /// The job object; its files are paths within the crate.
    pub job: Value,
    /// Files that came of it, within the crate.
    pub results: Vec<PathBuf>,
}

/// Whether a document is the metadata of a crate.
pub fn is_crate(document: &Value) -> bool {
    document.get("@graph").is_some_and(Value::is_array)
}

/// The entities of a crate by id.
struct Graph<'a>(Vec<&'a Map<String, Value>>);

fn text<'v>(entity: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    entity.get(name)?.as_str()
}

/// References of a member, one or many.
fn references<'v>(entity: &'v Map<String, Value>, name: &str) -> Vec<&'v str> {
    let reference = |value: &'v Value| value.get("@id")?.as_str();
    match entity.get(name) {
        Some(Value::Array(list)) => list.iter().filter_map(reference).collect(),
        Some(one) => reference(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn has_type(entity: &Map<String, Value>, kind: &str) -> bool {
    match entity.get("@type") {
        Some(Value::String(own)) => own == kind,
        Some(Value::Array(own)) => own.iter().any(|own| own == kind),
        _ => false,
    }
}

impl<'a> Graph<'a> {
    fn entity(&self, id: &str) -> Option<&'a Map<String, Value>> {
        self.0.iter().copied().find(|entity| text(entity, "@id") == Some(id))
    }

    /// The value of an input: a file within the crate, a plain value, or several of them.
    fn value(&self, entity: &Map<String, Value>, id: &str) -> Result<Value, CrateError> {
        let no_value = || CrateError::NoValue { id: id.to_owned() };
        if has_type(entity, "File") {
            return Ok(json!({"class": "File", "path": within(id)?}));
        }
        if has_type(entity, "Collection") {
            let parts = references(entity, "hasPart");
            let value = |part: &&str| self.value(self.entity(part).ok_or_else(no_value)?, part);
            return parts.iter().map(value).collect::<Result<Vec<_>, _>>().map(Value::from);
        }
        let given = entity.get("value").filter(|_| has_type(entity, "PropertyValue")).ok_or_else(no_value)?;
        let plain = |value: &Value| match value {
            // runcrate writes what is no text as text: True, 3, 2.5.
            Value::String(text) => match text.as_str() {
                "True" => json!(true),
                "False" => json!(false),
                "None" => Value::Null,
                _ => value.clone(),
            },
            other => other.clone(),
        };
        match given {
            Value::Array(items) => {
                let item = |item: &Value| match item.get("@id").and_then(Value::as_str) {
                    Some(part) => self.value(self.entity(part).ok_or_else(no_value)?, part),
                    None => Ok(plain(item)),
                };
                items.iter().map(item).collect::<Result<Vec<_>, _>>().map(Value::from)
            }
            Value::Object(_) => Err(no_value()),
            other => Ok(plain(other)),
        }
    }
}

/// A path that stays within the crate.
fn within(id: &str) -> Result<PathBuf, CrateError> {
    let outside = || CrateError::Outside { id: id.to_owned() };
    let path = Path::new(id.strip_prefix("./").unwrap_or(id));
    let is_plain =
        !id.is_empty() && !id.contains("://") && path.components().all(|part| matches!(part, Component::Normal(_)));
    if is_plain { Ok(path.to_owned()) } else { Err(outside()) }
}

/// Whether an entity is a CWL document of the crate.
fn is_cwl(id: &str) -> bool {
    within(id).is_ok_and(|path| path.extension().is_some_and(|extension| extension == "cwl" || extension == "json"))
}

/// The run that a crate describes.
///
/// # Errors
/// `CrateError` when it says too little, or names what is not in it.
pub fn import(document: &Value) -> Result<Imported, CrateError> {
    let graph = document.get("@graph").and_then(Value::as_array).ok_or(CrateError::NoGraph)?;
    let graph = Graph(graph.iter().filter_map(Value::as_object).collect());
    let tool_of = |action: &Map<String, Value>| {
        references(action, "instrument").into_iter().find(|id| is_cwl(id)).map(str::to_owned)
    };
    let actions = graph.0.iter().filter(|entity| has_type(entity, "CreateAction"));
    let runs: Vec<_> = actions.filter_map(|action| Some((*action, tool_of(action)?))).collect();
    let [(action, tool)] = runs.as_slice() else {
        return Err(if runs.is_empty() { CrateError::NoTool } else { CrateError::SeveralRuns(runs.len()) });
    };
    let mut job = Map::new();
    for id in references(action, "object") {
        let entity = graph.entity(id).ok_or_else(|| CrateError::NoValue { id: id.to_owned() })?;
        // One file may be the value of several parameters.
        for parameter in references(entity, "exampleOfWork") {
            job.insert(last_part(parameter), graph.value(entity, id)?);
        }
    }
    let is_file = |id: &&str| graph.entity(id).is_some_and(|entity| has_type(entity, "File"));
    let results = references(action, "result").into_iter().filter(is_file).map(within).collect::<Result<_, _>>()?;
    Ok(Imported { tool: within(tool)?, job: Value::Object(job), results })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(change: impl FnOnce(&mut Vec<Value>)) -> Value {
        let mut graph = vec![
            json!({"@id": "packed.cwl", "@type": ["File", "SoftwareSourceCode", "HowTo"]}),
            json!({"@id": "#run", "@type": "CreateAction", "instrument": {"@id": "packed.cwl"},
                   "object": [{"@id": "data/in.txt"}, {"@id": "#words"}, {"@id": "#flag"}, {"@id": "#list"}], "result": {"@id": "data/out.txt"}}),
            json!({"@id": "data/in.txt", "@type": "File", "exampleOfWork": {"@id": "packed.cwl#main/text"}}),
            json!({"@id": "#words", "@type": "PropertyValue", "value": "3", "exampleOfWork": {"@id": "packed.cwl#words"}}),
            json!({"@id": "#flag", "@type": "PropertyValue", "value": "True", "exampleOfWork": [{"@id": "packed.cwl#main/flag"}]}),
            json!({"@id": "#list", "@type": "PropertyValue", "value": ["a", {"@id": "data/in.txt"}], "exampleOfWork": {"@id": "#main/list"}}),
            json!({"@id": "data/out.txt", "@type": "File"}),
        ];
        change(&mut graph);
        json!({"@graph": graph})
    }

    #[test]
    fn a_run_of_a_tool_becomes_a_tool_and_a_job() {
        let file = json!({"class": "File", "path": "data/in.txt"});
        let job = json!({"text": file, "words": "3", "flag": true, "list": ["a", file]});
        let expected = Imported { tool: "packed.cwl".into(), job, results: vec!["data/out.txt".into()] };
        assert_eq!(import(&graph(|_| {})), Ok(expected));
    }

    #[test]
    fn a_crate_that_says_too_little_or_points_outside_is_refused() {
        type Change = fn(&mut Vec<Value>);
        let cases: [(Change, CrateError); 6] = [
            (|graph| graph[1]["instrument"] = json!({"@id": "#program"}), CrateError::NoTool),
            (|graph| graph[1]["instrument"] = json!({"@id": "../packed.cwl"}), CrateError::NoTool),
            (|graph| graph.push(graph[1].clone()), CrateError::SeveralRuns(2)),
            (|graph| graph[1]["object"] = json!({"@id": "#none"}), CrateError::NoValue { id: "#none".to_owned() }),
            (
                |graph| graph[1]["result"] = json!({"@id": "/etc/passwd"}),
                CrateError::Outside { id: "/etc/passwd".to_owned() },
            ),
            (|graph| graph[3]["value"] = json!({"a": 1}), CrateError::NoValue { id: "#words".to_owned() }),
        ];
        for (change, expected) in cases {
            let document = graph(|graph| {
                change(graph);
                graph.push(json!({"@id": "/etc/passwd", "@type": "File"}));
            });
            assert_eq!(import(&document), Err(expected));
        }
        for document in [json!(null), json!([]), json!({"@graph": 1})] {
            assert_eq!(import(&document), Err(CrateError::NoGraph));
        }
        assert_eq!(import(&json!({"@graph": [1, null]})), Err(CrateError::NoTool));
    }
}
