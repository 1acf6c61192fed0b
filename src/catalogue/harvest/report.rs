//! What came of a run, as it is told and as it is kept: a record of kind evidence. Decides which runs are worth keeping, and
//! reads them back.

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Error};
use crate::federation::harvest::window;
use crate::federation::protocol::Fault;
use crate::model::json::Fields;
use crate::model::{HARVEST, Key, Kind, RecordId};

/// Quarantined documents that a report names one by one, and ids that wait for approval.
pub const MOST_NAMED: usize = 200;

/// A run that changed nothing is kept when the last kept one is so old, seconds: once a day.
const QUIET: i64 = 86_400;

/// What a run did, in numbers of documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub pages: usize,
    /// Distinct ids that were listed, tombstones included.
    pub listed: usize,
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub deleted: usize,
    pub awaiting: usize,
    pub quarantined: usize,
}

impl Counts {
    /// Adds those of another page.
    pub const fn add(&mut self, page: Self) {
        self.pages += page.pages;
        self.listed += page.listed;
        self.new += page.new;
        self.changed += page.changed;
        self.unchanged += page.unchanged;
        self.deleted += page.deleted;
        self.quarantined += page.quarantined;
    }
}

/// A document that could not be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quarantined {
    /// What the source calls it.
    pub id: String,
    /// Of its bytes; they are kept as a payload when the report names them among its files.
    pub sha256: String,
    pub bytes: u64,
    pub reason: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Complete,
    /// The source said that nothing had changed.
    Unchanged,
    /// Deletions wait to be approved; all else is done.
    AwaitingApproval,
    /// The source's fault: what came before it was taken, nothing was deleted but by tombstones.
    Fault,
    /// The service stopped; the next run goes on.
    Interrupted,
}

/// Why a run ended before its listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFault {
    /// One word, for programs: the outcome of an answer, or what was wrong with the listing.
    pub kind: String,
    pub reason: String,
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Harvested {
    pub source: String,
    /// RFC 3339, of our clock.
    pub started: String,
    pub ended: String,
    pub elapsed_ms: u64,
    pub outcome: Outcome,
    /// Digest of the address, format and collections that were asked.
    pub listed_as: String,
    /// Everything was asked for, not only changes.
    pub is_whole: bool,
    pub since: Option<String>,
    /// Up to when the source has been asked, in its own words.
    pub checkpoint: Option<String>,
    /// How many records the source says there are.
    pub total: Option<u64>,
    pub counts: Counts,
    /// The listing ended by itself, and yet its count does not agree.
    pub doubt: Option<String>,
    pub fault: Option<RunFault>,
    /// It went on where an earlier run was interrupted.
    pub resumed: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// Documents of the source that are held.
    pub held: usize,
    /// Documents that could not be taken so far, those of earlier runs included.
    pub in_quarantine: usize,
    /// The first of those of this run.
    pub quarantine: Vec<Quarantined>,
    /// The first ids that wait for approval.
    pub awaiting: Vec<String>,
    /// Id of the evidence, when the run was worth keeping.
    pub evidence: Option<String>,
}

impl RunFault {
    /// A fault of this kind.
    pub fn new(kind: &str, reason: impl std::fmt::Display) -> Self {
        Self { kind: kind.to_owned(), reason: reason.to_string() }
    }
}

impl From<&Fault> for RunFault {
    fn from(fault: &Fault) -> Self {
        let kind = match fault {
            Fault::Timeout => "timeout",
            Fault::HttpError { .. } => "http_error",
            Fault::Unreachable { .. } => "unreachable",
            Fault::Refused { .. } => "refused",
            Fault::TooLong { .. } => "too_long",
            Fault::ParseError { .. } => "parse_error",
            Fault::Unsupported { .. } => "unsupported",
            Fault::Loop => "loop",
        };
        Self::new(kind, fault)
    }
}

impl Harvested {
    /// Whether the archive keeps a report of this run: something changed, something is wrong that was not before, or a day
    /// has gone by. What is kept of other runs is only how the source stands.
    pub fn is_worth_keeping(&self, before: Option<&Self>, reported: Option<&str>) -> bool {
        if self.dry_run || self.outcome == Outcome::Interrupted {
            return false;
        }
        let Counts { new, changed, deleted, .. } = self.counts;
        let is_news = new + changed + deleted > 0 || before.is_none_or(|before| before.standing() != self.standing());
        is_news || age(reported, &self.ended).is_none_or(|age| age >= QUIET)
    }

    /// What a person would want to hear of once.
    fn standing(&self) -> (bool, usize, usize, &Option<RunFault>, &Option<String>) {
        let is_well = matches!(self.outcome, Outcome::Complete | Outcome::Unchanged);
        (is_well, self.counts.awaiting, self.in_quarantine, &self.fault, &self.doubt)
    }

    /// Its record.
    pub fn record(&self, id: &str, files: &[serde_json::Value]) -> serde_json::Value {
        let outcome = serde_json::to_value(self.outcome).unwrap_or_default();
        let mut record = serde_json::json!({
            "kind": "evidence",
            "id": id,
            "title": format!("Harvest of {} at {}", self.source, self.started),
            "subject": self.source,
            "outcome": outcome,
            "harvest": self,
        });
        if let (Some(record), false) = (record.as_object_mut(), files.is_empty()) {
            record.insert("files".to_owned(), files.into());
        }
        record
    }
}

/// Seconds between two times.
fn age(earlier: Option<&str>, now: &str) -> Option<i64> {
    let (earlier, now) = (window::read(earlier?)?, window::read(now)?);
    Some((now.micros() - earlier.micros()) / 1_000_000)
}

/// The id of the evidence of a run, by the time of its end: one that goes on after a fault has the beginning of the first.
pub fn evidence_id(source: &str, ended: &str) -> String {
    format!("{HARVEST}{source}:{ended}")
}

impl Catalogue {
    /// Reports of the runs of a source that the archive keeps, the latest first, at most so many.
    ///
    /// # Errors
    /// The archive's.
    pub fn harvests_of(&self, source: &str, most: usize) -> Result<Vec<Harvested>, Error> {
        self.check_ready()?;
        let prefix = format!("{HARVEST}{source}:");
        let Ok(first) = RecordId::parse(&prefix) else { return Ok(Vec::new()) };
        let after = Key { kind: Kind::Evidence, collection: None, id: first };
        let mut keys = std::collections::VecDeque::new();
        for entry in self.records.keys(Kind::Evidence, None, Some(&after)) {
            let (key, _) = entry.map_err(Error::internal("listing reports of harvests"))?;
            if !key.id.as_str().starts_with(&prefix) {
                break;
            }
            if keys.len() == most {
                keys.pop_front();
            }
            keys.push_back(key);
        }
        keys.iter().rev().map(|key| self.harvest_report(key)).collect()
    }

    fn harvest_report(&self, key: &Key) -> Result<Harvested, Error> {
        let stored = self.get(key)?;
        let text = std::str::from_utf8(&stored.record).map_err(Error::internal("reading a report"))?;
        let harvest = Fields::of_valid(text).and_then(|fields| fields.get("harvest")).unwrap_or("{}");
        let read = serde_json::from_str::<Harvested>(harvest).map_err(Error::internal("reading a report"))?;
        Ok(Harvested { evidence: Some(key.id.to_string()), ..read })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ended: &str, change: impl FnOnce(&mut Harvested)) -> Harvested {
        let mut run = Harvested { ended: ended.to_owned(), ..Harvested::default() };
        change(&mut run);
        run
    }

    #[test]
    fn quiet_runs_are_kept_once_a_day() {
        let (morning, noon) = ("2026-11-22T08:00:00.000000Z", "2026-11-22T12:00:00.000000Z");
        let next = "2026-11-23T08:00:01.000000Z";
        let quiet = |ended| run(ended, |run| run.counts.unchanged = 5);
        assert!(quiet(morning).is_worth_keeping(None, None), "the first");
        assert!(!quiet(noon).is_worth_keeping(Some(&quiet(morning)), Some(morning)));
        assert!(quiet(next).is_worth_keeping(Some(&quiet(noon)), Some(morning)));
        let changed = run(noon, |run| run.counts.changed = 1);
        assert!(changed.is_worth_keeping(Some(&quiet(morning)), Some(morning)));
        let faulty = |ended| {
            run(ended, |run| {
                run.outcome = Outcome::Fault;
                run.fault = Some(RunFault::new("timeout", "it did not answer in time"));
            })
        };
        assert!(faulty(noon).is_worth_keeping(Some(&quiet(morning)), Some(morning)));
        assert!(!faulty(noon).is_worth_keeping(Some(&faulty(morning)), Some(morning)), "told already");
        assert!(quiet(noon).is_worth_keeping(Some(&faulty(morning)), Some(morning)), "it works again");
        let dry = run(next, |run| run.dry_run = true);
        assert!(!dry.is_worth_keeping(None, None));
    }
}
