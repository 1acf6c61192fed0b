//! The archive as the catalogue uses it, over the real disk and over the test double.

mod round_trip;
