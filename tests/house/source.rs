//! Reads Rust files and masks what is not code: comments, string contents and test-only items. A lexer, no parser.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A broken rule and where.
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub rule: &'static str,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.text)
    }
}

/// One file with three views of the same lines.
pub struct SourceFile {
    /// Relative to the project root, with `/`.
    pub path: String,
    /// As written.
    pub raw: Vec<String>,
    /// Comments and the insides of strings and characters blanked.
    pub code: Vec<String>,
    /// `code` with `#[cfg(test)]` items blanked too.
    pub production: Vec<String>,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        let code = mask(text);
        let is_test_file = path.ends_with("/tests.rs") || path.contains("/tests/");
        let production = if is_test_file { blank(&code, 0, code.len()) } else { without_test_items(&code) };
        let lines = |text: &str| text.split('\n').map(str::to_owned).collect();
        Self { path: path.to_owned(), raw: lines(text), code: lines(&code), production: lines(&production) }
    }

    /// A finding at a line counted from zero.
    pub fn finding(&self, index: usize, rule: &'static str, text: String) -> Finding {
        Finding { path: self.path.clone(), line: index + 1, rule, text }
    }

    /// Whether the line, or the comment lines directly above it, hold the remark `// <word>: reason`.
    pub fn is_excused(&self, index: usize, word: &str) -> bool {
        let marker = format!("// {word}: ");
        if self.raw[index].contains(&marker) {
            return true;
        }
        let above = self.raw[..index].iter().rev();
        above.take_while(|line| line.trim_start().starts_with("//")).any(|line| line.contains(&marker))
    }

    /// Module path below the crate: `src/archive/disk.rs` is `[archive, disk]`, `src/archive/mod.rs` is `[archive]`.
    pub fn module(&self) -> Vec<&str> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<&str> = inside.split('/').collect();
        if matches!(parts.last(), Some(&"mod" | &"lib" | &"main")) {
            parts.pop();
        }
        parts
    }
}

/// The project root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of `src`, sorted by path.
pub fn read_sources() -> Vec<SourceFile> {
    read_folder("src")
}

/// Every Rust file of `src` and `tests`, sorted by path.
pub fn read_tests() -> Vec<SourceFile> {
    let mut files = read_folder("src");
    files.extend(read_folder("tests"));
    files
}

fn read_folder(name: &str) -> Vec<SourceFile> {
    let base = root();
    let mut paths = files_below(&base.join(name), "rs");
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        SourceFile::new(&relative(path), &text)
    };
    paths.iter().map(read).collect()
}

/// The path below the project root, with `/`.
pub fn relative(path: &Path) -> String {
    let base = root();
    let inside = path.strip_prefix(&base).unwrap_or(path);
    inside.to_string_lossy().replace('\\', "/")
}

/// Files with an extension, in a folder and all below it.
pub fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|given| given == extension) {
            found.push(path);
        }
    }
    found
}

/// Byte positions `[from, to)` made blank, line ends kept.
fn blank(text: &str, from: usize, to: usize) -> String {
    let keep = |(index, byte): (usize, u8)| if index >= from && index < to && byte != b'\n' { b' ' } else { byte };
    let bytes: Vec<u8> = text.bytes().enumerate().map(keep).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Blanks comments and the contents of literals; positions and lines stay.
pub fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut masked = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => block_comment_end(bytes, at),
            b'"' => string_end(bytes, at),
            b'r' if !follows_name(bytes, at) => raw_string_end(bytes, at).unwrap_or(at),
            b'b' if !follows_name(bytes, at) && bytes.get(at + 1) == Some(&b'r') => {
                raw_string_end(bytes, at + 1).unwrap_or(at)
            }
            b'\'' => character_end(bytes, at).unwrap_or(at),
            _ => at,
        };
        for byte in &mut masked[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    // Identifiers are ASCII here; what is not becomes a blank, so that positions are bytes and characters alike.
    masked.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'_');
    String::from_utf8_lossy(&masked).into_owned()
}

/// Whether a name goes on at this position: `br"…"` starts a literal, `number"` does not.
fn follows_name(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |offset| at + offset)
}

fn block_comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut index) = (0_usize, at);
    while index + 1 < bytes.len() {
        match &bytes[index..index + 2] {
            b"/*" => (depth, index) = (depth + 1, index + 2),
            b"*/" => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            return index;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut index = at + 1;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' => index += 2,
            b'"' => return index + 1,
            _ => index += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`; `None` when the `r` starts something else, such as `r#type`.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return None;
    }
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = at + 2 + hashes;
    let offset = bytes[body..].windows(closing.len()).position(|window| window == closing.as_slice());
    Some(offset.map_or(bytes.len(), |offset| body + offset + closing.len()))
}

/// `'x'`, `'\n'`, `'\u{1F600}'`; `None` for a lifetime.
fn character_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        let offset = bytes.get(at + 3..)?.iter().position(|byte| *byte == b'\'')?;
        return Some(at + 3 + offset + 1);
    }
    let width = match bytes.get(at + 1)? {
        first if *first < 0x80 => 1,
        first if *first < 0xE0 => 2,
        first if *first < 0xF0 => 3,
        _ => 4,
    };
    (bytes.get(at + 1 + width) == Some(&b'\'')).then_some(at + width + 2)
}

/// Blanks every item behind `#[cfg(test)]` (or `all(test, …)`), attributes and nested braces included.
fn without_test_items(code: &str) -> String {
    let mut remaining = code.to_owned();
    for marker in ["#[cfg(test)]", "#[cfg(all(test"] {
        while let Some(start) = remaining.find(marker) {
            let end = item_end(remaining.as_bytes(), start);
            remaining = blank(&remaining, start, end);
        }
    }
    remaining
}

/// End of the item that starts here: its closing brace, or a `;` outside all brackets.
fn item_end(bytes: &[u8], start: usize) -> usize {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, byte) in bytes[start..].iter().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return start + offset + 1;
                }
            }
            b';' if braces == 0 && brackets == 0 => return start + offset + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// Positions in `line` where `word` stands as a whole name.
pub fn names(line: &str, word: &str) -> Vec<usize> {
    let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = line.as_bytes();
    let starts = line.match_indices(word).map(|(at, _)| at);
    starts
        .filter(|at| !is_name(at.checked_sub(1).and_then(|before| bytes.get(before))))
        .filter(|at| !is_name(bytes.get(at + word.len())))
        .collect()
}

#[test]
fn comments_strings_and_test_items_are_masked() {
    let text = "//! sled::x\nfn a() { b(\"zstd::y \\\" {\", 'c', '\\'', r#\"geo::\"#); } /* sled:: /* */ */ use tantivy::Z;\n\
                #[cfg(test)]\nmod tests {\n    fn c() { d.unwrap() }\n}\nfn e<'a>(x: &'a str) {}\n";
    let file = SourceFile::new("src/room/file.rs", text);
    assert_eq!(file.code.len(), file.raw.len());
    let code = file.code.join("\n");
    assert!(!code.contains("sled") && !code.contains("zstd") && !code.contains("geo"), "{code}");
    assert!(code.contains("use tantivy::Z") && code.contains("unwrap") && code.contains("&'a str"), "{code}");
    let production = file.production.join("\n");
    assert!(!production.contains("unwrap") && production.contains("fn e<'a>"), "{production}");
}
