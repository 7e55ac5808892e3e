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
    /// Ids that the key at hand has more and less than its table says, and had before.
    added: Vec<u32>,
    removed: Vec<u32>,
    before: Before,
    value: Vec<u8>,
}

#[derive(Default)]
struct Before {
    has_added: bool,
    removed_count: usize,
}

impl<'t, B: BlockStore> LateWriter<'t, B> {
    /// A writer of `late` on the blocks of `store`, which are those that `txn` shows.
    pub fn new(late: LateChanges, txn: &'t Txn<'t>, store: B) -> LateWriter<'t, B> {
        let blocks = BlockWriter::new(late.entries(), store, None);
        let (added, removed, before, value) = Default::default();
        LateWriter { late, txn, blocks, added, removed, before, value }
    }

    /// Adds and removes ids of `key`. Both lists ascend; what is added is not in the set, what is removed is: the
    /// table is not asked.
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
    ) -> Result<(), B::Error> {
        let late_key = late_key(table.number, key);
        self.blocks.seek(&late_key)?;
        let stored = self.blocks.take(&late_key)?;
        let before = stored.as_ref().map_or(&[0][..], |(_, value)| value);
        self.late.decode(self.late.parse(before)?, &mut self.added, &mut self.removed)?;
        self.before = Before { has_added: !self.added.is_empty(), removed_count: self.removed.len() };
        for &id in added {
            take_or_put(id, &mut self.removed, &mut self.added);
        }
        for &id in removed {
            take_or_put(id, &mut self.added, &mut self.removed);
        }
        encode(&self.added, &self.removed, &mut self.value);
        match (&stored, self.added.is_empty() && self.removed.is_empty()) {
            (None, true) => {}
            (Some(_), true) => self.blocks.mark_changed(),
            (Some(_), false) if self.value == before => self.blocks.keep(&late_key, 0, &self.value),
            (_, false) => self.blocks.push(&late_key, 0, &self.value)?,
        }
        Ok(())
    }

    /// What became of `key`, which was applied last: whoever asks pays for a look into the table.
    ///
    /// # Errors
    /// `Corrupted`, `Lmdb`
    pub fn outcome(&self, table: LayeredPostings, key: &[u8]) -> Result<KeyOutcome, StorageError> {
        let is_there = |has_added: bool, removed_count: usize| {
            // What is removed is in the table.
            Ok::<_, StorageError>(has_added || table.settled.holds_more_than(self.txn, key, removed_count)?)
        };
        let was_there = is_there(self.before.has_added, self.before.removed_count)?;
        let is_there = is_there(!self.added.is_empty(), self.removed.len())?;
        Ok(match (was_there, is_there) {
            (false, true) => KeyOutcome::Created,
            (true, false) => KeyOutcome::Removed,
            (true, true) => KeyOutcome::Changed,
            (false, false) => KeyOutcome::Unchanged,
        })
    }

    /// Writes what is left and gives the store back.
    pub fn finish(self) -> Result<B, B::Error> {
        self.blocks.finish()
    }
}

/// Takes `id` out of `waiting`, where the opposite change waits, or puts it into `changed`.
fn take_or_put(id: u32, waiting: &mut Vec<u32>, changed: &mut Vec<u32>) {
    match waiting.binary_search(&id) {
        Ok(place) => drop(waiting.remove(place)),
        Err(_) => {
            if let Err(place) = changed.binary_search(&id) {
                changed.insert(place, id);
            }
        }
    }
}
