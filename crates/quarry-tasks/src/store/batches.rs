//! The finished batches, with their sets and dates in step.

use quarry_storage::{PlainTable, StorageError, Txn, WriteTxn};

use super::dates::{Dates, Event};
use super::record::{decode, encode, next_uid};
use super::sets::{SetChanges, SetKey, Sets};
use crate::batch::Batch;

/// The tables about batches.
#[derive(Clone, Copy)]
pub(crate) struct BatchStore {
    pub(crate) records: PlainTable,
    pub(crate) sets: Sets,
    pub(crate) dates: Dates,
}

impl BatchStore {
    /// The uid of the next batch. The latest batch holds the task that ran last, so it is never removed
    /// before a later one is there.
    pub(crate) fn next_uid(&self, txn: &Txn<'_>) -> Result<u32, StorageError> {
        match self.records.last(txn)? {
            Some((key, _)) => next_uid(self.records.name(), key),
            None => Ok(0),
        }
    }

    pub(crate) fn get(&self, txn: &Txn<'_>, uid: u32) -> Result<Option<Batch>, StorageError> {
        match self.records.get(txn, &uid.to_be_bytes())? {
            Some(bytes) => decode(self.records.name(), bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Adds a finished batch. It replaces one with the same uid.
    pub(crate) fn insert(&self, txn: &mut WriteTxn<'_>, batch: &Batch) -> Result<(), StorageError> {
        let mut changes = SetChanges::default();
        for key in set_keys(batch) {
            changes.insert(key, batch.uid);
        }
        self.sets.apply(txn, &changes)?;
        for (event, date) in dates(batch) {
            self.dates.insert(txn, event, date, batch.uid)?;
        }
        self.records.put(txn, &batch.uid.to_be_bytes(), &encode(batch))
    }

    /// Takes a batch out.
    pub(crate) fn remove(&self, txn: &mut WriteTxn<'_>, uid: u32) -> Result<(), StorageError> {
        let Some(batch) = self.get(txn, uid)? else { return Ok(()) };
        let mut changes = SetChanges::default();
        for key in set_keys(&batch) {
            changes.remove(key, uid);
        }
        self.sets.apply(txn, &changes)?;
        for (event, date) in dates(&batch) {
            self.dates.remove(txn, event, date, uid)?;
        }
        self.records.delete(txn, &uid.to_be_bytes())?;
        Ok(())
    }
}

fn set_keys(batch: &Batch) -> Vec<SetKey<'_>> {
    let mut keys: Vec<SetKey<'_>> = batch.statuses().map(SetKey::Status).collect();
    keys.extend(batch.kinds().map(SetKey::Kind));
    keys.extend(batch.touched_indexes.iter().map(|uid| SetKey::Index(uid)));
    keys
}

fn dates(batch: &Batch) -> Vec<(Event, time::OffsetDateTime)> {
    let mut dates = vec![(Event::Started, batch.started_at)];
    dates.extend(batch.finished_at.map(|date| (Event::Finished, date)));
    if let Some(enqueued_at) = batch.enqueued_at {
        dates.push((Event::Enqueued, enqueued_at.earliest));
        dates.push((Event::Enqueued, enqueued_at.latest));
    }
    dates
}
