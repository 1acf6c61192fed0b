//! The host as a program sees it.
