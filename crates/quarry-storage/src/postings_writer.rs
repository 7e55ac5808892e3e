//! Sorted changes to a postings table.

use roaring::RoaringBitmap;

use crate::BlockTable;
use crate::block::Flags;
use crate::block_writer::{BlockSink, BlockStore, BlockWriter, DirectStore, SnapshotStore};
use crate::environment::{Txn, WriteTxn};
use crate::postings_table::{PostingsTable, segment_key, segment_start};
use crate::segment::{Changed, Segment, change_bytes, damaged, encode};
use crate::span::{Cut, Span};

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
    /// Key and value of the segment at hand.
    segment_key: Vec<u8>,
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

impl<B: BlockStore> PostingsWriter<B> {
    /// A writer on any store: one that holds no block builds the table anew.
    pub fn over(table: PostingsTable, blocks: BlockWriter<B>) -> PostingsWriter<B> {
        PostingsWriter { table, blocks, segment_key: Vec::new(), value: Vec::new() }
    }

    /// Writes what is left and gives the store back.
    pub fn finish(self) -> Result<B, B::Error> {
        self.blocks.finish()
    }

    /// Adds and removes ids of `key`. Both lists ascend strictly and have no id in common; adding what is
    /// there and removing what is not changes nothing. A key that is left without ids disappears. Of a key of
    /// many segments only those that change are read.
    ///
    /// # Errors
    /// `KeyOrder` unless `key` is above all before; `KeyLength`; `Corrupted`; those of the store.
    pub fn apply(
        &mut self,
        key: &[u8],
        mut added: &[u32],
        mut removed: &[u32],
    ) -> Result<KeyOutcome, B::Error> {
        let mut seen = Seen::default();
        let mut first: Option<u32> = None;
        let mut before = None;
        while let Some(&id) = added.first().into_iter().chain(removed.first()).min() {
            let (below, above) = self.starts_around(key, id)?;
            let span = Span::around(id, below.or(before), above);
            seen.before |= below.is_some() || above.is_some();
            // A segment between the spans of the changes stays as it is.
            seen.after |= below.is_some_and(|below| below < span.start);
            first = first.or(Some(span.start));
            before = Some(span.start);
            let (add, remove);
            (add, added) = span.split(added);
            (remove, removed) = span.split(removed);
            self.change_segment(key, span, (add, remove), &mut seen)?;
            // The segment above is as it was, unless it comes next.
            seen.after |= above.is_some() && added.is_empty() && removed.is_empty();
        }
        if let Some(lowest) = first.filter(|lowest| *lowest > 0 && seen.before && !seen.after) {
            segment_key(key, lowest - 1, &mut self.segment_key);
            seen.after = self.blocks.has_below(key, &self.segment_key)?;
        }
        Ok(seen.outcome())
    }

    /// Sets the ids of `key` to `ids`; none takes the key out.
    pub fn set(&mut self, key: &[u8], ids: &RoaringBitmap) -> Result<KeyOutcome, B::Error> {
        let ids: Vec<u32> = ids.iter().collect();
        let mut seen = Seen::default();
        self.blocks.seek(key)?;
        for (start, ids) in Cut::new(Span::ALL, &ids) {
            let continued = segment_key(key, start, &mut self.segment_key);
            self.drop_segments(key, true, &mut seen)?;
            self.blocks.seek(&self.segment_key)?;
            let stored = self.blocks.take(&self.segment_key)?;
            seen.before |= stored.is_some();
            self.value.clear();
            let flags = encode(ids, &mut self.value) | continued;
            if stored.is_some_and(|(stored, value)| stored == flags && value == self.value) {
                self.blocks.keep(&self.segment_key, flags, &self.value);
                seen.after = true;
            } else {
                self.push(flags, &mut seen)?;
            }
        }
        self.drop_segments(key, false, &mut seen)?;
        Ok(seen.outcome())
    }

    /// Starts of the stored segments of `key` around `id`: the greatest at or below it, of those that were not passed
    /// yet, and the least above it.
    fn starts_around(&mut self, key: &[u8], id: u32) -> Result<(Option<u32>, Option<u32>), B::Error> {
        segment_key(key, id, &mut self.segment_key);
        let (below, above) = self.blocks.keys_around(&self.segment_key)?;
        let start = |stored: Option<Vec<u8>>| stored.and_then(|stored| segment_start(&stored, key));
        Ok((start(below), start(above)))
    }

    /// Changes the segment of `span`, or makes it.
    fn change_segment(
        &mut self,
        key: &[u8],
        span: Span,
        (added, removed): (&[u32], &[u32]),
        seen: &mut Seen,
    ) -> Result<(), B::Error> {
        let continued = segment_key(key, span.start, &mut self.segment_key);
        self.blocks.seek(&self.segment_key)?;
        let Some((flags, value)) = self.blocks.take(&self.segment_key)? else {
            return self.push_cut(key, span, added, seen);
        };
        let segment = Segment { flags, bytes: &value };
        seen.before = true;
        self.value.clear();
        let (table, out) = (self.table.name(), &mut self.value);
        let is_changed = match change_bytes((segment, span), (added, removed), table, out)? {
            Changed::Rewritten(flags) => return self.push(flags | continued, seen),
            Changed::Emptied => true,
            Changed::Not => false,
            Changed::Recut => {
                let mut ids = Vec::new();
                segment.for_each(table, |id| ids.push(id))?;
                if !span.holds_all(&ids) {
                    return Err(damaged(table).into());
                }
                let merged = merge_ids(&ids, added, removed);
                if merged != ids {
                    self.push_cut(key, span, &merged, seen)?;
                }
                merged != ids
            }
        };
        if is_changed {
            seen.changed = true;
            self.blocks.mark_changed();
        } else {
            seen.after = true;
            self.blocks.keep(&self.segment_key, flags, &value);
        }
        Ok(())
    }

    /// Adds segments for the ids of a span that has none.
    fn push_cut(&mut self, key: &[u8], span: Span, ids: &[u32], seen: &mut Seen) -> Result<(), B::Error> {
        for (start, ids) in Cut::new(span, ids) {
            let continued = segment_key(key, start, &mut self.segment_key);
            self.value.clear();
            let flags = encode(ids, &mut self.value) | continued;
            self.push(flags, seen)?;
        }
        Ok(())
    }

    /// Adds the segment at hand.
    fn push(&mut self, flags: Flags, seen: &mut Seen) -> Result<(), B::Error> {
        (seen.after, seen.changed) = (true, true);
        self.blocks.push(&self.segment_key, flags, &self.value)
    }

    /// Takes the stored segments of `key` out: with `below`, those below the segment at hand.
    fn drop_segments(&mut self, key: &[u8], below: bool, seen: &mut Seen) -> Result<(), B::Error> {
        let limit = below.then_some(self.segment_key.as_slice());
        let is_asked = |stored: &[u8]| stored.starts_with(key) && limit.is_none_or(|limit| stored < limit);
        loop {
            while let Some(stored) = self.blocks.peek()?.filter(|stored| is_asked(stored)) {
                let stored = stored.to_vec();
                self.blocks.take(&stored)?;
                self.blocks.mark_changed();
                (seen.before, seen.changed) = (true, true);
            }
            // The key may go on in the next block.
            let is_block_passed = self.blocks.peek()?.is_none();
            let next = self.blocks.next_block_key().filter(|next| is_block_passed && is_asked(next));
            let Some(next) = next.map(<[u8]>::to_vec) else { return Ok(()) };
            self.blocks.seek(&next)?;
        }
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

/// `stored` and `added` less `removed`, all ascending.
fn merge_ids(mut stored: &[u32], mut added: &[u32], mut removed: &[u32]) -> Vec<u32> {
    let mut merged = Vec::with_capacity(stored.len() + added.len());
    while let Some(&next) = stored.first().into_iter().chain(added.first()).min() {
        stored = stored.strip_prefix(&[next]).unwrap_or(stored);
        added = added.strip_prefix(&[next]).unwrap_or(added);
        while removed.first().is_some_and(|&id| id < next) {
            removed = &removed[1..];
        }
        if removed.first() != Some(&next) {
            merged.push(next);
        }
    }
    merged
}
