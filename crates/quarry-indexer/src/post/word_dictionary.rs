//! Words that came and went: a word is in a dictionary as long as its table of postings has its key.

use quarry_index::{Dictionary, DictionaryKind, Tables};
use quarry_storage::{StorageError, WriteTxn};

use crate::merge::WordChanges;

/// Puts one dictionary right.
pub(crate) fn write(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    kind: DictionaryKind,
    changes: WordChanges<'_>,
) -> Result<(), StorageError> {
    Dictionary::update(tables, txn, kind, changes.created(), changes.removed())
}
