//! Products made again over HTTP: plan, attempt, evidence, and what stands on a product.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::records::{self, href, identifier, record_key};
use crate::catalogue::{Address, Drilled, DropWish, Dropping, Error, Impact, Intent, Rebuildability, Recreated, Wish};
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{auth, blocking, conditional};
use crate::model::{Key, Kind};
use crate::recreation::perform::WasiEngine;
use crate::recreation::plan::{Obstacle, Origin, Plan};

/// Most products of one drill.
const MAX_DRILLED: usize = 1_000;

/// What would be run, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanBody {
    /// Whether nothing stands in the way.
    pub possible: bool,
    pub steps: Vec<StepBody>,
    /// What stands in the way, each with its reason.
    pub obstacles: Vec<ObstacleBody>,
    /// Bytes that have to be read, as far as lengths are known.
    pub bytes: u64,
    /// Milliseconds that the steps took the last time; of those never run, their limit.
    pub cost_ms: u64,
    /// Whether `cost_ms` is only an upper bound.
    pub cost_is_a_bound: bool,
}

/// One run.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepBody {
    pub recipe: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `wasi` or `native`.
    pub executor: String,
    pub inputs: Vec<InputBody>,
    pub outputs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_ms: Option<u64>,
}

/// A file that a run needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputBody {
    pub name: String,
    pub sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// `held`, `made` by an earlier step, or `missing`.
    pub state: &'static str,
    /// The step that makes it, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
}

/// What stands in the way.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObstacleBody {
    /// For people.
    pub reason: String,
    /// For programs.
    #[schema(value_type = Object)]
    pub detail: Obstacle,
}

/// What came of an attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecreatedBody {
    /// `identical`, `equivalent`, `different`, `failed` or `blocked`.
    pub verdict: &'static str,
    /// Address of the evidence.
    pub href: String,
    /// The evidence as it is stored and signed.
    #[schema(value_type = Object)]
    pub evidence: Box<RawValue>,
}

/// Evidence, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceBody {
    #[schema(value_type = Vec<Object>)]
    pub evidence: Vec<Box<RawValue>>,
}

/// Products that stand on a product, nearest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImpactBody {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub impact: Impact,
}

/// What was dropped or kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct DroppingBody {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub dropping: Dropping,
}

/// A drill's results.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrillBody {
    pub drilled: Vec<DrilledBody>,
}

/// One product of a drill.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrilledBody {
    pub collection: Option<String>,
    pub id: String,
    pub href: String,
    /// The verdict; none where nothing could be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// Address of the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Why nothing could be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Collections that have products with recipes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RebuildabilityBody {
    #[schema(value_type = Object)]
    pub collections: BTreeMap<String, Rebuildability>,
}

/// The wire form of one product of a drill.
pub fn drilled_body(base: &str, drilled: &Drilled) -> DrilledBody {
    let done = drilled.outcome.as_ref().ok();
    DrilledBody {
        collection: drilled.key.collection.as_ref().map(ToString::to_string),
        id: drilled.key.id.to_string(),
        href: href(base, &drilled.key),
        verdict: done.map(|recreated| recreated.verdict.name()),
        evidence: done.map(|recreated| href(base, &recreated.evidence)),
        error: drilled.outcome.as_ref().err().map(ToString::to_string),
    }
}

/// The wire form of a plan.
pub fn plan_body(plan: &Plan) -> PlanBody {
    let (cost_ms, cost_is_a_bound) = plan.cost_ms();
    let input = |input: &crate::recreation::plan::PlannedInput| {
        let (state, step) = match input.origin {
            Origin::Held => ("held", None),
            Origin::Step(step) => ("made", Some(step)),
            Origin::Missing => ("missing", None),
        };
        InputBody { name: input.name.clone(), sha256: input.sha256.to_string(), bytes: input.bytes, state, step }
    };
    let step = |step: &crate::recreation::plan::Step| StepBody {
        recipe: step.recipe.id.to_string(),
        title: step.recipe.title.clone(),
        executor: step.recipe.executor.as_str().to_owned(),
        inputs: step.inputs.iter().map(input).collect(),
        outputs: step.recipe.outputs.iter().map(|output| output.name.clone()).collect(),
        last_run_ms: step.last_run_ms,
    };
    let obstacle = |obstacle: &Obstacle| ObstacleBody { reason: obstacle.to_string(), detail: obstacle.clone() };
    PlanBody {
        possible: plan.obstacles.is_empty(),
        steps: plan.steps.iter().map(step).collect(),
        obstacles: plan.obstacles.iter().map(obstacle).collect(),
        bytes: plan.bytes(),
        cost_ms,
        cost_is_a_bound,
    }
}

/// The wire form of what came of an attempt.
///
/// # Errors
/// `Internal`, if a stored record were no JSON.
pub fn recreated_body(base: &str, recreated: &Recreated) -> Result<RecreatedBody, Error> {
    let (verdict, href) = (recreated.verdict.name(), href(base, &recreated.evidence));
    Ok(RecreatedBody { verdict, href, evidence: raw(recreated.record.clone())? })
}

fn raw(record: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(record).map_err(Error::internal("reading stored evidence"))
}

/// The engine of this name.
///
/// # Errors
/// `BadParameter` with the names that there are.
pub fn engine(name: Option<&str>) -> Result<WasiEngine, Error> {
    match name {
        None | Some("cranelift") => Ok(WasiEngine::Cranelift),
        Some("pulley") => Ok(WasiEngine::Pulley),
        Some(_) => Err(Error::parameter("engine", "must be cranelift or pulley")),
    }
}

fn flag(parameters: &mut Parameters, name: &str, usual: bool) -> Result<bool, Problem> {
    match parameters.one(name)?.as_deref() {
        None => Ok(usual),
        Some("true" | "") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(Error::parameter(name, "must be true or false").into()),
    }
}

fn product(path: &(String, String)) -> Result<Key, Error> {
    Ok(Key::product(identifier("collection", &path.0)?, identifier("id", &path.1)?))
}

async fn attempt(request: HttpRequest, state: Data<State>, key: Key) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let is_dry = flag(&mut parameters, "dry_run", false)?;
    let negative_cases = flag(&mut parameters, "negative_cases", true)?;
    let engine = engine(parameters.one("engine")?.as_deref())?;
    parameters.finish(&["dry_run", "negative_cases", "engine"])?;
    let catalogue = state.catalogue.clone();
    if is_dry {
        let plan = blocking(move || catalogue.plan(&key)).await?;
        return Ok(HttpResponse::Ok().json(plan_body(&plan)));
    }
    let agent = auth::writer(&request, &state)?;
    let recreated = blocking(move || {
        catalogue.recreate(&key, &Wish { engine, negative_cases, occasion: "request", agent: &agent })
    })
    .await?;
    Ok(HttpResponse::Ok().json(recreated_body(&state.base(&request), &recreated)?))
}

async fn evidence(request: HttpRequest, state: Data<State>, key: Key) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let evidence = blocking(move || catalogue.evidence(&key)).await?;
    let evidence = evidence.into_iter().map(raw).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(EvidenceBody { evidence }))
}

/// Makes a product again by its recipe, compares it with what is preserved and keeps signed evidence; with `dry_run`, says what
/// would be run. Answers when all runs have ended.
#[utoipa::path(post, path = "/api/v1/collections/{collection}/products/{id}/recreate", tag = "recreation",
    params(("collection" = String, Path), ("id" = String, Path),
           ("dry_run" = Option<bool>, Query, description = "only plan; needs no right to write"),
           ("negative_cases" = Option<bool>, Query, description = "try the inputs that must not work as well; default true"),
           ("engine" = Option<String>, Query, description = "of WebAssembly programs: cranelift (default) or pulley")),
    responses((status = 200, body = RecreatedBody, description = "the verdict; a PlanBody with dry_run"), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn recreate_product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let key = product(&path)?;
    attempt(request, state, key).await
}

/// Runs a recipe whatever product names it; as for a product otherwise.
#[utoipa::path(post, path = "/api/v1/records/recipe/{id}/recreate", tag = "recreation",
    params(("id" = String, Path),
           ("dry_run" = Option<bool>, Query), ("negative_cases" = Option<bool>, Query), ("engine" = Option<String>, Query)),
    responses((status = 200, body = RecreatedBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn recreate_recipe(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let key = record_key("recipe", &path)?;
    attempt(request, state, key).await
}

/// Evidence of a product's recreations, newest first.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/evidence", tag = "recreation",
    params(("collection" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = EvidenceBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn product_evidence(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let key = product(&path)?;
    evidence(request, state, key).await
}

/// Evidence of a recipe's attempts, newest first.
#[utoipa::path(get, path = "/api/v1/records/recipe/{id}/evidence", tag = "recreation", params(("id" = String, Path)),
    responses((status = 200, body = EvidenceBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn recipe_evidence(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let key = record_key("recipe", &path)?;
    evidence(request, state, key).await
}

/// An attempt as a Process Run Crate (a zip file): metadata, evidence, and the files as far as they are held and small.
#[utoipa::path(get, path = "/api/v1/records/evidence/{id}/crate", tag = "recreation", params(("id" = String, Path)),
    responses((status = 200, description = "the crate", content_type = "application/zip"), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn evidence_crate(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let key = record_key("evidence", &path)?;
    Parameters::of(&request)?.finish(&[])?;
    let (base, catalogue) = (state.base(&request), state.catalogue.clone());
    let content = blocking(move || catalogue.run_crate(&key.id, &base)).await?;
    let name = (actix_web::http::header::CONTENT_DISPOSITION, "attachment; filename=\"run.crate.zip\"");
    Ok(HttpResponse::Ok().content_type("application/zip").insert_header(name).body(content))
}

/// What is made, directly or not, from a product: what would change if it did.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/impact", tag = "recreation",
    params(("collection" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ImpactBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn product_impact(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let key = product(&path)?;
    Parameters::of(&request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let impact = blocking(move || catalogue.impact(&key)).await?;
    Ok(HttpResponse::Ok().json(ImpactBody { impact }))
}

/// Drops the bytes that a product's recipe makes, when every rule allows it; otherwise names all reasons. Readers get them made
/// again.
#[utoipa::path(post, path = "/api/v1/collections/{collection}/products/{id}/drop", tag = "recreation",
    params(("collection" = String, Path), ("id" = String, Path),
           ("dry_run" = Option<bool>, Query, description = "only say what would go"),
           ("consent" = Option<String>, Query, description = "the curator's reason why proofs on one engine are enough; signed and kept")),
    responses((status = 200, body = DroppingBody), (status = 409, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn drop_product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let key = product(&path)?;
    let agent = auth::writer(&request, &state)?;
    let mut parameters = Parameters::of(&request)?;
    let dry_run = flag(&mut parameters, "dry_run", false)?;
    let consent = parameters.one("consent")?.filter(|reason| !reason.trim().is_empty());
    parameters.finish(&["dry_run", "consent"])?;
    let catalogue = state.catalogue.clone();
    let dropping =
        blocking(move || catalogue.drop_bytes(&key, &DropWish { agent: &agent, consent: consent.as_deref(), dry_run }))
            .await?;
    Ok(HttpResponse::Ok().json(DroppingBody { dropping }))
}

/// Makes dropped bytes again and keeps them.
#[utoipa::path(post, path = "/api/v1/collections/{collection}/products/{id}/keep", tag = "recreation",
    params(("collection" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = DroppingBody), (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn keep_product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let key = product(&path)?;
    let agent = auth::writer(&request, &state)?;
    Parameters::of(&request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let dropping = blocking(move || catalogue.keep_bytes(&key, &agent)).await?;
    Ok(HttpResponse::Ok().json(DroppingBody { dropping }))
}

/// Rebuilds the products that deserve it most.
#[utoipa::path(post, path = "/api/v1/recreation/drill", tag = "recreation",
    params(("count" = Option<usize>, Query, description = "products, 1 to 1000; default 1"),
           ("collection" = Option<String>, Query, description = "of this collection alone")),
    responses((status = 200, body = DrillBody), (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn drill(request: HttpRequest, state: Data<State>) -> Answer {
    let agent = auth::writer(&request, &state)?;
    let mut parameters = Parameters::of(&request)?;
    let count = match parameters.one("count")?.map(|text| text.parse::<usize>()) {
        None => 1,
        Some(Ok(count)) if (1..=MAX_DRILLED).contains(&count) => count,
        Some(_) => return Err(Error::parameter("count", format!("must be 1 to {MAX_DRILLED}")).into()),
    };
    let collection = parameters.one("collection")?.map(|text| identifier("collection", &text)).transpose()?;
    parameters.finish(&["count", "collection"])?;
    let (base, catalogue) = (state.base(&request), state.catalogue.clone());
    let drilled = blocking(move || {
        let mut drilled = Vec::new();
        catalogue.drill(count, collection.as_ref(), &agent, &mut |one| {
            drilled.push(drilled_body(&base, one));
            true
        })?;
        Ok(drilled)
    })
    .await?;
    Ok(HttpResponse::Ok().json(DrillBody { drilled }))
}

/// How many products of each collection are proved to be rebuildable.
#[utoipa::path(get, path = "/api/v1/recreation", tag = "recreation",
    responses((status = 200, body = RebuildabilityBody)))]
pub async fn rebuildability(request: HttpRequest, state: Data<State>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let collections = blocking(move || catalogue.rebuildability()).await?;
    Ok(HttpResponse::Ok().json(RebuildabilityBody { collections }))
}

/// Registers a recipe. Without an id it is given the one of its content; the same recipe again changes nothing.
#[utoipa::path(post, path = "/api/v1/records/recipe", tag = "recreation",
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses((status = 201, description = "registered"), (status = 200, description = "known already"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create_recipe(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    let agent = auth::writer(&request, &state)?;
    Parameters::of(&request)?.finish(&[])?;
    let (bytes, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let caller = conditional::caller(&request, agent, &bytes)?;
    let address = Address { kind: Kind::Recipe, collection: None, id: None };
    let written = state.catalogue.put(&address, &text, Intent::Ensure, caller).await?;
    Ok(records::receipt(&state.base(&request), &written))
}
