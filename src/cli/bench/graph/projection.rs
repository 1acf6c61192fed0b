//! Records into the graph, in this process: new ones, and such as are there already.

use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{ASKED_RECORDS, NAME, failed};
use crate::archive::Archive;
use crate::catalogue::rebuild;
use crate::cli::Failure;
use crate::cli::bench::figure::{Asked, Figure};
use crate::cli::bench::records::Records;
use crate::cli::bench::usage::{Meter, Taken, memory};
use crate::cli::bench::{Bed, store};
use crate::codec::sha256;
use crate::index::graph::GraphIndex;
use crate::index::{Batch, Change, Projection};

/// Records that are replaced.
const REPLACED: usize = 4_000;

/// Records replaced at once, as the writer commits them under load.
const AT_ONCE: usize = 500;

/// Parts in which new records come, to see whether memory grows from one to the next.
const PARTS: u64 = 4;

/// Numbers of the records whose content takes the place of another's.
const STRANGERS: u64 = 1 << 41;

/// How a record is replaced.
type Replacement = fn(Records, usize, &str) -> String;

pub fn run(bed: &Bed, folder: &Path) -> Result<Vec<Figure>, Failure> {
    let archive = store::open_archive(folder)?;
    let scratch = store::scratch(bed, NAME)?;
    let mut index = GraphIndex::open(&scratch).map_err(failed)?;
    let asked = bed.records == ASKED_RECORDS;
    let own = std::process::id();
    let last = archive.last_sequence();
    let meter = Meter::own();
    let mut sizes = Vec::new();
    for part in 1..=PARTS {
        rebuild::catch_up(&archive, &mut index, last * part / PARTS).map_err(failed)?;
        sizes.push(memory(own, "RssAnon"));
    }
    let made = meter.taken();
    let quads = index.quad_count().map_err(failed)?;
    let mut figures = vec![
        Figure::new(NAME, "new records", made.rate(bed.records as f64), "records/s")
            .asked_if(asked, Asked::AtLeast(8_000.0)),
        Figure::new(NAME, "processor time", made.processor_micros(bed.records as f64), "µs/record"),
        Figure::new(NAME, "new statements", made.rate(quads as f64), "quads/s"),
        Figure::new(NAME, "statements of a record", quads as f64 / bed.records as f64, "quads"),
        Figure::new(NAME, "own memory after a quarter", sizes.first().copied().unwrap_or_default(), "MiB"),
        Figure::new(NAME, "own memory after all", sizes.last().copied().unwrap_or_default(), "MiB"),
    ];
    let replaced = replace(bed, &archive, &mut index, two_fields)?;
    figures.push(
        Figure::new(NAME, "records replaced with two fields changed", replaced.rate(REPLACED as f64), "records/s")
            .asked_if(asked, Asked::AtLeast(1_500.0)),
    );
    figures.push(Figure::new(NAME, "processor time", replaced.processor_micros(REPLACED as f64), "µs/record"));
    let replaced = replace(bed, &archive, &mut index, everything)?;
    figures.push(Figure::new(
        NAME,
        "records replaced by quite other ones",
        replaced.rate(REPLACED as f64),
        "records/s",
    ));
    figures.push(Figure::new(NAME, "processor time", replaced.processor_micros(REPLACED as f64), "µs/record"));
    figures.push(Figure::new(NAME, "most resident memory", memory(own, "VmHWM"), "MiB"));
    Ok(figures)
}

/// Another title and another resolution.
fn two_fields(_: Records, _: usize, text: &str) -> String {
    text.replacen("\"title\":\"", "\"title\":\"Once more: ", 1).replacen("\"gsd\":10}", "\"gsd\":20}", 1)
}

/// All that another record says.
fn everything(records: Records, number: usize, _: &str) -> String {
    records.product(STRANGERS + number as u64).text
}

/// Puts the last products of the archive once more, as further revisions with other content.
fn replace(bed: &Bed, archive: &Archive, index: &mut GraphIndex, replacement: Replacement) -> Result<Taken, Failure> {
    let mut changes = last_changes(archive)?;
    for ((number, sequence), change) in (index.position() + 1..).enumerate().zip(&mut changes) {
        let given = change.event.record.as_ref().map(|record| record.get()).unwrap_or_default();
        let text = replacement(bed.made, number, given);
        change.digest = Some(sha256(text.as_bytes()));
        change.event.record = Some(RawValue::from_string(text).map_err(failed)?);
        change.event.sequence = sequence;
        change.event.revision += 1;
    }
    let batches: Vec<Arc<Batch>> = changes
        .chunks(AT_ONCE)
        .filter_map(|chunk| {
            let (first, last) = (chunk.first()?.event.sequence, chunk.last()?.event.sequence);
            Some(Arc::new(Batch { first, last, changes: chunk.to_vec(), payloads: Vec::new() }))
        })
        .collect();
    let meter = Meter::own();
    batches.iter().try_for_each(|batch| index.apply(std::slice::from_ref(batch))).map_err(failed)?;
    Ok(meter.taken())
}

fn last_changes(archive: &Archive) -> Result<Vec<Change>, Failure> {
    let first = archive.last_sequence().saturating_sub(REPLACED as u64) + 1;
    let mut changes = Vec::new();
    for segment in archive.segments(first).map_err(failed)? {
        changes.extend(rebuild::batch_of(segment.map_err(failed)?).changes);
    }
    changes.retain(|change| change.event.sequence >= first);
    changes.truncate(REPLACED);
    Ok(changes)
}
