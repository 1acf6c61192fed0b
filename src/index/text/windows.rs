//! Walks what a text asks for through a segment, some thousand documents at a time: each word adds its part to the
//! scores of a window, so that frequent words cost little more than reading their lists. Knows nothing of dictionaries.

use tantivy::{DocId, TERMINATED};

use super::mask::{Mask, SPAN};
use super::occurrences::Scratch;
use super::parts::Part;

/// Scores of the documents in a window that match so far.
pub(super) struct Window {
    pub mask: Mask,
    scores: Box<[f32; SPAN]>,
    /// How many parts matched.
    hits: Box<[u8; SPAN]>,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { mask: Mask::none(), scores: Box::new([0.0; SPAN]), hits: Box::new([0; SPAN]) }
    }

    fn clear(&mut self) {
        self.mask.clear();
        self.scores.fill(0.0);
        self.hits.fill(0);
    }

    #[inline]
    pub(super) fn add(&mut self, at: usize, score: f32) {
        self.mask.set(at);
        if let Some(sum) = self.scores.get_mut(at) {
            *sum += score;
        }
        if let Some(hits) = self.hits.get_mut(at) {
            *hits = hits.saturating_add(1);
        }
    }

    #[inline]
    pub(super) fn score(&self, at: usize) -> f32 {
        self.scores.get(at).copied().unwrap_or(0.0)
    }

    /// Keeps the better one of a score and that of the document.
    pub(super) fn raise(&mut self, at: usize, score: f32) {
        let is_new = self.mask.first_from(at) != Some(at);
        self.mask.set(at);
        if let Some(kept) = self.scores.get_mut(at) {
            *kept = if is_new { score } else { kept.max(score) };
        }
    }

    /// How many parts matched.
    pub(super) fn hits(&self, at: usize) -> u8 {
        self.hits.get(at).copied().unwrap_or(0)
    }

    pub(super) fn multiply(&mut self, at: usize, factor: f32) {
        if let Some(score) = self.scores.get_mut(at) {
            *score *= factor;
        }
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
    /// Whether the window was filled: a walk begins where it is first asked to.
    has_begun: bool,
    documents: DocId,
    cost: u64,
}

impl TextWalk {
    /// A walk among so many documents of the segment.
    pub(super) fn new(part: Part, documents: DocId) -> Self {
        let cost = part.cost().min(u64::from(documents));
        let (window, scratch) = (Window::new(), Scratch::default());
        Self { part, window, scratch, start: 0, document: 0, has_begun: false, documents, cost }
    }

    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// The first match at or behind the target.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        if !self.has_begun {
            self.has_begun = true;
            self.fill_from(target);
            return self.document;
        }
        if target <= self.document {
            return self.document;
        }
        let within = target.saturating_sub(self.start) as usize;
        match self.window.mask.first_from(within.min(SPAN)).filter(|_| within < SPAN) {
            Some(at) => self.stand_at(at),
            None => self.fill_from(target.max(self.start.saturating_add(SPAN as DocId))),
        }
        self.document
    }

    /// Score of the present document.
    pub(super) fn score(&self) -> f32 {
        self.window.score(self.document.saturating_sub(self.start) as usize)
    }

    /// Marks the matches of a window; for walks that were never asked to seek.
    pub(super) fn mark(&mut self, start: DocId, mask: &mut Mask) {
        self.part.mark(start, mask);
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
            if let Some(at) = self.window.mask.first_from(0) {
                self.stand_at(at);
                return;
            }
            target = first.saturating_add(SPAN as DocId);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::occurrences::Found;
    use super::super::parts::GroupParts;
    use super::super::sets::List;
    use super::*;

    fn equal(documents: &[DocId], score: f32) -> Part {
        Part::Equal(Found::List(List::new(documents.to_vec())), score)
    }

    fn group(required: Vec<Part>, preferred: Vec<Part>, excluded: Vec<Part>) -> Part {
        Part::Group(Box::new(GroupParts { required, preferred, excluded, prefers_all: true }))
    }

    fn check(part: impl Fn() -> Part, expected: &[(DocId, f32)]) {
        let mut marked = Vec::new();
        let mut marking = part();
        for start in (0..20_000).step_by(SPAN) {
            let mut mask = Mask::none();
            marking.mark(start, &mut mask);
            mask.each(|at| marked.push(start + at as DocId));
        }
        marked.retain(|document| *document < 20_000);
        assert!(marked.iter().copied().eq(expected.iter().map(|(document, _)| *document)), "{marked:?}");
        let part = part();
        let mut walk = TextWalk::new(part, 20_000);
        let mut found = Vec::new();
        let mut document = walk.seek(0);
        while document != TERMINATED {
            found.push((document, walk.score()));
            document = walk.seek(document + 1);
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn parts_are_joined_within_and_across_windows() {
        let one = || equal(&[1, 5, 5_000, 19_999], 2.0);
        let other = || equal(&[5, 9_000, 19_999], 4.0);
        check(one, &[(1, 2.0), (5, 2.0), (5_000, 2.0), (19_999, 2.0)]);
        check(|| Part::Any(vec![one(), other()]), &[(1, 2.0), (5, 6.0), (5_000, 2.0), (9_000, 4.0), (19_999, 6.0)]);
        check(
            || Part::Best(vec![(one(), 1.0), (other(), 0.25)]),
            &[(1, 2.0), (5, 2.0), (5_000, 2.0), (9_000, 1.0), (19_999, 2.0)],
        );
        check(|| group(vec![one(), other()], vec![], vec![]), &[(5, 6.0), (19_999, 6.0)]);
        check(
            || group(vec![], vec![one(), other()], vec![]),
            &[(1, 0.5), (5, 6.0), (5_000, 0.5), (9_000, 1.0), (19_999, 6.0)],
        );
        check(|| group(vec![one()], vec![other()], vec![equal(&[1], 1.0)]), &[(5, 6.0), (5_000, 0.5), (19_999, 6.0)]);
        check(|| Part::Nothing, &[]);
        let but = || equal(&(3..20_000).collect::<Vec<_>>(), 1.0);
        check(|| group(vec![], vec![], vec![but()]), &[(0, 0.0), (1, 0.0), (2, 0.0)]);
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
