//! A folder to deliver, the program that ingests it, and labels to put into it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use perennial::codec::Algorithm;
use serde_json::Value;

use super::{Service, Store, options};

/// A store, a folder to deliver into it, and a place outside of that folder.
pub struct Delivery {
    pub store: Store,
    outside: tempfile::TempDir,
}

/// What became of the files.
pub struct Report(pub Value);

impl Delivery {
    pub fn new() -> Self {
        let delivery = Self { store: Store::new(), outside: tempfile::tempdir().expect("a temporary folder") };
        std::fs::create_dir(delivery.folder()).expect("a folder");
        delivery
    }

    /// With these files.
    pub fn of(files: &[(&str, &[u8])]) -> Self {
        let delivery = Self::new();
        files.iter().for_each(|(name, bytes)| delivery.add(name, bytes));
        delivery
    }

    pub fn folder(&self) -> PathBuf {
        self.outside.path().join("delivery")
    }

    /// A path beside the delivered folder.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    pub fn add(&self, name: &str, bytes: &[u8]) {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }

    /// Runs a verb on the store.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perennial"));
        command.arg("--store").arg(self.store.path()).args(arguments).output().expect("the program runs")
    }

    /// Ingests the folder.
    pub fn ingest(&self) -> Report {
        let (folder, report) = (self.folder(), self.outside("report.json"));
        let output = self.run(&["--json", "ingest", text(&folder), "--report", text(&report)]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{:?} {errors}", output.status);
        let report = std::fs::read(report).expect("a report");
        Report(serde_json::from_slice(&report).expect("JSON"))
    }

    /// Runs a verb and reads its answer as JSON, with its exit code.
    pub fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let arguments: Vec<&str> = ["--json"].into_iter().chain(arguments.iter().copied()).collect();
        let output = self.run(&arguments);
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().expect("ended by itself"), answer)
    }

    pub fn serve(&self) -> Service {
        self.store.serve_with(&options())
    }

    /// A product as it is stored.
    pub fn product(&self, collection: &str, id: &str) -> Value {
        let (code, record) = self.json(&["get", collection, id]);
        assert_eq!(code, 0, "{collection} {id}");
        record
    }
}

impl Report {
    /// A number of the summary.
    pub fn count(&self, name: &str) -> u64 {
        self.0["summary"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {}", self.0["summary"]))
    }

    /// What became of one file.
    #[track_caller]
    pub fn file(&self, name: &str) -> &Value {
        let files = self.0["files"].as_object().expect("files");
        let found = files.iter().find(|(path, _)| Path::new(path).ends_with(name));
        found.map_or_else(|| panic!("{name} is in no account: {files:?}"), |(_, entry)| entry)
    }

    #[track_caller]
    pub fn status(&self, name: &str) -> &str {
        self.file(name)["status"].as_str().expect("a status")
    }

    /// Everything that was said of a file.
    pub fn said(&self, name: &str) -> Vec<String> {
        let entry = self.file(name);
        let lists = ["findings", "reasons"].into_iter().filter_map(|list| entry[list].as_array());
        lists.flatten().map(|said| said.as_str().expect("text").to_owned()).collect()
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub fn md5(bytes: &[u8]) -> String {
    let mut hasher = Algorithm::Md5.hasher();
    hasher.update(bytes);
    hasher.finish()
}

/// A PDS4 label of `urn:nasa:pds:b:c:ID::1.0` that names files: each with its size and MD5, where promised.
pub fn label(id: &str, files: &[(&str, Option<usize>, Option<&str>)]) -> String {
    let described = files.iter().map(|(name, size, md5)| {
        let size = size.map(|size| format!("<file_size unit=\"byte\">{size}</file_size>")).unwrap_or_default();
        let md5 = md5.map(|md5| format!("<md5_checksum>{md5}</md5_checksum>")).unwrap_or_default();
        format!(
            "<File_Area_Observational><File><file_name>{name}</file_name>{size}{md5}</File></File_Area_Observational>"
        )
    });
    pds4("Product_Observational", &format!("urn:nasa:pds:b:c:{id}"), &described.collect::<String>())
}

/// A PDS4 label of any class, version 1.0.
pub fn pds4(class: &str, lid: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{class} xmlns=\"http://pds.nasa.gov/pds4/pds/v1\">\n\
         <Identification_Area><logical_identifier>{lid}</logical_identifier><version_id>1.0</version_id>\
         <title>Of {lid}</title><information_model_version>1.10.1.0</information_model_version>\
         <product_class>{class}</product_class></Identification_Area>\n{body}\n</{class}>\n"
    )
}
