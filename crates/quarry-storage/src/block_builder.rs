//! A block table from nothing: ascending entries become full blocks, and nothing is looked up.

use crate::block::{BLOCK_BYTES_MAX, Flags, common_prefix, write_entry_sharing};
use crate::{BlockSink, BlockTable, KEY_BYTES_MAX, StorageError};

/// Packs entries into blocks, in ascending order of their keys.
pub struct BlockBuilder<S> {
    table: BlockTable,
    sink: S,
    /// First key of the block at hand.
    first_key: Vec<u8>,
    block: Vec<u8>,
    last_key: Vec<u8>,
}

impl<S: BlockSink> BlockBuilder<S> {
    /// A builder of `table`, which holds nothing, or nothing in the range of the keys to come.
    pub fn new(table: BlockTable, sink: S) -> BlockBuilder<S> {
        let block = Vec::with_capacity(2 * BLOCK_BYTES_MAX);
        BlockBuilder { table, sink, first_key: Vec::new(), block, last_key: Vec::new() }
    }

    /// Adds an entry; its key must be above all before.
    ///
    /// # Errors
    /// `KeyLength`, `KeyOrder`, and those of the sink.
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), S::Error> {
        self.push(key, 0, value)
    }

    pub(crate) fn push(&mut self, key: &[u8], flags: Flags, value: &[u8]) -> Result<(), S::Error> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(StorageError::KeyLength { table: self.table.name(), length: key.len() }.into());
        }
        let shared = common_prefix(&self.last_key, key);
        if key.get(shared) <= self.last_key.get(shared) {
            return Err(StorageError::KeyOrder { table: self.table.name() }.into());
        }
        let end = self.block.len();
        if end > 0 {
            write_entry_sharing(shared, key, flags, value, &mut self.block);
            if self.block.len() > BLOCK_BYTES_MAX {
                self.sink.put(&self.first_key, &self.block[..end])?;
                self.block.clear();
            }
        }
        if self.block.is_empty() {
            write_entry_sharing(0, key, flags, value, &mut self.block);
            self.first_key.clear();
            self.first_key.extend_from_slice(key);
        }
        self.last_key.truncate(shared);
        self.last_key.extend_from_slice(&key[shared..]);
        Ok(())
    }

    /// Writes what is left and gives the sink back.
    pub fn finish(mut self) -> Result<S, S::Error> {
        if !self.block.is_empty() {
            self.sink.put(&self.first_key, &self.block)?;
        }
        Ok(self.sink)
    }
}
