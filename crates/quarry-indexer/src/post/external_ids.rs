//! External ids of documents that came and went.

use quarry_index::{Tables, external_ids};
use quarry_storage::{StorageError, WriteTxn};

use crate::change::DocumentChange;

/// Puts the table right.
///
/// - `starts_empty`: whether no external id is stored
pub(crate) fn write(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    changes: &[DocumentChange<'_>],
    starts_empty: bool,
) -> Result<(), StorageError> {
    for change in changes.iter().filter(|change| change.before && change.after.is_none()) {
        external_ids::delete(tables, txn, change.external_id)?;
    }
    let mut created: Vec<_> = changes
        .iter()
        .filter(|change| !change.before && change.after.is_some())
        .map(|change| (change.external_id, change.document))
        .collect();
    // In order, neighbours go to one page while it is at hand.
    created.sort_unstable();
    for (external_id, document) in created {
        if starts_empty {
            let value = external_ids::value(document);
            tables.external_document_ids.append(txn, external_id.as_bytes(), &value)?;
        } else {
            external_ids::put(tables, txn, external_id, document)?;
        }
    }
    Ok(())
}
