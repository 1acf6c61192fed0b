//! Walks what a text asks for through a segment, some thousand documents at a time: each word adds its part to the
//! scores of a window, so that frequent words cost little more than reading their lists. Knows nothing of dictionaries.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::Scorer;
use tantivy::{DocId, DocSet, TERMINATED};

use super::sets::List;

/// Documents of a window.
const SPAN: usize = 4096;
const MASKS: usize = SPAN / 64;
/// How a word's weights level off: the second field that has it adds less than the first.
pub(super) const SATURATION: f32 = 4.0;

/// Scores of the documents in a window that match so far.
pub(super) struct Window {
    masks: [u64; MASKS],
    scores: Box<[f32; SPAN]>,
    /// How many parts matched.
    hits: Box<[u8; SPAN]>,
}

impl Window {
    fn new() -> Self {
        Self { masks: [0; MASKS], scores: Box::new([0.0; SPAN]), hits: Box::new([0; SPAN]) }
    }

    fn clear(&mut self) {
        self.masks.fill(0);
        self.scores.fill(0.0);
        self.hits.fill(0);
    }

    fn mark(&mut self, at: usize) {
        if let Some(mask) = self.masks.get_mut(at / 64) {
            *mask |= 1 << (at % 64);
        }
    }

    fn add(&mut self, at: usize, score: f32) {
        self.mark(at);
        if let Some(sum) = self.scores.get_mut(at) {
            *sum += score;
        }
        if let Some(hits) = self.hits.get_mut(at) {
            *hits = hits.saturating_add(1);
        }
    }

    fn score(&self, at: usize) -> f32 {
        self.scores.get(at).copied().unwrap_or(0.0)
    }

    /// Calls for each document that matches.
    fn each(masks: &[u64; MASKS], mut visit: impl FnMut(usize)) {
        for (index, mask) in masks.iter().enumerate() {
            let mut rest = *mask;
            while rest != 0 {
                visit(index * 64 + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
    }

    fn first_from(&self, at: usize) -> Option<usize> {
        let mut keep = u64::MAX << (at % 64);
        for (index, mask) in self.masks.iter().enumerate().skip(at / 64) {
            let found = mask & keep;
            if found != 0 {
                return Some(index * 64 + found.trailing_zeros() as usize);
            }
            keep = u64::MAX;
        }
        None
    }
}

/// Documents in order that are found one by one.
pub(super) enum Found {
    Postings(Box<SegmentPostings>),
    List(List),
    Scorer(Box<dyn Scorer>),
}

impl Found {
    fn document(&self) -> DocId {
        match self {
            Self::Postings(postings) => postings.doc(),
            Self::List(list) => list.document(),
            Self::Scorer(scorer) => scorer.doc(),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let at = self.document();
        if at >= target {
            return at;
        }
        match self {
            Self::Postings(postings) => postings.seek(target),
            Self::List(list) => list.seek(target),
            Self::Scorer(scorer) => scorer.seek(target),
        }
    }

    fn cost(&self) -> u64 {
        match self {
            Self::Postings(postings) => u64::from(postings.doc_freq()),
            Self::List(list) => list.len() as u64,
            Self::Scorer(scorer) => scorer.cost(),
        }
    }

    /// Calls for each document of a window.
    fn each(&mut self, start: DocId, mut visit: impl FnMut(usize)) {
        let end = start.saturating_add(SPAN as DocId);
        let mut document = self.seek(start);
        while document < end {
            visit((document - start) as usize);
            document = self.seek(document + 1);
        }
    }
}

/// A list of a word with what one occurrence counts.
pub(super) struct Occurrences {
    pub postings: SegmentPostings,
    pub weight: f32,
}

/// A word with the lists of all its forms in one segment.
pub(super) struct WordLists {
    pub forms: Vec<Occurrences>,
    /// For each member that speaks for itself, such as the title: documents that have a form there.
    pub heads: Vec<(f32, Vec<Occurrences>)>,
    pub rarity: f32,
    /// Length of a document, as the index keeps it → what an occurrence counts in one of that length.
    pub lengths: tantivy::fieldnorm::FieldNormReader,
    pub by_length: std::sync::Arc<[f32; 256]>,
}

impl WordLists {
    fn lists(&self) -> impl Iterator<Item = &Occurrences> {
        self.forms.iter().chain(self.heads.iter().flat_map(|(_, lists)| lists))
    }

    fn first_from(&mut self, target: DocId) -> DocId {
        let first = |list: &mut Occurrences| {
            let at = list.postings.doc();
            if at < target { list.postings.seek(target) } else { at }
        };
        self.forms.iter_mut().map(first).min().unwrap_or(TERMINATED)
    }

    /// Adds the word's part of the score to every document that has it.
    fn add(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        if self.heads.is_empty() && self.forms.len() == 1 {
            self.add_single(start, window);
            return;
        }
        scratch.clear();
        for list in &mut self.forms {
            let weight = list.weight;
            each_occurrence(&mut list.postings, start, |at, document, count| {
                let by_length = self.by_length[usize::from(self.lengths.fieldnorm_id(document))];
                scratch.add(at, weight * count as f32 * by_length);
            });
        }
        for (worth, lists) in &mut self.heads {
            scratch.best.fill(0.0);
            for list in lists {
                let weight = list.weight;
                each_occurrence(&mut list.postings, start, |at, _, _| scratch.raise(at, weight));
            }
            scratch.add_best(*worth);
        }
        Window::each(&scratch.masks, |at| {
            let weights = scratch.weights.get(at).copied().unwrap_or(0.0);
            window.add(at, levelled(self.rarity, weights));
        });
    }

    fn add_single(&mut self, start: DocId, window: &mut Window) {
        let rarity = self.rarity;
        let Some(list) = self.forms.first_mut() else { return };
        let weight = list.weight;
        each_occurrence(&mut list.postings, start, |at, document, count| {
            let by_length = self.by_length[usize::from(self.lengths.fieldnorm_id(document))];
            let weights = weight * count as f32 * by_length;
            window.add(at, levelled(rarity, weights));
        });
    }
}

/// Score of a word: occurrences count less and less. One formula for all forms of a segment, however many there are: the
/// same document has the same score, to the last bit, before and after a merge.
fn levelled(rarity: f32, weights: f32) -> f32 {
    rarity * weights * (SATURATION + 1.0) / (weights + SATURATION)
}

fn each_occurrence(postings: &mut SegmentPostings, start: DocId, mut visit: impl FnMut(usize, DocId, u32)) {
    let end = start.saturating_add(SPAN as DocId);
    let mut document = postings.doc();
    if document < start {
        document = postings.seek(start);
    }
    while document < end {
        visit((document - start) as usize, document, postings.term_freq());
        document = postings.advance();
    }
}

/// Sums of one word before they level off.
struct Scratch {
    masks: [u64; MASKS],
    weights: Box<[f32; SPAN]>,
    best: Box<[f32; SPAN]>,
}

impl Scratch {
    fn new() -> Self {
        Self { masks: [0; MASKS], weights: Box::new([0.0; SPAN]), best: Box::new([0.0; SPAN]) }
    }

    fn clear(&mut self) {
        self.masks.fill(0);
        self.weights.fill(0.0);
    }

    fn add(&mut self, at: usize, weight: f32) {
        if let (Some(mask), Some(sum)) = (self.masks.get_mut(at / 64), self.weights.get_mut(at)) {
            *mask |= 1 << (at % 64);
            *sum += weight;
        }
    }

    fn raise(&mut self, at: usize, weight: f32) {
        if let Some(best) = self.best.get_mut(at) {
            *best = best.max(weight);
        }
    }

    fn add_best(&mut self, worth: f32) {
        for (sum, best) in self.weights.iter_mut().zip(self.best.iter()) {
            *sum += worth * best;
        }
    }
}

/// Words side by side: where they stand so, and the words themselves for the score.
pub(super) struct SideBySide {
    pub found: Found,
    pub words: Vec<WordLists>,
    /// Score of the phrase beside that of its words.
    pub score: f32,
}

/// What must be found in one segment.
pub(super) enum Part {
    Word(Box<WordLists>),
    SideBySide(Box<SideBySide>),
    /// Documents that all score the same.
    Equal(Found, f32),
    /// The best of several, each with what it counts.
    Best(Vec<(Self, f32)>),
    /// The sum of those that match; at least one does.
    Any(Vec<Self>),
    Group(Box<GroupParts>),
    Nothing,
}

pub(super) struct GroupParts {
    pub required: Vec<Part>,
    pub preferred: Vec<Part>,
    pub excluded: Vec<Part>,
    /// Whether a document that lacks a preferred part counts for less; else that part only adds.
    pub prefers_all: bool,
}

impl Part {
    /// A document at or behind the target that nothing which matches comes before.
    fn first_from(&mut self, target: DocId) -> DocId {
        let least =
            |parts: &mut [Self]| parts.iter_mut().map(|part| part.first_from(target)).min().unwrap_or(TERMINATED);
        match self {
            Self::Word(word) => word.first_from(target),
            Self::SideBySide(phrase) => phrase.found.seek(target),
            Self::Equal(found, _) => found.seek(target),
            Self::Best(parts) => parts.iter_mut().map(|(part, _)| part.first_from(target)).min().unwrap_or(TERMINATED),
            Self::Any(parts) => least(parts),
            Self::Group(group) if !group.required.is_empty() => {
                group.required.iter_mut().map(|part| part.first_from(target)).max().unwrap_or(TERMINATED)
            }
            Self::Group(group) if !group.preferred.is_empty() => least(&mut group.preferred),
            // Nothing but exclusions: everything else matches.
            Self::Group(_) => target,
            Self::Nothing => TERMINATED,
        }
    }

    /// About how many documents there are to walk.
    fn cost(&self) -> u64 {
        let sum = |parts: &[Self]| parts.iter().map(Self::cost).sum();
        match self {
            Self::Word(word) => word.lists().map(|list| u64::from(list.postings.doc_freq())).sum(),
            Self::SideBySide(phrase) => phrase.found.cost(),
            Self::Equal(found, _) => found.cost(),
            Self::Best(parts) => parts.iter().map(|(part, _)| part.cost()).sum(),
            Self::Any(parts) => sum(parts),
            Self::Group(group) => match group.required.iter().map(Self::cost).min() {
                Some(cost) => cost,
                None if group.preferred.is_empty() => u64::from(TERMINATED),
                None => sum(&group.preferred),
            },
            Self::Nothing => 0,
        }
    }

    /// Adds the part's matches in a window, each once.
    fn add(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        match self {
            Self::Word(word) => word.add(start, window, scratch),
            Self::SideBySide(phrase) => phrase.add(start, window, scratch),
            Self::Equal(found, score) => {
                let score = *score;
                found.each(start, |at| window.add(at, score));
            }
            Self::Best(parts) => {
                let mut best = Window::new();
                for (part, worth) in parts {
                    let mut own = Window::new();
                    part.add(start, &mut own, scratch);
                    Window::each(&own.masks, |at| {
                        let score = best.score(at).max(own.score(at) * *worth);
                        best.mark(at);
                        if let Some(kept) = best.scores.get_mut(at) {
                            *kept = score;
                        }
                    });
                }
                Window::each(&best.masks, |at| window.add(at, best.score(at)));
            }
            Self::Any(parts) => {
                let mut own = Window::new();
                parts.iter_mut().for_each(|part| part.add(start, &mut own, scratch));
                Window::each(&own.masks, |at| window.add(at, own.score(at)));
            }
            Self::Group(group) => {
                let mut own = Window::new();
                group.fill(start, &mut own, scratch);
                Window::each(&own.masks, |at| window.add(at, own.score(at)));
            }
            Self::Nothing => {}
        }
    }
}

impl SideBySide {
    fn add(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        let mut own = Window::new();
        let score = self.score;
        self.found.each(start, |at| own.add(at, score));
        let masks = own.masks;
        if masks.iter().all(|mask| *mask == 0) {
            return;
        }
        for word in &mut self.words {
            word.add(start, &mut own, scratch);
        }
        Window::each(&masks, |at| window.add(at, own.score(at)));
    }
}

impl GroupParts {
    /// Fills a cleared window.
    fn fill(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        self.required.iter_mut().for_each(|part| part.add(start, window, scratch));
        let mut required = [u64::MAX; MASKS];
        if !self.required.is_empty() {
            let wanted = self.required.len().min(usize::from(u8::MAX)) as u8;
            let touched = window.masks;
            Window::each(&touched, |at| {
                if window.hits.get(at).copied() != Some(wanted) {
                    window.masks[at / 64] &= !(1 << (at % 64));
                }
            });
            required = window.masks;
            if required.iter().all(|mask| *mask == 0) {
                return;
            }
        }
        self.preferred.iter_mut().for_each(|part| part.add(start, window, scratch));
        if self.required.is_empty() && self.preferred.is_empty() {
            window.masks = [u64::MAX; MASKS];
        }
        window.masks.iter_mut().zip(&required).for_each(|(mask, required)| *mask &= required);
        self.exclude(start, window, scratch);
        self.prefer_all(window);
    }

    fn exclude(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        if self.excluded.is_empty() {
            return;
        }
        let mut unwanted = Window::new();
        self.excluded.iter_mut().for_each(|part| part.add(start, &mut unwanted, scratch));
        window.masks.iter_mut().zip(&unwanted.masks).for_each(|(mask, unwanted)| *mask &= !unwanted);
    }

    /// What has more of the parts is better: the sum counts by the square of their share.
    fn prefer_all(&self, window: &mut Window) {
        let all = self.required.len() + self.preferred.len();
        if !self.prefers_all || self.preferred.is_empty() || all < 2 {
            return;
        }
        let masks = window.masks;
        Window::each(&masks, |at| {
            let share = f32::from(window.hits.get(at).copied().unwrap_or(0)) / all as f32;
            if let Some(score) = window.scores.get_mut(at) {
                *score *= share * share;
            }
        });
    }
}

/// A text's matches in one segment, walked forward.
pub(super) struct TextWalk {
    part: Part,
    window: Window,
    scratch: Scratch,
    /// First document of the window.
    start: DocId,
    document: DocId,
    documents: DocId,
    cost: u64,
}

impl TextWalk {
    /// Stands at the first match among so many documents of the segment.
    pub(super) fn new(part: Part, documents: DocId) -> Self {
        let cost = part.cost().min(u64::from(documents));
        let (window, scratch) = (Window::new(), Scratch::new());
        let mut walk = Self { part, window, scratch, start: 0, document: 0, documents, cost };
        walk.fill_from(0);
        walk
    }

    pub(super) fn document(&self) -> DocId {
        self.document
    }

    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// The first match at or behind the target.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        if target <= self.document {
            return self.document;
        }
        let within = target.saturating_sub(self.start) as usize;
        match self.window.first_from(within.min(SPAN)).filter(|_| within < SPAN) {
            Some(at) => self.stand_at(at),
            None => self.fill_from(target.max(self.start.saturating_add(SPAN as DocId))),
        }
        self.document
    }

    /// Score of the present document.
    pub(super) fn score(&self) -> f32 {
        self.window.score(self.document.saturating_sub(self.start) as usize)
    }

    fn stand_at(&mut self, at: usize) {
        let document = self.start + at as DocId;
        self.document = if document < self.documents { document } else { TERMINATED };
    }

    fn fill_from(&mut self, target: DocId) {
        let mut target = target;
        loop {
            let first = if target < self.documents { self.part.first_from(target) } else { TERMINATED };
            if first >= self.documents {
                self.document = TERMINATED;
                return;
            }
            self.start = first;
            self.window.clear();
            match &mut self.part {
                Part::Group(group) => group.fill(first, &mut self.window, &mut self.scratch),
                part => part.add(first, &mut self.window, &mut self.scratch),
            }
            if let Some(at) = self.window.first_from(0) {
                self.stand_at(at);
                return;
            }
            target = first.saturating_add(SPAN as DocId);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(documents: &[DocId], score: f32) -> Part {
        Part::Equal(Found::List(List::new(documents.to_vec())), score)
    }

    fn group(required: Vec<Part>, preferred: Vec<Part>, excluded: Vec<Part>) -> Part {
        Part::Group(Box::new(GroupParts { required, preferred, excluded, prefers_all: true }))
    }

    fn check(part: Part, expected: &[(DocId, f32)]) {
        let mut walk = TextWalk::new(part, 20_000);
        let mut found = Vec::new();
        while walk.document() != TERMINATED {
            found.push((walk.document(), walk.score()));
            walk.seek(walk.document() + 1);
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn parts_are_joined_within_and_across_windows() {
        let one = || equal(&[1, 5, 5_000, 19_999], 2.0);
        let other = || equal(&[5, 9_000, 19_999], 4.0);
        check(one(), &[(1, 2.0), (5, 2.0), (5_000, 2.0), (19_999, 2.0)]);
        check(Part::Any(vec![one(), other()]), &[(1, 2.0), (5, 6.0), (5_000, 2.0), (9_000, 4.0), (19_999, 6.0)]);
        check(
            Part::Best(vec![(one(), 1.0), (other(), 0.25)]),
            &[(1, 2.0), (5, 2.0), (5_000, 2.0), (9_000, 1.0), (19_999, 2.0)],
        );
        check(group(vec![one(), other()], vec![], vec![]), &[(5, 6.0), (19_999, 6.0)]);
        check(
            group(vec![], vec![one(), other()], vec![]),
            &[(1, 0.5), (5, 6.0), (5_000, 0.5), (9_000, 1.0), (19_999, 6.0)],
        );
        check(group(vec![one()], vec![other()], vec![equal(&[1], 1.0)]), &[(5, 6.0), (5_000, 0.5), (19_999, 6.0)]);
        check(Part::Nothing, &[]);
        let everything_but = group(vec![], vec![], vec![equal(&(3..20_000).collect::<Vec<_>>(), 1.0)]);
        check(everything_but, &[(0, 0.0), (1, 0.0), (2, 0.0)]);
    }

    #[test]
    fn a_walk_that_jumps_finds_what_a_walk_by_steps_finds() {
        let documents: Vec<DocId> = (0..3_000).map(|at| at * 7 % 19_997).collect();
        let mut walk = TextWalk::new(equal(&documents, 1.0), 20_000);
        let mut sorted = documents.clone();
        sorted.sort_unstable();
        for target in (0..20_000).step_by(611) {
            let expected = sorted.iter().copied().find(|document| *document >= target).unwrap_or(TERMINATED);
            assert_eq!(walk.seek(target), expected, "{target}");
        }
    }
}
