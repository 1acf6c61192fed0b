//! Listing: what another Perennial publishes by OAI-PMH in its own format, records byte for byte and tombstones included.

use super::super::oai;
use super::{Client, Fault, From, Listing};
use crate::model::json::Fields;

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let mut source = client.source.clone();
    source.url.push_str("/oai");
    source.harvest.format.get_or_insert_with(|| "perennial".to_owned());
    let mut page = oai::list(&client.at(&source), from)?;
    for document in &mut page.documents {
        document.href = address(&client.source.url, &document.bytes);
    }
    // A recipe is its content: another archive's cannot have a name of ours.
    page.documents.retain(|document| kind_of(&document.bytes).as_deref() != Some("recipe"));
    Ok(page)
}

fn kind_of(bytes: &[u8]) -> Option<String> {
    let fields = Fields::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    fields.string("kind").map(std::borrow::Cow::into_owned)
}

/// Where the record is at the source.
fn address(base: &str, bytes: &[u8]) -> Option<String> {
    use crate::model::uri::encode;
    let fields = Fields::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    let (kind, id) = (fields.string("kind")?, fields.string("id")?);
    Some(match (kind.as_ref(), fields.string("collection")) {
        ("product", Some(collection)) => {
            format!("{base}/api/v1/collections/{}/products/{}", encode(&collection), encode(&id))
        }
        ("collection", _) => format!("{base}/api/v1/collections/{}", encode(&id)),
        (kind, _) => format!("{base}/api/v1/records/{kind}/{}", encode(&id)),
    })
}
