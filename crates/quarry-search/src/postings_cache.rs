//! What one query has read: each posting found once and decoded once, however many rules ask for it, and never
//! if none does.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Bound;
use std::rc::Rc;

use quarry_index::settings::ProximityPrecision;
use quarry_index::{FieldId, Snapshot, keys};
use quarry_storage::{LayeredPostings, Postings, PostingsUnion, StorageError};
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;

use crate::query::{Reach, WordId, WordRef};
use crate::scope::SearchScope;

/// A set of documents that was found, and is decoded when somebody needs all of it.
#[derive(Default)]
pub(crate) struct LazyPostings<'s> {
    stored: Option<Postings<'s>>,
    /// How often it was read through without being decoded.
    reads: Cell<u8>,
    decoded: OnceCell<Rc<RoaringBitmap>>,
}

impl<'s> LazyPostings<'s> {
    fn stored(postings: Postings<'s>) -> LazyPostings<'s> {
        LazyPostings { stored: Some(postings), ..LazyPostings::default() }
    }

    fn decoded(documents: RoaringBitmap) -> LazyPostings<'s> {
        LazyPostings { decoded: OnceCell::from(Rc::new(documents)), ..LazyPostings::default() }
    }

    /// The documents.
    pub(crate) fn documents(&self) -> Result<&Rc<RoaringBitmap>, StorageError> {
        if let Some(documents) = self.decoded.get() {
            return Ok(documents);
        }
        let documents = self.stored.as_ref().map(Postings::decode).transpose()?.unwrap_or_default();
        Ok(self.decoded.get_or_init(|| Rc::new(documents)))
    }

    /// What is stored, if looking a few documents up in it is cheaper than decoding it: few did so far, or it is
    /// short.
    pub(crate) fn cheaper_undecoded(&self) -> Option<&Postings<'s>> {
        /// Bytes that are read through sooner than a decoded set is asked about a few documents.
        const SHORT_BYTES: usize = 128;
        /// Decoding costs about as much as so many readings.
        const READS_MAX: u8 = 3;
        let stored = self.stored.as_ref()?;
        let is_short = stored.stored_bytes() <= SHORT_BYTES;
        let reads = self.reads.get();
        let is_cheaper = is_short || (self.decoded.get().is_none() && reads < READS_MAX);
        self.reads.set(reads.saturating_add(1));
        is_cheaper.then_some(stored)
    }

    /// Adds the documents to `union`.
    pub(crate) fn add_to(&self, union: &mut PostingsUnion) -> Result<(), StorageError> {
        match (self.decoded.get(), &self.stored) {
            (Some(documents), _) => union.add_bitmap(documents),
            (None, Some(stored)) => union.add(stored)?,
            (None, None) => {}
        }
        Ok(())
    }
}

/// Documents of a word by the number that follows it in a key: a field or a position bucket.
pub(crate) type NumberedPostings<'s> = Rc<[(u16, LazyPostings<'s>)]>;

/// Documents of a pair of words at distance 1, 2 and 3.
pub(crate) type PairPostings<'s> = Rc<[LazyPostings<'s>; keys::word_pair::DISTANCE_MAX as usize]>;

type Cache<K, V> = RefCell<FxHashMap<K, V>>;

/// Reads the postings of words through a cache that lives as long as the query.
pub(crate) struct PostingsCache<'s> {
    snapshot: &'s Snapshot<'s>,
    /// Whether some words are out of the reach of typos: then they have a table of their own.
    pub(crate) has_exact_words: bool,
    /// Whether words are near when they share an attribute: then no pairs are stored.
    is_by_attribute: bool,
    documents: Cache<WordRef, Rc<LazyPostings<'s>>>,
    fields: Cache<WordId, NumberedPostings<'s>>,
    positions: Cache<WordId, NumberedPostings<'s>>,
    prefix_documents: Cache<WordId, Rc<LazyPostings<'s>>>,
    prefix_fields: Cache<WordId, NumberedPostings<'s>>,
    prefix_positions: Cache<WordId, NumberedPostings<'s>>,
    pairs: Cache<(WordId, WordId), PairPostings<'s>>,
    prefix_pairs: Cache<(WordId, WordId), PairPostings<'s>>,
}

impl<'s> PostingsCache<'s> {
    pub(crate) fn new(snapshot: &'s Snapshot<'s>) -> Result<PostingsCache<'s>, StorageError> {
        let has_exact_words = !snapshot.tables().exact_word_postings.is_empty(snapshot.txn())?;
        Ok(PostingsCache {
            snapshot,
            has_exact_words,
            is_by_attribute: snapshot.settings().proximity == ProximityPrecision::ByAttribute,
            documents: Cache::default(),
            fields: Cache::default(),
            positions: Cache::default(),
            prefix_documents: Cache::default(),
            prefix_fields: Cache::default(),
            prefix_positions: Cache::default(),
            pairs: Cache::default(),
            prefix_pairs: Cache::default(),
        })
    }

    /// Documents that hold a word in a searched attribute.
    pub(crate) fn documents(
        &self,
        scope: &SearchScope,
        word: WordRef,
        text: &str,
    ) -> Result<Rc<LazyPostings<'s>>, StorageError> {
        let word = self.canonical(word);
        cached(&self.documents, word, || {
            if scope.restricted_to.is_some() {
                let is_reached =
                    |field: &FieldId| word.reach == Reach::Everywhere || !scope.exact_fields.contains(field);
                return Ok(Rc::new(in_scope(&self.fields(word.word, text)?, scope, is_reached)?));
            }
            let (tables, txn) = (self.snapshot.tables(), self.snapshot.txn());
            let key = keys::word::key(text);
            let tolerant = tables.word_postings.find(txn, &key)?;
            let exact = match word.reach {
                Reach::Everywhere if self.has_exact_words => tables.exact_word_postings.find(txn, &key)?,
                _ => None,
            };
            Ok(Rc::new(match (tolerant, exact) {
                (Some(one), Some(other)) => LazyPostings::decoded(one.decode()? | other.decode()?),
                (one, other) => one.or(other).map(LazyPostings::stored).unwrap_or_default(),
            }))
        })
    }

    /// Without words out of the reach of typos, how far a word reaches makes no difference.
    fn canonical(&self, word: WordRef) -> WordRef {
        if self.has_exact_words { word } else { WordRef { reach: Reach::Everywhere, ..word } }
    }

    /// Keeps what was read of a word while its neighbours were.
    pub(crate) fn remember_documents(&self, word: WordRef, postings: Postings<'s>) {
        let word = self.canonical(word);
        self.documents.borrow_mut().entry(word).or_insert_with(|| Rc::new(LazyPostings::stored(postings)));
    }

    /// Documents of a word by field, ascending; searched or not.
    pub(crate) fn fields(&self, word: WordId, text: &str) -> Result<NumberedPostings<'s>, StorageError> {
        cached(&self.fields, word, || self.numbered(self.snapshot.tables().word_field_postings, text))
    }

    /// Documents of a word by position bucket, ascending, in whatever field.
    pub(crate) fn positions(&self, word: WordId, text: &str) -> Result<NumberedPostings<'s>, StorageError> {
        cached(&self.positions, word, || self.numbered(self.snapshot.tables().word_position_postings, text))
    }

    /// Documents that hold, in a searched attribute, a word with a kept prefix.
    pub(crate) fn prefix_documents(
        &self,
        scope: &SearchScope,
        prefix: WordId,
        text: &str,
    ) -> Result<Rc<LazyPostings<'s>>, StorageError> {
        cached(&self.prefix_documents, prefix, || {
            if scope.restricted_to.is_some() {
                return Ok(Rc::new(in_scope(&self.prefix_fields(prefix, text)?, scope, |_| true)?));
            }
            let table = self.snapshot.tables().prefix_postings;
            let postings = table.find(self.snapshot.txn(), &keys::word::key(text))?;
            Ok(Rc::new(postings.map(LazyPostings::stored).unwrap_or_default()))
        })
    }

    /// As [`Self::fields`], for all words with a kept prefix.
    pub(crate) fn prefix_fields(
        &self,
        prefix: WordId,
        text: &str,
    ) -> Result<NumberedPostings<'s>, StorageError> {
        let table = self.snapshot.tables().prefix_field_postings;
        cached(&self.prefix_fields, prefix, || self.numbered(table, text))
    }

    /// As [`Self::positions`], for all words with a kept prefix.
    pub(crate) fn prefix_positions(
        &self,
        prefix: WordId,
        text: &str,
    ) -> Result<NumberedPostings<'s>, StorageError> {
        let table = self.snapshot.tables().prefix_position_postings;
        cached(&self.prefix_positions, prefix, || self.numbered(table, text))
    }

    fn numbered(&self, table: LayeredPostings, text: &str) -> Result<NumberedPostings<'s>, StorageError> {
        let mut found = Vec::new();
        let scan = keys::word::key(text);
        let mut cursor = table.cursor(self.snapshot.txn(), &scan)?;
        while let Some((key, postings)) = cursor.next()? {
            // Field and position keys have one shape: the word, then 16 bits.
            if let Some((_, number)) = keys::word_number::parse(key) {
                found.push((number, LazyPostings::stored(postings)));
            }
        }
        Ok(found.into())
    }

    /// Documents where `right` follows `left`, by distance.
    pub(crate) fn pair(
        &self,
        left: (WordId, &str),
        right: (WordId, &str),
    ) -> Result<PairPostings<'s>, StorageError> {
        cached(&self.pairs, (left.0, right.0), || {
            if self.is_by_attribute {
                return in_one_field(&self.fields(left.0, left.1)?, &self.fields(right.0, right.1)?);
            }
            self.pairs_of_words(left.1, right.1)
        })
    }

    /// Documents where some word that begins with `prefix` follows `left`, by distance.
    pub(crate) fn pair_with_prefix(
        &self,
        left: (WordId, &str),
        prefix: (WordId, &str),
    ) -> Result<PairPostings<'s>, StorageError> {
        cached(&self.prefix_pairs, (left.0, prefix.0), || {
            if self.is_by_attribute {
                let of_prefix = self.prefix_fields(prefix.0, prefix.1)?;
                return in_one_field(&self.fields(left.0, left.1)?, &of_prefix);
            }
            self.pairs_of_prefix(left.1, prefix.1)
        })
    }

    fn pairs_of_words(&self, left: &str, right: &str) -> Result<PairPostings<'s>, StorageError> {
        let [start, end] = keys::word_pair::range_of_pair(left, right);
        let mut by_distance = none_by_distance();
        let (table, txn) = (self.snapshot.tables().word_pair_postings, self.snapshot.txn());
        let mut cursor = table.range_cursor(txn, Bound::Included(&start), Bound::Included(&end))?;
        while let Some((key, postings)) = cursor.next()? {
            let distance = key.last().copied().unwrap_or_default();
            if let Some(documents) = by_distance.get_mut(usize::from(distance).wrapping_sub(1)) {
                *documents = LazyPostings::stored(postings);
            }
        }
        Ok(Rc::new(by_distance))
    }

    fn pairs_of_prefix(&self, left: &str, prefix: &str) -> Result<PairPostings<'s>, StorageError> {
        let scan = keys::word_pair::scan_second_with_prefix(left, prefix);
        let mut by_distance: [PostingsUnion; 3] = Default::default();
        let mut cursor = self.snapshot.tables().word_pair_postings.cursor(self.snapshot.txn(), &scan)?;
        while let Some((key, postings)) = cursor.next()? {
            let distance = key.last().copied().unwrap_or_default();
            if let Some(documents) = by_distance.get_mut(usize::from(distance).wrapping_sub(1)) {
                documents.add(&postings)?;
            }
        }
        Ok(Rc::new(by_distance.map(|documents| LazyPostings::decoded(documents.finish()))))
    }

    /// Number of documents where `right` is next to `left`.
    pub(crate) fn neighbours_count(
        &self,
        left: (WordId, &str),
        right: (WordId, &str),
    ) -> Result<u64, StorageError> {
        if self.is_by_attribute {
            return Ok(self.pair(left, right)?[0].documents()?.len());
        }
        let key = keys::word_pair::key(left.1, right.1, 1);
        self.snapshot.tables().word_pair_postings.len_of(self.snapshot.txn(), &key)
    }

    /// Documents whose `field` holds exactly `count` words.
    pub(crate) fn word_count(&self, field: FieldId, count: u8) -> Result<RoaringBitmap, StorageError> {
        let key = keys::field_word_count::key(field, count);
        let table = self.snapshot.tables().field_word_count_postings;
        Ok(table.get(self.snapshot.txn(), &key)?.unwrap_or_default())
    }
}

fn none_by_distance<'s>() -> [LazyPostings<'s>; 3] {
    Default::default()
}

/// Documents that hold two words in one field: what counts as distance 1 where only attributes do.
fn in_one_field<'s>(
    left: &[(FieldId, LazyPostings<'s>)],
    right: &[(FieldId, LazyPostings<'s>)],
) -> Result<PairPostings<'s>, StorageError> {
    let mut neighbours = RoaringBitmap::new();
    for (field, documents) in left {
        for (_, others) in right.iter().filter(|(other, _)| other == field) {
            neighbours |= &**documents.documents()? & &**others.documents()?;
        }
    }
    let mut by_distance = none_by_distance();
    by_distance[0] = LazyPostings::decoded(neighbours);
    Ok(Rc::new(by_distance))
}

/// The documents of the searched fields that `is_reached`.
fn in_scope(
    fields: &[(FieldId, LazyPostings<'_>)],
    scope: &SearchScope,
    is_reached: impl Fn(&FieldId) -> bool,
) -> Result<LazyPostings<'static>, StorageError> {
    let mut documents = PostingsUnion::default();
    for (field, more) in fields {
        if scope.weight(*field).is_some() && is_reached(field) {
            more.add_to(&mut documents)?;
        }
    }
    Ok(LazyPostings::decoded(documents.finish()))
}

fn cached<K: std::hash::Hash + Eq, V: Clone>(
    cache: &Cache<K, V>,
    key: K,
    read: impl FnOnce() -> Result<V, StorageError>,
) -> Result<V, StorageError> {
    if let Some(value) = cache.borrow().get(&key) {
        return Ok(value.clone());
    }
    // Not borrowed while reading: one posting may be made of others.
    let value = read()?;
    cache.borrow_mut().insert(key, value.clone());
    Ok(value)
}
