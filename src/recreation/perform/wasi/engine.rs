//! The engine in the deterministic profile. Nothing here depends on the machine but speed.

use std::path::Path;

use wasmtime::{Cache, CacheConfig, Config, Engine};

use crate::recreation::perform::job::WasiEngine;

/// Stack of a program in the engine; its own data lie in linear memory.
const STACK_BYTES: usize = 1 << 20;

/// An engine whose programs give the same bytes everywhere: NaN of one kind, no threads, no instruction whose result
/// the standard leaves open. Compiled modules are kept in `cache`.
pub(super) fn engine(kind: WasiEngine, counts_fuel: bool, cache: &Path) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false)
        .consume_fuel(counts_fuel)
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES);
    if kind == WasiEngine::Pulley {
        config.target("pulley64")?;
    }
    let mut kept = CacheConfig::new();
    kept.with_directory(cache);
    config.cache(Some(Cache::new(kept)?));
    Engine::new(&config)
}
