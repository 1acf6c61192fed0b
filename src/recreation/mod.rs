//! Products made again. Knows `model` and `codec`; knows no archive, no index, no HTTP and no catalogue: who calls
//! hands over files by path and digest, and gets back files by path and digest.
//!
//! A [`recipe`] says how files were made, a [`plan`] what has to be run to make them again, [`run`] performs it with an executor
//! of [`perform`] and [`compare`]s, a [`verdict`] says what came of it, and [`evidence`] is the signed record of that.

pub mod compare;
pub mod cwl;
pub mod evidence;
pub mod executors;
pub mod perform;
pub mod plan;
pub mod recipe;
pub mod record;
pub mod ro_crate_import;
pub mod run;
pub mod run_crate;
pub mod tes;
pub mod verdict;
