//! Tasks follow their index when it changes its name.

use std::collections::BTreeMap;

use quarry_storage::{StorageError, WriteTxn};
use roaring::RoaringBitmap;

use crate::store::Store;
use crate::store::sets::SetKey;
use crate::task::Task;

/// Rewrites the index uids of every task before `task_uid`: each key of `names` becomes its value.
pub(super) fn relabel(
    store: &Store,
    txn: &mut WriteTxn<'_>,
    task_uid: u32,
    names: &BTreeMap<String, String>,
) -> Result<(), StorageError> {
    let mut uids = RoaringBitmap::new();
    for name in names.keys() {
        uids |= store.tasks.sets.get(txn, SetKey::Index(name))?;
    }
    uids.remove_range(task_uid..);
    let mut tasks: Vec<Task> = Vec::with_capacity(uids.len() as usize);
    for uid in uids {
        let mut task = store.tasks.expect(txn, uid)?;
        task.content.rename_indexes(&|name| names.get(name).cloned());
        tasks.push(task);
    }
    store.tasks.update(txn, &tasks)
}
