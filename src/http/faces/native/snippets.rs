//! `snippets=true`: why each record of a page was found, as texts and places within them. Marks nothing itself: how marks
//! look is for the client.

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::{Error, Results, snippets};
use crate::http::parameters::Parameters;
use crate::model::{Query, Snippet, TextQuery};

/// A part of a record in which words of the question stand.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnippetBody {
    /// `title` or `description`.
    pub member: String,
    pub text: String,
    /// First character of each word and the one behind it, counted in Unicode code points from 0.
    pub marks: Vec<[usize; 2]>,
    /// Whether more of the member stands before or behind.
    pub cut: bool,
}

impl From<Snippet> for SnippetBody {
    fn from(snippet: Snippet) -> Self {
        let characters = |to: usize| snippet.text.get(..to).map_or(0, |text| text.chars().count());
        let marks = snippet.marks.iter().map(|mark| [characters(mark.start), characters(mark.end)]).collect();
        Self { marks, member: snippet.member, text: snippet.text, cut: snippet.is_cut }
    }
}

/// Takes the parameter.
///
/// # Errors
/// 400 for anything but `true` and `false`.
pub fn wanted(parameters: &mut Parameters) -> Result<bool, Error> {
    match parameters.one("snippets")?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::parameter("snippets", "must be true or false")),
    }
}

/// The words to show.
///
/// # Errors
/// 400 when there are none, or the answer has no place for them.
pub fn words(query: &Query, is_wanted: bool, is_file: bool) -> Result<Option<TextQuery>, Error> {
    match query.wanted_text() {
        _ if !is_wanted => Ok(None),
        _ if is_file => Err(Error::parameter("snippets", "are given with json, not in a file")),
        Some(text) => Ok(Some(text.clone())),
        None => Err(Error::parameter("snippets", "show where the words of q stand, and there is no q")),
    }
}

/// A list for each record of the page, in their order.
///
/// # Errors
/// As the search.
pub fn of(results: &Results, words: &TextQuery) -> Result<String, Error> {
    let mut lists = Vec::with_capacity(results.found.len());
    for found in &results.found {
        let shown: Vec<SnippetBody> = snippets(&found.record, words)?.into_iter().map(SnippetBody::from).collect();
        lists.push(shown);
    }
    serde_json::to_string(&lists).map_err(Error::internal("writing snippets"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_count_characters() {
        let snippet =
            Snippet { member: "title".into(), text: "Müß ice".into(), marks: vec![0..5, 6..9], is_cut: false };
        assert_eq!(SnippetBody::from(snippet).marks, [[0, 3], [4, 7]]);
    }
}
