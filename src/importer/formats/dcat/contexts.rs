//! JSON-LD contexts that catalogues name by address, as far as this importer reads them. Nothing is fetched.

use crate::rdf::Contexts;

pub(super) const KNOWN: Contexts = &[
    ("https://schema.org", SCHEMA),
    ("https://schema.org/docs/jsonldcontext.json", SCHEMA),
    ("https://schema.org/docs/jsonldcontext.jsonld", SCHEMA),
    ("https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld", OPEN_DATA),
    ("https://project-open-data.cio.gov/v1.1/schema/data.jsonld", OPEN_DATA),
];

const SCHEMA: &str = r#"{"@context":{"@vocab":"http://schema.org/","id":"@id","type":"@type",
"url":{"@type":"@id"},"license":{"@type":"@id"},"contentUrl":{"@type":"@id"},"sameAs":{"@type":"@id"},"isPartOf":{"@type":"@id"}}}"#;

/// Project Open Data Metadata Schema v1.1 (resources.data.gov).
const OPEN_DATA: &str = r#"{"@context":{"@vocab":"https://project-open-data.cio.gov/v1.1/schema#",
"dcat":"http://www.w3.org/ns/dcat#","dct":"http://purl.org/dc/terms/","foaf":"http://xmlns.com/foaf/0.1/","vcard":"http://www.w3.org/2006/vcard/ns#","org":"http://www.w3.org/ns/org#","skos":"http://www.w3.org/2004/02/skos/core#",
"dataset":{"@id":"dcat:dataset"},"distribution":{"@id":"dcat:distribution"},"title":"dct:title","description":"dct:description","keyword":"dcat:keyword",
"modified":"dct:modified","issued":"dct:issued","publisher":"dct:publisher","contactPoint":"dcat:contactPoint","identifier":"dct:identifier",
"license":{"@id":"dct:license","@type":"@id"},"rights":"dct:rights","spatial":"dct:spatial","temporal":"dct:temporal","theme":"dcat:theme","language":"dct:language",
"landingPage":{"@id":"dcat:landingPage","@type":"@id"},"references":{"@id":"dct:references","@type":"@id"},"accrualPeriodicity":"dct:accrualPeriodicity",
"accessURL":{"@id":"dcat:accessURL","@type":"@id"},"downloadURL":{"@id":"dcat:downloadURL","@type":"@id"},"mediaType":"dcat:mediaType","format":"dct:format",
"isPartOf":"dct:isPartOf","conformsTo":{"@id":"dct:conformsTo","@type":"@id"},"name":"foaf:name","fn":"vcard:fn","hasEmail":{"@id":"vcard:hasEmail","@type":"@id"},"subOrganizationOf":"org:subOrganizationOf"}}"#;
