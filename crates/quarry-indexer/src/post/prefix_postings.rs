//! Unions of postings for the kept prefixes.
//!
//! A prefix is kept while enough words begin with it (quarry-index decides). Three tables hold unions: of the
//! postings of the words, of words by field, of words by position bucket.
//!
//! - After a small write the unions of prefixes that stay are right already: documents were extracted into
//!   them like words. Prefixes that are kept from now on are scanned; others are taken out.
//! - After a large write everything is built anew by one pass through each table of words. The pass goes word
//!   by word; a document id is put into the union of the longest prefix only, and whole unions are then put
//!   into those of the shorter ones.

use std::collections::BTreeMap;
use std::ops::Bound;

use quarry_index::dictionary::kept_prefixes::{PREFIX_BYTES_MAX, prefixes_of};
use quarry_index::dictionary::{KeptPrefixes, PrefixChanges};
use quarry_index::{Dictionary, DictionaryKind, Index, TableId, Tables};
use quarry_storage::{
    BlockSink, BlockStore, BlockWriter, PostingsTable, PostingsWriter, StorageError, Txn, WriteTxn,
};
use rayon::prelude::*;
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

use crate::abort::Abort;
use crate::error::IndexError;
use crate::merge::WordChanges;

/// A table of words, and the table of unions that follows from it.
struct Pair {
    words: PostingsTable,
    unions: PostingsTable,
    unions_id: TableId,
}

fn pairs(tables: &Tables) -> [Pair; 3] {
    [
        Pair {
            words: tables.word_postings,
            unions: tables.prefix_postings,
            unions_id: TableId::PrefixPostings,
        },
        Pair {
            words: tables.word_field_postings,
            unions: tables.prefix_field_postings,
            unions_id: TableId::PrefixFieldPostings,
        },
        Pair {
            words: tables.word_position_postings,
            unions: tables.prefix_position_postings,
            unions_id: TableId::PrefixPositionPostings,
        },
    ]
}

/// After a small write: scans the prefixes that are kept from now on, takes out those that are not any more.
pub(crate) fn update(tables: &Tables, txn: &mut WriteTxn<'_>, words: &WordChanges) -> Result<(), IndexError> {
    let changed: Vec<&String> = words.created.iter().chain(&words.removed).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let PrefixChanges { created, removed } = KeptPrefixes::update(tables, txn, &changed)?;
    take_out(tables, txn, &removed)?;
    for pair in pairs(tables) {
        let mut unions = Unions::default();
        for prefix in &created {
            // A prefix may be the start of another: each is scanned for itself.
            let only = FxHashSet::from_iter([prefix.clone()]);
            let mut of_one = scan(&pair, txn, prefix.as_bytes(), &only)?;
            unions.append(&mut of_one);
        }
        let mut writer = pair.unions.direct_writer(txn);
        for (key, documents) in &unions {
            writer.set(key, documents)?;
        }
        writer.finish()?;
    }
    Ok(())
}

/// Keeps no prefix from now on.
pub(crate) fn clear(tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
    KeptPrefixes::clear(tables, txn)?;
    pairs(tables).into_iter().try_for_each(|pair| pair.unions.clear(txn))
}

fn take_out(tables: &Tables, txn: &mut WriteTxn<'_>, prefixes: &[String]) -> Result<(), StorageError> {
    for pair in pairs(tables) {
        let mut keys = Vec::new();
        for prefix in prefixes {
            let mut cursor = pair.unions.cursor(txn, &[prefix.as_bytes(), &[0]].concat())?;
            while let Some((key, _)) = cursor.next()? {
                keys.push(key.to_vec());
            }
        }
        keys.sort_unstable();
        let mut writer = pair.unions.direct_writer(txn);
        for key in &keys {
            writer.set(key, &RoaringBitmap::new())?;
        }
        writer.finish()?;
    }
    Ok(())
}

/// After a large write: builds all unions from the tables of words.
pub(crate) fn rebuild(index: &Index, txn: &mut WriteTxn<'_>, abort: &Abort<'_>) -> Result<(), IndexError> {
    let tables = index.tables();
    let words = Dictionary::open(tables, txn, DictionaryKind::Words)?.words();
    KeptPrefixes::clear(tables, txn)?;
    KeptPrefixes::update(tables, txn, &words)?;
    drop(words);
    let kept: FxHashSet<String> = KeptPrefixes::open(tables, txn)?.to_vec().into_iter().collect();
    for pair in pairs(tables) {
        pair.unions.clear(txn)?;
    }
    // Prefixes of one first character never meet those of another.
    let mut starts: Vec<&str> =
        kept.iter().filter(|prefix| prefix.chars().count() == 1).map(String::as_str).collect();
    starts.sort_unstable();
    for starts in starts.chunks(rayon::current_num_threads().max(1)) {
        abort.check()?;
        let txns =
            starts.iter().map(|_| index.environment().nested_read_txn(txn)).collect::<Result<Vec<_>, _>>()?;
        let work: Vec<_> = starts.iter().zip(txns).collect();
        let built: Result<Vec<Vec<Gathered>>, IndexError> = work
            .into_par_iter()
            .map(|(start, txn)| pairs(tables).iter().map(|pair| build(pair, &txn, start, &kept)).collect())
            .collect();
        for gathered in built?.into_iter().flatten() {
            let entries = tables.entries(gathered.table);
            for (key, block) in &gathered.blocks {
                entries.put(txn, key, block)?;
            }
        }
    }
    Ok(())
}

/// Unions by key.
type Unions = BTreeMap<Vec<u8>, RoaringBitmap>;

/// Blocks of one table of unions, to be put by the writer.
struct Gathered {
    table: TableId,
    blocks: Vec<(Vec<u8>, Vec<u8>)>,
}

impl BlockSink for Gathered {
    type Error = StorageError;

    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), StorageError> {
        self.blocks.push((key.to_vec(), block.to_vec()));
        Ok(())
    }

    fn delete(&mut self, _: &[u8]) -> Result<(), StorageError> {
        Ok(())
    }
}

impl BlockStore for Gathered {
    fn floor(&self, _: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, StorageError> {
        Ok(None)
    }

    fn above(&self, _: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, StorageError> {
        Ok(None)
    }
}

fn build(pair: &Pair, txn: &Txn<'_>, start: &str, kept: &FxHashSet<String>) -> Result<Gathered, IndexError> {
    let unions = scan(pair, txn, start.as_bytes(), kept)?;
    let store = Gathered { table: pair.unions_id, blocks: Vec::new() };
    let mut writer = PostingsWriter::over(pair.unions, BlockWriter::new(pair.unions.entries(), store, None));
    for (key, documents) in &unions {
        writer.set(key, documents)?;
    }
    Ok(writer.finish()?)
}

/// The unions of the `kept` prefixes that begin with `start`.
fn scan(pair: &Pair, txn: &Txn<'_>, start: &[u8], kept: &FxHashSet<String>) -> Result<Unions, StorageError> {
    let mut unions = Unions::new();
    let mut open: [Open; PREFIX_BYTES_MAX] = Default::default();
    let mut cursor = pair.words.range_cursor(txn, Bound::Included(start), Bound::Unbounded)?;
    while let Some((key, postings)) = cursor.next()? {
        if !key.starts_with(start) {
            break;
        }
        let end = key.iter().position(|&byte| byte == 0).unwrap_or(key.len());
        let (word, rest) = key.split_at(end);
        // What follows the end of the word: nothing, a field, or a position.
        let rest = rest.get(1..).unwrap_or_default();
        let Some(longest) = enter(word, &mut open, kept, &mut unions) else { continue };
        postings.union_into(open[longest].unions.entry(rest.to_vec()).or_default())?;
    }
    close(0, &mut open, kept, &mut unions);
    Ok(unions)
}

/// The union of a prefix that words at hand begin with.
#[derive(Default)]
struct Open {
    prefix: String,
    /// By what follows the end of the word in a key.
    unions: BTreeMap<Vec<u8>, RoaringBitmap>,
}

/// Closes the prefixes that `word` does not begin with and opens its own; the place of its longest one.
fn enter(
    word: &[u8],
    open: &mut [Open; PREFIX_BYTES_MAX],
    kept: &FxHashSet<String>,
    unions: &mut Unions,
) -> Option<usize> {
    let word = std::str::from_utf8(word).ok()?;
    let mut longest = None;
    for prefix in prefixes_of(word) {
        let place = prefix.len() - 1;
        if open[place].prefix != prefix {
            close(place, open, kept, unions);
            open[place].prefix.push_str(prefix);
        }
        longest = Some(place);
    }
    longest
}

/// Closes the prefixes from `place` on, the longest first.
fn close(place: usize, open: &mut [Open; PREFIX_BYTES_MAX], kept: &FxHashSet<String>, unions: &mut Unions) {
    for place in (place..PREFIX_BYTES_MAX).rev() {
        let Open { prefix, unions: closed } = std::mem::take(&mut open[place]);
        if closed.is_empty() {
            continue;
        }
        let parent = open[..place]
            .iter_mut()
            .rev()
            .find(|parent| !parent.prefix.is_empty() && prefix.starts_with(parent.prefix.as_str()));
        if let Some(parent) = parent {
            for (rest, documents) in &closed {
                *parent.unions.entry(rest.clone()).or_default() |= documents;
            }
        }
        if kept.contains(&prefix) {
            for (rest, documents) in closed {
                unions.insert([prefix.as_bytes(), &[0], &rest].concat(), documents);
            }
        }
    }
}
