//! Page tokens: sort values and key digest of the last hit, the digest of the query and the sequence of page one,
//! signed. Nothing in them changes by a restart, a merge or a reindex.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::codec;
use crate::model::{Cursor, Query};

/// Bytes of the signature kept: 128 bits of HMAC-SHA256 (RFC 2104 § 5 allows half).
const SIGNATURE_BYTES: usize = 16;

/// Longest token read, bytes: sort values of 512-byte identifiers fit several times.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

#[derive(Serialize, Deserialize)]
struct Content {
    /// First 8 bytes of the digest of query and scope, as hexadecimal digits.
    query: String,
    /// Sequence that page one saw.
    sequence: u64,
    cursor: Cursor,
}

/// What a valid token says.
pub struct Position {
    pub cursor: Cursor,
    pub sequence: u64,
}

/// Signs the place where the next page begins.
///
/// # Errors
/// The serialiser's.
pub fn issue(key: &[u8; 32], query: &Query, cursor: &Cursor, sequence: u64) -> Result<String, serde_json::Error> {
    let content = Content { query: fingerprint(query), sequence, cursor: cursor.clone() };
    Ok(seal(key, &serde_json::to_vec(&content)?))
}

/// Bytes with our signature, as letters that may stand in an address.
pub fn seal(key: &[u8; 32], bytes: &[u8]) -> String {
    let signature = codec::hmac_sha256(key, bytes);
    let signature = signature.as_bytes().get(..SIGNATURE_BYTES).unwrap_or_default();
    URL_SAFE_NO_PAD.encode([signature, bytes].concat())
}

/// The bytes of what `seal` gave; none when it was altered or made elsewhere.
pub fn unseal(key: &[u8; 32], token: &str) -> Option<Vec<u8>> {
    unseal_within(key, token, MAX_TOKEN_BYTES)
}

/// As `unseal`, of a token that may be this long, bytes.
pub fn unseal_within(key: &[u8; 32], token: &str, longest: usize) -> Option<Vec<u8>> {
    if token.len() > longest {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (signature, content) = bytes.split_at_checked(SIGNATURE_BYTES)?;
    let expected = codec::hmac_sha256(key, content);
    let expected = expected.as_bytes().get(..SIGNATURE_BYTES).unwrap_or_default();
    let differences = signature.iter().zip(expected).fold(0, |sum, (left, right)| sum | (left ^ right));
    (differences == 0).then(|| content.to_vec())
}

/// Reads a token of the same query.
///
/// # Errors
/// `BadToken` when it was altered, made elsewhere or made for another query.
pub fn read(key: &[u8; 32], query: &Query, token: &str) -> Result<Position, Error> {
    let content = unseal(key, token).ok_or(Error::BadToken)?;
    let content: Content = serde_json::from_slice(&content).map_err(|_| Error::BadToken)?;
    if content.query != fingerprint(query) {
        return Err(Error::BadToken);
    }
    Ok(Position { cursor: content.cursor, sequence: content.sequence })
}

/// What must stay the same from page to page: everything but the page size, the counts asked for and the place.
pub fn fingerprint(query: &Query) -> String {
    let fixed = Query { limit: 0, after: None, count: false, aggregations: Vec::new(), ..query.clone() };
    let digest = codec::sha256(format!("{fixed:?}").as_bytes());
    digest.to_string().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SortValue;

    fn cursor() -> Cursor {
        Cursor { values: vec![SortValue::Integer(-5), SortValue::Text("x".into()), SortValue::Missing], tie: u64::MAX }
    }

    #[test]
    fn a_token_reads_back_for_its_query_only() {
        let key = [7u8; 32];
        let query = Query { text: Some("mars".into()), limit: 10, ..Query::default() };
        let token = issue(&key, &query, &cursor(), 42).expect("serialises");
        let position = read(&key, &Query { limit: 50, count: true, ..query.clone() }, &token).expect("same query");
        assert_eq!((position.cursor, position.sequence), (cursor(), 42));
        assert!(read(&key, &Query { text: Some("venus".into()), ..query.clone() }, &token).is_err());
        assert!(read(&[8u8; 32], &query, &token).is_err());
        for altered in ["", "!", "AAAA", &token[1..], &token.replace(&token[30..31], "_")] {
            assert!(read(&key, &query, altered).is_err() || altered == token);
        }
    }
}
