//! The `perennial` command. Everything it does is in the library; here is only the way in, and the allocator: records
//! are many small texts, which the system's allocator takes a tenth of the time for.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    perennial::cli::main()
}
