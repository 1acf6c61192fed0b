//! A disk that fails under a running catalogue: a clear answer, reading goes on, nothing that was acknowledged is lost.

use std::sync::Arc;

use perennial::archive::disk::double::{DiskDouble, Fault, Survival};
use perennial::catalogue::Options;

use crate::support::records::{collection, product};
use crate::support::{Answer, Service, Store, options};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

/// No operation has this number.
const NEVER: Fault = Fault { at: usize::MAX, errno: EIO, lasts: false };

/// More than a payload may have in memory: it must reach the disk while it is sent.
const NOISE_BYTES: usize = 3 << 20;

/// Bytes that do not compress.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

/// A service whose archive is on a disk in memory.
struct Rig {
    store: Store,
    disk: DiskDouble,
    service: Option<Service>,
}

impl Rig {
    fn new() -> Self {
        let mut rig = Self { store: Store::new(), disk: DiskDouble::default(), service: None };
        std::fs::create_dir_all(rig.store.path().join("work")).expect("made");
        rig.start();
        rig.service().put("/api/v1/collections/c", collection("c")).expect_status(201);
        rig
    }

    fn start(&mut self) {
        let options = Options { disk: Arc::new(self.disk.clone()), ..options() };
        self.service = Some(self.store.serve_with(&options));
    }

    /// Ends the service and starts it on what the disk holds.
    fn restart(&mut self, survival: Survival) {
        self.service = None;
        self.disk = self.disk.restart(survival);
        self.start();
    }

    fn service(&self) -> &Service {
        self.service.as_ref().expect("started")
    }

    fn fail_from_now(&self, errno: i32) {
        self.disk.fail(Fault { at: self.disk.operations(), errno, lasts: true });
    }

    fn put(&self, id: &str) -> Answer {
        let path = format!("/api/v1/collections/c/products/{id}");
        self.service().send("PUT", &path, &[("idempotency-key", id)], product("c", id))
    }

    #[track_caller]
    fn reads(&self, id: &str) {
        let path = format!("/api/v1/collections/c/products/{id}");
        assert_eq!(self.service().get(&path).expect_status(200).text(), product("c", id));
        assert_eq!(self.service().search(&format!("ids={id}"))["matched"], 1, "{id}");
    }
}

/// While the disk fails: every way in says why, reading goes on; afterwards everything works without a restart.
#[track_caller]
fn refused_while_the_disk_fails(errno: i32, status: u16, code: &str) {
    let rig = Rig::new();
    rig.put("before").expect_status(201);
    rig.service().put("/api/v1/collections/c/products/before/files/f", "bytes").expect_status(200);
    rig.fail_from_now(errno);
    let noise = noise(NOISE_BYTES);
    let service = rig.service();
    rig.put("during").expect_problem(status, code);
    service.delete("/api/v1/collections/c/products/before").expect_problem(status, code);
    service.patch("/api/v1/collections/c/products/before", r#"{"n":1}"#).expect_problem(status, code);
    service.put("/api/v1/collections/c/products/before/files/g", noise.clone()).expect_problem(status, code);
    service.post("/api/v1/uploads", noise.clone()).expect_problem(status, code);
    let ingested = service.post("/api/v1/ingest", product("c", "ingested"));
    match ingested.status {
        200 => assert_eq!(ingested.lines()[0]["problem"]["type"], format!("urn:perennial:problem:{code}")),
        _ => drop(ingested.expect_problem(status, code)),
    }
    assert_eq!(service.get("/api/v1/collections/c/products/before/files/f").expect_status(200).text(), "bytes");
    service.get("/api/v1/collections/c/products/during").expect_problem(404, "not-found");
    rig.disk.fail(NEVER);
    assert_eq!(rig.put("during").expect_status(201).json()["revision"], 1);
    service.put("/api/v1/collections/c/products/during/files/g", noise).expect_status(200);
    assert_eq!(service.search("")["matched"], 2);
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_space() {
    refused_while_the_disk_fails(ENOSPC, 507, "insufficient-storage");
}

#[test]
fn a_disk_that_became_read_only_refuses_writes_until_it_is_writable() {
    refused_while_the_disk_fails(EROFS, 503, "read-only");
}

#[test]
fn a_disk_near_its_end_refuses_writes_in_time() {
    let mut rig = Rig::new();
    rig.put("before").expect_status(201);
    rig.service = None;
    let mut options = Options { disk: Arc::new(rig.disk.clone()), ..options() };
    options.settings.free_space_threshold = 1_000_000;
    rig.disk.set_free_bytes(999_999);
    rig.service = Some(rig.store.serve_with(&options));
    let problem = rig.put("during").expect_problem(507, "insufficient-storage");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("999999")), "{problem}");
    rig.reads("before");
    rig.disk.set_free_bytes(1_000_000_000);
    rig.service().catalogue().watch_free_space();
    rig.put("during").expect_status(201);
}

/// One operation after the other fails once: what was refused can be sent again, under its key, and is there once.
#[track_caller]
fn any_operation_may_fail(errno: i32) {
    let mut rig = Rig::new();
    rig.put("before").expect_status(201);
    let mut step = 0;
    let mut restarts = 0;
    loop {
        let id = format!("p{step}");
        let at = rig.disk.operations() + step;
        rig.disk.fail(Fault { at, errno, lasts: false });
        let first = rig.put(&id);
        let reached = rig.disk.operations() > at;
        rig.disk.fail(NEVER);
        rig.reads("before");
        let retried = match first.status {
            201 => first,
            500 | 503 | 507 => rig.put(&id),
            _ => panic!("operation {step}: {first:?}"),
        };
        let retried = match retried.status {
            201 => retried,
            // A lost write: nothing more is accepted before a restart.
            503 => {
                retried.expect_problem(503, "read-only");
                restarts += 1;
                rig.restart([Survival::OnlySynced, Survival::Everything, Survival::NamesWithoutContent][restarts % 3]);
                rig.put(&id)
            }
            _ => panic!("operation {step}: {retried:?}"),
        };
        assert_eq!(retried.expect_status(201).json()["revision"], 1, "operation {step}");
        rig.reads(&id);
        if !reached {
            break;
        }
        step += 1;
    }
    assert!(step > 5, "only {step} operations make a commit");
    rig.restart(Survival::OnlySynced);
    for id in (0..=step).map(|step| format!("p{step}")).chain(["before".to_owned()]) {
        rig.reads(&id);
    }
    assert_eq!(rig.service().search("")["matched"], step + 2);
}

#[test]
fn a_disk_error_in_any_operation_of_a_commit_loses_nothing() {
    any_operation_may_fail(EIO);
}

#[test]
fn a_full_disk_in_any_operation_of_a_commit_loses_nothing() {
    any_operation_may_fail(ENOSPC);
}

#[test]
fn what_was_acknowledged_survives_a_power_cut_with_its_files() {
    let mut rig = Rig::new();
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for id in ["a", "b"] {
        rig.put(id).expect_status(201);
        rig.service().put(&format!("/api/v1/collections/c/products/{id}/files/f"), bytes.clone()).expect_status(200);
    }
    for survival in [Survival::OnlySynced, Survival::NamesWithoutContent, Survival::SomeOfIt(7)] {
        rig.restart(survival);
        for id in ["a", "b"] {
            let read = rig.service().get(&format!("/api/v1/collections/c/products/{id}/files/f")).expect_status(200);
            assert!(read.body == bytes, "{survival:?}");
        }
        assert_eq!(rig.service().search("")["matched"], 2);
    }
}
