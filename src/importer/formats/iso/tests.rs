//! Metadata documents written for these tests.
