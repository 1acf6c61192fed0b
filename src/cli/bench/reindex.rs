//! Both indexes of the large store from its archive alone.

use super::figure::{Asked, Figure};
use super::store;
use super::usage::{Meter, memory};
use super::{Bed, Failure};
use crate::catalogue::{Options, rebuild};

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "reindex";
    let store = store::large(bed)?;
    let meter = Meter::own();
    rebuild::reindex_without_graph(&store, &Options::default())?;
    let taken = meter.taken();
    let records = bed.records as f64;
    let figure = Figure::new(name, format!("{} records, records and text", bed.records), taken.wall.as_secs_f64(), "s");
    let own = std::process::id();
    Ok(vec![
        figure
            .asked_if(bed.records == 1_000_000, Asked::AtMost(60.0))
            .asked_if(bed.records == 100_000, Asked::AtMost(8.0)),
        Figure::new(name, "processor time", taken.processor_micros(records), "µs/record"),
        Figure::new(name, "most resident memory", memory(own, "VmHWM"), "MiB"),
    ])
}
