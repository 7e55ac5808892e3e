//! Sorted changes to a postings table.

use roaring::RoaringBitmap;

use crate::BlockTable;
use crate::block::Flags;
use crate::block_writer::{BlockSink, BlockStore, BlockWriter, DirectStore, SnapshotStore};
use crate::environment::{Txn, WriteTxn};
use crate::postings::{CONTINUED, Segment, change_ids, encode_ids, segment_of};
use crate::postings_table::PostingsTable;

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOutcome {
    /// It was absent and is there now.
    Created,
    /// It was there and is still, with another set.
    Changed,
    /// It was there and is not any more.
    Removed,
    /// As before.
    Unchanged,
}

/// Applies changes to a postings table in ascending key order.
pub struct PostingsWriter<B: BlockStore> {
    table: PostingsTable,
    blocks: BlockWriter<B>,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    key: Vec<u8>,
    value: Vec<u8>,
}

impl PostingsTable {
    /// A writer that reads blocks from `txn` and sends changed ones to `sink`. With `end`, it is the writer
    /// of one part of the table (see [`PostingsTable::partition_keys`]): all its keys are below `end`.
    pub fn writer<'t, S: BlockSink>(
        &self,
        txn: &'t Txn<'t>,
        sink: S,
        end: Option<Vec<u8>>,
    ) -> PostingsWriter<SnapshotStore<'t, S>> {
        let store = SnapshotStore { table: self.entries(), txn, sink };
        PostingsWriter::over(*self, BlockWriter::new(self.entries(), store, end))
    }

    /// A writer on the write transaction itself.
    pub fn direct_writer<'t, 'e>(&self, txn: &'t mut WriteTxn<'e>) -> PostingsWriter<DirectStore<'t, 'e>> {
        let store = DirectStore { table: self.entries(), txn };
        PostingsWriter::over(*self, BlockWriter::new(self.entries(), store, None))
    }
}

impl BlockTable {
    /// A writer that reads blocks from `txn` and sends changed ones to `sink`; see [`PostingsTable::writer`].
    pub fn writer<'t, S: BlockSink>(
        &self,
        txn: &'t Txn<'t>,
        sink: S,
        end: Option<Vec<u8>>,
    ) -> BlockWriter<SnapshotStore<'t, S>> {
        BlockWriter::new(*self, SnapshotStore { table: *self, txn, sink }, end)
    }

    /// A writer on the write transaction itself.
    pub fn direct_writer<'t, 'e>(&self, txn: &'t mut WriteTxn<'e>) -> BlockWriter<DirectStore<'t, 'e>> {
        BlockWriter::new(*self, DirectStore { table: *self, txn }, None)
    }
}

/// What to do with the ids of a key.
enum Change<'c> {
    Merge { added: &'c [u32], removed: &'c [u32] },
    Replace { ids: &'c [u32] },
}

impl<B: BlockStore> PostingsWriter<B> {
    /// A writer on any store: one that holds no block builds the table anew.
    pub fn over(table: PostingsTable, blocks: BlockWriter<B>) -> PostingsWriter<B> {
        PostingsWriter { table, blocks, scratch: Scratch::default() }
    }

    /// Adds and removes ids of `key`. Both lists ascend strictly and have no id in common; adding what is
    /// there and removing what is not changes nothing. A key that is left without ids disappears.
    ///
    /// # Errors
    /// `KeyOrder` unless `key` is above all before; `KeyLength`; `Corrupted`; those of the store.
    pub fn apply(&mut self, key: &[u8], added: &[u32], removed: &[u32]) -> Result<KeyOutcome, B::Error> {
        self.change(key, 1, Change::Merge { added, removed })
    }

    /// Sets the ids of `key` to `ids`; none takes the key out.
    pub fn set(&mut self, key: &[u8], ids: &RoaringBitmap) -> Result<KeyOutcome, B::Error> {
        self.set_group(key, 1, ids)
    }

    /// As [`PostingsWriter::set`], with the group-size byte of a facet table.
    pub fn set_group(&mut self, key: &[u8], size: u8, ids: &RoaringBitmap) -> Result<KeyOutcome, B::Error> {
        let ids: Vec<u32> = ids.iter().collect();
        self.change(key, size, Change::Replace { ids: &ids })
    }

    /// Writes what is left and gives the store back.
    pub fn finish(self) -> Result<B, B::Error> {
        self.blocks.finish()
    }

    fn change(&mut self, key: &[u8], size: u8, change: Change<'_>) -> Result<KeyOutcome, B::Error> {
        self.blocks.seek(key)?;
        let mut seen = Seen::default();
        let (mut added, mut removed) = match change {
            Change::Merge { added, removed } => (added, removed),
            Change::Replace { ids } => (ids, &[][..]),
        };
        let replaces = matches!(change, Change::Replace { .. });
        while let Some(segment) = first_segment(added, removed) {
            self.copy_segments_below(key, Some(segment), replaces, &mut seen)?;
            let (add, add_left) = split_segment(added, segment);
            let (remove, remove_left) = split_segment(removed, segment);
            self.change_segment(key, segment, size, (add, remove, replaces), &mut seen)?;
            (added, removed) = (add_left, remove_left);
        }
        self.copy_segments_below(key, None, replaces, &mut seen)?;
        Ok(seen.outcome())
    }

    /// Copies (or drops, when replacing) the stored segments of `key` below `segment`; all that are left for None.
    fn copy_segments_below(
        &mut self,
        key: &[u8],
        segment: Option<u16>,
        drop_them: bool,
        seen: &mut Seen,
    ) -> Result<(), B::Error> {
        let mut limit = std::mem::take(&mut self.scratch.key);
        if let Some(segment) = segment {
            segment_key(key, segment, &mut limit);
        }
        let result = self.copy_segments(key, segment.map(|_| limit.as_slice()), drop_them, seen);
        self.scratch.key = limit;
        result
    }

    fn copy_segments(
        &mut self,
        key: &[u8],
        limit: Option<&[u8]>,
        drop_them: bool,
        seen: &mut Seen,
    ) -> Result<(), B::Error> {
        loop {
            while let Some(stored) = self.blocks.peek()? {
                if !stored.starts_with(key) || limit.is_some_and(|limit| stored >= limit) {
                    return Ok(());
                }
                seen.before = true;
                if drop_them {
                    let stored = stored.to_vec();
                    self.blocks.take(&stored)?;
                    self.blocks.mark_changed();
                    seen.changed = true;
                } else {
                    seen.after = true;
                    self.blocks.copy_loaded();
                }
            }
            // The key may go on in the next block.
            let Some(next) = self.blocks.next_block_key() else { return Ok(()) };
            if !next.starts_with(key) || limit.is_some_and(|limit| next >= limit) {
                return Ok(());
            }
            let next = next.to_vec();
            self.blocks.seek(&next)?;
        }
    }

    fn change_segment(
        &mut self,
        key: &[u8],
        segment: u16,
        size: u8,
        (added, removed, replaces): (&[u32], &[u32], bool),
        seen: &mut Seen,
    ) -> Result<(), B::Error> {
        let mut scratch = std::mem::take(&mut self.scratch);
        segment_key(key, segment, &mut scratch.key);
        let result = self.change_entry(size, (added, removed, replaces), segment, &mut scratch, seen);
        self.scratch = scratch;
        result
    }

    fn change_entry(
        &mut self,
        size: u8,
        (added, removed, replaces): (&[u32], &[u32], bool),
        segment: u16,
        scratch: &mut Scratch,
        seen: &mut Seen,
    ) -> Result<(), B::Error> {
        let continued: Flags = if segment == 0 { 0 } else { CONTINUED };
        self.blocks.seek(&scratch.key)?;
        let stored = self.blocks.take(&scratch.key)?;
        seen.before |= stored.is_some();
        scratch.value.clear();
        if self.table.has_group_sizes() {
            scratch.value.push(size);
        }
        let flags = match &stored {
            Some((flags, value)) if !replaces => {
                let (group_size, bytes) = self.table.split(value)?;
                scratch.value.iter_mut().for_each(|size| *size = group_size);
                let segment = Segment { flags: *flags, bytes };
                change_ids(segment, (added, removed), self.table.name(), &mut scratch.value)?
            }
            _ if added.is_empty() => None,
            _ => Some(encode_ids(added, &mut scratch.value)),
        };
        let Some(flags) = flags else {
            if stored.is_some() {
                seen.changed = true;
                self.blocks.mark_changed();
            }
            return Ok(());
        };
        let flags = flags | continued;
        seen.after = true;
        if stored.is_some_and(|(stored_flags, value)| stored_flags == flags && value == scratch.value) {
            self.blocks.keep(&scratch.key, flags, &scratch.value);
            return Ok(());
        }
        seen.changed = true;
        self.blocks.push(&scratch.key, flags, &scratch.value)
    }
}

/// What was met of a key.
#[derive(Default)]
struct Seen {
    before: bool,
    after: bool,
    changed: bool,
}

impl Seen {
    fn outcome(&self) -> KeyOutcome {
        match (self.before, self.after, self.changed) {
            (false, true, _) => KeyOutcome::Created,
            (true, false, _) => KeyOutcome::Removed,
            (true, true, true) => KeyOutcome::Changed,
            _ => KeyOutcome::Unchanged,
        }
    }
}

pub(crate) fn segment_key(key: &[u8], segment: u16, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(key);
    if segment > 0 {
        out.extend_from_slice(&segment.to_be_bytes());
    }
}

fn first_segment(added: &[u32], removed: &[u32]) -> Option<u16> {
    added.first().into_iter().chain(removed.first()).min().map(|&id| segment_of(id))
}

/// The ids of `segment` at the start of `ids`, and the rest.
pub(crate) fn split_segment(ids: &[u32], segment: u16) -> (&[u32], &[u32]) {
    match ids.last() {
        Some(&last) if segment_of(last) == segment => (ids, &[]),
        _ => ids.split_at(ids.partition_point(|&id| segment_of(id) <= segment)),
    }
}
