//! Wire types of the native face.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::aggregations::{StatisticsBody, SummaryBody};
use super::snippets::SnippetBody;
use crate::catalogue::Receipt;

/// What a write did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// `created`, `replaced`, `unchanged` or `deleted`.
    pub status: &'static str,
    /// `product`, `collection`, …
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    pub id: String,
    /// Position of the event in the archive's log.
    pub sequence: u64,
    /// Counts the revisions of this record from 1.
    pub revision: u64,
    /// sha256 of the stored record, hexadecimal; absent for a tombstone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The record is durable, but an index failed and still catches up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
}

impl From<&Receipt> for ReceiptBody {
    fn from(receipt: &Receipt) -> Self {
        use crate::catalogue::Effect;
        let status = match receipt.effect {
            Effect::Created => "created",
            Effect::Replaced => "replaced",
            Effect::Unchanged => "unchanged",
            Effect::Deleted => "deleted",
        };
        Self {
            status,
            kind: receipt.key.kind.as_str(),
            collection: receipt.key.collection.as_ref().map(ToString::to_string),
            id: receipt.key.id.to_string(),
            sequence: receipt.sequence,
            revision: receipt.revision,
            digest: receipt.digest.map(|digest| digest.to_string()),
            pending: receipt.pending,
        }
    }
}

/// A link of an answer (RFC 8288).
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkBody {
    pub rel: &'static str,
    pub href: String,
    #[serde(rename = "type")]
    pub media_type: &'static str,
}

/// A page of search results. Each record is given byte for byte as it is stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchBody {
    /// Exact number of matches; absent with `count=none`.
    pub matched: Option<u64>,
    pub returned: usize,
    /// Sequence of the archive's log that page one saw.
    pub sequence: u64,
    pub records: Vec<Object>,
    /// With `snippets=true`, for each record in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippets: Option<Vec<Vec<SnippetBody>>>,
    /// The text with words of the index in place of those that it does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
    /// By field as asked for.
    pub facets: BTreeMap<String, SummaryBody>,
    /// By field and node as asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tree: BTreeMap<String, SummaryBody>,
    /// By field and width as asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub histogram: BTreeMap<String, SummaryBody>,
    /// By field and ranges as asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, SummaryBody>,
    /// By field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statistics: BTreeMap<String, StatisticsBody>,
    /// `self`, and `next` while there are more.
    pub links: Vec<LinkBody>,
}

/// A stored record: schemas/v1 in the source tree describe it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Object {}

/// How an upload stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadBody {
    pub upload: String,
    /// Bytes received: where the next chunk begins.
    pub offset: u64,
    pub finished: bool,
    /// sha256 of all bytes, once finished.
    pub sha256: Option<String>,
}

/// A list of collections, with a link to the next part.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionsBody {
    pub collections: Vec<Object>,
    pub links: Vec<LinkBody>,
}

/// One revision of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionBody {
    pub revision: u64,
    pub sequence: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// `put` or `delete`.
    pub operation: String,
    pub agent: String,
    pub digest: Option<String>,
}

/// All revisions of a record, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionsBody {
    pub revisions: Vec<RevisionBody>,
}

/// What became of one line of an ingest.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineBody {
    /// Number of the line in the request, from 1.
    pub line: u64,
    /// `created`, `replaced`, `unchanged` or `refused`.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Why the line was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<crate::http::problem::ProblemBody>,
    /// What was noticed while importing a foreign document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}
