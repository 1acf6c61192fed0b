//! Federated search: one question to this archive and to its sources at once, one answer, and what became of each source.
//! A source that failed is named; it never looks like one that has nothing.

mod ask;
mod cursor;
mod gather;
mod hit;
mod identity;
mod remains;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ask::Asked;
use cursor::Cursor;
use gather::{Gathered, Position};

use super::{Catalogue, Error, now};
use crate::federation::breaker::{Breakers, Standing};
use crate::federation::fan_out::{Ended, Places, Task, fan_out};
use crate::federation::merge::{self, Buffer, Order};
use crate::federation::outcome::Outcome;
use crate::federation::protocol::Descriptions;
use crate::federation::{Mode, Source};
use crate::model::{Instant as Moment, Kind, Query, SortKey};

pub use hit::Hit;

/// The longest that a search waits, and how long it does unless it is asked for less.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// Most sources of one search.
pub const MAX_SOURCES: usize = 32;
/// Most hits of a page.
pub const MAX_HITS: usize = 500;
/// The name of this archive among the sources.
pub const HERE: &str = "local";
/// Pages of the sources that hold nothing new are passed over so many times before an empty page is given.
const ROUNDS: usize = 3;

/// What federated searches share.
#[derive(Debug, Default)]
pub struct Federation {
    breakers: Breakers,
    places: Places,
    descriptions: Descriptions,
}

/// A question to all.
#[derive(Debug, Clone, Default)]
pub struct FederatedAsk {
    pub query: Query,
    /// The `next` of the page before.
    pub token: Option<String>,
    /// How long to wait; at most, and without it, [`DEADLINE`].
    pub timeout: Option<Duration>,
    /// The sources that are asked, `local` for this archive, each with the time that it may take; all without it.
    pub sources: Option<Vec<(String, Option<Duration>)>>,
    /// Instances that the question has passed.
    pub path: Vec<String>,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    Live,
    /// From the harvested copy.
    Cache,
}

/// What became of a source.
#[derive(Debug, Clone)]
pub struct Report {
    pub source: String,
    pub title: String,
    /// Where it is; empty for this archive.
    pub url: String,
    pub outcome: Outcome,
    pub elapsed: Duration,
    /// By its own count.
    pub matched: Option<u64>,
    /// Hits of it on this page, those merged with others included.
    pub returned: usize,
    pub served: Served,
    /// Of the copy.
    pub age: Option<Duration>,
    /// Whether the copy stands in for the live answer that failed.
    pub is_stale: bool,
    /// Parts of the question that were decided here.
    pub post_filtered: Vec<&'static str>,
    /// Records of it that could not be read.
    pub unreadable: usize,
}

/// The same record elsewhere.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    pub source: String,
    /// Collection and id there, with a space between.
    pub id: String,
    pub href: Option<String>,
    /// RFC 3339.
    pub retrieved: String,
}

/// A hit of the merged answer.
#[derive(Debug, Clone)]
pub struct FederatedHit {
    pub record: Vec<u8>,
    pub from: Elsewhere,
    pub also_at: Vec<Elsewhere>,
}

/// The merged answer.
#[derive(Debug, Clone)]
pub struct Federated {
    pub hits: Vec<FederatedHit>,
    pub reports: Vec<Report>,
    /// How many different records match, where all of them were seen.
    pub matched: Option<u64>,
    /// The sum of what the sources count; duplicates count for each of them.
    pub matched_at_most: Option<u64>,
    /// Whether every source that was asked answered.
    pub is_complete: bool,
    pub next: Option<String>,
    /// Asks again those that failed, when they are all that is left.
    pub retry: Option<String>,
}

/// How a source stands.
#[derive(Debug, Clone)]
pub struct SourceStanding {
    pub source: Source,
    pub breaker: Standing,
    pub last: Option<(Outcome, Duration)>,
}

/// One that is asked.
#[derive(Clone)]
enum Target {
    Here,
    Source(Arc<Source>),
}

impl Target {
    fn name(&self) -> &str {
        match self {
            Self::Here => HERE,
            Self::Source(source) => source.id.as_str(),
        }
    }

    /// What is local comes before all.
    fn trust(&self) -> u8 {
        match self {
            Self::Here => 101,
            Self::Source(source) => source.trust,
        }
    }
}

/// What was read of one, and how.
struct Answer {
    gathered: Gathered,
    served: Served,
    /// Of the copy.
    age: Option<Duration>,
    is_stale: bool,
}

impl Catalogue {
    /// The sources of this archive, and how they stand.
    ///
    /// # Errors
    /// Those of a search.
    pub fn source_standings(&self) -> Result<Vec<SourceStanding>, Error> {
        let now = Instant::now();
        let with = |source: Source| {
            let (breaker, last) = self.federation.breakers.standing(source.id.as_str(), now);
            SourceStanding { source, breaker, last }
        };
        Ok(self.federated_sources()?.into_iter().map(with).collect())
    }

    /// The name under which this instance is known to those who pass questions on: the same as long as its secrets.
    pub fn instance(&self) -> String {
        let digest = crate::codec::hmac_sha256(self.secrets.token_key(), b"federation instance");
        digest.to_string().chars().take(16).collect()
    }

    /// All sources that can be read, by their ids.
    fn federated_sources(&self) -> Result<Vec<Source>, Error> {
        let query = Query { kinds: vec![Kind::Source], sort: vec![SortKey::by_id()], limit: 1_000, ..Query::default() };
        let found = self.search(query, None)?.found;
        let read = |record: &[u8]| Source::read(std::str::from_utf8(record).ok()?).ok();
        Ok(found.iter().filter_map(|found| read(&found.record)).collect())
    }

    /// Asks all at once and merges what they give.
    ///
    /// # Errors
    /// `BadParameter` for a source that there is not, or more of them than are asked at once; `BadToken`.
    pub fn federated(self: &Arc<Self>, ask: &FederatedAsk) -> Result<Federated, Error> {
        let begun = Instant::now();
        let deadline = begun + ask.timeout.unwrap_or(DEADLINE).min(DEADLINE);
        let mut query = ask.query.clone();
        if !(1..=MAX_HITS).contains(&query.limit) {
            return Err(Error::parameter("limit", format!("must be 1 to {MAX_HITS}")));
        }
        let is_ordered = !query.sort.is_empty() && !query.sort.contains(&SortKey::Relevance);
        let order = order_of(&mut query)?;
        let targets = self.targets(ask)?;
        let key = self.secrets.token_key();
        let mut cursor = match &ask.token {
            Some(token) => Cursor::open(key, &query, token)?,
            None => Cursor::default(),
        };
        let is_first = ask.token.is_none();
        let question = Arc::new(Question { query, is_ordered, path: self.path_on(ask) });
        let mut answered = Merging::default();
        for _ in 0..ROUNDS {
            let answers = self.ask_all(&targets, &question, &cursor, deadline);
            answered = merged(&targets, answers, &order, question.query.limit, &mut cursor, is_first);
            if !answered.hits.is_empty() || !answered.goes_on || Instant::now() >= deadline {
                break;
            }
        }
        let token = || cursor.seal(key, &question.query).map(Some);
        let is_complete = answered.reports.iter().all(|report| report.outcome.is_answer() && !report.is_stale);
        let (next, retry) = match (answered.goes_on && !cursor.shown.is_full(), is_complete) {
            (true, _) => (token()?, None),
            (false, false) => (None, token()?),
            (false, true) => (None, None),
        };
        let matched = answered.matched.filter(|_| is_complete);
        let (hits, reports) = (answered.hits, answered.reports);
        Ok(Federated { hits, reports, matched, matched_at_most: answered.at_most, is_complete, next, retry })
    }

    fn path_on(&self, ask: &FederatedAsk) -> Vec<String> {
        ask.path.iter().cloned().chain([self.instance()]).collect()
    }

    fn targets(&self, ask: &FederatedAsk) -> Result<Vec<(Target, Option<Duration>)>, Error> {
        let known = self.federated_sources()?;
        let all = match &ask.sources {
            None => {
                let asked = known.into_iter().filter(|source| source.mode.is_live() || source.mode.is_harvested());
                let asked = asked.map(|source| (Target::Source(Arc::new(source)), None));
                std::iter::once((Target::Here, None)).chain(asked).collect()
            }
            Some(names) => names
                .iter()
                .map(|(name, time)| match known.iter().find(|source| source.id.as_str() == name) {
                    _ if name == HERE => Ok((Target::Here, *time)),
                    Some(source) => Ok((Target::Source(Arc::new(source.clone())), *time)),
                    None => Err(Error::parameter("sources", format!("{name:?} is no source of this archive"))),
                })
                .collect::<Result<Vec<_>, _>>()?,
        };
        if all.len() > MAX_SOURCES {
            return Err(Error::parameter("sources", format!("are more than the {MAX_SOURCES} that are asked at once")));
        }
        Ok(all)
    }

    /// Asks those that have more to give, each on its own thread.
    fn ask_all(
        self: &Arc<Self>,
        targets: &[(Target, Option<Duration>)],
        question: &Arc<Question>,
        cursor: &Cursor,
        deadline: Instant,
    ) -> Vec<(Answer, Duration)> {
        let from: Vec<Position> = targets
            .iter()
            .map(|(target, _)| cursor.positions.get(target.name()).cloned().unwrap_or_default())
            .collect();
        let tasks = targets.iter().zip(&from).map(|((target, time), from)| {
            let own = match target {
                Target::Here => DEADLINE,
                Target::Source(source) => source.limits().time,
            };
            let share = time.unwrap_or(own).min(own);
            let (catalogue, target, question, from) =
                (Arc::clone(self), target.clone(), Arc::clone(question), from.clone());
            let ask = move |until: Instant| {
                let asked = Asked {
                    query: &question.query,
                    from: &from,
                    until,
                    is_ordered: question.is_ordered,
                    path: &question.path,
                };
                catalogue.answer_of(&target, &asked)
            };
            Task { budget: share, ask: Box::new(ask) }
        });
        let ends = fan_out(tasks.collect(), deadline, &self.federation.places);
        let mut answers = Vec::with_capacity(ends.len());
        for (((target, _), from), (end, elapsed)) in targets.iter().zip(from).zip(ends) {
            let outcome = match end {
                Ended::Answered(answer) => {
                    answers.push((answer, elapsed));
                    continue;
                }
                Ended::Late => Outcome::Timeout,
                Ended::NoPlace => Outcome::Refused { reason: "too many questions are asked at once".to_owned() },
                Ended::Broken => Outcome::Refused { reason: "reading its answer failed".to_owned() },
            };
            // Nobody listens to the thread that comes late: the next search is to know.
            if let (Target::Source(_), Outcome::Timeout) = (target, &outcome) {
                self.federation.breakers.report(target.name(), &outcome, elapsed, Instant::now());
            }
            answers.push((Answer::live(Gathered::failed(outcome, from)), elapsed));
        }
        answers
    }

    fn answer_of(&self, target: &Target, asked: &Asked<'_>) -> Answer {
        let source = match target {
            Target::Here => return Answer::live(self.ask_here(asked)),
            Target::Source(source) => source,
        };
        if asked.from.is_done {
            return Answer::live(Gathered::failed(Outcome::Ok, asked.from.clone()));
        }
        // A place in the copy is no place in the live answer: whoever began with one goes on with it.
        if !source.mode.is_live() || asked.from.page.as_deref().is_some_and(|page| page.starts_with(COPY)) {
            return self.copy_of(source, asked, false);
        }
        let begun = Instant::now();
        if let Err(left) = self.federation.breakers.admit(source.id.as_str(), begun) {
            let outcome = Outcome::BreakerOpen { seconds: left.as_secs().max(1) };
            return self.instead(source, asked, Gathered::failed(outcome, asked.from.clone()));
        }
        let gathered = self.ask_live(source, asked);
        self.federation.breakers.report(source.id.as_str(), &gathered.outcome, begun.elapsed(), Instant::now());
        self.instead(source, asked, gathered)
    }

    /// The copy in place of a live answer that failed, where there is one.
    fn instead(&self, source: &Source, asked: &Asked<'_>, failed: Gathered) -> Answer {
        let has_copy = source.mode.is_harvested() && *asked.from == Position::default();
        if failed.outcome.is_answer() || !failed.hits.is_empty() || !has_copy {
            return Answer::live(failed);
        }
        let mut copy = self.copy_of(source, asked, true);
        if copy.gathered.hits.is_empty() {
            return Answer::live(failed);
        }
        copy.gathered.outcome = failed.outcome;
        copy
    }

    fn copy_of(&self, source: &Source, asked: &Asked<'_>, is_stale: bool) -> Answer {
        if source.mode == Mode::Off {
            let reason = "it is switched off".to_owned();
            return Answer::live(Gathered::failed(Outcome::Refused { reason }, asked.from.clone()));
        }
        let state = self.source_state(&source.id).ok();
        let fault = state.as_ref().and_then(|state| state.last.as_ref()?.fault.as_ref());
        if state.as_ref().is_some_and(|state| state.held == 0 && (state.last.is_none() || fault.is_some())) {
            // Nothing found in a copy that was never made says nothing of the source.
            let reason = "it was never harvested to the end, and is not asked while somebody waits".to_owned();
            return Answer::live(Gathered::failed(Outcome::Unsupported { reason }, asked.from.clone()));
        }
        // What it has now could not be learnt.
        let is_stale = is_stale || fault.is_some();
        let bare = |position: &Position| Position {
            page: position
                .page
                .as_deref()
                .and_then(|page| page.strip_prefix(COPY))
                .filter(|page| !page.is_empty())
                .map(str::to_owned),
            ..position.clone()
        };
        let marked = |position: Position| {
            let page = position.page.unwrap_or_default();
            Position { page: Some(format!("{COPY}{page}")), ..position }
        };
        let from = bare(asked.from);
        let mut gathered = self.ask_copy(source, &Asked { from: &from, ..*asked });
        gathered.end = marked(gathered.end);
        gathered.hits = gathered.hits.into_iter().map(|(place, hit)| (marked(place), hit)).collect();
        Answer { gathered, served: Served::Cache, age: self.age_of_copy(source), is_stale }
    }

    /// How long ago the last run over the source ended well; none where it is not known.
    fn age_of_copy(&self, source: &Source) -> Option<Duration> {
        let last = self.source_state(&source.id).ok()?.last.filter(|last| last.fault.is_none())?;
        let ended = Moment::parse(&last.ended).ok()?;
        u64::try_from(now().micros() - ended.micros()).ok().map(Duration::from_micros)
    }
}

/// How places in a copy begin.
const COPY: &str = "copy:";

/// What is asked of each.
struct Question {
    query: Query,
    is_ordered: bool,
    path: Vec<String>,
}

impl Answer {
    const fn live(gathered: Gathered) -> Self {
        Self { gathered, served: Served::Live, age: None, is_stale: false }
    }
}

/// The order of the merged list. Without a text and an order, the newest come first wherever a source can say so.
fn order_of(query: &mut Query) -> Result<Order, Error> {
    if query.sort.contains(&SortKey::Relevance) && query.sort.len() > 1 {
        return Err(Error::parameter("sort", "relevance is not combined with other keys when several are asked"));
    }
    if query.sort == [SortKey::Relevance] || (query.sort.is_empty() && query.wanted_text().is_some()) {
        if query.wanted_text().is_none() {
            return Err(Error::parameter("sort", "relevance needs a text"));
        }
        return Ok(Order::Relevance);
    }
    if query.sort.is_empty() {
        query.sort.push(SortKey::Time { descending: true });
    }
    query.aggregations.clear();
    Ok(Order::By(hit::directions(query)))
}

/// The merged page under way.
#[derive(Default)]
struct Merging {
    hits: Vec<FederatedHit>,
    reports: Vec<Report>,
    matched: Option<u64>,
    at_most: Option<u64>,
    /// Whether one that answered has more.
    goes_on: bool,
}

fn merged(
    targets: &[(Target, Option<Duration>)],
    answers: Vec<(Answer, Duration)>,
    order: &Order,
    limit: usize,
    cursor: &mut Cursor,
    is_first: bool,
) -> Merging {
    // What comes from a copy was retrieved when that was made.
    let asked = now().micros();
    let retrieved = |at: usize| {
        let age = answers.get(at).and_then(|(answer, _)| answer.age).unwrap_or_default();
        Moment::from_micros(asked - i64::try_from(age.as_micros()).unwrap_or_default()).to_string()
    };
    let mut buffers = Vec::with_capacity(answers.len());
    for ((target, _), (answer, _)) in targets.iter().zip(&answers) {
        let gathered = &answer.gathered;
        let mut candidates: Vec<_> =
            gathered.hits.iter().zip(gathered_ranks(gathered)).map(|((_, hit), rank)| hit.candidate(rank)).collect();
        if let (Order::By(descends), true) =
            (order, gathered.post_filtered.contains(&crate::federation::protocol::Part::Sort))
        {
            candidates.sort_by(|left, right| merge::compare(&left.sort, &right.sort, descends));
        }
        let is_barrier = gathered.outcome == Outcome::Ok && !gathered.end.is_done && !candidates.is_empty();
        buffers.push(Buffer { source: target.name().to_owned(), trust: target.trust(), candidates, is_barrier });
    }
    let page = merge::merge(&buffers, order, limit, &mut cursor.shown);
    let found = |(at, place): merge::Place| -> Option<(&str, &Hit)> {
        let buffer = buffers.get(at)?;
        let candidate = buffer.candidates.get(place)?;
        let hits = &answers.get(at)?.0.gathered.hits;
        let hit = hits.iter().find(|(_, hit)| hit.id == candidate.id)?;
        Some((buffer.source.as_str(), &hit.1))
    };
    let elsewhere = |place: merge::Place| {
        let at = place.0;
        let (source, hit) = found(place)?;
        let (source, id, href) = (source.to_owned(), hit.id.clone(), hit.href.clone());
        Some(Elsewhere { source, id, href, retrieved: retrieved(at) })
    };
    let hit = |group: &merge::Group| {
        let record = found(group.kept)?.1.record.clone();
        let also_at = group.others.iter().filter_map(|place| elsewhere(*place)).collect();
        Some(FederatedHit { record, from: elsewhere(group.kept)?, also_at })
    };
    let mut merging = Merging { hits: page.groups.iter().filter_map(hit).collect(), ..Merging::default() };
    let returned = |at: usize| page.groups.iter().flat_map(merge::Group::members).filter(|place| place.0 == at).count();
    let saw_all = is_first && answers.iter().all(|(answer, _)| answer.gathered.end.is_done);
    merging.matched = saw_all.then_some(page.different as u64);
    let returned: Vec<usize> = (0..targets.len()).map(returned).collect();
    let counts: Option<Vec<u64>> = answers.iter().map(|(answer, _)| answer.gathered.matched).collect();
    merging.at_most = counts.map(|counts| counts.iter().sum());
    for ((((target, _), (answer, elapsed)), buffer), returned) in
        targets.iter().zip(answers).zip(&buffers).zip(returned)
    {
        let position = goes_on_at(&answer.gathered, buffer, &cursor.shown);
        merging.goes_on |= answer.gathered.outcome.is_answer() && !position.is_done;
        cursor.positions.insert(target.name().to_owned(), position);
        merging.reports.push(report(target, answer, elapsed, returned));
    }
    merging
}

/// The rank of each hit that was read.
fn gathered_ranks(gathered: &Gathered) -> impl Iterator<Item = u64> {
    gathered.hits.iter().map(|(place, _)| place.rank + 1)
}

/// The first hit that was not shown, or the end of what was read.
fn goes_on_at(gathered: &Gathered, buffer: &Buffer, shown: &merge::Shown) -> Position {
    // In the order of the source, in which places are.
    let in_order = Buffer {
        candidates: gathered
            .hits
            .iter()
            .zip(gathered_ranks(gathered))
            .map(|((_, hit), rank)| hit.candidate(rank))
            .collect(),
        ..buffer.clone()
    };
    let read = merge::read_through(&in_order, shown);
    gathered.hits.get(read).map_or_else(|| gathered.end.clone(), |(place, _)| place.clone())
}

fn report(target: &Target, answer: Answer, elapsed: Duration, returned: usize) -> Report {
    let (title, url) = match target {
        Target::Here => ("This archive".to_owned(), String::new()),
        Target::Source(source) if source.title.is_empty() => (source.id.to_string(), source.url.clone()),
        Target::Source(source) => (source.title.clone(), source.url.clone()),
    };
    Report {
        source: target.name().to_owned(),
        title,
        url,
        outcome: answer.gathered.outcome,
        elapsed,
        matched: answer.gathered.matched,
        returned,
        served: answer.served,
        age: answer.age,
        is_stale: answer.is_stale,
        post_filtered: ask::named(&answer.gathered.post_filtered),
        unreadable: answer.gathered.unreadable,
    }
}
