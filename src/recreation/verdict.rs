//! What a recreation found: one verdict, and the reports behind it. Says nothing of where it is kept.

use std::path::PathBuf;

use serde::Serialize;

use super::compare::Comparison;
use super::perform::{End, EngineName, Usage};
use super::plan::Obstacle;
use crate::model::{RecordId, Sha256};

/// How a recreation ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Every output has the preserved bytes.
    Identical,
    /// Every output is within the rule that its recipe declares; this one is the farthest from the preserved bytes.
    Equivalent { output: String, comparison: Comparison },
    /// An output is not within its rule; the first one.
    Different { output: String, comparison: Comparison },
    /// A step did not end well.
    Failed {
        step: RecordId,
        #[serde(flatten)]
        end: End,
        /// The last of what it said.
        log: String,
    },
    /// Nothing was run, or not to the end: something is missing.
    Blocked { obstacles: Vec<Obstacle> },
}

impl Verdict {
    /// The word for it, as in facets and on the command line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Equivalent { .. } => "equivalent",
            Self::Different { .. } => "different",
            Self::Failed { .. } => "failed",
            Self::Blocked { .. } => "blocked",
        }
    }

    /// Whether the product was made again as its recipe promises.
    pub const fn is_proof(&self) -> bool {
        matches!(self, Self::Identical | Self::Equivalent { .. })
    }
}

/// One output beside the preserved one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputReport {
    pub name: String,
    pub expected: Sha256,
    pub found: Sha256,
    /// Length of what was made, bytes.
    pub bytes: u64,
    #[serde(flatten)]
    pub comparison: Comparison,
    /// Where it was made; gone with the run's folder.
    #[serde(skip)]
    pub path: PathBuf,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    pub recipe: RecordId,
    pub engine: EngineName,
    /// Layers of isolation that held.
    pub layers: Vec<String>,
    #[serde(flatten)]
    pub end: End,
    pub usage: Usage,
}

/// A negative case that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NegativeReport {
    /// Its place among the recipe's, from 0.
    pub case: usize,
    /// Whether it did what it must.
    pub passed: bool,
    /// `identical`, `equivalent`, `different`, `failed` or `blocked`.
    pub verdict: &'static str,
    /// Outputs whose digests are not those observed when the recipe was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unexpected: Vec<String>,
}

/// Everything that an attempt found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    #[serde(flatten)]
    pub verdict: Verdict,
    pub outputs: Vec<OutputReport>,
    pub steps: Vec<StepReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub negative_cases: Vec<NegativeReport>,
}

impl Attempt {
    /// Nothing could be run.
    pub const fn blocked(obstacles: Vec<Obstacle>) -> Self {
        let verdict = Verdict::Blocked { obstacles };
        Self { verdict, outputs: Vec::new(), steps: Vec::new(), negative_cases: Vec::new() }
    }
}

/// The verdict over all outputs: the first that differs, else the one farthest away, else identical.
pub fn judge(outputs: &[OutputReport]) -> Verdict {
    let named = |report: &OutputReport| (report.name.clone(), report.comparison.clone());
    let different = outputs.iter().find(|report| matches!(report.comparison, Comparison::Different { .. }));
    if let Some((output, comparison)) = different.map(named) {
        return Verdict::Different { output, comparison };
    }
    let distance = |report: &OutputReport| match &report.comparison {
        Comparison::Equivalent { max_relative, max_absolute, count, .. } => {
            Some((*max_relative, *max_absolute, *count))
        }
        _ => None,
    };
    let near = outputs.iter().filter_map(|report| Some((distance(report)?, report)));
    let farthest = near.max_by(|one, other| one.0.partial_cmp(&other.0).unwrap_or(std::cmp::Ordering::Equal));
    match farthest.map(|(_, report)| named(report)) {
        Some((output, comparison)) => Verdict::Equivalent { output, comparison },
        None => Verdict::Identical,
    }
}
