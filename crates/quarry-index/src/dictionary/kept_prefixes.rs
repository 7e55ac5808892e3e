//! The prefixes for which unions of postings are kept: those of at most 4 bytes that 100 words or more of
//! the dictionary begin with.
//!
//! Stored form (entry `kept-prefixes` of `main`): an FST of the prefixes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use fst::{Set, Streamer};
use quarry_storage::{StorageError, Txn, WriteTxn};

use super::{Dictionary, DictionaryKind, open_set, put_set};
use crate::{Tables, main_table};

/// Longest kept prefix, in bytes.
pub const PREFIX_BYTES_MAX: usize = 4;

/// Words that begin with a kept prefix, at least.
pub const PREFIX_WORDS_MIN: usize = 100;

/// The kept prefixes, as of a transaction.
pub struct KeptPrefixes<'t> {
    prefixes: Set<&'t [u8]>,
}

/// Prefixes that are kept from now on, or not any more; both ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixChanges {
    /// Kept from now on.
    pub created: Vec<String>,
    /// Not kept any more.
    pub removed: Vec<String>,
}

/// The prefixes of `word` that may be kept, shortest first, the word itself included.
pub fn prefixes_of(word: &str) -> impl Iterator<Item = &str> {
    let ends = (1..=word.len().min(PREFIX_BYTES_MAX)).filter(|&end| word.is_char_boundary(end));
    ends.map(|end| &word[..end])
}

impl<'t> KeptPrefixes<'t> {
    /// The kept prefixes as of `txn`.
    pub fn open(tables: &Tables, txn: &'t Txn<'_>) -> Result<KeptPrefixes<'t>, StorageError> {
        Ok(KeptPrefixes { prefixes: open_set(tables, txn, main_table::KEPT_PREFIXES)? })
    }

    /// Whether unions are kept for `prefix`.
    pub fn contains(&self, prefix: &str) -> bool {
        prefix.len() <= PREFIX_BYTES_MAX && self.prefixes.contains(prefix)
    }

    /// Every kept prefix, in byte order.
    pub fn to_vec(&self) -> Vec<String> {
        let mut prefixes = Vec::with_capacity(self.prefixes.len());
        let mut stream = self.prefixes.stream();
        while let Some(prefix) = stream.next() {
            prefixes.extend(std::str::from_utf8(prefix).ok().map(str::to_owned));
        }
        prefixes
    }

    /// Puts the kept prefixes right after words came and went; the dictionary has changed already.
    ///
    /// - `changed_words`: every word that came or went
    /// - result: what changed; prefixes that stay are not in it, though their unions may be others
    pub fn update<W: AsRef<str>>(
        tables: &Tables,
        txn: &mut WriteTxn<'_>,
        changed_words: &[W],
    ) -> Result<PrefixChanges, StorageError> {
        let dictionary = Dictionary::open(tables, txn, DictionaryKind::Words)?;
        // Counting the words of one prefix reads up to 100 of them; counting all reads each word once.
        if changed_words.len() * PREFIX_BYTES_MAX * PREFIX_WORDS_MIN >= dictionary.len() {
            return KeptPrefixes::rebuild(tables, txn);
        }
        let stored = KeptPrefixes::open(tables, txn)?;
        let mut changes = PrefixChanges::default();
        for prefix in
            changed_words.iter().flat_map(|word| prefixes_of(word.as_ref())).collect::<BTreeSet<_>>()
        {
            match (stored.contains(prefix), dictionary.prefix_count_at_least(prefix, PREFIX_WORDS_MIN)) {
                (false, true) => changes.created.push(prefix.to_owned()),
                (true, false) => changes.removed.push(prefix.to_owned()),
                _ => {}
            }
        }
        if changes != PrefixChanges::default() {
            let mut kept: BTreeSet<String> = stored.to_vec().into_iter().collect();
            kept.retain(|prefix| changes.removed.binary_search(prefix).is_err());
            kept.extend(changes.created.iter().cloned());
            put_set(tables, txn, main_table::KEPT_PREFIXES, &kept)?;
        }
        Ok(changes)
    }

    /// Finds the kept prefixes anew from every word of the dictionary.
    pub fn rebuild(tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<PrefixChanges, StorageError> {
        let kept = count_all(&Dictionary::open(tables, txn, DictionaryKind::Words)?);
        let stored: BTreeSet<String> = KeptPrefixes::open(tables, txn)?.to_vec().into_iter().collect();
        let changes = PrefixChanges {
            created: kept.difference(&stored).cloned().collect(),
            removed: stored.difference(&kept).cloned().collect(),
        };
        if changes != PrefixChanges::default() {
            put_set(tables, txn, main_table::KEPT_PREFIXES, &kept)?;
        }
        Ok(changes)
    }

    /// Keeps no prefix from now on; says which were kept.
    pub fn clear(tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<PrefixChanges, StorageError> {
        let removed = KeptPrefixes::open(tables, txn)?.to_vec();
        tables.main.delete(txn, main_table::KEPT_PREFIXES)?;
        Ok(PrefixChanges { created: Vec::new(), removed })
    }
}

fn count_all(dictionary: &Dictionary<'_>) -> BTreeSet<String> {
    let mut kept = BTreeSet::new();
    // Words come in byte order: the words of a prefix are one run, counted under the prefix's length.
    let mut words_in_run = [0usize; PREFIX_BYTES_MAX + 1];
    let mut previous = Vec::new();
    dictionary.for_each(|word| {
        let shared = previous.iter().zip(word.bytes()).take_while(|&(&a, b)| a == b).count();
        for prefix in prefixes_of(word) {
            let words = &mut words_in_run[prefix.len()];
            *words = if prefix.len() <= shared { *words + 1 } else { 1 };
            if *words == PREFIX_WORDS_MIN {
                kept.insert(prefix.to_owned());
            }
        }
        previous.clear();
        previous.extend(word.bytes().take(PREFIX_BYTES_MAX));
        ControlFlow::Continue(())
    });
    kept
}
