//! Takes up what a crash cut off.

use std::collections::{BTreeSet, HashSet};
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
use crate::status::Status;
use crate::store::sets::SetKey;
use crate::task::Task;

/// Finishes the tasks that indexes have committed and the queue has not, and removes payload files that no
/// task waits for.
pub(crate) fn recover(shared: &Shared) -> Result<(), OpenError> {
    let tasks = {
        let txn = shared.store.environment.read_txn()?;
        let waiting = shared.store.tasks.sets.get(&txn, SetKey::Status(Status::Enqueued))?;
        waiting.iter().map(|uid| shared.store.tasks.expect(&txn, uid)).collect::<Result<Vec<_>, _>>()?
    };
    let left = finish_stamped(shared, tasks).map_err(|error| match error {
        RoundError::Catalog(error) => OpenError::Catalog(error),
        RoundError::Stopped => unreachable!("nothing runs yet that could be stopped"),
    })?;
    let wanted: HashSet<_> = left.iter().filter_map(|task| task.content.payload()).collect();
    Ok(shared.payloads.remove_orphans(&wanted)?)
}

/// Finishes those of `tasks` that their index has in its stamp; the others that still wait are given back.
pub(crate) fn finish_stamped(shared: &Shared, tasks: Vec<Task>) -> Result<Vec<Task>, RoundError> {
    let tasks = still_waiting(shared, tasks)?;
    let indexes: BTreeSet<String> =
        tasks.iter().filter_map(|task| task.index_uid()).map(str::to_owned).collect();
    let mut left = tasks;
    for uid in indexes {
        let index = match shared.catalog.get(&uid) {
            Ok(index) => index,
            Err(CatalogError::NotFound { .. }) => continue,
            // Its tasks fail when their turn comes; all other indexes are served.
            Err(error) if error.is_lasting() => {
                tracing::error!(%error, "an index is left aside");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(stamp) = index.stamp()?.and_then(|bytes| BatchStamp::decode(&bytes)) {
            left = finish_batch(shared, &uid, index, &stamp, left)?;
        }
    }
    Ok(left)
}

/// Finishes the tasks of one stamp; gives back the others.
fn finish_batch(
    shared: &Shared,
    uid: &str,
    index: Arc<IndexHandle>,
    stamp: &BatchStamp,
    tasks: Vec<Task>,
) -> Result<Vec<Task>, RoundError> {
    let mut finished = Vec::new();
    let mut left = Vec::new();
    for mut task in tasks {
        let result = stamp
            .tasks
            .iter()
            .find(|result| result.uid == task.uid && result.enqueued_at == task.enqueued_at)
            .filter(|_| task.index_uid() == Some(uid));
        match result {
            Some(result) => {
                result.apply(&mut task);
                finished.push(task);
            }
            None => left.push(task),
        }
    }
    if !finished.is_empty() {
        let batch = Batch::starting(stamp.batch_uid, stamp.started_at, stamp.strategy.clone());
        let round = Round { shared, running: Arc::new(Running::new(batch, &finished)) };
        CrashPoint::BatchRecovering.reach();
        let ending = Ending { changed_index: Some(index), ..Ending::of(finished) };
        round.complete(round.write_txn()?, ending)?;
    }
    Ok(left)
}
