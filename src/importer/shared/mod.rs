//! What importers share: the record in the making, names, times, footprints, and readers of syntaxes.

pub(super) mod identify;
pub(super) mod json_tree;
pub(super) mod levels;
pub(super) mod names;
pub(super) mod numbers;
pub(super) mod once;
pub(super) mod pvl;
pub(super) mod record;
pub(super) mod space;
pub(super) mod thesaurus;
pub(super) mod time;
pub(super) mod values;
pub(super) mod xml;
