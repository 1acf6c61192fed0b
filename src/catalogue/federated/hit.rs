//! A hit of a federated search: the record as this archive reads it, and what of it is compared with the hits of others.

use super::identity;
use crate::federation::merge::{Candidate, Field};
use crate::model::{Entity, Instant, PropertyName, Query, SortKey};
use crate::query::evaluate::{Scalar, Source as _, StoredRecord};

/// A hit.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The record as JSON, with the names that its source gives.
    pub record: Vec<u8>,
    /// Collection and id at its source, with a space between: unique there.
    pub id: String,
    /// Where it stands at its source.
    pub href: Option<String>,
    candidate: Candidate,
}

impl Hit {
    /// Views a record.
    ///
    /// # Errors
    /// The JSON error of a record that did not pass its schema.
    pub fn of(record: Vec<u8>, href: Option<String>, query: &Query) -> Result<Self, serde_json::Error> {
        let (id, candidate) = {
            let entity = Entity::view(&record)?;
            let id = match entity.collection.as_deref() {
                Some(collection) => format!("{collection} {}", entity.id),
                None => entity.id.to_string(),
            };
            let candidate = Candidate {
                rank: 0,
                id: id.clone(),
                identities: identity::of(&entity),
                sort: query.sort.iter().map(|key| value(&entity, key, &record)).collect(),
                completeness: record.len(),
            };
            (id, candidate)
        };
        Ok(Self { record, id, href, candidate })
    }

    /// What is compared of it.
    pub fn candidate(&self, rank: u64) -> Candidate {
        Candidate { rank, ..self.candidate.clone() }
    }

    #[cfg(test)]
    pub fn for_test(id: &str) -> Self {
        let candidate =
            Candidate { rank: 0, id: id.to_owned(), identities: Vec::new(), sort: Vec::new(), completeness: 0 };
        Self { record: b"{}".to_vec(), id: id.to_owned(), href: None, candidate }
    }
}

/// Whether each key descends.
pub fn directions(query: &Query) -> Vec<bool> {
    let of = |key: &SortKey| match key {
        SortKey::Relevance => false,
        SortKey::Time { descending } | SortKey::By { descending, .. } => *descending,
    };
    query.sort.iter().map(of).collect()
}

fn value(entity: &Entity<'_>, key: &SortKey, record: &[u8]) -> Option<Field> {
    let (property, descending) = match key {
        SortKey::Relevance => return None,
        SortKey::Time { descending } => (&PropertyName::Start, *descending),
        SortKey::By { property, descending } => (property, *descending),
    };
    Field::first(values(entity, property, record).into_iter(), descending)
}

fn values(entity: &Entity<'_>, property: &PropertyName, record: &[u8]) -> Vec<Field> {
    if let PropertyName::Either(first, second) = property {
        let found = values(entity, first, record);
        return if found.is_empty() { values(entity, second, record) } else { found };
    }
    let updated = updated(record);
    if *property == PropertyName::Updated && updated.is_none() {
        return Vec::new();
    }
    let stored = StoredRecord { entity, updated: updated.map_or(0, Instant::micros) };
    let mut found = Vec::new();
    stored.values(property, &mut |value| {
        found.extend(match value {
            Scalar::Number(number) => Some(Field::Number(number)),
            Scalar::Instant(micros) | Scalar::Day(micros) => Some(Field::Instant(micros)),
            Scalar::Text(text) => Some(Field::Text(text.into_owned())),
            Scalar::Bool(_) => None,
        });
    });
    found
}

/// When its source says that the record changed.
pub fn updated(record: &[u8]) -> Option<Instant> {
    #[derive(serde::Deserialize)]
    struct Said<'a> {
        #[serde(borrow, default)]
        lifecycle: Option<Lifecycle<'a>>,
        #[serde(borrow, default)]
        properties: Option<Properties<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Lifecycle<'a> {
        #[serde(borrow, default)]
        modified: Option<std::borrow::Cow<'a, str>>,
    }
    #[derive(serde::Deserialize)]
    struct Properties<'a> {
        #[serde(borrow, default)]
        updated: Option<std::borrow::Cow<'a, str>>,
    }
    let said: Said<'_> = serde_json::from_slice(record).ok()?;
    let modified = said.lifecycle.and_then(|lifecycle| lifecycle.modified);
    let written = modified.or_else(|| said.properties.and_then(|properties| properties.updated))?;
    Instant::parse(&written).ok()
}
