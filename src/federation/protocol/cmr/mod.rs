//! NASA's Common Metadata Repository.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// NASA's Common Metadata Repository.
pub struct Cmr;

impl Adapter for Cmr {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
