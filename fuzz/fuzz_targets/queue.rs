//! The store of the queue with any of its entries changed: it opens or says why not; then it lists, runs what waits,
//! and stops.
#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::at_rest::{AtRest, change_entries};
use quarry_fuzz::pieces::Pieces;
use quarry_tasks::{NewTask, QueueOptions, TaskContent, TaskFilter, TaskQueue, Visibility};
use serde_json::json;

const TABLES: [&str; 9] = [
    "tasks",
    "task-sets",
    "task-dates",
    "batches",
    "batch-sets",
    "batch-dates",
    "features",
    "index-mapping",
    "index-stats",
];

/// For a task that waits to run; a damaged queue may never come to it.
const PATIENCE: Duration = Duration::from_millis(20);

static QUEUE: LazyLock<AtRest> = LazyLock::new(|| AtRest::after(fill));

fuzz_target!(|input: &[u8]| {
    let folder = QUEUE.restored();
    change_entries(&folder.join("tasks"), TABLES, Pieces::of(input));
    let Ok(queue) = open(folder) else { return };
    let filter = TaskFilter { index_uids: Some(vec!["films".to_owned()]), ..TaskFilter::default() };
    for filter in [TaskFilter::default(), filter] {
        if let Ok(page) = queue.tasks(&filter, Visibility::All) {
            serde_json::to_vec(&page).expect("a page is JSON");
        }
        if let Ok(page) = queue.batches(&filter, Visibility::All) {
            serde_json::to_vec(&page).expect("a page is JSON");
        }
    }
    let _ = (queue.counts(), queue.used_bytes(), queue.features());
    if let Ok(task) = queue.register(creation("series")) {
        let _ = queue.wait(task.uid, PATIENCE);
    }
    queue.shutdown();
});

fn open(folder: &Path) -> Result<Arc<TaskQueue>, quarry_tasks::OpenError> {
    TaskQueue::open(QueueOptions {
        indexing_threads: 1,
        task_db_size_bytes: 64 << 20,
        ..QueueOptions::at(folder)
    })
}

fn creation(uid: &str) -> NewTask {
    TaskContent::IndexCreation { index: uid.to_owned(), primary_key: None }.into()
}

/// Tasks that are done, one that failed, and some that wait.
fn fill(folder: &Path) {
    let queue = open(folder).expect("a queue can be made");
    let register = |content: TaskContent| queue.register(content.into()).expect("tasks can be added").uid;
    queue.register(creation("films")).expect("tasks can be added");
    let settings = json!({ "filterableAttributes": ["year"] }).as_object().cloned().expect("an object");
    let index = || "films".to_owned();
    register(TaskContent::Settings {
        index: index(),
        settings,
        is_deletion: false,
        allow_index_creation: true,
    });
    let last = register(TaskContent::DocumentClear { index: "none".to_owned() });
    queue.wait(last, Duration::from_secs(60)).expect("the queue can be read");
    for _ in 0..3 {
        register(TaskContent::DocumentClear { index: index() });
        register(TaskContent::DocumentDeletion { index: index(), ids: vec!["1".to_owned()] });
    }
    queue.shutdown();
}
