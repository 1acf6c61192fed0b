//! Missions, platforms, instruments and keywords as items and collections list them.

use std::borrow::Cow;

use super::{Draft, Fields, json};
use crate::importer::shared::names::{Names as Tables, Role};
use crate::importer::shared::record::Labels;

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

    /// Writes `missions`, `platforms`, `instruments` and `targets`, with the labels that the tables know. A list in one
    /// string may name several, of more roles than one.
    pub(super) fn write_all(lists: [(Role, Self); 4], tables: &Tables, draft: &mut Draft) {
        let mut labels: [Labels; 4] = Default::default();
        for (role, names) in &lists {
            for name in &names.0 {
                for named in tables.named(*role, name.trim()) {
                    if let Some(list) = labels.get_mut(named.role as usize) {
                        list.push(name, named.concept);
                    }
                }
            }
        }
        for (member, list) in ["missions", "platforms", "instruments", "targets"].into_iter().zip(&labels) {
            draft.part(member, list.draft());
        }
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
