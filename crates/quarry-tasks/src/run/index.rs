//! Indexes are made, changed, deleted and compacted.

use std::collections::BTreeMap;
use std::sync::Arc;

use quarry_crash::CrashPoint;
use quarry_engine::{CatalogError, CompactedIndex, set_primary_key};

use super::relabel::relabel;
use super::{index_not_found, index_uid, may_create_index};
use crate::content::TaskContent;
use crate::outcome::Outcome;
use crate::round::{Ending, Round, RoundError, for_client};
use crate::task::Task;

/// Makes an index.
pub(super) fn create(round: &Round<'_>, mut task: Task) -> Result<(), RoundError> {
    round.running.progress.enter(1, "creating the index", 0, 1);
    let TaskContent::IndexCreation { index, primary_key } = &task.content else { return Ok(()) };
    let mut txn = round.write_txn()?;
    let catalog = &round.shared.catalog;
    let created = match catalog.create(&mut txn, index, primary_key.as_deref()) {
        Ok(created) => created,
        Err(error) => {
            task.fail(for_client(error)?);
            return round.complete(txn, Ending::of(vec![task]));
        }
    };
    task.succeed(None);
    round.complete(txn, Ending::of(vec![task])).inspect_err(|_| catalog.discard_unnamed(&created))
}

/// Sets the primary key, then the uid. Whether both can be done is known before either is.
pub(super) fn update(round: &Round<'_>, mut task: Task) -> Result<(), RoundError> {
    round.running.progress.enter(1, "updating the index", 0, 1);
    let TaskContent::IndexUpdate { index, primary_key, new_uid } = &task.content else { return Ok(()) };
    let catalog = &round.shared.catalog;
    let mut txn = round.write_txn()?;
    let handle = match catalog.get_in(&txn, index) {
        Ok(handle) => handle,
        Err(error) => {
            task.fail(for_client(error)?);
            return round.complete(txn, Ending::of(vec![task]));
        }
    };
    let new_uid = new_uid.as_ref().filter(|new_uid| *new_uid != index);
    if let Some(new_uid) = new_uid
        && catalog.exists_in(&txn, new_uid)?
    {
        let error = for_client(CatalogError::AlreadyExists { uid: new_uid.clone() })?;
        task.fail(error);
        return round.complete(txn, Ending::of(vec![task]));
    }
    if let Some(primary_key) = primary_key
        && let Err(error) = set_primary_key(&handle, primary_key)
    {
        let error = for_client(error)?.prefixed(&format!("Index `{index}`: "));
        task.fail(error);
        return round.complete(txn, Ending::of(vec![task]));
    }
    if let Some(new_uid) = new_uid {
        catalog.rename(&mut txn, index, new_uid)?;
        let names = BTreeMap::from([(index.clone(), new_uid.clone())]);
        relabel(&round.shared.store, &mut txn, task.uid, &names)?;
        CrashPoint::IndexRenaming.reach();
    }
    task.succeed(None);
    round.complete(txn, Ending { changed_index: Some(handle), ..Ending::of(vec![task]) })
}

/// Deletes the index. The other tasks of the batch succeed without having run.
pub(super) fn delete(round: &Round<'_>, mut tasks: Vec<Task>) -> Result<(), RoundError> {
    round.running.progress.enter(1, "deleting the index", 0, 1);
    let Some(first) = tasks.first() else { return Ok(()) };
    let uid = index_uid(first);
    let catalog = &round.shared.catalog;
    let mut txn = round.write_txn()?;
    let exists = catalog.exists_in(&txn, &uid)?;
    if !exists && !may_create_index(&tasks) {
        drop(txn);
        return round.fail_all(tasks, &index_not_found(&uid));
    }
    let mut documents_count = 0;
    let mut removed_indexes = Vec::new();
    if exists {
        // An index that cannot be read can still be deleted.
        documents_count = catalog.stats_in(&txn, &uid).map_or(0, |stats| stats.documents_count);
        removed_indexes.push(catalog.delete(&mut txn, &uid)?);
        CrashPoint::IndexDeleting.reach();
    }
    for task in &mut tasks {
        let outcome = match task.content {
            TaskContent::IndexDeletion { .. } => Outcome::Count(documents_count),
            _ => Outcome::Nothing,
        };
        task.succeed(Some(outcome));
    }
    round.complete(txn, Ending { removed_indexes, ..Ending::of(tasks) })
}

/// Rewrites the index without its holes.
pub(super) fn compact(round: &Round<'_>, mut task: Task) -> Result<(), RoundError> {
    round.running.progress.enter(1, "compacting the index", 0, 1);
    let catalog = &round.shared.catalog;
    let uid = index_uid(&task);
    let compacted = match catalog.compact(&uid) {
        Ok(compacted) => compacted,
        Err(error) => {
            let error = for_client(error)?;
            return round.fail_all(vec![task], &error);
        }
    };
    task.succeed(Some(Outcome::Compacted {
        bytes_before: compacted.bytes_before,
        bytes_after: compacted.bytes_after,
    }));
    replace(round, task, &uid, &compacted).inspect_err(|_| catalog.discard_unnamed(&compacted.handle))
}

fn replace(round: &Round<'_>, task: Task, uid: &str, compacted: &CompactedIndex) -> Result<(), RoundError> {
    let mut txn = round.write_txn()?;
    let removed = round.shared.catalog.replace(&mut txn, uid, compacted)?;
    let ending = Ending {
        changed_index: Some(Arc::clone(&compacted.handle)),
        removed_indexes: vec![removed],
        ..Ending::of(vec![task])
    };
    round.complete(txn, ending)
}
