//! Keeps the list of tasks from growing without end.

use roaring::RoaringBitmap;
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::content::TaskContent;
use crate::queue::Shared;
use crate::round::RoundError;
use crate::status::Status;
use crate::store::sets::SetKey;
use crate::task::NewTask;

/// Of a full list, one task in this many goes: of a million, the oldest hundred thousand.
const REMOVED_SHARE: u64 = 10;

/// Registers a deletion of the oldest finished tasks when the list is full.
pub(crate) fn remove_oldest(shared: &Shared) -> Result<(), RoundError> {
    let tasks_max = shared.options.tasks_max;
    let deletion = {
        let txn = shared.store.environment.read_txn()?;
        if shared.store.tasks.len(&txn)? < tasks_max {
            return Ok(());
        }
        let finished = Status::FINISHED.iter().map(|status| SetKey::Status(*status));
        let finished = shared.store.tasks.sets.union(&txn, finished)?;
        let oldest: RoaringBitmap = finished.iter().take((tasks_max / REMOVED_SHARE) as usize).collect();
        // The deletion is a task too: removing one task by adding one would go on for ever.
        let Some(newest) = oldest.max().filter(|_| oldest.len() >= 2) else {
            tracing::warn!(tasks_max, "the task queue is full and no task of it is finished");
            return Ok(());
        };
        let before = shared.store.tasks.expect(&txn, newest)?.enqueued_at + Duration::NANOSECOND;
        let before = before.format(&Rfc3339).expect("a date of this era has an RFC 3339 form");
        let query = format!("?beforeEnqueuedAt={before}&statuses=succeeded,failed,canceled");
        TaskContent::TaskDeletion { query, tasks: oldest }
    };
    if let Err(error) = shared.register(NewTask::from(deletion)) {
        // Whatever hinders it hinders the batches too, and is reported there.
        tracing::warn!(%error, "the oldest tasks could not be removed");
    }
    Ok(())
}
