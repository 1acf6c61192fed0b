//! One inventory: its shape, its blocks, its paths. Looks at no other file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::ObjectReport;
use super::versions;
use crate::codec::Algorithm;

pub const NAME: &str = "inventory.json";

/// An inventory as far as it could be understood.
#[derive(Debug)]
pub struct Inventory {
    bytes: Vec<u8>,
    pub id: Option<String>,
    kind: Option<String>,
    pub algorithm: Algorithm,
    pub head: Option<String>,
    pub content_directory: String,
    /// Digest as written → content paths.
    pub manifest: BTreeMap<String, Vec<String>>,
    pub versions: BTreeMap<String, Version>,
    /// Algorithm as written → digest as written → content paths.
    pub fixity: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// One version in an inventory.
#[derive(Debug, Default)]
pub struct Version {
    /// Logical path → digest as written.
    pub state: BTreeMap<String, String>,
    /// `created`, `message` and `user`, for comparison (W011).
    pub metadata: Vec<Option<Value>>,
}

/// Collects problems of one inventory under its path.
struct Checks<'a> {
    path: &'a Path,
    report: &'a mut ObjectReport,
}

impl Checks<'_> {
    fn add(&mut self, code: &'static str, what: impl Into<String>) {
        self.report.add(code, self.path.join(NAME), what);
    }
}

impl Inventory {
    /// Reads an inventory and checks it by itself; `None` when it is no JSON object.
    pub fn parse(bytes: Vec<u8>, within: &Path, report: &mut ObjectReport) -> Option<Self> {
        let mut checks = Checks { path: within, report };
        let members = match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(members)) => members,
            Ok(_) => {
                checks.add("E034", "the inventory is no JSON object");
                return None;
            }
            Err(error) => {
                checks.add("E034", format!("the inventory is no JSON: {error}"));
                return None;
            }
        };
        let algorithm = algorithm(&members, &mut checks);
        let mut inventory = Self {
            bytes,
            id: text(&members, "id", &mut checks),
            kind: text(&members, "type", &mut checks),
            algorithm,
            head: text(&members, "head", &mut checks),
            content_directory: content_directory(&members, &mut checks),
            manifest: BTreeMap::new(),
            versions: BTreeMap::new(),
            fixity: BTreeMap::new(),
        };
        inventory.check_type(&mut checks);
        match members.get("manifest") {
            Some(Value::Object(block)) => inventory.manifest = digest_block(block, BlockCodes::MANIFEST, &mut checks),
            _ => checks.add("E041", "`manifest` is missing or no object"),
        }
        match members.get("versions") {
            Some(Value::Object(block)) => inventory.read_versions(block, &mut checks),
            _ => checks.add("E043", "`versions` is missing or no object"),
        }
        inventory.read_fixity(members.get("fixity"), &mut checks);
        inventory.check_use_of_manifest(&mut checks);
        Some(inventory)
    }

    /// The version of the specification that `type` names.
    pub fn specification(&self) -> Option<&str> {
        self.kind.as_deref()?.strip_prefix("https://ocfl.io/")?.strip_suffix("/spec/#inventory")
    }

    pub fn sidecar_name(&self) -> String {
        format!("{NAME}.{}", self.algorithm.name())
    }

    /// Digest of the inventory file itself.
    pub fn own_digest(&self) -> String {
        let mut hasher = self.algorithm.hasher();
        hasher.update(&self.bytes);
        hasher.finish()
    }

    /// The file as it was read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Content path → digest as written.
    pub fn content(&self) -> BTreeMap<&str, &str> {
        self.manifest
            .iter()
            .flat_map(|(digest, paths)| paths.iter().map(move |path| (path.as_str(), digest.as_str())))
            .collect()
    }

    fn check_type(&self, checks: &mut Checks<'_>) {
        if self.kind.is_some() && !matches!(self.specification(), Some("1.0" | "1.1")) {
            checks.add("E038", "`type` is that of no OCFL version known here");
        }
        if self.id.as_deref().is_some_and(|id| !is_uri(id)) {
            checks.add("W005", "`id` should be a URI");
        }
    }

    fn read_versions(&mut self, block: &Map<String, Value>, checks: &mut Checks<'_>) {
        versions::check_numbers(block.keys(), self.head.as_deref(), &mut |code, what| checks.add(code, what));
        for (name, version) in block {
            let Value::Object(members) = version else {
                checks.add("E047", format!("version {name} is no object"));
                continue;
            };
            let version = self.read_version(name, members, checks);
            self.versions.insert(name.clone(), version);
        }
    }

    fn read_version(&self, name: &str, members: &Map<String, Value>, checks: &mut Checks<'_>) -> Version {
        match members.get("created") {
            None => checks.add("E048", format!("{name} has no `created`")),
            Some(Value::String(created)) if is_date_time(created) => {}
            Some(_) => {
                checks.add("E049", format!("`created` of {name} is no RFC 3339 date-time with seconds and zone"))
            }
        }
        match members.get("message") {
            None => checks.add("W007", format!("{name} has no `message`")),
            Some(Value::String(_)) => {}
            Some(_) => checks.add("E094", format!("`message` of {name} is no string")),
        }
        check_user(name, members.get("user"), checks);
        let state = match members.get("state") {
            None => {
                checks.add("E048", format!("{name} has no `state`"));
                BTreeMap::new()
            }
            Some(Value::Object(block)) => self.read_state(name, block, checks),
            Some(_) => {
                checks.add("E050", format!("`state` of {name} is no object"));
                BTreeMap::new()
            }
        };
        let metadata = ["created", "message", "user"].map(|member| members.get(member).cloned()).to_vec();
        Version { state, metadata }
    }

    fn read_state(&self, name: &str, block: &Map<String, Value>, checks: &mut Checks<'_>) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        for (digest, paths) in digest_block(block, BlockCodes::STATE, checks) {
            if !self.manifest.contains_key(&digest) {
                checks.add("E050", format!("{name} has a digest that the manifest does not hold: {digest}"));
            }
            for path in paths {
                if state.insert(path.clone(), digest.clone()).is_some() {
                    checks.add("E095", format!("{name} has the logical path {path:?} twice"));
                }
            }
        }
        for conflict in conflicts(state.keys()) {
            checks.add("E095", format!("in {name}, {conflict:?} is a file and a directory"));
        }
        state
    }

    fn read_fixity(&mut self, block: Option<&Value>, checks: &mut Checks<'_>) {
        let block = match block {
            None => return,
            Some(Value::Object(block)) => block,
            Some(_) => return checks.add("E111", "`fixity` is no object"),
        };
        for (algorithm, digests) in block {
            match digests {
                Value::Object(digests) => {
                    let digests = digest_block(digests, BlockCodes::FIXITY, checks);
                    self.fixity.insert(algorithm.clone(), digests);
                }
                _ => checks.add("E057", format!("`fixity` of {algorithm} is no object")),
            }
        }
    }

    fn check_use_of_manifest(&self, checks: &mut Checks<'_>) {
        let used: BTreeSet<&String> = self.versions.values().flat_map(|version| version.state.values()).collect();
        let fold = |digest: &str| digest.to_ascii_lowercase();
        let used: BTreeSet<String> = used.into_iter().map(|digest| fold(digest)).collect();
        for digest in self.manifest.keys().filter(|digest| !used.contains(&fold(digest))) {
            checks.add("E107", format!("no version uses the content with the digest {digest}"));
        }
        let paths: Vec<&String> = self.manifest.values().flatten().collect();
        for conflict in conflicts(paths) {
            checks.add("E101", format!("the content path {conflict:?} is a file and a directory"));
        }
    }
}

fn text(members: &Map<String, Value>, name: &str, checks: &mut Checks<'_>) -> Option<String> {
    match members.get(name) {
        Some(Value::String(text)) if !text.is_empty() => return Some(text.clone()),
        Some(Value::String(_)) if name == "id" => checks.add("E037", "`id` is empty"),
        Some(_) if name == "head" => checks.add("E040", "`head` is no string"),
        Some(_) if name == "id" => checks.add("E037", "`id` is no string"),
        Some(_) if name == "type" => checks.add("E038", "`type` is no string"),
        _ => checks.add("E036", format!("`{name}` is missing")),
    }
    None
}

fn algorithm(members: &Map<String, Value>, checks: &mut Checks<'_>) -> Algorithm {
    match text(members, "digestAlgorithm", checks).as_deref() {
        Some("sha512") => Algorithm::Sha512,
        Some("sha256") => {
            checks.add("W004", "`digestAlgorithm` should be sha512");
            Algorithm::Sha256
        }
        Some(_) => {
            checks.add("E025", "`digestAlgorithm` is neither sha512 nor sha256");
            Algorithm::Sha512
        }
        None => Algorithm::Sha512,
    }
}

fn content_directory(members: &Map<String, Value>, checks: &mut Checks<'_>) -> String {
    match members.get("contentDirectory") {
        None => {}
        Some(Value::String(name)) if matches!(name.as_str(), "." | "..") => {
            checks.add("E018", "`contentDirectory` is `.` or `..`");
        }
        Some(Value::String(name)) if name.contains('/') || name.is_empty() => {
            checks.add("E017", "`contentDirectory` contains `/`");
        }
        Some(Value::String(name)) => return name.clone(),
        Some(_) => checks.add("E017", "`contentDirectory` is no string"),
    }
    "content".into()
}

fn check_user(name: &str, user: Option<&Value>, checks: &mut Checks<'_>) {
    let user = match user {
        None => return checks.add("W007", format!("{name} has no `user`")),
        Some(Value::Object(user)) => user,
        Some(_) => return checks.add("E054", format!("`user` of {name} is no object")),
    };
    if !matches!(user.get("name"), Some(Value::String(user)) if !user.is_empty()) {
        checks.add("E054", format!("`user` of {name} has no `name`"));
    }
    match user.get("address") {
        None => checks.add("W008", format!("`user` of {name} has no `address`")),
        Some(Value::String(address)) if is_uri(address) => {}
        Some(_) => checks.add("W009", format!("the `address` of the `user` of {name} should be a URI")),
    }
}

/// Codes for what can be wrong in a block of digests and paths.
struct BlockCodes {
    shape: &'static str,
    duplicate_digest: &'static str,
    bad_segment: &'static str,
    bad_slash: &'static str,
    duplicate_path: &'static str,
}

impl BlockCodes {
    const MANIFEST: Self = Self {
        shape: "E106",
        duplicate_digest: "E096",
        bad_segment: "E099",
        bad_slash: "E100",
        duplicate_path: "E101",
    };
    const STATE: Self = Self {
        shape: "E051",
        duplicate_digest: "E050",
        bad_segment: "E052",
        bad_slash: "E053",
        duplicate_path: "E095",
    };
    const FIXITY: Self = Self {
        shape: "E057",
        duplicate_digest: "E097",
        bad_segment: "E099",
        bad_slash: "E100",
        duplicate_path: "E101",
    };
}

/// Reads a block of digests and paths.
fn digest_block(
    block: &Map<String, Value>,
    codes: BlockCodes,
    checks: &mut Checks<'_>,
) -> BTreeMap<String, Vec<String>> {
    let mut read = BTreeMap::new();
    let (mut digests, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for (digest, paths) in block {
        if !digests.insert(digest.to_ascii_lowercase()) {
            checks.add(codes.duplicate_digest, format!("the digest {digest} occurs twice"));
        }
        let texts = paths.as_array().map(|paths| paths.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        let Some(Some(texts)) = texts else {
            checks.add(codes.shape, format!("the digest {digest} has no list of paths"));
            continue;
        };
        for path in &texts {
            if path.starts_with('/') || path.ends_with('/') {
                checks.add(codes.bad_slash, format!("the path {path:?} begins or ends with a slash"));
            } else if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
                checks.add(codes.bad_segment, format!("the path {path:?} has an empty or a dot segment"));
            }
            if !seen.insert((*path).to_owned()) {
                checks.add(codes.duplicate_path, format!("the path {path:?} occurs twice"));
            }
        }
        read.insert(digest.clone(), texts.into_iter().map(str::to_owned).collect());
    }
    read
}

/// Paths that are also directories of other paths.
fn conflicts<'a>(paths: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    let paths: BTreeSet<&str> = paths.into_iter().map(String::as_str).collect();
    let directories = paths.iter().flat_map(|path| path.match_indices('/').filter_map(|(at, _)| path.get(..at)));
    directories.filter(|directory| paths.contains(directory)).map(str::to_owned).collect()
}

/// RFC 3986: a scheme and a colon.
fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|part| part.is_ascii_alphanumeric() || matches!(part, '+' | '-' | '.'))
    };
    text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
}

/// RFC 3339 with seconds and zone.
fn is_date_time(text: &str) -> bool {
    let has_seconds = text.get(..19).is_some_and(|start| start.matches(':').count() == 2);
    has_seconds && crate::model::Instant::parse(text).is_ok()
}
