//! A SPARQL endpoint with DCAT.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// A SPARQL endpoint with DCAT.
pub struct Sparql;

impl Adapter for Sparql {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
