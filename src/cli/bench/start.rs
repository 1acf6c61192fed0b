//! Start of the service on the large store, until its first answer.

use std::time::Instant;

use super::figure::{Asked, Figure};
use super::service::Service;
use super::store;
use super::usage::memory;
use super::{Bed, Failure, ingest};

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "start";
    let store = store::large(bed)?;
    // An index that is behind is caught up once, outside of the measurement.
    drop(Service::start(&store)?);
    let made = bed.made.product(bed.records / 2);
    let started = Instant::now();
    let service = Service::start(&store)?;
    let mut connection = service.connect()?;
    let answer = connection.get(&ingest::path(&made))?;
    let taken = started.elapsed();
    if answer.status != 200 {
        return Err(Failure::store(format!("{} was answered {}", made.id, answer.status)));
    }
    ingest::check_found(&mut connection, &made)?;
    let process = service.process();
    Ok(vec![
        Figure::new(name, "until the first record is answered", taken.as_secs_f64(), "s").asked(Asked::AtMost(1.0)),
        Figure::new(name, "resident", memory(process, "VmRSS"), "MiB").asked(Asked::AtMost(600.0)),
        Figure::new(name, "of that its own, without mapped files", memory(process, "RssAnon"), "MiB"),
    ])
}
