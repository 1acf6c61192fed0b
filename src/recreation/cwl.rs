//! A CWL 1.0 to 1.2 CommandLineTool (in its JSON form) with a job object, as a command to be recorded. Understands what a
//! recipe can say and refuses the rest by name: no JavaScript, no containers, no wildcards, no workflows. Runs nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::record::Wanted;

/// Why a tool is no recipe: the place in it, and the reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct CwlError {
    pub place: String,
    pub reason: String,
}

fn refused(place: impl Into<String>, reason: impl Into<String>) -> CwlError {
    CwlError { place: place.into(), reason: reason.into() }
}

/// A tool and a job with the folders that their relative paths start from.
pub struct Tool<'a> {
    pub tool: &'a Value,
    pub tool_folder: &'a Path,
    pub job: &'a Value,
    pub job_folder: &'a Path,
}

/// A value of an input.
#[derive(Debug, Clone)]
enum Given {
    File(PathBuf),
    Text(String),
    Flag(bool),
    List(Vec<Given>),
    Nothing,
}

/// Where a piece of the command line goes (CWL § Input binding): position, arguments before inputs, then order or name.
type Order = (i64, u8, usize, String);

/// Whether a document is a CommandLineTool.
pub fn is_tool(document: &Value) -> bool {
    document.get("class").and_then(Value::as_str) == Some("CommandLineTool")
}

/// The tool of a document: itself, or the main one of a packed document (`$graph`).
pub fn main_tool(document: &Value) -> &Value {
    let Some(packed) = document.get("$graph").and_then(Value::as_array) else { return document };
    let is_main = |tool: &&Value| tool.get("id").and_then(Value::as_str).is_some_and(|id| last_part(id) == "main");
    let only = || if let [only] = packed.as_slice() { Some(only) } else { None };
    packed.iter().find(is_main).or_else(only).unwrap_or(document)
}

/// Members that describe and have no influence on the run.
const SILENT: [&str; 11] = [
    "class",
    "cwlVersion",
    "id",
    "label",
    "doc",
    "hints",
    "intent",
    "$namespaces",
    "$schemas",
    "successCodes",
    "permanentFailCodes",
];
/// Members that are read.
const READ: [&str; 7] = ["baseCommand", "arguments", "inputs", "outputs", "stdout", "requirements", "stdin"];

/// Entries of a list of objects with `id`, or of a map; a plain value of a map stands for the member `plain`.
fn entries(value: Option<&Value>, key: &str, plain: &str) -> Vec<(String, Map<String, Value>)> {
    match value {
        Some(Value::Array(list)) => {
            let members = list.iter().filter_map(Value::as_object);
            members
                .map(|one| (last_part(one.get(key).and_then(Value::as_str).unwrap_or_default()), one.clone()))
                .collect()
        }
        Some(Value::Object(map)) => {
            let entry = |(name, value): (&String, &Value)| {
                let plainly = || Map::from_iter([(plain.to_owned(), value.clone())]);
                (name.clone(), value.as_object().cloned().unwrap_or_else(plainly))
            };
            map.iter().map(entry).collect()
        }
        _ => Vec::new(),
    }
}

/// `#main/name`, `file.cwl#name` and `name` are all `name`.
pub(super) fn last_part(id: &str) -> String {
    id.rsplit(['#', '/']).next().unwrap_or(id).to_owned()
}

/// Whether a tool's type allows that nothing is given.
fn is_optional(kind: &Value) -> bool {
    match kind {
        Value::String(text) => text.ends_with('?') || text == "null",
        Value::Array(kinds) => kinds.iter().any(is_optional),
        _ => false,
    }
}

impl Tool<'_> {
    /// The command with its files, ready to be recorded.
    ///
    /// # Errors
    /// `CwlError` for what a recipe cannot say.
    pub fn wanted(&self) -> Result<Wanted, CwlError> {
        if !is_tool(self.tool) {
            return Err(refused("class", "is not CommandLineTool"));
        }
        self.all_is_understood()?;
        let given = self.given()?;
        let mut files = Vec::new();
        let command = self.command(&given, &mut files)?;
        let stdout = self.stdout(&given)?;
        let outputs = self.outputs(&given, stdout.as_deref())?;
        let label = self.tool.get("label").or_else(|| self.tool.get("id")).and_then(Value::as_str);
        Ok(Wanted {
            title: label.map(last_part),
            command,
            inputs: files,
            outputs,
            stdout: stdout.map(PathBuf::from),
            environment: self.environment(&given)?,
            clock: None,
            seed: 0,
        })
    }

    fn all_is_understood(&self) -> Result<(), CwlError> {
        let members = self.tool.as_object().into_iter().flatten();
        let has_meaning = |value: &Value| !value.is_null() && *value != Value::Array(Vec::new());
        for (name, value) in members.filter(|(_, value)| has_meaning(value)) {
            match name.as_str() {
                "successCodes" if *value != serde_json::json!([0]) => {
                    return Err(refused(name, "a recipe ends well with 0 alone"));
                }
                "stdin" => return Err(refused(name, "give the file as an argument")),
                name if SILENT.contains(&name) || READ.contains(&name) => {}
                name => return Err(refused(name, "has no meaning for a recipe")),
            }
        }
        Ok(())
    }

    /// The values of all inputs, defaults included.
    fn given(&self) -> Result<BTreeMap<String, Given>, CwlError> {
        let inputs = entries(self.tool.get("inputs"), "id", "type");
        let mut given = BTreeMap::new();
        for (name, input) in &inputs {
            let place = format!("inputs/{name}");
            let of_job = self.job.get(name).filter(|value| !value.is_null());
            let (value, folder) = match (of_job, input.get("default")) {
                (Some(value), _) => (value, self.job_folder),
                (None, Some(default)) => (default, self.tool_folder),
                (None, None) if input.get("type").is_some_and(is_optional) => (&Value::Null, self.job_folder),
                (None, None) => return Err(refused(place, "the job gives no value")),
            };
            given.insert(name.clone(), read(value, folder, &place)?);
        }
        let unknown = self
            .job
            .as_object()
            .into_iter()
            .flatten()
            .find(|(name, _)| !given.contains_key(*name) && !name.starts_with("cwl:"));
        match unknown {
            Some((name, _)) => Err(refused(name, "the job gives a value that the tool has no input for")),
            None => Ok(given),
        }
    }

    fn command(&self, given: &BTreeMap<String, Given>, files: &mut Vec<PathBuf>) -> Result<Vec<String>, CwlError> {
        let mut pieces: Vec<(Order, Vec<String>)> = Vec::new();
        let arguments = self.tool.get("arguments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (at, argument) in arguments.iter().enumerate() {
            let place = format!("arguments/{at}");
            let binding = match argument {
                Value::String(text) => Map::from_iter([("valueFrom".to_owned(), text.clone().into())]),
                Value::Object(binding) => binding.clone(),
                _ => return Err(refused(place, "is neither text nor a binding")),
            };
            let words = self.bound(&binding, &Given::Nothing, given, (&place, files))?;
            pieces.push(((position(&binding, &place)?, 0, at, String::new()), words));
        }
        for (name, input) in entries(self.tool.get("inputs"), "id", "type") {
            let place = format!("inputs/{name}");
            let value = given.get(&name).unwrap_or(&Given::Nothing);
            collect_files(value, files);
            let Some(binding) = input.get("inputBinding").and_then(Value::as_object) else { continue };
            if matches!(value, Given::Nothing) {
                continue;
            }
            let words = self.bound(binding, value, given, (&place, files))?;
            pieces.push(((position(binding, &place)?, 1, 0, name), words));
        }
        pieces.sort();
        let mut command: Vec<String> = match self.tool.get("baseCommand") {
            None => Vec::new(),
            Some(Value::String(word)) => vec![word.clone()],
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(_) => return Err(refused("baseCommand", "is neither a word nor a list")),
        };
        command.extend(pieces.into_iter().flat_map(|(_, words)| words));
        let is_file = |word: &&String| {
            Path::new(word.as_str()).is_file() && !files.iter().any(|file| file == Path::new(word.as_str()))
        };
        match command.iter().skip(1).find(is_file) {
            Some(word) => {
                Err(refused("baseCommand", format!("{word:?} is a file here: give it as an input of type File")))
            }
            None if command.is_empty() => Err(refused("baseCommand", "there is no command")),
            None => Ok(command),
        }
    }

    /// The words that a binding makes of a value.
    fn bound(
        &self,
        binding: &Map<String, Value>,
        value: &Given,
        given: &BTreeMap<String, Given>,
        (place, files): (&str, &mut Vec<PathBuf>),
    ) -> Result<Vec<String>, CwlError> {
        const KNOWN: [&str; 6] = ["position", "prefix", "separate", "itemSeparator", "valueFrom", "shellQuote"];
        if let Some(name) = binding.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(refused(format!("{place}/{name}"), "has no meaning for a recipe"));
        }
        let value = match binding.get("valueFrom").and_then(Value::as_str) {
            Some(text) => resolve(text, value, given, place)?,
            None => value.clone(),
        };
        collect_files(&value, files);
        let prefix = binding.get("prefix").and_then(Value::as_str);
        let is_separate = binding.get("separate").and_then(Value::as_bool).unwrap_or(true);
        let words = match (&value, binding.get("itemSeparator").and_then(Value::as_str)) {
            (Given::Nothing | Given::Flag(false), _) => return Ok(Vec::new()),
            (Given::Flag(true), _) => return Ok(prefix.map(str::to_owned).into_iter().collect()),
            (Given::List(items), Some(_)) if items.iter().any(|item| matches!(item, Given::File(_))) => {
                return Err(refused(place, "a file must be a word of its own"));
            }
            (Given::List(items), Some(separator)) => {
                vec![items.iter().flat_map(words_of).collect::<Vec<_>>().join(separator)]
            }
            (value, _) => words_of(value),
        };
        match prefix {
            Some(prefix) if is_separate => Ok(std::iter::once(prefix.to_owned()).chain(words).collect()),
            Some(_) if matches!(value, Given::File(_)) => Err(refused(place, "a file must be a word of its own")),
            Some(prefix) => Ok(vec![format!("{prefix}{}", words.join(" "))]),
            None => Ok(words),
        }
    }

    fn stdout(&self, given: &BTreeMap<String, Given>) -> Result<Option<String>, CwlError> {
        if let Some(text) = self.tool.get("stdout").and_then(Value::as_str) {
            return Ok(Some(plain_name(&resolve(text, &Given::Nothing, given, "stdout")?, "stdout")?));
        }
        let outputs = entries(self.tool.get("outputs"), "id", "type");
        let is_stdout = |output: &Map<String, Value>| output.get("type").and_then(Value::as_str) == Some("stdout");
        Ok(outputs.iter().find(|(_, output)| is_stdout(output)).map(|(name, _)| name.clone()))
    }

    /// The files that are made, standard output left out.
    fn outputs(&self, given: &BTreeMap<String, Given>, stdout: Option<&str>) -> Result<Vec<PathBuf>, CwlError> {
        let mut made = Vec::new();
        for (name, output) in entries(self.tool.get("outputs"), "id", "type") {
            let place = format!("outputs/{name}");
            match output.get("type").and_then(Value::as_str) {
                Some("stdout") => continue,
                Some("File") => {}
                _ => return Err(refused(place, "is neither File nor stdout")),
            }
            let glob = output.get("outputBinding").and_then(|binding| binding.get("glob")).and_then(Value::as_str);
            let glob = glob.ok_or_else(|| refused(&place, "has no glob"))?;
            let file = plain_name(&resolve(glob, &Given::Nothing, given, &place)?, &place)?;
            if stdout != Some(file.as_str()) {
                made.push(PathBuf::from(file));
            }
        }
        match made.is_empty() && stdout.is_none() {
            true => Err(refused("outputs", "there are none")),
            false => Ok(made),
        }
    }

    fn environment(&self, given: &BTreeMap<String, Given>) -> Result<BTreeMap<String, String>, CwlError> {
        let mut environment = BTreeMap::new();
        for (class, requirement) in entries(self.tool.get("requirements"), "class", "class") {
            match class.as_str() {
                "EnvVarRequirement" => {}
                // What a machine must have at least; a recipe says what a run may take at most.
                "ResourceRequirement" => continue,
                _ => return Err(refused(format!("requirements/{class}"), "a recipe has nothing of the kind")),
            }
            for (name, variable) in entries(requirement.get("envDef"), "envName", "envValue") {
                let place = format!("requirements/EnvVarRequirement/{name}");
                let text = variable.get("envValue").and_then(Value::as_str);
                let text = text.ok_or_else(|| refused(&place, "has no value"))?;
                let value = resolve(text, &Given::Nothing, given, &place)?;
                if matches!(value, Given::File(_)) {
                    return Err(refused(place, "a file must be a word of the command"));
                }
                environment.insert(name, words_of(&value).concat());
            }
        }
        Ok(environment)
    }
}

fn position(binding: &Map<String, Value>, place: &str) -> Result<i64, CwlError> {
    match binding.get("position") {
        None | Some(Value::Null) => Ok(0),
        Some(number) => number.as_i64().ok_or_else(|| refused(format!("{place}/position"), "is no whole number")),
    }
}

/// Reads a value of a job.
fn read(value: &Value, folder: &Path, place: &str) -> Result<Given, CwlError> {
    Ok(match value {
        Value::Null => Given::Nothing,
        Value::Bool(flag) => Given::Flag(*flag),
        Value::Number(number) => Given::Text(number.to_string()),
        Value::String(text) => Given::Text(text.clone()),
        Value::Array(items) => {
            Given::List(items.iter().map(|item| read(item, folder, place)).collect::<Result<_, _>>()?)
        }
        Value::Object(file) => {
            if file.get("class").and_then(Value::as_str) != Some("File") {
                return Err(refused(place, "is an object, but no File"));
            }
            let has_more = file.get("secondaryFiles").is_some_and(|files| *files != Value::Array(Vec::new()));
            let named = file.get("path").or_else(|| file.get("location")).and_then(Value::as_str);
            match named {
                _ if has_more => return Err(refused(place, "has secondary files: give each as an input")),
                Some(named) if !named.contains("://") => Given::File(folder.join(named)),
                Some(named) if named.starts_with("file:///") => Given::File(named.trim_start_matches("file://").into()),
                _ => return Err(refused(place, "is no file of this machine")),
            }
        }
    })
}

fn collect_files(value: &Given, files: &mut Vec<PathBuf>) {
    match value {
        Given::File(path) if !files.contains(path) => files.push(path.clone()),
        Given::List(items) => items.iter().for_each(|item| collect_files(item, files)),
        _ => {}
    }
}

fn words_of(value: &Given) -> Vec<String> {
    match value {
        Given::File(path) => vec![path.display().to_string()],
        Given::Text(text) => vec![text.clone()],
        Given::List(items) => items.iter().flat_map(words_of).collect(),
        Given::Flag(flag) => vec![flag.to_string()],
        Given::Nothing => Vec::new(),
    }
}

/// A text with parameter references (CWL § Parameter references), of which the simple ones are known.
fn resolve(text: &str, own: &Given, given: &BTreeMap<String, Given>, place: &str) -> Result<Given, CwlError> {
    if text.contains("${") {
        return Err(refused(place, "JavaScript is not run"));
    }
    let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')).filter(|rest| !rest.contains("$("));
    if let Some(reference) = whole {
        return referred(reference, own, given, place);
    }
    let (mut made, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("$(") {
        let (reference, behind) = after.split_once(')').ok_or_else(|| refused(place, "a reference does not end"))?;
        let value = referred(reference, own, given, place)?;
        if matches!(value, Given::File(_) | Given::List(_)) {
            return Err(refused(place, "a file must be a word of its own"));
        }
        made.push_str(before);
        made.push_str(&words_of(&value).concat());
        rest = behind;
    }
    Ok(Given::Text(made + rest))
}

fn referred(reference: &str, own: &Given, given: &BTreeMap<String, Given>, place: &str) -> Result<Given, CwlError> {
    let unknown = || {
        refused(place, format!("$({reference}) is not understood: inputs.NAME, and path or basename of a file, are"))
    };
    if reference == "self" {
        return Ok(own.clone());
    }
    if reference == "runtime.outdir" {
        return Ok(Given::Text("/out".to_owned()));
    }
    let parts: Vec<&str> = reference.split('.').collect();
    let (value, member) = match parts.as_slice() {
        ["self", member] => (own, Some(*member)),
        ["inputs", name] => (given.get(*name).ok_or_else(unknown)?, None),
        ["inputs", name, member] => (given.get(*name).ok_or_else(unknown)?, Some(*member)),
        _ => return Err(unknown()),
    };
    let Given::File(path) = value else { return if member.is_none() { Ok(value.clone()) } else { Err(unknown()) } };
    let text = |part: Option<&std::ffi::OsStr>| Given::Text(part.unwrap_or_default().to_string_lossy().into_owned());
    match member {
        None | Some("path") => Ok(value.clone()),
        Some("basename") => Ok(text(path.file_name())),
        Some("nameroot") => Ok(text(path.file_stem())),
        Some(_) => Err(unknown()),
    }
}

/// The name of a file that is made: one segment, no wildcard.
fn plain_name(value: &Given, place: &str) -> Result<String, CwlError> {
    let Given::Text(name) = value else { return Err(refused(place, "is no name of a file")) };
    let name = name.strip_prefix("/out/").unwrap_or(name);
    let is_plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '*', '?', '[']);
    if is_plain {
        Ok(name.to_owned())
    } else {
        Err(refused(place, "is not one plain name: there are no folders and no wildcards"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(tool: &Value, job: &Value) -> Result<Wanted, CwlError> {
        Tool { tool, tool_folder: Path::new("/tool"), job, job_folder: Path::new("/job") }.wanted()
    }

    fn tool(members: Value) -> Value {
        let mut tool = json!({"class": "CommandLineTool", "cwlVersion": "v1.2", "baseCommand": "wc", "inputs": {}, "outputs": {"o": "stdout"}});
        for (name, value) in members.as_object().expect("members") {
            tool[name] = value.clone();
        }
        tool
    }

    #[test]
    fn bindings_make_the_command_line_of_the_standard() {
        let tool = tool(json!({
            "baseCommand": ["bwa", "mem"], "stdout": "$(inputs.reads.nameroot).sam", "label": "Align",
            "arguments": [{"valueFrom": "$(inputs.threads)", "prefix": "-t", "position": 1}, "plain"],
            "inputs": [
                {"id": "#main/reference", "type": "File", "inputBinding": {"position": 2}},
                {"id": "reads", "type": "File", "inputBinding": {"position": 3}},
                {"id": "threads", "type": "int", "default": 4},
                {"id": "lengths", "type": {"type": "array", "items": "int"}, "inputBinding": {"prefix": "-I", "itemSeparator": ","}},
                {"id": "loud", "type": "boolean", "inputBinding": {"prefix": "-v", "position": 9}},
                {"id": "quiet", "type": "boolean", "inputBinding": {"prefix": "-q"}},
                {"id": "k", "type": "int?", "inputBinding": {"prefix": "-k", "separate": false}},
                {"id": "none", "type": ["null", "string"], "inputBinding": {"prefix": "-n"}},
                {"id": "script", "type": "File", "default": {"class": "File", "location": "x.py"}},
            ],
            "outputs": {"sam": "stdout", "log": {"type": "File", "outputBinding": {"glob": "$(inputs.reads.basename).log"}}},
            "requirements": {"EnvVarRequirement": {"envDef": {"WORD": "$(inputs.threads) words"}}},
            "hints": {"DockerRequirement": {"dockerPull": "x"}},
        }));
        let job = json!({"reference": {"class": "File", "path": "chr20.fa"}, "reads": {"class": "File", "location": "file:///data/a.fastq"},
                         "lengths": [1, 2.5, 3], "loud": true, "quiet": false, "k": 5});
        let wanted = wanted(&tool, &job).expect("understood");
        let command = "bwa mem plain -k5 -I 1,2.5,3 -t 4 /job/chr20.fa /data/a.fastq -v";
        assert_eq!(wanted.command.join(" "), command);
        assert_eq!(wanted.inputs, ["/job/chr20.fa", "/data/a.fastq", "/tool/x.py"].map(PathBuf::from));
        assert_eq!((wanted.stdout, wanted.outputs), (Some("a.sam".into()), vec![PathBuf::from("a.fastq.log")]));
        assert_eq!((wanted.title.as_deref(), wanted.environment["WORD"].as_str()), (Some("Align"), "4 words"));
    }

    #[test]
    fn what_a_recipe_cannot_say_is_refused_by_its_place() {
        let file = json!({"class": "File", "path": "a"});
        let input =
            |kind: Value, binding: Value| tool(json!({"inputs": {"f": {"type": kind, "inputBinding": binding}}}));
        let cases = [
            (json!({"class": "Workflow"}), json!({}), "class"),
            (tool(json!({"stdin": "$(inputs.f.path)"})), json!({}), "stdin"),
            (tool(json!({"successCodes": [1]})), json!({}), "successCodes"),
            (tool(json!({"stderr": "x"})), json!({}), "stderr"),
            (
                tool(json!({"requirements": [{"class": "DockerRequirement"}]})),
                json!({}),
                "requirements/DockerRequirement",
            ),
            (
                tool(json!({"requirements": {"InlineJavascriptRequirement": {}}})),
                json!({}),
                "requirements/InlineJavascriptRequirement",
            ),
            (tool(json!({"arguments": ["${return 1;}"]})), json!({}), "arguments/0"),
            (tool(json!({"arguments": ["$(inputs.none)"]})), json!({}), "arguments/0"),
            (tool(json!({"arguments": ["$(open"]})), json!({}), "arguments/0"),
            (tool(json!({"outputs": {}})), json!({}), "outputs"),
            (
                tool(json!({"outputs": {"o": {"type": "File", "outputBinding": {"glob": "*.txt"}}}})),
                json!({}),
                "outputs/o",
            ),
            (
                tool(json!({"outputs": {"o": {"type": "File", "outputBinding": {"glob": "../x"}}}})),
                json!({}),
                "outputs/o",
            ),
            (tool(json!({"outputs": {"o": "Directory"}})), json!({}), "outputs/o"),
            (tool(json!({"stdout": "a/b"})), json!({}), "stdout"),
            (tool(json!({"baseCommand": []})), json!({}), "baseCommand"),
            (tool(json!({"inputs": {"f": "File"}})), json!({}), "inputs/f"),
            (tool(json!({})), json!({"x": 1}), "x"),
            (input(json!("File"), json!({})), json!({"f": {"class": "Directory", "path": "a"}}), "inputs/f"),
            (
                input(json!("File"), json!({})),
                json!({"f": {"class": "File", "location": "https://example.org/a"}}),
                "inputs/f",
            ),
            (input(json!("File"), json!({"prefix": "-f", "separate": false})), json!({"f": file}), "inputs/f"),
            (input(json!("File"), json!({"valueFrom": "x$(self.path)"})), json!({"f": file}), "inputs/f"),
            (input(json!("File"), json!({"loadContents": true})), json!({"f": file}), "inputs/f/loadContents"),
            (input(json!("File"), json!({"position": "$(1)"})), json!({"f": file}), "inputs/f/position"),
        ];
        for (tool, job, place) in cases {
            let error = wanted(&tool, &job).expect_err(place);
            assert_eq!(error.place, place, "{error}");
        }
        for nonsense in [
            json!(null),
            json!([]),
            json!("x"),
            json!({"class": "CommandLineTool"}),
            tool(json!({"inputs": 3, "outputs": 4})),
        ] {
            assert!(wanted(&nonsense, &json!([1])).is_err());
        }
    }
}
