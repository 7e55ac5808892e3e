//! Changes to many postings tables that wait in one small table.
//!
//! A block table. A key is the number of the postings table, one byte, then the key there; a value says which ids the
//! key has more, and which less, than its table says:
//!
//! | field | bytes | meaning |
//! |---|---|---|
//! | added, length | varint | bytes of the next field |
//! | added | that many | ids that the table does not have, as a list (see [`crate::segment`]) |
//! | removed | the rest | ids that it has and should not, as a list |
//!
//! One of the lists has an id; no id is in both.

use std::ops::Bound;

use crate::block::{read_varint, write_varint};
use crate::block_table::{BlockCursor, BlockTable, prefix_end};
use crate::environment::{Txn, WriteTxn};
use crate::segment::{Segment, append_list};
use crate::{PlainTable, StorageError};

/// The table of late changes of one index.
#[derive(Clone, Copy)]
pub struct LateChanges {
    entries: BlockTable,
}

impl From<PlainTable> for LateChanges {
    fn from(blocks: PlainTable) -> Self {
        LateChanges { entries: blocks.into() }
    }
}

/// What a key has more and less than its table says: two lists of ids, which may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LateIds<'t> {
    pub(crate) added: &'t [u8],
    pub(crate) removed: &'t [u8],
}

impl<'t> LateIds<'t> {
    /// Parses a value.
    fn parse(value: &'t [u8]) -> Option<LateIds<'t>> {
        let mut at = 0;
        let length = usize::try_from(read_varint(value, &mut at)?).ok()?;
        let (added, removed) = value.get(at..)?.split_at_checked(length)?;
        Some(LateIds { added, removed })
    }

    /// The ids that the key has more.
    pub(crate) fn added(&self) -> Segment<'t> {
        Segment { flags: 0, bytes: self.added }
    }

    /// The ids that it has less.
    pub(crate) fn removed(&self) -> Segment<'t> {
        Segment { flags: 0, bytes: self.removed }
    }
}

/// Makes a value of ascending ids.
pub(crate) fn encode(added: &[u32], removed: &[u32], out: &mut Vec<u8>) {
    let mut list = Vec::new();
    append_list(0, added, &mut list);
    out.clear();
    write_varint(list.len() as u64, out);
    out.extend_from_slice(&list);
    append_list(0, removed, out);
}

impl LateChanges {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        self.entries.name()
    }

    /// The block table below.
    pub fn entries(&self) -> BlockTable {
        self.entries
    }

    /// Whether nothing waits.
    pub fn is_empty(&self, txn: &Txn<'_>) -> Result<bool, StorageError> {
        self.entries.is_empty(txn)
    }

    /// Bytes of the pages of what waits.
    pub fn size_bytes(&self, txn: &Txn<'_>) -> Result<u64, StorageError> {
        self.entries.blocks().size_bytes(txn)
    }

    /// Forgets what waits, for all tables.
    pub fn clear(&self, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        self.entries.clear(txn)
    }

    pub(crate) fn parse<'t>(&self, value: &'t [u8]) -> Result<LateIds<'t>, StorageError> {
        LateIds::parse(value).ok_or_else(|| self.entries.damaged("a late change is not two lists"))
    }

    /// Both lists of a change.
    pub(crate) fn decode(
        &self,
        ids: LateIds<'_>,
        added: &mut Vec<u32>,
        removed: &mut Vec<u32>,
    ) -> Result<(), StorageError> {
        for (list, decoded) in [(ids.added(), added), (ids.removed(), removed)] {
            decoded.clear();
            list.for_each(self.name(), |id| decoded.push(id))?;
        }
        Ok(())
    }

    /// What waits for a key of a table.
    pub(crate) fn find<'t>(
        &self,
        txn: &'t Txn<'_>,
        (table, key): (u8, &[u8]),
    ) -> Result<Option<LateIds<'t>>, StorageError> {
        if self.is_empty(txn)? {
            return Ok(None);
        }
        let value = self.entries.get(txn, &late_key(table, key))?;
        value.map(|value| self.parse(value)).transpose()
    }

    /// What waits for the keys of a table between two bounds; the keys have its number in front.
    pub(crate) fn cursor<'t>(
        &self,
        txn: &'t Txn<'_>,
        table: u8,
        (start, end): (Bound<&[u8]>, Bound<&[u8]>),
    ) -> Result<BlockCursor<'t>, StorageError> {
        let start = match start.map(|key| late_key(table, key)) {
            Bound::Unbounded => Bound::Included(vec![table]),
            start => start,
        };
        let end = match end.map(|key| late_key(table, key)) {
            Bound::Unbounded => prefix_end(&[table]),
            end => end,
        };
        let (start, end) = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
        self.entries.range_cursor(txn, start, end)
    }
}

/// The key under which changes to a key of a table wait.
pub(crate) fn late_key(table: u8, key: &[u8]) -> Vec<u8> {
    let mut late = Vec::with_capacity(1 + key.len());
    late.push(table);
    late.extend_from_slice(key);
    late
}
