//! Searching.

use super::{Ask, Client, Fault, Found};

/// One page of matches.
pub fn search(_: &Client<'_>, _: &Ask<'_>) -> Result<Found, Fault> {
    Err(Fault::unsupported("searching"))
}
