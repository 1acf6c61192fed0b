//! Why a record was found: the parts of its title and description in which the words of a question stand.

use super::Error;
use super::search::search_error;
use crate::index::text::Highlighter;
use crate::model::{Entity, Snippet, TextQuery};

/// About how long a snippet of a description is, bytes; a title is shown as a whole.
const LENGTH: usize = 220;
/// Longest title that is shown as a whole.
const TITLE: usize = 1_000;

/// Snippets of a record's members, best known first. A record without any of the words there has none.
///
/// # Errors
/// `BadParameter` as the search itself.
pub fn snippets(record: &[u8], query: &TextQuery) -> Result<Vec<Snippet>, Error> {
    let mut highlighter = Highlighter::new(query).map_err(search_error)?;
    let Ok(entity) = Entity::view(record) else { return Ok(Vec::new()) };
    let members = [("title", &entity.title, TITLE), ("description", &entity.description, LENGTH)];
    let shown = members.into_iter().filter_map(|(member, text, length)| {
        let snippet = highlighter.snippet(text.as_deref()?, length)?;
        Some(Snippet { member: member.to_owned(), ..snippet })
    });
    Ok(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_with_the_words_are_shown() {
        let record = br#"{"kind":"collection","id":"c","title":"Sea Ice <b>","description":"Snow on the sea."}"#;
        let found = |text: &str| {
            let snippets = snippets(record, &TextQuery::from(text)).expect("has words");
            snippets.into_iter().map(|snippet| (snippet.member, snippet.marks.len())).collect::<Vec<_>>()
        };
        let member = |name: &str, marks: usize| (name.to_owned(), marks);
        assert_eq!(found("sea ice"), [member("title", 2), member("description", 1)]);
        assert_eq!(found("snow"), [member("description", 1)]);
        assert_eq!(found("fog"), []);
        assert!(snippets(record, &TextQuery::from("***")).is_err());
    }
}
