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
use quarry_index::{Index, TableId, Tables};
use quarry_storage::{
    BlockSink, LayeredPostings, PostingsBuilder, PostingsTable, StorageError, Txn, WriteTxn,
};
use rayon::prelude::*;
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

use crate::abort::Abort;
use crate::error::IndexError;
use crate::merge::WordChanges;

/// A table of words, and the table of unions that follows from it.
struct Pair {
    words: LayeredPostings,
    unions: LayeredPostings,
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
pub(crate) fn update(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    words: WordChanges<'_>,
) -> Result<(), IndexError> {
    let changed: Vec<&str> = words.created().chain(words.removed()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let PrefixChanges { created, removed } = KeptPrefixes::update(tables, txn, &changed)?;
    take_out(tables, txn, &removed)?;
    for pair in &pairs(tables) {
        let mut unions = Unions::default();
        for prefix in &created {
            // A prefix may be the start of another: each is scanned for itself.
            let only = FxHashSet::from_iter([prefix.clone()]);
            let mut scan = Scan::of(pair, prefix.as_bytes(), &only);
            scan.run(txn, usize::MAX)?;
            unions.append(&mut scan.unions);
        }
        // Nothing waits for a prefix that was not kept.
        let mut writer = pair.unions.settled().direct_writer(txn);
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
        for prefix in prefixes {
            pair.unions.take_out(txn, &[prefix.as_bytes(), &[0]].concat())?;
        }
    }
    Ok(())
}

/// After a large write: builds all unions from the tables of words.
///
/// - `bytes_max`: about what unions that are not yet written may take, in bytes
pub(crate) fn rebuild(
    index: &Index,
    txn: &mut WriteTxn<'_>,
    abort: &Abort<'_>,
    bytes_max: usize,
) -> Result<(), IndexError> {
    let tables = index.tables();
    KeptPrefixes::rebuild(tables, txn)?;
    let kept: FxHashSet<String> = KeptPrefixes::open(tables, txn)?.to_vec().into_iter().collect();
    let pairs = pairs(tables);
    for pair in &pairs {
        pair.unions.clear(txn)?;
    }
    // Prefixes of one first character never meet those of another.
    let mut starts: Vec<&str> =
        kept.iter().filter(|prefix| prefix.chars().count() == 1).map(String::as_str).collect();
    starts.sort_unstable();
    let threads = rayon::current_num_threads().max(1);
    for starts in starts.chunks(threads) {
        let mut scans: Vec<Vec<Scan<'_>>> = starts
            .iter()
            .map(|&start| pairs.iter().map(|pair| Scan::of(pair, start.as_bytes(), &kept)).collect())
            .collect();
        while scans.iter().flatten().any(|scan| !scan.is_done) {
            abort.check()?;
            let txns = scans
                .iter()
                .map(|_| index.environment().nested_read_txn(txn))
                .collect::<Result<Vec<_>, _>>()?;
            let built: Result<Vec<Vec<Built>>, IndexError> = scans
                .par_iter_mut()
                .zip(txns)
                .map(|(scans, txn)| {
                    scans.iter_mut().map(|scan| scan.build(&txn, bytes_max / threads)).collect()
                })
                .collect();
            for built in built?.into_iter().flatten() {
                built.write(tables, txn)?;
            }
        }
    }
    Ok(())
}

/// Unions by key.
type Unions = BTreeMap<Vec<u8>, RoaringBitmap>;

/// What a scan hands to the writer.
enum Built {
    /// All unions of a first character, as blocks of one table.
    Blocks(Gathered),
    /// Some of them: others follow, or came before.
    Some { table: PostingsTable, unions: Unions },
}

impl Built {
    fn write(self, tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), IndexError> {
        match self {
            Built::Blocks(gathered) => {
                let entries = tables.entries(gathered.table);
                for (key, block) in &gathered.blocks {
                    entries.put(txn, key, block)?;
                }
            }
            Built::Some { table, unions } => {
                let mut writer = table.direct_writer(txn);
                for (key, documents) in &unions {
                    writer.set(key, documents)?;
                }
                writer.finish()?;
            }
        }
        Ok(())
    }
}

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

/// A pass through the words that begin with `start`, which may be done in several goes.
struct Scan<'k> {
    pair: &'k Pair,
    start: &'k [u8],
    kept: &'k FxHashSet<String>,
    /// The unions of the prefixes of the last word.
    open: [Open; PREFIX_BYTES_MAX],
    /// Where the next go begins.
    next_key: Option<Vec<u8>>,
    is_done: bool,
    /// Complete unions of kept prefixes that were not handed over, and about their bytes.
    unions: Unions,
    unions_bytes: usize,
}

impl<'k> Scan<'k> {
    fn of(pair: &'k Pair, start: &'k [u8], kept: &'k FxHashSet<String>) -> Scan<'k> {
        let (open, unions) = Default::default();
        Scan { pair, start, kept, open, next_key: None, is_done: false, unions, unions_bytes: 0 }
    }

    /// Goes on until all words are seen or the unions take `bytes_max`; what there is to write.
    fn build(&mut self, txn: &Txn<'_>, bytes_max: usize) -> Result<Built, IndexError> {
        let is_first = self.next_key.is_none();
        self.run(txn, bytes_max)?;
        let unions = std::mem::take(&mut self.unions);
        self.unions_bytes = 0;
        if !is_first || !self.is_done {
            return Ok(Built::Some { table: self.pair.unions.settled(), unions });
        }
        let gathered = Gathered { table: self.pair.unions_id, blocks: Vec::new() };
        let mut builder = PostingsBuilder::new(self.pair.unions.settled(), gathered);
        let mut ids = Vec::new();
        for (key, documents) in unions {
            ids.clear();
            ids.extend(documents);
            builder.add(&key, &ids)?;
        }
        Ok(Built::Blocks(builder.finish()?))
    }

    fn run(&mut self, txn: &Txn<'_>, bytes_max: usize) -> Result<(), StorageError> {
        let from = self.next_key.take().unwrap_or_else(|| self.start.to_vec());
        let mut cursor = self.pair.words.range_cursor(txn, Bound::Included(&from), Bound::Unbounded)?;
        while let Some((key, postings)) = cursor.next()? {
            if !key.starts_with(self.start) {
                break;
            }
            if self.unions_bytes > bytes_max {
                self.next_key = Some(key.to_vec());
                return Ok(());
            }
            let end = key.iter().position(|&byte| byte == 0).unwrap_or(key.len());
            let (word, rest) = key.split_at(end);
            // What follows the end of the word: nothing, a field, or a position.
            let rest = rest.get(1..).unwrap_or_default();
            let Some(longest) = self.enter(word) else { continue };
            let unions = &mut self.open[longest].unions;
            match unions.get_mut(rest) {
                Some(union) => postings.union_into(union)?,
                None => drop(unions.insert(rest.to_vec(), postings.decode()?)),
            }
        }
        self.close(0);
        self.is_done = true;
        Ok(())
    }

    /// Closes the prefixes that `word` does not begin with and opens its own; the place of its longest one.
    fn enter(&mut self, word: &[u8]) -> Option<usize> {
        let word = std::str::from_utf8(word).ok()?;
        let mut longest = None;
        for prefix in prefixes_of(word) {
            let place = prefix.len() - 1;
            if self.open[place].prefix != prefix {
                self.close(place);
                self.open[place].prefix.push_str(prefix);
            }
            longest = Some(place);
        }
        longest
    }

    /// Closes the prefixes from `place` on, the longest first.
    fn close(&mut self, place: usize) {
        for place in (place..PREFIX_BYTES_MAX).rev() {
            let Open { prefix, unions: closed } = std::mem::take(&mut self.open[place]);
            if closed.is_empty() {
                continue;
            }
            let parent = self.open[..place]
                .iter_mut()
                .rev()
                .find(|parent| !parent.prefix.is_empty() && prefix.starts_with(parent.prefix.as_str()));
            if let Some(parent) = parent {
                for (rest, documents) in &closed {
                    match parent.unions.get_mut(rest) {
                        Some(union) => *union |= documents,
                        None => drop(parent.unions.insert(rest.clone(), documents.clone())),
                    }
                }
            }
            if self.kept.contains(&prefix) {
                for (rest, documents) in closed {
                    self.unions_bytes += documents.serialized_size();
                    self.unions.insert([prefix.as_bytes(), &[0], &rest].concat(), documents);
                }
            }
        }
    }
}

/// The union of a prefix that words at hand begin with.
#[derive(Default)]
struct Open {
    prefix: String,
    /// By what follows the end of the word in a key.
    unions: BTreeMap<Vec<u8>, RoaringBitmap>,
}
