//! Lists of tasks and batches: filters, pages, visibility, what runs now.

#![allow(clippy::unwrap_used)]

mod support;

use quarry_tasks::{Kind, Status, Swap, TaskContent, TaskFilter, Visibility};
use support::{TestQueue, content};
use time::{Duration, OffsetDateTime};

/// Task 0 to 2: indexes a, b, c made; 3: fails; 4: a and b swapped; 5: c deleted.
fn filled() -> TestQueue {
    let queue = TestQueue::new();
    for uid in ["a", "b", "c", "c"] {
        queue.run(content::creation(uid, None));
    }
    let swaps = vec![Swap { indexes: ("a".into(), "b".into()), rename: false }];
    queue.run(TaskContent::IndexSwap { swaps });
    queue.run(TaskContent::IndexDeletion { index: "c".into() });
    queue
}

fn uids(queue: &TestQueue, filter: TaskFilter) -> Vec<u32> {
    let page = queue.tasks(&filter, Visibility::All).unwrap();
    page.results.iter().map(|task| task.uid).collect()
}

fn batch_uids(queue: &TestQueue, filter: TaskFilter) -> Vec<u32> {
    let page = queue.batches(&filter, Visibility::All).unwrap();
    page.results.iter().map(|batch| batch.uid).collect()
}

fn names(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|&name| name.to_owned()).collect())
}

#[test]
fn filters_restrict_and_lists_are_alternatives() {
    let queue = filled();
    let all = TaskFilter::default;
    assert_eq!(uids(&queue, all()), [5, 4, 3, 2, 1, 0]);
    assert_eq!(uids(&queue, TaskFilter { uids: Some(vec![3, 0, 99]), ..all() }), [3, 0]);
    assert_eq!(uids(&queue, TaskFilter { uids: Some(vec![]), ..all() }), [0; 0]);
    assert_eq!(uids(&queue, TaskFilter { statuses: Some(vec![Status::Failed]), ..all() }), [3]);
    assert_eq!(uids(&queue, TaskFilter { statuses: Some(vec![Status::Enqueued]), ..all() }), [0; 0]);
    let kinds = Some(vec![Kind::IndexSwap, Kind::IndexDeletion]);
    assert_eq!(uids(&queue, TaskFilter { types: kinds.clone(), ..all() }), [5, 4]);
    assert_eq!(uids(&queue, TaskFilter { types: kinds, uids: Some(vec![5, 0]), ..all() }), [5]);
    assert_eq!(uids(&queue, TaskFilter { index_uids: names(&["c"]), ..all() }), [5, 3, 2]);
    assert_eq!(uids(&queue, TaskFilter { batch_uids: Some(vec![1, 2]), ..all() }), [2, 1]);
    assert_eq!(uids(&queue, TaskFilter { canceled_by: Some(vec![1]), ..all() }), [0; 0]);
}

#[test]
fn total_counts_what_the_page_and_the_swap_rule_hide() {
    let queue = filled();
    let filter = TaskFilter { index_uids: names(&["a", "b"]), limit: 1, ..TaskFilter::default() };
    let page = queue.tasks(&filter, Visibility::All).unwrap();
    // The swap touches both, but is tied to neither.
    assert_eq!((page.total, page.from, page.next), (3, Some(1), Some(0)));
}

#[test]
fn pages() {
    let queue = filled();
    let page = |limit, from, reverse| {
        let filter = TaskFilter { limit, from, reverse, ..TaskFilter::default() };
        let page = queue.tasks(&filter, Visibility::All).unwrap();
        assert_eq!((page.total, page.limit), (6, limit));
        let uids: Vec<u32> = page.results.iter().map(|task| task.uid).collect();
        (uids, page.from, page.next)
    };
    assert_eq!(page(2, None, false), (vec![5, 4], Some(5), Some(3)));
    assert_eq!(page(2, Some(1), false), (vec![1, 0], Some(1), None));
    assert_eq!(page(3, Some(99), false), (vec![5, 4, 3], Some(5), Some(2)));
    assert_eq!(page(2, None, true), (vec![0, 1], Some(0), Some(2)));
    assert_eq!(page(2, Some(5), true), (vec![5], Some(5), None));
    assert_eq!(page(0, None, false), (vec![], None, Some(5)));
    assert_eq!(page(0, Some(50), true), (vec![], None, None));
}

#[test]
fn bounds_of_dates_are_exclusive() {
    let queue = filled();
    let task = queue.task(2).unwrap().unwrap();
    let all = TaskFilter::default;
    let enqueued = Some(task.enqueued_at);
    assert_eq!(uids(&queue, TaskFilter { after_enqueued_at: enqueued, ..all() }), [5, 4, 3]);
    assert_eq!(uids(&queue, TaskFilter { before_enqueued_at: enqueued, ..all() }), [1, 0]);
    let around = TaskFilter {
        after_enqueued_at: enqueued.map(|date| date - Duration::NANOSECOND),
        before_enqueued_at: enqueued.map(|date| date + Duration::NANOSECOND),
        ..all()
    };
    assert_eq!(uids(&queue, around), [2]);
    assert_eq!(uids(&queue, TaskFilter { after_started_at: task.started_at, ..all() }), [5, 4, 3]);
    assert_eq!(uids(&queue, TaskFilter { before_finished_at: task.finished_at, ..all() }), [1, 0]);
    assert_eq!(batch_uids(&queue, TaskFilter { after_finished_at: task.finished_at, ..all() }), [5, 4, 3]);
    assert_eq!(batch_uids(&queue, TaskFilter { before_enqueued_at: enqueued, ..all() }), [1, 0]);
    let nothing = TaskFilter { after_enqueued_at: enqueued, before_enqueued_at: enqueued, ..all() };
    assert_eq!(uids(&queue, nothing), [0; 0]);
    let far = OffsetDateTime::from_unix_timestamp(200_000_000_000).unwrap();
    assert_eq!(uids(&queue, TaskFilter { before_started_at: Some(far), ..all() }).len(), 6);
    assert_eq!(uids(&queue, TaskFilter { after_started_at: Some(far), ..all() }).len(), 0);
}

#[test]
fn batches_are_filtered_by_their_tasks() {
    let queue = filled();
    let all = TaskFilter::default;
    assert_eq!(batch_uids(&queue, all()), [5, 4, 3, 2, 1, 0]);
    assert_eq!(batch_uids(&queue, TaskFilter { uids: Some(vec![0, 3, 99]), ..all() }), [3, 0]);
    assert_eq!(batch_uids(&queue, TaskFilter { batch_uids: Some(vec![2, 99]), ..all() }), [2]);
    assert_eq!(batch_uids(&queue, TaskFilter { statuses: Some(vec![Status::Failed]), ..all() }), [3]);
    assert_eq!(batch_uids(&queue, TaskFilter { types: Some(vec![Kind::IndexSwap]), ..all() }), [4]);
    // A batch keeps the names that its tasks had when they ran.
    assert_eq!(batch_uids(&queue, TaskFilter { index_uids: names(&["a"]), ..all() }), [0]);
    let page = queue.batches(&TaskFilter { index_uids: names(&["a"]), ..all() }, Visibility::All).unwrap();
    assert_eq!(page.total, 2);
}

#[test]
fn a_restricted_caller_sees_its_indexes_only() {
    let queue = filled();
    let only_c = |uid: &str| uid == "c";
    let page = queue.tasks(&TaskFilter::default(), Visibility::Only(&only_c)).unwrap();
    assert_eq!(page.results.iter().map(|task| task.uid).collect::<Vec<_>>(), [5, 3, 2]);
    assert_eq!(page.total, 6);
    let page = queue.batches(&TaskFilter::default(), Visibility::Only(&only_c)).unwrap();
    assert_eq!(page.results.iter().map(|batch| batch.uid).collect::<Vec<_>>(), [5, 3, 2]);
    let matching = queue.matching(&TaskFilter::default(), Visibility::Only(&only_c)).unwrap();
    assert_eq!(matching.iter().collect::<Vec<_>>(), [2, 3, 5]);
}

#[test]
fn what_runs_shows_as_processing_everywhere() {
    let queue = TestQueue::new();
    let running = queue.start_long_addition();
    let waiting = queue.add_documents("a", r#"{"id":1}"#);
    let with = |status| TaskFilter { statuses: Some(vec![status]), ..TaskFilter::default() };
    let task = queue.task(running).unwrap().unwrap();
    assert_eq!((task.status, task.batch_uid), (Status::Processing, Some(0)));
    assert!(task.started_at.is_some() && task.finished_at.is_none());
    assert_eq!(uids(&queue, with(Status::Processing)), [running]);
    assert_eq!(uids(&queue, with(Status::Enqueued)), [waiting]);
    assert_eq!(uids(&queue, TaskFilter { batch_uids: Some(vec![0]), ..TaskFilter::default() }), [running]);
    let started = TaskFilter { after_started_at: Some(task.enqueued_at), ..TaskFilter::default() };
    assert_eq!(uids(&queue, started), [running]);
    assert!(queue.is_indexing("long") && !queue.is_indexing("a"));
    let batch = queue.batch(0).unwrap().unwrap().view();
    assert!(batch.progress.is_some() && batch.finished_at.is_none());
    assert_eq!(batch.stats.status["processing"], 1);
    assert_eq!(batch.details["receivedDocuments"], 60_000);
    assert_eq!(batch_uids(&queue, with(Status::Processing)), [0]);
    assert_eq!(batch_uids(&queue, with(Status::Enqueued)), [0; 0]);
    let counts = queue.counts().unwrap();
    assert!(counts.statuses.contains(&("processing", 1)) && counts.statuses.contains(&("enqueued", 1)));
    assert_eq!(counts.indexes, [("a".to_owned(), 1), ("long".to_owned(), 1)]);
    assert!(queue.task_documents(waiting).unwrap().is_some());
    queue.finished(waiting);
    assert!(queue.task_documents(waiting).unwrap().is_none());
    assert!(!queue.is_indexing("a"));
}
