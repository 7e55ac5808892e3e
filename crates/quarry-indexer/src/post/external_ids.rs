//! External ids of documents that came and went.

use bytemuck::{Pod, Zeroable};
use quarry_index::{DocumentId, Tables, external_ids};
use quarry_storage::{SpillVec, StorageError, WriteTxn};

use crate::lexicon::head;
use crate::slots::Changes;

/// A new document, with the start of its external id, by which most are told apart without looking them up.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Created {
    head: u64,
    /// Place among the changes.
    place: u32,
    document: DocumentId,
}

/// Puts the table right.
///
/// - `starts_empty`: whether no external id is stored
pub(crate) fn write(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    changes: &Changes<'_>,
    starts_empty: bool,
) -> Result<(), StorageError> {
    let mut created: SpillVec<Created> = SpillVec::default();
    for (place, change) in changes.iter().enumerate() {
        match (change.before, &change.after) {
            (true, None) => {
                external_ids::delete(tables, txn, change.external_id)?;
            }
            (false, Some(_)) => created.push(Created {
                head: head(change.external_id.as_bytes()),
                place: place as u32,
                document: change.document,
            })?,
            _ => {}
        }
    }
    let id = |created: &Created| changes.external_id(created.place as usize);
    // In order, neighbours go to one page while it is at hand.
    created.sort_unstable_by(|a, b| a.head.cmp(&b.head).then_with(|| id(a).cmp(id(b))));
    for created in &*created {
        if starts_empty {
            let value = external_ids::value(created.document);
            tables.external_document_ids.append(txn, id(created).as_bytes(), &value)?;
        } else {
            external_ids::put(tables, txn, id(created), created.document)?;
        }
    }
    Ok(())
}
