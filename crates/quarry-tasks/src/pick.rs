//! What runs next: priorities first, then the oldest task with those that may run with it.

use quarry_engine::CatalogError;
use quarry_storage::{StorageError, Txn};
use roaring::RoaringBitmap;

use crate::batching::{Candidate, Class, IndexState, Limits, Plan, assemble};
use crate::content::TaskContent;
use crate::kind::Kind;
use crate::queue::Shared;
use crate::stop_reason::StopReason;
use crate::store::sets::SetKey;
use crate::task::Task;

/// What a batch is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// One cancelation.
    Cancelation,
    /// Deletions of tasks.
    TaskDeletion,
    /// Tasks of one index, or one task on its own.
    Index(Plan),
}

/// The tasks of the next batch, in uid order.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) tasks: Vec<Task>,
    pub(crate) work: Work,
    pub(crate) reason: StopReason,
}

/// Chooses the next batch; `None` when nothing waits.
///
/// - `aside`: indexes whose tasks are passed over
pub(crate) fn pick<'a>(
    shared: &Shared,
    txn: &Txn<'_>,
    aside: impl IntoIterator<Item = &'a str>,
) -> Result<Option<Picked>, CatalogError> {
    let tasks = &shared.store.tasks;
    let mut waiting = tasks.waiting(txn)?;
    waiting -= tasks.sets.union(txn, aside.into_iter().map(SetKey::Index))?;
    let Some(first) = waiting.min() else { return Ok(None) };
    if let Some(picked) = pick_by_priority(shared, txn, &waiting)? {
        return Ok(Some(picked));
    }
    let first = shared.store.tasks.expect(txn, first)?;
    match index_of(&first) {
        Some(index) => pick_of_index(shared, txn, &waiting, index).map(Some),
        None => Ok(Some(alone(first))),
    }
}

/// The index whose tasks may join the first one.
fn index_of(first: &Task) -> Option<String> {
    match class(first) {
        Class::Alone(_) => None,
        _ => first.index_uid().map(str::to_owned),
    }
}

fn alone(task: Task) -> Picked {
    let (uid, kind) = (task.uid, task.kind());
    Picked {
        tasks: vec![task],
        work: Work::Index(Plan::Alone(kind)),
        reason: StopReason::Alone { uid, kind },
    }
}

/// The kinds that run before everything else, first match first.
fn pick_by_priority(
    shared: &Shared,
    txn: &Txn<'_>,
    waiting: &RoaringBitmap,
) -> Result<Option<Picked>, StorageError> {
    let tasks = &shared.store.tasks;
    let waiting_of = |kind: Kind| Ok::<_, StorageError>(tasks.sets.get(txn, SetKey::Kind(kind))? & waiting);
    // The latest cancelation may spare the work of those before it.
    if let Some(uid) = waiting_of(Kind::TaskCancelation)?.max() {
        let reason = StopReason::Alone { uid, kind: Kind::TaskCancelation };
        return Ok(Some(Picked { tasks: vec![tasks.expect(txn, uid)?], work: Work::Cancelation, reason }));
    }
    if let Some(uid) = waiting_of(Kind::UpgradeDatabase)?.min() {
        return Ok(Some(alone(tasks.expect(txn, uid)?)));
    }
    if let Some(picked) = pick_task_deletions(shared, txn, waiting)? {
        return Ok(Some(picked));
    }
    for kind in [Kind::IndexCompaction, Kind::Export, Kind::SnapshotCreation, Kind::DumpCreation] {
        let uids = waiting_of(kind)?;
        let Some(first) = uids.min() else { continue };
        if kind != Kind::SnapshotCreation {
            return Ok(Some(alone(tasks.expect(txn, first)?)));
        }
        return together(shared, txn, &uids, Work::Index(Plan::Alone(kind)), kind).map(Some);
    }
    Ok(None)
}

/// All deletions of tasks among those that wait, as one batch.
pub(crate) fn pick_task_deletions(
    shared: &Shared,
    txn: &Txn<'_>,
    waiting: &RoaringBitmap,
) -> Result<Option<Picked>, StorageError> {
    let uids = shared.store.tasks.sets.get(txn, SetKey::Kind(Kind::TaskDeletion))? & waiting;
    if uids.is_empty() {
        return Ok(None);
    }
    together(shared, txn, &uids, Work::TaskDeletion, Kind::TaskDeletion).map(Some)
}

fn together(
    shared: &Shared,
    txn: &Txn<'_>,
    uids: &RoaringBitmap,
    work: Work,
    kind: Kind,
) -> Result<Picked, StorageError> {
    let tasks = uids.iter().map(|uid| shared.store.tasks.expect(txn, uid)).collect::<Result<Vec<_>, _>>()?;
    Ok(Picked { tasks, work, reason: StopReason::KindOnly { kind } })
}

/// The first waiting tasks of one index that may run together.
fn pick_of_index(
    shared: &Shared,
    txn: &Txn<'_>,
    waiting: &RoaringBitmap,
    index: String,
) -> Result<Picked, CatalogError> {
    let uids = shared.store.tasks.sets.get(txn, SetKey::Index(&index))? & waiting;
    let exists = shared.catalog.exists_in(txn, &index)?;
    // An index that cannot be read has none either: its tasks meet the error when they run.
    let stats = shared.catalog.stats_in(txn, &index);
    let primary_key = stats.ok().and_then(|stats| stats.primary_key);
    let state = IndexState { uid: index, exists, primary_key };
    let limits = Limits {
        tasks_max: shared.options.batched_tasks_max.unwrap_or(usize::MAX),
        bytes_max: shared.options.batched_bytes_max(),
    };
    // Tasks are read one by one: a batch may stop long before the last one.
    let mut tasks = Vec::new();
    let candidates = uids.iter().map(|uid| {
        let task = shared.store.tasks.expect(txn, uid)?;
        let bytes = task.content.payload().map_or(0, |payload| shared.payloads.bytes(payload));
        let candidate = Candidate { uid, class: class(&task), bytes };
        tasks.push(task);
        Ok::<_, StorageError>(candidate)
    });
    let decision = assemble(&state, limits, candidates)?.ok_or(StorageError::Corrupted {
        table: "task-sets",
        detail: "a waiting task is missing from the set of its index",
    })?;
    tasks.truncate(decision.len);
    let reason = match decision.reason {
        StopReason::AllEnqueuedForIndex { .. } if waiting.len() == decision.len as u64 => {
            StopReason::AllEnqueued
        }
        reason => reason,
    };
    Ok(Picked { tasks, work: Work::Index(decision.plan), reason })
}

/// How a task batches.
pub(crate) fn class(task: &Task) -> Class {
    let may_create = task.content.may_create_index();
    match &task.content {
        TaskContent::DocumentAddition { primary_key, .. } => {
            Class::Addition { primary_key: primary_key.clone(), may_create }
        }
        TaskContent::DocumentDeletion { .. } => Class::Deletion,
        TaskContent::DocumentDeletionByFilter { .. } => Class::FilterDeletion,
        TaskContent::DocumentClear { .. } => Class::Clear,
        TaskContent::Settings { .. } => Class::Settings { may_create },
        TaskContent::IndexDeletion { .. } => Class::IndexDeletion,
        other => Class::Alone(other.kind()),
    }
}
