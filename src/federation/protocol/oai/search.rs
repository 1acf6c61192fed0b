//! OAI-PMH lists what there is and cannot be searched: its harvested copy is.

use super::{Ask, Client, Fault, Found};

/// Always refused.
///
/// # Errors
/// `Unsupported`.
pub fn search(_: &Client<'_>, _: &Ask<'_>) -> Result<Found, Fault> {
    Err(Fault::unsupported("a search: OAI-PMH only lists; harvest it, and its copy is searched"))
}
