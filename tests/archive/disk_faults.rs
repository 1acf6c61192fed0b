//! The disk refuses an operation: full, read-only, or broken. Nothing committed is lost, and the answer is clear.

use perennial::archive::CommitError;
use perennial::archive::disk::double::{DiskDouble, Fault, Survival};

use super::{Delivery, Failure, Lines, is_sound, open, stage};

const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const EIO: i32 = 5;

#[test]
fn a_fault_at_any_operation_of_a_commit_loses_nothing_and_is_named() {
    let mut lines = Lines::default();
    let deliveries = [1, 2].map(|number| Delivery::make(&mut lines, number));
    let begin = || {
        let disk = DiskDouble::default();
        let (archive, _) = open(&disk).expect("a new store");
        let mut writer = archive.writer().expect("the writer");
        deliveries[0].commit(&archive, &mut writer).expect("committed");
        (disk, archive, writer)
    };
    let (disk, archive, mut writer) = begin();
    let first = disk.operations();
    deliveries[1].commit(&archive, &mut writer).expect("committed");
    let last = disk.operations();
    for (at, errno) in (first..last).flat_map(|at| [ENOSPC, EROFS, EIO].map(|errno| (at, errno))) {
        for lasts in [false, true] {
            let (disk, archive, mut writer) = begin();
            disk.fail(Fault { at, errno, lasts });
            let outcome = deliveries[1].commit(&archive, &mut writer);
            let what = format!("error {errno} at {:?}, lasting {lasts}", disk.log().get(at));
            deliveries[0].is_held(&archive, &what);
            disk.fail(Fault { at: usize::MAX, errno, lasts: false });
            match outcome {
                Ok(_) => deliveries[1].is_held(&archive, &what),
                Err(failure) => {
                    let text = format!("{failure}: {:?}", std::error::Error::source(&failure).map(ToString::to_string));
                    assert!(text.contains("/store/") || text.contains("lost a write"), "{what}: {text}");
                    if archive.poison().is_none() {
                        assert_eq!(archive.last_sequence(), deliveries[0].last(), "{what}");
                        deliveries[1].commit(&archive, &mut writer).unwrap_or_else(|again| panic!("{what}: {again}"));
                        is_sound(&archive, &what);
                    }
                }
            }
            drop((archive, writer));
            for survival in [Survival::OnlySynced, Survival::Everything, Survival::SomeOfIt(at as u64)] {
                let (archive, _) = open(&disk.restart(survival)).unwrap_or_else(|error| panic!("{what}: {error}"));
                deliveries[0].is_held(&archive, &what);
                is_sound(&archive, &what);
                let known = deliveries.each_ref().map(|delivery| delivery.last());
                assert!(known.contains(&archive.last_sequence()), "{what}: half of a delivery is there");
            }
        }
    }
}

#[test]
fn writes_are_refused_before_the_disk_is_full() {
    let mut lines = Lines::default();
    let delivery = Delivery::make(&mut lines, 1);
    let disk = DiskDouble::default();
    let (archive, _) = open(&disk).expect("a new store");
    let mut writer = archive.writer().expect("the writer");
    let staged = stage(&archive, b"staged while there was space").expect("staged");
    for (free, is_taken) in [(999, false), (1000, true)] {
        disk.set_free_bytes(free);
        assert_eq!(archive.stage(super::NOW).is_ok(), is_taken);
        let outcome = writer.commit(&delivery.lines, std::slice::from_ref(&staged));
        assert_eq!(outcome.is_ok(), is_taken, "{outcome:?}");
        assert!(is_taken || matches!(outcome, Err(CommitError::LowSpace { free: 999, threshold: 1000 })));
    }
}

#[test]
fn a_delivery_that_failed_is_committed_again_without_staging_it_again() {
    let mut lines = Lines::default();
    let delivery = Delivery::make(&mut lines, 1);
    let whole = DiskDouble::default();
    let (archive, _) = open(&whole).expect("a new store");
    let staged = delivery.payloads.each_ref().map(|payload| stage(&archive, payload).expect("staged"));
    let mut writer = archive.writer().expect("the writer");
    let failing = whole.log().len();
    whole.fail(Fault { at: failing + 10, errno: ENOSPC, lasts: true });
    let refused = Failure::from(writer.commit(&delivery.lines, &staged).expect_err("the disk is full"));
    assert!(matches!(&refused, Failure::Commit(CommitError::Disk(error)) if error.is_full()), "{refused}");
    whole.fail(Fault { at: usize::MAX, errno: 0, lasts: false });
    writer.commit(&delivery.lines, &staged).expect("there is space again");
    drop(staged);
    delivery.is_held(&archive, "after the second try");
    is_sound(&archive, "after the second try");
}
