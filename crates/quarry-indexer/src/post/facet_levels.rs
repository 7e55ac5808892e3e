//! Groups above the facet values that changed.

use quarry_facets::FewDocuments;
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
    let changed = changes.iter().take(FEW_MAX + 1);
    let mut changed: Vec<(DocumentId, bool)> =
        changed.map(|change| (change.document, change.after.is_none())).collect();
    changed.sort_unstable();
    let documents: Vec<DocumentId> = changed.iter().map(|(document, _)| *document).collect();
    changed.retain(|(_, is_deleted)| *is_deleted);
    let deleted: Vec<DocumentId> = changed.into_iter().map(|(document, _)| document).collect();
    let few = FewDocuments { documents: &documents, deleted: &deleted };
    let few = (documents.len() <= FEW_MAX).then_some(few);
    tables.facet_numbers.update_levels(txn, outcome.values_changed(Family::FacetNumber), few)?;
    tables.facet_strings.update_levels(txn, outcome.values_changed(Family::FacetString), few)
}
