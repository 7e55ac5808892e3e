//! Key to set of document ids, on a block table.
//!
//! Keys must be prefix-free (see [`crate::block_table`]): the segments of a key are the entries whose key
//! starts with it.

use std::ops::Bound;

use roaring::RoaringBitmap;

use crate::block::{BlockEntry, Flags, Found};
use crate::block_table::{BlockCursor, BlockTable};
use crate::environment::{Txn, WriteTxn};
use crate::postings::Postings;
use crate::segment::{CONTINUED, Segment};
use crate::span::BITS_MIN;
use crate::{PlainTable, StorageError};

/// A table of postings. Read here, written by [`crate::PostingsWriter`].
#[derive(Clone, Copy)]
pub struct PostingsTable {
    entries: BlockTable,
}

impl From<PlainTable> for PostingsTable {
    fn from(blocks: PlainTable) -> Self {
        PostingsTable { entries: blocks.into() }
    }
}

impl PostingsTable {
    /// The stored name.
    pub fn name(&self) -> &'static str {
        self.entries.name()
    }

    /// The block table below.
    pub fn entries(&self) -> BlockTable {
        self.entries
    }

    /// The set of `key`, undecoded. None if the key is absent.
    ///
    /// # Errors
    /// `Corrupted`, `Lmdb`, as all reads here.
    pub fn find<'t>(&self, txn: &'t Txn<'_>, key: &[u8]) -> Result<Option<Postings<'t>>, StorageError> {
        let mut found = None;
        self.for_each_segment(txn, key, |segment| {
            self.add_segment(&mut found, segment);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Gives the segments of `key` to `each`, as long as it says so.
    fn for_each_segment<'t>(
        &self,
        txn: &'t Txn<'_>,
        key: &[u8],
        mut each: impl FnMut(Segment<'t>) -> Result<bool, StorageError>,
    ) -> Result<(), StorageError> {
        let Some((block_key, block)) = self.entries.blocks().floor(txn, key)? else {
            return self.for_each_segment_behind(txn, key, key, each);
        };
        let Found { mut at, is_exact, .. } = self.entries.find(block, key)?;
        let mut is_first = true;
        while at < block.len() {
            let entry = self.entries.read_entry(block, &mut at)?;
            let starts_with_key = match is_first {
                false => entry.shared >= key.len(),
                // Only a later segment may stand under a key that is not stored itself.
                true => {
                    is_exact || (entry.flags & CONTINUED != 0 && self.entry_starts_with(block, key, at)?)
                }
            };
            if !starts_with_key || !each(Segment { flags: entry.flags, bytes: entry.value })? {
                return Ok(());
            }
            is_first = false;
        }
        self.for_each_segment_behind(txn, key, block_key, each)
    }

    /// Whether the key of the entry that ends at `end` starts with `key`.
    fn entry_starts_with(&self, block: &[u8], key: &[u8], end: usize) -> Result<bool, StorageError> {
        let (mut at, mut full) = (0, Vec::new());
        while at < end {
            let entry = self.entries.read_entry(block, &mut at)?;
            full.truncate(entry.shared);
            full.extend_from_slice(entry.suffix);
        }
        Ok(full.starts_with(key))
    }

    /// The same with those at the start of the blocks behind `block_key`.
    fn for_each_segment_behind<'t>(
        &self,
        txn: &'t Txn<'_>,
        key: &[u8],
        block_key: &[u8],
        mut each: impl FnMut(Segment<'t>) -> Result<bool, StorageError>,
    ) -> Result<(), StorageError> {
        let mut last = block_key;
        while let Some((next_key, block)) = self.entries.blocks().above(txn, last)? {
            if !next_key.starts_with(key) {
                break;
            }
            let mut at = 0;
            while at < block.len() {
                let is_first = at == 0;
                let entry = self.entries.read_entry(block, &mut at)?;
                let starts_with_key = is_first || entry.shared >= key.len();
                if !starts_with_key || !each(Segment { flags: entry.flags, bytes: entry.value })? {
                    return Ok(());
                }
            }
            last = next_key;
        }
        Ok(())
    }

    fn add_segment<'t>(&self, found: &mut Option<Postings<'t>>, segment: Segment<'t>) {
        match found {
            Some(postings) => postings.more.push(segment),
            None => *found = Some(Postings::of(self.name(), segment)),
        }
    }

    /// Which of `ids` are in the set of `key`. Only the segments that they would be in are read.
    pub fn present(&self, txn: &Txn<'_>, key: &[u8], ids: &[u32]) -> Result<Vec<u32>, StorageError> {
        let (mut present, mut place) = (Vec::new(), Vec::new());
        for &id in ids {
            segment_key(key, id, &mut place);
            let Some((_, block)) = self.entries.blocks().floor(txn, &place)? else { continue };
            let found = self.entries.find(block, &place)?;
            let mut at = match (found.is_exact, found.below) {
                (true, _) => found.at,
                // What has the whole key in common is one of its segments.
                (false, Some(below)) if found.common >= key.len() => below,
                _ => continue,
            };
            let entry = self.entries.read_entry(block, &mut at)?;
            if (Segment { flags: entry.flags, bytes: entry.value }).contains(id, self.name())? {
                present.push(id);
            }
        }
        Ok(present)
    }

    /// The greatest key at or below `key`.
    pub fn floor_key(&self, txn: &Txn<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        // Behind all segments of the key itself.
        let behind = [key, &[0xff; START_BYTES]].concat();
        Ok(self.entries.floor(txn, &behind)?.map(logical_key))
    }

    /// The greatest key below `key`.
    pub fn key_below(&self, txn: &Txn<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.entries.below(txn, key)?.map(logical_key))
    }

    /// The set of `key`; None if the key is absent.
    pub fn get(&self, txn: &Txn<'_>, key: &[u8]) -> Result<Option<RoaringBitmap>, StorageError> {
        self.find(txn, key)?.map(|postings| postings.decode()).transpose()
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, txn: &Txn<'_>, key: &[u8]) -> Result<bool, StorageError> {
        self.holds_more_than(txn, key, 0)
    }

    /// Whether `key` has more than `count` ids. No more of them are counted than that takes.
    pub fn holds_more_than(&self, txn: &Txn<'_>, key: &[u8], count: usize) -> Result<bool, StorageError> {
        let mut found = 0;
        self.for_each_segment(txn, key, |segment| {
            found += segment.len(self.name())?;
            Ok(found <= count as u64)
        })?;
        Ok(found > count as u64)
    }

    /// Number of ids of `key`; 0 if it is absent.
    pub fn len_of(&self, txn: &Txn<'_>, key: &[u8]) -> Result<u64, StorageError> {
        self.find(txn, key)?.map_or(Ok(0), |postings| postings.len())
    }

    /// The ids of `key` that are in `candidates`.
    pub fn intersection(
        &self,
        txn: &Txn<'_>,
        key: &[u8],
        candidates: &RoaringBitmap,
    ) -> Result<RoaringBitmap, StorageError> {
        self.find(txn, key)?
            .map_or_else(|| Ok(RoaringBitmap::new()), |postings| postings.intersection(candidates))
    }

    /// Keys that start with `prefix`, ascending, each once.
    pub fn cursor<'t>(&self, txn: &'t Txn<'_>, prefix: &[u8]) -> Result<PostingsCursor<'t>, StorageError> {
        Ok(PostingsCursor::over(*self, self.entries.cursor(txn, prefix)?))
    }

    /// Keys between two bounds, ascending, each once.
    pub fn range_cursor<'t>(
        &self,
        txn: &'t Txn<'_>,
        start: Bound<&[u8]>,
        end: Bound<&[u8]>,
    ) -> Result<PostingsCursor<'t>, StorageError> {
        // An included end key may have segments behind it.
        let end = match end {
            Bound::Included(key) => crate::block_table::prefix_end(key),
            other => other.map(<[u8]>::to_vec),
        };
        let start = match start {
            Bound::Excluded(key) => match crate::block_table::prefix_end(key) {
                Bound::Excluded(above) => Bound::Included(above),
                other => other,
            },
            other => other.map(<[u8]>::to_vec),
        };
        let cursor = self.entries.range_cursor(
            txn,
            start.as_ref().map(Vec::as_slice),
            end.as_ref().map(Vec::as_slice),
        )?;
        Ok(PostingsCursor::over(*self, cursor))
    }

    /// Whether there is no key.
    pub fn is_empty(&self, txn: &Txn<'_>) -> Result<bool, StorageError> {
        self.entries.is_empty(txn)
    }

    /// Takes everything out.
    pub fn clear(&self, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        self.entries.clear(txn)
    }

    /// Keys where the table may be cut so that writers of different parts never touch one block: each of
    /// the ascending `wanted` keys moved down to the border of a block. An empty table can be cut anywhere.
    pub fn partition_keys(&self, txn: &Txn<'_>, wanted: &[&[u8]]) -> Result<Vec<Vec<u8>>, StorageError> {
        if self.is_empty(txn)? {
            return Ok(wanted.iter().map(|key| key.to_vec()).collect());
        }
        let mut keys: Vec<Vec<u8>> = Vec::with_capacity(wanted.len());
        for key in wanted {
            let border = self.entries.border_at_or_below(txn, key, |flags| flags & CONTINUED != 0)?;
            keys.extend(border.filter(|border| keys.last() != Some(border)));
        }
        // The first block also takes every key below it: it cannot be split off.
        if let Some((first, _)) = self.entries.blocks().first(txn)? {
            keys.retain(|key| key.as_slice() > first);
        }
        Ok(keys)
    }
}

/// Walks the keys of a postings table. A key lives until the next step.
pub struct PostingsCursor<'t> {
    table: PostingsTable,
    inner: BlockCursor<'t>,
    key: Vec<u8>,
    /// The inner cursor stands on an entry that was not given yet.
    waiting: bool,
}

impl<'t> PostingsCursor<'t> {
    fn over(table: PostingsTable, inner: BlockCursor<'t>) -> PostingsCursor<'t> {
        PostingsCursor { table, inner, key: Vec::new(), waiting: false }
    }

    /// The next key and its set; None at the end.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<(&[u8], Postings<'t>)>, StorageError> {
        if !self.waiting && !self.inner.advance()? {
            return Ok(None);
        }
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.extend_from_slice(self.logical_key());
        self.key = key;
        let mut found = None;
        self.table.add_segment(&mut found, self.segment());
        loop {
            self.waiting = self.inner.advance()?;
            if !self.waiting || self.inner.flags() & CONTINUED == 0 || self.logical_key() != self.key {
                break;
            }
            self.table.add_segment(&mut found, self.segment());
        }
        Ok(found.map(|postings| (self.key.as_slice(), postings)))
    }

    /// The key that the last step gave.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    fn segment(&self) -> Segment<'t> {
        Segment { flags: self.inner.flags(), bytes: self.inner.value() }
    }

    fn logical_key(&self) -> &[u8] {
        let key = self.inner.key();
        &key[..logical_len(key, self.inner.flags())]
    }
}

/// What follows the key of a posting in the keys of its segments, but for the one that begins at 0.
const START_BYTES: usize = 3;

/// The key whose segment an entry is.
fn logical_key((mut key, flags, _): BlockEntry<'_>) -> Vec<u8> {
    key.truncate(logical_len(&key, flags));
    key
}

/// Length of the key whose segment has this key.
fn logical_len(segment_key: &[u8], flags: Flags) -> usize {
    let suffix = if flags & CONTINUED != 0 { START_BYTES } else { 0 };
    segment_key.len().saturating_sub(suffix)
}

/// The key of the segment of `key` that begins at `start`, or at the last possible start below; its flags.
pub(crate) fn segment_key(key: &[u8], start: u32, out: &mut Vec<u8>) -> Flags {
    out.clear();
    out.extend_from_slice(key);
    let number = start >> BITS_MIN;
    if number == 0 {
        return 0;
    }
    out.extend_from_slice(&number.to_be_bytes()[4 - START_BYTES..]);
    CONTINUED
}

/// Where the segment begins whose key this is, if it is one of `key`.
pub(crate) fn segment_start(segment_key: &[u8], key: &[u8]) -> Option<u32> {
    match segment_key.strip_prefix(key)? {
        [] => Some(0),
        [high, middle, low] => Some(u32::from_be_bytes([0, *high, *middle, *low]) << BITS_MIN),
        _ => None,
    }
}
