//! Counts the values of a field as they are.

use std::collections::HashMap;

use tantivy::DocId;
use tantivy::columnar::{Column, StrColumn};

use super::super::columns::NumberColumn;
use super::super::error::SearchError;
use super::total::{Term, Total};
use super::values::{Instants, Present, Values, count_keys};
use super::{MAX_DISTINCT, Tally, too_many};

/// Counts the values of a field in one segment.
pub(super) struct TermTally {
    texts: Option<(StrColumn, Vec<u32>)>,
    numbers: Option<(NumberColumn, HashMap<u64, u64>)>,
    bools: Option<(Column<bool>, [u64; 2])>,
    instants: Option<(Instants, HashMap<i64, u64>)>,
    missing: u64,
}

impl TermTally {
    pub(super) fn new(values: Values) -> Self {
        let texts = values.texts.map(|column| {
            let counts = vec![0; column.num_terms()];
            (column, counts)
        });
        Self {
            texts,
            numbers: values.numbers.map(|column| (column, HashMap::new())),
            bools: values.bools.map(|column| (column, [0; 2])),
            instants: values.instants.map(|column| (column, HashMap::new())),
            missing: 0,
        }
    }
}

impl Tally for TermTally {
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError> {
        let mut present = Present::none();
        if let Some((column, counts)) = &mut self.texts {
            let add = |_, ordinal: u64| {
                if let Some(count) = counts.get_mut(ordinal as usize) {
                    *count += 1;
                }
            };
            count_keys(column.ords(), documents, &mut present, |ordinal, keys| keys.push(ordinal), add);
        }
        if let Some((column, counts)) = &mut self.numbers {
            let add = |_, bits: u64| *counts.entry(bits).or_default() += 1;
            column.count_keys(documents, &mut present, |number, keys| keys.push(number.to_bits()), add);
            if counts.len() > MAX_DISTINCT {
                return Err(too_many());
            }
        }
        if let Some((column, counts)) = &mut self.bools {
            let add = |_, truth: bool| {
                if let Some(count) = counts.get_mut(usize::from(truth)) {
                    *count += 1;
                }
            };
            count_keys(column, documents, &mut present, |truth, keys| keys.push(truth), add);
        }
        if let Some((column, counts)) = &mut self.instants {
            let add = |_, micros: i64| *counts.entry(micros).or_default() += 1;
            column.count_keys(documents, &mut present, |micros, keys| keys.push(micros), add);
            if counts.len() > MAX_DISTINCT {
                return Err(too_many());
            }
        }
        self.missing += present.missing(documents.len());
        Ok(())
    }

    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError> {
        total.missing += self.missing;
        if let Some((column, counts)) = self.texts {
            let counted = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
            let (ordinals, counts): (Vec<u64>, Vec<u32>) = counted.map(|(at, count)| (at as u64, count)).unzip();
            if ordinals.len() > MAX_DISTINCT {
                return Err(too_many());
            }
            let mut counts = counts.into_iter();
            column.dictionary().sorted_ords_to_term_cb(&ordinals, |text| {
                let text = String::from_utf8_lossy(text).into_owned();
                *total.terms.entry(Term::Text(text)).or_default() += u64::from(counts.next().unwrap_or(0));
            })?;
        }
        let numbers = self.numbers.into_iter().flat_map(|(_, counts)| counts);
        let numbers = numbers.map(|(bits, count)| (Term::Number(bits), count));
        let instants = self.instants.into_iter().flat_map(|(_, counts)| counts);
        let instants = instants.map(|(micros, count)| (Term::Instant(micros), count));
        let bools =
            self.bools.into_iter().flat_map(|(_, [no, yes])| [(Term::Bool(false), no), (Term::Bool(true), yes)]);
        for (term, count) in numbers.chain(instants).chain(bools).filter(|(_, count)| *count > 0) {
            *total.terms.entry(term).or_default() += count;
        }
        if total.terms.len() > MAX_DISTINCT { Err(too_many()) } else { Ok(()) }
    }
}
