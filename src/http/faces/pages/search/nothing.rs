//! When nothing is found: which condition to drop and what that would give, and where else the words are found.

use maud::{Markup, html};

use super::asked::{Asked, Group};
use super::form::conditions;
use crate::catalogue::{Catalogue, Error};
use crate::http::faces::pages::words;

/// Most conditions that are tried.
const MOST_TRIES: usize = 10;

/// A search nearby that finds something.
pub struct Way {
    /// What is different.
    pub text: String,
    pub href: String,
    pub count: u64,
}

/// Searches nearby, those that find something.
///
/// # Errors
/// What the searches answer.
pub fn ways(catalogue: &Catalogue, asked: &Asked) -> Result<Vec<Way>, Error> {
    let mut tries: Vec<(String, Asked)> = Vec::new();
    for (name, value, without) in conditions(asked) {
        tries.push((format!("without {} {}", name.to_lowercase(), words::shortened(&value, 60)), without));
    }
    let named = conditions(asked).len();
    if !asked.text.is_empty() && named > 0 {
        tries.push((
            format!("without the words “{}”", words::shortened(&asked.text, 60)),
            Asked { text: String::new(), ..asked.first_page() },
        ));
    }
    if named > 1 {
        let plain = Asked { text: asked.text.clone(), group: asked.group, ..Asked::default() };
        tries.push(("without any condition but the words".to_owned(), plain));
    }
    for group in Group::ALL.into_iter().filter(|group| *group != asked.group) {
        tries.push((format!("among {}", group.title().to_lowercase()), Asked { group, ..asked.first_page() }));
    }
    tries.extend(single_words(asked));
    let mut ways = Vec::new();
    for (text, other) in tries.into_iter().take(MOST_TRIES) {
        let count = super::count(catalogue, &other)?.unwrap_or_default();
        if count > 0 {
            ways.push(Way { text, href: other.href(), count });
        }
    }
    Ok(ways)
}

/// Each word alone, when there are several and no syntax between them.
fn single_words(asked: &Asked) -> Vec<(String, Asked)> {
    let parts: Vec<&str> = asked.text.split_whitespace().collect();
    let is_plain = asked.text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "-_.".contains(c));
    if !is_plain || !(2..=6).contains(&parts.len()) {
        return Vec::new();
    }
    let only = |word: &&str| (format!("only “{word}”"), Asked { text: (*word).to_owned(), ..asked.first_page() });
    parts.iter().map(only).collect()
}

/// What to do.
pub fn advice(asked: &Asked, ways: &[Way]) -> Markup {
    html! {
        div.nothing {
            @if ways.is_empty() {
                p { "Nothing in this archive fits. Check the spelling, use fewer words, or an identifier as its producer writes it." }
            } @else {
                p { "These searches find something:" }
                ul.near {
                    @for way in ways {
                        li { a href=(way.href) { (way.text) } " " span.count { (words::number(way.count)) } }
                    }
                }
            }
            @if asked.is_narrowed() { p { a href="/search" { "Begin a new search" } " or look at " a href="/collections" { "all collections" } "." } }
        }
    }
}
