//! OAI-PMH 2.0.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// OAI-PMH 2.0.
pub struct Oai;

impl Adapter for Oai {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
