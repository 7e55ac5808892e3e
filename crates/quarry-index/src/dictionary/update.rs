//! Words that came and went.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use fst::{IntoStreamer, Set, Streamer};
use quarry_crash::CrashPoint;
use quarry_storage::{StorageError, WriteTxn};

use super::{Dictionary, DictionaryKind, put_set};
use crate::Tables;

/// Words beside a base of `base_words` at most; beyond, both are merged into a new base.
///
/// Every small write rewrites the words beside the base, and one write in (words beside ÷ new words per
/// write) rewrites all. With some five new words per write, the sum of both is smallest at three times the
/// square root of the base. Measured with 100,000 words at opt-level 1 on two busy cores: 0.6 ms to rewrite
/// 900 words beside the base, 108 ms for a merge, which then comes once in 190 writes.
fn words_beside_max(base_words: usize) -> usize {
    const WORDS_MIN: usize = 256;
    (3 * base_words.isqrt()).max(WORDS_MIN)
}

/// The words beside the base, less those that a write takes out, more those that it brings.
struct Beside {
    added: BTreeSet<Vec<u8>>,
    removed: BTreeSet<Vec<u8>>,
}

impl Dictionary<'_> {
    /// Puts words in and takes words out; a word that is there already, or is not there, may be named.
    ///
    /// - `created`, `removed`: in byte order, each once; no word is in both
    pub fn update<'w>(
        tables: &Tables,
        txn: &mut WriteTxn<'_>,
        kind: DictionaryKind,
        created: impl ExactSizeIterator<Item = &'w str> + Clone,
        removed: impl ExactSizeIterator<Item = &'w str> + Clone,
    ) -> Result<(), StorageError> {
        let changed = created.len() + removed.len();
        if changed == 0 {
            return Ok(());
        }
        let [base_entry, added_entry, removed_entry] = kind.entries();
        let dictionary = Dictionary::open(tables, txn, kind)?;
        if dictionary.is_empty() {
            Dictionary::clear(tables, txn, kind)?;
            return put_set(tables, txn, base_entry, created);
        }
        let beside_max = words_beside_max(dictionary.base.len());
        // Many words are never gathered: they go straight into the new base.
        if changed <= 2 * beside_max {
            let beside = dictionary.beside(created.clone(), removed.clone());
            if beside.added.len() + beside.removed.len() <= beside_max {
                put_set(tables, txn, added_entry, &beside.added)?;
                return put_set(tables, txn, removed_entry, &beside.removed);
            }
        }
        let base = dictionary.merged(created, removed);
        tables.main.put(txn, base_entry, base.as_fst().as_bytes())?;
        CrashPoint::DictionaryMerging.reach();
        tables.main.delete(txn, added_entry)?;
        tables.main.delete(txn, removed_entry)?;
        Ok(())
    }

    /// Takes every word out.
    pub fn clear(tables: &Tables, txn: &mut WriteTxn<'_>, kind: DictionaryKind) -> Result<(), StorageError> {
        for entry in kind.entries() {
            tables.main.delete(txn, entry)?;
        }
        Ok(())
    }

    /// Every word, in byte order.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::with_capacity(self.len());
        self.for_each(|word| {
            words.push(word.to_owned());
            ControlFlow::Continue(())
        });
        words
    }

    fn beside<'w>(
        &self,
        created: impl Iterator<Item = &'w str>,
        removed: impl Iterator<Item = &'w str>,
    ) -> Beside {
        let mut beside = Beside { added: collect(&self.added), removed: collect(&self.removed) };
        for word in created.map(str::as_bytes) {
            if !beside.removed.remove(word) && !self.base.contains(word) {
                beside.added.insert(word.to_vec());
            }
        }
        for word in removed.map(str::as_bytes) {
            if !beside.added.remove(word) && self.base.contains(word) {
                beside.removed.insert(word.to_vec());
            }
        }
        beside
    }

    /// Every word, with those created and without those removed, as one set.
    fn merged<'w>(
        &self,
        created: impl Iterator<Item = &'w str>,
        removed: impl Iterator<Item = &'w str>,
    ) -> Set<Vec<u8>> {
        let mut builder = fst::SetBuilder::memory();
        let mut insert =
            |word: &[u8]| builder.insert(word).expect("two ascending streams are merged in order");
        let mut created = created.map(str::as_bytes).peekable();
        let mut removed = removed.map(str::as_bytes).peekable();
        let mut stored = self.base.op().add(&self.added).union();
        while let Some(word) = stored.next() {
            while let Some(created) = created.next_if(|&created| created < word) {
                insert(created);
            }
            let is_created = created.next_if_eq(&word).is_some();
            while removed.next_if(|&removed| removed < word).is_some() {}
            let is_removed = removed.next_if_eq(&word).is_some() || self.removed.contains(word);
            if is_created || !is_removed {
                insert(word);
            }
        }
        created.for_each(insert);
        builder.into_set()
    }
}

fn collect(set: &Set<&[u8]>) -> BTreeSet<Vec<u8>> {
    set.into_stream().into_bytes().into_iter().collect()
}
