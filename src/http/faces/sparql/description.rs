//! The service described in RDF (SPARQL 1.1 Service Description, VoID), which clients ask for to learn what this is.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::accept;
use super::answer;
use super::ask::{Asked, caller};
use crate::http::accept::of;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::index::Holds;
use crate::index::graph::Question;

/// The description as a query, so that it comes in every format that a graph has. `BASE` stands for our address.
const DESCRIPTION: &str = r#"
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX formats: <http://www.w3.org/ns/formats/>
CONSTRUCT {
  <BASEsparql> a sd:Service ;
    sd:endpoint <BASEsparql> ;
    sd:supportedLanguage sd:SPARQL11Query ;
    sd:feature sd:UnionDefaultGraph , sd:EmptyGraphs ;
    sd:resultFormat formats:SPARQL_Results_JSON , formats:SPARQL_Results_XML , formats:SPARQL_Results_CSV ,
      formats:SPARQL_Results_TSV , formats:Turtle , formats:N-Triples , formats:RDF_XML , formats:JSON-LD ;
    sd:propertyFeature <urn:perennial:search> ;
    sd:defaultDataset <BASEsparql#dataset> .
  <BASEsparql#dataset> a sd:Dataset , void:Dataset ;
    dcterms:title "Perennial catalogue" ;
    dcterms:description "All current records of the catalogue, each in a graph of its own; their standing in the archive in one more." ;
    void:sparqlEndpoint <BASEsparql> ;
    void:uriSpace "BASEid/" ;
    void:vocabulary <http://www.w3.org/ns/dcat#> , <http://purl.org/dc/terms/> , <http://www.w3.org/ns/prov#> ,
      <http://www.w3.org/ns/sosa/> , <http://www.w3.org/2004/02/skos/core#> , <https://w3id.org/perennial/ltdp#> ;
    sd:defaultGraph <BASEsparql#union> ;
    sd:namedGraph <BASEsparql#meta> .
  <BASEsparql#union> a sd:Graph ; dcterms:description "The union of all graphs" .
  <BASEsparql#meta> a sd:NamedGraph ; sd:name <BASEgraphs/meta> ; sd:graph <BASEsparql#meta-graph> .
  <BASEsparql#meta-graph> a sd:Graph .
} WHERE {}
"#;

/// The same at the address that VoID gives (§ 7.2).
#[utoipa::path(get, path = "/.well-known/void", tag = "sparql",
    responses((status = 200, description = "the service and its dataset described in VoID", content((String = "text/turtle"), (String = "application/n-triples"), (String = "application/rdf+xml"), (Object = "application/ld+json"))),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn void(request: HttpRequest, state: Data<State>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    describe(&request, &state).await
}

/// Describes the service.
pub async fn describe(request: &HttpRequest, state: &State) -> Answer {
    let wanted = accept::by_header(&of(request));
    let Some((format, _)) = wanted.triples else {
        let detail = "the service is described in text/turtle, application/n-triples, application/rdf+xml or application/ld+json; \
                      a query comes in the parameter `query`";
        return Err(Problem::http(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No format fits", detail));
    };
    let base = format!("{}/", state.base(request));
    let question = Question {
        query: DESCRIPTION.replace("BASE", &base),
        base,
        triples: Some(format),
        caller: caller(request),
        ..Question::default()
    };
    answer::answer(state, Asked { question, wanted, holds: Holds::Local, wait: false }).await
}
