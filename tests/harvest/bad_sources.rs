//! Sources that are slow, dead, endless, lying or broken: each ends with a typed fault, and nothing is deleted by mistake.

use std::io::Write;
use std::time::{Duration, Instant};

use perennial::catalogue::{HarvestOutcome, Harvested};

use super::repository::{Misbehaviour, Repository};
use super::{asking, counted, full, harvest, held, with};
use crate::support::source::{Reply, Source};
use crate::support::{Service, Store};

fn fault(report: &Harvested) -> &str {
    assert_eq!(report.outcome, HarvestOutcome::Fault, "{report:?}");
    report.fault.as_ref().map_or("none", |fault| fault.kind.as_str())
}

/// A whole copy of 50 records; then the source misbehaves after its second page, twice.
fn misbehaving(then: Misbehaviour) -> (Harvested, u64) {
    let repository = Repository::new(50, 10);
    let (_store, service) = with(&repository);
    harvest(&service);
    for _ in 0..2 {
        {
            let mut holdings = repository.change();
            (holdings.after, holdings.then, holdings.served) = (2, Some(then), 0);
        }
        full(&service);
    }
    repository.change().served = 0;
    let last = full(&service);
    (last, held(&service))
}

#[test]
fn a_listing_that_does_not_end_well_deletes_nothing() {
    for (then, expected) in [
        (Misbehaviour::RepeatsThePage, "endless"),
        (Misbehaviour::RepeatsTheToken, "endless"),
        (Misbehaviour::Fails, "http_error"),
        (Misbehaviour::IsGarbage, "parse_error"),
        (Misbehaviour::ForgetsTokens, "parse_error"),
    ] {
        let (report, held) = misbehaving(then);
        assert_eq!((fault(&report), report.counts.deleted, held), (expected, 0, 50), "{then:?}");
    }
}

#[test]
fn a_truncated_listing_is_doubted() {
    let (report, held) = misbehaving(Misbehaviour::Ends);
    assert_eq!((report.outcome, report.counts.deleted, held), (HarvestOutcome::Complete, 0, 50));
    assert!(report.doubt.as_deref().is_some_and(|doubt| doubt.contains("50 records and listed 30")), "{report:?}");
}

#[test]
fn an_empty_listing_after_a_crash_deletes_nothing() {
    let repository = Repository::new(20, 10);
    let (_store, service) = with(&repository);
    harvest(&service);
    let kept = std::mem::take(&mut repository.change().records);
    for _ in 0..3 {
        let empty = full(&service);
        assert_eq!((empty.outcome, empty.counts.deleted, held(&service)), (HarvestOutcome::Complete, 0, 20));
    }
    repository.change().records = kept;
    assert_eq!(counted(&full(&service)), [0, 0, 20, 0, 0]);
}

#[test]
fn a_source_that_lies_about_its_count_or_does_not_say_it_deletes_nothing() {
    for (claims, is_silent) in [(Some(1_000), false), (Some(3), false), (None, true)] {
        let repository = Repository::new(20, 10);
        let (_store, service) = with(&repository);
        harvest(&service);
        repository.change().records.remove("r0001");
        {
            let mut holdings = repository.change();
            (holdings.claims, holdings.is_silent) = (claims, is_silent);
        }
        for _ in 0..3 {
            let report = full(&service);
            assert_eq!((report.counts.deleted, held(&service)), (0, 20), "{report:?}");
            assert_eq!(report.doubt.is_some(), claims.is_some());
        }
    }
}

#[test]
fn what_changes_while_it_is_read_is_found_by_the_next_run() {
    let repository = Repository::new(40, 10);
    let (_store, service) = with(&repository);
    {
        let mut holdings = repository.change();
        (holdings.after, holdings.then) = (1, Some(Misbehaviour::Changes));
    }
    let first = harvest(&service);
    assert_eq!(first.outcome, HarvestOutcome::Complete);
    repository.change().then = None;
    let second = harvest(&service);
    assert_eq!(second.outcome, HarvestOutcome::Complete, "{second:?}");
    let all = repository.change().records.len() as u64;
    assert_eq!(held(&service), all);
    let path = "/api/v1/collections/harvested%3Athere%3Auncollected/products/oai%3Ar%3Ar0000";
    assert_eq!(service.get(path).json()["title"], "changed while it was read");
}

#[test]
fn one_bad_document_never_loses_the_page() {
    let repository = Repository::new(10, 5);
    let deep = format!("<a xmlns=\"urn:x\">{}{}</a>", "<b>".repeat(200), "</b>".repeat(200));
    for (number, bad) in [
        (1, "<unknown xmlns=\"urn:x\"/>"),
        (2, deep.as_str()),
        (3, "<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\"/>"),
    ] {
        repository.set(number, "2026-01-01T00:00:00Z", Some(bad));
    }
    let (_store, service) = with(&repository);
    let report = harvest(&service);
    assert_eq!(
        (report.outcome, report.counts.quarantined, report.quarantine.len()),
        (HarvestOutcome::Complete, report.in_quarantine, report.in_quarantine)
    );
    assert!(report.in_quarantine >= 2, "{report:?}");
    assert_eq!(held(&service) as usize + report.in_quarantine, 10);
    let first = &report.quarantine[0];
    assert_eq!(
        (first.id.as_str(), first.reason.contains("no format that is known")),
        ("oai:r:r0001", true),
        "{first:?}"
    );
    // Its bytes are kept with the report.
    let evidence = report.evidence.clone().expect("something to tell");
    let stored = service.get(&format!("/api/v1/records/evidence/{}", perennial::model::uri::encode(&evidence))).json();
    assert_eq!(stored["files"][0]["name"], first.sha256.as_str(), "{stored}");
    // Mended, it is taken.
    repository.set(1, "2026-01-02T00:00:00Z", Some("Mended"));
    let mended = harvest(&service);
    assert_eq!((mended.counts.new, mended.in_quarantine), (1, report.in_quarantine - 1));
}

/// A service whose source does this with every request for records.
fn doing(act: impl Fn() -> Reply + Send + Sync + 'static, limits: &str) -> (Store, Service, Source) {
    let source = Source::serving(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ => act(),
    });
    let store = Store::new();
    let service = store.serve_with(&asking());
    let record = format!(
        r#"{{"kind":"source","id":"there","protocol":"oai","url":"{}/oai","mode":"harvest","rate":1000,"limits":{limits},"harvest":{{"format":"oai_dc"}}}}"#,
        source.url
    );
    service.put("/api/v1/records/source/there", record).expect_status(201);
    (store, service, source)
}

/// What the source does, by its name, and the kind of fault.
type Case = (&'static str, fn() -> Reply, &'static str);

#[test]
fn hostile_answers_are_typed_and_bounded() {
    let small = r#"{"seconds":1,"bytes":1000000}"#;
    let slow = || Reply::raw(|_| std::thread::sleep(Duration::from_secs(8)));
    let endless = || {
        Reply::raw(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<OAI-PMH>");
            while stream.write_all(&[b' '; 65_536]).is_ok() {}
        })
    };
    let huge = || {
        Reply::raw(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n<OAI-PMH>");
            while stream.write_all(&[b' '; 65_536]).is_ok() {}
        })
    };
    let deep = || Reply::ok("text/xml", "<a>".repeat(200_000));
    let laughs = || Reply::ok("text/xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>");
    let html = || Reply::ok("text/html", "<!doctype html><html><body>not here</body></html>");
    let json = || Reply::ok("application/json", "[".repeat(100_000));
    let inward =
        || Reply::Whole { status: 302, headers: vec![("location", "file:///etc/passwd".into())], body: Vec::new() };
    let dead = || Reply::raw(|_| ());
    let cases: [Case; 10] = [
        ("slow", slow, "timeout"),
        ("endless", endless, "too_long"),
        ("10 GB", huge, "too_long"),
        ("deep", deep, "parse_error"),
        ("entities", laughs, "parse_error"),
        ("wrong type", html, "parse_error"),
        ("json", json, "parse_error"),
        ("inward", inward, "refused"),
        ("dead", dead, "unreachable"),
        ("gone", || Reply::status(410), "http_error"),
    ];
    for (name, act, expected) in cases {
        let (_store, service, _source) = doing(act, small);
        let begun = Instant::now();
        let report = harvest(&service);
        assert_eq!(fault(&report), expected, "{name}: {report:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
}

#[test]
fn robots_are_respected_unless_the_archivist_says_otherwise() {
    for (status, text, more, is_allowed) in [
        (200, "User-agent: *\nDisallow: /oai", "", false),
        (200, "User-agent: perennial\nAllow: /oai\nDisallow: /", "", true),
        (200, "User-agent: *\nDisallow: /oai", r#","harvest":{"robots":false}"#, true),
        (404, "", "", true),
        (503, "", "", false),
    ] {
        let repository = Repository::new(3, 10);
        let inner = std::sync::Arc::clone(&repository.holdings);
        let front = Source::serving(move |asked| match asked.path.as_str() {
            "/robots.txt" => Reply::Whole { status, headers: Vec::new(), body: text.into() },
            _ => super::repository::answer(&mut inner.lock().expect("no panic"), asked),
        });
        let store = Store::new();
        let service = store.serve_with(&asking());
        let record = repository.record_with("there", more).replace(&repository.source.url, &front.url);
        service.put("/api/v1/records/source/there", record).expect_status(201);
        let report = harvest(&service);
        assert_eq!(report.outcome == HarvestOutcome::Complete, is_allowed, "{text:?} {status}: {report:?}");
        assert_eq!(front.asked().iter().any(|asked| asked.path.starts_with("/oai")), is_allowed);
    }
}

#[test]
fn a_busy_source_is_asked_again_when_it_says() {
    let repository = Repository::new(3, 10);
    let inner = std::sync::Arc::clone(&repository.holdings);
    let busy = std::sync::atomic::AtomicUsize::new(0);
    let front = Source::serving(move |asked| match busy.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        2 => Reply::Whole { status: 503, headers: vec![("retry-after", "1".into())], body: Vec::new() },
        3 => Reply::status(502),
        _ => super::repository::answer(&mut inner.lock().expect("no panic"), asked),
    });
    let store = Store::new();
    let service = store.serve_with(&asking());
    let record = repository.record("there").replace(&repository.source.url, &front.url);
    service.put("/api/v1/records/source/there", record).expect_status(201);
    let begun = Instant::now();
    assert_eq!(counted(&harvest(&service)), [3, 0, 0, 0, 0]);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}
