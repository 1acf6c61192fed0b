//! Which texts of a column's dictionary fit, as ordinals: found once, then compared as numbers.

use std::io;
use std::ops::Range;

use tantivy::columnar::{StrColumn, TermOrdHit};

use crate::query::evaluate::Pattern;

use super::columns::{MAYBE_CUT, Texts};

/// A part of a dictionary.
#[derive(Debug)]
pub(super) enum Ordinals {
    Range(Range<u64>),
    /// All but one.
    Except(u64),
    /// Sorted.
    Few(Vec<u64>),
    Bits {
        fitting: Vec<u64>,
        unsure: Option<Vec<u64>>,
    },
}

/// What is known of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    Unsure,
    Yes,
}

impl Ordinals {
    pub(super) const NONE: Self = Self::Range(0..0);

    /// The texts that pass a test, among those that begin with `prefix`. A text that may have been cut is unsure.
    pub(super) fn passing(texts: &Texts, prefix: &str, passes: impl Fn(&str) -> bool) -> io::Result<Self> {
        let words = texts.column.num_terms().div_ceil(64);
        let (mut fitting, mut unsure) = (vec![0u64; words], None);
        let mut stream = texts.column.dictionary().prefix_range(prefix).into_stream()?;
        while stream.advance() {
            let Ok(text) = std::str::from_utf8(stream.key()) else { continue };
            let ordinal = stream.term_ord();
            if texts.bounded && text.len() >= MAYBE_CUT {
                mark(unsure.get_or_insert_with(|| vec![0u64; words]), ordinal);
            } else if passes(text) {
                mark(&mut fitting, ordinal);
            }
        }
        Ok(Self::Bits { fitting, unsure })
    }

    /// The texts that match a pattern.
    pub(super) fn like(texts: &Texts, pattern: &Pattern) -> io::Result<Self> {
        let prefix = pattern.prefix();
        if pattern.is_prefix() && (!texts.bounded || prefix.len() < MAYBE_CUT - 16) {
            return Ok(Self::Range(with_prefix(&texts.column, &prefix)?));
        }
        // A cut text keeps its start.
        let safe = prefix.floor_char_boundary(MAYBE_CUT - 20);
        Self::passing(texts, prefix.get(..safe).unwrap_or_default(), |text| pattern.matches(text))
    }

    pub(super) fn fit(&self, ordinal: u64) -> Fit {
        let yes = |fits: bool| if fits { Fit::Yes } else { Fit::No };
        match self {
            Self::Range(range) => yes(range.contains(&ordinal)),
            Self::Except(other) => yes(ordinal != *other),
            Self::Few(few) => yes(few.binary_search(&ordinal).is_ok()),
            Self::Bits { fitting, unsure } => {
                if unsure.as_ref().is_some_and(|unsure| is_marked(unsure, ordinal)) {
                    return Fit::Unsure;
                }
                yes(is_marked(fitting, ordinal))
            }
        }
    }

    pub(super) fn may_be_unsure(&self) -> bool {
        matches!(self, Self::Bits { unsure: Some(_), .. })
    }
}

/// Ordinals of the texts that begin with `prefix`.
pub(super) fn with_prefix(column: &StrColumn, prefix: &str) -> io::Result<Range<u64>> {
    let mut stream = column.dictionary().prefix_range(prefix).limit(1).into_stream()?;
    if !stream.advance() || !stream.key().starts_with(prefix.as_bytes()) {
        return Ok(0..0);
    }
    let first = stream.term_ord();
    // No UTF-8 has the byte 0xff: it sorts behind every text with the prefix.
    let behind = [prefix.as_bytes(), &[0xff]].concat();
    let (TermOrdHit::Exact(end) | TermOrdHit::Next(end)) = column.dictionary().term_ord_or_next(&behind)?;
    Ok(first..end.min(column.num_terms() as u64))
}

fn mark(bits: &mut [u64], ordinal: u64) {
    if let Some(word) = bits.get_mut((ordinal / 64) as usize) {
        *word |= 1 << (ordinal % 64);
    }
}

fn is_marked(bits: &[u64], ordinal: u64) -> bool {
    bits.get((ordinal / 64) as usize).is_some_and(|word| word & (1 << (ordinal % 64)) != 0)
}
