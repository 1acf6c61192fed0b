//! How many documents of a segment match, and what they sum up to: apart from the page where it ends early, else along with
//! it.

use super::dense::Dense;
use super::error::SearchError;
use super::matcher::Use;
use super::pass::Pass;
use super::plain;
use super::search::Totals;

impl Pass<'_> {
    /// Counts every match without a look at its place in the order.
    pub(super) fn count_alone(&self, totals: &mut Totals<'_>) -> Result<(), SearchError> {
        let segment = &*self.view.segment;
        let mut counting = totals.aggregator.open(segment)?;
        let sums_up = !totals.aggregator.is_empty();
        for reach in &self.matcher.reach {
            let mut rest = reach.clone();
            if let Some(certain) = plain::certain(self.plan, segment, reach) {
                rest.documents.start = certain.end;
                for run in plain::runs(self.view, certain) {
                    totals.matched += run.len() as u64;
                    counting.add_run(run)?;
                }
            }
            let Some(dense) = Dense::new((self.matcher, self.plan), (self.view, self.reader), (&rest, Use::All))?
            else {
                for document in self.matcher.walk(self.plan, self.reader, rest.documents, rest.long_spans_only)? {
                    totals.matched += 1;
                    counting.add(document)?;
                }
                continue;
            };
            dense.matches(|start, mask| {
                totals.matched += mask.count();
                if sums_up { counting.add_marked(start, mask) } else { Ok(()) }
            })?;
        }
        totals.aggregator.close(counting)
    }

    /// Visits every match, for the page, counts and aggregations.
    pub(super) fn count_all(&mut self, totals: &mut Totals<'_>) -> Result<(), SearchError> {
        let mut counting = totals.aggregator.open(&self.view.segment)?;
        for (documents, long_spans_only) in self.ranges() {
            let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
            while let Some(document) = walk.next() {
                totals.matched += 1;
                counting.add(document)?;
                self.offer(document, || walk.score(document));
            }
        }
        totals.aggregator.close(counting)
    }
}
