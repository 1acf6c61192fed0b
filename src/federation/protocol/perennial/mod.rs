//! Another Perennial, by its native interface.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// Another Perennial, by its native interface.
pub struct Perennial;

impl Adapter for Perennial {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
