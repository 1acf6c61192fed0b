//! Records in batches of 1,000 into the archive alone: no schema, no index, but durable.

use super::figure::{Asked, Figure};
use super::store::{self, BATCH};
use super::usage::{Meter, Taken};
use super::{Bed, Failure};

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "archive";
    let folder = store::scratch(bed, name)?;
    let archive = store::open_archive(&folder)?;
    let failed = |error: &dyn std::error::Error| Failure::of(super::super::failure::STORE, error);
    let mut writer = archive.writer().map_err(|error| failed(&error))?;
    let mut total = Taken { wall: std::time::Duration::ZERO, processor: std::time::Duration::ZERO };
    let (mut submitted, mut stored, mut next) = (0, 0, 0);
    while next < bed.written {
        let wanted = next..bed.written.min(next + BATCH);
        next = wanted.end;
        let made = wanted.map(|number| bed.made.product(number)).inspect(|made| submitted += made.text.len());
        let lines = store::lines(writer.next_sequence(), made)?;
        // Making up records is not measured.
        let meter = Meter::own();
        stored += writer.commit(&lines, &[]).map_err(|error| failed(&error))?.stored;
        let taken = meter.taken();
        total.wall += taken.wall;
        total.processor += taken.processor;
    }
    let records = bed.written as f64;
    Ok(vec![
        Figure::new(name, "batches of 1,000, durable", total.rate(records), "records/s")
            .asked(Asked::AtLeast(60_000.0)),
        Figure::new(name, "the same for a second of processor time", total.processor_rate(records), "records/CPU-s"),
        Figure::new(name, "length of a record", submitted as f64 / records, "bytes"),
        Figure::new(name, "archive bytes for a record", stored as f64 / records, "bytes").asked(Asked::AtMost(320.0)),
    ])
}
