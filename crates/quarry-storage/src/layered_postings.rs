//! A postings table together with the late changes to it: what readers see.
//!
//! One document changes a few ids in some hundred sets that lie all over a large table: a page for each. So the changes
//! of a small write wait side by side in [`crate::late_changes`], and readers put both layers together; before a large
//! write, or when much waits, they are settled: carried out in the tables themselves.

use std::cmp::Ordering;
use std::ops::Bound;

use roaring::RoaringBitmap;

use crate::block_table::{BlockCursor, prefix_end};
use crate::environment::{Txn, WriteTxn};
use crate::late_changes::{LateChanges, LateIds};
use crate::postings::Postings;
use crate::{PostingsCursor, PostingsTable, StorageError};

/// A postings table, as late changes make it. Written by [`crate::LateWriter`], or, while nothing waits, by the
/// writers of the table below.
#[derive(Clone, Copy)]
pub struct LayeredPostings {
    pub(crate) settled: PostingsTable,
    pub(crate) late: LateChanges,
    /// What the keys of this table begin with among the late changes.
    pub(crate) number: u8,
}

impl LayeredPostings {
    /// The table `settled`, whose late changes wait in `late` under `number`.
    pub fn new(settled: PostingsTable, late: LateChanges, number: u8) -> LayeredPostings {
        LayeredPostings { settled, late, number }
    }

    /// Whether its late changes wait under `number`.
    pub fn is(&self, number: u16) -> bool {
        u16::from(self.number) == number
    }

    /// The table without its late changes.
    pub fn settled(&self) -> PostingsTable {
        self.settled
    }

    /// The set of `key`, undecoded. None if the key is absent.
    ///
    /// # Errors
    /// `Corrupted`, `Lmdb`, as all others here.
    pub fn find<'t>(&self, txn: &'t Txn<'_>, key: &[u8]) -> Result<Option<Postings<'t>>, StorageError> {
        let settled = self.settled.find(txn, key)?;
        let late = self.late.find(txn, (self.number, key))?;
        self.joined(settled, late)
    }

    fn joined<'t>(
        &self,
        settled: Option<Postings<'t>>,
        late: Option<LateIds<'t>>,
    ) -> Result<Option<Postings<'t>>, StorageError> {
        let Some(late) = late else { return Ok(settled) };
        let joined = match settled {
            Some(settled) => Postings { late, ..settled },
            None if late.added.is_empty() => return Ok(None),
            None => Postings::of(self.late.name(), late.added()),
        };
        Ok(joined.has_ids()?.then_some(joined))
    }

    /// The set of `key`; None if the key is absent.
    pub fn get(&self, txn: &Txn<'_>, key: &[u8]) -> Result<Option<RoaringBitmap>, StorageError> {
        self.find(txn, key)?.map(|postings| postings.decode()).transpose()
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, txn: &Txn<'_>, key: &[u8]) -> Result<bool, StorageError> {
        Ok(self.find(txn, key)?.is_some())
    }

    /// Number of ids of `key`; 0 if it is absent.
    pub fn len_of(&self, txn: &Txn<'_>, key: &[u8]) -> Result<u64, StorageError> {
        self.find(txn, key)?.map_or(Ok(0), |postings| postings.len())
    }

    /// Whether there is no key.
    pub fn is_empty(&self, txn: &Txn<'_>) -> Result<bool, StorageError> {
        if self.late.is_empty(txn)? {
            return self.settled.is_empty(txn);
        }
        Ok(self.cursor(txn, b"")?.next()?.is_none())
    }

    /// Keys that start with `prefix`, ascending, each once.
    pub fn cursor<'t>(&self, txn: &'t Txn<'_>, prefix: &[u8]) -> Result<LayeredCursor<'t>, StorageError> {
        let end = prefix_end(prefix);
        self.range_cursor(txn, Bound::Included(prefix), end.as_ref().map(Vec::as_slice))
    }

    /// Keys between two bounds, ascending, each once.
    pub fn range_cursor<'t>(
        &self,
        txn: &'t Txn<'_>,
        start: Bound<&[u8]>,
        end: Bound<&[u8]>,
    ) -> Result<LayeredCursor<'t>, StorageError> {
        let settled = self.settled.range_cursor(txn, start, end)?;
        let late = match self.late.is_empty(txn)? {
            true => None,
            false => Some(self.late.cursor(txn, self.number, (start, end))?),
        };
        Ok(LayeredCursor { table: *self, settled: Layer::of(settled), late: late.map(Layer::of) })
    }

    /// Takes everything out of both layers.
    pub fn clear(&self, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        self.settled.clear(txn)?;
        self.take_out_late(txn, b"")
    }

    /// Takes the keys that start with `prefix` out of both layers.
    pub fn take_out(&self, txn: &mut WriteTxn<'_>, prefix: &[u8]) -> Result<(), StorageError> {
        let mut keys = Vec::new();
        let mut cursor = self.settled.cursor(txn, prefix)?;
        while let Some((key, _)) = cursor.next()? {
            keys.push(key.to_vec());
        }
        drop(cursor);
        let mut writer = self.settled.direct_writer(txn);
        for key in &keys {
            writer.set(key, &RoaringBitmap::new())?;
        }
        writer.finish()?;
        self.take_out_late(txn, prefix)
    }

    fn take_out_late(&self, txn: &mut WriteTxn<'_>, prefix: &[u8]) -> Result<(), StorageError> {
        let end = prefix_end(prefix);
        let range = (Bound::Included(prefix), end.as_ref().map(Vec::as_slice));
        let mut keys = Vec::new();
        let mut cursor = self.late.cursor(txn, self.number, range)?;
        while let Some((key, _)) = cursor.next()? {
            keys.push(key.to_vec());
        }
        drop(cursor);
        let mut writer = self.late.entries().direct_writer(txn);
        for key in &keys {
            writer.apply(key, None)?;
        }
        writer.finish().map(drop)
    }

    /// Carries the late changes out in the table itself. They still wait: whoever has settled all tables clears them.
    ///
    /// - `snapshot`: of the index before `txn`, to read them from
    pub fn settle(&self, snapshot: &Txn<'_>, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        let mut cursor = self.late.cursor(snapshot, self.number, (Bound::Unbounded, Bound::Unbounded))?;
        let mut writer = self.settled.direct_writer(txn);
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        while let Some((key, value)) = cursor.next()? {
            let late = self.late.parse(value)?;
            self.late.decode(late, &mut added, &mut removed)?;
            writer.apply(&key[1..], &added, &removed)?;
        }
        writer.finish().map(drop)
    }
}

/// Walks the keys of both layers. A key lives until the next step.
pub struct LayeredCursor<'t> {
    table: LayeredPostings,
    settled: Layer<PostingsCursor<'t>, Postings<'t>>,
    /// None if nothing waits for any table.
    late: Option<Layer<BlockCursor<'t>, &'t [u8]>>,
}

/// A cursor, and what it stands on.
struct Layer<C, V> {
    cursor: C,
    /// None before the first step and behind the last.
    at: Option<V>,
    /// `at` was given: the next look steps on.
    is_given: bool,
}

impl<C, V> Layer<C, V> {
    fn of(cursor: C) -> Layer<C, V> {
        Layer { cursor, at: None, is_given: true }
    }

    fn take(&mut self) -> Option<V> {
        self.is_given = true;
        self.at.take()
    }
}

impl<'t> LayeredCursor<'t> {
    /// The next key and its set; None at the end.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<(&[u8], Postings<'t>)>, StorageError> {
        let Some(late) = &mut self.late else { return self.settled.cursor.next() };
        let (is_settled, postings) = loop {
            if std::mem::take(&mut self.settled.is_given) {
                self.settled.at = self.settled.cursor.next()?.map(|(_, postings)| postings);
            }
            if std::mem::take(&mut late.is_given) {
                late.at = late.cursor.next()?.map(|(_, value)| value);
            }
            let order = match (&self.settled.at, &late.at) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), Some(_)) => self.settled.cursor.key().cmp(&late.cursor.key()[1..]),
            };
            let settled = order.is_le().then(|| self.settled.take()).flatten();
            let change = order.is_ge().then(|| late.take()).flatten();
            let change = change.map(|value| self.table.late.parse(value)).transpose()?;
            if let Some(joined) = self.table.joined(settled, change)? {
                break (order.is_le(), joined);
            }
        };
        let key = if is_settled { self.settled.cursor.key() } else { &late.cursor.key()[1..] };
        Ok(Some((key, postings)))
    }
}
