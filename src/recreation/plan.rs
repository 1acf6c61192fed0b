//! What has to be run, in which order, to make the outputs of a recipe again, and what stands in the way. Only looks; a plan
//! is a value that can be printed, tested and refused.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::recipe::{ProductName, Recipe};
use crate::model::{RecordId, Sha256};

/// Most steps of a plan. A longer chain is refused: its rebuild should be asked for in parts.
pub const MAX_STEPS: usize = 10_000;

/// What a plan has to know of an archive.
pub trait Holdings {
    type Error;

    /// Length of a payload whose bytes are there, bytes.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn held(&self, sha256: &Sha256) -> Result<Option<u64>, Self::Error>;

    /// The recipe that makes these bytes, as the product says that holds them.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn maker(&self, sha256: &Sha256, product: Option<&ProductName>) -> Result<Option<Arc<Recipe>>, Self::Error>;

    /// Milliseconds that the last successful run took.
    ///
    /// # Errors
    /// When that cannot be found out.
    fn last_run_ms(&self, recipe: &RecordId) -> Result<Option<u64>, Self::Error>;
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The archive holds it.
    Held,
    /// An earlier step makes it.
    Step(usize),
    Missing,
}

/// An input of a step: of the recipe, or a file that is kept with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedInput {
    pub name: String,
    pub sha256: Sha256,
    /// Length where it is known, bytes.
    pub bytes: Option<u64>,
    pub origin: Origin,
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub recipe: Arc<Recipe>,
    pub inputs: Vec<PlannedInput>,
    /// Milliseconds that it took the last time.
    pub last_run_ms: Option<u64>,
}

/// Why a plan cannot be performed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "obstacle", rename_all = "snake_case")]
pub enum Obstacle {
    /// Nothing holds these bytes, and nothing is known to make them.
    Missing {
        name: String,
        sha256: Sha256,
        product: Option<ProductName>,
        /// Recipes from the one asked for to the one that needs them.
        chain: Vec<RecordId>,
    },
    /// A recipe needs what only it can make.
    Cycle { chain: Vec<RecordId> },
    /// More than [`MAX_STEPS`].
    TooLong,
    /// The archive has a payload of this digest, but not its bytes as they were.
    Damaged { name: String, sha256: Sha256, reason: String },
    /// A rule looks into the preserved bytes, and they are not held.
    NothingToCompare { output: String, sha256: Sha256 },
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { name, sha256, product, chain } => {
                write!(formatter, "{name} (sha256 {sha256}")?;
                if let Some(product) = product {
                    write!(formatter, ", of {}/{}", product.collection, product.id)?;
                }
                write!(formatter, ") is not held, and no recipe makes it")?;
                match chain.as_slice() {
                    [] | [_] => Ok(()),
                    [first, .., last] => {
                        write!(formatter, "; recipe {last} needs it, {} steps before {first}", chain.len() - 1)
                    }
                }
            }
            Self::Cycle { chain } => match chain.last() {
                Some(last) => write!(formatter, "recipe {last} needs what only it can make"),
                None => write!(formatter, "a recipe needs what only it can make"),
            },
            Self::TooLong => {
                write!(formatter, "more than {MAX_STEPS} runs would be needed: rebuild a product in between first")
            }
            Self::Damaged { name, sha256, reason } => {
                write!(formatter, "the archive's copy of {name} (sha256 {sha256}) cannot be used: {reason}")
            }
            Self::NothingToCompare { output, sha256 } => write!(
                formatter,
                "the rule for {output} looks into the preserved bytes (sha256 {sha256}), and they are not held"
            ),
        }
    }
}

/// Runs in order, the one asked for last.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub obstacles: Vec<Obstacle>,
}

impl Plan {
    /// Bytes that have to be read, as far as lengths are known.
    pub fn bytes(&self) -> u64 {
        let inputs = self.steps.iter().flat_map(|step| &step.inputs);
        inputs.filter_map(|input| input.bytes).fold(0, u64::saturating_add)
    }

    /// Milliseconds: what the steps took the last time; of those that never ran, their limit, so that the sum is no more than
    /// an upper bound then (the second value says so).
    pub fn cost_ms(&self) -> (u64, bool) {
        let all_known = self.steps.iter().all(|step| step.last_run_ms.is_some());
        let cost = |step: &Step| step.last_run_ms.unwrap_or(step.recipe.limits.wall_ms);
        (self.steps.iter().map(cost).fold(0, u64::saturating_add), !all_known)
    }

    /// Whether the plan leads through a recipe.
    pub fn uses(&self, recipe: &RecordId) -> bool {
        self.steps.iter().any(|step| step.recipe.id == *recipe)
    }
}

/// Where the walk stands in one recipe.
struct Visit {
    recipe: Arc<Recipe>,
    inputs: Vec<PlannedInput>,
    /// The next input to look at.
    next: usize,
}

impl Visit {
    fn begin(recipe: Arc<Recipe>) -> Self {
        let inputs = Vec::with_capacity(recipe.inputs.len() + recipe.files.len());
        Self { recipe, inputs, next: 0 }
    }
}

/// Plans a recipe. What is held is not made again; the recipe itself always is.
///
/// # Errors
/// Those of the holdings.
pub fn plan<H: Holdings>(holdings: &H, recipe: Arc<Recipe>) -> Result<Plan, H::Error> {
    let mut plan = Plan { steps: Vec::new(), obstacles: Vec::new() };
    let mut done: HashMap<RecordId, usize> = HashMap::new();
    let mut on_path = HashSet::from([recipe.id.clone()]);
    // A path of its own instead of recursion: a chain may be long.
    let mut path = vec![Visit::begin(recipe)];
    while let Some(visit) = path.last_mut() {
        let Some(input) = visit.recipe.inputs.get(visit.next).cloned() else {
            let Some(visit) = path.pop() else { break };
            on_path.remove(&visit.recipe.id);
            done.insert(visit.recipe.id.clone(), plan.steps.len());
            let step = finish(holdings, visit, &mut plan.obstacles)?;
            plan.steps.push(step);
            continue;
        };
        let note = |visit: &mut Visit, bytes, origin| {
            visit.inputs.push(PlannedInput { name: input.name.clone(), sha256: input.sha256, bytes, origin });
            visit.next += 1;
        };
        if let Some(bytes) = holdings.held(&input.sha256)? {
            note(visit, Some(bytes), Origin::Held);
            continue;
        }
        let Some(maker) = holdings.maker(&input.sha256, input.product.as_ref())? else {
            note(visit, input.bytes, Origin::Missing);
            let (name, sha256, product) = (input.name.clone(), input.sha256, input.product.clone());
            plan.obstacles.push(Obstacle::Missing { name, sha256, product, chain: chain(&path) });
            continue;
        };
        if let Some(step) = done.get(&maker.id) {
            note(visit, input.bytes, Origin::Step(*step));
            continue;
        }
        if on_path.contains(&maker.id) {
            let mut chain = chain(&path);
            chain.push(maker.id.clone());
            plan.obstacles.push(Obstacle::Cycle { chain });
            if let Some(visit) = path.last_mut() {
                let (name, sha256, bytes) = (input.name, input.sha256, input.bytes);
                visit.inputs.push(PlannedInput { name, sha256, bytes, origin: Origin::Missing });
                visit.next += 1;
            }
            continue;
        }
        if done.len() + path.len() >= MAX_STEPS {
            plan.obstacles.push(Obstacle::TooLong);
            return Ok(plan);
        }
        on_path.insert(maker.id.clone());
        path.push(Visit::begin(maker));
    }
    Ok(plan)
}

fn chain(path: &[Visit]) -> Vec<RecordId> {
    path.iter().map(|visit| visit.recipe.id.clone()).collect()
}

/// Looks at the files that are kept with the recipe, and makes the step.
fn finish<H: Holdings>(holdings: &H, visit: Visit, obstacles: &mut Vec<Obstacle>) -> Result<Step, H::Error> {
    let Visit { recipe, mut inputs, .. } = visit;
    for file in &recipe.files {
        let held = holdings.held(&file.sha256)?;
        if held.is_none() {
            let (name, sha256, chain) = (file.name.clone(), file.sha256, vec![recipe.id.clone()]);
            obstacles.push(Obstacle::Missing { name, sha256, product: None, chain });
        }
        let origin = if held.is_some() { Origin::Held } else { Origin::Missing };
        inputs.push(PlannedInput { name: file.name.clone(), sha256: file.sha256, bytes: held, origin });
    }
    let last_run_ms = holdings.last_run_ms(&recipe.id)?;
    Ok(Step { recipe, inputs, last_run_ms })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::codec;

    /// Recipes by the digest that they make, and digests that are held.
    #[derive(Default)]
    struct Shelf {
        makers: HashMap<Sha256, Arc<Recipe>>,
        held: HashSet<Sha256>,
    }

    impl Holdings for Shelf {
        type Error = Infallible;

        fn held(&self, sha256: &Sha256) -> Result<Option<u64>, Infallible> {
            Ok(self.held.contains(sha256).then_some(10))
        }

        fn maker(&self, sha256: &Sha256, _: Option<&ProductName>) -> Result<Option<Arc<Recipe>>, Infallible> {
            Ok(self.makers.get(sha256).cloned())
        }

        fn last_run_ms(&self, _: &RecordId) -> Result<Option<u64>, Infallible> {
            Ok(None)
        }
    }

    fn digest(name: &str) -> Sha256 {
        codec::sha256(name.as_bytes())
    }

    fn recipe(makes: &str, needs: &[&str]) -> Arc<Recipe> {
        let inputs: Vec<String> =
            needs.iter().map(|name| format!(r#"{{"name":"{name}","sha256":"{}"}}"#, digest(name))).collect();
        let text = format!(
            r#"{{"id":"{}","executor":{{"kind":"native"}},"argv":["x"],"inputs":[{}],"outputs":[{{"name":"{makes}","sha256":"{}"}}]}}"#,
            digest(&format!("recipe of {makes}")),
            inputs.join(","),
            digest(makes)
        );
        Arc::new(Recipe::read(&text).expect("reads"))
    }

    fn shelf(recipes: &[(&str, &[&str])], held: &[&str]) -> Shelf {
        let makers = recipes.iter().map(|(makes, needs)| (digest(makes), recipe(makes, needs))).collect();
        Shelf { makers, held: held.iter().map(|name| digest(name)).collect() }
    }

    fn planned(shelf: &Shelf, makes: &str) -> Plan {
        plan(shelf, Arc::clone(&shelf.makers[&digest(makes)])).expect("infallible")
    }

    fn order(plan: &Plan) -> Vec<&str> {
        plan.steps.iter().map(|step| step.recipe.outputs[0].name.as_str()).collect()
    }

    #[test]
    fn what_is_held_is_not_made_again_and_what_is_shared_is_made_once() {
        let shelf = shelf(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a", "h"]), ("a", &["h"]), ("h", &[])], &["h"]);
        let plan = planned(&shelf, "d");
        assert_eq!(order(&plan), ["a", "b", "c", "d"]);
        assert_eq!(plan.obstacles, []);
        assert_eq!(plan.steps[2].inputs[0].origin, Origin::Step(0));
        assert_eq!(plan.steps[2].inputs[1].origin, Origin::Held);
        assert_eq!(plan.bytes(), 20);
        assert_eq!(plan.cost_ms(), (4 * 600_000, true));
    }

    #[test]
    fn every_missing_input_is_named_with_its_chain() {
        let shelf = shelf(&[("c", &["b", "x"]), ("b", &["y"])], &[]);
        let plan = planned(&shelf, "c");
        let missing: Vec<(&str, usize)> = plan
            .obstacles
            .iter()
            .map(|obstacle| match obstacle {
                Obstacle::Missing { name, chain, .. } => (name.as_str(), chain.len()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(missing, [("y", 2), ("x", 1)]);
    }

    #[test]
    fn a_circle_is_an_obstacle() {
        let shelf = shelf(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])], &[]);
        let plan = planned(&shelf, "a");
        assert!(matches!(plan.obstacles.as_slice(), [Obstacle::Cycle { chain }] if chain.len() == 4), "{plan:?}");
    }

    #[test]
    fn a_chain_is_planned_up_to_the_limit_and_refused_beyond() {
        for (length, is_refused) in [(MAX_STEPS, false), (MAX_STEPS + 1, true)] {
            let names: Vec<String> = (0..=length).map(|number| number.to_string()).collect();
            let makers = names.windows(2).map(|pair| (digest(&pair[1]), recipe(&pair[1], &[&pair[0]])));
            let shelf = Shelf { makers: makers.collect(), held: HashSet::from([digest("0")]) };
            let plan = planned(&shelf, &length.to_string());
            assert_eq!(plan.obstacles.contains(&Obstacle::TooLong), is_refused, "{length}");
            assert!(is_refused || plan.steps.len() == length);
        }
    }
}
