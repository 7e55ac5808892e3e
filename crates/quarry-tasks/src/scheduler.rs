//! The one thread that does the work, batch after batch.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quarry_crash::CrashPoint;
use quarry_engine::lower_thread_priority;
use quarry_error::{Code, ErrorResponse, HasCode};
use time::OffsetDateTime;

use crate::batch::Batch;
use crate::content::TaskContent;
use crate::kind::Kind;
use crate::pick::{Picked, pick};
use crate::queue::Shared;
use crate::recovery;
use crate::retention;
use crate::round::{Round, RoundError};
use crate::run;
use crate::running::Running;
use crate::status::Status;
use crate::store::sets::SetKey;
use crate::task::Task;

/// How long the scheduler sleeps when nothing waits. Registration wakes it up; this is for retention only.
const IDLE: Duration = Duration::from_secs(60);

/// How long the scheduler leaves a failing store alone, unless a task is registered: that store can be written again.
/// Twice as long after each failure in a row, up to [`IDLE`].
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Runs batches until the queue stops.
pub(crate) fn run(shared: &Shared) {
    lower_thread_priority();
    let mut after_failure = AFTER_FAILURE;
    while !shared.is_stopping() {
        let pause = match tick(shared) {
            Err(error) => {
                let pause = after_failure;
                tracing::error!(%error, seconds = pause.as_secs(), "a batch could not be run; trying again later");
                after_failure = IDLE.min(after_failure * 2);
                pause
            }
            Ok(has_run) => {
                after_failure = AFTER_FAILURE;
                if has_run {
                    continue;
                }
                settle(shared);
                IDLE
            }
        };
        if !shared.wait_for_work(pause) {
            return;
        }
    }
}

/// Runs the next batch, if any.
fn tick(shared: &Shared) -> Result<bool, RoundError> {
    if shared.must_restart.load(Ordering::Acquire) {
        return Ok(false);
    }
    retention::remove_oldest(shared)?;
    let (picked, batch_uid) = {
        let txn = shared.store.environment.read_txn()?;
        let Some(picked) = pick(shared, &txn)? else { return Ok(false) };
        (picked, shared.store.batches.next_uid(&txn)?)
    };
    let batch = Batch::starting(batch_uid, OffsetDateTime::now_utc(), picked.reason.to_string());
    let running = Arc::new(Running::new(batch, &picked.tasks));
    shared.set_running(Some(Arc::clone(&running)));
    let round = Round { shared, running };
    CrashPoint::BatchStarted.reach();
    // Should the process end in the middle, this is the last line: it names the index.
    tracing::info!(
        batch = batch_uid,
        tasks = picked.tasks.len(),
        index = picked.tasks.first().and_then(Task::index_uid),
        "a batch starts"
    );
    // Who canceled or stopped before the batch was announced did not know of it.
    if shared.is_stopping() || is_canceled(shared, &round.running)? {
        round.running.stop();
    }
    let result = run_guarded(&round, picked);
    shared.set_running(None);
    shared.signal_finished();
    match result {
        // Nothing can be written any more: trying again would find the same.
        Err(RoundError::Stopped) if shared.must_restart.load(Ordering::Acquire) => Ok(false),
        Ok(()) | Err(RoundError::Stopped) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Settles, now that no task waits, what small writes left to be carried out later.
fn settle(shared: &Shared) {
    for index in shared.catalog.open_indexes() {
        if shared.is_stopping() {
            return;
        }
        if let Err(error) = shared.indexer.settle(&index) {
            // The next large write tries again, and says so to its client.
            tracing::warn!(index = %index.uuid(), %error, "late changes could not be settled");
        }
    }
}

/// Whether a waiting cancelation names a task of the batch.
fn is_canceled(shared: &Shared, running: &Running) -> Result<bool, RoundError> {
    if running.has_kind(Kind::TaskCancelation) {
        return Ok(false);
    }
    let txn = shared.store.environment.read_txn()?;
    let sets = &shared.store.tasks.sets;
    let waiting = sets.get(&txn, SetKey::Kind(Kind::TaskCancelation))?
        & sets.get(&txn, SetKey::Status(Status::Enqueued))?;
    for uid in waiting {
        if let TaskContent::TaskCancelation { tasks, .. } = shared.store.tasks.expect(&txn, uid)?.content
            && !tasks.is_disjoint(&running.tasks)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs a batch so that neither a panic nor a failing store takes more than its tasks along.
fn run_guarded(round: &Round<'_>, picked: Picked) -> Result<(), RoundError> {
    let tasks = picked.tasks.clone();
    let error = match catch_unwind(AssertUnwindSafe(|| run::run(round, picked))) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(RoundError::Stopped)) => return Err(RoundError::Stopped),
        Ok(Err(RoundError::Catalog(error))) => {
            tracing::error!(%error, "a batch failed");
            ErrorResponse::new(internal_text(&error.to_string(), error.code()), error.code())
        }
        Err(panic) => {
            let text = panic_text(panic.as_ref());
            tracing::error!(panic = text, "a batch panicked");
            let message = format!("An unexpected crash occurred when processing the task: {text}");
            ErrorResponse::new(message, Code::Internal)
        }
    };
    // What failed may be the queue's commit after that of the index: then the work is done.
    let left = recovery::finish_stamped(round.shared, tasks)?;
    if left.is_empty() { Ok(()) } else { round.fail_all(left, &error) }
}

fn internal_text(detail: &str, code: Code) -> String {
    if code == Code::Internal { format!("internal: {detail}.") } else { detail.to_owned() }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// The tasks of `tasks` that still wait, as the tables have them.
pub(crate) fn still_waiting(shared: &Shared, tasks: Vec<Task>) -> Result<Vec<Task>, RoundError> {
    let txn = shared.store.environment.read_txn()?;
    let waiting = shared.store.tasks.sets.get(&txn, SetKey::Status(Status::Enqueued))?;
    Ok(tasks.into_iter().filter(|task| waiting.contains(task.uid)).collect())
}
