//! Compares what was made again with what was preserved, by a rule that the recipe declared. Never chooses or loosens
//! a rule, and runs nothing.

mod verdict;

pub use verdict::{Comparison, Difference, Place, Rule, Tolerance};
