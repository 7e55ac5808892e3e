//! Where block writers of a batch read: the snapshot before the batch, or nothing where a table starts empty.

use quarry_storage::{BlockSink, BlockStore, BlockTable, SnapshotStore, StorageError, Txn};

use crate::error::IndexError;

/// The stored blocks of one table, and the sink of changed ones.
pub(crate) enum Store<'t, S> {
    /// The table has entries.
    Stored(SnapshotStore<'t, S>),
    /// The table has none, or they are taken out in this batch: nothing is looked up.
    Empty(S),
}

impl<'t, S: BlockSink> Store<'t, S> {
    /// The store of `table`; a table that `starts_empty` is not read.
    pub(crate) fn new(table: BlockTable, txn: &'t Txn<'t>, starts_empty: bool, sink: S) -> Store<'t, S> {
        match starts_empty {
            true => Store::Empty(sink),
            false => Store::Stored(SnapshotStore { table, txn, sink }),
        }
    }
}

impl<S: BlockSink<Error = IndexError>> BlockSink for Store<'_, S> {
    type Error = IndexError;

    fn put(&mut self, key: &[u8], block: &[u8]) -> Result<(), IndexError> {
        match self {
            Store::Stored(store) => store.put(key, block),
            Store::Empty(sink) => sink.put(key, block),
        }
    }

    fn delete(&mut self, key: &[u8]) -> Result<(), IndexError> {
        match self {
            Store::Stored(store) => store.delete(key),
            Store::Empty(sink) => sink.delete(key),
        }
    }
}

impl<S: BlockSink<Error = IndexError>> BlockStore for Store<'_, S> {
    fn floor(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>, StorageError> {
        match self {
            Store::Stored(store) => store.floor(key),
            Store::Empty(_) => Ok(None),
        }
    }

    fn above(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self {
            Store::Stored(store) => store.above(key),
            Store::Empty(_) => Ok(None),
        }
    }
}
