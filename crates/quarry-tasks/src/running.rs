//! The batch that runs now: kept in memory only, laid over what the tables say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use roaring::RoaringBitmap;
use time::OffsetDateTime;

use crate::batch::Batch;
use crate::kind::Kind;
use crate::progress::Progress;
use crate::status::Status;
use crate::store::dates::{DateRange, Event};
use crate::task::Task;

/// The running batch.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) tasks: RoaringBitmap,
    batch: Batch,
    pub(crate) progress: Arc<Progress>,
    must_stop: AtomicBool,
}

impl Running {
    pub(crate) fn new(mut batch: Batch, tasks: &[Task]) -> Running {
        for task in tasks {
            batch.add(task, Status::Processing);
        }
        Running {
            tasks: tasks.iter().map(|task| task.uid).collect(),
            batch,
            progress: Arc::default(),
            must_stop: AtomicBool::new(false),
        }
    }

    pub(crate) fn batch_uid(&self) -> u32 {
        self.batch.uid
    }

    pub(crate) fn started_at(&self) -> OffsetDateTime {
        self.batch.started_at
    }

    /// Asks the work to stop: its tasks will wait again.
    pub(crate) fn stop(&self) {
        self.must_stop.store(true, Ordering::Release);
    }

    pub(crate) fn must_stop(&self) -> bool {
        self.must_stop.load(Ordering::Acquire)
    }

    pub(crate) fn has_kind(&self, kind: Kind) -> bool {
        self.batch.stats.types.contains_key(kind.name())
    }

    pub(crate) fn touches(&self, index_uid: &str) -> bool {
        self.batch.touched_indexes.contains(index_uid)
    }

    pub(crate) fn touches_any(&self, allowed: &dyn Fn(&str) -> bool) -> bool {
        self.batch.touched_indexes.iter().any(|uid| allowed(uid))
    }

    pub(crate) fn has_event_within(&self, event: Event, range: DateRange) -> bool {
        match event {
            Event::Enqueued => self
                .batch
                .enqueued_at
                .is_some_and(|dates| range.contains(dates.earliest) || range.contains(dates.latest)),
            Event::Started => range.contains(self.batch.started_at),
            Event::Finished => false,
        }
    }

    /// The batch as it started, without its tasks.
    pub(crate) fn empty_batch(&self) -> Batch {
        Batch::starting(self.batch.uid, self.batch.started_at, self.batch.strategy.clone())
    }

    /// The batch as it stands.
    pub(crate) fn batch(&self) -> Batch {
        Batch { progress: Some(self.progress.view()), ..self.batch.clone() }
    }

    /// `task` as it stands, if it runs.
    pub(crate) fn overlay(&self, task: &mut Task) {
        if task.status == Status::Enqueued && self.tasks.contains(task.uid) {
            task.status = Status::Processing;
            task.batch_uid = Some(self.batch.uid);
            task.started_at = Some(self.batch.started_at);
        }
    }
}
