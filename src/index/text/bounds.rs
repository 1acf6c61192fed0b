//! The most that a text can score in any document of a segment. Products come in the order of time, and recency decides
//! between scores that are about equal: a page of products in the order of relevance ends where nothing can be better.
//! All words of a document stand in a text of one length, so that the most is taken for each length.

use super::error::SearchError;
use super::occurrences::levelled;
use super::scoring::{Order, ShelfWords, TextPlan, WordPlan};
use super::segment::Segment;
use super::shelf::Shelf;

/// Sums are rounded in another order than those of a document.
const ROUNDING: f32 = 1.000_1;

/// The most for each length of a text, as it is kept.
type Most = Box<[f32; 256]>;

impl TextPlan {
    /// No product of the segment scores more; `None` for what others than products are asked for.
    ///
    /// # Errors
    /// When a word's list cannot be read.
    pub(super) fn bound(&self, segment: &Segment) -> Result<Option<f32>, SearchError> {
        Ok(self.most(segment)?.map(|most| most.iter().fold(0.0, |most: f32, other| most.max(*other)) * ROUNDING))
    }

    fn most(&self, segment: &Segment) -> Result<Option<Most>, SearchError> {
        match self {
            Self::Words(shelves) => sum(shelves.iter().map(|words| words.most(segment))),
            // A label counts once, whatever it is.
            Self::Label { .. } => Ok(Some(Box::new([1.0; 256]))),
            Self::Any(plans) => sum(plans.iter().map(|plan| plan.most(segment))),
            Self::Best(plans) => {
                let mut best: Most = Box::new([0.0; 256]);
                for (plan, worth) in plans {
                    let Some(most) = plan.most(segment)? else { return Ok(None) };
                    best.iter_mut().zip(most.iter()).for_each(|(best, most)| *best = best.max(most * worth));
                }
                Ok(Some(best))
            }
            Self::Group { required, preferred, .. } => {
                sum(required.iter().chain(preferred).map(|plan| plan.most(segment)))
            }
        }
    }
}

fn sum(parts: impl Iterator<Item = Result<Option<Most>, SearchError>>) -> Result<Option<Most>, SearchError> {
    let mut sum: Most = Box::new([0.0; 256]);
    for part in parts {
        let Some(part) = part? else { return Ok(None) };
        sum.iter_mut().zip(part.iter()).for_each(|(sum, part)| *sum += part);
    }
    Ok(Some(sum))
}

impl ShelfWords {
    fn most(&self, segment: &Segment) -> Result<Option<Most>, SearchError> {
        if self.shelf != Shelf::Products || self.member.is_some() || self.whole.is_some() {
            return Ok(None);
        }
        match (&self.order, self.words.as_slice()) {
            (Order::Single, [word]) => self.most_of(word, segment).map(Some),
            // Side by side they count by rarity alone, twice where the whole identifier is the one typed.
            _ if !self.are_all_in(segment)? => Ok(Some(Box::new([0.0; 256]))),
            _ => {
                let most = if self.run.is_some() { 2.0 } else { 1.0 } * self.rarity();
                Ok(Some(Box::new([most; 256])))
            }
        }
    }

    /// Whether the segment has each of the words, in some form.
    fn are_all_in(&self, segment: &Segment) -> Result<bool, SearchError> {
        let dictionary = segment.text(self.shelf).terms();
        for word in &self.words {
            let mut is_in = false;
            for (form, _) in &word.expansion.words {
                is_in = is_in || dictionary.get(form.as_bytes())?.is_some();
            }
            if !is_in {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn most_of(&self, word: &WordPlan, segment: &Segment) -> Result<Most, SearchError> {
        let mut most: Most = Box::new([0.0; 256]);
        for (form, weight) in &word.expansion.words {
            let peak = segment.peaks.of(segment, self.shelf, form)?;
            let lengths = most.iter_mut().zip(peak.iter()).zip(self.by_length.iter());
            lengths.for_each(|((most, count), by_length)| *most += weight * *count as f32 * by_length);
        }
        most.iter_mut().for_each(|most| *most = levelled(word.rarity, *most));
        Ok(most)
    }
}
