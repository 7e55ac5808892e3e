//! Registration: tasks that come at the same time share one transaction, and so one fsync.
//!
//! Whoever finds nobody writing takes everything that waits, its own task included, and commits it; the
//! others wait for their results. Under load the transactions grow by themselves; a lone task never waits.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use quarry_crash::CrashPoint;
use quarry_storage::WriteTxn;
use time::OffsetDateTime;

use crate::content::TaskContent;
use crate::error::{QueueError, RegisterError};
use crate::queue::Shared;
use crate::status::Status;
use crate::task::{NewTask, Task};

/// Share of the store's largest size from which on tasks are refused.
const FULL_PERCENT: u64 = 40;

/// Most tasks of one transaction: bounds what each of them waits for.
const GROUP_MAX: usize = 1000;

type Registered = Result<Task, RegisterError>;

/// Where registrations meet.
#[derive(Default)]
pub(crate) struct Registrar {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    tickets: u64,
    waiting: Vec<(u64, NewTask)>,
    results: HashMap<u64, Registered>,
    is_writing: bool,
}

impl Registrar {
    pub(crate) fn register(&self, shared: &Shared, new: NewTask) -> Registered {
        let mut state = self.lock();
        let ticket = state.tickets;
        state.tickets += 1;
        state.waiting.push((ticket, new));
        loop {
            if let Some(result) = state.results.remove(&ticket) {
                return result;
            }
            if state.is_writing {
                state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.is_writing = true;
            let taken = state.waiting.len().min(GROUP_MAX);
            let group: Vec<_> = state.waiting.drain(..taken).collect();
            drop(state);
            let results = write_group(shared, group);
            state = self.lock();
            state.is_writing = false;
            state.results.extend(results);
            self.done.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The lock is never held while something that can panic runs.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_group(shared: &Shared, group: Vec<(u64, NewTask)>) -> Vec<(u64, Registered)> {
    let tickets: Vec<u64> = group.iter().map(|(ticket, _)| *ticket).collect();
    // Others wait for the results: even a panic must give them some.
    let written = catch_unwind(AssertUnwindSafe(|| try_write_group(shared, group)));
    match written.unwrap_or(Err(QueueError::Panicked)) {
        Ok(results) => results,
        Err(error) => {
            let error = Arc::new(error);
            let failed = |ticket| (ticket, Err(RegisterError::Queue(Arc::clone(&error))));
            tickets.into_iter().map(failed).collect()
        }
    }
}

fn try_write_group(
    shared: &Shared,
    group: Vec<(u64, NewTask)>,
) -> Result<Vec<(u64, Registered)>, QueueError> {
    let mut txn = shared.write_txn()?;
    let mut results = Vec::with_capacity(group.len());
    for (ticket, new) in group {
        results.push((ticket, insert(shared, &mut txn, new)?));
    }
    CrashPoint::TasksRegistering.reach();
    txn.commit()?;
    CrashPoint::TasksRegistered.reach();
    Ok(results)
}

/// Adds one task, unless the queue is full.
fn insert(shared: &Shared, txn: &mut WriteTxn<'_>, new: NewTask) -> Result<Registered, QueueError> {
    let tasks = &shared.store.tasks;
    let uid = tasks.next_uid(txn)?;
    let mut content = new.content;
    let frees_space = match &mut content {
        TaskContent::TaskCancelation { tasks, .. } | TaskContent::TaskDeletion { tasks, .. } => {
            tasks.remove_range(uid..);
            !tasks.is_empty()
        }
        _ => false,
    };
    let full = shared.options.task_db_size_bytes as u64 * FULL_PERCENT / 100;
    if !frees_space && shared.store.used_bytes(txn)? > full {
        return Ok(Err(RegisterError::QueueFull));
    }
    let task = Task {
        uid,
        batch_uid: None,
        status: Status::Enqueued,
        content,
        outcome: None,
        error: None,
        canceled_by: None,
        enqueued_at: OffsetDateTime::now_utc(),
        started_at: None,
        finished_at: None,
        custom_metadata: new.custom_metadata,
    };
    tasks.insert(txn, &task)?;
    Ok(Ok(task))
}
