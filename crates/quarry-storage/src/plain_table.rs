//! Bytes to bytes, one LMDB entry each, in byte order of the keys.

use std::ops::Bound;

use heed::types::Bytes;
use heed::{Database, PutFlags};

use crate::environment::{Txn, WriteTxn};
use crate::{KEY_BYTES_MAX, StorageError};

/// A named table of an environment.
#[derive(Clone, Copy)]
pub struct PlainTable {
    database: Database<'static, Bytes, Bytes>,
    name: &'static str,
}

/// An entry: key and value, both borrowed from the transaction.
pub type Entry<'t> = (&'t [u8], &'t [u8]);

impl PlainTable {
    pub(crate) fn over(database: Database<'static, Bytes, Bytes>, name: &'static str) -> PlainTable {
        PlainTable { database, name }
    }

    /// The stored name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The value of `key`.
    pub fn get<'t>(&self, txn: &'t Txn<'_>, key: &[u8]) -> Result<Option<&'t [u8]>, StorageError> {
        Ok(self.database.get(txn, key)?)
    }

    /// Sets the value of `key`.
    ///
    /// # Errors
    /// `KeyLength` outside 1 to 511 bytes; `MapFull`.
    pub fn put(&self, txn: &mut WriteTxn<'_>, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.check_key(key)?;
        Ok(self.database.put(&mut txn.txn, key, value)?)
    }

    /// Sets the value of a key above all keys of the table: pages come out full, nothing is searched.
    ///
    /// # Errors
    /// As [`PlainTable::put`]; `Lmdb` when the key is not above all others.
    pub fn append(&self, txn: &mut WriteTxn<'_>, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.check_key(key)?;
        Ok(self.database.put_with_flags(&mut txn.txn, PutFlags::APPEND, key, value)?)
    }

    /// Takes `key` out; whether it was there.
    pub fn delete(&self, txn: &mut WriteTxn<'_>, key: &[u8]) -> Result<bool, StorageError> {
        Ok(self.database.delete(&mut txn.txn, key)?)
    }

    /// Takes everything out.
    pub fn clear(&self, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        Ok(self.database.clear(&mut txn.txn)?)
    }

    /// Number of entries.
    pub fn len(&self, txn: &Txn<'_>) -> Result<u64, StorageError> {
        Ok(self.database.len(txn)?)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self, txn: &Txn<'_>) -> Result<bool, StorageError> {
        Ok(self.database.is_empty(txn)?)
    }

    /// Bytes of the pages of this table.
    pub fn size_bytes(&self, txn: &Txn<'_>) -> Result<u64, StorageError> {
        let stat = self.database.stat(txn)?;
        let pages = stat.branch_pages + stat.leaf_pages + stat.overflow_pages;
        Ok(pages as u64 * u64::from(stat.page_size))
    }

    /// The entry with the lowest key.
    pub fn first<'t>(&self, txn: &'t Txn<'_>) -> Result<Option<Entry<'t>>, StorageError> {
        Ok(self.database.first(txn)?)
    }

    /// The entry with the highest key.
    pub fn last<'t>(&self, txn: &'t Txn<'_>) -> Result<Option<Entry<'t>>, StorageError> {
        Ok(self.database.last(txn)?)
    }

    /// The entry with the greatest key at or below `key`.
    pub fn floor<'t>(&self, txn: &'t Txn<'_>, key: &[u8]) -> Result<Option<Entry<'t>>, StorageError> {
        Ok(self.database.get_lower_than_or_equal_to(txn, key)?)
    }

    /// The entry with the lowest key above `key`.
    pub fn above<'t>(&self, txn: &'t Txn<'_>, key: &[u8]) -> Result<Option<Entry<'t>>, StorageError> {
        Ok(self.database.get_greater_than(txn, key)?)
    }

    /// All entries, ascending.
    pub fn iter<'t>(
        &self,
        txn: &'t Txn<'_>,
    ) -> Result<impl Iterator<Item = Result<Entry<'t>, StorageError>> + use<'t>, StorageError> {
        Ok(self.database.iter(txn)?.map(|entry| Ok(entry?)))
    }

    /// Entries whose key starts with `prefix`, ascending.
    pub fn prefix_iter<'t>(
        &self,
        txn: &'t Txn<'_>,
        prefix: &[u8],
    ) -> Result<impl Iterator<Item = Result<Entry<'t>, StorageError>> + use<'t>, StorageError> {
        Ok(self.database.prefix_iter(txn, prefix)?.map(|entry| Ok(entry?)))
    }

    /// Entries between two bounds, ascending.
    pub fn range<'t>(
        &self,
        txn: &'t Txn<'_>,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> Result<impl Iterator<Item = Result<Entry<'t>, StorageError>> + use<'t>, StorageError> {
        Ok(self.database.range(txn, &bounds)?.map(|entry| Ok(entry?)))
    }

    /// Entries between two bounds, descending.
    pub fn rev_range<'t>(
        &self,
        txn: &'t Txn<'_>,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> Result<impl Iterator<Item = Result<Entry<'t>, StorageError>> + use<'t>, StorageError> {
        Ok(self.database.rev_range(txn, &bounds)?.map(|entry| Ok(entry?)))
    }

    fn check_key(&self, key: &[u8]) -> Result<(), StorageError> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(StorageError::KeyLength { table: self.name, length: key.len() });
        }
        Ok(())
    }
}
