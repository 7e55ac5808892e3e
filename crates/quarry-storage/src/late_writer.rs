//! Sorted changes that wait beside the postings tables that they are for.

use crate::block_writer::{BlockStore, BlockWriter};
use crate::environment::Txn;
use crate::late_changes::{LateChanges, encode, late_key};
use crate::{KeyOutcome, LayeredPostings, StorageError};

/// Adds to the late changes of an index: table by table in the order of their numbers, key by key.
pub struct LateWriter<'t, B: BlockStore> {
    late: LateChanges,
    /// The tables are read here.
    txn: &'t Txn<'t>,
    blocks: BlockWriter<B>,
    /// Ids that the key at hand has more and less than its table says.
    added: Vec<u32>,
    removed: Vec<u32>,
    value: Vec<u8>,
}

impl<'t, B: BlockStore> LateWriter<'t, B> {
    /// A writer of `late` on the blocks of `store`, which are those that `txn` shows.
    pub fn new(late: LateChanges, txn: &'t Txn<'t>, store: B) -> LateWriter<'t, B> {
        let blocks = BlockWriter::new(late.entries(), store, None);
        LateWriter { late, txn, blocks, added: Vec::new(), removed: Vec::new(), value: Vec::new() }
    }

    /// Adds and removes ids of `key`, as [`crate::PostingsWriter::apply`] does.
    ///
    /// # Errors
    /// `KeyOrder` unless number of the table and key are above all before; `KeyLength`; `Corrupted`; those of the
    /// store.
    pub fn apply(
        &mut self,
        table: LayeredPostings,
        key: &[u8],
        added: &[u32],
        removed: &[u32],
    ) -> Result<KeyOutcome, B::Error> {
        let late_key = late_key(table.number, key);
        self.blocks.seek(&late_key)?;
        let stored = self.blocks.take(&late_key)?;
        let before = stored.as_ref().map_or(&[0][..], |(_, value)| value);
        self.late.decode(self.late.parse(before)?, &mut self.added, &mut self.removed)?;
        let (had_more, had_less) = (!self.added.is_empty(), self.removed.len());
        let stored_count = self.change(table, key, added, removed)?;
        let is_there = |has_more: bool, less: usize| {
            // What it has less is in the table.
            let is_seen = has_more || stored_count > less as u64;
            Ok::<_, StorageError>(is_seen || table.settled.holds_more_than(self.txn, key, less)?)
        };
        let was_there = is_there(had_more, had_less)?;
        let is_there = is_there(!self.added.is_empty(), self.removed.len())?;
        encode(&self.added, &self.removed, &mut self.value);
        let is_changed = self.value != before;
        match (&stored, self.added.is_empty() && self.removed.is_empty()) {
            (None, true) => {}
            (Some(_), true) => self.blocks.mark_changed(),
            (Some(_), false) if !is_changed => self.blocks.keep(&late_key, 0, &self.value),
            (_, false) => self.blocks.push(&late_key, 0, &self.value)?,
        }
        Ok(match (was_there, is_there) {
            (false, true) => KeyOutcome::Created,
            (true, false) => KeyOutcome::Removed,
            (true, true) if is_changed => KeyOutcome::Changed,
            _ => KeyOutcome::Unchanged,
        })
    }

    /// Writes what is left and gives the store back.
    pub fn finish(self) -> Result<B, B::Error> {
        self.blocks.finish()
    }

    /// Changes the lists at hand; how many ids the table was seen to have, at least.
    fn change(
        &mut self,
        table: LayeredPostings,
        key: &[u8],
        added: &[u32],
        removed: &[u32],
    ) -> Result<u64, StorageError> {
        let mut stored_count = 0;
        let mut is_stored = |id| {
            let Some(segment) = table.settled.segment_around(self.txn, key, id)? else { return Ok(false) };
            stored_count = segment.len(table.settled.name())?.max(stored_count);
            segment.contains(id, table.settled.name())
        };
        for &id in added {
            match is_stored(id)? {
                true => take(&mut self.removed, id),
                false => put(&mut self.added, id),
            }
        }
        for &id in removed {
            match is_stored(id)? {
                true => put(&mut self.removed, id),
                false => take(&mut self.added, id),
            }
        }
        Ok(stored_count)
    }
}

fn put(ids: &mut Vec<u32>, id: u32) {
    if let Err(place) = ids.binary_search(&id) {
        ids.insert(place, id);
    }
}

fn take(ids: &mut Vec<u32>, id: u32) {
    if let Ok(place) = ids.binary_search(&id) {
        ids.remove(place);
    }
}
