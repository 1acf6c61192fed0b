//! Federation with local partners alone: what others take from here.

mod publishing;

use super::Bed;
use super::figure::Figure;
use crate::cli::Failure;

/// Name of the scenario in its figures.
const NAME: &str = "federation";

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    publishing::run(bed)
}
