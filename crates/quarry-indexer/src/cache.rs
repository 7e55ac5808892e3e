//! What one thread has extracted and not yet handed over: integer entries by family, documents' facet
//! values, and the strings behind the integers.
//!
//! Entries only grow at the end. When they reach the thread's share of the memory budget they are sorted
//! and written to an anonymous file as runs ([`crate::run`]); what is left at the end of the extraction is
//! sorted in memory. The lexicons stay for the whole batch, so numbers keep their meaning from run to run.

use quarry_index::{DocumentId, FieldId};

use crate::error::IndexError;
use crate::family::{FAMILIES_COUNT, Family};
use crate::lexicon::Lexicon;
use crate::run::{SortedFamily, SpillFile, SpilledFamily};
use crate::value_run::ValueCache;

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

/// Entries in the order of arrival, in pieces so that growing copies nothing.
#[derive(Default)]
pub(crate) struct Entries {
    pieces: Vec<Vec<Entry>>,
    length: usize,
}

impl Entries {
    #[inline]
    pub(crate) fn push(&mut self, entry: Entry) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < piece.capacity() => piece.push(entry),
            _ => self.push_piece(entry),
        }
        self.length += 1;
    }

    #[cold]
    fn push_piece(&mut self, entry: Entry) {
        const PIECE_ENTRIES_MAX: usize = 1 << 16;
        let mut piece = Vec::with_capacity(self.length.clamp(64, PIECE_ENTRIES_MAX));
        piece.push(entry);
        self.pieces.push(piece);
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.pieces.iter().flatten()
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
    entries_count: usize,
    pub(crate) numbers: ValueCache,
    pub(crate) strings: ValueCache,
    spill_file: Option<SpillFile>,
    pub(crate) spilled: [Sides<Vec<SpilledFamily>>; FAMILIES_COUNT],
}

impl ThreadCache {
    /// Adds one fact. Documents of one key must come ascending.
    #[inline]
    pub(crate) fn push(&mut self, family: Family, side: Side, entry: Entry) {
        self.entries[family as usize][side as usize].push(entry);
        self.entries_count += 1;
    }

    /// Adds the value of a document in a field to `numbers` or `strings`.
    pub(crate) fn used_bytes(&self) -> usize {
        self.entries_count * size_of::<Entry>() + self.numbers.used_bytes() + self.strings.used_bytes()
    }

    /// Memory that stays until the end of the batch, in bytes.
    pub(crate) fn lexicons_bytes(&self) -> usize {
        self.words.used_bytes() + self.keys.used_bytes()
    }

    /// Takes the entries of a family out.
    pub(crate) fn take(&mut self, family: Family, side: Side) -> Entries {
        std::mem::take(&mut self.entries[family as usize][side as usize])
    }

    /// Writes everything but the lexicons to an anonymous file, sorted.
    pub(crate) fn spill(&mut self) -> Result<(), IndexError> {
        self.words.sort();
        self.keys.sort();
        let (word_ranks, key_ranks) = (self.words.ranks(), self.keys.ranks());
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
                    let sorted = SortedFamily::of(family, entries, ranks, lexicon.len());
                    let spilled = file.write(family, &sorted, lexicon.sorted())?;
                    self.spilled[family as usize][side as usize].push(spilled);
                }
            }
        }
        self.numbers.spill(&mut file)?;
        self.strings.spill(&mut file)?;
        self.spill_file = Some(file);
        self.entries_count = 0;
        Ok(())
    }

    /// Brings the byte order of the lexicons up to date.
    pub(crate) fn sort_lexicons(&mut self) {
        self.words.sort();
        self.keys.sort();
    }
}

/// The key under which the facet values of a document in a field are sorted.
#[inline]
pub(crate) fn value_key(field: FieldId, document: DocumentId) -> u64 {
    u64::from(field) << 32 | u64::from(document)
}
