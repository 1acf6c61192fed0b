//! Federation with local partners alone: what others take from here, what is asked of them, and what is taken from them.

mod fan_out;
mod harvest;
mod publishing;

use super::Bed;
use super::figure::Figure;
use crate::cli::Failure;

/// Name of the scenario in its figures.
const NAME: &str = "federation";

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let mut figures = publishing::run(bed)?;
    figures.extend(fan_out::run(bed)?);
    figures.extend(harvest::run(bed)?);
    Ok(figures)
}
