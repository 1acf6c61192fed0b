//! A recipe as it is stored: one run of one program over pinned inputs, and what must come of it. Reads, identifies and
//! checks it; runs nothing and looks nothing up.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::compare::{Rule, check_rule};
use super::perform::Limits;
use crate::model::{Instant, Key, Kind, RecordId, Sha256, json};

/// Longest run that the service allows, whatever a recipe asks for.
const MAX_WALL_MS: u64 = 24 * 3_600_000;
/// Most memory and output of a run, bytes.
const MAX_BYTES: u64 = 16 << 30;
/// Most files and processes of a run.
const MAX_COUNT: u64 = 10_000;

/// A file that a recipe reads, pinned by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Input {
    /// The program sees `/in/NAME`.
    pub name: String,
    pub sha256: Sha256,
    #[serde(default)]
    pub bytes: Option<u64>,
    #[serde(default)]
    pub role: Option<String>,
    /// The record that holds the file, and that may itself have a recipe.
    #[serde(default)]
    pub product: Option<ProductName>,
    /// The file's name within the product.
    #[serde(default)]
    pub file: Option<String>,
}

/// Collection and id of a product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct ProductName {
    pub collection: RecordId,
    pub id: RecordId,
}

impl ProductName {
    /// The product's key.
    pub fn key(&self) -> Key {
        Key { kind: Kind::Product, collection: Some(self.collection.clone()), id: self.id.clone() }
    }
}

/// A file that a recipe writes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Output {
    /// The program writes `/out/NAME`.
    pub name: String,
    pub sha256: Sha256,
    #[serde(default)]
    pub bytes: Option<u64>,
    #[serde(default = "bytes")]
    pub compare: Rule,
}

const fn bytes() -> Rule {
    Rule::Bytes
}

/// What runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutorName {
    /// A WASI preview 1 module in a deterministic engine.
    Wasi,
    /// A process of the machine in a sandbox.
    Native,
}

impl ExecutorName {
    /// The word that recipes use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wasi => "wasi",
            Self::Native => "native",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct ExecutorMember {
    kind: ExecutorName,
}

/// The program: one of the recipe's files, or a command of the root file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Program {
    #[serde(default)]
    pub file: Option<String>,
    /// Absolute path in the root file system.
    #[serde(default)]
    pub command: Option<String>,
    /// Digest of the program's bytes.
    #[serde(default)]
    pub sha256: Option<Sha256>,
    /// The recipe that builds it.
    #[serde(default)]
    pub built_by: Option<RecordId>,
}

/// A file kept with the recipe: program, source, script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    pub name: String,
    pub sha256: Sha256,
    pub bytes: u64,
}

/// What takes the place of an input in a negative case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Replacement {
    pub sha256: Sha256,
    #[serde(default)]
    pub product: Option<ProductName>,
    #[serde(default)]
    pub file: Option<String>,
}

/// Inputs that must not give the outputs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NegativeCase {
    pub replace: BTreeMap<String, Replacement>,
    #[serde(default)]
    pub must: Must,
    /// Digests of the outputs that were seen when the recipe was written.
    #[serde(default)]
    pub observed: BTreeMap<String, Sha256>,
}

/// What a negative case has to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Must {
    #[default]
    #[serde(rename = "differ or fail")]
    DifferOrFail,
    #[serde(rename = "differ")]
    Differ,
    #[serde(rename = "fail")]
    Fail,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
struct Resources {
    #[serde(default)]
    wall_seconds: Option<f64>,
    #[serde(default)]
    cpu_seconds: Option<f64>,
    #[serde(default)]
    memory_bytes: Option<u64>,
    #[serde(default)]
    output_bytes: Option<u64>,
    #[serde(default)]
    output_files: Option<u64>,
    #[serde(default)]
    processes: Option<u64>,
    #[serde(default)]
    fuel: Option<u64>,
}

#[derive(Deserialize)]
struct Members {
    id: RecordId,
    #[serde(default)]
    title: Option<String>,
    executor: ExecutorMember,
    #[serde(default)]
    program: Program,
    argv: Vec<String>,
    #[serde(default)]
    stdin: Option<String>,
    #[serde(default)]
    stdout: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    clock: Option<String>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    #[serde(default)]
    resources: Resources,
    #[serde(default)]
    negative_cases: Vec<NegativeCase>,
    #[serde(default)]
    files: Vec<FileMember>,
}

#[derive(Deserialize)]
struct FileMember {
    name: String,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    storage: Option<String>,
}

/// A recipe that passed its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    pub id: RecordId,
    pub title: Option<String>,
    pub executor: ExecutorName,
    pub program: Program,
    pub argv: Vec<String>,
    pub stdin: Option<String>,
    pub stdout: Option<String>,
    pub environment: BTreeMap<String, String>,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub clock_ns: i64,
    pub seed: u64,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub limits: Limits,
    pub negative_cases: Vec<NegativeCase>,
    /// Files that the archive holds with the recipe.
    pub files: Vec<KeptFile>,
}

/// A rule of recipes that JSON Schema cannot say, with a JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub pointer: String,
    pub message: String,
}

impl Recipe {
    /// Reads the text of a stored record.
    ///
    /// # Errors
    /// What serde says, when the text did not pass the schema.
    pub fn read(record: &str) -> Result<Self, serde_json::Error> {
        let members: Members = serde_json::from_str(record)?;
        let clock = members.clock.as_deref().and_then(|clock| Instant::parse(clock).ok());
        let clock_ns = clock.map_or(0, |clock| clock.micros().saturating_mul(1_000));
        let files = members.files.into_iter().filter_map(kept).collect();
        Ok(Self {
            id: members.id,
            title: members.title,
            executor: members.executor.kind,
            program: members.program,
            argv: members.argv,
            stdin: members.stdin,
            stdout: members.stdout,
            environment: members.environment,
            clock_ns,
            seed: members.seed,
            inputs: members.inputs,
            outputs: members.outputs,
            limits: limits(&members.resources),
            negative_cases: members.negative_cases,
            files,
        })
    }

    /// The file that is the program, where the recipe keeps it.
    pub fn program_file(&self) -> Option<&KeptFile> {
        let name = self.program.file.as_deref()?;
        self.files.iter().find(|file| file.name == name)
    }

    /// The output of these bytes.
    pub fn output_of(&self, sha256: &Sha256) -> Option<&Output> {
        self.outputs.iter().find(|output| output.sha256 == *sha256)
    }

    /// Everything that is wrong with the recipe as a whole: names that nothing has, twice the same name, an output that is
    /// an input of itself, bytes that the archive does not keep.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, message: String| faults.push(Fault { pointer, message });
        for (pointer, names) in [
            ("/inputs", self.inputs.iter().map(|input| &input.name).collect::<Vec<_>>()),
            ("/outputs", self.outputs.iter().map(|output| &output.name).collect()),
        ] {
            let mut seen = HashSet::new();
            for (at, name) in names.into_iter().enumerate().filter(|(_, name)| !seen.insert(name.as_str())) {
                fault(format!("{pointer}/{at}/name"), format!("{name:?} is the name of another one too"));
            }
        }
        for (at, output) in self.outputs.iter().enumerate() {
            if let Err(error) = check_rule(&output.compare) {
                fault(format!("/outputs/{at}/compare"), error.to_string());
            }
        }
        let made: HashSet<&Sha256> = self.outputs.iter().map(|output| &output.sha256).collect();
        for (at, input) in self.inputs.iter().enumerate().filter(|(_, input)| made.contains(&input.sha256)) {
            fault(
                format!("/inputs/{at}/sha256"),
                format!("{:?} is what the recipe makes: it cannot need itself", input.name),
            );
        }
        match (&self.program.file, self.program_file()) {
            (Some(name), None) => {
                fault("/program/file".into(), format!("{name:?} is none of `files` with bytes in the archive"))
            }
            (Some(_), Some(file)) if self.program.sha256.is_some_and(|sha256| sha256 != file.sha256) => {
                fault("/program/sha256".into(), format!("the file has the sha256 {}", file.sha256));
            }
            _ => {}
        }
        if self.executor == ExecutorName::Wasi && self.program.file.is_none() {
            fault("/program/file".into(), "a WebAssembly program is kept with its recipe: name one of `files`".into());
        }
        if let Some(name) = self.stdin.as_ref().filter(|name| !self.inputs.iter().any(|input| input.name == **name)) {
            fault("/stdin".into(), format!("{name:?} is no input"));
        }
        if let Some(name) = self.stdout.as_ref().filter(|name| !self.outputs.iter().any(|output| output.name == **name))
        {
            fault("/stdout".into(), format!("{name:?} is no output"));
        }
        for (at, case) in self.negative_cases.iter().enumerate() {
            for name in case.replace.keys().filter(|name| !self.inputs.iter().any(|input| input.name == **name)) {
                fault(format!("/negative_cases/{at}/replace"), format!("{name:?} is no input"));
            }
            for (name, replacement) in &case.replace {
                let same = self.inputs.iter().any(|input| input.name == *name && input.sha256 == replacement.sha256);
                if same {
                    fault(format!("/negative_cases/{at}/replace"), format!("{name:?} would be the same bytes"));
                }
            }
        }
        faults
    }
}

fn kept(file: FileMember) -> Option<KeptFile> {
    let sha256 = Sha256::parse(file.storage?.strip_prefix("payload:sha256:")?).ok()?;
    Some(KeptFile { name: file.name, sha256, bytes: file.bytes })
}

fn limits(resources: &Resources) -> Limits {
    let usual = Limits::default();
    let milliseconds = |seconds: Option<f64>, usual: u64| {
        // The schema allows a day at most.
        seconds.map_or(usual, |seconds| (seconds * 1_000.0).ceil() as u64).clamp(1, MAX_WALL_MS)
    };
    let wall_ms = milliseconds(resources.wall_seconds, usual.wall_ms);
    Limits {
        wall_ms,
        cpu_ms: milliseconds(resources.cpu_seconds, wall_ms),
        memory_bytes: resources.memory_bytes.unwrap_or(usual.memory_bytes).min(MAX_BYTES),
        output_bytes: resources.output_bytes.unwrap_or(usual.output_bytes).min(MAX_BYTES),
        output_files: resources.output_files.unwrap_or(usual.output_files).min(MAX_COUNT),
        processes: resources.processes.unwrap_or(usual.processes).min(MAX_COUNT),
        fuel: resources.fuel.unwrap_or(usual.fuel),
    }
}

/// The identity of a recipe: sha256 of the RFC 8785 form of the record without `id`.
///
/// # Errors
/// When the text is no JSON object, or has a number that RFC 8785 cannot write.
pub fn identity(record: &str) -> Result<Sha256, String> {
    let mut members = json::Members::parse(record).map_err(|error| error.to_string())?;
    members.remove("id");
    canonical(&members.to_text()).map(|text| crate::codec::sha256(&text))
}

/// The RFC 8785 form of a JSON text.
///
/// # Errors
/// When it is no JSON, or has a number that no double holds.
pub fn canonical(text: &str) -> Result<Vec<u8>, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    serde_json_canonicalizer::to_vec(&value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "1215577b0ae45c4aa56ade312036f7bdd05ad5c8d1a06cca02ade739a4bb48b1";
    const OTHER: &str = "4ffb88beea6f80820604ef4ed2a40f8a075d551c9324ad984bf01cc77502b8ee";

    fn recipe(more: &str) -> String {
        format!(
            r#"{{"kind":"recipe","id":"{DIGEST}","executor":{{"kind":"wasi"}},"argv":["p"],"files":[{{"name":"p.wasm","bytes":9,"storage":"payload:sha256:{OTHER}"}}],
            "program":{{"file":"p.wasm"}},"outputs":[{{"name":"o","sha256":"{DIGEST}"}}]{more}}}"#
        )
    }

    #[test]
    fn the_identity_does_not_depend_on_spelling_or_on_the_id() {
        let one = identity(r#"{"id":"x","kind":"recipe","argv":["a","é"],"seed":10}"#).expect("canonical");
        let other = identity("{\"argv\" : [\"a\",\"\\u00e9\"],\n\"seed\":1e1,\"kind\":\"recipe\"}").expect("canonical");
        assert_eq!(one, other);
        assert_ne!(Ok(one), identity(r#"{"kind":"recipe","argv":["é","a"],"seed":10}"#));
        assert!(identity("[]").is_err());
    }

    #[test]
    fn a_sound_recipe_has_no_faults_and_the_usual_limits() {
        let read = Recipe::read(&recipe("")).expect("reads");
        assert_eq!(read.faults(), []);
        assert_eq!(read.limits, Limits::default());
        assert_eq!(read.program_file().map(|file| file.bytes), Some(9));
        assert_eq!(read.outputs[0].compare, Rule::Bytes);
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let more = format!(
            r#","stdin":"x","stdout":"y","inputs":[{{"name":"a","sha256":"{DIGEST}"}},{{"name":"a","sha256":"{OTHER}"}}],
            "negative_cases":[{{"replace":{{"a":{{"sha256":"{DIGEST}"}},"z":{{"sha256":"{OTHER}"}}}}}}]"#
        );
        let faults = Recipe::read(&recipe(&more)).expect("reads").faults();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        let same = "/negative_cases/0/replace";
        assert_eq!(pointers, ["/inputs/1/name", "/inputs/0/sha256", "/stdin", "/stdout", same, same]);
    }

    #[test]
    fn limits_follow_the_recipe_and_stay_within_those_of_the_service() {
        let more = r#","clock":"1970-01-01T00:00:01Z","resources":{"wall_seconds":0.5,"memory_bytes":99999999999999,"processes":4}"#;
        let read = Recipe::read(&recipe(more)).expect("reads");
        assert_eq!((read.limits.wall_ms, read.limits.cpu_ms, read.limits.processes), (500, 500, 4));
        assert_eq!((read.limits.memory_bytes, read.clock_ns), (MAX_BYTES, 1_000_000_000));
    }
}
