//! A sorted map from bytes to bytes, kept as blocks of neighbouring entries (see [`crate::block`]).
//!
//! An LMDB entry is a block: its key is the key of the block's first entry. A look-up is one descent of
//! the B-tree and a scan of one block.
//!
//! Logical keys of a table must be prefix-free: none may be a prefix of another (end strings with a zero
//! byte, or use fixed widths). That is what lets a postings table put several entries under one key.

use std::ops::Bound;

use crate::block::{self, BlockEntry, Flags, Found, RawEntry};
use crate::environment::{Txn, WriteTxn};
use crate::plain_table::Entry;
use crate::{PlainTable, StorageError};

/// A table of packed entries. Read here, written by [`crate::BlockWriter`].
#[derive(Clone, Copy)]
pub struct BlockTable {
    blocks: PlainTable,
}

impl From<PlainTable> for BlockTable {
    fn from(blocks: PlainTable) -> Self {
        BlockTable { blocks }
    }
}

impl BlockTable {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        self.blocks.name()
    }

    /// The LMDB table that holds the blocks: what a [`crate::BlockSink`] writes to.
    pub fn blocks(&self) -> PlainTable {
        self.blocks
    }

    /// The value of `key`.
    pub fn get<'t>(&self, txn: &'t Txn<'_>, key: &[u8]) -> Result<Option<&'t [u8]>, StorageError> {
        let Some((_, block)) = self.blocks.floor(txn, key)? else { return Ok(None) };
        let mut found = self.find(block, key)?;
        if !found.is_exact {
            return Ok(None);
        }
        Ok(Some(self.read_entry(block, &mut found.at)?.value))
    }

    pub(crate) fn read_entry<'b>(
        &self,
        block: &'b [u8],
        at: &mut usize,
    ) -> Result<RawEntry<'b>, StorageError> {
        block::read_entry(block, at).ok_or_else(|| self.damaged(block::TRUNCATED))
    }

    /// Whether there is no entry.
    pub fn is_empty(&self, txn: &Txn<'_>) -> Result<bool, StorageError> {
        self.blocks.is_empty(txn)
    }

    /// Takes everything out.
    pub fn clear(&self, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        self.blocks.clear(txn)
    }

    /// The entries whose key starts with `prefix`, ascending. An empty prefix gives all.
    pub fn cursor<'t>(&self, txn: &'t Txn<'_>, prefix: &[u8]) -> Result<BlockCursor<'t>, StorageError> {
        self.range_cursor(txn, Bound::Included(prefix), prefix_end(prefix).as_ref().map(Vec::as_slice))
    }

    /// The entries between two bounds, ascending.
    pub fn range_cursor<'t>(
        &self,
        txn: &'t Txn<'_>,
        start: Bound<&[u8]>,
        end: Bound<&[u8]>,
    ) -> Result<BlockCursor<'t>, StorageError> {
        BlockCursor::open(*self, txn, start, end)
    }

    /// The entry with the greatest key at or below `key`: its key, flags and value.
    pub(crate) fn floor<'t>(
        &self,
        txn: &'t Txn<'_>,
        key: &[u8],
    ) -> Result<Option<BlockEntry<'t>>, StorageError> {
        let Some((_, block)) = self.blocks.floor(txn, key)? else { return Ok(None) };
        block::last(block, |found| found <= key).ok_or_else(|| self.damaged(block::TRUNCATED))
    }

    /// As [`BlockTable::floor`], strictly below `key`.
    pub(crate) fn below<'t>(
        &self,
        txn: &'t Txn<'_>,
        key: &[u8],
    ) -> Result<Option<BlockEntry<'t>>, StorageError> {
        let block = self.blocks.rev_range(txn, (Bound::Unbounded, Bound::Excluded(key)))?.next();
        let Some((_, block)) = block.transpose()? else { return Ok(None) };
        block::last(block, |found| found < key).ok_or_else(|| self.damaged(block::TRUNCATED))
    }

    pub(crate) fn find(&self, block: &[u8], key: &[u8]) -> Result<Found, StorageError> {
        block::find(block, key).ok_or_else(|| self.damaged(block::TRUNCATED))
    }

    pub(crate) fn damaged(&self, detail: &'static str) -> StorageError {
        StorageError::Corrupted { table: self.name(), detail }
    }

    /// The key of the block at or below `key` whose first entry is not a continuation of a key that began
    /// in the block before. None when the table has no such block.
    pub(crate) fn border_at_or_below(
        &self,
        txn: &Txn<'_>,
        key: &[u8],
        continues: impl Fn(Flags) -> bool,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        for entry in self.blocks.rev_range(txn, (Bound::Unbounded, Bound::Included(key)))? {
            let (first_key, block) = entry?;
            let first = block::read_entry(block, &mut 0).ok_or_else(|| self.damaged(block::TRUNCATED))?;
            if !continues(first.flags) {
                return Ok(Some(first_key.to_vec()));
            }
        }
        Ok(None)
    }
}

/// The least key above all that start with `prefix`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Bound<Vec<u8>> {
    match prefix.iter().rposition(|&byte| byte != 0xff) {
        None => Bound::Unbounded,
        Some(last) => {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            Bound::Excluded(end)
        }
    }
}

type Blocks<'t> = Box<dyn Iterator<Item = Result<Entry<'t>, StorageError>> + 't>;

/// Key, valid until the next step, and value.
pub type CursorEntry<'c, 't> = (&'c [u8], &'t [u8]);

/// Walks entries in order. The key is rebuilt in a buffer of the cursor, so it lives until the next step.
pub struct BlockCursor<'t> {
    table: BlockTable,
    blocks: Blocks<'t>,
    block: &'t [u8],
    at: usize,
    key: Vec<u8>,
    flags: Flags,
    value: &'t [u8],
    start: Option<Vec<u8>>,
    end: Bound<Vec<u8>>,
    done: bool,
}

impl<'t> BlockCursor<'t> {
    fn open(
        table: BlockTable,
        txn: &'t Txn<'_>,
        start: Bound<&[u8]>,
        end: Bound<&[u8]>,
    ) -> Result<BlockCursor<'t>, StorageError> {
        // The first entry of the range may stand in the middle of the block before.
        let (floor, start) = match start {
            Bound::Unbounded => (None, None),
            Bound::Included([]) => (None, None),
            Bound::Included(key) => (table.blocks.floor(txn, key)?, Some(key.to_vec())),
            Bound::Excluded(key) => {
                let least_above = [key, &[0]].concat();
                (table.blocks.floor(txn, key)?, Some(least_above))
            }
        };
        let first = match (&floor, &start) {
            (Some((key, _)), _) => Bound::Included(*key),
            (None, Some(key)) => Bound::Included(key.as_slice()),
            (None, None) => Bound::Unbounded,
        };
        let blocks: Blocks<'t> = Box::new(table.blocks.range(txn, (first, Bound::Unbounded))?);
        Ok(BlockCursor {
            table,
            blocks,
            block: &[],
            at: 0,
            key: Vec::new(),
            flags: 0,
            value: &[],
            start,
            end: end.map(<[u8]>::to_vec),
            done: false,
        })
    }

    /// The next entry; None at the end, and ever after.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<CursorEntry<'_, 't>>, StorageError> {
        Ok(self.advance()?.then_some((self.key.as_slice(), self.value)))
    }

    /// Steps to the next entry; whether there is one.
    pub(crate) fn advance(&mut self) -> Result<bool, StorageError> {
        loop {
            if self.done || !self.step()? {
                self.done = true;
                return Ok(false);
            }
            if self.start.as_ref().is_some_and(|start| self.key < *start) {
                continue;
            }
            self.start = None;
            let inside = match &self.end {
                Bound::Unbounded => true,
                Bound::Included(end) => self.key <= *end,
                Bound::Excluded(end) => self.key < *end,
            };
            self.done = !inside;
            return Ok(inside);
        }
    }

    fn step(&mut self) -> Result<bool, StorageError> {
        while self.at >= self.block.len() {
            let Some(next) = self.blocks.next() else { return Ok(false) };
            (_, self.block) = next?;
            self.at = 0;
            self.key.clear();
        }
        let entry = block::read_entry(self.block, &mut self.at)
            .filter(|entry| entry.shared <= self.key.len())
            .ok_or_else(|| self.table.damaged(block::TRUNCATED))?;
        self.key.truncate(entry.shared);
        self.key.extend_from_slice(entry.suffix);
        self.flags = entry.flags;
        self.value = entry.value;
        Ok(true)
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    pub(crate) fn value(&self) -> &'t [u8] {
        self.value
    }
}
