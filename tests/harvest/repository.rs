//! A repository of OAI-PMH in memory, which a test can change, and which can misbehave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::support::source::{Asked, Reply, Source};

const ENVELOPE: &str = "<?xml version=\"1.0\"?>\n<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\">";

/// What it holds and how it behaves.
#[derive(Debug, Default)]
pub struct Holdings {
    /// Time of the last change, and the title; no title is a tombstone.
    pub records: BTreeMap<String, (String, Option<String>)>,
    pub page: usize,
    /// The time by its clock.
    pub now: String,
    /// What it says that its list holds, if not the truth.
    pub claims: Option<usize>,
    /// It says nothing of how many there are.
    pub is_silent: bool,
    /// Pages after which it does something else.
    pub after: usize,
    pub then: Option<Misbehaviour>,
    /// Requests for lists so far.
    pub served: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    RepeatsThePage,
    RepeatsTheToken,
    Ends,
    Fails,
    IsGarbage,
    ForgetsTokens,
    /// Adds and changes records while it is read.
    Changes,
}

/// The repository.
pub struct Repository {
    pub holdings: Arc<Mutex<Holdings>>,
    pub source: Source,
}

impl Repository {
    /// With so many records, `r0000` and on, in pages of so many.
    pub fn new(records: usize, page: usize) -> Self {
        let mut holdings = Holdings { page, now: "2026-01-02T00:00:00Z".into(), ..Holdings::default() };
        for number in 0..records {
            let title = format!("Scene {number}");
            holdings.records.insert(id(number), ("2026-01-01T00:00:00Z".into(), Some(title)));
        }
        let holdings = Arc::new(Mutex::new(holdings));
        let shared = Arc::clone(&holdings);
        let source = Source::serving(move |asked| answer(&mut shared.lock().expect("no panic"), asked));
        Self { holdings, source }
    }

    pub fn change(&self) -> MutexGuard<'_, Holdings> {
        self.holdings.lock().expect("no panic")
    }

    /// Gives a record a title, or a tombstone, at a time by its clock.
    pub fn set(&self, number: usize, time: &str, title: Option<&str>) {
        self.change().records.insert(id(number), (time.to_owned(), title.map(str::to_owned)));
    }

    /// The record of this repository as a source.
    pub fn record(&self, id: &str) -> String {
        self.record_with(id, "")
    }

    pub fn record_with(&self, id: &str, more: &str) -> String {
        let url = &self.source.url;
        format!(
            r#"{{"kind":"source","id":"{id}","protocol":"oai","url":"{url}/oai","mode":"harvest","rate":1000{more}}}"#
        )
    }
}

pub fn id(number: usize) -> String {
    format!("r{number:04}")
}

pub fn answer(holdings: &mut Holdings, asked: &Asked) -> Reply {
    let verb = asked.parameter("verb").unwrap_or_default();
    let body = match verb.as_str() {
        "Identify" => {
            "<Identify><repositoryName>r</repositoryName><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
                .to_owned()
        }
        "ListMetadataFormats" => {
            "<ListMetadataFormats><metadataFormat><metadataPrefix>marc</metadataPrefix></metadataFormat>\
            <metadataFormat><metadataPrefix>oai_dc</metadataPrefix></metadataFormat></ListMetadataFormats>"
                .to_owned()
        }
        "ListRecords" => return records(holdings, asked),
        _ if asked.path == "/robots.txt" => return Reply::status(404),
        _ => "<error code=\"badVerb\">no</error>".to_owned(),
    };
    Reply::ok("text/xml", format!("{ENVELOPE}<responseDate>{}</responseDate>{body}</OAI-PMH>", holdings.now))
}

fn records(holdings: &mut Holdings, asked: &Asked) -> Reply {
    holdings.served += 1;
    let token = asked.parameter("resumptionToken");
    let (mut start, since) = match &token {
        Some(token) => {
            let (start, since) = token.split_once('@').expect("a token of ours");
            (start.parse::<usize>().expect("a number"), since.to_owned())
        }
        None => (0, asked.parameter("from").unwrap_or_default()),
    };
    let acts = holdings.then.filter(|_| start >= holdings.after * holdings.page && holdings.served > holdings.after);
    match acts {
        Some(Misbehaviour::Fails) => return Reply::status(500),
        Some(Misbehaviour::IsGarbage) => return Reply::ok("text/html", "<html><body>Sorry<br></body>"),
        Some(Misbehaviour::ForgetsTokens) if token.is_some() => {
            let error = "<error code=\"badResumptionToken\">expired</error>";
            return Reply::ok("text/xml", format!("{ENVELOPE}{error}</OAI-PMH>"));
        }
        Some(Misbehaviour::RepeatsThePage) => start = start.saturating_sub(holdings.page),
        Some(Misbehaviour::Changes) => {
            let number = holdings.records.len();
            let now = holdings.now.clone();
            holdings.records.insert(id(number), (now.clone(), Some("came while it was read".into())));
            holdings.records.insert(id(0), (now, Some("changed while it was read".into())));
        }
        _ => {}
    }
    let fitting: Vec<_> = holdings.records.iter().filter(|(_, (time, _))| *time >= since).collect();
    if fitting.is_empty() {
        let error = "<error code=\"noRecordsMatch\">none</error>";
        return Reply::ok(
            "text/xml",
            format!("{ENVELOPE}<responseDate>{}</responseDate>{error}</OAI-PMH>", holdings.now),
        );
    }
    let mut body = format!("{ENVELOPE}<responseDate>{}</responseDate><ListRecords>", holdings.now);
    for (id, (time, title)) in fitting.iter().skip(start).take(holdings.page) {
        let status = if title.is_none() { " status=\"deleted\"" } else { "" };
        body.push_str(&format!(
            "<record><header{status}><identifier>oai:r:{id}</identifier><datestamp>{time}</datestamp></header>"
        ));
        match title.as_deref() {
            Some(raw) if raw.starts_with('<') => body.push_str(&format!("<metadata>{raw}</metadata>")),
            Some(title) => body.push_str(&format!("<metadata>{}</metadata>", dublin_core(id, title))),
            None => {}
        }
        body.push_str("</record>");
    }
    let (shown, all) = (start + holdings.page, holdings.claims.unwrap_or(fitting.len()));
    let size = if holdings.is_silent { String::new() } else { format!(" completeListSize=\"{all}\"") };
    let next = match acts {
        Some(Misbehaviour::Ends) => String::new(),
        Some(Misbehaviour::RepeatsTheToken) => format!("{start}@{since}"),
        Some(Misbehaviour::RepeatsThePage) => format!("{}@{since}", shown + holdings.served),
        _ if shown < fitting.len() => format!("{shown}@{since}"),
        _ => String::new(),
    };
    body.push_str(&format!("<resumptionToken{size}>{next}</resumptionToken></ListRecords></OAI-PMH>"));
    Reply::ok("text/xml; charset=utf-8", body)
}

/// A record of unqualified Dublin Core.
pub fn dublin_core(id: &str, title: &str) -> String {
    format!(
        "<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <dc:title>{title}</dc:title><dc:identifier>{id}</dc:identifier><dc:date>2020-01-01</dc:date><dc:type>Dataset</dc:type></oai_dc:dc>"
    )
}
