//! Gets the pages of a listing, one after the other and no faster than the source likes: its rate, its `Retry-After` and its
//! `robots.txt` are respected, what passes by itself is tried again. Knows nothing of records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use crate::federation::Source;
use crate::federation::harvest::robots::{self, Robots};
use crate::federation::outbound::{Outbound, Request};
use crate::federation::protocol::{self, Client, Fault, From, Listing};

/// Times that a request is made again when its failure may pass.
const RETRIES: u32 = 4;
/// Longest pause that a source can ask for by `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);
/// How often a pause looks whether the service stops.
const STEP: Duration = Duration::from_millis(20);

/// How long to wait before trying again, the first time; twice as long each time after.
#[derive(Debug, Clone, Copy)]
pub struct Patience(pub Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_secs(2))
    }
}

/// What fetches for one run.
pub struct Fetch {
    pub outbound: Outbound,
    pub source: Source,
    pub patience: Patience,
    pub stop: Arc<AtomicBool>,
}

/// The service stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Fetch {
    /// Sends pages until the last one, a fault, or nobody listens.
    pub fn run(&self, mut from: From, pages: &SyncSender<Result<Listing, Fault>>) {
        let robots = match self.robots() {
            Ok(robots) => robots,
            Err(fault) => return drop(pages.send(Err(fault))),
        };
        let pause = self.source.pause().max(robots.delay.unwrap_or_default());
        let mut next = Instant::now();
        loop {
            if self.wait_until(next).is_err() {
                return;
            }
            let page = match self.page(&from, &robots) {
                Ok(Ok(page)) => Ok(page),
                Ok(Err(fault)) => Err(fault),
                Err(Stopped) => return,
            };
            next = Instant::now() + pause;
            let continuation = page.as_ref().ok().and_then(|page| page.next.clone());
            if pages.send(page).is_err() {
                return;
            }
            match continuation {
                Some(continuation) => from.page = Some(continuation),
                None => return,
            }
        }
    }

    /// One page; what may pass by itself is asked for again.
    fn page(&self, from: &From, robots: &Robots) -> Result<Result<Listing, Fault>, Stopped> {
        let adapter = protocol::adapter(&self.source);
        for attempt in 0..=RETRIES {
            let client = Client::new(&self.outbound, &self.source).within(robots);
            let fault = match adapter.list(&client, from) {
                Ok(page) => return Ok(Ok(page)),
                Err(fault) => fault,
            };
            let Some(pause) = self.retry_after(&fault, attempt).filter(|_| attempt < RETRIES) else {
                return Ok(Err(fault));
            };
            self.wait_until(Instant::now() + pause)?;
        }
        Ok(Err(Fault::Timeout))
    }

    fn retry_after(&self, fault: &Fault, attempt: u32) -> Option<Duration> {
        let patience = self.patience.0.saturating_mul(1 << attempt.min(8));
        match fault {
            Fault::HttpError { status: 429 | 503, retry_after: Some(seconds), .. } => {
                Some(Duration::from_secs(*seconds).min(MAX_RETRY_AFTER))
            }
            Fault::HttpError { status: 429 | 500 | 502 | 503 | 504, .. } | Fault::Unreachable { .. } => Some(patience),
            // It took all the time it may take: once more, in case it was busy.
            Fault::Timeout if attempt == 0 => Some(patience),
            _ => None,
        }
    }

    fn wait_until(&self, when: Instant) -> Result<(), Stopped> {
        loop {
            if self.stop.load(Ordering::Acquire) {
                return Err(Stopped);
            }
            let left = when.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(STEP));
        }
    }

    /// The rules of the source's host (RFC 9309 § 2.3.1): none where there is no file, nothing allowed where the host fails.
    fn robots(&self) -> Result<Robots, Fault> {
        if self.source.harvest.robots == Some(false) {
            return Ok(Robots::open());
        }
        let Some(url) = crate::model::uri::join(&self.source.url, "/robots.txt") else { return Ok(Robots::open()) };
        let mut limits = self.source.limits();
        limits.bytes = limits.bytes.max(robots::MAX_BYTES as u64);
        let asked = self.outbound.send(&Request {
            url: &url,
            headers: &[("accept", "text/plain, */*;q=0.1")],
            body: None,
            limits,
        });
        let response = asked.map_err(Fault::from)?;
        Ok(match response.status {
            200..300 => {
                let body = response.body.get(..robots::MAX_BYTES).unwrap_or(&response.body);
                Robots::read(&String::from_utf8_lossy(body))
            }
            500..600 => Robots::closed(),
            _ => Robots::open(),
        })
    }
}
