//! Tokens of those who harvest: what they asked for, the snapshot, and where the next page begins, signed. They hold for as
//! long as the archive has its token key: a restart, a reindex and years change nothing.

use serde::{Deserialize, Serialize};

use super::{Selection, Set};
use crate::catalogue::{Catalogue, Error, token};
use crate::model::RecordId;

/// Where a harvest stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The interface and the request that the token is for: one of another is refused.
    #[serde(rename = "q")]
    pub request: String,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<RecordId>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub mission: Option<String>,
    /// Sequence where the next page begins, and where the last page ends.
    #[serde(rename = "n")]
    pub next: u64,
    #[serde(rename = "l")]
    pub last: u64,
    /// Last sequence of the snapshot.
    #[serde(rename = "s")]
    pub snapshot: u64,
    /// How many were given before.
    #[serde(rename = "g")]
    pub given: u64,
}

impl Place {
    /// The place behind a page of this selection.
    pub fn after(request: impl Into<String>, selection: &Selection<'_>, next: u64, given: u64) -> Self {
        let (collection, mission) = match &selection.set {
            Some(Set::Collection(id)) => (Some(id.clone()), None),
            Some(Set::Mission(label)) => (None, Some(label.clone())),
            None => (None, None),
        };
        let (last, snapshot) = (selection.last, selection.snapshot);
        Self { request: request.into(), collection, mission, next, last, snapshot, given }
    }

    /// The set that was asked for.
    pub fn set(&self) -> Option<Set> {
        let collection = self.collection.clone().map(Set::Collection);
        collection.or_else(|| self.mission.clone().map(Set::Mission))
    }
}

impl Catalogue {
    /// A token for a place.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn token_of(&self, place: &Place) -> Result<String, Error> {
        let bytes = serde_json::to_vec(place).map_err(Error::internal("signing a token"))?;
        Ok(token::seal(self.secrets.token_key(), &bytes))
    }

    /// The place that a token of this service names, whatever it was made for.
    ///
    /// # Errors
    /// `BadToken` when it was altered, made elsewhere, or names what this archive does not hold.
    pub fn place_of(&self, token: &str) -> Result<Place, Error> {
        let bytes = token::unseal(self.secrets.token_key(), token).ok_or(Error::BadToken)?;
        let place: Place = serde_json::from_slice(&bytes).map_err(|_| Error::BadToken)?;
        // An archive that was restored from an older backup is shorter than the token says.
        let is_held = place.snapshot <= self.readable() && place.last <= place.snapshot;
        if is_held { Ok(place) } else { Err(Error::BadToken) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_its_set_and_no_other_token_is_one() {
        let selection = Selection {
            kinds: &[],
            set: Some(Set::Mission("é:".into())),
            first: 1,
            last: 9,
            snapshot: 10,
            deletions: true,
            sets: true,
        };
        let place = Place::after("oai", &selection, 7, 500);
        let bytes = serde_json::to_vec(&place).expect("serialises");
        let sealed = token::seal(&[1; 32], &bytes);
        let again: Place = serde_json::from_slice(&token::unseal(&[1; 32], &sealed).expect("ours")).expect("a place");
        assert_eq!((again.set(), again), (selection.set, place));
        assert!(token::unseal(&[2; 32], &sealed).is_none());
        assert!(serde_json::from_slice::<Place>(br#"{"query":"x","sequence":1,"cursor":{}}"#).is_err());
    }
}
