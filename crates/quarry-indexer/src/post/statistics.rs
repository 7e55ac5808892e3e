//! Field distribution and date of change.

use std::collections::HashMap;

use quarry_index::statistics::{FieldDistribution, touch};
use quarry_index::{FieldId, Tables};
use quarry_storage::{StorageError, WriteTxn};

/// Counts fields that documents gained and lost, and says that the index changed now.
pub(crate) fn write<'c>(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    field_counts: impl Iterator<Item = &'c HashMap<FieldId, i64>>,
    is_cleared: bool,
) -> Result<(), StorageError> {
    // Threads see documents in any order: only the sum of all is never below zero.
    let mut sums: HashMap<FieldId, i64> = HashMap::new();
    for (&field, &count) in field_counts.flatten() {
        *sums.entry(field).or_default() += count;
    }
    sums.retain(|_, count| *count != 0);
    if is_cleared || !sums.is_empty() {
        let mut distribution = FieldDistribution::read(tables, txn)?;
        if is_cleared {
            distribution.clear();
        }
        for (field, count) in sums {
            distribution.add(field, count);
        }
        distribution.write(tables, txn)?;
    }
    touch(tables, txn)
}
