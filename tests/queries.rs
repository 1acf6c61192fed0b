//! The questions of docs/queries, asked of the shipped missions: each answer is the file beside it. `PERENNIAL_BLESS=1`
//! writes the answers anew; they are then to be read, not believed.

use std::path::Path;

use crate::support::{Store, options_with_limits};
use perennial::index::graph::Limits;

fn ingest_missions(service: &crate::support::Service) {
    let mut files: Vec<_> = glob("fixtures/missions");
    // Collections come first: a product needs its own.
    files.sort_by_key(|path| (!path.ends_with("collections.ndjson"), path.clone()));
    for file in files {
        let lines = std::fs::read(&file).expect("a fixture");
        let refused = service.ingest(lines).into_iter().filter(|line| line["status"] == "refused").count();
        assert_eq!(refused, 0, "{}", file.display());
    }
}

fn glob(folder: &str) -> Vec<std::path::PathBuf> {
    let missions = std::fs::read_dir(folder).expect("the missions").filter_map(|entry| Some(entry.ok()?.path()));
    let files = missions.filter(|path| path.is_dir()).flat_map(|path| std::fs::read_dir(path).expect("a mission"));
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "ndjson")).collect()
}

#[test]
fn each_question_has_the_answer_beside_it() {
    let store = Store::new();
    let service = store.serve_with(&options_with_limits(Limits::for_cores(2)));
    ingest_missions(&service);
    let mut questions: Vec<_> =
        std::fs::read_dir("docs/queries").expect("the queries").filter_map(|entry| Some(entry.ok()?.path())).collect();
    questions.retain(|path| path.extension().is_some_and(|extension| extension == "rq"));
    questions.sort();
    assert!(questions.len() >= 22, "{} questions", questions.len());
    let mut wrong = Vec::new();
    for question in questions {
        let query = std::fs::read(&question).expect("a query");
        let headers = [("content-type", "application/sparql-query"), ("accept", "text/csv")];
        let answer = service.send("POST", "/sparql?wait=graph", &headers, query);
        let text = answer.text().replace("\r\n", "\n").replace(&service.url, "https://archive.example.org");
        if answer.status != 200 {
            wrong.push(format!("{}: {text}", question.display()));
        } else if !is_expected(&question.with_extension("csv"), &text) {
            wrong.push(format!("{}:\n{text}", question.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_expected(file: &Path, text: &str) -> bool {
    if std::env::var_os("PERENNIAL_BLESS").is_some() {
        std::fs::write(file, text).expect("the answer is written");
    }
    std::fs::read_to_string(file).is_ok_and(|expected| expected == text)
}
