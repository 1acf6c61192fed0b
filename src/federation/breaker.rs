//! Circuit breakers: a source that keeps failing is left alone for a while, so that it costs those who search nothing. Reads
//! no clock and asks nobody; the caller says what time it is and what became of a question.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::outcome::Outcome;

/// So many failures in a row open the breaker; a failure that cost its whole time counts as so many.
pub const FAILURES: u32 = 3;
/// The first pause; each further one is twice as long.
pub const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A source that had less time than this before it was given up has not shown that it is slow.
pub const FAIR_TIME: Duration = Duration::from_secs(1);
/// Most sources remembered.
const MAX_SOURCES: usize = 10_000;

/// How a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The source is asked.
    Closed,
    /// One question is let through to see whether the source is back.
    HalfOpen,
    /// The source is not asked for this long.
    Open { left: Duration },
}

impl Standing {
    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open { .. } => "open",
        }
    }
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Pauses since the last success.
    pauses: u32,
    open_until: Option<Instant>,
    /// When the one question of a half-open breaker was let through.
    trial: Option<Instant>,
    last: Option<(Outcome, Duration)>,
}

/// The breakers of all sources, by their ids.
#[derive(Debug, Default)]
pub struct Breakers {
    states: Mutex<HashMap<String, State>>,
}

impl Breakers {
    /// Whether a source may be asked now. Of those who ask while it is half open, one is let through.
    ///
    /// # Errors
    /// How long it is left alone.
    pub fn admit(&self, source: &str, now: Instant) -> Result<(), Duration> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = states.get_mut(source) else { return Ok(()) };
        match state.standing(now) {
            Standing::Closed => Ok(()),
            Standing::Open { left } => Err(left),
            Standing::HalfOpen => {
                // A trial that never reported back, because its thread was given up, does not close the door for ever.
                if let Some(begun) = state.trial
                    && now.saturating_duration_since(begun) < FIRST_PAUSE
                {
                    return Err(FIRST_PAUSE.saturating_sub(now.saturating_duration_since(begun)));
                }
                state.trial = Some(now);
                Ok(())
            }
        }
    }

    /// Takes note of what became of a question that was let through, and how long it took.
    pub fn report(&self, source: &str, outcome: &Outcome, elapsed: Duration, now: Instant) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= MAX_SOURCES && !states.contains_key(source) {
            return;
        }
        let state = states.entry(source.to_owned()).or_default();
        state.last = Some((outcome.clone(), elapsed));
        let was_trial = state.trial.take().is_some();
        match weight(outcome, elapsed) {
            None => {}
            Some(0) => *state = State { last: state.last.take(), ..State::default() },
            Some(weight) => {
                state.failures = if was_trial { FAILURES } else { state.failures.saturating_add(weight) };
                if state.failures >= FAILURES {
                    let pause = FIRST_PAUSE.saturating_mul(1 << state.pauses.min(16)).max(wished(outcome));
                    let pause = pause.min(LONGEST_PAUSE);
                    state.open_until = Some(now + pause);
                    state.pauses = state.pauses.saturating_add(1);
                    state.failures = 0;
                }
            }
        }
    }

    /// How the breaker of a source stands, and what became of the last question.
    pub fn standing(&self, source: &str, now: Instant) -> (Standing, Option<(Outcome, Duration)>) {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.get(source).map_or((Standing::Closed, None), |state| (state.standing(now), state.last.clone()))
    }

    /// Forgets a source, because its description changed.
    pub fn forget(&self, source: &str) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }
}

impl State {
    fn standing(&self, now: Instant) -> Standing {
        match self.open_until {
            None => Standing::Closed,
            Some(until) if until > now => Standing::Open { left: until.saturating_duration_since(now) },
            Some(_) => Standing::HalfOpen,
        }
    }
}

/// The pause that a source asked for.
fn wished(outcome: &Outcome) -> Duration {
    match outcome {
        Outcome::HttpError { retry_after: Some(seconds), .. } => Duration::from_secs(*seconds),
        _ => Duration::ZERO,
    }
}

/// How much an outcome counts: 0 for a source that is well, none for what says nothing about it.
fn weight(outcome: &Outcome, elapsed: Duration) -> Option<u32> {
    match outcome {
        Outcome::Ok | Outcome::Truncated => Some(0),
        // Whoever searches next would wait as long.
        Outcome::Timeout if elapsed >= FAIR_TIME => Some(FAILURES),
        Outcome::Timeout => None,
        Outcome::Unreachable { .. } | Outcome::HttpError { status: 429, .. } => Some(FAILURES),
        Outcome::HttpError { retry_after: Some(_), .. } => Some(FAILURES),
        Outcome::HttpError { status: 500.., .. } | Outcome::ParseError { .. } => Some(1),
        // About this question, not about the source.
        Outcome::HttpError { .. }
        | Outcome::Unsupported { .. }
        | Outcome::BreakerOpen { .. }
        | Outcome::Loop
        | Outcome::Refused { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Duration = Duration::from_secs(5);

    fn broken() -> Outcome {
        Outcome::ParseError { reason: "x".to_owned() }
    }

    fn status(status: u16, retry_after: Option<u64>) -> Outcome {
        Outcome::HttpError { status, reason: None, retry_after }
    }

    #[test]
    fn a_source_that_names_a_pause_is_given_it() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        breakers.report("a", &status(503, Some(60)), SLOW, now);
        assert_eq!(breakers.admit("a", now), Err(Duration::from_secs(60)));
        breakers.report("b", &status(429, Some(86_400)), SLOW, now);
        assert_eq!(breakers.admit("b", now), Err(LONGEST_PAUSE), "but not for ever");
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_closes_it() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        for _ in 0..FAILURES - 1 {
            breakers.report("a", &broken(), SLOW, now);
        }
        assert_eq!(breakers.admit("a", now), Ok(()));
        breakers.report("a", &Outcome::Ok, SLOW, now);
        for _ in 0..FAILURES - 1 {
            breakers.report("a", &broken(), SLOW, now);
        }
        assert_eq!(breakers.admit("a", now), Ok(()), "they were not in a row");
        breakers.report("a", &broken(), SLOW, now);
        assert_eq!(breakers.admit("a", now), Err(FIRST_PAUSE));
        assert_eq!(breakers.admit("b", now), Ok(()), "another source");
    }

    #[test]
    fn a_timeout_opens_it_at_once_unless_the_source_had_no_time() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        breakers.report("hurried", &Outcome::Timeout, Duration::from_millis(50), now);
        assert_eq!(breakers.admit("hurried", now), Ok(()));
        breakers.report("slow", &Outcome::Timeout, SLOW, now);
        assert!(breakers.admit("slow", now).is_err());
    }

    #[test]
    fn after_the_pause_one_question_is_let_through_and_the_next_pause_is_longer() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        breakers.report("a", &Outcome::Timeout, SLOW, now);
        let later = now + FIRST_PAUSE;
        assert_eq!(breakers.standing("a", later).0, Standing::HalfOpen);
        assert_eq!(breakers.admit("a", later), Ok(()));
        assert!(breakers.admit("a", later).is_err(), "one only");
        breakers.report("a", &broken(), SLOW, later);
        assert_eq!(breakers.admit("a", later), Err(2 * FIRST_PAUSE));
        let last = later + 2 * FIRST_PAUSE;
        assert_eq!(breakers.admit("a", last), Ok(()));
        breakers.report("a", &Outcome::Ok, SLOW, last);
        assert_eq!(breakers.standing("a", last), (Standing::Closed, Some((Outcome::Ok, SLOW))));
    }

    #[test]
    fn a_trial_that_never_comes_back_does_not_close_the_door() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        breakers.report("a", &Outcome::Timeout, SLOW, now);
        let later = now + FIRST_PAUSE;
        assert_eq!(breakers.admit("a", later), Ok(()));
        assert_eq!(breakers.admit("a", later + FIRST_PAUSE), Ok(()));
    }

    #[test]
    fn what_a_question_did_wrong_is_not_held_against_the_source() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        for outcome in [status(400, None), Outcome::Loop, Outcome::Unsupported { reason: "x".into() }] {
            (0..10).for_each(|_| breakers.report("a", &outcome, SLOW, now));
        }
        assert_eq!(breakers.admit("a", now), Ok(()));
    }
}
