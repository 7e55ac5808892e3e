//! Whether what a batch changes in the tables of words waits among the late changes (quarry-storage).
//!
//! That of a small batch does. A large one is written to the tables themselves; what waits is settled before, because
//! its changes are prepared from the tables alone.

use quarry_crash::CrashPoint;
use quarry_index::{Index, Tables};
use quarry_storage::Txn;

use crate::batch::Batch;
use crate::error::IndexError;

/// Bytes of payload and number of documents up to which the changes of a batch wait.
const PAYLOAD_BYTES_MAX: u64 = 64 << 10;
const DOCUMENTS_MAX: usize = 64;

/// Changed entries up to which they wait.
pub(crate) const ENTRIES_MAX: usize = 1 << 16;

/// Bytes of late changes from which on they are settled: some 80 documents of 400 words. A larger table of late
/// changes costs each small batch more pages, a smaller one is settled more often.
const LATE_BYTES_MAX: u64 = 256 << 10;

/// Where a batch stands with late changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// Its changes to tables of words wait, with others.
    Joins,
    /// Its changes do not wait; others must not.
    Alone,
    /// As `Alone`, and nothing waits any more.
    Settled,
}

/// What to try first with `batch`.
pub(crate) fn before(index: &Index, batch: &Batch<'_>, payload_bytes: u64) -> Result<Waiting, IndexError> {
    let txn = index.environment().read_txn()?;
    let is_full = index.tables().late_postings.size_bytes(&txn)? >= LATE_BYTES_MAX;
    let is_small = batch.settings.is_none() && payload_bytes <= PAYLOAD_BYTES_MAX;
    Ok(if is_small && !is_full { Waiting::Joins } else { Waiting::Settled })
}

impl Waiting {
    /// The same, now that it is known how many documents change.
    ///
    /// - `starts_anew`: whether tables of words lose what they have
    pub(crate) fn of_changes(self, documents: usize, starts_anew: bool) -> Waiting {
        match self {
            Waiting::Joins if documents > DOCUMENTS_MAX || starts_anew => Waiting::Alone,
            waiting => waiting,
        }
    }

    /// Refuses a batch whose changes do not wait while others do.
    ///
    /// # Errors
    /// `LateChangesWait`
    pub(crate) fn check(self, tables: &Tables, txn: &Txn<'_>) -> Result<(), IndexError> {
        match self {
            Waiting::Alone if !tables.late_postings.is_empty(txn)? => Err(IndexError::LateChangesWait),
            _ => Ok(()),
        }
    }
}

/// Whether so much waits that it is settled when there is nothing else to do.
pub(crate) fn is_much(index: &Index) -> Result<bool, IndexError> {
    let txn = index.environment().read_txn()?;
    Ok(index.tables().late_postings.size_bytes(&txn)? >= LATE_BYTES_MAX / 2)
}

/// Carries out what waits, in a commit of its own: the index says the same before and after.
pub(crate) fn settle(index: &Index) -> Result<(), IndexError> {
    let tables = index.tables();
    let mut txn = index.environment().write_txn()?;
    if tables.late_postings.is_empty(&txn)? {
        return Ok(());
    }
    let snapshot = index.environment().read_txn()?;
    for table in tables.layered() {
        table.settle(&snapshot, &mut txn)?;
    }
    tables.late_postings.clear(&mut txn)?;
    CrashPoint::LateChangesSettling.reach();
    Ok(txn.commit()?)
}
