//! The end of a run: what may be deleted is, the rest waits; a report is kept if there is something to tell; the next run
//! knows where to begin.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{End, Run};
use crate::catalogue::command::{Action, Command, Intent, Precondition};
use crate::catalogue::harvest::document::{AGENT, deletion};
use crate::catalogue::harvest::report::{Harvested, MOST_NAMED, Outcome, evidence_id};
use crate::catalogue::harvest::state::KnownDocument;
use crate::catalogue::{Error, now};
use crate::federation::harvest::guard::{self, Decision, Known, Listing};
use crate::importer;
use crate::model::{Key, Kind};

/// Deletions that are handed to the writer together.
const AT_ONCE: usize = 1_000;

impl Run<'_> {
    /// Ends the run.
    pub(super) fn finish(mut self, end: End, begun: Instant) -> Result<Harvested, Error> {
        let mut report = self.report(&end);
        if let End::Listed | End::Unchanged = end {
            let decision = self.decide(&end, &report);
            report.counts.deleted = self.delete(&decision.delete)?;
            report.counts.awaiting = decision.awaiting.len();
            report.awaiting = decision.awaiting.iter().take(MOST_NAMED).cloned().collect();
            if !decision.awaiting.is_empty() {
                report.outcome = Outcome::AwaitingApproval;
            }
            self.move_checkpoint(&report);
            (self.standing.awaiting, self.standing.missing) = (decision.awaiting, decision.missing);
        }
        report.checkpoint.clone_from(&self.standing.checkpoint);
        report.held = self.known.len();
        report.in_quarantine = self.standing.quarantine.len();
        report.ended = now().to_string();
        report.elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !self.wish.dry_run {
            self.keep(&end, &mut report)?;
        }
        Ok(report)
    }

    fn report(&self, end: &End) -> Harvested {
        let distinct = self.present.len() + self.gone.len();
        let mut counts = self.progress.counts;
        let (outcome, fault) = match end {
            End::Listed => (Outcome::Complete, None),
            End::Unchanged => (Outcome::Unchanged, None),
            End::Fault(fault) => (Outcome::Fault, Some(fault.clone())),
            End::Stopped => (Outcome::Interrupted, None),
        };
        if outcome == Outcome::Unchanged {
            counts.unchanged = self.known.len();
        }
        let total = self.progress.total;
        let differs = matches!(end, End::Listed) && total.is_some_and(|total| total != distinct as u64);
        let doubt = differs
            .then(|| format!("it says that there are {} records and listed {distinct}", total.unwrap_or_default()));
        Harvested {
            source: self.source.id.to_string(),
            started: self.progress.started.clone(),
            listed_as: self.progress.listed_as.clone(),
            outcome,
            is_whole: self.progress.is_whole,
            since: self.progress.since.clone(),
            total,
            counts,
            doubt,
            fault,
            resumed: self.resumed > 0,
            dry_run: self.wish.dry_run,
            quarantine: self.quarantine.iter().take(MOST_NAMED).cloned().collect(),
            ..Harvested::default()
        }
    }

    fn decide(&self, end: &End, report: &Harvested) -> Decision {
        let listing = match end {
            End::Listed if !self.progress.is_whole => Listing::Changes,
            End::Listed if report.total.is_some() && report.doubt.is_none() => Listing::Whole,
            End::Listed => Listing::Doubtful,
            _ => Listing::Changes,
        };
        let held: BTreeSet<String> = self.known.held().cloned().collect();
        let waiting = self.standing.awaiting.difference(&self.present).cloned();
        let tombstones: BTreeSet<String> = self.gone.iter().cloned().chain(waiting).collect();
        let none = BTreeSet::new();
        guard::decide(&Known {
            held: &held,
            present: &self.present,
            tombstones: &tombstones,
            missing_before: &self.standing.missing,
            listing,
            approved: if self.wish.approve { &self.standing.awaiting } else { &none },
        })
    }

    /// Where the next run begins: further only when all that was listed has been done.
    fn move_checkpoint(&mut self, report: &Harvested) {
        if report.outcome == Outcome::Complete && report.doubt.is_none() {
            self.standing.checkpoint = self.progress.checkpoint.take().or(self.standing.checkpoint.take());
            self.standing.validator = self.progress.validator.take();
        }
    }

    /// Deletes the records of these documents; how many documents there were.
    fn delete(&mut self, ids: &BTreeSet<String>) -> Result<usize, Error> {
        if ids.is_empty() || self.wish.dry_run {
            return Ok(ids.len());
        }
        let keys = self.folder.keys_of(ids).map_err(Error::internal("reading what is known of a source"))?;
        let (collections, others): (Vec<Key>, Vec<Key>) =
            keys.into_iter().partition(|key| key.kind == Kind::Collection);
        for part in others.chunks(AT_ONCE) {
            self.submit(part.iter().cloned().map(deletion).collect())?;
        }
        for key in collections {
            // What its products still name keeps standing, without what its source said of it.
            if self.catalogue.member_count(&key.id)? > 0 {
                let minimal = self.catalogue.check_any(&importer::minimal_collection(&key.id))?;
                self.submit(vec![put(minimal.key, minimal.text, Vec::new(), Intent::Put)])?;
            } else {
                self.submit(vec![deletion(key)])?;
            }
        }
        let gone: Vec<KnownDocument> =
            ids.iter().map(|id| KnownDocument { id: id.clone(), sha256: None, keys: Vec::new() }).collect();
        gone.iter().for_each(|document| self.known.note(document));
        self.folder.note(&gone).map_err(Error::internal("noting deletions"))?;
        Ok(ids.len())
    }

    /// Hands commands to the writer and waits; what is gone already is gone.
    fn submit(&self, commands: Vec<Command>) -> Result<(), Error> {
        let stopped = |_| Error::Unavailable { reason: "the service stopped before this was answered".to_owned() };
        let outcomes = self.catalogue.submit_as(commands, true)?.blocking_recv().map_err(stopped)?;
        for outcome in outcomes {
            match outcome {
                Ok(_) | Err(Error::NotFound { .. } | Error::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Keeps the report, how the source stands, and what a run that goes on needs.
    fn keep(&mut self, end: &End, report: &mut Harvested) -> Result<(), Error> {
        if report.is_worth_keeping(self.standing.last.as_ref(), self.standing.reported.as_deref()) {
            report.evidence = Some(evidence_id(&report.source, &report.ended));
            self.keep_evidence(report)?;
            self.standing.reported = Some(report.ended.clone());
        }
        self.standing.listed_as.clone_from(&report.listed_as);
        self.standing.sequence = self.catalogue.last_sequence();
        self.standing.held = report.held;
        self.standing.last = Some(report.clone());
        let goes_on = match end {
            End::Stopped => true,
            End::Fault(fault) => fault.kind != "endless",
            End::Listed | End::Unchanged => false,
        };
        if !goes_on {
            self.folder.begin();
        }
        let is_eventful = report.counts.new + report.counts.changed + report.counts.deleted > 0;
        let kept = if is_eventful { self.folder.compact() } else { Ok(()) };
        kept.and_then(|()| self.folder.save(&self.standing)).map_err(Error::internal("noting how a source stands"))
    }

    fn keep_evidence(&mut self, report: &Harvested) -> Result<(), Error> {
        let id = report.evidence.clone().unwrap_or_default();
        let files: Vec<serde_json::Value> = self
            .kept
            .iter()
            .map(|payload| {
                let sha256 = payload.sha256.to_string();
                serde_json::json!({
                    "name": sha256,
                    "bytes": payload.bytes,
                    "media_type": "application/octet-stream",
                    "checksums": [{"algorithm": "sha256", "value": sha256, "source": "archive"}],
                    "storage": format!("payload:sha256:{sha256}"),
                })
            })
            .collect();
        let checked = self.catalogue.check_any(&report.record(&id, &files).to_string())?;
        let payloads = std::mem::take(&mut self.kept);
        self.submit(vec![put(checked.key, checked.text, payloads, Intent::Create)])
    }
}

fn put(
    key: Key,
    record: String,
    payloads: Vec<std::sync::Arc<crate::archive::StagedPayload>>,
    intent: Intent,
) -> Command {
    let action = Action::Put { record, intent, payloads };
    Command { key, action, precondition: Precondition::None, idempotency: None, agent: AGENT.to_owned() }
}
