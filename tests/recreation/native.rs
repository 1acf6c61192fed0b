//! The native executor against a C program and shell scripts. Where bubblewrap or a compiler is missing, the tests say so
//! and are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use perennial::recreation::perform::{End, Executor, ExecutorKind, LimitKind, NativeExecutor, Performed};

use super::{Job, file, job, limit, output, perform, processes_with, program, root};

/// The hostile program, built once.
fn built() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hostile");
        let source = root().join("fixtures/recipes/hostile.c");
        let compiled = Command::new("cc").arg("-O2").arg("-w").arg("-o").arg(&path).arg(source).arg("-lm").status();
        match compiled {
            Ok(status) => assert!(status.success()),
            Err(error) => {
                eprintln!("skipped: cc: {error}");
                return None;
            }
        }
        Some((folder, path))
    });
    if executor().name().0.contains("missing") {
        eprintln!("skipped: bubblewrap cannot isolate here");
        return None;
    }
    built.as_ref().map(|(_, path)| path.as_path())
}

fn executor() -> NativeExecutor {
    NativeExecutor::new(program())
}

fn hostile(word: &str) -> Option<Job> {
    Some(job(ExecutorKind::Native, built()?, word))
}

fn run(job: &Job) -> (Performed, tempfile::TempDir) {
    perform(&executor(), job)
}

/// The end of a hostile program; afterwards nothing of it runs.
#[track_caller]
fn ends(word: &str, expected: &End) {
    let Some(mut job) = hostile(word) else { return };
    // Marks the run's processes among all of the machine.
    let mark = format!("mark-{word}-{}", std::process::id());
    job.argv.push(mark.clone());
    job.limits.wall_ms = 5_000;
    let started = Instant::now();
    let (performed, _folder) = run(&job);
    assert_eq!(&performed.end, expected, "{word}: {}", performed.log);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(processes_with(&mark), Vec::<String>::new(), "{word} left a process behind");
}

#[test]
fn a_native_program_that_misbehaves_ends_at_its_limit() {
    ends("memory", &limit(LimitKind::Memory));
    ends("disk", &limit(LimitKind::Output));
    ends("files", &limit(LimitKind::Files));
    ends("forks", &limit(LimitKind::Processes));
    ends("bomb", &limit(LimitKind::Processes));
    ends("loop", &limit(LimitKind::Wall));
}

#[test]
fn what_a_native_program_leaves_counts_only_when_it_is_a_file_after_exit_0() {
    let foreign = |reason: &str| End::OutputForeign { name: "result".to_owned(), reason: reason.to_owned() };
    ends("partial", &End::Exited { code: 1 });
    ends("nothing", &End::OutputMissing { name: "result".to_owned() });
    ends("symlink", &foreign("a symbolic link"));
    ends("folder", &foreign("a folder"));
    ends("fifo", &foreign("a pipe, socket or device"));
    ends("hardlink", &foreign("a file with several names"));
    ends("abort", &End::Signalled { signal: 6 });
    ends("no-such-word", &End::Exited { code: 99 });
}

#[test]
fn the_processor_time_of_a_native_program_is_bounded() {
    let Some(mut job) = hostile("loop") else { return };
    job.limits.cpu_ms = 300;
    assert_eq!(run(&job).0.end, limit(LimitKind::Cpu));
}

#[test]
fn a_native_program_reaches_no_network_and_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("a");
    std::fs::write(&input, "untouched").unwrap();
    for word in ["socket", "outside", "honest"] {
        let Some(mut job) = hostile(word) else { return };
        job.inputs = vec![file("a", &input)];
        let (performed, _folder) = run(&job);
        assert!(performed.end.is_success(), "{word}: {:?} {}", performed.end, performed.log);
        assert!(performed.layers[0].starts_with("bubblewrap"), "{:?}", performed.layers);
    }
    assert_eq!(std::fs::read(&input).unwrap(), b"untouched");
}

/// A job of a shell script that has its output on standard output.
fn script(text: &str) -> Option<(Job, tempfile::TempDir)> {
    built()?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.sh");
    std::fs::write(&path, text).unwrap();
    let mut job = job(ExecutorKind::Native, &path, "");
    job.argv = vec!["/bin/sh".to_owned(), "/program/program".to_owned()];
    job.stdout = Some("result".to_owned());
    Some((job, folder))
}

#[test]
fn a_script_sees_what_the_job_says_and_nothing_of_the_machine() {
    let text = "env | sort; cat; pwd; hostname 2>/dev/null || cat /proc/sys/kernel/hostname; ls /; ls /in /program; \
                ls -a /home /root /var /tmp 2>/dev/null; id -u >/dev/null; kill -0 -1 2>/dev/null; ls /proc | grep -c '^[0-9]*$'";
    let Some((mut job, folder)) = script(text) else { return };
    let input = folder.path().join("input");
    std::fs::write(&input, "given\n").unwrap();
    job.inputs = vec![file("table", &input)];
    job.stdin = Some("table".to_owned());
    job.environment.insert("MODE".to_owned(), "fine".to_owned());
    let said = String::from_utf8(output(&run(&job).0)).unwrap();
    for line in ["LC_ALL=C", "TZ=UTC", "MODE=fine", "given", "/out", "sandbox", "table", "program"] {
        assert!(said.lines().any(|found| found == line), "{line} in {said}");
    }
    for secret in ["home", "root", "var", "store", "mnt"] {
        assert!(!said.lines().any(|found| found == secret), "{secret} in {said}");
    }
    assert!(!said.contains("CARGO"), "nothing of our environment: {said}");
}

#[test]
fn what_goes_on_after_the_program_is_ended_with_it() {
    let Some(mut job) = hostile("daemon") else { return };
    let mark = format!("mark-daemon-{}", std::process::id());
    job.argv.push(mark.clone());
    let (performed, _folder) = run(&job);
    // Whatever the daemon managed to add before the end was there when the digest was taken.
    assert!(output(&performed).starts_with(b"first"));
    assert_eq!(processes_with(&mark), Vec::<String>::new());
    std::thread::sleep(Duration::from_millis(50));
    output(&performed);
}

#[test]
fn a_changed_library_changes_the_digest_and_an_ulp_is_measured() {
    use perennial::recreation::compare::{Comparison, Rule, Tolerance, compare};
    let Some(mut job) = hostile("libm") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("exp.c"), folder.path().join("exp.so"));
    let text = "double nextafter(double,double); double exp(double x) { double s = 1, t = 1; for (int i = 1; i < 60; i++) { t *= x / i; s += t; } \
                return nextafter(s, 0); }";
    std::fs::write(&source, text).unwrap();
    let status = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-fno-builtin", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-lm")
        .status();
    assert!(status.unwrap().success());
    let preserved = output(&run(&job).0);
    assert_eq!(output(&run(&job).0), preserved, "the same library gives the same bytes");
    job.tools = vec![file("exp.so", &library)];
    job.environment.insert("LD_PRELOAD".to_owned(), "/program/exp.so".to_owned());
    let changed = output(&run(&job).0);
    let judge = |rule: &Rule| compare(rule, &mut &*preserved, &mut &*changed).unwrap();
    assert!(matches!(judge(&Rule::Bytes), Comparison::Different { .. }));
    let tolerance = Tolerance { relative: Some(1e-13), ..Tolerance::default() };
    let numeric = judge(&Rule::Numeric { form: "csv/1".to_owned(), tolerance });
    let Comparison::Equivalent { count, max_ulp, .. } = numeric else { panic!("{numeric:?}") };
    assert!(count > 10 && max_ulp < 100, "{count} {max_ulp}");
    let tolerance = Tolerance { ulp: Some(0), ..Tolerance::default() };
    assert!(matches!(judge(&Rule::Numeric { form: "csv/1".to_owned(), tolerance }), Comparison::Different { .. }));
}

#[test]
fn an_input_or_program_that_changed_is_never_used() {
    let Some((mut job, folder)) = script("cat /in/a") else { return };
    let input = folder.path().join("a");
    std::fs::write(&input, "one").unwrap();
    job.inputs = vec![file("a", &input)];
    assert_eq!(output(&run(&job).0), b"one");
    std::fs::write(&input, "two").unwrap();
    let (performed, _kept) = run(&job);
    assert!(matches!(performed.end, End::InputChanged { ref name, .. } if name == "a"), "{:?}", performed.end);
    std::fs::write(&input, "one").unwrap();
    std::fs::write(&job.program.path, "echo forged").unwrap();
    let (performed, _kept) = run(&job);
    assert!(matches!(performed.end, End::InputChanged { ref name, .. } if name == "program"), "{:?}", performed.end);
}

#[test]
fn a_pinned_root_stands_for_the_machine() {
    let Some((mut job, folder)) = script("cat /etc/release; ls /") else { return };
    let pinned = folder.path().join("root");
    std::fs::create_dir_all(pinned.join("bin")).unwrap();
    std::fs::create_dir_all(pinned.join("etc")).unwrap();
    std::fs::create_dir_all(pinned.join("tmp/secret")).unwrap();
    std::fs::write(pinned.join("etc/release"), "pinned 1\n").unwrap();
    let Some(busybox) = ["/bin/busybox", "/usr/bin/busybox"].iter().map(Path::new).find(|path| path.exists()) else {
        // Without a static program there is still the loader and its libraries.
        copy_with_libraries(&["/bin/dash", "/bin/cat", "/bin/ls"], &pinned);
        std::fs::rename(pinned.join("bin/dash"), pinned.join("bin/sh")).unwrap();
        job.root = Some(pinned);
        return check_pinned(&job);
    };
    for name in ["sh", "cat", "ls", "head"] {
        std::fs::copy(busybox, pinned.join("bin").join(name)).unwrap();
    }
    job.root = Some(pinned);
    check_pinned(&job);
}

fn check_pinned(job: &Job) {
    let said = String::from_utf8(output(&run(job).0)).unwrap();
    assert!(said.starts_with("pinned 1\n"), "{said}");
    assert!(!said.lines().any(|line| line == "sbin"), "nothing of the machine's own root: {said}");
}

/// Copies programs into `bin` of a folder, and what `ldd` says that they need to where it says.
fn copy_with_libraries(programs: &[&str], pinned: &Path) {
    for program in programs {
        std::fs::copy(program, pinned.join("bin").join(Path::new(program).file_name().unwrap())).unwrap();
        let needed = Command::new("ldd").arg(program).output().unwrap();
        let needed = String::from_utf8(needed.stdout).unwrap();
        for library in needed.split_ascii_whitespace().filter(|word| word.starts_with('/')) {
            let to = pinned.join(library.trim_start_matches('/'));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(library, to).unwrap();
        }
    }
}

#[test]
fn a_program_that_cannot_be_started_is_no_missing_isolation() {
    let Some(mut job) = hostile("honest") else { return };
    job.argv[0] = "/usr/bin/no-such-program".to_owned();
    let (performed, _folder) = run(&job);
    assert_eq!(performed.end, End::Exited { code: 127 });
    assert!(performed.log.contains("no-such-program"), "{}", performed.log);
}

#[test]
fn a_program_that_lost_its_right_to_be_started_is_started_all_the_same() {
    let Some(mut job) = hostile("honest") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (input, plain) = (folder.path().join("a"), folder.path().join("plain"));
    std::fs::write(&input, "hello").unwrap();
    std::fs::write(&plain, std::fs::read(&job.program.path).unwrap()).unwrap();
    job.program.path = plain;
    job.inputs = vec![file("a", &input)];
    assert_eq!(output(&run(&job).0), b"hello there");
}

#[test]
fn a_job_that_the_native_executor_cannot_honour_is_refused() {
    let Some(mut job) = hostile("honest") else { return };
    let folder = tempfile::tempdir().unwrap();
    job.limits.fuel = 1;
    assert!(executor().perform(&job, folder.path()).is_err());
}
