//! The tasks, with their sets and dates in step.

use quarry_storage::{PlainTable, StorageError, Txn, WriteTxn};
use roaring::RoaringBitmap;

use super::dates::{Dates, Event};
use super::record::{decode, encode, next_uid};
use super::sets::{SetChanges, SetKey, Sets};
use crate::status::Status;
use crate::task::Task;

/// The tables about tasks.
#[derive(Clone, Copy)]
pub(crate) struct TaskStore {
    pub(crate) records: PlainTable,
    pub(crate) sets: Sets,
    pub(crate) dates: Dates,
}

impl TaskStore {
    /// The uid that the next task gets. The task with the highest uid can only be removed by a later one,
    /// so no uid comes twice.
    pub(crate) fn next_uid(&self, txn: &Txn<'_>) -> Result<u32, StorageError> {
        match self.records.last(txn)? {
            Some((key, _)) => next_uid(self.records.name(), key),
            None => Ok(0),
        }
    }

    pub(crate) fn len(&self, txn: &Txn<'_>) -> Result<u64, StorageError> {
        self.records.len(txn)
    }

    pub(crate) fn get(&self, txn: &Txn<'_>, uid: u32) -> Result<Option<Task>, StorageError> {
        match self.records.get(txn, &uid.to_be_bytes())? {
            Some(bytes) => decode(self.records.name(), bytes).map(Some),
            None => Ok(None),
        }
    }

    /// The tasks that wait.
    pub(crate) fn waiting(&self, txn: &Txn<'_>) -> Result<RoaringBitmap, StorageError> {
        self.sets.get(txn, SetKey::Status(Status::Enqueued))
    }

    /// A task that a set names.
    pub(crate) fn expect(&self, txn: &Txn<'_>, uid: u32) -> Result<Task, StorageError> {
        self.get(txn, uid)?.ok_or(StorageError::Corrupted {
            table: self.records.name(),
            detail: "a task of a set is missing",
        })
    }

    /// Adds a task with a fresh uid.
    pub(crate) fn insert(&self, txn: &mut WriteTxn<'_>, task: &Task) -> Result<(), StorageError> {
        let mut changes = SetChanges::default();
        for key in set_keys(task) {
            changes.insert(key, task.uid);
        }
        self.sets.apply(txn, &changes)?;
        for (event, date) in dates(task) {
            self.dates.insert(txn, event, date, task.uid)?;
        }
        self.records.put(txn, &task.uid.to_be_bytes(), &encode(task))
    }

    /// Replaces tasks by their next states.
    pub(crate) fn update<'t>(
        &self,
        txn: &mut WriteTxn<'_>,
        tasks: impl IntoIterator<Item = &'t Task>,
    ) -> Result<(), StorageError> {
        let mut changes = SetChanges::default();
        for task in tasks {
            let before = self.expect(txn, task.uid)?;
            let (keys_before, keys_after) = (set_keys(&before), set_keys(task));
            for key in keys_before.iter().filter(|key| !keys_after.contains(key)) {
                changes.remove(*key, task.uid);
            }
            if task.is_finished() {
                // Also when the record before did not say so, being damaged: the task would run again and again.
                changes.remove(SetKey::Status(Status::Enqueued), task.uid);
            }
            for key in keys_after.iter().filter(|key| !keys_before.contains(key)) {
                changes.insert(*key, task.uid);
            }
            let dates_after: Vec<_> = dates(task).collect();
            for (event, date) in dates(&before).filter(|date| !dates_after.contains(date)) {
                self.dates.remove(txn, event, date, task.uid)?;
            }
            for (event, date) in dates_after {
                self.dates.insert(txn, event, date, task.uid)?;
            }
            self.records.put(txn, &task.uid.to_be_bytes(), &encode(task))?;
        }
        self.sets.apply(txn, &changes)
    }

    /// Takes tasks out.
    pub(crate) fn remove(&self, txn: &mut WriteTxn<'_>, uids: &RoaringBitmap) -> Result<(), StorageError> {
        let mut changes = SetChanges::default();
        for uid in uids {
            let task = self.expect(txn, uid)?;
            for key in set_keys(&task) {
                changes.remove(key, uid);
            }
            for (event, date) in dates(&task) {
                self.dates.remove(txn, event, date, uid)?;
            }
            self.records.delete(txn, &uid.to_be_bytes())?;
        }
        self.sets.apply(txn, &changes)
    }
}

fn set_keys(task: &Task) -> Vec<SetKey<'_>> {
    let mut keys = vec![SetKey::Status(task.status), SetKey::Kind(task.kind())];
    keys.extend(task.content.index_uids().into_iter().map(SetKey::Index));
    keys.extend(task.canceled_by.map(SetKey::CanceledBy));
    keys.extend(task.batch_uid.map(SetKey::Batch));
    keys
}

fn dates(task: &Task) -> impl Iterator<Item = (Event, time::OffsetDateTime)> {
    let started = task.started_at.map(|date| (Event::Started, date));
    let finished = task.finished_at.map(|date| (Event::Finished, date));
    std::iter::once((Event::Enqueued, task.enqueued_at)).chain(started).chain(finished)
}
