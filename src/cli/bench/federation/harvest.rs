//! Harvests of a repository that lives in this process: all of it, nothing new, and one record in a hundred changed.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::NAME;
use crate::catalogue::{Address, Caller, Catalogue, HarvestOutcome, HarvestWish, Harvested, Intent, Options, Settings};
use crate::cli::Failure;
use crate::cli::bench::figure::{Asked, Figure};
use crate::cli::bench::{Bed, store};
use crate::federation::outbound;
use crate::model::{Key, Kind, RecordId};

/// Records of the repository, as many as the figures are asked for.
const RECORDS: u64 = 50_000;
/// Records of a page.
const PAGE: usize = 500;
/// Of so many records one changes.
const CHANGED: usize = 100;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let records = usize::try_from(bed.records.min(RECORDS)).unwrap_or(PAGE);
    let origin = Origin::start(records)?;
    let scratch = store::scratch(bed, "harvest")?;
    let outbound = outbound::Settings { allow_private: true, ..outbound::Settings::default() };
    let settings = Settings { outbound, ..Settings::default() };
    let catalogue = Catalogue::open(&scratch.join("store"), &Options { settings, ..Options::default() })?;
    let done = measure(&catalogue, &origin, records);
    catalogue.close();
    done
}

fn measure(catalogue: &Arc<Catalogue>, origin: &Origin, records: usize) -> Result<Vec<Figure>, Failure> {
    let id = RecordId::parse("origin").map_err(|error| Failure::store(error.to_string()))?;
    let record = format!(
        r#"{{"kind":"source","id":"origin","protocol":"oai","url":"{}","mode":"harvest","rate":1000}}"#,
        origin.url
    );
    let key = Key { kind: Kind::Source, collection: None, id: id.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(catalogue.put(&Address::of(&key), &record, Intent::Put, Caller::default()))?;
    let full = HarvestWish { full: true, ..HarvestWish::default() };
    let (first, all) = timed(catalogue, &id, HarvestWish::default())?;
    expect(&first, [records, 0, 0])?;
    let (same, nothing) = timed(catalogue, &id, full)?;
    expect(&same, [0, 0, records])?;
    let changed = origin.change();
    let (changes, incremental) = timed(catalogue, &id, HarvestWish::default())?;
    expect(&changes, [0, changed, 0])?;
    let changed = origin.change();
    let (again, whole) = timed(catalogue, &id, full)?;
    expect(&again, [0, changed, records - changed])?;
    let is_asked = records as u64 == RECORDS;
    let what = |what: &str| format!("harvest, {what}");
    Ok(vec![
        Figure::new(NAME, what("all records: archive, records and text"), records as f64 / all, "records/s")
            .asked_if(is_asked, Asked::AtLeast(3_000.0)),
        Figure::new(NAME, what("listed again, nothing new"), nothing, "s"),
        Figure::new(NAME, what("1 % changed, asked for changes"), incremental, "s")
            .asked_if(is_asked, Asked::AtMost(5.0)),
        Figure::new(NAME, what("1 % changed, everything listed"), whole, "s").asked_if(is_asked, Asked::AtMost(5.0)),
    ])
}

fn timed(catalogue: &Catalogue, id: &RecordId, wish: HarvestWish) -> Result<(Harvested, f64), Failure> {
    let started = Instant::now();
    let report = catalogue.harvest(id, wish)?;
    Ok((report, started.elapsed().as_secs_f64()))
}

/// New, changed and unchanged.
fn expect(report: &Harvested, expected: [usize; 3]) -> Result<(), Failure> {
    let counts = report.counts;
    if report.outcome == HarvestOutcome::Complete && [counts.new, counts.changed, counts.unchanged] == expected {
        return Ok(());
    }
    Err(Failure::store(format!("the harvest was to be {expected:?} and was {report:?}")))
}

/// What the repository answers.
#[derive(Default)]
struct Pages {
    records: usize,
    /// How often it changed.
    version: usize,
    whole: Vec<String>,
    /// What changed the last time.
    changes: Vec<String>,
}

struct Origin {
    url: String,
    pages: Arc<Mutex<Pages>>,
}

impl Origin {
    fn start(records: usize) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/oai", listener.local_addr()?);
        let pages = Arc::new(Mutex::new(Pages { records, ..Pages::default() }));
        let shared = Arc::clone(&pages);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // Whoever goes away in the middle ends its connection.
                std::thread::spawn(move || drop(serve(&stream, &shared)));
            }
        });
        let origin = Self { url, pages };
        origin.render();
        Ok(origin)
    }

    /// Changes some records; how many.
    fn change(&self) -> usize {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).version += 1;
        self.render()
    }

    fn render(&self) -> usize {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let (records, version) = (pages.records, pages.version);
        let changes: Vec<usize> = (0..records).filter(|number| number % CHANGED == version).collect();
        pages.whole = render(&(0..records).collect::<Vec<_>>(), version, "w");
        pages.changes = render(&changes, version, "c");
        changes.len()
    }
}

/// Days go by with the versions, so that what changed is later than the checkpoint.
fn day(version: usize) -> String {
    format!("2026-01-{:02}T00:00:00Z", 2 * version + 1)
}

fn envelope(version: usize, body: &str) -> String {
    let date = format!("2026-01-{:02}T00:00:00Z", 2 * version + 2);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\">\
         <responseDate>{date}</responseDate>{body}</OAI-PMH>"
    )
}

fn render(numbers: &[usize], version: usize, list: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for (page, part) in numbers.chunks(PAGE).enumerate() {
        let mut body = "<ListRecords>".to_owned();
        for number in part {
            // The latest version that changed this record.
            let own = (0..=version).rev().find(|version| number % CHANGED == *version).unwrap_or(0);
            body.push_str(&record(*number, if number % CHANGED == 0 { 0 } else { own }));
        }
        let next = if (page + 1) * PAGE < numbers.len() { format!("{list}{}", page + 1) } else { String::new() };
        let size = numbers.len();
        let _ = write!(body, "<resumptionToken completeListSize=\"{size}\">{next}</resumptionToken></ListRecords>");
        pages.push(envelope(version, &body));
    }
    pages
}

fn record(number: usize, version: usize) -> String {
    let (mission, west) = (["Envisat", "Cassini", "Rosetta", "Landsat 8"][number % 4], number % 350);
    format!(
        "<record><header><identifier>oai:origin:{number:06}</identifier><datestamp>{}</datestamp></header><metadata>\
         <oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <dc:title>{mission} observation {number} of the northern hemisphere, version {version}</dc:title>\
         <dc:identifier>urn:origin:{number}</dc:identifier><dc:creator>Instrument team {}</dc:creator>\
         <dc:subject>ice</dc:subject><dc:subject>radiance</dc:subject><dc:publisher>Archive</dc:publisher>\
         <dc:description>Calibrated radiances at longitude {west}, with quality flags and geolocation, as delivered by the \
         ground segment and checked on arrival; orbit {}.</dc:description><dc:date>2011-{:02}-{:02}</dc:date>\
         <dc:type>Dataset</dc:type><dc:format>application/x-netcdf</dc:format><dc:rights>CC-BY-4.0</dc:rights></oai_dc:dc>\
         </metadata></record>",
        day(version),
        number % 17,
        number / 14,
        number % 12 + 1,
        number % 28 + 1,
    )
}

/// Answers requests on a connection until it ends.
fn serve(stream: &TcpStream, pages: &Mutex<Pages>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let body = answer(&first, &pages.lock().unwrap_or_else(PoisonError::into_inner));
        let status = if body.is_empty() { "404 Not Found" } else { "200 OK" };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {length}\r\n\r\n");
        let mut writer = stream;
        writer.write_all(head.as_bytes())?;
        writer.write_all(body.as_bytes())?;
    }
}

fn answer(request: &str, pages: &Pages) -> String {
    let page_of = |list: &[String], token: &str| {
        let number = token.split([' ', '&']).next().and_then(|number| number.parse::<usize>().ok());
        number.and_then(|number| list.get(number).cloned()).unwrap_or_default()
    };
    if let Some((_, token)) = request.split_once("resumptionToken=w") {
        return page_of(&pages.whole, token);
    }
    if let Some((_, token)) = request.split_once("resumptionToken=c") {
        return page_of(&pages.changes, token);
    }
    match request {
        _ if request.contains("verb=Identify") => {
            envelope(pages.version, "<Identify><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>")
        }
        _ if request.contains("verb=ListMetadataFormats") => envelope(
            pages.version,
            "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix></metadataFormat></ListMetadataFormats>",
        ),
        _ if request.contains("verb=ListRecords") && request.contains("from=") => page_of(&pages.changes, "0"),
        _ if request.contains("verb=ListRecords") => page_of(&pages.whole, "0"),
        _ => String::new(),
    }
}
