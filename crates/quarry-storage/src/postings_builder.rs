//! A postings table from nothing.

use roaring::RoaringBitmap;

use crate::block_builder::BlockBuilder;
use crate::postings::{CONTINUED, encode_bitmap, encode_ids, segment_of};
use crate::postings_writer::{segment_key, split_segment};
use crate::{BlockSink, KeyOutcome, PostingsTable};

/// Packs postings into blocks, in ascending order of their keys.
pub struct PostingsBuilder<S> {
    table: PostingsTable,
    blocks: BlockBuilder<S>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<S: BlockSink> PostingsBuilder<S> {
    /// A builder of `table`, which holds nothing, or nothing in the range of the keys to come.
    pub fn new(table: PostingsTable, sink: S) -> PostingsBuilder<S> {
        let blocks = BlockBuilder::new(table.entries(), sink);
        PostingsBuilder { table, blocks, key: Vec::new(), value: Vec::new() }
    }

    /// Adds a key with its ids, which ascend strictly; one without ids is left out.
    ///
    /// # Errors
    /// `KeyOrder` unless `key` is above all before; `KeyLength`; those of the sink.
    pub fn add(&mut self, key: &[u8], ids: &[u32]) -> Result<KeyOutcome, S::Error> {
        let mut left = ids;
        while let Some(&first) = left.first() {
            let segment = segment_of(first);
            let (ids, others) = split_segment(left, segment);
            self.start_value();
            let flags = encode_ids(ids, &mut self.value);
            if segment == 0 {
                self.blocks.push(key, flags, &self.value)?;
            } else {
                segment_key(key, segment, &mut self.key);
                self.blocks.push(&self.key, flags | CONTINUED, &self.value)?;
            }
            left = others;
        }
        Ok(if ids.is_empty() { KeyOutcome::Unchanged } else { KeyOutcome::Created })
    }

    /// As [`PostingsBuilder::add`], with the ids of a set.
    pub fn add_set(&mut self, key: &[u8], mut ids: RoaringBitmap) -> Result<KeyOutcome, S::Error> {
        if ids.max().is_none_or(|last| segment_of(last) > 0) {
            return self.add(key, &ids.iter().collect::<Vec<_>>());
        }
        self.start_value();
        let flags = encode_bitmap(&mut ids, &mut self.value);
        self.blocks.push(key, flags, &self.value)?;
        Ok(KeyOutcome::Created)
    }

    fn start_value(&mut self) {
        self.value.clear();
        if self.table.has_group_sizes() {
            // A value is a group of its own.
            self.value.push(1);
        }
    }

    /// Writes what is left and gives the sink back.
    pub fn finish(self) -> Result<S, S::Error> {
        self.blocks.finish()
    }
}
