//! Asks several at once and waits for none of them longer than the deadline. What is asked, and what becomes of an answer, is
//! the caller's: a task is a closure that gets its deadline.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Threads that may ask at once, of all searches together. One that was given up keeps its place until it ends, which its
/// own deadline makes it do.
pub const MOST_AT_ONCE: usize = 64;

/// One question.
pub struct Task<T> {
    /// Its share of the time.
    pub budget: Duration,
    /// Asks; gets the instant at which nobody waits any more.
    pub ask: Box<dyn FnOnce(Instant) -> T + Send>,
}

/// How a question ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended<T> {
    Answered(T),
    /// Nobody waits for it any more.
    Late,
    /// There was no thread for it.
    NoPlace,
    /// It broke off: a fault of ours.
    Broken,
}

/// The threads in use.
#[derive(Debug, Clone, Default)]
pub struct Places(Arc<AtomicUsize>);

impl Places {
    fn take(&self) -> Option<Place> {
        let place = Place(Arc::clone(&self.0));
        // What was taken in vain is given back by dropping it.
        (self.0.fetch_add(1, Ordering::AcqRel) < MOST_AT_ONCE).then_some(place)
    }
}

struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Asks all, each on a thread of its own, and returns as soon as all have answered or the deadline has passed. The answers
/// stand in the order of the tasks, each with the time that it took.
pub fn fan_out<T: Send + 'static>(
    tasks: Vec<Task<T>>,
    deadline: Instant,
    places: &Places,
) -> Vec<(Ended<T>, Duration)> {
    let begun = Instant::now();
    let (sender, receiver) = mpsc::channel();
    let mut ends: Vec<Option<(Ended<T>, Duration)>> = Vec::with_capacity(tasks.len());
    let mut waiting = 0;
    for (at, task) in tasks.into_iter().enumerate() {
        let is_asked = places.take().is_some_and(|place| start(at, task, deadline, place, sender.clone()));
        waiting += usize::from(is_asked);
        ends.push((!is_asked).then_some((Ended::NoPlace, Duration::ZERO)));
    }
    drop(sender);
    while waiting > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok((at, answer)) = receiver.recv_timeout(left) else { break };
        waiting -= 1;
        if let Some(end) = ends.get_mut(at) {
            *end = Some((answer, begun.elapsed()));
        }
    }
    ends.into_iter().map(|end| end.unwrap_or_else(|| (Ended::Late, begun.elapsed()))).collect()
}

fn start<T: Send + 'static>(
    at: usize,
    task: Task<T>,
    deadline: Instant,
    place: Place,
    sender: mpsc::Sender<(usize, Ended<T>)>,
) -> bool {
    let until = deadline.min(Instant::now() + task.budget);
    let run = move || {
        let _place = place;
        let answer = catch_unwind(AssertUnwindSafe(|| (task.ask)(until))).map_or(Ended::Broken, Ended::Answered);
        // Nobody may be listening any more.
        let _ = sender.send((at, answer));
    };
    thread::Builder::new().name("federation".to_owned()).spawn(run).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(ask: impl FnOnce(Instant) -> u32 + Send + 'static) -> Task<u32> {
        Task { budget: Duration::from_secs(60), ask: Box::new(ask) }
    }

    #[test]
    fn answers_stand_in_order_and_the_late_are_not_waited_for() {
        let (release, held) = mpsc::channel::<()>();
        let tasks = vec![
            task(|_| 1),
            task(move |_| {
                let _ = held.recv();
                2
            }),
            task(|_| panic!("a fault")),
            task(|_| 4),
        ];
        // Telling of the fault takes its time where many tests run at once.
        let deadline = Instant::now() + Duration::from_secs(3);
        let ends = fan_out(tasks, deadline, &Places::default());
        let ends: Vec<Ended<u32>> = ends.into_iter().map(|(end, _)| end).collect();
        assert_eq!(ends, [Ended::Answered(1), Ended::Late, Ended::Broken, Ended::Answered(4)]);
        drop(release);
    }

    #[test]
    fn a_task_learns_its_own_deadline() {
        let ask = |until: Instant| u32::from(until <= Instant::now() + Duration::from_millis(200));
        let short = Task { budget: Duration::from_millis(100), ask: Box::new(ask) };
        let ends = fan_out(vec![short], Instant::now() + Duration::from_secs(30), &Places::default());
        assert!(matches!(ends.as_slice(), [(Ended::Answered(1), _)]));
    }

    #[test]
    fn more_than_there_are_places_for_are_not_started() {
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        let waits = || {
            let held = Arc::clone(&held);
            task(move |_| {
                let _ = held.lock().map(|held| held.recv());
                0
            })
        };
        let places = Places::default();
        let tasks = (0..MOST_AT_ONCE + 3).map(|_| waits()).collect();
        let ends = fan_out(tasks, Instant::now() + Duration::from_millis(50), &places);
        assert_eq!(ends.iter().filter(|(end, _)| *end == Ended::NoPlace).count(), 3);
        assert_eq!(ends.iter().filter(|(end, _)| *end == Ended::Late).count(), MOST_AT_ONCE);
        drop(release);
    }
}
