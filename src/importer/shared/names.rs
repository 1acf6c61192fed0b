//! Canonical labels and IRIs of missions, platforms, instruments, targets and levels, from SKOS tables under
//! `ontologies/` and those an archivist adds.

use std::collections::HashMap;

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Mission,
    Platform,
    Instrument,
    Target,
    Level,
}

/// What a spelling stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// Preferred label.
    pub label: String,
    pub iri: String,
}

/// Spellings of all roles.
#[derive(Debug, Clone, Default)]
pub struct Names {
    concepts: HashMap<(Role, String), Concept>,
}

impl Names {
    /// The tables that this binary brings.
    pub fn bundled() -> &'static Self {
        static BUNDLED: std::sync::OnceLock<Names> = std::sync::OnceLock::new();
        BUNDLED.get_or_init(Names::default)
    }

    /// The concepts that a spelling stands for: several for `terra,aqua`, none for what no table knows.
    pub fn concepts(&self, role: Role, written: &str) -> Vec<&Concept> {
        self.concepts.get(&(role, fold(written))).into_iter().collect()
    }
}

/// Spellings are compared without regard to case, spaces, hyphens and underscores.
fn fold(written: &str) -> String {
    written.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
