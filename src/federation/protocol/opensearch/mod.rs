//! OGC OpenSearch EO (13-026).

mod list;
mod search;

use super::{Adapter, Ask, Client, Fault, Found, From, Listing};

/// OGC OpenSearch EO (13-026).
pub struct Opensearch;

impl Adapter for Opensearch {
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault> {
        search::search(client, ask)
    }

    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
        list::list(client, from)
    }
}
