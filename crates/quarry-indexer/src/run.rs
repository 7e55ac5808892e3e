//! Sorted entries of one family: in memory at the end of an extraction, in an anonymous file when memory
//! was short before.
//!
//! In memory the entries are grouped by `first`; an item of a group is `second << 32 | document`, ascending.
//!
//! In the file a group is, all as varints: the number of `first` in the lexicon, bytes of what follows, then
//! for each `second`: its number (a word in it is a number of the lexicon), how many documents, the first
//! document, and the differences to the next ones. Groups come in the byte order of their strings. Some
//! groups together are a block, the unit that is read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cache::Entries;
use crate::error::IndexError;
use crate::family::Family;

/// Bytes after which a block ends.
const BLOCK_BYTES: usize = 1 << 15;

/// The entries of one family and side, sorted.
#[derive(Default)]
pub(crate) struct SortedFamily {
    /// Ranks of `first`, ascending.
    pub(crate) firsts: Vec<u32>,
    /// Where the items of each begin; one more at the end.
    pub(crate) starts: Vec<u32>,
    /// `second << 32 | document`, ascending in each group.
    pub(crate) items: Vec<u64>,
}

impl SortedFamily {
    /// Sorts entries by the ranks of their strings.
    ///
    /// - `ranks`: rank of each number, below `ranks_count`
    pub(crate) fn of(family: Family, entries: Entries, ranks: &[u32], ranks_count: usize) -> SortedFamily {
        // A counting sort by `first` leaves small groups, which fit in the cache of the processor.
        let mut next = vec![0u32; ranks_count + 1];
        for entry in entries.iter() {
            next[ranks[entry.first as usize] as usize + 1] += 1;
        }
        let mut total = 0;
        for start in &mut next {
            total += *start;
            *start = total;
        }
        let mut items = vec![0u64; entries.len()];
        for entry in entries.iter() {
            let place = &mut next[ranks[entry.first as usize] as usize];
            let second = family.renumber_second(entry.second, |word| ranks[word as usize]);
            items[*place as usize] = item(second, entry.document);
            *place += 1;
        }
        drop(entries);
        let mut sorted = SortedFamily { items, ..SortedFamily::default() };
        let mut start = 0;
        // Every place has moved to the end of its group.
        for (rank, &end) in next[..ranks_count].iter().enumerate() {
            if end > start {
                sorted.firsts.push(rank as u32);
                sorted.starts.push(start);
                sorted.items[start as usize..end as usize].sort_unstable();
                start = end;
            }
        }
        sorted.starts.push(start);
        sorted
    }

    /// The items of the group at `place`.
    pub(crate) fn group(&self, place: usize) -> &[u64] {
        &self.items[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

#[inline]
pub(crate) fn item(second: u32, document: u32) -> u64 {
    u64::from(second) << 32 | u64::from(document)
}

/// `second` and document of an item.
#[inline]
pub(crate) fn split_item(item: u64) -> (u32, u32) {
    ((item >> 32) as u32, item as u32)
}

/// An anonymous file that runs are appended to.
#[derive(Clone)]
pub(crate) struct SpillFile {
    file: Arc<Mutex<File>>,
    bytes: u64,
}

impl SpillFile {
    pub(crate) fn create() -> Result<SpillFile, IndexError> {
        Ok(SpillFile { file: Arc::new(Mutex::new(tempfile::tempfile()?)), bytes: 0 })
    }

    /// Appends bytes; where they begin.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<u64, IndexError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.bytes))?;
        file.write_all(bytes)?;
        let start = self.bytes;
        self.bytes += bytes.len() as u64;
        Ok(start)
    }

    /// Reads `bytes` bytes from `start` on into `buffer`.
    pub(crate) fn read(&self, start: u64, bytes: usize, buffer: &mut Vec<u8>) -> Result<(), IndexError> {
        buffer.clear();
        buffer.resize(bytes, 0);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        Ok(file.read_exact(buffer)?)
    }

    /// Appends a sorted family.
    ///
    /// - `numbers`: the number of each rank
    pub(crate) fn write(
        &mut self,
        family: Family,
        sorted: &SortedFamily,
        numbers: &[u32],
    ) -> Result<SpilledFamily, IndexError> {
        let (mut blocks, mut block, mut group) = (Vec::new(), Vec::new(), Vec::new());
        let mut first_of_block = None;
        for (place, &rank) in sorted.firsts.iter().enumerate() {
            let number = numbers[rank as usize];
            first_of_block.get_or_insert(number);
            group.clear();
            encode_group(family, sorted.group(place), numbers, &mut group);
            put_varint(u64::from(number), &mut block);
            put_varint(group.len() as u64, &mut block);
            block.extend_from_slice(&group);
            if block.len() >= BLOCK_BYTES || place + 1 == sorted.firsts.len() {
                let start = self.append(&block)?;
                blocks.push(Block {
                    first: first_of_block.take().unwrap_or(number),
                    start,
                    bytes: block.len(),
                });
                block.clear();
            }
        }
        Ok(SpilledFamily { file: self.clone(), blocks, items_count: sorted.items.len() })
    }
}

/// A sorted family in a file.
pub(crate) struct SpilledFamily {
    file: SpillFile,
    blocks: Vec<Block>,
    pub(crate) items_count: usize,
}

impl SpilledFamily {
    /// Ranks spread over the items, ascending; each stands for about as many items as a block holds.
    pub(crate) fn samples(&self, ranks: &[u32]) -> impl Iterator<Item = u32> {
        self.blocks.iter().map(|block| ranks[block.first as usize])
    }
}

struct Block {
    /// Number of the first `first` in the block.
    first: u32,
    start: u64,
    bytes: usize,
}

fn encode_group(family: Family, items: &[u64], numbers: &[u32], out: &mut Vec<u8>) {
    for same_second in items.chunk_by(|&a, &b| split_item(a).0 == split_item(b).0) {
        let second = split_item(same_second[0]).0;
        put_varint(u64::from(family.renumber_second(second, |rank| numbers[rank as usize])), out);
        put_varint(same_second.len() as u64, out);
        let mut last = 0;
        for &item in same_second {
            let document = split_item(item).1;
            put_varint(u64::from(document - last), out);
            last = document;
        }
    }
}

pub(crate) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a varint from the start of `bytes`; None if it is cut or too long.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

pub(crate) const DAMAGED: IndexError =
    IndexError::Damaged { detail: "a temporary file is not what was written" };

/// Goes through a sorted family, group by group, in the order of all threads.
pub(crate) enum FamilyCursor<'r> {
    Memory { sorted: &'r SortedFamily, place: usize },
    Spilled(SpilledCursor<'r>),
}

impl<'r> FamilyCursor<'r> {
    /// A cursor on the first group at or above `start`.
    pub(crate) fn in_memory(sorted: &'r SortedFamily, start: u32) -> FamilyCursor<'r> {
        let place = sorted.firsts.partition_point(|&first| first < start);
        FamilyCursor::Memory { sorted, place }
    }

    /// The same for a family in a file; `ranks` gives the rank of each number in it.
    pub(crate) fn spilled(
        family: Family,
        spilled: &'r SpilledFamily,
        ranks: &'r [u32],
        start: u32,
    ) -> Result<FamilyCursor<'r>, IndexError> {
        let after = spilled.blocks.partition_point(|block| ranks[block.first as usize] <= start);
        let mut cursor = SpilledCursor {
            family,
            spilled,
            ranks,
            next_block: after.saturating_sub(1),
            block: Vec::new(),
            at: 0,
            group: None,
        };
        cursor.advance()?;
        while cursor.group.as_ref().is_some_and(|group| group.first < start) {
            cursor.advance()?;
        }
        Ok(FamilyCursor::Spilled(cursor))
    }

    /// Rank of the group at hand.
    #[inline]
    pub(crate) fn first(&self) -> Option<u32> {
        match self {
            FamilyCursor::Memory { sorted, place } => sorted.firsts.get(*place).copied(),
            FamilyCursor::Spilled(cursor) => cursor.group.as_ref().map(|group| group.first),
        }
    }

    /// Appends the items of the group at hand and goes on to the next group.
    pub(crate) fn take(&mut self, items: &mut Vec<u64>) -> Result<(), IndexError> {
        match self {
            FamilyCursor::Memory { sorted, place } => {
                items.extend_from_slice(sorted.group(*place));
                *place += 1;
                Ok(())
            }
            FamilyCursor::Spilled(cursor) => cursor.take(items),
        }
    }
}

/// Goes through a family in a file.
pub(crate) struct SpilledCursor<'r> {
    family: Family,
    spilled: &'r SpilledFamily,
    ranks: &'r [u32],
    next_block: usize,
    block: Vec<u8>,
    at: usize,
    group: Option<SpilledGroup>,
}

struct SpilledGroup {
    first: u32,
    items: std::ops::Range<usize>,
}

impl SpilledCursor<'_> {
    fn advance(&mut self) -> Result<(), IndexError> {
        if self.at >= self.block.len() {
            let Some(block) = self.spilled.blocks.get(self.next_block) else {
                self.group = None;
                return Ok(());
            };
            self.spilled.file.read(block.start, block.bytes, &mut self.block)?;
            self.next_block += 1;
            self.at = 0;
        }
        let mut rest = &self.block[self.at..];
        let number = take_varint(&mut rest).ok_or(DAMAGED)?;
        let bytes = take_varint(&mut rest).ok_or(DAMAGED)? as usize;
        let start = self.block.len() - rest.len();
        let first = *self.ranks.get(number as usize).ok_or(DAMAGED)?;
        self.at = start.checked_add(bytes).filter(|&end| end <= self.block.len()).ok_or(DAMAGED)?;
        self.group = Some(SpilledGroup { first, items: start..self.at });
        Ok(())
    }

    fn take(&mut self, items: &mut Vec<u64>) -> Result<(), IndexError> {
        let Some(group) = self.group.take() else { return Ok(()) };
        self.decode(&self.block[group.items], items).ok_or(DAMAGED)?;
        self.advance()
    }

    fn decode(&self, mut group: &[u8], items: &mut Vec<u64>) -> Option<()> {
        while !group.is_empty() {
            let second = take_varint(&mut group)? as u32;
            let second = self.family.renumber_second(second, |number| self.ranks[number as usize]);
            let mut document = 0;
            for _ in 0..take_varint(&mut group)? {
                document += take_varint(&mut group)? as u32;
                items.push(item(second, document));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::cache::Entry;
    use crate::family::pair_second;

    proptest! {
        #[test]
        fn a_spilled_family_reads_as_one_in_memory(
            pairs in prop::collection::btree_set((0..40u32, 0..40u32, 1..4u8, 0..5000u32), 0..400),
            start in 0..40u32,
        ) {
            // Ranks that are not the numbers: number n has rank 39 - n.
            let ranks: Vec<u32> = (0..40).rev().collect();
            let mut by_document: Vec<_> = pairs.into_iter().collect();
            by_document.sort_unstable_by_key(|pair| pair.3);
            let entries = || {
                let mut entries = Entries::default();
                for &(left, right, distance, document) in &by_document {
                    entries.push(Entry { first: left, second: pair_second(right, distance), document });
                }
                entries
            };
            let sorted = SortedFamily::of(Family::WordPair, entries(), &ranks, 40);
            let spilled = SpillFile::create().unwrap().write(Family::WordPair, &sorted, &ranks).unwrap();
            prop_assert_eq!(spilled.items_count, by_document.len());
            let mut memory = FamilyCursor::in_memory(&sorted, start);
            let mut file = FamilyCursor::spilled(Family::WordPair, &spilled, &ranks, start).unwrap();
            while let Some(first) = memory.first() {
                prop_assert_eq!(file.first(), Some(first));
                let (mut expected, mut found) = (Vec::new(), Vec::new());
                memory.take(&mut expected).unwrap();
                file.take(&mut found).unwrap();
                found.sort_unstable();
                prop_assert_eq!(found, expected);
            }
            prop_assert_eq!(file.first(), None);
        }
    }
}
