//! The one writer of a batch: takes operations from the channel and applies them to the write transaction.
//!
//! It runs on the thread that called; the extractors fill the rings meanwhile. Keys that come in order into a
//! table that began empty are appended: full pages, and nothing is searched.

use quarry_channel::{Operation, Receiver};
use quarry_crash::CrashPoint;
use quarry_index::{TableId, Tables};
use quarry_storage::{PlainTable, StorageError, WriteTxn};

use crate::abort::Abort;
use crate::error::IndexError;

/// Operations between two looks at whether the batch is cancelled.
const OPERATIONS_PER_ABORT_CHECK: usize = 256;

/// Applies everything that the channel brings, until its senders are gone.
///
/// - `starts_empty`: by table number
///
/// # Errors
/// `Storage`, `Cancelled`; the channel is to be closed then, which stops the senders.
pub(crate) fn run(
    receiver: &mut Receiver,
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    starts_empty: &[bool],
    abort: &Abort<'_>,
) -> Result<(), IndexError> {
    let mut places: Vec<Place> = starts_empty
        .iter()
        .map(|&is_empty| if is_empty { Place::End(Vec::new()) } else { Place::Anywhere })
        .collect();
    let mut until_check = OPERATIONS_PER_ABORT_CHECK;
    while let Some(operation) = receiver.next() {
        match operation {
            Operation::Put { table, key, value } => {
                let place = places.get_mut(usize::from(table)).ok_or(UNKNOWN_TABLE)?;
                place.put(entries(tables, table)?, txn, key, value)?;
            }
            Operation::Delete { table, key } => {
                entries(tables, table)?.delete(txn, key)?;
            }
            Operation::DeleteVectors { .. } | Operation::SetVectors { .. } => {
                return Err(IndexError::Damaged { detail: "there is no table of vectors" });
            }
        }
        CrashPoint::EntryWritten.reach();
        until_check -= 1;
        if until_check == 0 {
            abort.check()?;
            until_check = OPERATIONS_PER_ABORT_CHECK;
        }
    }
    Ok(())
}

const UNKNOWN_TABLE: IndexError = IndexError::Damaged { detail: "an operation names no table" };

fn entries(tables: &Tables, table: u16) -> Result<PlainTable, IndexError> {
    TableId::from_number(table).map(|table| tables.entries(table)).ok_or(UNKNOWN_TABLE)
}

/// Where the next key of a table goes.
enum Place {
    /// Behind all keys, as long as it is above this one.
    End(Vec<u8>),
    /// Wherever it belongs.
    Anywhere,
}

impl Place {
    fn put(
        &mut self,
        table: PlainTable,
        txn: &mut WriteTxn<'_>,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StorageError> {
        match self {
            Place::End(last) if key > last.as_slice() => {
                table.append(txn, key, value)?;
                last.clear();
                last.extend_from_slice(key);
                Ok(())
            }
            _ => {
                // One key out of order: the parts of the table come from several threads.
                *self = Place::Anywhere;
                table.put(txn, key, value)
            }
        }
    }
}
