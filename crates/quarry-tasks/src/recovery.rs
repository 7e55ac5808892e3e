//! Takes up what a crash cut off.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use quarry_crash::CrashPoint;
use quarry_engine::{CatalogError, IndexHandle};

use crate::batch::Batch;
use crate::error::OpenError;
use crate::queue::Shared;
use crate::round::{Ending, Round, RoundError};
use crate::running::Running;
use crate::scheduler::still_waiting;
use crate::stamp::BatchStamp;
use crate::task::Task;

/// Finishes the tasks that indexes have committed and the queue has not, and removes payload files that no task waits
/// for. Gives back the tasks whose index could not be asked: they wait on.
pub(crate) fn recover(shared: &Shared) -> Result<Vec<Task>, OpenError> {
    let mut left = {
        let txn = shared.store.environment.read_txn()?;
        let waiting = shared.store.tasks.waiting(&txn)?;
        waiting.iter().map(|uid| shared.store.tasks.expect(&txn, uid)).collect::<Result<Vec<_>, _>>()?
    };
    let mut unsure = Vec::new();
    for uid in index_uids(&left) {
        if let Err(error) = finish_stamped_of(shared, &uid, &mut left) {
            tracing::error!(index = uid, %error, "an index is left aside");
            unsure.extend(left.iter().filter(|task| task.index_uid() == Some(&uid)).cloned());
        }
    }
    let wanted: HashSet<_> = left.iter().filter_map(|task| task.content.payload()).collect();
    shared.payloads.remove_orphans(&wanted)?;
    Ok(unsure)
}

/// Finishes those of `tasks` that their index has in its stamp; the others that still wait are given back.
///
/// # Errors
/// Also when an index cannot be asked, save for a damaged one: its tasks are among the others.
pub(crate) fn finish_stamped(shared: &Shared, tasks: Vec<Task>) -> Result<Vec<Task>, RoundError> {
    let mut left = still_waiting(shared, tasks)?;
    for uid in index_uids(&left) {
        match finish_stamped_of(shared, &uid, &mut left) {
            Err(RoundError::Catalog(error)) if error.is_open() && error.unopened().is_none() => {
                tracing::error!(%error, "an index is left aside");
            }
            outcome => outcome?,
        }
    }
    Ok(left)
}

fn index_uids(tasks: &[Task]) -> BTreeSet<String> {
    tasks.iter().filter_map(Task::index_uid).map(str::to_owned).collect()
}

fn finish_stamped_of(shared: &Shared, uid: &str, tasks: &mut Vec<Task>) -> Result<(), RoundError> {
    match shared.catalog.get(uid) {
        Ok(index) => finish_of_index(shared, uid, &index, tasks).map(drop),
        Err(CatalogError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Finishes those of `tasks` that the index `uid` has in its stamp, and takes them out; whether there are any.
pub(crate) fn finish_of_index(
    shared: &Shared,
    uid: &str,
    index: &Arc<IndexHandle>,
    tasks: &mut Vec<Task>,
) -> Result<bool, RoundError> {
    let stamp = index.stamp().map_err(|error| shared.catalog.unreadable(uid, index, error))?;
    let Some(stamp) = stamp.and_then(|bytes| BatchStamp::decode(&bytes)) else { return Ok(false) };
    let results: HashMap<_, _> =
        stamp.tasks.iter().map(|result| ((result.uid, result.enqueued_at), result)).collect();
    let mut finished = Vec::new();
    for task in tasks.iter().filter(|task| task.index_uid() == Some(uid)) {
        if let Some(result) = results.get(&(task.uid, task.enqueued_at)) {
            let mut task = task.clone();
            result.apply(&mut task);
            finished.push(task);
        }
    }
    if finished.is_empty() {
        return Ok(false);
    }
    let batch = Batch::starting(stamp.batch_uid, stamp.started_at, stamp.strategy.clone());
    let round = Round { shared, running: Arc::new(Running::new(batch, &finished)) };
    CrashPoint::BatchRecovering.reach();
    let ending = Ending { changed_index: Some(Arc::clone(index)), ..Ending::of(finished) };
    round.complete(round.write_txn()?, ending)?;
    tasks
        .retain(|task| !results.contains_key(&(task.uid, task.enqueued_at)) || task.index_uid() != Some(uid));
    Ok(true)
}
