//! How the words of a text are joined in one segment: any, all, the best of several, side by side. Knows nothing of
//! dictionaries and of the page.

use tantivy::{DocId, TERMINATED};

use super::mask::Mask;
use super::occurrences::{Found, Scratch, WordLists};
use super::windows::Window;

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
    pub(super) fn first_from(&mut self, target: DocId) -> DocId {
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
    pub(super) fn cost(&self) -> u64 {
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
    pub(super) fn add(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
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
                    own.mask.each(|at| best.raise(at, own.score(at) * *worth));
                }
                best.mask.each(|at| window.add(at, best.score(at)));
            }
            Self::Any(parts) => {
                let mut own = Window::new();
                parts.iter_mut().for_each(|part| part.add(start, &mut own, scratch));
                own.mask.each(|at| window.add(at, own.score(at)));
            }
            Self::Group(group) => {
                let mut own = Window::new();
                group.fill(start, &mut own, scratch);
                own.mask.each(|at| window.add(at, own.score(at)));
            }
            Self::Nothing => {}
        }
    }
}

impl Part {
    /// Marks the part's matches in a window, whatever they score.
    pub(super) fn mark(&mut self, start: DocId, mask: &mut Mask) {
        match self {
            Self::Word(word) => word.mark(start, mask),
            Self::SideBySide(phrase) => phrase.found.each(start, |at| mask.set(at)),
            Self::Equal(Found::Postings(list), _) => mask.mark(list, start),
            Self::Equal(found, _) => found.each(start, |at| mask.set(at)),
            Self::Best(parts) => parts.iter_mut().for_each(|(part, _)| part.mark(start, mask)),
            Self::Any(parts) => parts.iter_mut().for_each(|part| part.mark(start, mask)),
            Self::Group(group) => group.mark(start, mask),
            Self::Nothing => {}
        }
    }
}

impl SideBySide {
    fn add(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        let mut own = Window::new();
        let score = self.score;
        self.found.each(start, |at| own.add(at, score));
        let mask = own.mask.clone();
        if mask.is_empty() {
            return;
        }
        for word in &mut self.words {
            word.add(start, &mut own, scratch);
        }
        mask.each(|at| window.add(at, own.score(at)));
    }
}

impl GroupParts {
    /// Fills a cleared window.
    pub(super) fn fill(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        self.required.iter_mut().for_each(|part| part.add(start, window, scratch));
        let mut required = Mask::all();
        if !self.required.is_empty() {
            let wanted = self.required.len().min(usize::from(u8::MAX)) as u8;
            window.mask.clone().each(|at| {
                if window.hits(at) != wanted {
                    window.mask.unset(at);
                }
            });
            required = window.mask.clone();
            if required.is_empty() {
                return;
            }
        }
        self.preferred.iter_mut().for_each(|part| part.add(start, window, scratch));
        if self.required.is_empty() && self.preferred.is_empty() {
            window.mask = Mask::all();
        }
        window.mask.keep(&required);
        self.exclude(start, &mut window.mask);
        self.prefer_all(window);
    }

    /// Marks matches, whatever they score.
    fn mark(&mut self, start: DocId, mask: &mut Mask) {
        let mut own = Mask::none();
        match self.required.split_first_mut() {
            Some((first, others)) => {
                first.mark(start, &mut own);
                for part in others {
                    if own.is_empty() {
                        return;
                    }
                    let mut other = Mask::none();
                    part.mark(start, &mut other);
                    own.keep(&other);
                }
            }
            None if self.preferred.is_empty() => own = Mask::all(),
            None => self.preferred.iter_mut().for_each(|part| part.mark(start, &mut own)),
        }
        self.exclude(start, &mut own);
        mask.add(&own);
    }

    fn exclude(&mut self, start: DocId, mask: &mut Mask) {
        if self.excluded.is_empty() || mask.is_empty() {
            return;
        }
        let mut unwanted = Mask::none();
        self.excluded.iter_mut().for_each(|part| part.mark(start, &mut unwanted));
        mask.remove(&unwanted);
    }

    /// What has more of the parts is better: the sum counts by the square of their share.
    fn prefer_all(&self, window: &mut Window) {
        let all = self.required.len() + self.preferred.len();
        if !self.prefers_all || self.preferred.is_empty() || all < 2 {
            return;
        }
        window.mask.clone().each(|at| {
            let share = f32::from(window.hits(at)) / all as f32;
            window.multiply(at, share * share);
        });
    }
}
