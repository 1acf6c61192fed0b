//! Editing JSON text without touching what is not edited: numbers, key order, escapes and unknown members stay as
//! they were written. Nothing here goes through a number type.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::scan;

/// Why text could not be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    #[error("member {name:?} occurs twice in one object")]
    DuplicateMember { name: String },
    #[error("objects nest deeper than {MAX_PATCH_NESTING}")]
    TooDeep,
}

/// Deepest nesting of objects in a merge patch: no record may nest deeper, and each level takes a piece of the stack.
const MAX_PATCH_NESTING: usize = 64;

/// The members of a JSON object in their order, values as written.
#[derive(Debug, Clone, Default)]
pub struct Members(Vec<(String, Box<RawValue>)>);

struct MembersVisitor;

impl<'de> serde::de::Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = map.next_entry()? {
            members.push(entry);
        }
        Ok(Members(members))
    }
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl Members {
    /// Takes an object apart.
    ///
    /// # Errors
    /// `NotAnObject` for any other text, `DuplicateMember` when a name occurs twice.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let members: Self = serde_json::from_str(text).map_err(EditError::NotAnObject)?;
        let mut names: Vec<&str> = members.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(EditError::DuplicateMember { name: pair.concat()[..pair[0].len()].to_owned() }),
            None => Ok(members),
        }
    }

    /// The text of a member's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value.get())
    }

    /// Replaces a member in its place, or adds it at the end.
    pub fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Replaces a member by any serialisable value, or adds it at the end.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn set_value<T: serde::Serialize + ?Sized>(&mut self, name: &str, value: &T) -> serde_json::Result<()> {
        self.set(name, serde_json::value::to_raw_value(value)?);
        Ok(())
    }

    /// Puts a member first, replacing an older one.
    pub fn set_first(&mut self, name: &str, value: Box<RawValue>) {
        self.remove(name);
        self.0.insert(0, (name.to_owned(), value));
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Box<RawValue>> {
        let at = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.remove(at).1)
    }

    /// Members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.get()))
    }

    /// The object as text, without white space between members.
    pub fn to_text(&self) -> String {
        let mut text = String::from("{");
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            push_string(&mut text, name);
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        text
    }
}

/// The members of a JSON object in their order, names and values borrowed from the text.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Fields<'a> {
    /// Takes an object apart, after checking that the whole text is valid. A name that occurs twice is kept twice; the
    /// first is found.
    ///
    /// # Errors
    /// The JSON error, for any other text.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        let _: IsObject = serde_json::from_str(text)?;
        Ok(Self::of_valid(text).unwrap_or_default())
    }

    /// Takes an object apart that is part of valid JSON text; `None` for any other value.
    pub fn of_valid(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches([' ', '\n', '\r', '\t']);
        let name = |name: &'a str| if name.contains('\\') { unescape(name) } else { Cow::Borrowed(name) };
        text.starts_with('{').then(|| Self(scan::members(text).map(|(raw, value)| (name(raw), value)).collect()))
    }

    /// The text of a member's value.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| *value)
    }

    /// The content of a member that is a string.
    pub fn string(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(read_string)
    }

    /// Members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the object is `{}`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Any object; what is in it is read and forgotten.
struct IsObject;

struct IsObjectVisitor;

impl<'de> serde::de::Visitor<'de> for IsObjectVisitor {
    type Value = IsObject;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<IsObject, A::Error> {
        use serde::de::IgnoredAny;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(IsObject)
    }
}

impl<'de> serde::Deserialize<'de> for IsObject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(IsObjectVisitor)
    }
}

fn unescape(inner: &str) -> Cow<'_, str> {
    Cow::Owned(serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.to_owned()))
}

/// The content of JSON text that is a string.
pub fn read_string(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(text).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// The texts of the elements of an array that is part of valid JSON text; `None` for any other value.
pub fn elements(text: &str) -> Option<Vec<&str>> {
    text.starts_with('[').then(|| scan::elements(text).collect())
}

/// Appends a JSON string with its quotes.
pub fn push_string(text: &mut String, value: &str) {
    // Without a way out of the loop it is done for many bytes at once.
    let has_special = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    if value.bytes().fold(0, |found, byte| found | has_special(byte)) != 0 {
        text.push_str(&serde_json::Value::from(value).to_string());
        return;
    }
    text.push('"');
    text.push_str(value);
    text.push('"');
}

/// Removes white space between tokens; strings and numbers stay byte for byte. The text must be valid JSON.
pub fn compact(text: &str) -> String {
    let mut compacted = Vec::with_capacity(text.len());
    let (mut inside_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        if inside_string {
            compacted.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => inside_string = false,
                _ => {}
            }
        } else if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            inside_string = byte == b'"';
            compacted.push(byte);
        }
    }
    // Only ASCII bytes were left out, so the text is still UTF-8.
    String::from_utf8(compacted).unwrap_or_else(|_| text.to_owned())
}

/// JSON Merge Patch (RFC 7396) on text: members that the patch does not name keep their bytes and their place.
///
/// # Errors
/// `NotAnObject` or `DuplicateMember` when the target or a nested patch object is not editable.
pub fn merge_patch(target: Option<&str>, patch: &str) -> Result<String, EditError> {
    merge(target, patch, MAX_PATCH_NESTING)
}

fn merge(target: Option<&str>, patch: &str, levels: usize) -> Result<String, EditError> {
    if !patch.trim_start().starts_with('{') {
        return Ok(compact(patch));
    }
    let levels = levels.checked_sub(1).ok_or(EditError::TooDeep)?;
    let patch = Members::parse(patch)?;
    let mut merged = match target {
        Some(target) if target.trim_start().starts_with('{') => Members::parse(target)?,
        _ => Members::default(),
    };
    for (name, value) in patch.iter() {
        if value == "null" {
            merged.remove(name);
            continue;
        }
        let text = merge(merged.get(name), value, levels)?;
        merged.set(name, RawValue::from_string(text).map_err(EditError::NotAnObject)?);
    }
    Ok(merged.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_patch_keeps_numbers_and_order_of_what_it_does_not_name() {
        let cases = [
            (
                r#"{"a":1.10,"b":{"c":1e400,"d":2}}"#,
                r#"{"b":{"d":null,"e":3.0}}"#,
                r#"{"a":1.10,"b":{"c":1e400,"e":3.0}}"#,
            ),
            (r#"{"a":"b"}"#, r#"{"a":["c"]}"#, r#"{"a":["c"]}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":{"x":null,"y":1}}"#, r#"{"a":{"y":1}}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (r#"{"a":"b"}"#, "[1]", "[1]"),
        ];
        for (target, patch, expected) in cases {
            assert_eq!(merge_patch(Some(target), patch).expect("editable"), expected);
        }
    }

    #[test]
    fn a_merge_patch_of_ten_thousand_levels_is_refused() {
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(merge_patch(Some("{}"), &nested(MAX_PATCH_NESTING)).is_ok());
        for levels in [MAX_PATCH_NESTING + 1, 10_000] {
            assert!(matches!(merge_patch(Some("{}"), &nested(levels)), Err(EditError::TooDeep)));
        }
    }

    #[test]
    fn borrowed_members_keep_values_as_written_and_read_escaped_names() {
        let fields = Fields::parse(r#"{"a": 1.10, "b\u0063" :"x\ny", "d":[1e400,2]}"#).expect("object");
        assert_eq!((fields.get("a"), fields.string("bc").as_deref()), (Some("1.10"), Some("x\ny")));
        assert_eq!(fields.get("d").and_then(elements), Some(vec!["1e400", "2"]));
        assert_eq!(fields.string("a"), None);
        let mut text = String::new();
        push_string(&mut text, "a\"\n\\é");
        assert_eq!(read_string(&text).as_deref(), Some("a\"\n\\é"));
    }

    #[test]
    fn compacting_leaves_strings_and_numbers_alone() {
        assert_eq!(compact("{ \"a b\" : [ 1.0e+5 , \"\\\" x\\n\" ] }\r\n"), "{\"a b\":[1.0e+5,\"\\\" x\\n\"]}");
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused() {
        assert!(
            matches!(Members::parse(r#"{"a":1,"b":2,"a":3}"#), Err(EditError::DuplicateMember { name }) if name == "a")
        );
    }
}
