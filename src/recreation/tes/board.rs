//! All tasks that the service knows, and how each stands. Runs nothing and keeps nothing beyond the process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::check::Order;
use super::wire::{ExecutorLog, OutputLog, State, Task, TaskLog, View};
use crate::model::Instant;
use crate::recreation::perform::Cancel;

/// Tasks kept; the oldest that are finished go first.
pub(super) const MAX_TASKS: usize = 10_000;
/// Bytes of all tasks kept together, as they came and with what their programs said.
const MAX_BYTES: usize = 256 << 20;
/// Bytes of the tasks of one page; a page may hold fewer tasks than asked for.
const PAGE_BYTES: usize = 8 << 20;

/// Which tasks are listed.
#[derive(Debug, Clone)]
pub struct Filter {
    pub name_prefix: Option<String>,
    pub state: Option<State>,
    /// Each key must be there; with a value that is not empty, it must have this one.
    pub tags: Vec<(String, String)>,
    pub page_size: usize,
    /// Only tasks older than the one with this number.
    pub before: Option<u64>,
    pub view: View,
}

/// Some tasks, newest first.
#[derive(Debug)]
pub struct Page {
    pub tasks: Vec<Task>,
    /// `before` of the next page, if there is one.
    pub next: Option<u64>,
}

/// How a task ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) state: State,
    pub(super) exit_code: Option<i32>,
    /// What the program said on both streams.
    pub(super) said: String,
    pub(super) outputs: Vec<OutputLog>,
    pub(super) system_logs: Vec<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Entry {
    task: Arc<Task>,
    order: Arc<Order>,
    state: State,
    log: TaskLog,
    created: Instant,
    cancel: Cancel,
    bytes: usize,
}

/// A task that a runner has taken.
pub(super) struct Taken {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) task: Arc<Task>,
    pub(super) order: Arc<Order>,
    pub(super) cancel: Cancel,
}

/// All tasks.
#[derive(Debug, Default)]
pub(super) struct Board {
    entries: BTreeMap<u64, Entry>,
    numbers: HashMap<String, u64>,
    waiting: VecDeque<u64>,
    next: u64,
    bytes: usize,
}

impl Entry {
    fn shown(&self, view: View) -> Task {
        let mut task = self.task.seen(view);
        task.state = Some(self.state);
        if view != View::Minimal {
            task.creation_time = Some(self.created.to_string());
            if self.log.start_time.is_some() || self.log.end_time.is_some() {
                task.logs = vec![self.log.clone()];
            }
            task = task.seen(view);
        }
        task
    }

    fn matches(&self, filter: &Filter) -> bool {
        let name = self.task.name.as_deref().unwrap_or_default();
        let has = |(key, value): &(String, String)| {
            self.task.tags.get(key).is_some_and(|found| value.is_empty() || found == value)
        };
        filter.name_prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
            && filter.state.is_none_or(|state| self.state == state)
            && filter.tags.iter().all(has)
    }

    fn end(&mut self, state: State, now: Instant) {
        self.state = state;
        self.log.end_time = Some(now.to_string());
    }
}

impl Board {
    /// Adds a task of so many bytes; `None` when there is no room and nothing finished that could go.
    pub(super) fn add(&mut self, task: Task, order: Order, bytes: usize, now: Instant) -> Option<String> {
        self.make_room(1, bytes);
        if self.entries.len() >= MAX_TASKS || self.bytes + bytes > MAX_BYTES {
            return None;
        }
        let id = task.id.clone()?;
        let number = self.next;
        self.next += 1;
        self.bytes += bytes;
        self.numbers.insert(id.clone(), number);
        let (task, order) = (Arc::new(task), Arc::new(order));
        let (log, cancel) = (TaskLog::default(), Cancel::default());
        self.entries.insert(number, Entry { task, order, state: State::Queued, log, created: now, cancel, bytes });
        self.waiting.push_back(number);
        Some(id)
    }

    /// Lets the oldest finished tasks go until so much fits.
    fn make_room(&mut self, tasks: usize, bytes: usize) {
        while self.entries.len() + tasks > MAX_TASKS || self.bytes + bytes > MAX_BYTES {
            let oldest = self.entries.iter().find(|(_, entry)| entry.state.is_final()).map(|(number, _)| *number);
            let Some(entry) = oldest.and_then(|number| self.entries.remove(&number)) else { return };
            self.bytes -= entry.bytes;
            self.numbers.remove(entry.task.id.as_deref().unwrap_or_default());
        }
    }

    pub(super) fn get(&self, id: &str, view: View) -> Option<Task> {
        Some(self.entries.get(self.numbers.get(id)?)?.shown(view))
    }

    pub(super) fn list(&self, filter: &Filter) -> Page {
        let mut page = Page { tasks: Vec::new(), next: None };
        let (mut bytes, mut last) = (0, None);
        let older = self.entries.range(..filter.before.unwrap_or(u64::MAX)).rev();
        for (number, entry) in older.filter(|(_, entry)| entry.matches(filter)) {
            if page.tasks.len() >= filter.page_size || bytes > PAGE_BYTES {
                page.next = last;
                break;
            }
            bytes += if filter.view == View::Full { entry.bytes } else { 0 };
            page.tasks.push(entry.shown(filter.view));
            last = Some(*number);
        }
        page
    }

    /// Calls a task off; whether there is one of this id.
    pub(super) fn cancel(&mut self, id: &str, now: Instant) -> bool {
        let Some(number) = self.numbers.get(id).copied() else { return false };
        let Some(entry) = self.entries.get_mut(&number) else { return false };
        match entry.state {
            State::Queued => {
                entry.end(State::Canceled, now);
                self.waiting.retain(|waiting| *waiting != number);
            }
            state if !state.is_final() => {
                entry.state = State::Canceling;
                entry.cancel.cancel();
            }
            _ => {}
        }
        true
    }

    /// Calls everything off.
    pub(super) fn cancel_all(&mut self, now: Instant) {
        let ids: Vec<String> = self.numbers.keys().cloned().collect();
        for id in &ids {
            self.cancel(id, now);
        }
    }

    /// The task that waits longest, if one does.
    pub(super) fn take(&mut self, now: Instant) -> Option<Taken> {
        let number = self.waiting.pop_front()?;
        let entry = self.entries.get_mut(&number)?;
        entry.state = State::Initializing;
        entry.log.start_time = Some(now.to_string());
        let (task, order, cancel) = (Arc::clone(&entry.task), Arc::clone(&entry.order), entry.cancel.clone());
        Some(Taken { number, id: task.id.clone().unwrap_or_default(), task, order, cancel })
    }

    /// Its program is about to start.
    pub(super) fn started(&mut self, number: u64, now: Instant) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        if entry.state == State::Initializing {
            entry.state = State::Running;
        }
        entry.log.logs = vec![ExecutorLog { start_time: Some(now.to_string()), ..ExecutorLog::default() }];
    }

    pub(super) fn finish(&mut self, number: u64, outcome: Outcome, now: Instant) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        entry.end(outcome.state, now);
        if let Some(log) = entry.log.logs.first_mut() {
            log.end_time = Some(now.to_string());
            log.exit_code = outcome.exit_code;
            let said = (!outcome.said.is_empty()).then_some(outcome.said);
            // Both streams come as one text: where standard output is a file, it is what was said on the other.
            let is_file = entry.order.stdout.is_some();
            (log.stdout, log.stderr) = if is_file { (None, said) } else { (said, None) };
        }
        let said = entry.log.logs.iter().flat_map(|log| [&log.stdout, &log.stderr]).flatten().map(String::len);
        let added = said.sum::<usize>() + outcome.system_logs.iter().map(String::len).sum::<usize>();
        entry.log.outputs = outcome.outputs;
        entry.log.metadata = outcome.metadata;
        entry.log.system_logs = outcome.system_logs;
        entry.bytes += added;
        self.bytes += added;
        self.make_room(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recreation::tes::wire::Executor;

    const NOW: Instant = Instant::from_micros(0);

    fn add(board: &mut Board, id: &str, bytes: usize) -> Option<String> {
        let command = vec!["/bin/true".to_owned()];
        let executors = vec![Executor { image: "native".to_owned(), command, ..Executor::default() }];
        let task = Task { id: Some(id.to_owned()), name: Some(format!("name {id}")), executors, ..Task::default() };
        let order = crate::recreation::tes::check::read(&task, &|_| Err(String::new())).expect("sound");
        board.add(task, order, bytes, NOW)
    }

    fn outcome(state: State) -> Outcome {
        let (said, outputs, system_logs) = ("said".to_owned(), Vec::new(), vec!["log".to_owned()]);
        Outcome { state, exit_code: Some(0), said, outputs, system_logs, metadata: BTreeMap::new() }
    }

    #[test]
    fn the_oldest_finished_task_goes_and_no_other() {
        let mut board = Board::default();
        for number in 0..MAX_TASKS {
            assert!(add(&mut board, &number.to_string(), 10).is_some());
        }
        assert!(add(&mut board, "more", 10).is_none(), "nothing is finished");
        let first = board.take(NOW).expect("waits").number;
        board.finish(first, outcome(State::Complete), NOW);
        assert!(add(&mut board, "more", 10).is_some());
        assert!(board.get("0", View::Minimal).is_none() && board.get("1", View::Minimal).is_some());
        assert_eq!((board.entries.len(), board.numbers.len()), (MAX_TASKS, MAX_TASKS));
        let mut board = Board::default();
        assert!(add(&mut board, "a", MAX_BYTES).is_some() && add(&mut board, "b", 1).is_none());
        let taken = board.take(NOW).expect("waits").number;
        board.finish(taken, outcome(State::Complete), NOW);
        assert!(add(&mut board, "b", 1).is_some());
        assert_eq!(board.bytes, 1);
    }

    #[test]
    fn pages_go_from_new_to_old_without_gaps() {
        let mut board = Board::default();
        (0..5).for_each(|number| drop(add(&mut board, &number.to_string(), 1)));
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let filter = Filter {
                name_prefix: Some("name".to_owned()),
                state: None,
                tags: Vec::new(),
                page_size: 2,
                before,
                view: View::Basic,
            };
            let page = board.list(&filter);
            seen.extend(page.tasks.into_iter().filter_map(|task| task.id));
            add(&mut board, &format!("later {}", seen.len()), 1);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    }

    #[test]
    fn a_running_task_is_cancelled_only_when_it_ended() {
        let mut board = Board::default();
        ["a", "b"].iter().for_each(|id| drop(add(&mut board, id, 1)));
        let taken = board.take(NOW).expect("waits");
        board.started(taken.number, NOW);
        let state = |board: &Board, id: &str| board.get(id, View::Minimal).and_then(|task| task.state);
        assert!(board.cancel("a", NOW) && board.cancel("b", NOW) && !board.cancel("c", NOW));
        assert_eq!((state(&board, "a"), state(&board, "b")), (Some(State::Canceling), Some(State::Canceled)));
        assert!(taken.cancel.is_cancelled() && board.take(NOW).is_none());
        board.finish(taken.number, outcome(State::Canceled), NOW);
        board.cancel("a", NOW);
        assert_eq!(state(&board, "a"), Some(State::Canceled));
        let basic = board.get("a", View::Basic).expect("kept");
        assert!(
            basic.logs.iter().all(|log| log.system_logs.is_empty() && log.logs.iter().all(|one| one.stdout.is_none()))
        );
        assert_eq!(board.get("a", View::Full).expect("kept").logs[0].logs[0].stdout.as_deref(), Some("said"));
    }
}
