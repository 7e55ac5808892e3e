//! Sorted entries of one family: in memory at the end of an extraction, in an anonymous file when memory
//! was short before.
//!
//! In memory the entries are grouped by `first`; an item of a group is `second << 32 | document`, ascending.
//!
//! In the file a group is, all as varints: the number of `first` in the lexicon, bytes of what follows, then
//! for each `second`: its number (a word in it is a number of the lexicon), how many documents, the first
//! document, and the differences to the next ones. Groups come in the byte order of their strings. Some
//! groups together are a block, the unit that is read; a group that fills a block goes on in another one of the
//! same number.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use quarry_storage::PageVec;

use crate::cache::Entries;
use crate::error::IndexError;
use crate::family::Family;

/// Bytes after which a block ends.
const BLOCK_BYTES: usize = 1 << 15;

/// The entries of one family and side, sorted.
#[derive(Default)]
pub(crate) struct SortedFamily {
    /// Ranks of `first`, ascending.
    pub(crate) firsts: PageVec<u32>,
    /// Where the items of each begin; one more at the end.
    pub(crate) starts: PageVec<u32>,
    /// `second << 32 | document`, ascending in each group.
    pub(crate) items: PageVec<u64>,
}

impl SortedFamily {
    /// Sorts entries by the ranks of their strings.
    ///
    /// - `ranks`: rank of each number, below `ranks_count`
    /// - `items`: a buffer to use again, whatever it holds
    ///
    /// # Errors
    /// When the system has no memory left.
    pub(crate) fn of(
        family: Family,
        entries: Entries,
        ranks: &[u32],
        (ranks_count, mut items): (usize, PageVec<u64>),
    ) -> io::Result<SortedFamily> {
        // A counting sort by `first` leaves small groups, which fit in the cache of the processor.
        let mut places = PageVec::<u32>::zeros(ranks_count + 1)?;
        let next: &mut [u32] = &mut places;
        entries.for_each(|entry| next[ranks[entry.first as usize] as usize + 1] += 1);
        let mut total = 0;
        for start in next.iter_mut() {
            total += *start;
            *start = total;
        }
        items.set_length(entries.len())?;
        let in_groups: &mut [u64] = &mut items;
        entries.for_each(|entry| {
            let place = &mut next[ranks[entry.first as usize] as usize];
            let second = family.renumber_second(entry.second, |word| ranks[word as usize]);
            in_groups[*place as usize] = item(second, entry.document);
            *place += 1;
        });
        drop(entries);
        let (mut firsts, mut starts, mut start) = (PageVec::default(), PageVec::default(), 0);
        // Every place has moved to the end of its group.
        for (rank, &end) in next[..ranks_count].iter().enumerate() {
            if end > start {
                firsts.push(rank as u32)?;
                starts.push(start)?;
                in_groups[start as usize..end as usize].sort_unstable();
                start = end;
            }
        }
        starts.push(start)?;
        Ok(SortedFamily { firsts, starts, items })
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
        let (mut spilled, mut block, mut group) = (Vec::new(), Block::default(), Vec::new());
        for (place, &rank) in sorted.firsts.iter().enumerate() {
            let number = numbers[rank as usize];
            let mut items = sorted.group(place);
            while !items.is_empty() {
                group.clear();
                items = encode_group(family, items, numbers, &mut group);
                block.push(number, &group);
                if block.bytes.len() >= BLOCK_BYTES {
                    spilled.push(self.append_block(&mut block)?);
                }
            }
        }
        if !block.bytes.is_empty() {
            spilled.push(self.append_block(&mut block)?);
        }
        Ok(SpilledFamily { file: self.clone(), blocks: spilled, items_count: sorted.items.len() })
    }

    fn append_block(&mut self, block: &mut Block) -> Result<SpilledBlock, IndexError> {
        let spilled =
            SpilledBlock { first: block.first, start: self.append(&block.bytes)?, bytes: block.bytes.len() };
        block.bytes.clear();
        Ok(spilled)
    }
}

/// A block being filled.
#[derive(Default)]
struct Block {
    first: u32,
    bytes: Vec<u8>,
}

impl Block {
    fn push(&mut self, number: u32, group: &[u8]) {
        if self.bytes.is_empty() {
            self.first = number;
        }
        put_varint(u64::from(number), &mut self.bytes);
        put_varint(group.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(group);
    }
}

/// A sorted family in a file.
pub(crate) struct SpilledFamily {
    file: SpillFile,
    blocks: Vec<SpilledBlock>,
    pub(crate) items_count: usize,
}

impl SpilledFamily {
    /// Ranks spread over the items, ascending; each stands for about as many items as a block holds.
    pub(crate) fn samples(&self, ranks: &[u32]) -> impl Iterator<Item = u32> {
        self.blocks.iter().map(|block| ranks[block.first as usize])
    }
}

struct SpilledBlock {
    /// Number of the first `first` in the block.
    first: u32,
    start: u64,
    bytes: usize,
}

/// Encodes the items of one `first` until they fill a block; the items that are left.
fn encode_group<'i>(family: Family, items: &'i [u64], numbers: &[u32], out: &mut Vec<u8>) -> &'i [u64] {
    let mut left = items;
    for same_second in items.chunk_by(|&a, &b| split_item(a).0 == split_item(b).0) {
        if out.len() >= BLOCK_BYTES {
            return left;
        }
        let second = split_item(same_second[0]).0;
        put_varint(u64::from(family.renumber_second(second, |rank| numbers[rank as usize])), out);
        put_varint(same_second.len() as u64, out);
        let mut last = 0;
        for &item in same_second {
            let document = split_item(item).1;
            put_varint(u64::from(document - last), out);
            last = document;
        }
        left = &left[same_second.len()..];
    }
    left
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

/// What the documents of a key are told by: `first << 32 | second`, as ranks.
#[inline]
pub(crate) fn key_of(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// Goes through a sorted family, key by key, in the order of all threads.
pub(crate) enum FamilyCursor<'r> {
    Memory(MemoryCursor<'r>),
    Spilled(SpilledCursor<'r>),
}

impl<'r> FamilyCursor<'r> {
    /// A cursor on the first key whose `first` is at or above `start`.
    pub(crate) fn in_memory(sorted: &'r SortedFamily, start: u32) -> FamilyCursor<'r> {
        let SortedFamily { firsts, starts, items } = sorted;
        let place = firsts.partition_point(|&first| first < start);
        FamilyCursor::Memory(MemoryCursor { firsts, starts, items, place, at: starts[place] as usize })
    }

    /// The same for a family in a file; `ranks` gives the rank of each number in it.
    pub(crate) fn spilled(
        family: Family,
        spilled: &'r SpilledFamily,
        ranks: &'r [u32],
        start: u32,
    ) -> Result<FamilyCursor<'r>, IndexError> {
        let from = spilled.blocks.partition_point(|block| ranks[block.first as usize] < start);
        let mut cursor = SpilledCursor {
            family,
            spilled,
            ranks,
            next_block: from.saturating_sub(1),
            block: Vec::new(),
            at: 0,
            group_end: 0,
            first: 0,
            key: None,
            documents_count: 0,
        };
        cursor.advance()?;
        while cursor.key.is_some() && cursor.first < start {
            cursor.at = cursor.group_end;
            cursor.advance()?;
        }
        Ok(FamilyCursor::Spilled(cursor))
    }

    /// The key at hand.
    #[inline]
    pub(crate) fn key(&self) -> Option<u64> {
        match self {
            FamilyCursor::Memory(cursor) => cursor.key(),
            FamilyCursor::Spilled(cursor) => cursor.key,
        }
    }

    /// Appends the documents of the key at hand and goes on to the next key.
    #[inline]
    pub(crate) fn take(&mut self, documents: &mut Vec<u32>) -> Result<(), IndexError> {
        match self {
            FamilyCursor::Memory(cursor) => {
                cursor.take(documents);
                Ok(())
            }
            FamilyCursor::Spilled(cursor) => cursor.take(documents),
        }
    }
}

/// Goes through a family in memory.
pub(crate) struct MemoryCursor<'r> {
    firsts: &'r [u32],
    starts: &'r [u32],
    items: &'r [u64],
    /// Place of the group at hand.
    place: usize,
    /// Item at hand.
    at: usize,
}

impl MemoryCursor<'_> {
    #[inline]
    fn key(&self) -> Option<u64> {
        let &first = self.firsts.get(self.place)?;
        Some(key_of(first, split_item(self.items[self.at]).0))
    }

    fn take(&mut self, documents: &mut Vec<u32>) {
        let end = self.starts[self.place + 1] as usize;
        let items = &self.items[self.at..end];
        let second = split_item(items[0]).0;
        let same = items.iter().take_while(|&&item| split_item(item).0 == second);
        let count = documents.len();
        documents.extend(same.map(|&item| split_item(item).1));
        self.at += documents.len() - count;
        if self.at == end {
            self.place += 1;
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
    group_end: usize,
    /// Rank of the group at hand.
    first: u32,
    key: Option<u64>,
    /// Documents of the key at hand, which lie at `at`.
    documents_count: u64,
}

impl SpilledCursor<'_> {
    /// Goes to the next key; `at` is behind the one at hand.
    fn advance(&mut self) -> Result<(), IndexError> {
        if self.at >= self.group_end && !self.open_group()? {
            self.key = None;
            return Ok(());
        }
        let mut rest = self.block.get(self.at..self.group_end).ok_or(DAMAGED)?;
        let (second, count) =
            (take_varint(&mut rest).ok_or(DAMAGED)?, take_varint(&mut rest).ok_or(DAMAGED)?);
        self.at = self.group_end - rest.len();
        let ranks = self.ranks;
        let second = self.family.renumber_second(second as u32, |number| ranks[number as usize]);
        self.key = Some(key_of(self.first, second));
        self.documents_count = count;
        Ok(())
    }

    /// Opens the next group; whether there is one.
    fn open_group(&mut self) -> Result<bool, IndexError> {
        if self.at >= self.block.len() {
            let Some(block) = self.spilled.blocks.get(self.next_block) else { return Ok(false) };
            self.spilled.file.read(block.start, block.bytes, &mut self.block)?;
            self.next_block += 1;
            self.at = 0;
        }
        let mut rest = &self.block[self.at..];
        let number = take_varint(&mut rest).ok_or(DAMAGED)?;
        let bytes = take_varint(&mut rest).ok_or(DAMAGED)? as usize;
        self.at = self.block.len() - rest.len();
        self.group_end = self.at.checked_add(bytes).filter(|&end| end <= self.block.len()).ok_or(DAMAGED)?;
        self.first = *self.ranks.get(number as usize).ok_or(DAMAGED)?;
        Ok(true)
    }

    fn take(&mut self, documents: &mut Vec<u32>) -> Result<(), IndexError> {
        let mut rest = self.block.get(self.at..self.group_end).ok_or(DAMAGED)?;
        let mut document = 0;
        for _ in 0..self.documents_count {
            document += take_varint(&mut rest).ok_or(DAMAGED)? as u32;
            documents.push(document);
        }
        self.at = self.group_end - rest.len();
        self.advance()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
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
                for of_document in by_document.chunk_by(|a, b| a.3 == b.3) {
                    let mut keys: Vec<u64> =
                        of_document.iter().map(|pair| key_of(pair.0, pair_second(pair.1, pair.2))).collect();
                    keys.sort_unstable();
                    entries.push(of_document[0].3, &keys, &mut Vec::new()).unwrap();
                }
                entries
            };
            let sorted = SortedFamily::of(Family::WordPair, entries(), &ranks, (40, PageVec::default())).unwrap();
            let spilled = SpillFile::create().unwrap().write(Family::WordPair, &sorted, &ranks).unwrap();
            prop_assert_eq!(spilled.items_count, by_document.len());
            let mut memory = FamilyCursor::in_memory(&sorted, start);
            let mut file = FamilyCursor::spilled(Family::WordPair, &spilled, &ranks, start).unwrap();
            while let Some(key) = memory.key() {
                prop_assert_eq!(file.key(), Some(key));
                let (mut expected, mut found) = (Vec::new(), Vec::new());
                memory.take(&mut expected).unwrap();
                file.take(&mut found).unwrap();
                prop_assert_eq!(found, expected);
            }
            prop_assert_eq!(file.key(), None);
        }
    }
}
