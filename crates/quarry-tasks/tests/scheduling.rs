//! From registration to the end: what runs, in which order, with whom, and what clients read of it.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use quarry_tasks::{Status, Swap, TaskContent, TaskFilter, Visibility};
use serde_json::{Value, json};
use support::{TestQueue, content};

#[test]
fn an_addition_makes_its_index_and_succeeds() {
    let queue = TestQueue::new();
    let uid = queue.add_documents("films", r#"{"id":1}"#);
    let task = queue.finished(uid);
    assert_eq!(task.status, Status::Succeeded);
    assert_eq!(task.batch_uid, Some(0));
    assert_eq!(Value::from(task.details().unwrap()), json!({"receivedDocuments": 1, "indexedDocuments": 1}));
    assert_eq!(queue.catalog().uids().unwrap(), ["films"]);
    let batch = serde_json::to_value(queue.batch(0).unwrap().unwrap().view()).unwrap();
    assert_eq!(batch["details"], json!({"receivedDocuments": 1, "indexedDocuments": 1}));
    assert_eq!(batch["stats"]["status"], json!({"succeeded": 1}));
    assert_eq!(batch["stats"]["indexUids"], json!({"films": 1}));
    assert_eq!(batch["batchStrategy"], "batched all enqueued tasks");
    queue.shutdown();
    assert_eq!(queue.payload_files_count(), 0);
}

#[test]
fn late_changes_are_settled_when_no_task_waits() {
    let queue = TestQueue::new();
    let document = |id: usize| {
        let words: Vec<String> =
            (0..20).map(|number| format!("{:x}", id * 7919 + number * 104_729)).collect();
        format!("{{\"id\":{id},\"text\":\"{}\"}}\n", words.join(" "))
    };
    let add = |ids: std::ops::Range<usize>| {
        let uid = queue.add_documents("films", &ids.map(document).collect::<String>());
        assert_eq!(queue.finished(uid).status, Status::Succeeded);
    };
    add(0..2000);
    let index = queue.catalog().get("films").unwrap();
    let is_waiting = || {
        let txn = index.environment().read_txn().unwrap();
        !index.tables().late_postings.is_empty(&txn).unwrap()
    };
    add(2000..2060);
    assert!(is_waiting(), "little stays");
    add(2060..2120);
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_waiting() {
        assert!(Instant::now() < deadline, "nothing is settled");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_missing_index_is_not_made_by_others() {
    let queue = TestQueue::new();
    for content in [
        TaskContent::DocumentClear { index: "a".into() },
        TaskContent::DocumentDeletion { index: "a".into(), ids: vec!["1".into()] },
        TaskContent::IndexDeletion { index: "a".into() },
        TaskContent::IndexCompaction { index: "a".into() },
        content::update("a", Some("id"), None),
        content::settings("a", json!({"stopWords": null}), true),
    ] {
        let task = queue.run(content);
        assert_eq!(task.status, Status::Failed);
        assert_eq!(task.error.unwrap().message, "Index `a` not found.");
    }
}

#[test]
fn indexes_are_made_renamed_and_deleted() {
    let queue = TestQueue::new();
    assert_eq!(queue.run(content::creation("a", Some("sku"))).status, Status::Succeeded);
    let again = queue.run(content::creation("a", None));
    assert_eq!(again.error.unwrap().message, "Index `a` already exists.");
    assert_eq!(queue.catalog().info("a").unwrap().primary_key.as_deref(), Some("sku"));
    assert_eq!(queue.run(content::update("a", Some("ref"), None)).status, Status::Succeeded);
    assert_eq!(queue.catalog().info("a").unwrap().primary_key.as_deref(), Some("ref"));
    queue.run(content::creation("b", None));
    let taken = queue.run(content::update("a", None, Some("b")));
    assert_eq!(taken.error.unwrap().message, "Index `b` already exists.");
    let renamed = queue.run(content::update("a", None, Some("c")));
    assert_eq!(
        Value::from(renamed.details().unwrap()),
        json!({"primaryKey": null, "newIndexUid": "c", "oldIndexUid": "a"})
    );
    assert_eq!(renamed.index_uid(), Some("a"));
    assert_eq!(queue.catalog().uids().unwrap(), ["b", "c"]);
    // The tasks before follow the name.
    assert_eq!(queue.task(0).unwrap().unwrap().index_uid(), Some("c"));
    assert_eq!(queue.run(TaskContent::IndexDeletion { index: "c".into() }).status, Status::Succeeded);
    assert_eq!(queue.catalog().uids().unwrap(), ["b"]);
}

#[test]
fn swaps_exchange_indexes_and_their_tasks_or_do_nothing() {
    let queue = TestQueue::new();
    queue.run(content::creation("a", Some("a_id")));
    queue.run(content::creation("b", Some("b_id")));
    let swap = |first: &str, second: &str, rename| Swap { indexes: (first.into(), second.into()), rename };
    let task = queue.run(TaskContent::IndexSwap { swaps: vec![swap("a", "b", false)] });
    assert_eq!(task.status, Status::Succeeded);
    assert_eq!(queue.catalog().info("a").unwrap().primary_key.as_deref(), Some("b_id"));
    assert_eq!(queue.task(0).unwrap().unwrap().index_uid(), Some("b"));
    let refused = |swaps: Vec<Swap>| queue.run(TaskContent::IndexSwap { swaps }).error.unwrap().message;
    assert_eq!(refused(vec![swap("a", "b", false), swap("z", "y", false)]), "Indexes `y`, `z` not found.");
    assert_eq!(queue.catalog().info("a").unwrap().primary_key.as_deref(), Some("b_id"));
    assert_eq!(
        refused(vec![swap("a", "b", true)]),
        "Cannot rename `a` to `b` as the index already exists. Hint: You can remove `b` first and then do \
         your remove."
    );
    queue.run(TaskContent::IndexSwap { swaps: vec![swap("a", "c", true)] });
    assert_eq!(queue.catalog().uids().unwrap(), ["b", "c"]);
}

#[test]
fn tasks_of_one_index_that_wait_together_make_one_batch() {
    let queue = TestQueue::new();
    let blocker = queue.block();
    let first = queue.add_documents("a", "{\"id\":1}\n{\"id\":2}");
    let other = queue.add_documents("b", r#"{"id":1}"#);
    let deletion = queue.register(TaskContent::DocumentDeletion {
        index: "a".into(),
        ids: vec!["1".into(), "9".into(), "9".into()],
    });
    let refused = queue.add_documents("a", r#"{"name":"no key"}"#);
    let settings = queue.register(content::settings("a", json!({"stopWords": ["x"]}), false));
    blocker.release();
    let batch_of = |uid| queue.finished(uid).batch_uid.unwrap();
    assert_eq!([first, deletion, refused, other, settings].map(batch_of), [1, 1, 1, 2, 3]);
    // Beside additions, the ids given count.
    let details = queue.finished(deletion).details().unwrap();
    assert_eq!(
        Value::from(details),
        json!({"providedIds": 3, "deletedDocuments": 2, "originalFilter": null})
    );
    assert_eq!(queue.finished(refused).status, Status::Failed);
    let batch = serde_json::to_value(queue.batch(1).unwrap().unwrap().view()).unwrap();
    assert_eq!(
        batch["details"],
        json!({"receivedDocuments": 3, "indexedDocuments": 2, "providedIds": 3, "deletedDocuments": 2})
    );
    assert_eq!(batch["stats"]["status"], json!({"succeeded": 2, "failed": 1}));
}

#[test]
fn a_deletion_of_the_index_swallows_what_waits_before_it() {
    let queue = TestQueue::new();
    let blocker = queue.block();
    let settings = queue.register(content::settings("a", json!({"stopWords": ["x"]}), false));
    let deletion = queue.register(TaskContent::IndexDeletion { index: "a".into() });
    let clear = queue.register(TaskContent::DocumentClear { index: "b".into() });
    let deletion_of_b = queue.register(TaskContent::IndexDeletion { index: "b".into() });
    blocker.release();
    // The settings would have made the index.
    assert_eq!(queue.finished(settings).status, Status::Succeeded);
    assert_eq!(Value::from(queue.finished(deletion).details().unwrap()), json!({"deletedDocuments": 0}));
    for uid in [clear, deletion_of_b] {
        assert_eq!(queue.finished(uid).error.unwrap().message, "Index `b` not found.");
    }
    assert!(!queue.catalog().exists("a").unwrap());
}

#[test]
fn cancelation_takes_back_what_waits_and_what_runs() {
    let queue = TestQueue::new();
    let running = queue.start_long_addition();
    let waiting = queue.add_documents("a", r#"{"id":1}"#);
    let kept = queue.add_documents("b", r#"{"id":1}"#);
    let set = [running, waiting].into_iter().collect();
    let cancelation = queue.register(TaskContent::TaskCancelation { query: "?uids=0,1".into(), tasks: set });
    let cancelation = queue.finished(cancelation);
    assert_eq!(
        Value::from(cancelation.details().unwrap()),
        json!({"matchedTasks": 2, "canceledTasks": 2, "originalFilter": "?uids=0,1"})
    );
    for uid in [running, waiting] {
        let task = queue.finished(uid);
        assert_eq!((task.status, task.canceled_by), (Status::Canceled, Some(cancelation.uid)));
        assert_eq!(task.batch_uid, cancelation.batch_uid);
        assert_eq!(task.details().unwrap()["indexedDocuments"], 0);
    }
    assert_eq!(queue.finished(kept).status, Status::Succeeded);
    assert!(!queue.catalog().exists("a").unwrap());
    assert_eq!(queue.catalog().stats("long").unwrap().documents_count, 0);
    queue.shutdown();
    assert_eq!(queue.payload_files_count(), 0);
    let by = TaskFilter { canceled_by: Some(vec![cancelation.uid]), ..TaskFilter::default() };
    assert_eq!(queue.tasks(&by, Visibility::All).unwrap().total, 2);
}

#[test]
fn deletion_removes_finished_tasks_and_their_batches() {
    let queue = TestQueue::new();
    for uid in ["a", "b", "c"] {
        queue.run(content::creation(uid, None));
    }
    let blocker = queue.block();
    let deletion = |tasks: &[u32]| TaskContent::TaskDeletion {
        query: "?uids=*".into(),
        tasks: tasks.iter().copied().collect(),
    };
    let first = queue.register(deletion(&[0, 1, blocker.uid()]));
    let second = queue.register(deletion(&[1, 2, 77]));
    blocker.release();
    let counts = |uid| {
        let details = queue.finished(uid).details().unwrap();
        (details["matchedTasks"].clone(), details["deletedTasks"].clone())
    };
    // The set holds no later task; what was deleted once does not count twice. The blocker has finished
    // when the deletions run.
    assert_eq!(counts(first), (json!(3), json!(3)));
    assert_eq!(counts(second), (json!(2), json!(1)));
    assert_eq!(queue.finished(first).batch_uid, queue.finished(second).batch_uid);
    assert!(queue.task(0).unwrap().is_none());
    assert!(queue.batch(0).unwrap().is_none());
    let next = queue.register(content::creation("d", None));
    assert_eq!(next, second + 1);
}

#[test]
fn the_oldest_finished_tasks_go_when_the_queue_is_full() {
    let queue = TestQueue::with(|options| options.tasks_max = 20);
    for number in 0..20 {
        queue.run(content::creation(&format!("i{number}"), None));
    }
    queue.run(content::creation("one-more", None));
    let deletion = queue.task(20).unwrap().unwrap();
    assert!(matches!(deletion.content, TaskContent::TaskDeletion { .. }), "{deletion:?}");
    let details = queue.finished(20).details().unwrap();
    assert_eq!(details["deletedTasks"], 2);
    let filter = details["originalFilter"].as_str().unwrap();
    assert!(
        filter.starts_with("?beforeEnqueuedAt=") && filter.ends_with("&statuses=succeeded,failed,canceled")
    );
    assert!(queue.task(1).unwrap().is_none() && queue.task(19).unwrap().is_some());
}

#[test]
fn a_full_store_takes_only_what_frees_space() {
    let queue = TestQueue::with(|options| options.task_db_size_bytes = 1 << 20);
    let metadata = "x".repeat(20_000);
    let refusal = loop {
        let task = quarry_tasks::NewTask {
            content: content::creation("a", None),
            custom_metadata: Some(metadata.clone()),
        };
        match queue.try_register(task) {
            Ok(task) => queue.finished(task.uid),
            Err(error) => break error,
        };
    };
    assert!(refusal.to_string().starts_with("Meilisearch cannot receive write operations because the limit"));
    let deletion = |tasks: &[u32]| {
        quarry_tasks::NewTask::from(TaskContent::TaskDeletion {
            query: "?".into(),
            tasks: tasks.iter().copied().collect(),
        })
    };
    assert!(queue.try_register(deletion(&[])).is_err());
    let uid = queue.try_register(deletion(&(0..100).collect::<Vec<_>>())).unwrap().uid;
    queue.finished(uid);
    queue.run(content::creation("b", None));
}

/// The index commits, and the error of one task is too large for what the queue has left.
#[test]
fn work_that_the_queue_cannot_write_down_is_done_once() {
    let queue = TestQueue::with(|options| options.task_db_size_bytes = 1 << 20);
    queue.run(content::creation("a", Some("id")));
    queue.run(content::creation("b", Some("id")));
    let blocker = queue.block();
    let nameless = |bytes| format!(r#"{{"name":"{}"}}"#, "x".repeat(bytes));
    let ballast = queue.add_documents("b", &nameless(600_000));
    let written = queue.add_documents("a", r#"{"id":1}"#);
    let refused = queue.add_documents("a", &nameless(500_000));
    let index = queue.catalog().get("a").unwrap();
    blocker.release();
    while index.stamp().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let stamp = index.stamp().unwrap();
    let waiting = queue.wait(written, Duration::from_millis(200)).unwrap().unwrap();
    assert_eq!(waiting.status, Status::Enqueued);
    queue.run(TaskContent::TaskDeletion { query: "?".into(), tasks: [ballast].into_iter().collect() });
    // What a commit frees is there for the one after the next.
    queue.register(content::creation("c", None));
    assert_eq!(queue.finished(written).status, Status::Succeeded);
    assert_eq!(queue.finished(refused).status, Status::Failed);
    assert_eq!(index.stamp().unwrap(), stamp, "the batch was not run again");
}

#[test]
fn a_refused_filter_fails_its_deletion_alone() {
    let queue = TestQueue::new();
    let first = queue.add_documents("a", r#"{"id":1,"kind":"x"}"#);
    queue.finished(first);
    let blocker = queue.block();
    let deletion = TaskContent::DocumentDeletionByFilter { index: "a".into(), filter: json!("kind = x") };
    let deletion = queue.register(deletion);
    let addition = queue.add_documents("a", r#"{"id":2}"#);
    blocker.release();
    let deletion = queue.finished(deletion);
    assert_eq!(queue.finished(addition).status, Status::Succeeded);
    assert_eq!(deletion.batch_uid, queue.finished(addition).batch_uid);
    assert!(deletion.error.unwrap().message.starts_with("Index `a`: Attribute `kind` is not filterable."));
    assert_eq!(queue.catalog().stats("a").unwrap().documents_count, 2);
}

#[test]
fn a_lost_payload_fails_its_batch_and_nothing_else() {
    let queue = TestQueue::new();
    queue.run(content::creation("a", Some("id")));
    let blocker = queue.block();
    let lost = queue.add_documents("a", r#"{"id":1}"#);
    for payload in std::fs::read_dir(queue.path().join("update_files")).unwrap() {
        std::fs::remove_file(payload.unwrap().path()).unwrap();
    }
    let other = queue.add_documents("b", r#"{"id":1}"#);
    blocker.release();
    assert_eq!(queue.finished(lost).status, Status::Failed);
    assert_eq!(queue.finished(other).status, Status::Succeeded);
    assert_eq!(queue.catalog().stats("a").unwrap().documents_count, 0);
}

#[test]
fn all_documents_go_whatever_else_waits() {
    let queue = TestQueue::new();
    let first = queue.add_documents("a", "{\"id\":1}\n{\"id\":2}");
    queue.finished(first);
    let blocker = queue.block();
    let addition = queue.add_documents("a", r#"{"id":3}"#);
    let clear = queue.register(TaskContent::DocumentClear { index: "a".into() });
    let again = queue.register(TaskContent::DocumentClear { index: "a".into() });
    blocker.release();
    let details = |uid| Value::from(queue.finished(uid).details().unwrap());
    assert_eq!(details(addition), json!({"receivedDocuments": 1, "indexedDocuments": null}));
    assert_eq!(details(clear), json!({"deletedDocuments": 2}));
    assert_eq!(details(again), json!({"deletedDocuments": 0}));
    assert_eq!(queue.finished(addition).status, Status::Succeeded);
    assert_eq!(queue.catalog().stats("a").unwrap().documents_count, 0);
}
