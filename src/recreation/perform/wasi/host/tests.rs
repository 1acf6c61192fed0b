//! The host as a program sees it: calls with memory, as the engine makes them.

use std::collections::BTreeMap;

use super::errno::{BADF, EXIST, Errno, FAULT, INVAL, ISDIR, NOENT, NOTCAPABLE, NOTDIR, NOTEMPTY, ROFS, SPIPE, XDEV};
use super::tree::Refusal;
use super::{Host, Opened, Stop};
use crate::codec::sha256;
use crate::recreation::perform::end::LimitKind;
use crate::recreation::perform::job::{ExecutorKind, Job, JobFile, Limits, WasiEngine};

/// Descriptors of the folders.
const IN: u32 = 3;
const OUT: u32 = 4;
const PROGRAM: u32 = 5;

const CREATE: u32 = 1;
const FOLDER: u32 = 2;
const TRUNCATE: u32 = 8;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;

/// A host with an input `a` of five bytes, and 64 KiB of memory.
struct Bed {
    host: Host,
    memory: Vec<u8>,
    folder: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        std::fs::write(&input, "hello").unwrap();
        let file = JobFile { name: "a".to_owned(), path: input.clone(), sha256: sha256(b"hello"), bytes: 5 };
        let job = Job {
            executor: ExecutorKind::Wasi { engine: WasiEngine::Pulley },
            program: file.clone(),
            argv: vec!["program".to_owned(), "word".to_owned()],
            environment: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
            clock_ns: 1_000,
            seed: 1,
            stdin: None,
            stdout: None,
            inputs: vec![file],
            tools: Vec::new(),
            outputs: Vec::new(),
            root: None,
            limits: Limits { output_bytes: 1_000, output_files: 5, ..Limits::default() },
        };
        let open = || std::fs::File::open(&input).unwrap();
        let opened = Opened { inputs: vec![("a".to_owned(), open(), 5)], program: vec![("p".to_owned(), open(), 5)] };
        let scratch = folder.path().join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        Self { host: Host::new(&job, opened, scratch).unwrap(), memory: vec![0; 1 << 16], folder }
    }

    /// Puts a path at 0.
    fn path(&mut self, path: &str) -> (u32, u32) {
        self.memory[..path.len()].copy_from_slice(path.as_bytes());
        (0, path.len() as u32)
    }

    fn open(&mut self, folder: u32, path: &str, flags: u32, rights: u64) -> Result<u32, Errno> {
        let (at, length) = self.path(path);
        errno(self.host.path_open(&mut self.memory, folder, 0, at, length, flags, rights, 0, 0, 8_192))?;
        Ok(self.word(8_192))
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.memory[at..at + 4].try_into().unwrap())
    }

    /// Writes bytes that stand at 4,096 by one buffer.
    fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, Refusal> {
        self.memory[4_096..4_096 + bytes.len()].copy_from_slice(bytes);
        self.buffer(bytes.len() as u32);
        self.host.fd_write(&mut self.memory, fd, 2_048, 1, 8_192).map(|()| self.word(8_192))
    }

    fn read(&mut self, fd: u32, length: u32) -> Result<Vec<u8>, Errno> {
        self.buffer(length);
        errno(self.host.fd_read(&mut self.memory, fd, 2_048, 1, 8_192))?;
        Ok(self.memory[4_096..4_096 + self.word(8_192) as usize].to_vec())
    }

    fn buffer(&mut self, length: u32) {
        self.memory[2_048..2_052].copy_from_slice(&4_096u32.to_le_bytes());
        self.memory[2_052..2_056].copy_from_slice(&length.to_le_bytes());
    }
}

/// The answer as an error number; the end of a run is none here.
fn errno(answer: Result<(), Refusal>) -> Result<(), Errno> {
    answer.map_err(|refusal| match refusal {
        Refusal::Errno(errno) => errno,
        Refusal::Stop(stop) => panic!("{stop}"),
    })
}

#[test]
fn paths_never_lead_above_the_folder_they_start_in() {
    let mut bed = Bed::new();
    for path in ["..", "../in/a", "./../a", "a/../../a", "/in/a", "/etc/passwd", "./.."] {
        let refused = bed.open(IN, path, 0, READ).unwrap_err();
        assert!([NOTCAPABLE, NOTDIR].contains(&refused), "{path}: {refused:?}");
    }
    for path in ["a", "./a", ".//a", "././a"] {
        let fd = bed.open(IN, path, 0, READ).unwrap();
        assert_eq!(bed.read(fd, 100).unwrap(), b"hello", "{path}");
    }
    assert_eq!(bed.open(IN, "b", 0, READ), Err(NOENT));
    assert_eq!(bed.open(IN, "a/", 0, READ), Err(NOTDIR));
    assert_eq!(bed.open(IN, "", 0, READ), Err(NOENT));
    assert_eq!(bed.open(IN, "a/b", 0, READ), Err(NOTDIR));
    assert_eq!(bed.open(99, "a", 0, READ), Err(BADF));
}

#[test]
fn inputs_and_program_can_only_be_read() {
    let mut bed = Bed::new();
    for (folder, name) in [(IN, "a"), (PROGRAM, "p")] {
        assert_eq!(bed.open(folder, name, 0, READ | WRITE), Err(ROFS));
        assert_eq!(bed.open(folder, name, TRUNCATE, READ), Err(ROFS));
        assert_eq!(bed.open(folder, "new", CREATE, WRITE), Err(ROFS));
        let (at, length) = bed.path(name);
        assert_eq!(errno(bed.host.path_unlink_file(&mut bed.memory, folder, at, length)), Err(ROFS));
        assert_eq!(errno(bed.host.path_rename(&mut bed.memory, folder, at, length, OUT, at, length)), Err(XDEV));
        let fd = bed.open(folder, name, 0, READ).unwrap();
        let Err(Refusal::Errno(refused)) = bed.write(fd, b"x") else { panic!("written") };
        assert_eq!(refused, BADF);
        assert_eq!(errno(bed.host.fd_filestat_set_size(&mut [], fd, 0)), Err(BADF));
    }
}

#[test]
fn files_are_written_renamed_and_removed_in_memory_alone() {
    let mut bed = Bed::new();
    let fd = bed.open(OUT, "one", CREATE, READ | WRITE).unwrap();
    assert_eq!(bed.write(fd, b"0123456789").unwrap(), 10);
    assert_eq!(errno(bed.host.fd_seek(&mut bed.memory, fd, 3, 0, 64)), Ok(()));
    assert_eq!(bed.read(fd, 4).unwrap(), b"3456");
    assert_eq!(errno(bed.host.fd_seek(&mut bed.memory, fd, (-20i64).cast_unsigned(), 1, 64)), Err(INVAL));
    bed.memory[..6].copy_from_slice(b"one.d\0");
    bed.host.path_create_directory(&mut bed.memory, OUT, 0, 5).unwrap();
    bed.memory[..12].copy_from_slice(b"oneone.d/two");
    bed.host.path_rename(&mut bed.memory, OUT, 0, 3, OUT, 3, 9).unwrap();
    assert_eq!(bed.open(OUT, "one", 0, READ), Err(NOENT));
    let (at, length) = bed.path("one.d");
    assert_eq!(errno(bed.host.path_remove_directory(&mut bed.memory, OUT, at, length)), Err(NOTEMPTY));
    assert_eq!(errno(bed.host.path_unlink_file(&mut bed.memory, OUT, at, length)), Err(ISDIR));
    assert_eq!(errno(bed.host.path_create_directory(&mut bed.memory, OUT, at, length)), Err(EXIST));
    let (at, length) = bed.path("one.d/two");
    bed.host.path_unlink_file(&mut bed.memory, OUT, at, length).unwrap();
    // What is open goes on to be there.
    assert_eq!(errno(bed.host.fd_seek(&mut bed.memory, fd, 0, 0, 64)), Ok(()));
    assert_eq!(bed.read(fd, 100).unwrap(), b"0123456789");
    bed.host.fd_close(&mut [], fd).unwrap();
    assert_eq!(std::fs::read_dir(bed.folder.path().join("scratch")).unwrap().count(), 0, "its room was given back");
    let (written, _) = bed.host.finish();
    assert_eq!(written, []);
}

#[test]
fn a_folder_cannot_be_moved_into_itself() {
    let mut bed = Bed::new();
    bed.memory[..3].copy_from_slice(b"d/e");
    bed.host.path_create_directory(&mut bed.memory, OUT, 0, 1).unwrap();
    assert_eq!(errno(bed.host.path_rename(&mut bed.memory, OUT, 0, 1, OUT, 0, 3)), Err(INVAL));
    bed.host.path_create_directory(&mut bed.memory, OUT, 0, 3).unwrap();
    assert_eq!(bed.open(OUT, "d/e/../../d/e/", FOLDER, READ).map(|fd| fd > PROGRAM), Ok(true));
}

#[test]
fn writing_more_than_is_allowed_ends_the_run() {
    let stopped = |answer: Result<u32, Refusal>| match answer {
        Err(Refusal::Stop(stop)) => stop,
        other => panic!("{other:?}"),
    };
    let mut bed = Bed::new();
    let fd = bed.open(OUT, "one", CREATE, WRITE).unwrap();
    assert_eq!(bed.write(fd, &[1; 1_000]).unwrap(), 1_000, "at the limit");
    assert_eq!(stopped(bed.write(fd, &[1])), Stop::Limit(LimitKind::Output), "one past it");
    let refused = bed.host.fd_filestat_set_size(&mut [], fd, u64::MAX).map(|()| 0);
    assert_eq!(stopped(refused), Stop::Limit(LimitKind::Output), "nor by a hole");
    let again = bed.open(OUT, "one", TRUNCATE, WRITE).unwrap();
    assert_eq!(bed.write(again, &[1; 1_000]).unwrap(), 1_000, "what is cut away does not count");
    for name in ["two", "three", "four", "five"] {
        bed.open(OUT, name, CREATE, WRITE).unwrap();
    }
    let (at, length) = bed.path("six");
    let answer = bed.host.path_open(&mut bed.memory, OUT, 0, at, length, CREATE, WRITE, 0, 0, 64);
    assert_eq!(stopped(answer.map(|()| 0)), Stop::Limit(LimitKind::Files));
}

#[test]
fn a_folder_is_listed_in_order_in_whatever_pieces() {
    let mut bed = Bed::new();
    for name in ["b", "a", "c"] {
        bed.open(OUT, name, CREATE, WRITE).unwrap();
    }
    let list = |bed: &mut Bed, length: u32| {
        let (mut names, mut cookie) = (Vec::new(), 0u64);
        loop {
            errno(bed.host.fd_readdir(&mut bed.memory, OUT, 16_384, length, cookie, 64)).unwrap();
            let used = bed.word(64) as usize;
            let record = &bed.memory[16_384..16_384 + used];
            let Some(head) = record.get(..24) else { return names };
            let name_bytes = u32::from_le_bytes(head[16..20].try_into().unwrap()) as usize;
            let Some(name) = record.get(24..24 + name_bytes) else { return names };
            names.push(String::from_utf8(name.to_vec()).unwrap());
            cookie = u64::from_le_bytes(head[..8].try_into().unwrap());
        }
    };
    assert_eq!(list(&mut bed, 4_096), [".", "..", "a", "b", "c"]);
    assert_eq!(list(&mut bed, 26), [".", "..", "a", "b", "c"]);
    assert_eq!(errno(bed.host.fd_readdir(&mut bed.memory, 2, 0, 10, 0, 64)), Err(BADF));
}

#[test]
fn standard_streams_are_no_files_and_no_terminals() {
    let mut bed = Bed::new();
    assert_eq!(bed.read(0, 10).unwrap(), b"");
    assert_eq!(bed.write(2, b"said").unwrap(), 4);
    assert_eq!(bed.write(1, b" more").unwrap(), 5);
    assert_eq!(errno(bed.host.fd_seek(&mut bed.memory, 1, 0, 1, 64)), Err(SPIPE));
    bed.host.fd_fdstat_get(&mut bed.memory, 1, 64).unwrap();
    assert_eq!(bed.memory[64], 0, "of unknown kind");
    assert_eq!(bed.host.finish().1, "said more");
}

#[test]
fn waiting_ends_at_once_with_the_clock_moved_on() {
    let mut bed = Bed::new();
    let subscribe = |bed: &mut Bed, index: usize, userdata: u64, timeout: u64| {
        let at = index * 48;
        bed.memory[at..at + 48].fill(0);
        bed.memory[at..at + 8].copy_from_slice(&userdata.to_le_bytes());
        bed.memory[at + 24..at + 32].copy_from_slice(&timeout.to_le_bytes());
    };
    subscribe(&mut bed, 0, 7, 5_000);
    subscribe(&mut bed, 1, 8, 3_000);
    bed.host.poll_oneoff(&mut bed.memory, 0, 1_024, 2, 64 * 8).unwrap();
    assert_eq!((bed.word(512), bed.word(1_024)), (1, 8), "the shorter one is over");
    bed.host.clock_time_get(&mut bed.memory, 0, 0, 512).unwrap();
    assert_eq!(bed.word(512), 4_000);
    assert_eq!(errno(bed.host.poll_oneoff(&mut bed.memory, 0, 1_024, 0, 512)), Err(INVAL));
    assert_eq!(errno(bed.host.clock_time_get(&mut bed.memory, 9, 0, 512)), Err(INVAL));
    assert_eq!(errno(bed.host.clock_time_get(&mut bed.memory, 0, 0, u32::MAX)), Err(FAULT));
}

proptest::proptest! {
    /// No call with whatever arguments panics, and none writes outside its scratch folder.
    #[test]
    fn calls_with_any_arguments_are_answered(calls in proptest::collection::vec(
        (0u8..30, proptest::array::uniform6(argument()), proptest::num::u64::ANY), 1..60,
    )) {
        let mut bed = Bed::new();
        let text = b"a/../b/./c\0..one.d\xff".repeat(100);
        bed.memory[..text.len()].copy_from_slice(&text);
        for (which, [a, b, c, d, e, f], wide) in calls {
            let (host, memory) = (&mut bed.host, &mut bed.memory[..]);
            let _ = match which {
                0 => host.args_get(memory, a, b),
                1 => host.environ_get(memory, a, b),
                2 => host.random_get(memory, a, b % 4_096),
                3 => host.fd_read(memory, a, b, c, d),
                4 => host.fd_write(memory, a, b, c, d),
                5 => host.fd_pread(memory, a, b, c, wide, d),
                6 => host.fd_pwrite(memory, a, b, c, wide % 2_000, d),
                7 => host.fd_seek(memory, a, wide, b, c),
                8 => host.fd_close(memory, a),
                9 => host.fd_renumber(memory, a, b),
                10 => host.fd_readdir(memory, a, b, c, wide % 10, d),
                11 => host.fd_allocate(memory, a, wide, wide),
                12 => host.fd_filestat_set_size(memory, a, wide),
                13 => host.fd_filestat_get(memory, a, b),
                14 => host.fd_fdstat_get(memory, a, b),
                15 => host.fd_fdstat_set_flags(memory, a, b),
                16 => host.fd_prestat_dir_name(memory, a, b, c),
                17 => host.path_open(memory, a, b, c, d, e, wide, wide, f, b),
                18 => host.path_create_directory(memory, a, b, c),
                19 => host.path_remove_directory(memory, a, b, c),
                20 => host.path_unlink_file(memory, a, b, c),
                21 => host.path_rename(memory, a, b, c, d, e, f),
                22 => host.path_filestat_get(memory, a, b, c, d, e),
                23 => host.path_filestat_set_times(memory, a, b, c, d, wide, wide, e),
                24 => host.poll_oneoff(memory, a, b, c, d),
                25 => host.clock_time_get(memory, a, wide, b),
                26 => host.path_readlink(memory, a, b, c, d, e, f),
                27 => host.fd_advise(memory, a, wide, wide, b),
                28 => host.sock_recv(memory, a, b, c, d, e, f),
                _ => host.fd_filestat_set_times(memory, a, wide, wide, b),
            };
        }
        let names: Vec<_> = std::fs::read_dir(bed.folder.path()).unwrap().map(|found| found.unwrap().file_name()).collect();
        proptest::prop_assert_eq!(names.len(), 2);
        proptest::prop_assert_eq!(std::fs::read(bed.folder.path().join("input")).unwrap(), b"hello");
    }
}

/// Numbers that are often a descriptor or a small address, and sometimes anything.
fn argument() -> impl proptest::strategy::Strategy<Value = u32> {
    proptest::prop_oneof![0u32..8, 0u32..3_000, proptest::num::u32::ANY]
}
