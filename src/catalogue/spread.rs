//! Work on the records of one page on several threads, while the machine has cores to spare. Changes nothing but the time.

use super::Catalogue;

/// Records that one thread takes at least: starting a thread takes as long as reading a few.
const LEAST: usize = 24;
/// Most threads for one page.
const MOST: usize = 4;

impl Catalogue {
    /// The outcomes of some work on each of these, in their order.
    pub fn spread<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let threads = self.gate.spare_cores().min(items.len() / LEAST).min(MOST);
        on_threads(threads, items, &work)
    }
}

fn on_threads<T: Sync, R: Send>(threads: usize, items: &[T], work: &(impl Fn(&T) -> R + Sync)) -> Vec<R> {
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let (own, others) = items.split_at(items.len() / threads);
    let others = others.chunks(others.len().div_ceil(threads - 1).max(1));
    std::thread::scope(|scope| {
        let run = |part: &[T]| part.iter().map(work).collect::<Vec<R>>();
        let mut started = Vec::with_capacity(threads);
        for part in others {
            match std::thread::Builder::new().spawn_scoped(scope, move || run(part)) {
                Ok(thread) => started.push((part, Some(thread))),
                // Without a thread to be had the work is done here.
                Err(_) => started.push((part, None)),
            }
        }
        let mut outcomes = run(own);
        for (part, thread) in started {
            match thread.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(done)) => outcomes.extend(done),
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                None => outcomes.extend(run(part)),
            }
        }
        outcomes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_in_order_on_any_number_of_threads() {
        for threads in 0..6 {
            for count in [0, 1, 2, 3, 7, 100, 101] {
                let items: Vec<usize> = (0..count).collect();
                let squares = on_threads(threads, &items, &|item: &usize| item * item);
                assert!(squares.into_iter().eq((0..count).map(|item| item * item)), "{threads} {count}");
            }
        }
    }
}
