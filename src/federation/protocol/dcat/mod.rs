//! A feed of DCAT, paged by hydra.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// A feed of DCAT, paged by hydra.
pub struct Dcat;

impl Adapter for Dcat {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
