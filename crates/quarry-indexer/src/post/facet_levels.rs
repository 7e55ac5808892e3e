//! Groups above the facet values that changed.

use quarry_index::{DocumentId, Tables};
use quarry_storage::{StorageError, WriteTxn};

use crate::family::Family;
use crate::merge::MergeOutcome;
use crate::slots::Changes;

/// Up to so many documents of a batch are looked up one by one; above, uniting whole groups is cheaper.
const FEW_MAX: usize = 16;

/// Puts the groups of both kinds of facets right.
pub(crate) fn write(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    changes: &Changes<'_>,
    outcome: &MergeOutcome,
) -> Result<(), StorageError> {
    let mut few: Vec<DocumentId> = changes.iter().take(FEW_MAX + 1).map(|change| change.document).collect();
    few.sort_unstable();
    let few = (few.len() <= FEW_MAX).then_some(few.as_slice());
    tables.facet_numbers.update_levels(txn, outcome.values_changed(Family::FacetNumber), few)?;
    tables.facet_strings.update_levels(txn, outcome.values_changed(Family::FacetString), few)
}
