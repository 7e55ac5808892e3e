//! All words of the index in byte order, as automata: what typos, prefixes and splits of a query word are
//! looked up in.
//!
//! A dictionary is three FSTs (crate `fst`) in `main`: `base`, and beside it two small ones, `added` and
//! `removed`. Its words are those of base and added, less those of removed. A write rewrites only the two
//! small ones; when they have grown past a threshold they are merged into a new base ([`update`]).
//! `added` holds no word of base, `removed` only words of base.
//!
//! - [`search`]: words with a prefix, all words.
//! - [`mod@walk`]: wanted words, without looking at the others.
//! - [`update`]: words that came and went.
//! - [`kept_prefixes`]: the prefixes for which unions are kept.

pub mod kept_prefixes;
pub mod search;
pub mod update;
pub mod walk;

use std::sync::LazyLock;

use fst::Set;
use quarry_storage::{StorageError, Txn, WriteTxn};

use crate::{Tables, main_table};

pub use kept_prefixes::{KeptPrefixes, PrefixChanges};
pub use walk::Guide;

/// Which words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DictionaryKind {
    /// Words that typos may reach.
    Words,
    /// Words of attributes without typos, and numbers when typos are off for them.
    ExactWords,
}

impl DictionaryKind {
    /// Names of base, added, removed in `main`.
    fn entries(self) -> [&'static [u8]; 3] {
        match self {
            DictionaryKind::Words => [b"words-base", b"words-added", b"words-removed"],
            DictionaryKind::ExactWords => [b"exact-words-base", b"exact-words-added", b"exact-words-removed"],
        }
    }
}

/// The words of one kind, as of a transaction. Opening one reads nothing but the ends of the automata.
pub struct Dictionary<'t> {
    base: Set<&'t [u8]>,
    added: Set<&'t [u8]>,
    removed: Set<&'t [u8]>,
}

impl<'t> Dictionary<'t> {
    /// The dictionary as of `txn`.
    ///
    /// # Errors
    /// `Corrupted` when an automaton is not what was written.
    pub fn open(
        tables: &Tables,
        txn: &'t Txn<'_>,
        kind: DictionaryKind,
    ) -> Result<Dictionary<'t>, StorageError> {
        let [base, added, removed] = kind.entries();
        Ok(Dictionary {
            base: open_set(tables, txn, base)?,
            added: open_set(tables, txn, added)?,
            removed: open_set(tables, txn, removed)?,
        })
    }

    /// Whether `word` is in it.
    pub fn contains(&self, word: &str) -> bool {
        self.added.contains(word) || (self.base.contains(word) && !self.removed.contains(word))
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        (self.base.len() + self.added.len()).saturating_sub(self.removed.len())
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Checks the checksum of every automaton: walking a damaged one could panic.
pub(crate) fn verify(tables: &Tables, txn: &Txn<'_>) -> Result<(), StorageError> {
    let kinds = [DictionaryKind::Words, DictionaryKind::ExactWords];
    let entries = kinds.iter().flat_map(|kind| kind.entries()).chain([main_table::KEPT_PREFIXES]);
    for entry in entries {
        let set = open_set(tables, txn, entry)?;
        set.as_fst().verify().map_err(|_| main_table::damaged("an automaton of words is damaged"))?;
    }
    Ok(())
}

fn open_set<'t>(tables: &Tables, txn: &'t Txn<'_>, entry: &[u8]) -> Result<Set<&'t [u8]>, StorageError> {
    static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| Set::default().into_fst().into_inner());
    let bytes = tables.main.get(txn, entry)?.unwrap_or(EMPTY.as_slice());
    Set::new(bytes).map_err(|_| main_table::damaged("an automaton of words cannot be read"))
}

/// Stores a set of ascending words.
fn put_set<W: AsRef<[u8]>>(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    entry: &[u8],
    words: impl IntoIterator<Item = W>,
) -> Result<(), StorageError> {
    let set = Set::from_iter(words).expect("the callers give ascending words");
    tables.main.put(txn, entry, set.as_fst().as_bytes())
}
