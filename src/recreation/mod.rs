//! Products made again. Knows `model` and `codec`; knows no archive, no index, no HTTP and no catalogue: who calls
//! hands over files by path and digest, and gets back files by path and digest.

pub mod compare;
pub mod perform;
