//! Nothing is lost and nothing runs twice when the process goes away.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use quarry_api::features::{Features, FeaturesUpdate};
use quarry_engine::CatalogError;
use quarry_storage::{Environment, EnvironmentOptions};
use quarry_tasks::{QueueOptions, Status, Task, TaskContent, TaskFilter, TaskQueue, Visibility};
use roaring::RoaringBitmap;
use support::{TestQueue, content};

#[test]
fn finished_tasks_and_indexes_stay() {
    let mut queue = TestQueue::new();
    let uid = queue.add_documents("a", r#"{"id":1}"#);
    let before = queue.finished(uid);
    let instance_uid = queue.instance_uid();
    queue.restart();
    assert_eq!(queue.task(uid).unwrap().unwrap(), before);
    assert_eq!(queue.instance_uid(), instance_uid);
    assert_eq!(queue.catalog().uids().unwrap(), ["a"]);
    let next = queue.run(content::creation("b", None));
    assert_eq!((next.uid, next.batch_uid), (uid + 1, Some(1)));
}

#[test]
fn what_waits_runs_after_the_restart() {
    let mut queue = TestQueue::new();
    let long = queue.start_long_addition();
    let waiting = queue.add_documents("a", r#"{"id":1}"#);
    queue.stop();
    queue.restart();
    for uid in [long, waiting] {
        assert_eq!(queue.finished(uid).status, Status::Succeeded);
    }
    assert_eq!(queue.catalog().stats("long").unwrap().documents_count, 60_000);
}

/// The crash falls between the commit of the index `a` and that of the queue: the queue's store is put back to
/// the state before the batch, the index keeps what the batch wrote. The queue is stopped; its tasks as they were.
fn stop_between_commits(queue: &mut TestQueue) -> (Task, Task) {
    queue.run(content::creation("a", Some("id")));
    let blocker = queue.block();
    let addition = queue.add_documents("a", "{\"id\":1}\n{\"id\":2}");
    let refused = queue.add_documents("a", r#"{"name":"no key"}"#);
    // Nothing but the blocked scheduler writes now: the file is consistent.
    let store = queue.path().join("tasks").join("data.mdb");
    let saved = queue.path().with_file_name("saved.mdb");
    std::fs::copy(&store, &saved).unwrap();
    blocker.release();
    let before = (queue.finished(addition), queue.finished(refused));
    queue.stop();
    std::fs::copy(&saved, &store).unwrap();
    before
}

#[test]
fn a_batch_that_the_index_has_is_not_run_again() {
    let mut queue = TestQueue::new();
    let before = stop_between_commits(&mut queue);
    let (addition, refused) = (before.0.uid, before.1.uid);
    queue.restart();
    // The payloads are gone, so running again would fail.
    let after = (queue.finished(addition), queue.finished(refused));
    assert_eq!(after.0.status, Status::Succeeded);
    assert_eq!((&after.0.outcome, after.0.batch_uid), (&before.0.outcome, before.0.batch_uid));
    assert_eq!(after.0.started_at, before.0.started_at);
    assert_eq!((&after.1.error, after.1.status), (&before.1.error, Status::Failed));
    assert_eq!(queue.catalog().stats("a").unwrap().documents_count, 2);
    let batch = queue.batch(before.0.batch_uid.unwrap()).unwrap().unwrap();
    assert_eq!(batch.stats.tasks_count, 2);
}

#[test]
fn tasks_of_an_index_that_cannot_be_opened_wait_for_it_and_run_once() {
    let mut queue = TestQueue::new();
    let (addition, refused) = stop_between_commits(&mut queue);
    // Nothing else of the index is touched: it opens once the folder is gone.
    let folders: Vec<_> = std::fs::read_dir(queue.path().join("indexes")).unwrap().collect();
    let locks: Vec<_> =
        folders.iter().map(|folder| folder.as_ref().unwrap().path().join("lock.mdb")).collect();
    for lock in &locks {
        std::fs::remove_file(lock).unwrap();
        std::fs::create_dir(lock).unwrap();
    }
    queue.restart();
    let others = queue.run(content::creation("other", None));
    assert_eq!(others.status, Status::Succeeded, "other indexes are served");
    assert_eq!(queue.task(addition.uid).unwrap().unwrap().status, Status::Enqueued);
    for lock in &locks {
        std::fs::remove_dir(lock).unwrap();
    }
    // The payloads are gone, so running again would fail.
    assert_eq!(queue.finished(addition.uid).outcome, addition.outcome);
    assert_eq!(queue.finished(refused.uid).error, refused.error);
    assert_eq!(queue.catalog().stats("a").unwrap().documents_count, 2);
}

#[test]
fn indexes_without_their_queue_are_left_alone() {
    let mut queue = TestQueue::new();
    queue.run(content::creation("a", None));
    let path = queue.path();
    queue.stop();
    std::fs::remove_dir_all(path.join("tasks")).unwrap();
    std::fs::remove_file(path.join("VERSION")).unwrap();
    let refusal = TaskQueue::open(QueueOptions::at(&path)).err().unwrap();
    assert!(refusal.to_string().contains("the queue in `tasks`"), "{refusal}");
    assert_eq!(queue.index_folders_count(), 1);
}

#[test]
fn left_overs_are_removed() {
    let mut queue = TestQueue::new();
    queue.run(content::creation("a", None));
    queue.payload_file().unwrap().keep().unwrap();
    let orphan = queue.path().join("indexes").join("0190a0a0-0000-7000-8000-000000000000");
    std::fs::create_dir_all(&orphan).unwrap();
    assert_eq!(queue.payload_files_count(), 1);
    let draft = queue.path().join("tasks").join("data.compacted");
    std::fs::write(&draft, "half").unwrap();
    queue.restart();
    assert!(!draft.exists());
    assert_eq!(queue.payload_files_count(), 0);
    assert!(!orphan.exists());
    assert_eq!(queue.catalog().uids().unwrap(), ["a"]);
}

#[test]
fn the_folder_of_a_deleted_index_goes() {
    let queue = TestQueue::new();
    queue.run(content::creation("a", None));
    let open = queue.catalog().get("a").unwrap();
    assert_eq!(queue.index_folders_count(), 1);
    queue.run(TaskContent::IndexDeletion { index: "a".into() });
    queue.shutdown();
    assert_eq!(queue.index_folders_count(), 0);
    // Who still reads it may go on.
    assert_eq!(open.snapshot().unwrap().documents_count().unwrap(), 0);
}

#[test]
fn an_index_that_goes_while_it_is_opened_is_not_found() {
    // One index is kept open, so that each thread closes what the other has just opened.
    let queue = TestQueue::with(|options| options.catalog.open_indexes_max = 1);
    queue.run(content::creation("b", None));
    let is_over = AtomicBool::new(false);
    let open_both = || {
        while !is_over.load(Ordering::Relaxed) {
            for uid in ["a", "b"] {
                let opened = queue.catalog().get(uid);
                assert!(matches!(opened, Ok(_) | Err(CatalogError::NotFound { .. })), "{:?}", opened.err());
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(open_both), scope.spawn(open_both)];
        for _ in 0..100 {
            queue.run(content::creation("a", None));
            queue.run(TaskContent::IndexDeletion { index: "a".into() });
        }
        is_over.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    queue.shutdown();
    assert_eq!(queue.index_folders_count(), 1);
}

#[test]
fn compaction_keeps_what_is_there() {
    let queue = TestQueue::new();
    let uid = queue.add_documents("a", "{\"id\":1}\n{\"id\":2}");
    queue.finished(uid);
    let open = queue.catalog().get("a").unwrap();
    let task = queue.run(TaskContent::IndexCompaction { index: "a".into() });
    assert_eq!(task.status, Status::Succeeded, "{task:?}");
    let details = task.details().unwrap();
    assert!(details["preCompactionSize"].as_str().unwrap().ends_with("iB"), "{details:?}");
    assert_eq!(open.snapshot().unwrap().documents_count().unwrap(), 2);
    drop(open);
    let stats = queue.catalog().get("a").unwrap().snapshot().unwrap().documents_count().unwrap();
    assert_eq!(stats, 2);
}

#[test]
fn features_are_kept_and_forced() {
    let mut queue = TestQueue::with(|options| options.forced_features.metrics = Some(true));
    assert_eq!(queue.features(), Features { metrics: true, ..Features::default() });
    let update = FeaturesUpdate { network: Some(true), metrics: Some(false), ..FeaturesUpdate::default() };
    let expected = Features { network: true, ..Features::default() };
    assert_eq!(queue.update_features(update).unwrap(), expected);
    assert_eq!(queue.features(), expected);
    queue.restart();
    assert_eq!(queue.features(), Features { metrics: true, ..expected });
}

#[test]
fn a_compacted_queue_writes_again_after_the_restart() {
    let mut queue = TestQueue::new();
    queue.run(content::creation("a", None));
    let bytes = queue.compact().unwrap();
    assert!(bytes.before > 0 && bytes.after > 0 && queue.must_restart());
    let refusal = queue.try_register(content::creation("b", None).into()).unwrap_err();
    assert!(refusal.to_string().contains("must restart"), "{refusal}");
    assert_eq!(queue.task(0).unwrap().unwrap().status, Status::Succeeded);
    queue.restart();
    assert!(!queue.must_restart());
    assert_eq!(queue.task(0).unwrap().unwrap().status, Status::Succeeded);
    assert_eq!(queue.run(content::creation("b", None)).uid, 1);
}

#[test]
fn tasks_registered_at_the_same_time_all_stay() {
    let mut queue = TestQueue::new();
    let blocker = queue.block();
    let uids: Vec<u32> = std::thread::scope(|scope| {
        let register = |thread: usize| {
            let queue = &queue;
            move || {
                let create = |number| queue.register(content::creation(&format!("i{thread}-{number}"), None));
                (0..10).map(create).collect::<Vec<u32>>()
            }
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(register(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: std::collections::BTreeSet<u32> = uids.iter().copied().collect();
    assert_eq!(distinct, (1..81).collect());
    blocker.release();
    queue.restart();
    for uid in uids {
        assert_eq!(queue.finished(uid).status, Status::Succeeded);
    }
}

#[test]
fn many_indexes_share_few_open_environments() {
    let mut queue = TestQueue::with(|options| options.catalog.open_indexes_max = 2);
    for number in 0..8 {
        let uid = queue.add_documents(&format!("i{number}"), r#"{"id":1}"#);
        queue.finished(uid);
    }
    let handles: Vec<_> = (0..8).map(|number| queue.catalog().get(&format!("i{number}")).unwrap()).collect();
    for handle in &handles {
        assert_eq!(handle.snapshot().unwrap().documents_count().unwrap(), 1);
    }
    drop(handles);
    queue.restart();
    let (page, total) = queue.catalog().list(2, 3, &|uid| uid != "i0").unwrap();
    let uids: Vec<&str> = page.iter().map(|index| index.uid.as_str()).collect();
    assert_eq!((uids, total), (vec!["i3", "i4", "i5"], 7));
    assert_eq!(queue.tasks(&TaskFilter::default(), Visibility::All).unwrap().total, 8);
}

/// A damaged store: the set of waiting tasks holds one that is finished.
#[test]
fn a_finished_task_among_those_that_wait_runs_once() {
    let mut queue = TestQueue::new();
    let uid = queue.run(content::creation("a", None)).uid;
    queue.stop();
    let environment = Environment::open(&queue.path().join("tasks"), &EnvironmentOptions::default()).unwrap();
    let sets = environment.plain_table("task-sets").unwrap();
    let mut txn = environment.write_txn().unwrap();
    let mut waiting = Vec::new();
    RoaringBitmap::from([uid]).serialize_into(&mut waiting).unwrap();
    let enqueued = [1, 1, 0, 0];
    sets.put(&mut txn, &enqueued, &waiting).unwrap();
    txn.commit().unwrap();
    drop(environment);
    queue.restart();
    assert_eq!(queue.run(content::creation("b", None)).status, Status::Succeeded);
    let batches = queue.batches(&TaskFilter::default(), Visibility::All).unwrap();
    assert!(batches.total <= 3, "{batches:?}");
}
