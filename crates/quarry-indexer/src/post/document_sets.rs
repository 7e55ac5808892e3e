//! The sets of all documents and of documents with a point.

use quarry_index::keys::document_set;
use quarry_index::{DocumentId, Tables};
use quarry_storage::{SpillVec, StorageError, WriteTxn};

use crate::change::DocumentChange;
use crate::extract::geo::GeoCache;
use crate::slots::Changes;

/// Puts both sets right.
///
/// - `points_start_anew`: whether no document counts as having a point unless this batch has found it
pub(crate) fn write<'g>(
    tables: &Tables,
    txn: &mut WriteTxn<'_>,
    changes: &Changes<'_>,
    geo: impl Iterator<Item = &'g GeoCache> + Clone,
    points_start_anew: bool,
) -> Result<(), StorageError> {
    let ids = |is_wanted: fn(&DocumentChange<'_>) -> bool| -> Result<SpillVec<DocumentId>, StorageError> {
        let mut ids = SpillVec::default();
        for change in changes.iter().filter(is_wanted) {
            ids.push(change.document)?;
        }
        Ok(ids)
    };
    let created = ids(|change| !change.before && change.after.is_some())?;
    let removed = ids(|change| change.before && change.after.is_none())?;
    let gathered = |of_thread: fn(&GeoCache) -> &[DocumentId]| -> Result<SpillVec<DocumentId>, StorageError> {
        let mut ids = SpillVec::default();
        for geo in geo.clone() {
            ids.extend_from_slice(of_thread(geo))?;
        }
        ids.sort_unstable();
        Ok(ids)
    };
    let (with_point, without_point) = (gathered(|geo| &geo.with_point)?, gathered(|geo| &geo.without_point)?);
    let mut writer = tables.document_sets.direct_writer(txn);
    writer.apply(&document_set::ALL, &created, &removed)?;
    if points_start_anew {
        writer.set(&document_set::WITH_POINT, &with_point.iter().copied().collect())?;
    } else {
        writer.apply(&document_set::WITH_POINT, &with_point, &without_point)?;
    }
    writer.finish()?;
    Ok(())
}
