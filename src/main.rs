//! The `perennial` command. Everything it does is in the library; here is only the way in.

fn main() -> std::process::ExitCode {
    perennial::cli::main()
}
