//! The task queue: register, list, wait, stop.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use quarry_api::features::{Features, FeaturesUpdate};
use quarry_engine::{Catalog, Indexer, IndexerOptions};
use quarry_storage::{Environment, EnvironmentOptions, ReadTxn, StorageError, WriteTxn};
use roaring::RoaringBitmap;
use uuid::Uuid;

use crate::batch::Batch;
use crate::compaction::{self, CompactedBytes};
use crate::content::TaskContent;
use crate::error::{OpenError, QueueError, RegisterError};
use crate::features::FeatureStore;
use crate::filters::{BatchPage, TaskFilter, TaskPage, View, Visibility, page};
use crate::folder::DatabaseFolder;
use crate::options::QueueOptions;
use crate::payloads::{PayloadFile, Payloads};
use crate::recovery;
use crate::registrar::Registrar;
use crate::running::Running;
use crate::scheduler;
use crate::status::Status;
use crate::store::Store;
use crate::store::sets::SetKey;
use crate::task::{NewTask, Task};

/// The task queue of a server, with its scheduler and the catalog of indexes.
pub struct TaskQueue {
    shared: Arc<Shared>,
    scheduler: Mutex<Option<JoinHandle<()>>>,
}

/// What the queue and its scheduler thread share.
pub(crate) struct Shared {
    pub(crate) options: QueueOptions,
    pub(crate) store: Store,
    pub(crate) catalog: Catalog,
    pub(crate) payloads: Payloads,
    pub(crate) indexer: Indexer,
    pub(crate) must_restart: AtomicBool,
    features: FeatureStore,
    registrar: Registrar,
    running: Mutex<Option<Arc<Running>>>,
    signals: Mutex<Signals>,
    changed: Condvar,
    // Last: the folder is unlocked when everything in it is closed.
    pub(crate) folder: DatabaseFolder,
}

/// What threads tell each other; every change goes with a notification of `Shared::changed`.
#[derive(Default)]
struct Signals {
    /// A task was registered since the scheduler looked.
    work: bool,
    /// The queue is shutting down.
    stopping: bool,
    /// Counts the finished batches.
    finished: u64,
}

/// How many tasks there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// By status; every status is there.
    pub statuses: Vec<(&'static str, u64)>,
    /// By type; every type is there.
    pub types: Vec<(&'static str, u64)>,
    /// By index uid.
    pub indexes: Vec<(String, u64)>,
}

impl TaskQueue {
    /// Opens the database and starts the scheduler.
    ///
    /// Work that a crash cut off is taken up: what an index has committed is marked done, what it has not
    /// runs again, files that belong to nothing are removed.
    pub fn open(options: QueueOptions) -> Result<Arc<TaskQueue>, OpenError> {
        let shared = Arc::new(Shared::open(options)?);
        let unsure = recovery::recover(&shared)?;
        let for_scheduler = Arc::clone(&shared);
        let scheduler = std::thread::Builder::new()
            .name("scheduler".to_owned())
            .spawn(move || scheduler::run(&for_scheduler, unsure))?;
        Ok(Arc::new(TaskQueue { shared, scheduler: Mutex::new(Some(scheduler)) }))
    }

    /// Adds a task. When this returns, the task survives a crash.
    ///
    /// A cancelation or deletion keeps of its set only the tasks registered before it.
    ///
    /// # Errors
    /// `QueueFull`, save for a cancelation or deletion that matches something.
    pub fn register(&self, task: NewTask) -> Result<Task, RegisterError> {
        self.shared.register(task)
    }

    /// The task `uid` as it stands.
    pub fn task(&self, uid: u32) -> Result<Option<Task>, QueueError> {
        self.shared.task(uid)
    }

    /// One page of the tasks that match `filter`.
    pub fn tasks(&self, filter: &TaskFilter, visibility: Visibility<'_>) -> Result<TaskPage, QueueError> {
        let (running, txn) = self.shared.look()?;
        let store = &self.shared.store;
        let view = View { store, txn: &txn, running: running.as_deref() };
        let matches = view.tasks(filter, visibility)?;
        let (uids, next) = page(filter, &matches.visible);
        let mut results = Vec::with_capacity(uids.len());
        for uid in &uids {
            let mut task = store.tasks.expect(&txn, *uid)?;
            if let Some(running) = &running {
                running.overlay(&mut task);
            }
            results.push(task.view());
        }
        let from = uids.first().copied();
        Ok(TaskPage { results, total: matches.total, limit: filter.limit, from, next })
    }

    /// The uids of all tasks that match `filter` and may be seen, whatever its page: what a cancelation or
    /// deletion is registered with.
    pub fn matching(
        &self,
        filter: &TaskFilter,
        visibility: Visibility<'_>,
    ) -> Result<RoaringBitmap, QueueError> {
        let (running, txn) = self.shared.look()?;
        let view = View { store: &self.shared.store, txn: &txn, running: running.as_deref() };
        Ok(view.tasks(filter, visibility)?.visible)
    }

    /// The batch `uid` as it stands.
    pub fn batch(&self, uid: u32) -> Result<Option<Batch>, QueueError> {
        let (running, txn) = self.shared.look()?;
        if let Some(batch) = self.shared.store.batches.get(&txn, uid)? {
            return Ok(Some(batch));
        }
        Ok(running.filter(|running| running.batch_uid() == uid).map(|running| running.batch()))
    }

    /// One page of the batches that match `filter`.
    pub fn batches(&self, filter: &TaskFilter, visibility: Visibility<'_>) -> Result<BatchPage, QueueError> {
        let (running, txn) = self.shared.look()?;
        let store = &self.shared.store;
        // Between the commit of a batch and the end of its run it is in both places: the table is right.
        let running = match running {
            Some(running) if store.batches.get(&txn, running.batch_uid())?.is_some() => None,
            running => running,
        };
        let view = View { store, txn: &txn, running: running.as_deref() };
        let matches = view.batches(filter, visibility)?;
        let (uids, next) = page(filter, &matches.visible);
        let mut results = Vec::with_capacity(uids.len());
        for uid in &uids {
            let batch = store.batches.get(&txn, *uid)?;
            results.extend(batch.or_else(|| running.as_ref().map(|running| running.batch())));
        }
        let results: Vec<_> = results.iter().map(Batch::view).collect();
        let from = uids.first().copied();
        Ok(BatchPage { results, total: matches.total, limit: filter.limit, from, next })
    }

    /// How many tasks there are, by status, type and index.
    pub fn counts(&self) -> Result<QueueCounts, QueueError> {
        let (running, txn) = self.shared.look()?;
        let sets = &self.shared.store.tasks.sets;
        let view = View { store: &self.shared.store, txn: &txn, running: running.as_deref() };
        let processing = view.running_tasks()?.len();
        let mut counts = QueueCounts::default();
        for status in Status::ALL {
            let count = match status {
                Status::Processing => processing,
                Status::Enqueued => sets.len(&txn, SetKey::Status(*status))? - processing,
                _ => sets.len(&txn, SetKey::Status(*status))?,
            };
            counts.statuses.push((status.name(), count));
        }
        for kind in crate::Kind::ALL {
            counts.types.push((kind.name(), sets.len(&txn, SetKey::Kind(*kind))?));
        }
        for uid in sets.index_uids(&txn)? {
            let count = sets.len(&txn, SetKey::Index(&uid))?;
            counts.indexes.push((uid, count));
        }
        Ok(counts)
    }

    /// The payload of an addition that is not finished; `None` for every other task.
    pub fn task_documents(&self, uid: u32) -> Result<Option<File>, QueueError> {
        match self.task(uid)? {
            Some(task) if !task.is_finished() => match task.content.payload() {
                Some(payload) => Ok(self.shared.payloads.read(payload)?),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// A fresh payload file, to be filled before an addition is registered.
    pub fn payload_file(&self) -> io::Result<PayloadFile> {
        self.shared.payloads.create()
    }

    /// The indexes.
    pub fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }

    /// Whether a task of the index `uid` runs now.
    pub fn is_indexing(&self, uid: &str) -> bool {
        self.shared.running().is_some_and(|running| running.touches(uid))
    }

    /// The experimental features that are on.
    pub fn features(&self) -> Features {
        self.shared.features.get()
    }

    /// Changes experimental features for good.
    pub fn update_features(&self, update: FeaturesUpdate) -> Result<Features, QueueError> {
        self.shared.features.update(&self.shared, update)
    }

    /// Rewrites the queue's file without its holes. From then on nothing can be written until the database
    /// is opened again: what runs is given up and waits for that.
    pub fn compact(&self) -> Result<CompactedBytes, QueueError> {
        compaction::compact(&self.shared)
    }

    /// Whether the scheduler lives: without it, tasks are taken and never run.
    pub fn is_running(&self) -> bool {
        let scheduler = self.scheduler.lock().unwrap_or_else(PoisonError::into_inner);
        scheduler.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Whether the queue was compacted, so that nothing can be written.
    pub fn must_restart(&self) -> bool {
        self.shared.must_restart.load(Ordering::Acquire)
    }

    /// The uid of this database.
    pub fn instance_uid(&self) -> Uuid {
        self.shared.folder.instance_uid
    }

    /// Bytes of the queue's file.
    pub fn disk_bytes(&self) -> Result<u64, QueueError> {
        Ok(self.shared.store.environment.disk_bytes()?)
    }

    /// Bytes of the queue's pages that hold data.
    pub fn used_bytes(&self) -> Result<u64, QueueError> {
        let txn = self.shared.store.environment.read_txn()?;
        Ok(self.shared.store.used_bytes(&txn)?)
    }

    /// Waits until the task `uid` is finished, at most `timeout`; the task as it stands then.
    pub fn wait(&self, uid: u32, timeout: Duration) -> Result<Option<Task>, QueueError> {
        let end = Instant::now() + timeout;
        loop {
            let finished = self.shared.signals().finished;
            let task = self.task(uid)?;
            let remaining = end.saturating_duration_since(Instant::now());
            if task.as_ref().is_none_or(Task::is_finished) || remaining.is_zero() {
                return Ok(task);
            }
            let signals = self.shared.signals();
            let waiting = |signals: &mut Signals| signals.finished == finished;
            drop(self.shared.changed.wait_timeout_while(signals, remaining, waiting));
        }
    }

    /// Stops the scheduler and waits for it. The running batch is given up: its tasks wait again.
    pub fn shutdown(&self) {
        self.shared.stop();
        let scheduler = self.scheduler.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(scheduler) = scheduler
            && scheduler.join().is_err()
        {
            tracing::error!("the scheduler thread panicked");
        }
    }
}

impl Drop for TaskQueue {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    fn open(options: QueueOptions) -> Result<Shared, OpenError> {
        let mut folder = DatabaseFolder::open(&options.db_path)?;
        compaction::remove_draft(&folder)?;
        let environment_options = EnvironmentOptions {
            map_size_bytes: options.task_db_size_bytes,
            must_exist: folder.is_complete,
            ..EnvironmentOptions::default()
        };
        let environment = Environment::open(&folder.tasks(), &environment_options)
            .map_err(|source| OpenError::Queue { path: folder.tasks(), source })?;
        let catalog = Catalog::open(&environment, folder.indexes(), &options.catalog)?;
        let payloads = Payloads::open(folder.payloads())?;
        let indexer = Indexer::new(&IndexerOptions {
            max_memory_bytes: options.indexing_memory_bytes,
            max_threads: options.indexing_threads,
        })
        .map_err(|error| OpenError::Indexer { detail: error.to_string() })?;
        let store = Store::open(environment)?;
        let features = FeatureStore::open(&store, options.default_features, options.forced_features)?;
        folder.complete()?;
        Ok(Shared {
            options,
            store,
            catalog,
            payloads,
            indexer,
            must_restart: AtomicBool::new(false),
            features,
            registrar: Registrar::default(),
            running: Mutex::default(),
            signals: Mutex::default(),
            changed: Condvar::new(),
            folder,
        })
    }

    /// What runs, and a snapshot taken after it was looked at. So a batch that ends in between shows as
    /// finished, never as waiting.
    pub(crate) fn look(&self) -> Result<(Option<Arc<Running>>, ReadTxn<'_>), StorageError> {
        let running = self.running();
        Ok((running, self.store.environment.read_txn()?))
    }

    pub(crate) fn task(&self, uid: u32) -> Result<Option<Task>, QueueError> {
        let (running, txn) = self.look()?;
        let mut task = self.store.tasks.get(&txn, uid)?;
        if let (Some(task), Some(running)) = (&mut task, running) {
            running.overlay(task);
        }
        Ok(task)
    }

    /// The write transaction of the queue's environment, as long as it may be written.
    pub(crate) fn write_txn(&self) -> Result<WriteTxn<'_>, QueueError> {
        let txn = self.store.environment.write_txn()?;
        // Asked with the transaction in hand: compaction says so while it holds one itself.
        if self.must_restart.load(Ordering::Acquire) { Err(QueueError::MustRestart) } else { Ok(txn) }
    }

    pub(crate) fn register(&self, new: NewTask) -> Result<Task, RegisterError> {
        let task = self.registrar.register(self, new)?;
        self.stop_what_is_canceled(&task);
        self.signal(|signals| signals.work = true);
        Ok(task)
    }

    fn stop_what_is_canceled(&self, task: &Task) {
        if let TaskContent::TaskCancelation { tasks, .. } = &task.content
            && let Some(running) = self.running()
            && !running.tasks.is_disjoint(tasks)
        {
            running.stop();
        }
    }

    pub(crate) fn running(&self) -> Option<Arc<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says what runs now.
    pub(crate) fn set_running(&self, running: Option<Arc<Running>>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    fn signals(&self) -> MutexGuard<'_, Signals> {
        // Two flags and a counter: whole after every statement.
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, change: impl FnOnce(&mut Signals)) {
        change(&mut self.signals());
        self.changed.notify_all();
    }

    pub(crate) fn signal_finished(&self) {
        self.signal(|signals| signals.finished += 1);
    }

    fn stop(&self) {
        self.signal(|signals| signals.stopping = true);
        if let Some(running) = self.running() {
            running.stop();
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.signals().stopping
    }

    /// Waits for a new task or the end, at most `timeout`; whether the scheduler goes on.
    pub(crate) fn wait_for_work(&self, timeout: Duration) -> bool {
        let waiting = |signals: &mut Signals| !signals.work && !signals.stopping;
        let result = self.changed.wait_timeout_while(self.signals(), timeout, waiting);
        let (mut signals, _) = result.unwrap_or_else(PoisonError::into_inner);
        signals.work = false;
        !signals.stopping
    }
}
