//! Listing.

use super::{Client, Fault, From, Listing};

/// One page of the listing.
pub fn list(_: &Client<'_>, _: &From) -> Result<Listing, Fault> {
    Err(Fault::unsupported("listing"))
}
