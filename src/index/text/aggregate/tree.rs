//! Counts the nodes of a tree that values which are paths make: `EARTH SCIENCE > OCEANS` lies in two of them.

use std::collections::HashMap;

use tantivy::DocId;
use tantivy::columnar::StrColumn;

use crate::model::path_levels;

use super::super::error::SearchError;
use super::total::Total;
use super::values::{Present, Values, count_keys};
use super::{MAX_DISTINCT, Tally, too_many};

/// Which part of a tree is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'q> {
    pub is_keyword: bool,
    pub under: Option<&'q str>,
    /// Levels below `under`.
    pub depth: usize,
}

/// Counts the nodes of a tree of paths in one segment.
pub(super) struct TreeTally {
    column: Option<StrColumn>,
    /// For each text the nodes that it lies in, by their numbers, and whether it goes on below them.
    nodes_of: Vec<Vec<(u32, bool)>>,
    paths: Vec<String>,
    counts: Vec<u64>,
    has_children: Vec<bool>,
    missing: u64,
}

impl TreeTally {
    pub(super) fn new(values: Values, part: Part<'_>) -> Result<Self, SearchError> {
        let mut nodes_of = Vec::new();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        if let Some(column) = &values.texts {
            if column.num_terms() > MAX_DISTINCT {
                return Err(too_many());
            }
            let mut texts = column.dictionary().stream()?;
            while texts.advance() {
                let path = String::from_utf8_lossy(texts.key());
                let numbered = nodes(&path, part).into_iter().map(|(node, goes_on)| {
                    let next = numbers.len() as u32;
                    (*numbers.entry(node.to_owned()).or_insert(next), goes_on)
                });
                nodes_of.push(numbered.collect());
            }
        }
        let mut paths = vec![String::new(); numbers.len()];
        for (path, number) in numbers {
            if let Some(place) = paths.get_mut(number as usize) {
                *place = path;
            }
        }
        let (counts, has_children) = (vec![0; paths.len()], vec![false; paths.len()]);
        Ok(Self { column: values.texts, nodes_of, paths, counts, has_children, missing: 0 })
    }
}

/// The nodes of a path that belong to the part, and whether the path goes on behind each.
fn nodes<'p>(path: &'p str, part: Part<'_>) -> Vec<(&'p str, bool)> {
    let (levels, separator) = path_levels(path, part.is_keyword);
    let above = part.under.map_or(0, |under| under.split(separator).count());
    let mut found = Vec::new();
    let mut end = 0;
    for (at, level) in levels.iter().enumerate() {
        end += level.len();
        let node = path.get(..end).unwrap_or_default();
        end += separator.len();
        if at + 1 == above && Some(node) != part.under {
            return Vec::new();
        }
        if at >= above && at - above < part.depth {
            found.push((node, at + 1 < levels.len()));
        }
    }
    found
}

impl Tally for TreeTally {
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError> {
        let Some(column) = &self.column else {
            self.missing += documents.len() as u64;
            return Ok(());
        };
        let mut present = Present::none();
        let (nodes_of, has_children, counts) = (&self.nodes_of, &mut self.has_children, &mut self.counts);
        let map = |ordinal: u64, keys: &mut Vec<u32>| {
            for (node, goes_on) in nodes_of.get(ordinal as usize).into_iter().flatten() {
                keys.push(*node);
                if let Some(has_children) = has_children.get_mut(*node as usize) {
                    *has_children |= *goes_on;
                }
            }
        };
        let add = |_, node: u32| {
            if let Some(count) = counts.get_mut(node as usize) {
                *count += 1;
            }
        };
        count_keys(column.ords(), documents, &mut present, map, add);
        self.missing += present.missing(documents.len());
        Ok(())
    }

    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError> {
        total.missing += self.missing;
        for ((path, count), has_children) in self.paths.into_iter().zip(self.counts).zip(self.has_children) {
            if count > 0 {
                let node = total.nodes.entry(path).or_default();
                node.0 += count;
                node.1 |= has_children;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_in_its_nodes_below_the_one_asked_for() {
        let check = |path: &str, is_keyword, under, depth, expected: &[(&str, bool)]| {
            assert_eq!(nodes(path, Part { is_keyword, under, depth }), expected, "{path} {under:?} {depth}");
        };
        check("A > B > C", true, None, 1, &[("A", true)]);
        check("A > B > C", true, None, 9, &[("A", true), ("A > B", true), ("A > B > C", false)]);
        check("A > B > C", true, Some("A"), 1, &[("A > B", true)]);
        check("A > B > C", false, Some("A > B"), 1, &[("A > B > C", false)]);
        check("A > B > C", true, Some("A > B > C"), 1, &[]);
        check("A > B > C", true, Some("B"), 1, &[]);
        check("AB > C", true, Some("A"), 1, &[]);
        check("europe.alps", false, Some("europe"), 1, &[("europe.alps", false)]);
        check("europe.alps", true, None, 2, &[("europe.alps", false)]);
        check("", false, None, 1, &[("", false)]);
    }
}
