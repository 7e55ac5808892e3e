//! A queue in a temporary folder.

#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write;
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use quarry_tasks::{Method, NewTask, QueueOptions, RegisterError, Status, Task, TaskContent, TaskQueue};

/// How long a test waits for a task before it fails.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct TestQueue {
    queue: Option<Arc<TaskQueue>>,
    folder: tempfile::TempDir,
    adapt: fn(&mut QueueOptions),
    gate: Arc<Gate>,
}

impl Deref for TestQueue {
    type Target = TaskQueue;

    fn deref(&self) -> &TaskQueue {
        self.queue.as_ref().unwrap()
    }
}

impl TestQueue {
    pub(crate) fn new() -> TestQueue {
        TestQueue::with(|_| {})
    }

    pub(crate) fn with(adapt: fn(&mut QueueOptions)) -> TestQueue {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = TestQueue { queue: None, folder, adapt, gate: Arc::default() };
        queue.start();
        queue
    }

    fn start(&mut self) {
        let mut options = QueueOptions::at(self.folder.path().join("data"));
        options.indexing_memory_bytes = 32 << 20;
        options.indexing_threads = 1;
        options.task_db_size_bytes = 64 << 20;
        let gate = Arc::clone(&self.gate);
        options.finished = Some(Arc::new(move |_, _| gate.pass()));
        (self.adapt)(&mut options);
        self.queue = Some(TaskQueue::open(options).unwrap());
    }

    pub(crate) fn stop(&mut self) {
        self.queue = None;
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.start();
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn try_register(&self, task: NewTask) -> Result<Task, RegisterError> {
        self.queue.as_ref().unwrap().register(task)
    }

    pub(crate) fn register(&self, content: TaskContent) -> u32 {
        self.try_register(NewTask::from(content)).unwrap().uid
    }

    pub(crate) fn add_documents(&self, index: &str, ndjson: &str) -> u32 {
        let mut payload = self.payload_file().unwrap();
        payload.file.write_all(ndjson.as_bytes()).unwrap();
        let payload = payload.keep().unwrap();
        self.register(TaskContent::DocumentAddition {
            index: index.to_owned(),
            method: Method::Replace,
            primary_key: None,
            payload,
            documents_count: ndjson.lines().count() as u64,
            skip_creation: false,
            allow_index_creation: true,
        })
    }

    pub(crate) fn finished(&self, uid: u32) -> Task {
        let task = self.wait(uid, PATIENCE).unwrap().unwrap();
        assert!(task.is_finished(), "{task:?}");
        task
    }

    pub(crate) fn run(&self, content: TaskContent) -> Task {
        self.finished(self.register(content))
    }

    /// Holds the scheduler after one more batch, until released: tasks registered meanwhile wait together.
    pub(crate) fn block(&self) -> Blocker {
        self.gate.set(true);
        let uid = self.register(content::creation("blocker", None));
        while !self.task(uid).unwrap().unwrap().is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Blocker { uid, gate: Arc::clone(&self.gate) }
    }

    /// Registers an addition that takes a while, and waits until it runs.
    pub(crate) fn start_long_addition(&self) -> u32 {
        let mut documents = String::new();
        for id in 0..60_000 {
            let text = format!("w{id} x{} y{} z{}", id * 7, id * 13, id * 31);
            documents.push_str(&format!("{{\"id\":{id},\"text\":\"{text}\"}}\n"));
        }
        let uid = self.add_documents("long", &documents);
        while self.task(uid).unwrap().unwrap().status != Status::Processing {
            std::thread::sleep(Duration::from_millis(1));
        }
        uid
    }

    /// What a batch leaves is removed after its tasks are finished: [`TaskQueue::shutdown`] waits for that.
    pub(crate) fn payload_files_count(&self) -> usize {
        std::fs::read_dir(self.path().join("update_files")).unwrap().count()
    }

    /// As [`TestQueue::payload_files_count`], of the folders of indexes.
    pub(crate) fn index_folders_count(&self) -> usize {
        std::fs::read_dir(self.path().join("indexes")).unwrap().count()
    }
}

/// Opened when dropped, so that a failing test does not hang.
pub(crate) struct Blocker {
    uid: u32,
    gate: Arc<Gate>,
}

impl Drop for Blocker {
    fn drop(&mut self) {
        self.gate.set(false);
    }
}

/// Where the scheduler waits while it is closed.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.changed.notify_all();
    }

    fn pass(&self) {
        drop(self.changed.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
    }
}

impl Blocker {
    pub(crate) fn uid(&self) -> u32 {
        self.uid
    }

    pub(crate) fn release(self) {}
}

pub(crate) mod content {
    use quarry_tasks::TaskContent;
    use serde_json::Value;

    pub(crate) fn creation(index: &str, primary_key: Option<&str>) -> TaskContent {
        TaskContent::IndexCreation { index: index.to_owned(), primary_key: primary_key.map(str::to_owned) }
    }

    pub(crate) fn update(index: &str, primary_key: Option<&str>, new_uid: Option<&str>) -> TaskContent {
        TaskContent::IndexUpdate {
            index: index.to_owned(),
            primary_key: primary_key.map(str::to_owned),
            new_uid: new_uid.map(str::to_owned),
        }
    }

    pub(crate) fn settings(index: &str, settings: Value, is_deletion: bool) -> TaskContent {
        let Value::Object(settings) = settings else { panic!("settings are an object") };
        TaskContent::Settings {
            index: index.to_owned(),
            settings,
            is_deletion,
            allow_index_creation: !is_deletion,
        }
    }
}
