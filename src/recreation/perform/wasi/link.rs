//! Ties the calls of `wasi_snapshot_preview1` to our host, one line each. What is not here does not exist.

use wasmtime::{Caller, Error, Extern, ExternType, Linker, Module};

use super::host::{Answer, Stop, answer};
use super::run::Run;

/// The module name of WASI preview 1.
pub(super) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// One call: with the program's memory, and its answer as an error number.
fn call(
    caller: &mut Caller<'_, Run>,
    act: impl FnOnce(&mut super::host::Host, &mut [u8]) -> Answer,
) -> wasmtime::Result<i32> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(Error::msg("the program exports no memory"));
    };
    let (bytes, run) = memory.data_and_store_mut(caller);
    answer(act(&mut run.host, bytes)).map_err(Error::new)
}

macro_rules! calls {
    ($linker:ident; $($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $($linker.func_wrap(PREVIEW1, stringify!($name), |mut caller: Caller<'_, Run>, $($argument: $kind),*| {
            call(&mut caller, |host, memory| host.$name(memory, $($argument),*))
        })?;)*
    };
}

/// All 46 calls.
pub(super) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<Run>> {
    let mut linker = Linker::new(engine);
    calls! { linker;
        args_get(a: u32, b: u32);
        args_sizes_get(a: u32, b: u32);
        environ_get(a: u32, b: u32);
        environ_sizes_get(a: u32, b: u32);
        clock_res_get(a: u32, b: u32);
        clock_time_get(a: u32, b: u64, c: u32);
        fd_advise(a: u32, b: u64, c: u64, d: u32);
        fd_allocate(a: u32, b: u64, c: u64);
        fd_close(a: u32);
        fd_datasync(a: u32);
        fd_fdstat_get(a: u32, b: u32);
        fd_fdstat_set_flags(a: u32, b: u32);
        fd_fdstat_set_rights(a: u32, b: u64, c: u64);
        fd_filestat_get(a: u32, b: u32);
        fd_filestat_set_size(a: u32, b: u64);
        fd_filestat_set_times(a: u32, b: u64, c: u64, d: u32);
        fd_pread(a: u32, b: u32, c: u32, d: u64, e: u32);
        fd_prestat_get(a: u32, b: u32);
        fd_prestat_dir_name(a: u32, b: u32, c: u32);
        fd_pwrite(a: u32, b: u32, c: u32, d: u64, e: u32);
        fd_read(a: u32, b: u32, c: u32, d: u32);
        fd_readdir(a: u32, b: u32, c: u32, d: u64, e: u32);
        fd_renumber(a: u32, b: u32);
        fd_seek(a: u32, b: u64, c: u32, d: u32);
        fd_sync(a: u32);
        fd_tell(a: u32, b: u32);
        fd_write(a: u32, b: u32, c: u32, d: u32);
        path_create_directory(a: u32, b: u32, c: u32);
        path_filestat_get(a: u32, b: u32, c: u32, d: u32, e: u32);
        path_filestat_set_times(a: u32, b: u32, c: u32, d: u32, e: u64, f: u64, g: u32);
        path_link(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32);
        path_open(a: u32, b: u32, c: u32, d: u32, e: u32, f: u64, g: u64, h: u32, i: u32);
        path_readlink(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32);
        path_remove_directory(a: u32, b: u32, c: u32);
        path_rename(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32);
        path_symlink(a: u32, b: u32, c: u32, d: u32, e: u32);
        path_unlink_file(a: u32, b: u32, c: u32);
        poll_oneoff(a: u32, b: u32, c: u32, d: u32);
        proc_raise(a: u32);
        random_get(a: u32, b: u32);
        sched_yield();
        sock_accept(a: u32, b: u32, c: u32);
        sock_recv(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32);
        sock_send(a: u32, b: u32, c: u32, d: u32, e: u32);
        sock_shutdown(a: u32, b: u32);
    }
    linker.func_wrap(PREVIEW1, "proc_exit", |code: u32| -> wasmtime::Result<()> {
        Err(Error::new(Stop::Exit(code.cast_signed())))
    })?;
    Ok(linker)
}

/// Why a module is no program for this profile: the first import that nobody gives, or an export that is missing.
pub(super) fn why_not(module: &Module) -> Option<String> {
    let foreign = module.imports().find(|import| import.module() != PREVIEW1 || !is_call(import.name()));
    if let Some(import) = foreign {
        let name = format!("{}.{}", import.module(), import.name());
        return Some(match import.module() {
            "wasi_unstable" => format!("it imports {name}: WASI preview 0; build it for wasm32-wasi preview 1"),
            "wasi" => format!("it imports {name}: threads and the like are not deterministic"),
            _ => format!("it imports {name}, which no host of this profile gives"),
        });
    }
    match module.get_export("_start") {
        Some(ExternType::Func(start)) if start.params().len() == 0 && start.results().len() == 0 => {}
        Some(_) => return Some("its _start is no function without parameters and results".to_owned()),
        None => return Some("it exports no function _start: a library, not a program".to_owned()),
    }
    let has_memory = matches!(module.get_export("memory"), Some(ExternType::Memory(_)));
    (!has_memory).then(|| "it exports no memory".to_owned())
}

/// Whether preview 1 has a call of this name.
fn is_call(name: &str) -> bool {
    CALLS.contains(&name)
}

/// The names of all calls, for naming what is missing before anything runs.
const CALLS: &[&str] = &[
    "args_get",
    "args_sizes_get",
    "environ_get",
    "environ_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_get",
    "fd_prestat_dir_name",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];
