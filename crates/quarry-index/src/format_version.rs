//! The number that is checked when an index is opened.
//!
//! Entry `format-version` of `main`: u32, little endian. A change of any stored layout takes the next
//! number and comes with an upgrade step. What was written with another number is refused, never guessed.

use quarry_storage::{StorageError, Txn, WriteTxn};

use crate::{Tables, main_table};

/// The number of the layouts that this crate reads and writes.
pub const CURRENT: u32 = 4;

/// The number of the index; None for one that was just created.
pub(crate) fn read(tables: &Tables, txn: &Txn<'_>) -> Result<Option<u32>, StorageError> {
    let Some(bytes) = tables.main.get(txn, main_table::FORMAT_VERSION)? else { return Ok(None) };
    let bytes = bytes.try_into().map_err(|_| main_table::damaged("the format version is not 4 bytes"))?;
    Ok(Some(u32::from_le_bytes(bytes)))
}

/// Marks an index as one of this version.
pub(crate) fn write(tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
    tables.main.put(txn, main_table::FORMAT_VERSION, &CURRENT.to_le_bytes())
}
