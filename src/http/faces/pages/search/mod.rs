//! The search page: box, facets, time, area and results, and what helps when nothing is found.

pub mod asked;
mod facets;
mod form;
mod hits;
mod links;
mod maps;
mod nothing;
mod period;
mod timeline;

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::errors::Trouble;
use super::layout::{Frame, Section};
use super::tally::{self, Tally};
use super::{answer, words};
use crate::catalogue::{Catalogue, Error, Match, Results, Standing};
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;
use crate::http::state::State;
use crate::model::{Entity, Facet, Key, Query, RecordId};
use asked::{Asked, Group};

pub use form::facet_title;
pub use hits::key_of;

/// Values listed of a facet, and of the one that is asked for whole.
const FACET_VALUES: usize = 8;
const ALL_VALUES: usize = 500;
/// Longest text that is tried as a name of a record, bytes.
const MAX_NAME_BYTES: usize = 512;

/// Everything that the page shows.
struct Answered {
    results: Results,
    /// Counts of each facet among what the other conditions leave: the values of one facet are alternatives.
    tally: Tally,
    /// Matches of the same question among products, collections and the rest.
    groups: Vec<(Group, u64)>,
    /// Titles of the collections that the results of this page belong to.
    titles: BTreeMap<String, String>,
    /// Records whose very name was typed.
    named: Vec<Match>,
    /// What leads on when nothing was found.
    ways: Vec<nothing::Way>,
    /// How many sources can be asked too.
    partners: usize,
}

/// `GET /search`
pub async fn page(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let made = search(&request, &state).await;
    answer(&request, made)
}

async fn search(request: &HttpRequest, state: &State) -> Result<HttpResponse, Trouble> {
    let asked = Asked::read(Parameters::of(request)?)?;
    let tried = asked.text.clone();
    let (catalogue, question) = (state.catalogue.clone(), asked.clone());
    let answered = crate::http::blocking(move || find(&catalogue, &question)).await;
    if let Err(Problem::Catalogue(Error::BadParameter { parameter, reason })) = &answered
        && parameter == "filter"
    {
        let frame = Frame { section: Section::Search, search_box: false, ..Frame::new("The filter cannot be used") };
        return Ok(frame.answer(StatusCode::BAD_REQUEST, &misfit(&asked, reason)));
    }
    let answered = answered.map_err(|problem| Trouble { tried, ..problem.into() })?;
    let title = if asked.text.is_empty() { "Search".to_owned() } else { format!("{} – Search", asked.text) };
    let alternates = vec![("application/json", links::native(&asked))];
    let frame = Frame { section: Section::Search, search_box: false, alternates, ..Frame::new(title) };
    Ok(frame.answer(StatusCode::OK, &content(&asked, &answered)))
}

fn find(catalogue: &Catalogue, asked: &Asked) -> Result<Answered, Error> {
    let query = asked.query()?;
    if let Some(collections) = query.facets.get(&Facet::Collection) {
        catalogue.check_collections(collections)?;
    }
    let token = Some(asked.token.as_str()).filter(|token| !token.is_empty());
    let wanted =
        facets::SHOWN.map(|facet| (facet, if asked.all == Some(facet) { ALL_VALUES } else { FACET_VALUES + 1 }));
    let asking = Query { aggregations: vec![tally::timeline_wanted()], ..query };
    let (results, tally) = tally::search(catalogue, &asking, token, &wanted)?;
    let groups = Group::ALL.into_iter().map(|group| {
        let same = Asked { group, ..asked.first_page() };
        let count = if group == asked.group { results.matched } else { count(catalogue, &same)? };
        Ok((group, count.unwrap_or_default()))
    });
    let groups = groups.collect::<Result<Vec<_>, Error>>()?;
    let named = if asked.token.is_empty() { named(catalogue, &asked.text)? } else { Vec::new() };
    let is_empty = results.found.is_empty() && asked.token.is_empty();
    let ways = if is_empty { nothing::ways(catalogue, asked)? } else { Vec::new() };
    let titles = titles(catalogue, &results);
    let partners = catalogue.source_standings()?.iter().filter(|standing| standing.source.mode.is_live()).count();
    Ok(Answered { partners, results, tally, titles, groups, named, ways })
}

/// Titles of collections; one that cannot be read is shown by its identifier.
fn titles(catalogue: &Catalogue, results: &Results) -> BTreeMap<String, String> {
    let mut titles = BTreeMap::new();
    for entity in results.found.iter().filter_map(|found| Entity::view(&found.record).ok()) {
        let Some(id) = entity.collection.as_deref().filter(|id| !titles.contains_key(*id)) else { continue };
        let stored = RecordId::parse(id).ok().and_then(|id| catalogue.get(&Key::collection(id)).ok());
        let view = stored.as_ref().and_then(|stored| Entity::view(&stored.record).ok());
        let title = view.and_then(|collection| collection.title.map(|title| title.into_owned()));
        titles.insert(id.to_owned(), title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| id.to_owned()));
    }
    titles
}

/// How many records a question finds.
fn count(catalogue: &Catalogue, asked: &Asked) -> Result<Option<u64>, Error> {
    let query = Query { limit: 0, sort: Vec::new(), ..asked.query()? };
    Ok(catalogue.search(query, None)?.matched)
}

/// Live records that have the whole text as a name: whoever pastes an identifier wants that record.
fn named(catalogue: &Catalogue, text: &str) -> Result<Vec<Match>, Error> {
    let name = text.trim_matches('"');
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_whitespace) {
        return Ok(Vec::new());
    }
    let mut found = catalogue.resolve(name)?;
    found.retain(|found| found.standing != Standing::Deleted);
    found.truncate(5);
    Ok(found)
}

fn content(asked: &Asked, answered: &Answered) -> Markup {
    let matched = answered.results.matched.unwrap_or_default();
    html! {
        h1.unseen { "Search" }
        (form::form(asked))
        (tabs(asked, answered))
        div.finding {
            section.results aria-labelledby="found" {
                h2 #found tabindex="-1" { (headline(asked, matched)) }
                (form::chips(asked))
                (meant(asked, &answered.results))
                (partners(asked, answered.partners))
                (hits::named(&answered.named))
                @if answered.results.found.is_empty() {
                    (nothing::advice(asked, &answered.ways))
                } @else {
                    (form::order(asked))
                    a.skip.here href="#hits" { "Skip to the list" }
                    (timeline::timeline(asked, tally::timeline(&answered.results)))
                    (maps::maps(asked, &answered.results.found))
                    (hits::list(asked, &answered.results, &answered.titles))
                    (hits::pages(asked, &answered.results))
                    (links::links(asked))
                }
            }
            aside.narrow aria-labelledby="narrow" {
                h2 #narrow { "Narrow the search" }
                (form::limits(asked))
                (form::filter(asked, None))
                (facets::facets(asked, &answered.tally))
            }
        }
    }
}

/// A filter that cannot be used, with what is wrong beside it; everything else that was asked stays.
fn misfit(asked: &Asked, fault: &str) -> Markup {
    html! {
        h1.unseen { "Search" }
        (form::form(asked))
        section.misfit aria-labelledby="misfit" {
            h2 #misfit { "The filter cannot be used" }
            (form::filter(asked, Some(fault)))
            (form::chips(asked))
            p { a href=(asked.unfiltered().href()) { "Search without the filter" } }
        }
    }
}

/// The way to ask others too, where this archive knows any.
fn partners(asked: &Asked, partners: usize) -> Markup {
    html! {
        @if partners > 0 {
            p.partners { a href=(links::federated(asked)) { "Also ask " (words::counted(partners as u64, "partner", "partners")) } }
        }
    }
}

/// The text as it was perhaps meant.
fn meant(asked: &Asked, results: &Results) -> Markup {
    html! {
        @if let Some(text) = &results.did_you_mean {
            @let other = Asked { text: text.clone(), ..asked.first_page() };
            p.meant { "Did you mean " a href=(other.href()) { bdi { (text) } } "?" }
        }
    }
}

fn headline(asked: &Asked, matched: u64) -> String {
    let (one, several) = asked.group.words();
    match matched {
        0 => format!("No {several} found"),
        _ if asked.token.is_empty() => words::counted(matched, one, several),
        _ => format!("{}, further page", words::counted(matched, one, several)),
    }
}

fn tabs(asked: &Asked, answered: &Answered) -> Markup {
    html! {
        nav.tabs aria-label="What to find" {
            @for (group, count) in &answered.groups {
                @let same = Asked { group: *group, ..asked.first_page() };
                a href=(same.href()) aria-current=[(*group == asked.group).then_some("page")] {
                    (group.title()) " " span.count { (words::number(*count)) }
                }
            }
        }
    }
}
