//! Where a record comes from, and what was made of it: the records that its links and inputs lead to, step by step, and those
//! that lead to it. What a name leads to is looked up now; nothing of it is kept.

use std::collections::{HashMap, VecDeque};

use super::{Catalogue, Error, Standing};
use crate::model::json::{self, Fields};
use crate::model::{Entity, Key, References};

/// The relation of a record to what it was made from.
const DERIVED: &str = "derived_from";

/// A record, or a name that no record here has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageNode {
    /// The id; of what is not here, the name that led to it.
    pub name: String,
    pub key: Option<Key>,
    pub title: Option<String>,
    /// What generated it, in the record's words.
    pub software: Option<String>,
    /// RFC 3339, UTC.
    pub processed_at: Option<String>,
    /// 0 for the record asked for, below for what it comes from, above for what was made of it.
    pub step: i32,
}

/// Records and which was made from which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The record asked for is the first.
    pub nodes: Vec<LineageNode>,
    /// Places of a derived node and of its source.
    pub edges: Vec<(usize, usize)>,
    /// Whether more is known than is here.
    pub is_cut: bool,
}

/// How far a lineage is followed.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// Steps in each direction.
    pub steps: i32,
    /// Nodes in all.
    pub nodes: usize,
}

/// A lineage under construction.
struct Growth {
    lineage: Lineage,
    places: HashMap<(Option<Key>, String), usize>,
    waiting: VecDeque<usize>,
    reach: Reach,
}

impl Growth {
    /// The place of a node, which is added if there is room.
    fn place(&mut self, key: Option<Key>, name: String, step: i32) -> Option<usize> {
        let identity = (key.clone(), if key.is_some() { String::new() } else { name.clone() });
        if let Some(place) = self.places.get(&identity) {
            return Some(*place);
        }
        if self.lineage.nodes.len() >= self.reach.nodes {
            self.lineage.is_cut = true;
            return None;
        }
        let place = self.lineage.nodes.len();
        let node = LineageNode { name, key, title: None, software: None, processed_at: None, step };
        self.lineage.nodes.push(node);
        self.places.insert(identity, place);
        self.waiting.push_back(place);
        Some(place)
    }

    fn join(&mut self, derived: usize, source: usize) {
        if !self.lineage.edges.contains(&(derived, source)) {
            self.lineage.edges.push((derived, source));
        }
    }
}

impl Catalogue {
    /// The lineage of a record, breadth first, so that what is nearest is there when it is cut.
    ///
    /// # Errors
    /// Those of `get` for the record itself; `Internal` when an index cannot be read.
    pub fn lineage(&self, key: &Key, reach: Reach) -> Result<Lineage, Error> {
        self.get(key)?;
        let mut growth =
            Growth { lineage: Lineage::default(), places: HashMap::new(), waiting: VecDeque::new(), reach };
        growth.place(Some(key.clone()), key.id.to_string(), 0);
        while let Some(place) = growth.waiting.pop_front() {
            let Some(node) = growth.lineage.nodes.get(place) else { continue };
            let (Some(key), step) = (node.key.clone(), node.step) else { continue };
            let Ok(stored) = self.get(&key) else { continue };
            let record = String::from_utf8_lossy(&stored.record);
            if let Some(node) = growth.lineage.nodes.get_mut(place) {
                tell(node, &record);
            }
            if step <= 0 {
                self.grow_up(&mut growth, place, step, &record)?;
            }
            if step >= 0 {
                self.grow_down(&mut growth, place, step, &key)?;
            }
        }
        Ok(growth.lineage)
    }

    /// Adds what a record was made from.
    fn grow_up(&self, growth: &mut Growth, place: usize, step: i32, record: &str) -> Result<(), Error> {
        let names = sources(record);
        if step <= -growth.reach.steps {
            growth.lineage.is_cut |= !names.is_empty();
            return Ok(());
        }
        for name in names {
            if growth.lineage.nodes.len() >= growth.reach.nodes {
                growth.lineage.is_cut = true;
                return Ok(());
            }
            let found = self.resolve(&name)?.into_iter().find(|found| found.standing == Standing::Current);
            let (key, name) = found.map_or((None, name), |found| (Some(found.key.clone()), found.key.id.to_string()));
            if let Some(source) = growth.place(key, name, step.saturating_sub(1)) {
                growth.join(place, source);
            }
        }
        Ok(())
    }

    /// Adds what was made from a record.
    fn grow_down(&self, growth: &mut Growth, place: usize, step: i32, key: &Key) -> Result<(), Error> {
        let room = growth.reach.nodes.saturating_sub(growth.lineage.nodes.len());
        let referrers = self.first_links_to(key.id.as_str(), Some(DERIVED), room.saturating_add(1))?;
        if step >= growth.reach.steps {
            growth.lineage.is_cut |= !referrers.is_empty();
            return Ok(());
        }
        for referrer in referrers {
            let name = referrer.key.id.to_string();
            if let Some(derived) = growth.place(Some(referrer.key), name, step.saturating_add(1)) {
                growth.join(derived, place);
            }
        }
        Ok(())
    }
}

fn tell(node: &mut LineageNode, record: &str) {
    let Ok(entity) = Entity::view(record.as_bytes()) else { return };
    let fields = Fields::of_valid(record).unwrap_or_default();
    node.title = entity.title.map(|title| title.into_owned());
    node.processed_at = fields.string("processed_at").map(|time| time.into_owned());
    let provenance = fields.get("provenance").and_then(Fields::of_valid);
    node.software = provenance.and_then(|given| given.string("generated_by").map(|name| name.into_owned()));
}

/// Names of what a record was made from: its links and its inputs, each once.
fn sources(record: &str) -> Vec<String> {
    let references = References::view(record);
    let linked = references.targets().filter(|(rel, _)| *rel == DERIVED).map(|(_, href)| href.to_owned());
    let mut names: Vec<String> = linked.collect();
    let provenance = Fields::of_valid(record).and_then(|fields| Fields::of_valid(fields.get("provenance")?));
    let inputs = provenance.and_then(|given| json::elements(given.get("inputs")?)).unwrap_or_default();
    names.extend(inputs.into_iter().filter_map(name_of));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| !name.is_empty() && seen.insert(name.clone()));
    names
}

/// The name of an input: a text, or the `id`, `href` or `name` of an object.
fn name_of(input: &str) -> Option<String> {
    if let Some(text) = json::read_string(input) {
        return Some(text.into_owned());
    }
    let fields = Fields::of_valid(input)?;
    ["id", "href", "name"].into_iter().find_map(|name| fields.string(name).map(|name| name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_links_and_inputs_each_once() {
        let record = r#"{"kind":"product","id":"p","collection":"c","links":[{"rel":"derived_from","href":"a"},{"rel":"about","href":"z"}],
            "provenance":{"inputs":["a",{"id":"b"},{"href":"c"},7,{"odd":1},""]}}"#;
        assert_eq!(sources(record), ["a", "b", "c"]);
        assert_eq!(sources("{"), Vec::<String>::new());
    }
}
