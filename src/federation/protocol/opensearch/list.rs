//! OpenSearch has no listing: a search need not reach all that there is, and says nothing of what went.

use super::{Client, Fault, From, Listing};

/// No listing.
///
/// # Errors
/// `Unsupported`, always.
pub fn list(_: &Client<'_>, _: &From) -> Result<Listing, Fault> {
    Err(Fault::unsupported("a listing: OpenSearch gives the first matches of a search, not all there is"))
}
