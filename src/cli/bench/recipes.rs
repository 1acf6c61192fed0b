//! Recipes in an archive: a plan of a thousand steps, and a hundred small recipes run, compared and kept as evidence.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::figure::{Asked, Figure};
use super::{Bed, Failure, store};
use crate::catalogue::{Catalogue, Options, Settings, Wish};
use crate::cli::executor;
use crate::codec::sha256;
use crate::model::{Key, Kind, RecordId, Sha256};

const NAME: &str = "recipes";

/// Steps of the plan.
const STEPS: usize = 1_000;
/// Small recipes, and threads that run them.
const SMALL: usize = 100;
const THREADS: usize = 2;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let scratch = store::scratch(bed, NAME)?;
    let folder = scratch.join("store");
    let recreation = Some(executor::settings(&folder)?);
    let settings = Settings { recreation, payload_object_threshold: 0, ..Settings::default() };
    let catalogue = Catalogue::open(&folder, &Options { settings, ..Options::default() })?;
    let done = measure(&catalogue, &scratch);
    catalogue.close();
    done
}

fn measure(catalogue: &Arc<Catalogue>, scratch: &std::path::Path) -> Result<Vec<Figure>, Failure> {
    let mut last = None;
    for step in 1..=STEPS {
        let input = input(&of_step(step - 1));
        last = Some(register(catalogue, scratch, &["/bin/true"], &input, &of_step(step), &[])?);
    }
    let last = last.ok_or_else(|| Failure::usage("no steps".to_owned()))?;
    let started = Instant::now();
    let plan = catalogue.plan(&last)?;
    let planned = started.elapsed().as_secs_f64() * 1_000.0;
    let steps = plan.steps.len();
    let mut small = Vec::with_capacity(SMALL);
    for number in 0..SMALL {
        let content = format!("content of the small file {number}\n").repeat(100);
        std::fs::write(scratch.join("kept"), &content)?;
        let (command, digest) = (["/bin/cp", "/program/kept", "/out/o"], sha256(content.as_bytes()));
        small.push(register(catalogue, scratch, &command, "", &digest, &["kept"])?);
    }
    let started = Instant::now();
    let proved = run_all(catalogue, &small)?;
    let seconds = started.elapsed().as_secs_f64();
    if proved != SMALL || steps != STEPS {
        return Err(Failure::store(format!(
            "{proved} of {SMALL} recipes were proved, the plan has {steps} of {STEPS} steps"
        )));
    }
    Ok(vec![
        Figure::new(NAME, format!("plan of {STEPS} steps"), planned, "ms").asked(Asked::AtMost(100.0)),
        Figure::new(NAME, format!("{SMALL} small recipes, sandboxed, compared, signed"), seconds, "s")
            .asked(Asked::AtMost(30.0)),
    ])
}

/// Runs recipes on some threads; how many were proved.
fn run_all(catalogue: &Arc<Catalogue>, recipes: &[Key]) -> Result<usize, Failure> {
    let (next, proved) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Result<(), Failure> {
        while let Some(recipe) = recipes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let recreated = catalogue.recreate(recipe, &Wish::default())?;
            proved.fetch_add(usize::from(recreated.verdict.is_proof()), Ordering::Relaxed);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let lost = || Failure::store("a thread of the benchmark ended early".to_owned());
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| lost())?)
    })?;
    Ok(proved.load(Ordering::Relaxed))
}

/// The digest of what a step makes.
fn of_step(step: usize) -> Sha256 {
    sha256(format!("step {step}").as_bytes())
}

fn input(digest: &Sha256) -> String {
    format!(r#"{{"name":"i","sha256":"{digest}"}}"#)
}

fn register(
    catalogue: &Arc<Catalogue>,
    folder: &std::path::Path,
    argv: &[&str],
    input: &str,
    makes: &Sha256,
    files: &[&str],
) -> Result<Key, Failure> {
    let files = files.iter().map(|name| serde_json::json!({"name": name})).collect::<Vec<_>>();
    let recipe = serde_json::json!({
        "kind": "recipe", "executor": {"kind": "native"}, "program": {"command": argv.first()}, "argv": argv, "files": files,
        "outputs": [{"name": "o", "sha256": makes}], "resources": {"wall_seconds": 30},
    });
    let text = recipe.to_string().replacen('{', &format!(r#"{{"inputs":[{input}],"#), 1);
    let receipt = catalogue.register_recipe(&text, folder, "bench")?;
    let id = RecordId::parse(receipt.key.id.as_str()).map_err(|error| Failure::store(error.to_string()))?;
    Ok(Key { kind: Kind::Recipe, collection: None, id })
}
