//! The `perennial` program: hands the command line to the library. Knows nothing else.

fn main() {}
