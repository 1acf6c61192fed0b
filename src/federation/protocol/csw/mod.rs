//! OGC Catalogue Service for the Web, 2.0.2 and 3.0.

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// OGC Catalogue Service for the Web, 2.0.2 and 3.0.
pub struct Csw;

impl Adapter for Csw {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
