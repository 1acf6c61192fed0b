//! Whose a record is: this archive's own, or copied from a source. It is part of the key, so that a copy never stands in the
//! place of what is ours.

use std::fmt;

use super::{Event, Key, RecordId};

/// How scopes and keys of harvested records begin; the id of the source and a colon follow.
pub const HARVESTED: &str = "harvested:";

/// The property of a copy that names its source.
pub const HARVEST_SOURCE: &str = "harvest:source";

/// Whose a record is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// This archive's own.
    Local,
    /// A copy from the source of this id.
    Harvested(RecordId),
}

impl Scope {
    /// The scope that an event line names; `None` for another text.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(HARVESTED) {
            None => (text == "local").then_some(Self::Local),
            Some(source) if source.contains(':') => None,
            Some(source) => RecordId::parse(source).ok().map(Self::Harvested),
        }
    }

    /// The scope of a record whose collection, or own id where it has none, is this.
    fn of_name(name: &str) -> Self {
        let source = name.strip_prefix(HARVESTED).and_then(|rest| rest.split_once(':'));
        match source.and_then(|(source, _)| RecordId::parse(source).ok()) {
            Some(source) => Self::Harvested(source),
            None => Self::Local,
        }
    }

    /// Whether it is this archive's own.
    pub const fn is_local(&self) -> bool {
        matches!(self, Self::Local)
    }

    /// The name in this scope of what its source calls `name`.
    pub fn named(&self, name: &str) -> String {
        match self {
            Self::Local => name.to_owned(),
            Self::Harvested(source) => format!("{HARVESTED}{source}:{name}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => formatter.write_str("local"),
            Self::Harvested(source) => write!(formatter, "{HARVESTED}{source}"),
        }
    }
}

impl Key {
    /// Whose the record is.
    pub fn scope(&self) -> Scope {
        Scope::of_name(self.collection.as_ref().unwrap_or(&self.id).as_str())
    }

    /// As `scope`, when only that matters.
    pub fn is_local(&self) -> bool {
        is_local(self.collection.as_ref().unwrap_or(&self.id))
    }

    /// What its source calls it: collection and id without the scope.
    pub fn in_source(&self) -> (Option<&str>, &str) {
        match &self.collection {
            Some(collection) => (Some(bare(collection.as_str())), self.id.as_str()),
            None => (None, bare(self.id.as_str())),
        }
    }
}

impl Event {
    /// Whether the record is this archive's own.
    pub fn is_local(&self) -> bool {
        is_local(self.collection.as_ref().unwrap_or(&self.id))
    }
}

fn is_local(name: &RecordId) -> bool {
    !name.as_str().starts_with(HARVESTED) || Scope::of_name(name.as_str()).is_local()
}

fn bare(name: &str) -> &str {
    name.strip_prefix(HARVESTED).and_then(|rest| rest.split_once(':')).map_or(name, |(_, bare)| bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn id(text: &str) -> RecordId {
        RecordId::parse(text).expect("an id")
    }

    #[test]
    fn the_scope_is_part_of_the_key() {
        let esa = Scope::Harvested(id("esa"));
        let copied = Key::product(id(&esa.named("S:2")), id("harvested:x"));
        assert_eq!(copied.scope(), esa);
        assert_eq!(copied.in_source(), (Some("S:2"), "harvested:x"));
        assert_eq!(Scope::parse(&esa.to_string()), Some(esa.clone()));
        let other = Key { kind: Kind::Agent, collection: None, id: id("harvested:esa:spase://a/b") };
        assert_eq!((other.scope(), other.in_source()), (esa, (None, "spase://a/b")));
        for local in ["a", "harvested", "harvested:", "harvested:esa", "x:harvested:esa:y", "Harvested:esa:y"] {
            let key = Key::collection(id(local));
            assert!(key.is_local() && key.scope().is_local(), "{local}");
            assert_eq!(key.in_source(), (None, local));
        }
        assert!(!copied.is_local());
        for wrong in ["", "Local", "harvested:", "harvested:a:b", "local "] {
            assert_eq!(Scope::parse(wrong), None, "{wrong}");
        }
    }
}
