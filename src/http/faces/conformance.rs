//! The one table of what the faces implement: conformance documents, landing pages and docs/conformance.md come from
//! it. Holds names only; what answers them stands in each face.

/// A face that declares conformance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// `/stac`
    Stac,
    /// `/records`
    Records,
    /// `/oai`
    Oai,
    /// `/dcat`
    Dcat,
    /// `/resourcesync`
    ResourceSync,
}

impl Face {
    /// Every face with its title.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Stac, "STAC API"),
        (Self::Records, "OGC API Records"),
        (Self::Oai, "OAI-PMH 2.0"),
        (Self::Dcat, "DCAT 3 and DCAT-AP 3"),
        (Self::ResourceSync, "ResourceSync and sitemaps"),
    ];
}

/// A conformance class, or the part of a standard without classes, and what answers it here.
pub struct Class {
    pub face: Face,
    pub uri: &'static str,
    /// Path, or what it means here.
    pub answered_by: &'static str,
}

const fn stac(uri: &'static str, answered_by: &'static str) -> Class {
    Class { face: Face::Stac, uri, answered_by }
}

const fn records(uri: &'static str, answered_by: &'static str) -> Class {
    Class { face: Face::Records, uri, answered_by }
}

const fn oai(part: &'static str, answered_by: &'static str) -> Class {
    Class { face: Face::Oai, uri: part, answered_by }
}

const fn dcat(part: &'static str, answered_by: &'static str) -> Class {
    Class { face: Face::Dcat, uri: part, answered_by }
}

const fn resourcesync(part: &'static str, answered_by: &'static str) -> Class {
    Class { face: Face::ResourceSync, uri: part, answered_by }
}

/// Every class of every face. Some clients know 1.0.0 alone and others look for any version, so STAC API is declared in
/// both of its versions: 1.1.0 asks for nothing that 1.0.0 does not.
pub const CLASSES: &[Class] = &[
    stac("https://api.stacspec.org/v1.0.0/core", "/stac"),
    stac("https://api.stacspec.org/v1.1.0/core", "/stac"),
    stac("https://api.stacspec.org/v1.0.0/collections", "/stac/collections"),
    stac("https://api.stacspec.org/v1.1.0/collections", "/stac/collections"),
    stac("https://api.stacspec.org/v1.0.0/ogcapi-features", "/stac/collections/{collection}/items"),
    stac("https://api.stacspec.org/v1.1.0/ogcapi-features", "/stac/collections/{collection}/items"),
    stac("https://api.stacspec.org/v1.0.0/ogcapi-features#fields", "`fields` of items"),
    stac("https://api.stacspec.org/v1.1.0/ogcapi-features#fields", "`fields` of items"),
    stac("https://api.stacspec.org/v1.0.0/ogcapi-features#sort", "`sortby` of items"),
    stac("https://api.stacspec.org/v1.1.0/ogcapi-features#sort", "`sortby` of items"),
    stac("https://api.stacspec.org/v1.0.0/item-search", "/stac/search by GET and POST"),
    stac("https://api.stacspec.org/v1.1.0/item-search", "/stac/search by GET and POST"),
    stac("https://api.stacspec.org/v1.0.0/item-search#fields", "`fields` of /stac/search"),
    stac("https://api.stacspec.org/v1.1.0/item-search#fields", "`fields` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0/item-search#sort", "`sortby` of /stac/search"),
    stac("https://api.stacspec.org/v1.1.0/item-search#sort", "`sortby` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0/collection-search", "/stac/collections with parameters"),
    stac("https://api.stacspec.org/v1.1.0/collection-search", "/stac/collections with parameters"),
    stac("https://api.stacspec.org/v1.0.0/collection-search#sort", "`sortby` of /stac/collections"),
    stac("https://api.stacspec.org/v1.1.0/collection-search#sort", "`sortby` of /stac/collections"),
    stac("https://api.stacspec.org/v1.0.0/collection-search#fields", "`fields` of /stac/collections"),
    stac("https://api.stacspec.org/v1.1.0/collection-search#fields", "`fields` of /stac/collections"),
    stac("https://api.stacspec.org/v1.0.0-rc.2/item-search#context", "`context` of item collections"),
    stac("https://api.stacspec.org/v0.3.0/aggregation", "/stac/aggregate by GET and POST"),
    stac("https://api.stacspec.org/v0.3.0/aggregation#query", "`query` of /stac/aggregate"),
    stac("https://api.stacspec.org/v0.3.0/aggregation#filter", "`filter` of /stac/aggregate"),
    stac("https://api.stacspec.org/v1.0.0/children", "/stac/children"),
    stac("https://api.stacspec.org/v1.0.0-rc.2/children", "/stac/children"),
    stac("https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction", "POST, PUT, PATCH, DELETE of items"),
    stac(
        "https://api.stacspec.org/v1.0.0/collections/extensions/transaction",
        "POST, PUT, PATCH, DELETE of collections",
    ),
    stac(
        "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query",
        "`bbox`, `datetime` and `limit` of /stac/collections",
    ),
    stac("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core", "/stac/collections/{collection}/items"),
    stac("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson", "application/geo+json"),
    stac("http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/simpletx", "POST, PUT, PATCH, DELETE of items"),
    stac("https://api.stacspec.org/v1.0.0/browseable", "`child` and `item` links, /stac/browse/{collection}"),
    stac("https://api.stacspec.org/v1.0.0-rc.2/browseable", "`child` and `item` links, /stac/browse/{collection}"),
    stac("https://api.stacspec.org/v1.0.0/item-search#query", "`query` of /stac/search"),
    stac("https://api.stacspec.org/v1.1.0/item-search#query", "`query` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0/item-search#filter", "`filter` of /stac/search"),
    stac("https://api.stacspec.org/v1.1.0/item-search#filter", "`filter` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0-rc.2/item-search#filter", "`filter` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0-rc.1/item-search#free-text", "`q` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0-rc.1/item-search#advanced-free-text", "`q` of /stac/search"),
    stac("https://api.stacspec.org/v1.0.0/ogcapi-features#query", "`query` of items"),
    stac("https://api.stacspec.org/v1.1.0/ogcapi-features#query", "`query` of items"),
    stac("https://api.stacspec.org/v1.0.0/ogcapi-features#filter", "`filter` of items"),
    stac("https://api.stacspec.org/v1.1.0/ogcapi-features#filter", "`filter` of items"),
    stac("https://api.stacspec.org/v1.0.0-rc.2/ogcapi-features#filter", "`filter` of items"),
    stac("https://api.stacspec.org/v1.0.0-rc.1/ogcapi-features#free-text", "`q` of items"),
    stac("https://api.stacspec.org/v1.0.0-rc.1/ogcapi-features#advanced-free-text", "`q` of items"),
    stac("https://api.stacspec.org/v1.0.0/collection-search#query", "`query` of /stac/collections"),
    stac("https://api.stacspec.org/v1.1.0/collection-search#query", "`query` of /stac/collections"),
    stac("https://api.stacspec.org/v1.0.0/collection-search#filter", "`filter` of /stac/collections"),
    stac("https://api.stacspec.org/v1.1.0/collection-search#filter", "`filter` of /stac/collections"),
    stac("https://api.stacspec.org/v1.0.0-rc.2/collection-search#filter", "`filter` of /stac/collections"),
    stac("https://api.stacspec.org/v1.0.0-rc.1/collection-search#free-text", "`q` of /stac/collections"),
    stac("https://api.stacspec.org/v1.0.0-rc.1/collection-search#advanced-free-text", "`q` of /stac/collections"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/cql2-text", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/cql2-json", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/array-functions", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/property-property", "`filter`"),
    stac("http://www.opengis.net/spec/cql2/1.0/conf/arithmetic", "`filter`"),
    stac(
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
        "`filter`; the name of a draft, which clients look for",
    ),
    stac(
        "http://www.opengis.net/spec/cql2/1.0/conf/temporal-operators",
        "`filter`; the name of a draft, which clients look for",
    ),
    stac("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter", "`filter`"),
    stac("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter", "`filter` of items"),
    stac(
        "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
        "/stac/queryables and those of each collection",
    ),
    stac("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30", "/stac/api"),
    records(
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core",
        "/records/collections/{catalogue}/items/{record}",
    ),
    records(
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-collection",
        "/records/collections/{catalogue}",
    ),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/records-api", "/records"),
    records(
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core-query-parameters",
        "`bbox`, `datetime`, `limit`, `q`, `type`, `ids`, `externalIds`",
    ),
    records(
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/searchable-catalog",
        "/records/collections/{catalogue}/items",
    ),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/local-resources-catalog", "/records/collections"),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/sorting", "`sortby`"),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/cql-filter", "`filter`"),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/json", "application/json and application/geo+json"),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/html", "`f=html`, or Accept: text/html"),
    records("http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/oas30", "/records/api"),
    records(
        "https://www.opengis.net/spec/ogcapi-records-4/1.0/conf/federated-search",
        "`distributedSearch` and `federatedCatalogs`; the draft of part 4",
    ),
    records(
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/core",
        "/records/collections/{catalogue}/items; the name of a draft, which servers still say",
    ),
    records("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core", "/records/collections/{catalogue}/items"),
    records("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson", "application/geo+json"),
    records("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html", "`f=html`, or Accept: text/html"),
    records("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30", "/records/api"),
    records("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter", "`filter`"),
    records("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter", "`filter` of records"),
    records(
        "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
        "/records/collections/{catalogue}/queryables",
    ),
    records("http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters", "`property=value`"),
    records("http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core", "/records"),
    records("http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections", "/records/collections"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/cql2-text", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/cql2-json", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/array-functions", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/property-property", "`filter`"),
    records("http://www.opengis.net/spec/cql2/1.0/conf/arithmetic", "`filter`"),
    records(
        "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
        "`filter`; the name of a draft, which clients look for",
    ),
    records(
        "http://www.opengis.net/spec/cql2/1.0/conf/temporal-operators",
        "`filter`; the name of a draft, which clients look for",
    ),
    oai("Identify", "/oai?verb=Identify"),
    oai("ListMetadataFormats", "/oai?verb=ListMetadataFormats"),
    oai("ListSets", "/oai?verb=ListSets: `collection:…` and `mission:…`"),
    oai("GetRecord", "/oai?verb=GetRecord"),
    oai("ListIdentifiers", "/oai?verb=ListIdentifiers"),
    oai("ListRecords", "/oai?verb=ListRecords"),
    oai("deletedRecord", "persistent"),
    oai("granularity", "YYYY-MM-DDThh:mm:ssZ; days are taken too"),
    oai("resumptionToken", "signed, never expires; with `cursor`"),
    oai("metadataPrefix", "oai_dc, oai_datacite, iso19139, dcat, perennial"),
    dcat("dcat:Catalog, dcat:Dataset, dcat:DatasetSeries, dcat:Distribution", "/dcat, and the page of each record"),
    dcat("hydra:PartialCollectionView, hydra:next", "/dcat: pages of one snapshot"),
    dcat("as:Delete, prov:invalidatedAtTime", "/dcat?modifiedSince=…: deletions as DCAT-AP Feeds states them"),
    resourcesync("Source Description", "/.well-known/resourcesync"),
    resourcesync("Capability List", "/resourcesync/capabilitylist.xml"),
    resourcesync("Resource List Index, Resource List", "/resourcesync/resourcelist.xml"),
    resourcesync("Change List Index, Change List", "/resourcesync/changelist.xml"),
    resourcesync("Sitemap index, sitemap 0.9", "/sitemap.xml"),
];

/// The classes of a face, in their order.
pub fn of(face: Face) -> impl Iterator<Item = &'static Class> {
    CLASSES.iter().filter(move |class| class.face == face)
}

/// The URIs of a face as a JSON array.
pub fn json(face: Face) -> String {
    let uris: Vec<&str> = of(face).map(|class| class.uri).collect();
    serde_json::Value::from(uris).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page as the table makes it. Written by this test when `PERENNIAL_BLESS` is set.
    fn page() -> String {
        let mut page = String::from(concat!(
            "# What the faces implement\n\n",
            "One table in the source (`src/http/faces/conformance.rs`) declares it; landing pages, conformance documents and this page come\n",
            "from that table, and a test holds them together.\n"
        ));
        for (face, title) in Face::ALL {
            page.push_str(&format!("\n## {title}\n\n| class | answered by |\n|---|---|\n"));
            for class in of(face) {
                page.push_str(&format!("| `{}` | {} |\n", class.uri, class.answered_by));
            }
        }
        page
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conformance.md");
        if std::env::var_os("PERENNIAL_BLESS").is_some() {
            std::fs::write(path, page()).expect("docs/conformance.md is writable");
        }
        let documented = std::fs::read_to_string(path).expect("docs/conformance.md");
        assert!(documented == page(), "docs/conformance.md is not this table: PERENNIAL_BLESS=1 writes it");
    }

    #[test]
    fn no_class_is_declared_twice() {
        for (face, _) in Face::ALL {
            let mut uris: Vec<&str> = of(face).map(|class| class.uri).collect();
            uris.sort_unstable();
            assert!(uris.windows(2).all(|pair| pair.first() != pair.last()), "{face:?}");
        }
    }
}
