//! Every term of other vocabularies, and of our own, that a projection uses. The table of `ontologies/terms.tsv` says why;
//! a test compares the two.

use oxrdf::NamedNodeRef;

/// Terms by namespace: the name in the program, and the name in the vocabulary.
macro_rules! terms {
    ($($namespace:literal { $($constant:ident = $name:literal),* $(,)? })*) => {
        $($(pub const $constant: NamedNodeRef<'static> = NamedNodeRef::new_unchecked(concat!($namespace, $name));)*)*

        /// Every term of this file.
        #[cfg(test)]
        pub const ALL: &[NamedNodeRef<'static>] = &[$($($constant),*),*];
    };
}

terms! {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#" { TYPE = "type" }
    "http://www.w3.org/2000/01/rdf-schema#" { LABEL = "label", SEE_ALSO = "seeAlso" }
    "http://www.w3.org/2001/XMLSchema#" {
        DATE_TIME = "dateTime", INTEGER = "integer", NON_NEGATIVE = "nonNegativeInteger", DECIMAL = "decimal", DOUBLE = "double",
        BOOLEAN = "boolean", HEX_BINARY = "hexBinary",
    }
    "http://www.w3.org/ns/dcat#" {
        DATASET = "Dataset", DATASET_SERIES = "DatasetSeries", CATALOG = "Catalog", DISTRIBUTION_CLASS = "Distribution",
        IN_SERIES = "inSeries", DISTRIBUTION = "distribution", KEYWORD = "keyword", START_DATE = "startDate", END_DATE = "endDate",
        BBOX = "bbox", CENTROID = "centroid", BYTE_SIZE = "byteSize", MEDIA_TYPE = "mediaType", DOWNLOAD_URL = "downloadURL",
        ACCESS_URL = "accessURL", CONTACT_POINT = "contactPoint", VERSION = "version", PREVIOUS_VERSION = "previousVersion",
        ENDPOINT_URL = "endpointURL",
    }
    "http://purl.org/dc/terms/" {
        TITLE = "title", DESCRIPTION = "description", IDENTIFIER = "identifier", IS_PART_OF = "isPartOf", HAS_PART = "hasPart",
        LICENSE = "license", LICENSE_DOCUMENT = "LicenseDocument", ACCESS_RIGHTS = "accessRights", TEMPORAL = "temporal",
        PERIOD_OF_TIME = "PeriodOfTime", SPATIAL = "spatial", LOCATION = "Location", KIND = "type", CREATED = "created",
        ISSUED = "issued", MODIFIED = "modified", SOURCE = "source", REFERENCES = "references", RELATION = "relation",
        REPLACES = "replaces", REQUIRES = "requires", CREATOR = "creator", PUBLISHER = "publisher", CONTRIBUTOR = "contributor",
        RIGHTS_HOLDER = "rightsHolder", CITATION = "bibliographicCitation",
    }
    "http://www.w3.org/ns/prov#" {
        ACTIVITY = "Activity", PLAN = "Plan", PERSON = "Person", ORGANIZATION = "Organization", SOFTWARE_AGENT = "SoftwareAgent",
        AGENT = "Agent", WAS_DERIVED_FROM = "wasDerivedFrom", WAS_GENERATED_BY = "wasGeneratedBy",
        WAS_ASSOCIATED_WITH = "wasAssociatedWith", WAS_ATTRIBUTED_TO = "wasAttributedTo", USED = "used",
        GENERATED_AT_TIME = "generatedAtTime", INVALIDATED_AT_TIME = "invalidatedAtTime", HAD_PRIMARY_SOURCE = "hadPrimarySource",
        STARTED_AT_TIME = "startedAtTime", ENDED_AT_TIME = "endedAtTime",
    }
    "http://www.w3.org/ns/sosa/" {
        OBSERVATION = "Observation", SENSOR = "Sensor", PLATFORM_CLASS = "Platform", FEATURE_OF_INTEREST = "FeatureOfInterest",
        MADE_BY_SENSOR = "madeBySensor", HAS_FEATURE_OF_INTEREST = "hasFeatureOfInterest", IS_HOSTED_BY = "isHostedBy",
        HOSTS = "hosts",
    }
    "http://www.w3.org/ns/ssn/" { SYSTEM = "System" }
    "http://www.loc.gov/premis/rdf/v3/" { PREMIS_FILE = "File" }
    "http://www.opengis.net/ont/geosparql#" { GEOMETRY = "Geometry", AS_WKT = "asWKT", WKT_LITERAL = "wktLiteral" }
    "http://qudt.org/schema/qudt/" {
        QUANTITY_VALUE = "QuantityValue", NUMERIC_VALUE = "numericValue", HAS_UNIT = "hasUnit",
    }
    "http://qudt.org/vocab/unit/" { PERCENT = "PERCENT", METRE = "M", SECOND = "SEC", DEGREE = "DEG" }
    "http://spdx.org/rdf/terms#" {
        CHECKSUM = "checksum", CHECKSUM_CLASS = "Checksum", ALGORITHM = "algorithm", CHECKSUM_VALUE = "checksumValue",
        MD5 = "checksumAlgorithm_md5", SHA1 = "checksumAlgorithm_sha1", SHA224 = "checksumAlgorithm_sha224",
        SHA256 = "checksumAlgorithm_sha256", SHA384 = "checksumAlgorithm_sha384", SHA512 = "checksumAlgorithm_sha512",
    }
    "http://xmlns.com/foaf/0.1/" {
        DOCUMENT = "Document", FOAF_AGENT = "Agent", NAME = "name", HOMEPAGE = "homepage", PAGE = "page", DEPICTION = "depiction",
    }
    "http://www.w3.org/2006/vcard/ns#" { CONTACT_CLASS = "Kind", HAS_UID = "hasUID" }
    "https://w3id.org/perennial/ltdp#" {
        MISSION_CLASS = "Mission", RECIPE_CLASS = "Recipe", EVIDENCE_CLASS = "Evidence", HOLD_CLASS = "Hold",
        CONTEXT_GRAPH_CLASS = "ContextGraph", CALLED = "name", MISSION = "mission", PLATFORM = "platform",
        MISSION_LABEL = "missionLabel", PLATFORM_LABEL = "platformLabel", INSTRUMENT_LABEL = "instrumentLabel",
        TARGET_LABEL = "targetLabel", LEVEL = "level", LEVEL_AS_WRITTEN = "levelAsWritten", DATA_TYPE_LABEL = "dataTypeLabel",
        FORMAT = "format", FILE_NAME = "fileName", FILE_ROLE = "fileRole", FIXITY = "fixity", OTHER_CHECKSUM = "otherChecksum", BODY = "body", FRAME = "frame",
        RADIUS = "radius", OPEN_END = "openEnd", RELATIVE_END = "relativeEnd", ARCHIVED_AT = "archivedAt", QUALITY = "quality",
        SOURCE_DIGEST = "sourceDigest", RECIPE = "recipe", PINNED_INPUT_CLASS = "PinnedInput", PINNED_INPUT = "pinnedInput",
        MAKES = "makes", CITE_AS = "citeAs", MEMBERS_EXPECTED = "membersExpected",
        SUBJECT = "subject", OUTCOME = "outcome", REASON = "reason", UNTIL = "until", GRAPH = "graph", REVISION = "revision",
        SEQUENCE = "sequence", RECORD_DIGEST = "recordDigest", SCOPE = "scope", REGISTERED_AT = "registeredAt",
    }
}
