//! The power is cut after every single operation, over a disk that keeps only what was fsynced.

use perennial::archive::disk::double::{DiskDouble, Fault, Survival};

use super::{Delivery, Lines, is_sound, open};

/// All that a run of the program does: a new store, three commits, one of them after a restart.
struct Run {
    deliveries: [Delivery; 3],
}

/// What a run got acknowledged before the power went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Acknowledged(usize);

impl Run {
    fn new() -> Self {
        let mut lines = Lines::default();
        Self { deliveries: [1, 2, 3].map(|number| Delivery::make(&mut lines, number)) }
    }

    /// Performs the run until it ends or the power is cut. Returns the number of acknowledged deliveries, and where
    /// the commits were: numbers of their first and last operation, and of their first and last fsync.
    fn perform(&self, disk: &DiskDouble) -> (Acknowledged, Vec<[usize; 4]>) {
        let mut acknowledged = 0;
        let mut commits = Vec::new();
        for part in [&self.deliveries[..2], &self.deliveries[2..]] {
            let Ok((archive, _)) = open(disk) else { break };
            let Ok(mut writer) = archive.writer() else { break };
            for delivery in part {
                let before = [disk.operations(), disk.syncs()];
                if delivery.commit(&archive, &mut writer).is_err() {
                    return (Acknowledged(acknowledged), commits);
                }
                commits.push([before[0], disk.operations(), before[1], disk.syncs()]);
                acknowledged += 1;
            }
        }
        (Acknowledged(acknowledged), commits)
    }

    /// Opens what is left and asserts that everything acknowledged is there, and nothing is there by half.
    fn check(&self, disk: &DiskDouble, Acknowledged(acknowledged): Acknowledged, what: &str) {
        let (archive, recovery) = open(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(recovery.damages.is_empty(), "{what}: {:?}", recovery.damages);
        let mut held: Vec<&Delivery> = Vec::new();
        held.extend(self.deliveries.iter().filter(|delivery| delivery.last() <= recovery.last_sequence));
        let last = held.last().map_or(0, |delivery| delivery.last());
        assert_eq!(recovery.last_sequence, last, "{what}: half of a delivery is there");
        assert!(held.len() >= acknowledged, "{what}: {acknowledged} were acknowledged, {} are there", held.len());
        assert!(held.len() <= acknowledged + 1, "{what}: more is there than was begun");
        held.iter().for_each(|delivery| delivery.is_held(&archive, what));
        is_sound(&archive, what);
        let mut writer = archive.writer().expect(what);
        for delivery in self.deliveries.iter().skip(held.len()) {
            delivery.commit(&archive, &mut writer).expect(what);
        }
        is_sound(&archive, what);
    }
}

const SURVIVALS: [Survival; 7] = [
    Survival::OnlySynced,
    Survival::NamesWithoutContent,
    Survival::Everything,
    Survival::SomeOfIt(1),
    Survival::SomeOfIt(2),
    Survival::SomeOfIt(3),
    Survival::SomeOfIt(4),
];

#[test]
fn a_power_cut_after_any_operation_leaves_every_commit_wholly_there_or_wholly_absent() {
    let run = Run::new();
    let whole = DiskDouble::default();
    let (acknowledged, _) = run.perform(&whole);
    assert_eq!(acknowledged, Acknowledged(3));
    for cut in 0..=whole.operations() {
        let disk = DiskDouble::default();
        disk.cut_after(cut);
        let (acknowledged, _) = run.perform(&disk);
        let log = disk.log();
        for survival in SURVIVALS {
            let what = format!("cut after operation {cut} ({:?}), left {survival:?}", log.last());
            run.check(&disk.restart(survival), acknowledged, &what);
        }
    }
}

#[test]
fn every_fsync_of_a_commit_is_needed() {
    let run = Run::new();
    let whole = DiskDouble::default();
    let (_, commits) = run.perform(&whole);
    let operations = whole.operations();
    for [first_operation, last_operation, first_sync, last_sync] in commits {
        assert!(first_sync < last_sync);
        for sync in first_sync..last_sync {
            // Mostly the end shows the loss; else the power must be cut within the commit.
            let cuts = [operations].into_iter().chain((first_operation..=last_operation).rev());
            let is_noticed = |cut: usize| {
                let disk = DiskDouble::default();
                disk.lose_sync(sync);
                disk.cut_after(cut);
                let (acknowledged, _) = run.perform(&disk);
                let left = disk.restart(Survival::OnlySynced);
                let check = std::panic::AssertUnwindSafe(|| run.check(&left, acknowledged, "with a lost fsync"));
                std::panic::catch_unwind(check).is_err()
            };
            let fsyncs: Vec<_> = whole.log().into_iter().filter(|operation| operation.starts_with("fsync")).collect();
            assert!(cuts.into_iter().any(is_noticed), "nobody notices the loss of fsync {sync}: {}", fsyncs[sync]);
        }
    }
}

#[test]
fn a_commit_whose_last_fsync_failed_is_made_durable_before_anything_is_built_upon_it() {
    let run = Run::new();
    let [first, second, third] = &run.deliveries;
    let whole = DiskDouble::default();
    let (_, commits) = run.perform(&whole);
    let is_fsync = |operation: &String| operation.starts_with("fsync");
    let last_fsync = whole.log()[..commits[1][1]].iter().rposition(is_fsync).expect("a commit has fsyncs");
    let disk = DiskDouble::default();
    let (archive, _) = open(&disk).expect("a new store");
    let mut writer = archive.writer().expect("the writer");
    first.commit(&archive, &mut writer).expect("committed");
    disk.fail(Fault { at: last_fsync, errno: 5, lasts: false });
    let refused = second.commit(&archive, &mut writer).expect_err("the last fsync failed");
    assert!(refused.to_string().contains("lost a write"), "{refused}");
    third.commit(&archive, &mut writer).expect_err("the writer takes no more");
    drop((archive, writer));

    // The process starts again, the machine went on: the segment is there, though not durable.
    let (archive, recovery) = open(&disk).expect("the store");
    assert_eq!(recovery.last_sequence, second.last());
    third.commit(&archive, &mut archive.writer().expect("the writer")).expect("committed");
    drop(archive);
    let (archive, recovery) = open(&disk.restart(Survival::OnlySynced)).expect("the store");
    assert_eq!(recovery.last_sequence, third.last());
    run.deliveries.iter().for_each(|delivery| delivery.is_held(&archive, "after the cut"));
    is_sound(&archive, "after the cut");
}
