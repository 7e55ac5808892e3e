//! A postings table from nothing.

use crate::block_builder::BlockBuilder;
use crate::postings_table::segment_key;
use crate::segment::encode;
use crate::span::{Cut, Span};
use crate::{BlockSink, KeyOutcome, PostingsTable};

/// Packs postings into blocks, in ascending order of their keys.
pub struct PostingsBuilder<S> {
    blocks: BlockBuilder<S>,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<S: BlockSink> PostingsBuilder<S> {
    /// A builder of `table`, which holds nothing, or nothing in the range of the keys to come.
    pub fn new(table: PostingsTable, sink: S) -> PostingsBuilder<S> {
        let blocks = BlockBuilder::new(table.entries(), sink);
        PostingsBuilder { blocks, key: Vec::new(), value: Vec::new() }
    }

    /// Adds a key with its ids, which ascend strictly; one without ids is left out.
    ///
    /// # Errors
    /// `KeyOrder` unless `key` is above all before; `KeyLength`; those of the sink.
    pub fn add(&mut self, key: &[u8], ids: &[u32]) -> Result<KeyOutcome, S::Error> {
        for (start, ids) in Cut::new(Span::ALL, ids) {
            self.value.clear();
            let flags = encode(ids, &mut self.value) | segment_key(key, start, &mut self.key);
            self.blocks.push(&self.key, flags, &self.value)?;
        }
        Ok(if ids.is_empty() { KeyOutcome::Unchanged } else { KeyOutcome::Created })
    }

    /// Writes what is left and gives the sink back.
    pub fn finish(self) -> Result<S, S::Error> {
        self.blocks.finish()
    }
}
