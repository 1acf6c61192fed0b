//! Where a federated search goes on: the place in each source and what was shown, signed. Nothing is kept here between pages.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::gather::Position;
use crate::catalogue::{Error, token};
use crate::federation::merge::Shown;
use crate::model::Query;

/// Longest token read, bytes: what was shown, and a next link of 32 sources.
const MAX_TOKEN_BYTES: usize = 256 * 1024;

#[derive(Serialize, Deserialize)]
struct Content {
    /// Digest of the query.
    query: String,
    positions: BTreeMap<String, Position>,
    shown: String,
}

/// The place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// By source.
    pub positions: BTreeMap<String, Position>,
    pub shown: Shown,
}

impl Cursor {
    /// Signs it for its query.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn seal(&self, key: &[u8; 32], query: &Query) -> Result<String, Error> {
        let content = Content {
            query: token::fingerprint(query),
            positions: self.positions.clone(),
            shown: URL_SAFE_NO_PAD.encode(self.shown.to_bytes()),
        };
        let bytes = serde_json::to_vec(&content).map_err(Error::internal("signing a page token"))?;
        Ok(token::seal(key, &bytes))
    }

    /// Reads one of the same query.
    ///
    /// # Errors
    /// `BadToken`.
    pub fn open(key: &[u8; 32], query: &Query, text: &str) -> Result<Self, Error> {
        let bytes = token::unseal_within(key, text, MAX_TOKEN_BYTES).ok_or(Error::BadToken)?;
        let content: Content = serde_json::from_slice(&bytes).map_err(|_| Error::BadToken)?;
        if content.query != token::fingerprint(query) {
            return Err(Error::BadToken);
        }
        let shown = URL_SAFE_NO_PAD.decode(content.shown).map_err(|_| Error::BadToken)?;
        Ok(Self { positions: content.positions, shown: Shown::from_bytes(&shown) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_its_query_only() {
        let query = Query { text: Some("mars".into()), ..Query::default() };
        let position = Position { page: Some("x".to_owned()), skip: 3, rank: 13, is_done: false };
        let cursor = Cursor { positions: [("a".to_owned(), position)].into(), shown: Shown::from_bytes(&[7; 12]) };
        let token = cursor.seal(&[1; 32], &query).expect("serialises");
        assert_eq!(Cursor::open(&[1; 32], &query, &token).expect("its own"), cursor);
        assert!(Cursor::open(&[2; 32], &query, &token).is_err());
        assert!(Cursor::open(&[1; 32], &Query::default(), &token).is_err());
        assert!(Cursor::open(&[1; 32], &query, &token[1..]).is_err());
    }
}
