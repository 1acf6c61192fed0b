//! Descriptions of services (landing pages, description documents), kept for some minutes: each search needs them and they
//! change seldom. A failure is not kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Fault;

/// How long one is believed.
const KEPT: Duration = Duration::from_secs(600);
/// Most kept, and most bytes of one that is.
const MAX_KEPT: usize = 500;
const MAX_BYTES: usize = 1 << 20;

type Kept = HashMap<String, (Instant, Arc<Vec<u8>>)>;

/// Descriptions by their addresses.
#[derive(Debug, Default)]
pub struct Descriptions(Mutex<Kept>);

impl Descriptions {
    /// The description that is kept, or what is fetched. Nobody waits for another's fetch.
    ///
    /// # Errors
    /// Those of fetching.
    pub fn get_or(
        &self,
        url: &str,
        now: Instant,
        fetch: impl FnOnce() -> Result<Arc<Vec<u8>>, Fault>,
    ) -> Result<Arc<Vec<u8>>, Fault> {
        if let Some((since, body)) = self.lock().get(url)
            && now.saturating_duration_since(*since) < KEPT
        {
            return Ok(Arc::clone(body));
        }
        let body = fetch()?;
        let mut kept = self.lock();
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (since, _)| now.saturating_duration_since(*since) < KEPT);
        }
        if kept.len() < MAX_KEPT && body.len() <= MAX_BYTES {
            kept.insert(url.to_owned(), (now, Arc::clone(&body)));
        }
        Ok(body)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_kept_for_a_while_and_a_failure_is_not() {
        let (kept, now) = (Descriptions::default(), Instant::now());
        let body = |text: &str| Ok(Arc::new(text.as_bytes().to_vec()));
        assert!(kept.get_or("a", now, || Err(Fault::Timeout)).is_err());
        assert_eq!(*kept.get_or("a", now, || body("1")).expect("fetched"), b"1");
        assert_eq!(*kept.get_or("a", now, || body("2")).expect("kept"), b"1");
        assert_eq!(*kept.get_or("a", now + KEPT, || body("3")).expect("fetched"), b"3");
    }
}
