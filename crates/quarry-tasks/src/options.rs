//! How a queue is opened.

use std::path::PathBuf;
use std::sync::Arc;

use quarry_api::features::{Features, FeaturesUpdate};
use quarry_engine::CatalogOptions;

use crate::batch::BatchView;
use crate::task::TaskView;

/// Told of each finished batch and its tasks, on the scheduler's thread: it must return quickly.
pub type BatchObserver = Arc<dyn Fn(&BatchView, &[TaskView]) + Send + Sync>;

/// How a queue is opened.
#[derive(Clone)]
pub struct QueueOptions {
    /// The database folder; made when missing.
    pub db_path: PathBuf,
    /// Memory of caches, rings and buffers while indexing, in bytes.
    pub indexing_memory_bytes: usize,
    /// Threads that extract.
    pub indexing_threads: usize,
    /// Most tasks of one batch; `None`: no limit.
    pub batched_tasks_max: Option<usize>,
    /// Most payload bytes of one batch; `None`: half of the indexing memory, at most 10 GiB.
    pub batched_bytes_max: Option<u64>,
    /// Largest size of the queue's store, in bytes. From 40 % of it on, new tasks are refused.
    pub task_db_size_bytes: usize,
    /// From this many tasks on, the oldest finished ones are removed.
    pub tasks_max: u64,
    /// The catalog of indexes.
    pub catalog: CatalogOptions,
    /// Features that the command line turns on, whatever was stored.
    pub forced_features: FeaturesUpdate,
    /// Features that are on as long as nobody has changed them.
    pub default_features: Features,
    /// Told of each finished batch.
    pub finished: Option<BatchObserver>,
}

impl QueueOptions {
    /// The defaults, for a database in `db_path`.
    pub fn at(db_path: impl Into<PathBuf>) -> QueueOptions {
        QueueOptions {
            db_path: db_path.into(),
            indexing_memory_bytes: 256 << 20,
            indexing_threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
            batched_tasks_max: None,
            batched_bytes_max: None,
            task_db_size_bytes: 20 << 30,
            tasks_max: 1_000_000,
            catalog: CatalogOptions::default(),
            forced_features: FeaturesUpdate::default(),
            default_features: Features::default(),
            finished: None,
        }
    }

    pub(crate) fn batched_bytes_max(&self) -> u64 {
        const DEFAULT_MAX: u64 = 10 << 30;
        self.batched_bytes_max.unwrap_or_else(|| DEFAULT_MAX.min(self.indexing_memory_bytes as u64 / 2))
    }
}
