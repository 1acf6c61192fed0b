//! Compares what was made again with what was preserved, by a rule that the recipe declared. Never chooses or loosens
//! a rule, and runs nothing.

mod bytes;
mod csv;
mod fits;
mod json;
mod measure;
mod number;
mod png;
mod shorten;
#[cfg(test)]
mod tests;
mod verdict;
mod xml;

use std::io::Read;

use measure::Measure;
pub use verdict::{Comparison, Difference, Place, Rule, Tolerance};

/// Names of normalisers of the rule `canonical`; docs/recreation-executors.md says what each leaves aside.
pub const NORMALISERS: &[&str] = &["csv_columns/1", "fits_cards/1", "json/1", "png_pixels/1", "xml/1"];

/// Names of forms of the rule `numeric`.
pub const NUMERIC_FORMS: &[&str] = &["csv/1", "fits_image/1", "json/1"];

/// Largest file that a rule other than `bytes` reads: both are held in memory.
pub const MAX_BYTES: u64 = 128 << 20;

/// Why two files cannot be compared. A file that is not of the rule's form is no error but a difference.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error("there is no normaliser {name:?}; known are {NORMALISERS:?}")]
    UnknownNormaliser { name: String },
    #[error("there is no numeric form {name:?}; known are {NUMERIC_FORMS:?}")]
    UnknownForm { name: String },
    #[error("a numeric rule needs at least one bound, finite and not negative")]
    UnsoundTolerance,
    #[error("a file of more than {MAX_BYTES} bytes can only be compared by the rule bytes")]
    TooLarge,
    #[error("a file cannot be read")]
    Unreadable(#[from] std::io::Error),
}

/// Whether a rule can be declared.
///
/// # Errors
/// `CompareError` with what is wrong in it.
pub fn check_rule(rule: &Rule) -> Result<(), CompareError> {
    match rule {
        Rule::Bytes => Ok(()),
        Rule::Canonical { normaliser } => match NORMALISERS.contains(&normaliser.as_str()) {
            true => Ok(()),
            false => Err(CompareError::UnknownNormaliser { name: normaliser.clone() }),
        },
        Rule::Numeric { form, .. } if !NUMERIC_FORMS.contains(&form.as_str()) => {
            Err(CompareError::UnknownForm { name: form.clone() })
        }
        Rule::Numeric { tolerance, .. } => match tolerance.is_sound() {
            true => Ok(()),
            false => Err(CompareError::UnsoundTolerance),
        },
    }
}

/// Compares the preserved file with the one that was made again.
///
/// # Errors
/// `CompareError` when the rule is unsound or a file cannot be read.
pub fn compare(rule: &Rule, expected: &mut dyn Read, found: &mut dyn Read) -> Result<Comparison, CompareError> {
    check_rule(rule)?;
    if *rule == Rule::Bytes {
        let first = bytes::first_difference(expected, found)?;
        return Ok(match first {
            None => Comparison::Identical,
            Some(first) => Comparison::Different { rule: rule.clone(), first },
        });
    }
    let (expected, found) = (whole(expected)?, whole(found)?);
    if expected == found {
        return Ok(Comparison::Identical);
    }
    let mut measure = Measure::new(rule);
    let compared = match rule {
        Rule::Bytes => Ok(()),
        Rule::Canonical { normaliser } => match normaliser.as_str() {
            "csv_columns/1" => csv::columns(&expected, &found),
            "fits_cards/1" => fits::compare(&expected, &found, &mut measure),
            "json/1" => json::compare(&expected, &found, &mut measure),
            "png_pixels/1" => png::compare(&expected, &found),
            _ => xml::compare(&expected, &found),
        },
        Rule::Numeric { form, .. } => match form.as_str() {
            "csv/1" => csv::cells(&expected, &found, &mut measure),
            "fits_image/1" => fits::compare(&expected, &found, &mut measure),
            _ => json::compare(&expected, &found, &mut measure),
        },
    };
    Ok(match compared {
        Ok(()) => measure.equivalent(rule.clone()),
        Err(first) => Comparison::Different { rule: rule.clone(), first },
    })
}

fn whole(file: &mut dyn Read) -> Result<Vec<u8>, CompareError> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES { Err(CompareError::TooLarge) } else { Ok(bytes) }
}
