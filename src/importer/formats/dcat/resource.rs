//! A catalogue, data set, series, service or agent to a record.

use super::graph::{Graph, short};
use super::{distribution, extent, iri, plain};
use crate::importer::shared::record::Record;
use crate::importer::{Context, Imported};
use crate::model::Draft;
use crate::rdf::Term;

const CATALOGUES: &[&str] = &["dcat:Catalog", "schema:DataCatalog"];
const SERIES: &[&str] = &["dcat:DatasetSeries"];
const DATA_SETS: &[&str] = &["dcat:Dataset", "void:Dataset", "dctype:Dataset", "schema:Dataset"];
const SERVICES: &[&str] = &["dcat:DataService", "dcat:Resource"];
const ENTRIES: &[&str] = &["dcat:CatalogRecord", "dcat:Distribution", "adms:AssetDistribution"];
const AGENTS: &[&str] = &[
    "foaf:Agent",
    "foaf:Organization",
    "foaf:Person",
    "prov:Agent",
    "prov:Person",
    "prov:Organization",
    "vcard:Kind",
    "vcard:Organization",
    "vcard:Individual",
    "vcard:Group",
];

/// Predicates that lead to other records, and what the links are called.
const LINKS: &[(&str, &str)] = &[
    ("dcat:dataset", "member"),
    ("dcat:catalog", "member"),
    ("dcat:seriesMember", "member"),
    ("dct:hasPart", "member"),
    ("dcat:servesDataset", "member"),
    ("dcat:service", "service"),
    ("dcat:record", "record"),
    ("foaf:primaryTopic", "about"),
    ("foaf:isPrimaryTopicOf", "record"),
    ("dct:isPartOf", "collection"),
    ("dcat:inCatalog", "collection"),
    ("schema:includedInDataCatalog", "collection"),
    ("dct:source", "derived_from"),
    ("prov:wasDerivedFrom", "derived_from"),
    ("dcat:prev", "prior"),
    ("dcat:previousVersion", "prior"),
    ("dct:replaces", "prior"),
    ("dct:isReplacedBy", "successor"),
    ("dcat:next", "next"),
    ("dct:isVersionOf", "version_of"),
    ("dct:hasVersion", "version"),
    ("dct:relation", "see_also"),
    ("dct:references", "see_also"),
    ("dct:isReferencedBy", "cited_by"),
    ("rdfs:seeAlso", "see_also"),
    ("schema:sameAs", "see_also"),
    ("owl:sameAs", "see_also"),
    ("dcat:landingPage", "landing_page"),
    ("schema:url", "landing_page"),
    ("foaf:homepage", "landing_page"),
    ("foaf:page", "document"),
    ("dct:conformsTo", "conforms_to"),
    ("dcat:endpointURL", "endpoint"),
    ("dcat:endpointDescription", "document"),
    ("prov:wasGeneratedBy", "generated_by"),
    ("prov:wasUsedBy", "used_by"),
];

/// What a record is made from.
pub(super) struct Document<'d> {
    pub bytes: &'d [u8],
    pub media_type: &'static str,
    pub context: &'d Context<'d>,
}

/// The subjects that become records: resources; where there are none, entries and distributions; else agents.
pub(super) fn main_subjects<'t>(graph: &Graph<'t>) -> Vec<&'t Term> {
    let resources = [CATALOGUES, SERIES, DATA_SETS, SERVICES].concat();
    for types in [resources.as_slice(), ENTRIES, AGENTS] {
        let found: Vec<&Term> = graph.subjects().filter(|subject| graph.is_a(subject, types)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Adds the record of one subject.
pub(super) fn import(
    graph: &Graph<'_>,
    subject: &Term,
    number: usize,
    document: &Document<'_>,
    imported: &mut Imported,
) {
    let series = graph.one(subject, &["dcat:inSeries"]).and_then(iri);
    let (kind, of_type) = kind_of(graph, subject, series.is_some());
    let id = id_of(graph, subject, number, document);
    let collection = series.filter(|_| kind == "product");
    let mut record = Record::new(document.context, kind, collection, &id);
    record.place = document.context.first.saturating_add(number);
    if let Some(series) = series {
        record.link("collection", series, None);
    }
    about(graph, subject, of_type, &mut record);
    identifiers(graph, subject, &mut record);
    keywords(graph, subject, &mut record);
    dates(graph, subject, &mut record);
    rights(graph, subject, &mut record);
    providers(graph, subject, &mut record);
    extent::period(graph, subject, &mut record);
    extent::places(graph, subject, &mut record);
    distribution::files(graph, subject, &mut record);
    if graph.is_a(subject, &["dcat:Distribution"]) {
        distribution::file(graph, subject, 0, &mut record);
    }
    for (predicate, rel) in LINKS {
        for target in graph.all(subject, &[*predicate]) {
            match (iri(target), graph.text(target, &["dct:identifier", "foaf:page"])) {
                (Some(href), _) => record.link(rel, href, graph.text(target, &["dct:title", "rdfs:label"])),
                (None, Some(identifier)) => record.link(rel, identifier, None),
                (None, None) => {
                    let text = graph.label(target);
                    text.iter().for_each(|text| record.property(&short(predicate), text));
                }
            }
        }
    }
    free(graph, subject, &mut record);
    let whole = 0..document.bytes.len();
    record.finish(document.bytes, whole, document.media_type, imported);
}

/// A data set in a series is a product of it; whatever may have members is a collection.
fn kind_of(graph: &Graph<'_>, subject: &Term, in_series: bool) -> (&'static str, &'static str) {
    graph.read_type(subject);
    let is_a = |types: &[&str]| graph.is_a(subject, types);
    if is_a(CATALOGUES) {
        ("collection", "Catalog")
    } else if is_a(SERIES) {
        ("collection", "DatasetSeries")
    } else if is_a(DATA_SETS) {
        (if in_series { "product" } else { "collection" }, "Dataset")
    } else if is_a(SERVICES) {
        ("document", "DataService")
    } else if is_a(&["dcat:CatalogRecord"]) {
        ("document", "CatalogRecord")
    } else if is_a(ENTRIES) {
        ("document", "Distribution")
    } else {
        ("agent", "Agent")
    }
}

/// The address, else the identifier, else one made from the document: a data set without any name is kept too.
fn id_of(graph: &Graph<'_>, subject: &Term, number: usize, document: &Document<'_>) -> String {
    let digest = || format!("urn:sha256:{}#{}", (document.context.digest)(document.bytes), number.saturating_add(1));
    let own = iri(subject).filter(|own| !own.is_empty()).map(str::to_owned);
    let named = graph.text(subject, &["dct:identifier", "schema:identifier"]).map(|text| plain(text).to_owned());
    let id = own.or(named).unwrap_or_else(digest);
    if crate::model::RecordId::parse(&id).is_ok() { id } else { digest() }
}

fn about(graph: &Graph<'_>, subject: &Term, of_type: &str, record: &mut Record<'_>) {
    let titles = ["dct:title", "rdfs:label", "schema:name", "foaf:name", "vcard:fn", "skos:prefLabel", "dc:title"];
    let title = titles.iter().find_map(|name| graph.text(subject, &[*name]));
    record.text("title", title);
    let descriptions = ["dct:description", "schema:description", "rdfs:comment", "dc:description", "dct:abstract"];
    record.text("description", graph.text(subject, &descriptions));
    record.text("version", graph.text(subject, &["dcat:version", "owl:versionInfo", "schema:version", "adms:version"]));
    let specific = graph.one(subject, &["dct:type"]).and_then(|term| graph.label(term));
    record.text("data_type", specific.as_deref().or(Some(of_type)));
    record.property("dcat:class", of_type);
    record.text("citation", graph.text(subject, &["dct:bibliographicCitation"]));
    for duration in graph.all(subject, &["dcat:temporalResolution"]) {
        graph.label(duration).iter().for_each(|text| record.duration("dcat:temporalResolution", text));
    }
}

fn identifiers(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    let mut add = |value: &str| {
        let bare = value.strip_prefix("doi:").or_else(|| value.split_once("doi.org/").map(|(_, doi)| doi));
        match bare.or_else(|| value.starts_with("10.").then_some(value)) {
            Some(doi) => {
                record.text("doi", Some(doi));
                record.identifier("doi", doi);
            }
            None => record.identifier("dct", value),
        }
    };
    for term in graph.each(subject, &["dct:identifier", "schema:identifier", "adms:identifier"]) {
        let value = graph.text(term, &["skos:notation", "schema:value"]);
        value.map(str::to_owned).or_else(|| graph.label(term)).iter().for_each(|value| add(value));
    }
}

fn keywords(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    for keyword in graph.each(subject, &["dcat:keyword", "schema:keywords"]) {
        graph.label(keyword).iter().for_each(|text| record.keyword(None, text));
    }
    for theme in graph.each(subject, &["dcat:theme", "dct:subject", "dcat:themeTaxonomy"]) {
        let Some(label) = graph.label(theme) else { continue };
        let address = iri(theme).unwrap_or_default();
        let scheme = graph.text(theme, &["skos:inScheme"]);
        let parent = address.rfind(['/', '#']).and_then(|at| address.get(..at)).filter(|parent| parent.contains("//"));
        record.keyword(scheme.or(parent), &label);
    }
}

fn dates(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    for (member, names) in [
        ("created", ["dct:created", "schema:dateCreated"]),
        ("issued", ["dct:issued", "schema:datePublished"]),
        ("modified", ["dct:modified", "schema:dateModified"]),
    ] {
        graph.text(subject, &names).into_iter().for_each(|text| record.date(member, member, text));
    }
}

fn rights(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    let licence = graph.one(subject, &["dct:license", "schema:license"]);
    record.text("licence", licence.and_then(|term| graph.label(term)).as_deref());
    let level = graph.one(subject, &["dct:accessRights", "pod:accessLevel"]).and_then(|term| graph.label(term));
    let Some(level) = level else { return };
    let word =
        level.rsplit(['/', '#', ':']).next().unwrap_or_default().to_ascii_lowercase().replace(['_', '-', ' '], "");
    let access = match word.as_str() {
        "public" | "nolimitations" | "open" | "openaccess" => Some("open"),
        "restricted" | "restrictedpublic" | "restrictedaccess" => Some("restricted"),
        "nonpublic" | "closed" | "closedaccess" | "confidential" => Some("closed"),
        "embargoedaccess" | "embargoed" => Some("embargoed"),
        _ => None,
    };
    record.text("access", access);
    record.property("dct:accessRights", &level);
}

fn providers(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    let mut providers = Draft::array();
    for (predicate, role) in [
        ("dct:publisher", "publisher"),
        ("dct:creator", "creator"),
        ("dct:contributor", "contributor"),
        ("dct:rightsHolder", "rights_holder"),
        ("dcat:contactPoint", "contact"),
        ("schema:publisher", "publisher"),
        ("schema:creator", "creator"),
    ] {
        for agent in graph.all(subject, &[predicate]) {
            let Some(name) = graph.label(agent) else { continue };
            graph.read_type(agent);
            let mut provider = Draft::object();
            provider.string("name", plain(&name));
            provider.raw("roles", &format!("[\"{role}\"]"));
            provider.optional(
                "url",
                graph.text(agent, &["foaf:homepage", "foaf:workplaceHomepage", "schema:url"]).or(iri(agent)),
            );
            provider.optional("email", graph.text(agent, &["vcard:hasEmail", "foaf:mbox", "schema:email"]));
            providers.element(&provider.finish());
            if let Some(href) = iri(agent) {
                record.link(role, href, Some(&name));
            }
        }
    }
    record.draft.part("providers", providers);
}

/// All that has no place of its own: texts and addresses as properties.
fn free(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    for (predicate, object) in graph.rest(subject) {
        match object {
            Term::Literal { value, datatype, .. } => {
                let numeric = datatype.as_deref().is_some_and(|datatype| {
                    ["#integer", "#decimal", "#double", "#float", "#nonNegativeInteger"]
                        .iter()
                        .any(|end| datatype.ends_with(end))
                });
                if numeric && serde_json::from_str::<serde_json::Number>(value).is_ok() {
                    record.raw_property(predicate, value);
                } else {
                    record.property(predicate, value);
                }
            }
            Term::Iri(iri) => record.property(predicate, plain(iri)),
            Term::Blank(_) => {
                graph.label(object).iter().for_each(|label| record.property(predicate, label));
            }
        }
    }
}
