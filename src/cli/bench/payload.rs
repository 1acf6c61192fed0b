//! One payload in a single pass: sha256 of the original, zstd frames, sha512 of what is stored, durable; then back.

use std::time::Duration;

use super::figure::{Asked, Figure};
use super::records::Numbers;
use super::store;
use super::usage::{Meter, Taken, memory};
use super::{Bed, Failure};
use crate::codec;

/// Bytes handed over at a time, as an upload does.
const PIECE: usize = 1 << 20;
/// Bytes of made-up telemetry, given again and again: frames are of 1 MiB and know nothing of each other.
const TELEMETRY: usize = 8 << 20;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "payload";
    let megabytes = (bed.payload_mib << 20) as f64 / 1e6;
    let telemetry = telemetry(bed.seed);
    let parts = parts_alone(&telemetry)?;
    let folder = store::scratch(bed, name)?;
    let archive = store::open_archive(&folder)?;
    let failed = |error: &dyn std::error::Error| Failure::of(super::super::failure::STORE, error);

    let meter = Meter::own();
    let mut stager = archive.stage(crate::catalogue::now()).map_err(|error| failed(&error))?;
    for piece in telemetry.chunks(PIECE).cycle().take(bed.payload_mib as usize) {
        stager.write(piece).map_err(|error| failed(&error))?;
    }
    let pass = meter.taken();
    let staged = stager.finish(None).map_err(|error| failed(&error))?;
    let whole = meter.taken();

    let stored = staged.stored as f64 / 1e6;
    let sha256 = staged.sha256;
    let mut writer = archive.writer().map_err(|error| failed(&error))?;
    let lines = store::lines(writer.next_sequence(), super::records::Records::collection_records().take(1))?;
    let commit = writer.commit(&lines, &[std::sync::Arc::new(staged)]).map_err(|error| failed(&error))?;
    let Some((_, location)) = commit.payloads.first() else {
        return Err(Failure::store("the archive lost a payload"));
    };
    let meter = Meter::own();
    let payload = archive.payload(&sha256, location).map_err(|error| failed(&error))?;
    let mut read = 0;
    for piece in payload.read() {
        read += piece.map_err(|error| failed(&error))?.len() as u64;
    }
    let back = meter.taken();
    if read != bed.payload_mib << 20 {
        return Err(Failure::store(format!("{read} bytes were read back")));
    }
    let own = std::process::id();
    let kept = |taken: Taken, alone: Duration| {
        100.0 * alone.as_secs_f64() * bed.payload_mib as f64 / taken.processor.as_secs_f64().max(1e-6)
    };
    Ok(vec![
        Figure::new(
            name,
            "one pass: sha256, zstd-3 frames, sha512, written",
            pass.processor_rate(megabytes),
            "MB/CPU-s",
        )
        .asked(Asked::AtLeast(400.0)),
        Figure::new(name, "of the speed that the parts alone have at that moment", kept(pass, parts.inward), "%"),
        Figure::new(name, "the same until durable and read back", whole.processor_rate(megabytes), "MB/CPU-s"),
        Figure::new(name, "the same on the wall clock", whole.rate(megabytes), "MB/s"),
        Figure::new(name, "read back and verified", back.processor_rate(megabytes), "MB/CPU-s")
            .asked(Asked::AtLeast(900.0)),
        Figure::new(name, "of the speed that the parts alone have at that moment", kept(back, parts.outward), "%"),
        Figure::new(name, "original bytes for one stored", megabytes / stored.max(1e-6), "×"),
        Figure::new(name, "most resident memory", memory(own, "VmHWM"), "MiB").asked(Asked::AtMost(128.0)),
    ])
}

/// Processor time that digests and compression alone take for a MiB: what a busy or slow machine makes of it.
struct Parts {
    /// sha256, zstd-3, and sha512 of what is stored.
    inward: Duration,
    /// Unpacking and sha256.
    outward: Duration,
}

fn parts_alone(telemetry: &[u8]) -> Result<Parts, Failure> {
    let rounds = 8;
    let pieces = (rounds * telemetry.len() / PIECE) as u32;
    let mut encoder = codec::FrameEncoder::new(3)?;
    let mut stored: Vec<Vec<u8>> = Vec::new();
    let meter = Meter::own();
    for round in 0..rounds {
        for piece in telemetry.chunks(PIECE) {
            std::hint::black_box(codec::sha256(piece));
            let frame = encoder.encode(piece)?;
            std::hint::black_box(codec::sha512(frame));
            if round == 0 {
                stored.push(frame.to_vec());
            }
        }
    }
    let inward = meter.taken().processor / pieces;
    let meter = Meter::own();
    for frame in stored.iter().cycle().take(pieces as usize) {
        let content = codec::decode_frame(frame, PIECE).map_err(|error| Failure::store(error.to_string()))?;
        std::hint::black_box(codec::sha256(&content));
    }
    Ok(Parts { inward, outward: meter.taken().processor / pieces })
}

/// Lines of slowly changing values with some noise, as spacecraft send them.
fn telemetry(seed: u64) -> Vec<u8> {
    use std::fmt::Write;
    let mut numbers = Numbers::new(seed, u64::MAX);
    let mut text = String::with_capacity(TELEMETRY + 256);
    let mut voltage = 28.0;
    let mut temperature = 271.0;
    for second in 0_u64.. {
        voltage += numbers.between(-0.01, 0.01);
        temperature += numbers.between(-0.02, 0.02);
        let (current, mode) = (numbers.below(40) + 300, second / 5_400 % 4);
        let _ = writeln!(
            text,
            "2019-{:02}-{:02}T{:02}:{:02}:{:02}Z,AOCS,MODE_{mode},{voltage:.2},{current},{temperature:.2},NOMINAL,0,0,1",
            second / 2_419_200 % 12 + 1,
            second / 86_400 % 28 + 1,
            second / 3_600 % 24,
            second / 60 % 60,
            second % 60
        );
        if text.len() >= TELEMETRY {
            break;
        }
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(TELEMETRY);
    bytes
}
