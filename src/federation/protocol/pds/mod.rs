//! The registry API of NASA's Planetary Data System.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// The registry API of NASA's Planetary Data System.
pub struct Pds;

impl Adapter for Pds {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
