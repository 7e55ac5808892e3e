//! The one thread that does the work, batch after batch.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quarry_crash::CrashPoint;
use quarry_engine::lower_thread_priority;
use quarry_error::{Code, ErrorResponse, HasCode};
use time::OffsetDateTime;

use crate::aside::Aside;
use crate::batch::Batch;
use crate::content::TaskContent;
use crate::kind::Kind;
use crate::pick::{Picked, pick, pick_task_deletions};
use crate::queue::Shared;
use crate::recovery;
use crate::retention;
use crate::round::{Round, RoundError};
use crate::run;
use crate::running::Running;
use crate::store::sets::SetKey;
use crate::task::Task;

/// How long the scheduler sleeps when nothing waits. Registration wakes it up; this is for retention only.
const IDLE: Duration = Duration::from_secs(60);

/// How long the scheduler leaves a failing store alone, unless a task is registered: that store can be written again.
/// Twice as long after each failure in a row, up to [`IDLE`].
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Runs batches until the queue stops.
///
/// - `unsure`: waiting tasks that an index may have done already
pub(crate) fn run(shared: &Shared, unsure: Vec<Task>) {
    lower_thread_priority();
    let mut scheduler = Scheduler { shared, unsure, aside: Aside::default(), after_failure: AFTER_FAILURE };
    while !shared.is_stopping() {
        let step = catch_unwind(AssertUnwindSafe(|| scheduler.step()));
        let pause = step.unwrap_or_else(|panic| Some(scheduler.pause_after(&panic_text(panic.as_ref()))));
        if let Some(pause) = pause
            && !shared.wait_for_work(pause)
        {
            return;
        }
    }
}

/// What the thread remembers from one batch to the next.
struct Scheduler<'s> {
    shared: &'s Shared,
    /// Tasks of a batch whose end could not be written: their index may have done them. Nothing but deletions of
    /// tasks is chosen before that is known.
    unsure: Vec<Task>,
    aside: Aside,
    after_failure: Duration,
}

impl Scheduler<'_> {
    /// Runs the next batch, if any; how long to pause then.
    fn step(&mut self) -> Option<Duration> {
        match self.run_next() {
            Err(error) => Some(self.pause_after(&error)),
            Ok(has_run) => {
                self.after_failure = AFTER_FAILURE;
                if has_run {
                    return None;
                }
                settle(self.shared);
                Some(self.aside.until_next().unwrap_or(IDLE))
            }
        }
    }

    fn pause_after(&mut self, error: &dyn Display) -> Duration {
        let pause = self.after_failure;
        tracing::error!(%error, seconds = pause.as_secs(), "a batch could not be run; trying again later");
        self.after_failure = IDLE.min(pause * 2);
        pause
    }

    /// Runs the next batch, if any.
    fn run_next(&mut self) -> Result<bool, RoundError> {
        let shared = self.shared;
        if shared.must_restart.load(Ordering::Acquire) {
            return Ok(false);
        }
        let known = self.finish_unsure();
        retention::remove_oldest(shared)?;
        let (picked, batch_uid) = {
            let txn = shared.store.environment.read_txn()?;
            let picked = match known {
                Ok(()) => pick(shared, &txn, self.aside.indexes())?,
                // They are about finished tasks only, and make the room that may be missing.
                Err(error) => {
                    let waiting = shared.store.tasks.waiting(&txn)?;
                    Some(pick_task_deletions(shared, &txn, &waiting)?.ok_or(error)?)
                }
            };
            let Some(picked) = picked else { return Ok(false) };
            (picked, shared.store.batches.next_uid(&txn)?)
        };
        let tasks = picked.tasks.clone();
        let round = announce(shared, batch_uid, &picked)?;
        let result = run_guarded(&round, picked, &tasks);
        shared.set_running(None);
        shared.signal_finished();
        self.after(&round, tasks, result)
    }

    fn finish_unsure(&mut self) -> Result<(), RoundError> {
        if self.unsure.is_empty() {
            return Ok(());
        }
        match recovery::finish_stamped(self.shared, self.unsure.clone()) {
            // The index cannot be asked: it is when its tasks run.
            Err(RoundError::Catalog(error)) if error.unopened().is_some() => {}
            outcome => drop(outcome?),
        }
        self.unsure.clear();
        Ok(())
    }

    /// What follows from how a batch ended; whether to go on at once.
    fn after(
        &mut self,
        round: &Round<'_>,
        tasks: Vec<Task>,
        result: Result<(), RoundError>,
    ) -> Result<bool, RoundError> {
        match result {
            Ok(()) => {
                self.aside.remove(tasks.iter().filter_map(Task::index_uid));
                Ok(true)
            }
            // Nothing can be written any more: trying again would find the same.
            Err(RoundError::Stopped) if self.shared.must_restart.load(Ordering::Acquire) => Ok(false),
            Err(RoundError::Stopped) if round.running.must_stop() => Ok(true),
            Err(RoundError::Catalog(error)) if error.unopened().is_some_and(|uid| self.aside.put(uid)) => {
                tracing::error!(%error, "the tasks of an index wait, and others go on");
                Ok(true)
            }
            Err(RoundError::Catalog(error)) if error.unopened().is_some() => {
                round.fail_all(tasks, &ErrorResponse::from_error(&error)).map(|()| true)
            }
            Err(error) => {
                self.unsure = tasks;
                Err(error)
            }
        }
    }
}

/// Says what runs from now on.
fn announce<'s>(shared: &'s Shared, batch_uid: u32, picked: &Picked) -> Result<Round<'s>, RoundError> {
    let batch = Batch::starting(batch_uid, OffsetDateTime::now_utc(), picked.reason.to_string());
    let running = Arc::new(Running::new(batch, &picked.tasks));
    shared.set_running(Some(Arc::clone(&running)));
    CrashPoint::BatchStarted.reach();
    // Should the process end in the middle, this is the last line: it names the index.
    tracing::info!(
        batch = batch_uid,
        tasks = picked.tasks.len(),
        index = picked.tasks.first().and_then(Task::index_uid),
        "a batch starts"
    );
    // Who canceled or stopped before the batch was announced did not know of it.
    let is_canceled = is_canceled(shared, &running).inspect_err(|_| shared.set_running(None))?;
    if is_canceled || shared.is_stopping() {
        running.stop();
    }
    Ok(Round { shared, running })
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
    let tasks = &shared.store.tasks;
    let waiting = tasks.sets.get(&txn, SetKey::Kind(Kind::TaskCancelation))? & tasks.waiting(&txn)?;
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
fn run_guarded(round: &Round<'_>, picked: Picked, tasks: &[Task]) -> Result<(), RoundError> {
    let error = match catch_unwind(AssertUnwindSafe(|| run::run(round, picked))) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(RoundError::Stopped)) => return Err(RoundError::Stopped),
        Ok(Err(RoundError::Catalog(error))) if error.unopened().is_some() => return Err(error.into()),
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
    round.fail_unless_done(tasks.to_vec(), &error)
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
    let waiting = shared.store.tasks.waiting(&txn)?;
    Ok(tasks.into_iter().filter(|task| waiting.contains(task.uid)).collect())
}
