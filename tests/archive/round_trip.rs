//! Commit and read back on the real disk.

use std::sync::Arc;

use perennial::archive::disk::RealDisk;
use perennial::archive::{Archive, Options};
use perennial::codec::sha256;
use perennial::model::{Instant, PayloadLocation};

use super::Lines;

#[test]
fn what_was_committed_is_read_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store");
    let options = Options { payload_object_threshold: 3 << 20, free_space_threshold: 0, ..Options::default() };
    let now = Instant::from_micros(1_700_000_000_000_000);
    let records: Vec<String> = (1..=300).map(|n| format!(r#"{{"id":"p{n}","n":{n}.10,"pad":"{n:0>1000}"}}"#)).collect();
    let payloads: Vec<Vec<u8>> = vec![
        b"small".to_vec(),
        Vec::new(),
        (0..2_500_000u32).map(|n| (n / 700) as u8).collect(),
        (0..5_000_000u32).map(|n| (n / 900) as u8).collect(),
        (0..5_000_000u64).map(|n| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8 ^ ((n * n) >> 9) as u8).collect(),
    ];
    let (commit, tombstone) = {
        let (archive, recovery) = Archive::open(&store, Arc::new(RealDisk), options.clone()).expect("a new store");
        assert!(recovery.created && recovery.last_sequence == 0);
        let second = Archive::open(&store, Arc::new(RealDisk), options.clone()).err().expect("in use");
        assert!(second.to_string().contains("in use"), "{second}");
        let staged: Vec<_> = payloads
            .iter()
            .map(|payload| {
                let mut stager = archive.stage(now).expect("a stager");
                payload.chunks(100_000).for_each(|chunk| stager.write(chunk).expect("space"));
                Arc::new(stager.finish(Some(sha256(payload))).expect("the promised digest"))
            })
            .collect();
        let mut log = Lines::default();
        let lines: Vec<_> = records.iter().zip(1..).map(|(record, n)| log.put(&format!("p{n}"), record)).collect();
        let mut writer = archive.writer().expect("the writer");
        let commit = writer.commit(&lines, &staged).expect("committed");
        let tombstone = log.delete("p1");
        writer.commit(std::slice::from_ref(&tombstone), &[]).expect("committed");
        (commit, tombstone)
    };
    let (archive, recovery) = Archive::open(&store, Arc::new(RealDisk), options).expect("the store");
    assert_eq!((recovery.last_sequence, recovery.segments, recovery.damages.len()), (301, 2, 0));
    for (record, location) in records.iter().zip(&commit.records) {
        assert_eq!(archive.record(location).expect("readable"), record.as_bytes());
    }
    let objects = commit.payloads.iter().filter(|(_, at)| matches!(at, PayloadLocation::Object { .. })).count();
    assert_eq!((objects, commit.payloads.len()), (2, 5));
    for payload in &payloads {
        let (digest, location) =
            commit.payloads.iter().find(|(digest, _)| *digest == sha256(payload)).expect("committed");
        let open = archive.payload(digest, location).expect("readable");
        let read: Vec<u8> = open.read().flat_map(|piece| piece.expect("verified")).collect();
        assert!(read == *payload);
        let (from, to) = (payload.len() as u64 / 3, payload.len() as u64 * 2 / 3);
        let range: Vec<u8> =
            open.read_range(from..to).expect("inside").flat_map(|piece| piece.expect("readable")).collect();
        assert!(range == payload[from as usize..to as usize]);
    }
    let segments: Vec<_> = archive.segments(2).expect("segments").map(|segment| segment.expect("good")).collect();
    assert_eq!(segments.iter().map(|segment| segment.lines.len()).collect::<Vec<_>>(), [299, 1]);
    assert_eq!(segments[0].lines[0].location, commit.records[1]);
    assert_eq!(archive.line(&segments[1].lines[0].location).expect("readable"), tombstone);
    let verification = archive.verify(&mut |_| {}).expect("readable");
    assert!(verification.findings.is_empty(), "{:#?}", verification.findings);
    assert_eq!((verification.lines, verification.payloads, verification.objects), (301, 5, 4));
    assert_eq!(verification.root, Some(archive.tree().root()));
}
