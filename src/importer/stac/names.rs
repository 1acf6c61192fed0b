//! Missions, platforms, instruments, keywords and levels: labels as their producers write them.

use std::borrow::Cow;

use super::{Draft, Fields, json};

/// Labels without repetition; spellings that differ in case alone count as one.
pub(super) struct Names<'a>(Vec<Cow<'a, str>>);

impl<'a> Names<'a> {
    /// The strings of some members, each a string or an array of them.
    pub(super) fn of(fields: &Fields<'a>, members: &[&str]) -> Self {
        let mut names = Self(Vec::new());
        names.add(fields, members);
        names
    }

    pub(super) fn add(&mut self, fields: &Fields<'a>, members: &[&str]) {
        for written in members.iter().filter_map(|member| fields.get(member)) {
            strings(written).into_iter().for_each(|name| self.push(name));
        }
    }

    fn push(&mut self, name: Cow<'a, str>) {
        let same = |known: &Cow<'a, str>| known.eq_ignore_ascii_case(&name);
        if !name.trim().is_empty() && !self.0.iter().any(same) {
            self.0.push(name);
        }
    }

    pub(super) fn first(&self) -> Option<&str> {
        self.0.first().map(AsRef::as_ref)
    }

    pub(super) fn write(&self, member: &str, draft: &mut Draft) {
        let mut names = Draft::array();
        for name in &self.0 {
            let mut label = Draft::object();
            label.string("label", name);
            names.element(&label.finish());
        }
        draft.part(member, names);
    }
}

/// A string, or the strings of an array.
fn strings(written: &str) -> Vec<Cow<'_, str>> {
    match json::read_string(written) {
        Some(text) => vec![text],
        None => json::elements(written).unwrap_or_default().into_iter().filter_map(json::read_string).collect(),
    }
}

/// Whether an array holds strings with something in them, and nothing else.
pub(super) fn all_strings(written: &str) -> bool {
    let text = |element: &str| json::read_string(element).is_some_and(|text| !text.is_empty());
    json::elements(written).is_some_and(|elements| !elements.is_empty() && elements.into_iter().all(text))
}

/// The first member that is a string with something in it.
pub(super) fn first_string<'a>(fields: &Fields<'a>, members: &[&str]) -> Option<Cow<'a, str>> {
    members.iter().filter_map(|member| fields.string(member)).find(|text| !text.trim().is_empty())
}

/// `keywords`, and the concepts of `themes` with their scheme.
pub(super) fn keywords(keywords: Option<&str>, themes: Option<&str>, draft: &mut Draft) {
    let mut list = Draft::array();
    for path in keywords.map(strings).unwrap_or_default().iter().filter(|path| !path.is_empty()) {
        let mut keyword = Draft::object();
        keyword.string("path", path);
        list.element(&keyword.finish());
    }
    for theme in themes.and_then(json::elements).unwrap_or_default() {
        let Some(theme) = Fields::of_valid(theme) else { continue };
        for concept in theme.get("concepts").and_then(json::elements).unwrap_or_default() {
            let id = Fields::of_valid(concept).and_then(|concept| concept.string("id"));
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                let mut keyword = Draft::object();
                keyword.optional("scheme", theme.string("scheme"));
                keyword.string("path", &id);
                list.element(&keyword.finish());
            }
        }
    }
    draft.part("keywords", list);
}

/// `L2A`, `Level-2A`, `2a`, `L2SP` → `L2A`, `L2A`, `L2A`, `L2`; nothing for what does not begin like that.
pub(super) fn normalised_level(written: &str) -> Option<String> {
    let upper = written.trim().to_ascii_uppercase();
    let rest = upper.strip_prefix("LEVEL").or_else(|| upper.strip_prefix('L')).unwrap_or(&upper);
    let rest = rest.trim_start_matches([' ', '-', '_']);
    let mut characters = rest.chars();
    let digit = characters.next().filter(|digit| ('0'..='4').contains(digit))?;
    let letter = match (characters.next(), characters.next()) {
        (None, _) => None,
        (Some(letter @ 'A'..='D'), None) => Some(letter),
        // Another digit would make it a number, not a level.
        (Some(other), _) if other.is_ascii_alphabetic() && rest.len() < upper.len() => None,
        _ => return None,
    };
    Some(letter.map_or_else(|| format!("L{digit}"), |letter| format!("L{digit}{letter}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_normalised_when_they_begin_like_one() {
        let cases = [
            ("L2A", Some("L2A")),
            ("Level-2A", Some("L2A")),
            ("level 1c", Some("L1C")),
            ("2", Some("L2")),
            ("L1TP", Some("L1")),
            ("L2SP", Some("L2")),
            ("L3", Some("L3")),
            ("LV1B", None),
            ("20", None),
            ("raw", None),
            ("", None),
        ];
        for (written, expected) in cases {
            assert_eq!(normalised_level(written).as_deref(), expected, "{written}");
        }
    }
}
