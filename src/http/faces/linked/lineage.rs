//! The lineage of a record as PROV-JSON (W3C member submission of 24 April 2013): entities, the activities that generated
//! them, and which was derived from which.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::catalogue::{Error, Lineage, LineageNode, Reach};
use crate::http::faces::native::records::{identifier, record_key};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::model::{Draft, Key, Kind};
use crate::rdf::projection::{Base, name, thing};

/// Steps in each direction unless asked otherwise, and at most.
const STEPS: i32 = 5;
const MOST_STEPS: i32 = 20;
/// Most records and names of an answer.
const MOST_NODES: usize = 500;

/// What a product comes from and what was made of it, as PROV-JSON.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/lineage", tag = "products",
    params(("collection" = String, Path), ("id" = String, Path),
           ("steps" = Option<i32>, Query, description = "how far to follow in each direction, 0 to 20; 5 unless given", minimum = 0, maximum = 20)),
    responses((status = 200, description = "PROV-JSON; at most 500 records. `Perennial-Lineage: cut` says that there is more", content_type = "application/json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, id) = path.into_inner();
    let key = Key::product(identifier("collection", &collection)?, identifier("id", &id)?);
    give(&request, &state, key).await
}

/// What a collection comes from and what was made of it, as PROV-JSON.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/lineage", tag = "collections",
    params(("collection" = String, Path),
           ("steps" = Option<i32>, Query, description = "how far to follow in each direction, 0 to 20; 5 unless given", minimum = 0, maximum = 20)),
    responses((status = 200, description = "PROV-JSON; at most 500 records. `Perennial-Lineage: cut` says that there is more", content_type = "application/json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    give(&request, &state, Key::collection(identifier("collection", &path)?)).await
}

/// What a record of another kind comes from and what was made of it, as PROV-JSON.
#[utoipa::path(get, path = "/api/v1/records/{kind}/{id}/lineage", tag = "records",
    params(("kind" = String, Path), ("id" = String, Path),
           ("steps" = Option<i32>, Query, description = "how far to follow in each direction, 0 to 20; 5 unless given", minimum = 0, maximum = 20)),
    responses((status = 200, description = "PROV-JSON; at most 500 records. `Perennial-Lineage: cut` says that there is more", content_type = "application/json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn record(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (kind, id) = path.into_inner();
    give(&request, &state, record_key(&kind, &id)?).await
}

async fn give(request: &HttpRequest, state: &State, key: Key) -> Result<HttpResponse, Problem> {
    let mut parameters = Parameters::of(request)?;
    let steps = parameters.one("steps")?;
    parameters.finish(&["steps"])?;
    let refuse = || Error::parameter("steps", format!("must be a number from 0 to {MOST_STEPS}"));
    let steps = steps.map_or(Ok(STEPS), |text| text.parse::<i32>().map_err(|_| refuse()))?;
    if !(0..=MOST_STEPS).contains(&steps) {
        return Err(refuse().into());
    }
    let catalogue = state.catalogue.clone();
    let reach = Reach { steps, nodes: MOST_NODES };
    let lineage = crate::http::blocking(move || catalogue.lineage(&key, reach)).await?;
    let text = document(&lineage, &Base::public(&state.base(request)));
    let mut response = HttpResponse::Ok();
    if lineage.is_cut {
        response.insert_header(("perennial-lineage", "cut"));
    }
    Ok(response.content_type("application/json").body(text))
}

/// Qualified names of addresses; each namespace gets a prefix when it is first met.
#[derive(Default)]
struct Prefixes(BTreeMap<String, String>);

impl Prefixes {
    fn qualified(&mut self, address: &str) -> String {
        let end = address.rfind(['/', '#', ':']).map_or(0, |at| at.saturating_add(1));
        let (namespace, local) = address.split_at_checked(end).unwrap_or(("", address));
        let next = self.0.len().saturating_add(1);
        let prefix = self.0.entry(namespace.to_owned()).or_insert_with(|| format!("n{next}"));
        format!("{prefix}:{local}")
    }
}

/// The document.
fn document(lineage: &Lineage, base: &Base) -> String {
    let mut prefixes = Prefixes::default();
    let names: Vec<String> = lineage.nodes.iter().map(|node| prefixes.qualified(&address(node, base))).collect();
    let mut entities = Draft::object();
    let (mut activities, mut agents) = (Draft::object(), Draft::object());
    let (mut generated, mut associated, mut derived) = (Draft::object(), Draft::object(), Draft::object());
    for (number, (node, name)) in lineage.nodes.iter().zip(&names).enumerate() {
        entities.raw(name, &entity(node));
        let Some(software) = &node.software else { continue };
        let activity = prefixes.qualified(&format!("{}#activity", address(node, base)));
        let agent = prefixes.qualified(&format!("{}#software", address(node, base)));
        let mut about = Draft::object();
        about.optional("prov:endTime", node.processed_at.as_ref());
        activities.raw(&activity, &about.finish());
        let mut about = Draft::object();
        about.raw("prov:type", "{\"$\":\"prov:SoftwareAgent\",\"type\":\"prov:QUALIFIED_NAME\"}");
        about.string("prov:label", software);
        agents.raw(&agent, &about.finish());
        generated.raw(&format!("_:g{number}"), &relation("prov:entity", name, "prov:activity", &activity));
        associated.raw(&format!("_:a{number}"), &relation("prov:activity", &activity, "prov:agent", &agent));
    }
    for (number, (from, source)) in lineage.edges.iter().enumerate() {
        let (Some(from), Some(source)) = (names.get(*from), names.get(*source)) else { continue };
        derived.raw(&format!("_:d{number}"), &relation("prov:generatedEntity", from, "prov:usedEntity", source));
    }
    let mut namespaces = Draft::object();
    namespaces.string("dcterms", "http://purl.org/dc/terms/");
    for (namespace, prefix) in &prefixes.0 {
        namespaces.string(prefix, namespace);
    }
    let mut document = Draft::object();
    document.part("prefix", namespaces);
    document.part("entity", entities);
    document.part("activity", activities);
    document.part("agent", agents);
    document.part("wasGeneratedBy", generated);
    document.part("wasAssociatedWith", associated);
    document.part("wasDerivedFrom", derived);
    document.finish()
}

/// The record as a thing; of what is not here, the address that its name makes.
fn address(node: &LineageNode, base: &Base) -> String {
    match &node.key {
        Some(key) => thing(base, key).into_string(),
        None => name(base, &node.name).map_or_else(|| format!("{}id/name/", base.as_str()), |name| name.into_string()),
    }
}

fn entity(node: &LineageNode) -> String {
    let mut about = Draft::object();
    about.string("dcterms:identifier", &node.name);
    about.optional("prov:label", node.title.as_ref());
    if let Some(kind) = node.key.as_ref().map(|key| key.kind) {
        about.string("dcterms:type", if kind == Kind::Product { "product" } else { kind.as_str() });
    }
    about.finish()
}

fn relation(first: &str, first_value: &str, second: &str, second_value: &str) -> String {
    let mut relation = Draft::object();
    relation.string(first, first_value);
    relation.string(second, second_value);
    relation.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RecordId;

    #[test]
    fn a_lineage_names_each_entity_by_a_declared_prefix() {
        let node = |key: Option<Key>, name: &str, software: Option<&str>| LineageNode {
            name: name.to_owned(),
            key,
            title: None,
            software: software.map(str::to_owned),
            processed_at: None,
            step: 0,
        };
        let key = Key::collection(RecordId::parse("c/1").expect("an identifier"));
        let nodes =
            vec![node(Some(key), "c/1", Some("P \"2\"")), node(None, "urn:x:raw", None), node(None, "a b", None)];
        let lineage = Lineage { nodes, edges: vec![(0, 1), (0, 2)], is_cut: false };
        let document: serde_json::Value = serde_json::from_str(&document(&lineage, &Base::stored())).expect("JSON");
        let expand = |name: &str| {
            let (prefix, local) = name.split_once(':').expect("a prefix");
            format!("{}{local}", document["prefix"][prefix].as_str().expect("declared"))
        };
        let used: Vec<String> = document["wasDerivedFrom"]
            .as_object()
            .expect("relations")
            .values()
            .map(|relation| expand(relation["prov:usedEntity"].as_str().expect("a name")))
            .collect();
        assert_eq!(used, ["urn:x:raw", "https://perennial.invalid/id/name/a%20b"]);
        let made = &document["wasGeneratedBy"]["_:g0"];
        assert_eq!(
            expand(made["prov:entity"].as_str().expect("a name")),
            "https://perennial.invalid/id/collection/c%2F1"
        );
        assert_eq!(
            document["agent"].as_object().expect("agents").values().next().expect("one")["prov:label"],
            "P \"2\""
        );
    }
}
