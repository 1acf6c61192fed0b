//! Facets beside the results: values with counts, several of one facet as alternatives; each a link, so that they work
//! without scripts.

use maud::{Markup, html};

use super::FACET_VALUES;
use super::asked::Asked;
use super::form::facet_title;
use crate::http::faces::pages::tally::{Count, Tally};
use crate::http::faces::pages::words;
use crate::model::Facet;

/// Facets in the order of the page.
pub const SHOWN: [Facet; 9] = [
    Facet::Mission,
    Facet::Instrument,
    Facet::Level,
    Facet::Target,
    Facet::DataType,
    Facet::Platform,
    Facet::Collection,
    Facet::Body,
    Facet::Keyword,
];
/// Facets that are open from the start.
const OPEN: usize = 5;

/// All facets that have values or a choice.
pub fn facets(asked: &Asked, counts: &Tally) -> Markup {
    let none = Vec::new();
    let shown = SHOWN.into_iter().map(|facet| (facet, counts.get(&facet).unwrap_or(&none)));
    let shown: Vec<_> =
        shown.filter(|(facet, counts)| !counts.is_empty() || asked.facets.contains_key(facet)).collect();
    html! {
        @for (at, (facet, counts)) in shown.iter().enumerate() {
            details.facet open[at < OPEN || asked.facets.contains_key(facet) || asked.all == Some(*facet)] {
                summary { (facet_title(*facet)) }
                (values(asked, *facet, counts))
            }
        }
    }
}

fn values(asked: &Asked, facet: Facet, counts: &[Count]) -> Markup {
    let is_whole = asked.all == Some(facet);
    let most = if is_whole { counts.len() } else { FACET_VALUES };
    let chosen = asked.facets.get(&facet).map(Vec::as_slice).unwrap_or_default();
    // A chosen value may not be among the most frequent.
    let missing = chosen.iter().filter(|value| !counts.iter().take(most).any(|count| count.value == **value));
    html! {
        ul {
            @for value in missing {
                @let count = counts.iter().find(|count| count.value == *value).map(|count| count.count);
                (value_line(asked, facet, value, count))
            }
            @for count in counts.iter().take(most) {
                (value_line(asked, facet, &count.value, Some(count.count)))
            }
        }
        @if counts.len() > most {
            @let whole = Asked { all: Some(facet), ..asked.first_page() };
            a.more href=(whole.href()) { "All values" span.unseen { " of " (facet_title(facet)) } }
        } @else if is_whole {
            @let few = Asked { all: None, ..asked.first_page() };
            a.more href=(few.href()) { "Fewer values" span.unseen { " of " (facet_title(facet)) } }
        }
    }
}

fn value_line(asked: &Asked, facet: Facet, value: &str, count: Option<u64>) -> Markup {
    let is_chosen = asked.has(facet, value);
    let other = if is_chosen { asked.less(facet, value) } else { asked.with(facet, value) };
    html! {
        li {
            a href=(other.href()) aria-current=[is_chosen.then_some("true")] {
                @if is_chosen { span.unseen { "Remove " } }
                bdi { (words::shortened(value, 80)) }
            }
            @if let Some(count) = count { span.count { (words::number(count)) } }
        }
    }
}
