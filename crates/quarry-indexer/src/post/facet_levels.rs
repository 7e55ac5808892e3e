//! Groups above the facet values that changed.

use quarry_index::Tables;
use quarry_storage::{StorageError, WriteTxn};

use crate::merge::MergeOutcome;

/// Puts the groups of both kinds of facets right.
pub(crate) fn write(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    outcome: &MergeOutcome,
) -> Result<(), StorageError> {
    tables.facet_numbers.update_levels(txn, &outcome.numbers_changed)?;
    tables.facet_strings.update_levels(txn, &outcome.strings_changed)
}
