//! From any name of a record to the record, from a record to those that refer to it, and from a collection to its members.

use super::{Catalogue, Error};
use crate::model::{Entity, Key, Kind, Query, RecordId, References};

/// Most records that one name may lead to in an answer.
const MAX_MATCHES: usize = 100;

/// What a name is to the record that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// Its id.
    Id,
    /// One of its identifiers, of this scheme.
    Identifier { scheme: String },
    /// A name that it had before, or has elsewhere.
    Alias,
}

/// How the revision that has the name stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// A later revision has other names; the address leads to that of the name.
    Superseded,
    Deleted,
}

/// One record that a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    pub key: Key,
    pub naming: Naming,
    pub standing: Standing,
    /// Revision that has the name.
    pub revision: u64,
}

/// One record that refers to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    pub key: Key,
    pub rel: String,
    /// The name of the target that its link gives.
    pub href: String,
}

/// A member that a collection lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As the collection names it.
    pub name: String,
    /// The record held under this name.
    pub held: Option<Key>,
}

impl Catalogue {
    /// All records of a name: an id, an identifier of any scheme, or a retired one. Empty when nothing of this archive's own
    /// has it.
    ///
    /// # Errors
    /// `Internal` when an index cannot be read.
    pub fn resolve(&self, name: &str) -> Result<Vec<Match>, Error> {
        self.check_ready()?;
        let mut matches = self.of_id(name)?;
        for key in self.records.named(name).map_err(Error::internal("looking for a name"))? {
            if matches.len() >= MAX_MATCHES {
                break;
            }
            // A copy has the names of what it is a copy of; it is found by its own id.
            if key.is_local()
                && !matches.iter().any(|known| known.key == key)
                && let Some(found) = self.revision_named(&key, name)?
            {
                matches.push(found);
            }
        }
        Ok(matches)
    }

    /// Records whose id is the name, whatever their kind and collection.
    fn of_id(&self, name: &str) -> Result<Vec<Match>, Error> {
        let Ok(id) = RecordId::parse(name) else { return Ok(Vec::new()) };
        let mut matches = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Product) {
            let key = Key { kind, collection: None, id: id.clone() };
            if let Some(current) = self.records.current(&key).map_err(Error::internal("looking for a record"))? {
                let standing = if current.deleted { Standing::Deleted } else { Standing::Current };
                matches.push(Match { key, naming: Naming::Id, standing, revision: current.revision });
            }
        }
        let query = Query { ids: vec![name.to_owned()], limit: MAX_MATCHES, ..Query::default() };
        for found in self.search(query, None)?.found {
            let entity = Entity::view(&found.record).map_err(Error::internal("reading a stored record"))?;
            let collection = entity.collection.as_deref().map(RecordId::parse).transpose();
            let Some(collection) = collection.map_err(Error::internal("reading a stored record"))? else { continue };
            let key = Key::product(collection, id.clone());
            let current = self.records.current(&key).map_err(Error::internal("looking for a record"))?;
            let revision = current.map_or(1, |current| current.revision);
            matches.push(Match { key, naming: Naming::Id, standing: Standing::Current, revision });
        }
        Ok(matches)
    }

    /// The newest revision of a record that has this name among its identifiers or aliases.
    fn revision_named(&self, key: &Key, name: &str) -> Result<Option<Match>, Error> {
        let revisions = self.records.revisions(key).map_err(Error::internal("listing revisions"))?;
        let mut standing = Standing::Current;
        for (revision, sequence) in revisions.into_iter().rev() {
            let (event, _) = self.event_at(sequence)?;
            let Some(record) = &event.record else {
                standing = Standing::Deleted;
                continue;
            };
            if let Some(naming) = naming(&References::view(record.get()), name) {
                return Ok(Some(Match { key: key.clone(), naming, standing, revision }));
            }
            if standing == Standing::Current {
                standing = Standing::Superseded;
            }
        }
        Ok(None)
    }

    /// Live records that refer to a record by any of its names, or to a name that no record has; in order of relation.
    ///
    /// # Errors
    /// `Internal` when an index cannot be read.
    pub fn links_to(&self, name: &str, rel: Option<&str>) -> Result<Vec<Referrer>, Error> {
        self.first_links_to(name, rel, usize::MAX)
    }

    /// As `links_to` with every relation, and no more than `most`: a popular record has a million of them.
    ///
    /// # Errors
    /// As `links_to`.
    pub fn links_to_some(&self, name: &str, most: usize) -> Result<Vec<Referrer>, Error> {
        self.first_links_to(name, None, most)
    }

    /// As `links_to`, and no more than `most`.
    pub(super) fn first_links_to(&self, name: &str, rel: Option<&str>, most: usize) -> Result<Vec<Referrer>, Error> {
        let mut names = vec![name.to_owned()];
        for found in self.resolve(name)? {
            self.add_names(&found.key, &mut names)?;
        }
        let mut referrers: Vec<Referrer> = Vec::new();
        for name in names {
            let referring = self.records.referring(&name, rel, most).map_err(Error::internal("looking for links"))?;
            for (rel, key) in referring {
                if referrers.len() >= most {
                    return Ok(referrers);
                }
                let is_known = referrers.iter().any(|known| known.key == key && known.rel == rel && known.href == name);
                if !is_known && key.is_local() && self.refers(&key, &rel, &name)? {
                    referrers.push(Referrer { key, rel, href: name.clone() });
                }
            }
        }
        Ok(referrers)
    }

    fn add_names(&self, key: &Key, names: &mut Vec<String>) -> Result<(), Error> {
        let Some(record) = self.live_record(key)? else { return Ok(()) };
        let record = String::from_utf8_lossy(&record);
        let references = References::view(&record);
        for name in references.names().chain([key.id.as_str()]) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Ok(())
    }

    /// Whether the current revision still has the link.
    fn refers(&self, key: &Key, rel: &str, target: &str) -> Result<bool, Error> {
        let Some(record) = self.live_record(key)? else { return Ok(false) };
        let record = String::from_utf8_lossy(&record);
        Ok(References::view(&record).targets().any(|link| link == (rel, target)))
    }

    fn live_record(&self, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        let current = self.records.current(key).map_err(Error::internal("looking for a record"))?;
        match current.filter(|current| !current.deleted) {
            Some(current) => self.record_at(current.sequence).map(Some),
            None => Ok(None),
        }
    }

    /// What a collection lists as its own members, in its order, each with the record held under its name.
    ///
    /// # Errors
    /// `NotFound` or `Gone` for the collection.
    pub fn listed_members(&self, collection: &RecordId) -> Result<Vec<Member>, Error> {
        self.listed_members_some(collection, usize::MAX)
    }

    /// As `listed_members`, the first `most` of them.
    ///
    /// # Errors
    /// As `listed_members`.
    pub fn listed_members_some(&self, collection: &RecordId, most: usize) -> Result<Vec<Member>, Error> {
        let stored = self.get(&Key::collection(collection.clone()))?;
        let record = String::from_utf8_lossy(&stored.record);
        let member = |name: String| {
            let is_there = |found: &Match| found.standing != Standing::Deleted;
            let held = self.resolve(&name)?.into_iter().find(is_there).map(|found| found.key);
            Ok(Member { name, held })
        };
        listed(&record).into_iter().take(most).map(member).collect()
    }
}

/// Members as links, or as a list in `properties` where there are very many.
fn listed(record: &str) -> Vec<String> {
    let references = References::view(record);
    let linked = references.targets().filter(|(rel, _)| *rel == "member").map(|(_, target)| target.to_owned());
    let many: Members = serde_json::from_str(record).unwrap_or_default();
    linked.chain(many.properties.members).collect()
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Members {
    properties: MemberList,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct MemberList {
    members: Vec<String>,
}

fn naming(references: &References<'_>, name: &str) -> Option<Naming> {
    let identifier = references.identifiers.iter().find(|identifier| identifier.value == name);
    match identifier {
        Some(identifier) => Some(Naming::Identifier { scheme: identifier.scheme.to_string() }),
        None => references.aliases.iter().any(|alias| alias == name).then_some(Naming::Alias),
    }
}
