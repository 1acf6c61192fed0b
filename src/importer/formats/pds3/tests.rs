//! Labels in, records out.
