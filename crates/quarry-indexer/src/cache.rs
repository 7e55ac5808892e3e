//! What one thread has extracted and not yet handed over: integer entries by family, documents' facet
//! values, and the strings behind the integers.
//!
//! Entries only grow at the end. When they reach the thread's share of the memory budget they are sorted
//! and written to an anonymous file as runs ([`crate::run`]); what is left at the end of the extraction is
//! sorted in memory. The lexicons stay for the whole batch, so numbers keep their meaning from run to run.

use std::io;

use quarry_index::{DocumentId, FieldId};
use quarry_storage::PageVec;

use crate::error::IndexError;
use crate::family::{FAMILIES_COUNT, Family};
use crate::lexicon::Lexicon;
use crate::run::{SortedFamily, SpillFile, SpilledFamily, put_varint, take_varint};
use crate::value_run::{FacetValues, GeoChanges};

/// One extracted fact: `document` is, or is no more, under the key that `first` and `second` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) first: u32,
    pub(crate) second: u32,
    pub(crate) document: DocumentId,
}

/// Whether a document joins or leaves a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Side {
    Added,
    Removed,
}

impl Side {
    pub(crate) const ALL: [Side; 2] = [Side::Added, Side::Removed];
}

/// Entries in the order of arrival, packed.
///
/// For each document: difference to the document before, number of keys, and for each key the difference
/// of its `first` to the one before, and its `second`: whole if `first` differs, else as a difference. All
/// are varints. Most entries take 2 to 5 bytes where integers would take 12.
#[derive(Default)]
pub(crate) struct Entries {
    packed: PageVec<u8>,
    count: usize,
    last_document: DocumentId,
}

impl Entries {
    /// Adds the keys of a document, `first << 32 | second`, ascending. Documents ascend too.
    ///
    /// - `buffer`: whatever it holds
    ///
    /// # Errors
    /// When the system has no memory left.
    pub(crate) fn push(
        &mut self,
        document: DocumentId,
        keys: &[u64],
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        buffer.clear();
        put_varint(u64::from(document - self.last_document), buffer);
        put_varint(keys.len() as u64, buffer);
        let mut before = u64::MAX;
        for &key in keys {
            let (first, second) = (key >> 32, key & u64::from(u32::MAX));
            let (first_before, second_before) = (before >> 32, before & u64::from(u32::MAX));
            if before == u64::MAX {
                put_varint(first, buffer);
                put_varint(second, buffer);
            } else {
                put_varint(first - first_before, buffer);
                put_varint(if first == first_before { second - second_before } else { second }, buffer);
            }
            before = key;
        }
        self.packed.extend_from_slice(buffer)?;
        self.last_document = document;
        self.count += keys.len();
        Ok(())
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Calls `each` with every entry, in the order of arrival.
    #[inline]
    pub(crate) fn for_each(&self, mut each: impl FnMut(Entry)) {
        // What was packed above is whole.
        let take = |bytes: &mut &[u8]| take_varint(bytes).unwrap_or_default() as u32;
        let mut document = 0;
        let mut rest: &[u8] = &self.packed;
        while !rest.is_empty() {
            document += take(&mut rest);
            let (mut first, mut second) = (0, 0);
            for number in 0..take(&mut rest) {
                let (more_first, more_second) = (take(&mut rest), take(&mut rest));
                second = if more_first == 0 && number > 0 { second + more_second } else { more_second };
                first += more_first;
                each(Entry { first, second, document });
            }
        }
    }
}

/// Entries of one family by side.
pub(crate) type Sides<T> = [T; 2];

/// Everything that one thread extracts.
#[derive(Default)]
pub(crate) struct ThreadCache {
    /// Words and prefixes.
    pub(crate) words: Lexicon,
    /// Whole keys of the tables that are not keyed by words.
    pub(crate) keys: Lexicon,
    entries: [Sides<Entries>; FAMILIES_COUNT],
    entries_bytes: usize,
    /// The entries of a document while they are packed.
    packing: Vec<u8>,
    pub(crate) numbers: FacetValues,
    pub(crate) strings: FacetValues,
    /// Changes of the table of points and shapes.
    pub(crate) geo: GeoChanges,
    spill_file: Option<SpillFile>,
    pub(crate) spilled: [Sides<Vec<SpilledFamily>>; FAMILIES_COUNT],
}

impl ThreadCache {
    /// Adds the keys of one document, ascending, as `first << 32 | second`. Documents must come ascending.
    #[inline]
    pub(crate) fn push(
        &mut self,
        family: Family,
        side: Side,
        document: DocumentId,
        keys: &[u64],
    ) -> io::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let entries = &mut self.entries[family as usize][side as usize];
        entries.push(document, keys, &mut self.packing)?;
        self.entries_bytes += self.packing.len();
        Ok(())
    }

    /// Memory in use by entries and values, in bytes.
    pub(crate) fn used_bytes(&self) -> usize {
        // The entries of one family at a time are unpacked to be sorted.
        let largest = Family::ALL.map(|family| self.count(family)).into_iter().max().unwrap_or_default();
        let sorted_bytes = largest * size_of::<u64>();
        let values_bytes = self.numbers.used_bytes() + self.strings.used_bytes() + self.geo.used_bytes();
        self.entries_bytes + sorted_bytes + values_bytes
    }

    /// Entries of a family that are in memory.
    pub(crate) fn count(&self, family: Family) -> usize {
        self.entries[family as usize].iter().map(Entries::len).sum()
    }

    /// Memory that stays until the end of the batch, in bytes, and what sorting needs for each string.
    pub(crate) fn lexicons_bytes(&self) -> usize {
        /// A rank of `first`, where its group begins, and where its next item goes.
        const SORTED_BYTES_PER_STRING: usize = 12;
        let strings_count = self.words.len().max(self.keys.len());
        self.words.used_bytes() + self.keys.used_bytes() + strings_count * SORTED_BYTES_PER_STRING
    }

    /// Takes the entries of a family out.
    pub(crate) fn take(&mut self, family: Family, side: Side) -> Entries {
        std::mem::take(&mut self.entries[family as usize][side as usize])
    }

    /// Writes everything but the lexicons to an anonymous file, sorted.
    pub(crate) fn spill(&mut self) -> Result<(), IndexError> {
        self.sort_lexicons()?;
        let (word_ranks, key_ranks) = (self.words.ranks()?, self.keys.ranks()?);
        let mut buffer = PageVec::default();
        let mut file = match self.spill_file.take() {
            Some(file) => file,
            None => SpillFile::create()?,
        };
        for family in Family::ALL {
            let (ranks, lexicon) =
                if family.is_of_words() { (&word_ranks, &self.words) } else { (&key_ranks, &self.keys) };
            for side in Side::ALL {
                let entries = std::mem::take(&mut self.entries[family as usize][side as usize]);
                if !entries.is_empty() {
                    let sorted = SortedFamily::of(family, entries, ranks, (lexicon.len(), buffer))?;
                    let spilled = file.write(family, &sorted, lexicon.sorted())?;
                    self.spilled[family as usize][side as usize].push(spilled);
                    buffer = sorted.items;
                }
            }
        }
        self.numbers.spill(&mut file)?;
        self.strings.spill(&mut file)?;
        self.geo.spill(&mut file)?;
        self.spill_file = Some(file);
        self.entries_bytes = 0;
        Ok(())
    }

    /// Brings the byte order of the lexicons up to date.
    pub(crate) fn sort_lexicons(&mut self) -> Result<(), IndexError> {
        self.words.sort()?;
        Ok(self.keys.sort()?)
    }
}

/// The key under which the facet values of a document in a field are sorted.
#[inline]
pub(crate) fn value_key(field: FieldId, document: DocumentId) -> u64 {
    u64::from(field) << 32 | u64::from(document)
}
