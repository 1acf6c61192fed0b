//! OGC API - Records, part 1.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// OGC API - Records, part 1.
pub struct Records;

impl Adapter for Records {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
