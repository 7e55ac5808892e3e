//! One batch from its start to its commit: what every kind of work shares.

use std::sync::Arc;

use quarry_crash::CrashPoint;
use quarry_engine::{BatchReport, CatalogError, IndexHandle, RemovedIndex};
use quarry_error::{ErrorResponse, HasCode};
use quarry_storage::{StorageError, WriteTxn};
use serde_json::Map;
use time::OffsetDateTime;

use crate::batch::{Batch, Congestion};
use crate::error::QueueError;
use crate::queue::Shared;
use crate::recovery;
use crate::running::Running;
use crate::size::human_size;
use crate::task::{Task, TaskView};

/// The batch that runs.
pub(crate) struct Round<'s> {
    pub(crate) shared: &'s Shared,
    pub(crate) running: Arc<Running>,
}

/// Why a batch did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoundError {
    /// It was asked to stop: its tasks wait again.
    #[error("the batch was stopped")]
    Stopped,
    /// The work could not be done at all.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl From<StorageError> for RoundError {
    fn from(error: StorageError) -> Self {
        RoundError::Catalog(CatalogError::Storage(error))
    }
}

/// What was measured during the work.
#[derive(Debug, Default)]
pub(crate) struct Measures {
    congestion: Option<Congestion>,
    table_sizes: Map<String, serde_json::Value>,
}

impl Measures {
    pub(crate) fn of(report: &BatchReport) -> Measures {
        let congestion = Congestion::of(report.congestion.attempts, report.congestion.blocked_attempts);
        let table_sizes = report
            .table_sizes_after
            .iter()
            .filter(|(_, bytes)| **bytes > 0)
            .map(|(table, bytes)| {
                let before = report.table_sizes_before.get(table).copied().unwrap_or(0);
                ((*table).to_owned(), size_with_change(before, *bytes).into())
            })
            .collect();
        Measures { congestion: Some(congestion), table_sizes }
    }
}

/// `16.00 KiB (+4.00 KiB)`.
fn size_with_change(before: u64, after: u64) -> String {
    let change = match after.checked_sub(before) {
        Some(0) => return human_size(after),
        Some(more) => format!("+{}", human_size(more)),
        None => format!("-{}", human_size(before - after)),
    };
    format!("{} ({change})", human_size(after))
}

/// The end of a batch: what its last transaction holds besides what the work put there.
#[derive(Default)]
pub(crate) struct Ending {
    /// The tasks in their final states.
    pub(crate) tasks: Vec<Task>,
    /// The index that changed, to be measured anew.
    pub(crate) changed_index: Option<Arc<IndexHandle>>,
    /// Folders that are not needed once the transaction is committed.
    pub(crate) removed_indexes: Vec<RemovedIndex>,
    pub(crate) measures: Measures,
}

impl Ending {
    pub(crate) fn of(tasks: Vec<Task>) -> Ending {
        Ending { tasks, ..Ending::default() }
    }
}

impl<'s> Round<'s> {
    pub(crate) fn write_txn(&self) -> Result<WriteTxn<'s>, RoundError> {
        self.shared.write_txn().map_err(|error| match error {
            QueueError::Storage(error) => error.into(),
            QueueError::Catalog(error) => error.into(),
            QueueError::Io(source) => CatalogError::Io { source }.into(),
            QueueError::MustRestart | QueueError::Panicked => RoundError::Stopped,
        })
    }

    /// Commits the tasks and the batch together with what `txn` holds already, then cleans up.
    pub(crate) fn complete(&self, mut txn: WriteTxn<'_>, mut ending: Ending) -> Result<(), RoundError> {
        let progress = &self.running.progress;
        progress.enter(0, "writing tasks to disk", 0, 1);
        let mut batch = self.running.empty_batch();
        let finished_at = OffsetDateTime::now_utc();
        for task in &mut ending.tasks {
            task.batch_uid = Some(batch.uid);
            task.started_at = Some(batch.started_at);
            task.finished_at = Some(finished_at);
            batch.add(task, task.status);
        }
        batch.finished_at = Some(finished_at);
        batch.stats.write_channel_congestion = ending.measures.congestion;
        batch.stats.internal_database_sizes = std::mem::take(&mut ending.measures.table_sizes);
        if let Some(index) = &ending.changed_index {
            self.shared.catalog.put_stats(&mut txn, index)?;
        }
        progress.end();
        batch.stats.progress_trace = progress.trace();
        self.shared.store.tasks.update(&mut txn, &ending.tasks)?;
        self.shared.store.batches.insert(&mut txn, &batch)?;
        CrashPoint::BatchFinishing.reach();
        txn.commit()?;
        CrashPoint::BatchFinished.reach();
        // The tables say all from here on.
        self.shared.set_running(None);
        self.clean_up(ending, &batch);
        Ok(())
    }

    /// What is left to do when nothing can be lost any more.
    fn clean_up(&self, ending: Ending, batch: &Batch) {
        for removed in ending.removed_indexes {
            self.shared.catalog.discard(removed);
        }
        for payload in ending.tasks.iter().filter_map(|task| task.content.payload()) {
            self.shared.payloads.remove(payload);
        }
        if let Some(observer) = &self.shared.options.finished {
            let views: Vec<TaskView> = ending.tasks.iter().map(Task::view).collect();
            observer(&batch.view(), &views);
        }
    }

    /// Ends the batch with every task failed that is not done: what failed may be what follows the commit of the
    /// index, as the commit of the queue.
    pub(crate) fn fail_unless_done(&self, tasks: Vec<Task>, error: &ErrorResponse) -> Result<(), RoundError> {
        let left = recovery::finish_stamped(self.shared, tasks)?;
        if left.is_empty() { Ok(()) } else { self.fail_all(left, error) }
    }

    /// Ends the batch with every task failed.
    pub(crate) fn fail_all(&self, mut tasks: Vec<Task>, error: &ErrorResponse) -> Result<(), RoundError> {
        for task in &mut tasks {
            task.fail(error.clone());
        }
        self.complete(self.write_txn()?, Ending::of(tasks))
    }
}

/// An error that the client of a task can act on fails the task; one of the store fails the attempt.
pub(crate) fn for_client(error: CatalogError) -> Result<ErrorResponse, RoundError> {
    match error {
        CatalogError::NotFound { .. }
        | CatalogError::AlreadyExists { .. }
        | CatalogError::PrimaryKeyFixed { .. } => {
            Ok(ErrorResponse { code: error.code(), message: error.to_string() })
        }
        other => Err(RoundError::Catalog(other)),
    }
}
