//! `perennial recreate`, `impact`, `drop`, `keep` and `drill`: products made again, and what that allows.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::client::{self, Way};
use super::executor::Place;
use super::{Context, Failure};
use crate::catalogue::{Catalogue, DropWish, Error, Wish};
use crate::http::faces::native::recreation as native;
use crate::model::uri::encode;
use crate::model::{Key, Kind, RecordId};

/// Make a product again by its recipe, compare it with what is preserved, and keep signed evidence.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial recreate insight-rad hp3_rad_cal_00122 --plan     what would be run, and what is missing
  perennial recreate insight-rad hp3_rad_cal_00122            run it, compare, keep the evidence
  perennial recreate --recipe 1215577b…                       run a recipe whatever product names it
Exit codes: 0 identical or equivalent, 1 different, failed or blocked.")]
pub struct Recreate {
    #[command(flatten)]
    product: Product,
    /// Run this recipe instead of a product's.
    #[arg(long, value_name = "ID", conflicts_with_all = ["collection", "id"], required_unless_present = "collection")]
    recipe: Option<String>,
    /// Only show what would be run, and what stands in the way.
    #[arg(long)]
    plan: bool,
    /// Engine of WebAssembly programs: cranelift or pulley.
    #[arg(long, default_value = "cranelift")]
    engine: String,
    /// Do not try the inputs that must not work.
    #[arg(long)]
    no_negative_cases: bool,
    #[command(flatten)]
    place: Place,
}

/// A product by its names.
#[derive(Debug, Args)]
struct Product {
    /// Collection of the product.
    collection: Option<String>,
    /// Id of the product.
    #[arg(requires = "collection")]
    id: Option<String>,
}

/// Show what is made, directly or not, from a product: what would change if it did.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  perennial impact insight-spice nsy_sclkscet_00014.tsc")]
pub struct Impact {
    #[command(flatten)]
    product: Product,
}

/// Drop bytes that are proved to be recreatable; whoever reads them gets them made again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial drop insight-rad hp3_rad_cal_00122 --dry-run
  perennial drop insight-rad hp3_rad_cal_00122
Exit code 1 when a rule stands in the way; every reason is named.")]
pub struct Drop {
    #[command(flatten)]
    product: Product,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
    /// The curator's reason why proofs on one engine are enough; signed and kept.
    #[arg(long, value_name = "REASON")]
    consent: Option<String>,
}

/// Make dropped bytes again and keep them.
#[derive(Debug, Args)]
pub struct Keep {
    #[command(flatten)]
    product: Product,
}

/// Rebuild the products that deserve it most, and show how many can be.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial drill --count 10
  perennial drill --rates
Exit code 1 when a product was not rebuilt as its recipe promises.")]
pub struct Drill {
    /// Products to rebuild.
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// Products of this collection alone.
    #[arg(long, value_name = "ID")]
    collection: Option<String>,
    /// Rebuild nothing; only show how many products of each collection are proved.
    #[arg(long)]
    rates: bool,
    #[command(flatten)]
    place: Place,
}

/// What is asked of a catalogue that is open here.
type Direct<'q> = Box<dyn FnOnce(&Catalogue) -> Result<Value, Error> + 'q>;

/// One question to the catalogue or to the server that has it: the path of the latter's, and whether it is a POST.
struct Question<'q> {
    path: String,
    is_post: bool,
    direct: Direct<'q>,
}

impl Question<'_> {
    fn ask(self, context: &Context) -> Result<Value, Failure> {
        self.ask_at(context, &Place::default())
    }

    /// Asks, with recipes run at a place that is refused where a server runs them.
    fn ask_at(self, context: &Context, place: &Place) -> Result<Value, Failure> {
        match client::way(&context.store, &place.options(&context.store)?)? {
            Way::Server(_) if place.is_elsewhere() => {
                Err(Failure::usage("a server has this store and runs its recipes: give --tes to `perennial serve`"))
            }
            Way::Server(client) => {
                let text = if self.is_post {
                    client.post(&self.path, "application/json", &b""[..])?
                } else {
                    client.get(&self.path)?
                };
                serde_json::from_str(&text).map_err(|error| Failure::store(error.to_string()))
            }
            Way::Direct(catalogue) => {
                let answer = (self.direct)(&catalogue);
                catalogue.close();
                Ok(answer?)
            }
        }
    }
}

impl Product {
    fn key(&self) -> Result<Key, Failure> {
        let id = |text: &str| RecordId::parse(text).map_err(|error| Failure::usage(format!("{text:?}: {error}")));
        match (&self.collection, &self.id) {
            (Some(collection), Some(product)) => Ok(Key::product(id(collection)?, id(product)?)),
            _ => Err(Failure::usage("name the collection and the id of a product".to_owned())),
        }
    }
}

fn path(key: &Key, what: &str) -> String {
    match &key.collection {
        Some(collection) => {
            format!("/api/v1/collections/{}/products/{}/{what}", encode(collection.as_str()), encode(key.id.as_str()))
        }
        None => format!("/api/v1/records/{}/{}/{what}", key.kind, encode(key.id.as_str())),
    }
}

fn json(body: impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(body).map_err(Error::internal("writing an answer"))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn show(context: &Context, answer: &Value, print: impl FnOnce(&Value)) {
    if context.json { println!("{answer}") } else { print(answer) }
}

impl Recreate {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let key = match &self.recipe {
            Some(recipe) => {
                let id = RecordId::parse(recipe).map_err(|error| Failure::usage(format!("{recipe:?}: {error}")))?;
                Key { kind: Kind::Recipe, collection: None, id }
            }
            None => self.product.key()?,
        };
        let engine = native::engine(Some(&self.engine))?;
        let negative_cases = !self.no_negative_cases;
        let answer = if self.plan {
            let path = path(&key, "recreate?dry_run=true");
            let direct = Box::new(|catalogue: &Catalogue| json(native::plan_body(&catalogue.plan(&key)?)));
            Question { path, is_post: true, direct }.ask_at(context, &self.place)?
        } else {
            let path = path(&key, &format!("recreate?engine={}&negative_cases={negative_cases}", self.engine));
            let direct = Box::new(|catalogue: &Catalogue| {
                let wish = Wish { engine, negative_cases, occasion: "request", agent: "local" };
                json(native::recreated_body("", &catalogue.recreate(&key, &wish)?)?)
            });
            Question { path, is_post: true, direct }.ask_at(context, &self.place)?
        };
        show(context, &answer, if self.plan { print_plan } else { print_verdict });
        let is_good = match self.plan {
            true => answer.get("possible").and_then(Value::as_bool) == Some(true),
            false => is_proof(text(&answer, "verdict")) && negative_cases_hold(&answer),
        };
        Ok(ExitCode::from(u8::from(!is_good)))
    }
}

fn is_proof(verdict: &str) -> bool {
    matches!(verdict, "identical" | "equivalent")
}

fn negative_cases_hold(answer: &Value) -> bool {
    let cases = answer.pointer("/evidence/recreation/negative_cases").and_then(Value::as_array);
    cases.into_iter().flatten().all(|case| case.get("passed") == Some(&Value::Bool(true)))
}

fn print_plan(plan: &Value) {
    for (number, step) in list(plan, "steps").enumerate() {
        println!("{number}\t{}\t{}\t{}", text(step, "executor"), text(step, "recipe"), text(step, "title"));
        for input in list(step, "inputs") {
            println!("\t{}\t{}\tsha256 {}", text(input, "state"), text(input, "name"), text(input, "sha256"));
        }
    }
    list(plan, "obstacles").for_each(|obstacle| println!("blocked: {}", text(obstacle, "reason")));
    let number = |name: &str| plan.get(name).and_then(Value::as_u64).unwrap_or(0);
    let bound = if plan.get("cost_is_a_bound") == Some(&Value::Bool(true)) { "at most " } else { "" };
    println!("{} bytes to read, {bound}{:.1} s", number("bytes"), number("cost_ms") as f64 / 1_000.0);
}

fn print_verdict(answer: &Value) {
    println!("{}", text(answer, "verdict"));
    let Some(recreation) = answer.pointer("/evidence/recreation") else { return };
    for output in list(recreation, "outputs") {
        println!("  {}\t{}\tsha256 {}", text(output, "name"), text(output, "verdict"), text(output, "found"));
        if let Some(first) = output.get("first") {
            println!("    first difference: {first}");
        }
    }
    list(recreation, "obstacles").for_each(print_obstacle);
    if text(recreation, "verdict") == "failed" {
        let code = recreation.get("code").map(|code| format!(", exit code {code}")).unwrap_or_default();
        println!("  step {}: {}{code}", text(recreation, "step"), text(recreation, "end").replace('_', " "));
        text(recreation, "log")
            .lines()
            .rev()
            .take(10)
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .for_each(|line| println!("  | {line}"));
    }
    for case in list(recreation, "negative_cases") {
        let passed = if case.get("passed") == Some(&Value::Bool(true)) { "as it must" } else { "NOT as it must" };
        println!("  negative case {}: {} ({passed})", case.get("case").unwrap_or(&Value::Null), text(case, "verdict"));
    }
    println!("  evidence: {}", answer.pointer("/evidence/id").and_then(Value::as_str).unwrap_or(""));
}

fn print_obstacle(obstacle: &Value) {
    let (name, sha256) = (text(obstacle, "name"), text(obstacle, "sha256"));
    match text(obstacle, "obstacle") {
        "missing" => println!("  blocked: {name} (sha256 {sha256}) is not held, and no recipe makes it"),
        "damaged" => {
            println!("  blocked: the copy of {name} (sha256 {sha256}) cannot be used: {}", text(obstacle, "reason"))
        }
        _ => println!("  blocked: {obstacle}"),
    }
}

impl Impact {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let key = self.product.key()?;
        let direct = Box::new(|catalogue: &Catalogue| json(catalogue.impact(&key)?));
        let answer = Question { path: path(&key, "impact"), is_post: false, direct }.ask(context)?;
        show(context, &answer, |answer| {
            for product in list(answer, "products") {
                let steps = product.get("steps").and_then(Value::as_u64).unwrap_or(0);
                println!(
                    "{steps}\t{}/{}\t{}",
                    text(product, "collection"),
                    text(product, "id"),
                    text(product, "title")
                );
            }
        });
        Ok(ExitCode::SUCCESS)
    }
}

impl Drop {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let key = self.product.key()?;
        let consent = self.consent.as_deref().map(|reason| format!("&consent={}", encode(reason))).unwrap_or_default();
        let path = path(&key, &format!("drop?dry_run={}{consent}", self.dry_run));
        let wish = DropWish { agent: "local", consent: self.consent.as_deref(), dry_run: self.dry_run };
        let direct = Box::new(|catalogue: &Catalogue| json(catalogue.drop_bytes(&key, &wish)?));
        let answer = Question { path, is_post: true, direct }.ask(context)?;
        show(context, &answer, |answer| {
            let word = if self.dry_run { "would go" } else { "dropped" };
            for file in list(answer, "files") {
                println!("{word}\t{}\t{} bytes", text(file, "name"), file.get("bytes").unwrap_or(&Value::Null));
            }
        });
        Ok(ExitCode::SUCCESS)
    }
}

impl Keep {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let key = self.product.key()?;
        let direct = Box::new(|catalogue: &Catalogue| json(catalogue.keep_bytes(&key, "local")?));
        let answer = Question { path: path(&key, "keep"), is_post: true, direct }.ask(context)?;
        show(context, &answer, |answer| {
            list(answer, "files").for_each(|file| println!("kept\t{}", text(file, "name")))
        });
        Ok(ExitCode::SUCCESS)
    }
}

impl Drill {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        if self.rates {
            let direct = Box::new(|catalogue: &Catalogue| {
                json(native::RebuildabilityBody { collections: catalogue.rebuildability()? })
            });
            let answer = Question { path: "/api/v1/recreation".to_owned(), is_post: false, direct }.ask(context)?;
            show(context, &answer, print_rates);
            return Ok(ExitCode::SUCCESS);
        }
        let collection = self.collection.as_deref().map(RecordId::parse).transpose();
        let collection = collection.map_err(|error| Failure::usage(error.to_string()))?;
        let of = self.collection.as_deref().map(|id| format!("&collection={}", encode(id))).unwrap_or_default();
        let direct = Box::new(|catalogue: &Catalogue| {
            let mut drilled = Vec::new();
            catalogue.drill(self.count, collection.as_ref(), "local", &mut |one| {
                drilled.push(native::drilled_body("", one));
                true
            })?;
            json(native::DrillBody { drilled })
        });
        let path = format!("/api/v1/recreation/drill?count={}{of}", self.count);
        let answer = Question { path, is_post: true, direct }.ask_at(context, &self.place)?;
        show(context, &answer, |answer| {
            for one in list(answer, "drilled") {
                let (verdict, error) = (text(one, "verdict"), text(one, "error"));
                println!("{verdict}{error}\t{}/{}", text(one, "collection"), text(one, "id"));
            }
        });
        let all_good = list(&answer, "drilled").all(|one| is_proof(text(one, "verdict")));
        Ok(ExitCode::from(u8::from(!all_good)))
    }
}

fn print_rates(answer: &Value) {
    let collections = answer.get("collections").and_then(Value::as_object);
    for (collection, counts) in collections.into_iter().flatten() {
        let number = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (proved, products) = (number("proved"), number("products"));
        let failed = number("different") + number("failed") + number("blocked");
        println!(
            "{collection}\t{proved} of {products} proved\t{failed} not rebuilt\t{} never tried\tlast {}",
            number("never_tried"),
            text(counts, "newest")
        );
    }
}
