//! Tasks about tasks: cancelation and deletion.

use quarry_crash::CrashPoint;
use roaring::RoaringBitmap;

use crate::content::TaskContent;
use crate::outcome::Outcome;
use crate::round::{Ending, Round, RoundError};
use crate::status::Status;
use crate::store::sets::SetKey;
use crate::task::Task;

/// Takes back the tasks that still wait. What ran when the request came was stopped before, and waits.
pub(super) fn cancel(round: &Round<'_>, mut tasks: Vec<Task>) -> Result<(), RoundError> {
    let Some(mut cancelation) = tasks.pop() else { return Ok(()) };
    let TaskContent::TaskCancelation { tasks: wanted, .. } = &cancelation.content else { return Ok(()) };
    let store = &round.shared.store;
    let txn = round.write_txn()?;
    let mut waiting = store.tasks.waiting(&txn)? & wanted;
    waiting.remove(cancelation.uid);
    let mut ended = Vec::with_capacity(waiting.len() as usize + 1);
    for uid in &waiting {
        let mut task = store.tasks.expect(&txn, uid)?;
        task.cancel(cancelation.uid);
        ended.push(task);
    }
    cancelation.succeed(Some(Outcome::Count(waiting.len())));
    ended.push(cancelation);
    CrashPoint::TasksCanceling.reach();
    round.complete(txn, Ending::of(ended))
}

/// Removes finished tasks, and the batches that have none left. Each deletion counts those that the ones
/// before it left.
pub(super) fn delete(round: &Round<'_>, mut tasks: Vec<Task>) -> Result<(), RoundError> {
    let store = &round.shared.store;
    let mut txn = round.write_txn()?;
    let finished = Status::FINISHED.iter().map(|status| SetKey::Status(*status));
    let mut left = store.tasks.sets.union(&txn, finished)?;
    let mut removed = RoaringBitmap::new();
    for task in &mut tasks {
        let TaskContent::TaskDeletion { tasks: wanted, .. } = &task.content else { continue };
        let wanted = wanted & &left;
        left -= &wanted;
        removed |= &wanted;
        task.succeed(Some(Outcome::Count(wanted.len())));
    }
    let mut batches = RoaringBitmap::new();
    for uid in &removed {
        batches.extend(store.tasks.expect(&txn, uid)?.batch_uid);
    }
    store.tasks.remove(&mut txn, &removed)?;
    CrashPoint::TasksDeleting.reach();
    for batch_uid in batches {
        if store.tasks.sets.get(&txn, SetKey::Batch(batch_uid))?.is_empty() {
            store.batches.remove(&mut txn, batch_uid)?;
        }
    }
    round.complete(txn, Ending::of(tasks))
}
