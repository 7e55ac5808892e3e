//! The tables of the queue, in one environment, and the changes that keep them in step.
//!
//! | table | key | value |
//! |---|---|---|
//! | `tasks` | uid (u32, big endian) | task, see [`record`] |
//! | `task-sets` | see [`sets`] | uids by status, type, index, cancelation, batch |
//! | `task-dates` | see [`dates`] | uids by date of enqueuing, start, end |
//! | `batches`, `batch-sets`, `batch-dates` | the same | the same for batches |
//! | `features` | `features` | experimental features, JSON |
//!
//! The catalog of indexes keeps its tables in the same environment, so that what a task does to the list
//! of indexes commits with the task.

pub(crate) mod batches;
pub(crate) mod dates;
pub(crate) mod record;
pub(crate) mod sets;
pub(crate) mod tasks;

use quarry_storage::{Environment, PlainTable, StorageError, Txn};

use batches::BatchStore;
use dates::Dates;
use sets::Sets;
use tasks::TaskStore;

/// The queue's tables.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) environment: Environment,
    pub(crate) tasks: TaskStore,
    pub(crate) batches: BatchStore,
    pub(crate) features: PlainTable,
    all: [PlainTable; 7],
}

impl Store {
    pub(crate) fn open(environment: Environment) -> Result<Store, StorageError> {
        let all = environment.tables([
            "tasks",
            "task-sets",
            "task-dates",
            "batches",
            "batch-sets",
            "batch-dates",
            "features",
        ])?;
        let [tasks, task_sets, task_dates, batches, batch_sets, batch_dates, features] = all;
        Ok(Store {
            environment,
            tasks: TaskStore { records: tasks, sets: Sets::on(task_sets), dates: Dates::on(task_dates) },
            batches: BatchStore {
                records: batches,
                sets: Sets::on(batch_sets),
                dates: Dates::on(batch_dates),
            },
            features,
            all,
        })
    }

    /// Bytes of the pages that hold data: what deleting tasks gives back.
    pub(crate) fn used_bytes(&self, txn: &Txn<'_>) -> Result<u64, StorageError> {
        self.all.iter().map(|table| table.size_bytes(txn)).sum()
    }
}
