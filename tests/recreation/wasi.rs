//! The WASI executor. Modules are built from `fixtures/recipes` by clang and wasi-libc; where these are missing, or the
//! program has no WASI executor, the tests say so and are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use perennial::recreation::perform::{End, Executor, ExecutorKind, LimitKind, Performed, WasiEngine, WasiExecutor};

use super::{Job, file, job, limit, output, perform, program, root, shared};

const ENGINES: [WasiEngine; 2] = [WasiEngine::Cranelift, WasiEngine::Pulley];

struct Built {
    folder: tempfile::TempDir,
    cache: tempfile::TempDir,
}

/// All modules, built once.
fn built() -> Option<&'static Built> {
    static BUILT: OnceLock<Option<Built>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        if !cfg!(feature = "wasi") {
            eprintln!("skipped: built without the feature wasi");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        build_into(folder.path()).then(|| Built { folder, cache: tempfile::tempdir().unwrap() })
    });
    built.as_ref()
}

fn build_into(folder: &Path) -> bool {
    let built = Command::new(root().join("scripts/recipes.sh")).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    if said.contains("is missing") {
        eprintln!("skipped: {said}");
        return false;
    }
    assert!(built.status.success(), "{said}");
    true
}

fn module(name: &str) -> Option<PathBuf> {
    Some(built()?.folder.path().join(name).with_extension("wasm"))
}

fn executor(engine: WasiEngine) -> WasiExecutor {
    WasiExecutor::new(program(), built().unwrap().cache.path().to_owned(), engine)
}

/// Runs a job on one engine.
fn run_on(engine: WasiEngine, mut job: Job) -> (Performed, tempfile::TempDir) {
    job.executor = ExecutorKind::Wasi { engine };
    perform(&executor(engine), &job)
}

fn hostile(word: &str) -> Option<Job> {
    Some(job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &module("hostile")?, word))
}

/// The end of a hostile program, the same on both engines.
#[track_caller]
fn ends(word: &str, expected: &End) {
    let Some(job) = hostile(word) else { return };
    for engine in ENGINES {
        let (performed, _folder) = run_on(engine, job.clone());
        assert_eq!(&performed.end, expected, "{word} on {engine:?}: {}", performed.log);
    }
}

#[test]
fn a_program_that_misbehaves_ends_at_its_limit_on_both_engines() {
    ends("memory", &limit(LimitKind::Memory));
    ends("disk", &limit(LimitKind::Output));
    ends("files", &limit(LimitKind::Files));
    ends("partial", &End::Exited { code: 1 });
    ends("nothing", &End::OutputMissing { name: "result".to_owned() });
    ends("folder", &End::OutputMissing { name: "result".to_owned() });
    ends("symlink", &End::Exited { code: 3 });
    ends("trap", &End::Trapped { reason: "wasm trap: wasm `unreachable` instruction executed".to_owned() });
}

#[test]
fn an_endless_loop_ends_at_whichever_limit_comes_first() {
    let Some(mut job) = hostile("loop") else { return };
    let with = |wall_ms, cpu_ms, fuel| {
        let mut job = job.clone();
        (job.limits.wall_ms, job.limits.cpu_ms, job.limits.fuel) = (wall_ms, cpu_ms, fuel);
        let (performed, _folder) = run_on(WasiEngine::Cranelift, job);
        (performed.end, performed.usage)
    };
    assert_eq!(with(1_500, 60_000, 0).0, limit(LimitKind::Wall));
    assert_eq!(with(60_000, 400, 0).0, limit(LimitKind::Cpu));
    let (end, usage) = with(60_000, 60_000, 1_000_000);
    assert_eq!((end, usage.fuel), (limit(LimitKind::Fuel), 1_000_000));
    job.limits.wall_ms = 1;
    assert_eq!(run_on(WasiEngine::Pulley, job).0.end, limit(LimitKind::Wall));
}

#[test]
fn what_a_program_sees_is_the_same_every_time_on_both_engines() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("b", "second"), ("a", "first"), ("c", "")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    for word in ["clock", "list", "random", "libm", "honest"] {
        let Some(mut job) = hostile(word) else { return };
        job.inputs = ["b", "a", "c"].iter().map(|name| file(name, &folder.path().join(name))).collect();
        let seen: Vec<Vec<u8>> =
            ENGINES.iter().chain(&ENGINES).map(|engine| output(&run_on(*engine, job.clone()).0)).collect();
        assert!(seen.iter().all(|bytes| *bytes == seen[0]), "{word}");
        let text = String::from_utf8(seen[0].clone()).unwrap();
        match word {
            // The hour that it slept, and the steps by which looking moves the other clock.
            "clock" => assert_eq!(text, "1500000000.123456789 1000 101000\n1500003600.123456794\n"),
            "list" => {
                let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(1)).collect();
                assert_eq!(names, ["a", "b", "c", "program", "a", "b", "result"], "sorted, whatever the job's order");
                assert!(text.lines().all(|line| line.contains("mtime=1500000000 nlink=1")), "{text}");
                let inodes = text.lines().filter_map(|line| line.split("ino=").nth(1)?.split(' ').next()?.parse().ok());
                assert!(inodes.into_iter().all(|inode: u64| inode < 20), "no inode of the host: {text}");
            }
            _ => {}
        }
    }
    let Some(mut job) = hostile("random") else { return };
    let first = output(&run_on(WasiEngine::Cranelift, job.clone()).0);
    job.seed = 8;
    assert_ne!(output(&run_on(WasiEngine::Cranelift, job).0), first, "another seed is other chance");
}

#[test]
fn nothing_is_written_outside_and_only_declared_files_count() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("a");
    std::fs::write(&input, "untouched").unwrap();
    let Some(mut job) = hostile("outside") else { return };
    job.inputs = vec![file("a", &input)];
    let (performed, ran) = run_on(WasiEngine::Cranelift, job);
    assert_eq!(output(&performed), b"");
    assert_eq!(std::fs::read(&input).unwrap(), b"untouched");
    let names: Vec<_> = std::fs::read_dir(ran.path()).unwrap().map(|found| found.unwrap().file_name()).collect();
    assert_eq!(names, ["out"], "no scratch files are left");
    let Some(job) = hostile("list") else { return };
    let mut job = job;
    job.outputs = vec!["a".to_owned()];
    job.stdout = Some("a".to_owned());
    let others: Vec<String> = run_on(WasiEngine::Cranelift, job).0.others.into_iter().map(|file| file.name).collect();
    assert_eq!(others, ["b", "result"]);
}

#[test]
fn a_file_that_is_not_the_one_named_is_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("a");
    std::fs::write(&input, "as it was").unwrap();
    let Some(mut job) = hostile("honest") else { return };
    job.inputs = vec![file("a", &input)];
    std::fs::write(&input, "as it is!").unwrap();
    let (performed, _kept) = run_on(WasiEngine::Cranelift, job.clone());
    let found = file("a", &input).sha256;
    assert_eq!(performed.end, End::InputChanged { name: "a".to_owned(), expected: job.inputs[0].sha256, found });
    std::fs::remove_file(&input).unwrap();
    let (performed, _kept) = run_on(WasiEngine::Cranelift, job.clone());
    assert!(matches!(performed.end, End::InputMissing { .. }), "{:?}", performed.end);
    std::os::unix::fs::symlink("/etc/passwd", &input).unwrap();
    let (performed, _kept) = run_on(WasiEngine::Cranelift, job.clone());
    assert!(matches!(performed.end, End::InputMissing { .. }), "{:?}", performed.end);
    job.inputs.clear();
    let flipped = folder.path().join("flipped.wasm");
    let mut bytes = std::fs::read(&job.program.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&flipped, bytes).unwrap();
    job.program.path = flipped;
    let (performed, _kept) = run_on(WasiEngine::Cranelift, job);
    assert!(matches!(performed.end, End::InputChanged { .. }), "{:?}", performed.end);
}

/// A module of these imports (module, name) that exports nothing, in the binary format by hand.
fn importing(module: &str, name: &str) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let section = |id: u8, content: Vec<u8>| [vec![id, content.len() as u8], content].concat();
    let imports = [vec![1], text(module), text(name), vec![0, 0]].concat();
    [b"\0asm\x01\0\0\0".to_vec(), section(1, vec![1, 0x60, 0, 0]), section(2, imports)].concat()
}

#[test]
fn a_module_of_another_world_is_refused_with_the_reason() {
    if built().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let refused = |bytes: &[u8]| {
        let path = folder.path().join("module.wasm");
        std::fs::write(&path, bytes).unwrap();
        let job = job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &path, "");
        match run_on(WasiEngine::Cranelift, job).0.end {
            End::Refused { reason } => reason,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(&importing("wasi_unstable", "fd_write")).contains("wasi_unstable.fd_write: WASI preview 0"));
    assert!(refused(&importing("env", "emscripten_sleep")).contains("env.emscripten_sleep"));
    assert!(refused(&importing("wasi_snapshot_preview1", "fd_fly")).contains("fd_fly"));
    assert!(refused(b"\0asm\x01\0\0\0").contains("_start"));
    assert!(refused(b"MZ").contains("no module"));
    assert!(refused(b"").contains("no module"));
    // A call of the right name and another type.
    let mistyped = refused(&importing("wasi_snapshot_preview1", "fd_write"));
    assert!(mistyped.contains("_start") || mistyped.contains("type"), "{mistyped}");
    // The text format is none of the profile.
    assert!(refused(b"(module)").contains("no module"));
}

/// A number as the binary format writes it (LEB128).
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[test]
fn a_module_that_begins_with_too_much_memory_ends_before_it_begins() {
    if built().is_none() {
        return;
    }
    let section = |id: u8, content: Vec<u8>| [vec![id], leb(content.len()), content].concat();
    let exports = [&[2u8, 6][..], b"_start", &[0, 0, 6], b"memory", &[2, 0]].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, vec![1, 0x60, 0, 0]),
        section(3, vec![1, 0]),
        section(5, [vec![1, 0], leb(2_000)].concat()),
        section(7, exports),
        section(10, vec![1, 2, 0, 0x0b]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    std::fs::write(&path, module.concat()).unwrap();
    let mut job = job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &path, "");
    job.outputs.clear();
    assert_eq!(run_on(WasiEngine::Cranelift, job.clone()).0.end, limit(LimitKind::Memory), "2,000 pages of 64 KiB");
    job.limits.memory_bytes = 2_000 << 16;
    assert_eq!(run_on(WasiEngine::Cranelift, job).0.end, End::Exited { code: 0 });
}

#[test]
fn a_module_that_keeps_the_compiler_busy_ends_at_the_wall() {
    if built().is_none() {
        return;
    }
    let section = |id: u8, content: Vec<u8>| [vec![id], leb(content.len()), content].concat();
    // One function with a local: 0 + 1 + 1 ... into it, in blocks that can each be left.
    let step = [0x02, 0x40, 0x20, 0, 0x0d, 0, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0, 0x0b];
    let body = [vec![1, 1, 0x7f], step.repeat(500_000), vec![0x0b]].concat();
    let exports = [&[2u8, 6][..], b"_start", &[0, 0, 6], b"memory", &[2, 0]].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, vec![1, 0x60, 0, 0]),
        section(3, vec![1, 0]),
        section(5, vec![1, 0, 1]),
        section(7, exports),
        section(10, [vec![1], leb(body.len()), body].concat()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    std::fs::write(&path, module.concat()).unwrap();
    let mut job = job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &path, "");
    job.limits.wall_ms = 500;
    let started = std::time::Instant::now();
    let (performed, _kept) = run_on(WasiEngine::Cranelift, job);
    let is_bounded =
        matches!(performed.end, End::Limit { which: LimitKind::Wall | LimitKind::Memory | LimitKind::Cpu });
    assert!(is_bounded, "{:?}", performed.end);
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn a_job_that_could_mean_two_things_is_refused() {
    let Some(sound) = hostile("honest") else { return };
    let folder = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut Job)| {
        let mut job = sound.clone();
        change(&mut job);
        assert!(executor(WasiEngine::Cranelift).perform(&job, folder.path()).is_err());
    };
    refused(&|job| job.outputs.push("../escape".to_owned()));
    refused(&|job| job.outputs.push("result".to_owned()));
    refused(&|job| job.tools.push(job.program.clone()));
    refused(&|job| job.stdin = Some("nothing".to_owned()));
    refused(&|job| job.stdout = Some("nothing".to_owned()));
    refused(&|job| job.argv.clear());
    refused(&|job| job.argv.push("a\0b".to_owned()));
    refused(&|job| drop(job.environment.insert("A=B".to_owned(), String::new())));
    refused(&|job| job.root = Some("/".into()));
    refused(&|job| job.executor = ExecutorKind::Native);
    refused(&|job| job.executor = ExecutorKind::Wasi { engine: WasiEngine::Pulley });
}

/// A drill: inputs of the corpus, the arguments in order, the digest that the archived product has.
#[track_caller]
fn drill(name: &str, inputs: &[&str], output: &str, expected: &str) {
    let Some(module) = module(name) else { return };
    let mut job = job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &module, "");
    job.argv = vec![name.to_owned()];
    for (index, input) in inputs.iter().enumerate() {
        let Some(path) = shared(input) else { return };
        job.inputs.push(file(&format!("i{index:02}"), &path));
        job.argv.push(format!("/in/i{index:02}"));
    }
    job.outputs = vec![output.to_owned()];
    job.stdout = Some(output.to_owned());
    for engine in ENGINES {
        let (performed, _folder) = run_on(engine, job.clone());
        assert!(performed.end.is_success(), "{name} on {engine:?}: {:?} {}", performed.end, performed.log);
        assert_eq!(performed.outputs[0].sha256.to_string(), expected, "{name} on {engine:?}");
    }
}

const RAW: &str = "data/pds4/insight_rad/data_raw/hp3_rad_raw_00122_20190401_123217.tab";
const LEAP: &str = "data/pds4/insight_spice/spice_kernels/lsk/naif0012.tls";

#[test]
fn only_one_clock_kernel_gives_the_archived_times_of_insight() {
    let with = |version: &str, expected| {
        let kernel = format!("data/pds4/insight_spice/spice_kernels/sclk/nsy_sclkscet_{version}.tsc");
        drill("sclk2utc", &[RAW, &kernel, LEAP], "utc.csv", expected);
    };
    with("00014", "5d52cab7530d54d23a3f54d9cae9b9739c9d23b70f18604429ac2582b1f8a47a");
    // 29 milliseconds earlier on every row.
    with(
        "00012",
        &shared("drills/sclk2utc/wrong_kernel_00012.csv").map_or_else(String::new, |p| file("", &p).sha256.to_string()),
    );
}

#[test]
fn a_quick_look_has_the_archived_pixels() {
    let (Some(module), Some(image)) = (module("fits2png"), shared("data/astro/m13.fits")) else { return };
    let mut job = job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &module, "");
    job.inputs = vec![file("m13.fits", &image)];
    job.outputs = vec!["m13.png".to_owned()];
    job.argv = ["fits2png", "/in/m13.fits", "/out/m13.png"].map(str::to_owned).to_vec();
    for engine in ENGINES {
        let (performed, _folder) = run_on(engine, job.clone());
        assert!(performed.end.is_success(), "{:?} {}", performed.end, performed.log);
        let expected = "f3b84bc391433e6f182c74c075456f3736f187dd91a6a6964eef3b16aec726c2";
        assert_eq!(performed.outputs[0].sha256.to_string(), expected, "{engine:?}");
    }
}

#[test]
fn three_more_drills_give_the_archived_bytes() {
    let landsat = "data/landsat-mtl/assets/LC08_L2SP_005009_20150710_20200908_02_T2_MTL.txt";
    drill("mtl2json", &[landsat], "MTL.json", "f386a2a38f138c5b2ed7c569c9fd151a43d25ed45ba4244cdc018305d17464ef");
    let derived = "data/pds4/insight_rad/data_derived/hp3_rad_der_00122_20190401_123217";
    let inputs = [&*format!("{derived}.xml"), &*format!("{derived}.tab")];
    drill("pds4tab2csv", &inputs, "der.csv", "2e579851e9b247c59eae23d71ad376e5ca0c50bcb4c177fec5b5c195703d6f5a");
    let Some(recipe) = shared("drills/srs2csv/recipe.json") else { return };
    let recipe: serde_json::Value = serde_json::from_slice(&std::fs::read(recipe).unwrap()).unwrap();
    let paths = recipe["inputs"].as_array().unwrap().iter().map(|input| input["path"].as_str().unwrap());
    let paths: Vec<&str> = paths.collect();
    drill("srs2csv", &paths, "regions.csv", "cb7f934d52b135ce0c06a5b15c9d3a257616d434e2f003b7db73c599a2482447");
}

#[test]
fn the_same_sources_are_built_to_the_same_bytes() {
    let Some(first) = built() else { return };
    let second = tempfile::tempdir().unwrap();
    assert!(build_into(second.path()));
    for found in std::fs::read_dir(first.folder.path()).unwrap() {
        let found = found.unwrap();
        let other = std::fs::read(second.path().join(found.file_name())).unwrap();
        assert!(std::fs::read(found.path()).unwrap() == other, "{:?}", found.file_name());
    }
}

#[test]
fn a_build_without_the_engine_says_so() {
    if cfg!(feature = "wasi") {
        eprintln!("skipped: this build has the engine");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("any");
    std::fs::write(&path, "any").unwrap();
    let executor = WasiExecutor::new(program(), folder.path().join("cache"), WasiEngine::Cranelift);
    let job = job(ExecutorKind::Wasi { engine: WasiEngine::Cranelift }, &path, "");
    let (performed, _folder) = perform(&executor, &job);
    let End::NotIsolated { reason } = performed.end else { panic!("{:?}", performed.end) };
    assert!(reason.contains("no WASI executor"), "{reason}");
}
