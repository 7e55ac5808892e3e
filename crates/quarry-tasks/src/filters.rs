//! Filters and pages of the lists of tasks and batches.

use quarry_storage::{StorageError, Txn};
use roaring::RoaringBitmap;
use serde::Serialize;
use time::OffsetDateTime;

use crate::batch::BatchView;
use crate::content::TaskContent;
use crate::kind::Kind;
use crate::running::Running;
use crate::status::Status;
use crate::store::Store;
use crate::store::dates::{DateRange, Event};
use crate::store::sets::{SetKey, Sets};
use crate::task::TaskView;

/// Which tasks or batches are meant. A `None` does not restrict; the elements of one list are
/// alternatives, the lists must all hold. Bounds of dates are exclusive.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct TaskFilter {
    /// Length of a page.
    pub limit: u32,
    /// Uid where the page starts, inclusive.
    pub from: Option<u32>,
    /// Whether uids ascend.
    pub reverse: bool,
    pub uids: Option<Vec<u32>>,
    pub batch_uids: Option<Vec<u32>>,
    pub canceled_by: Option<Vec<u32>>,
    pub types: Option<Vec<Kind>>,
    pub statuses: Option<Vec<Status>>,
    pub index_uids: Option<Vec<String>>,
    pub after_enqueued_at: Option<OffsetDateTime>,
    pub before_enqueued_at: Option<OffsetDateTime>,
    pub after_started_at: Option<OffsetDateTime>,
    pub before_started_at: Option<OffsetDateTime>,
    pub after_finished_at: Option<OffsetDateTime>,
    pub before_finished_at: Option<OffsetDateTime>,
}

impl Default for TaskFilter {
    fn default() -> Self {
        TaskFilter {
            limit: 20,
            from: None,
            reverse: false,
            uids: None,
            batch_uids: None,
            canceled_by: None,
            types: None,
            statuses: None,
            index_uids: None,
            after_enqueued_at: None,
            before_enqueued_at: None,
            after_started_at: None,
            before_started_at: None,
            after_finished_at: None,
            before_finished_at: None,
        }
    }
}

impl TaskFilter {
    fn enqueued(&self) -> DateRange {
        DateRange { after: self.after_enqueued_at, before: self.before_enqueued_at }
    }

    fn started(&self) -> DateRange {
        DateRange { after: self.after_started_at, before: self.before_started_at }
    }

    fn finished(&self) -> DateRange {
        DateRange { after: self.after_finished_at, before: self.before_finished_at }
    }
}

/// Which index uids the caller may see.
#[derive(Clone, Copy)]
pub enum Visibility<'a> {
    /// All of them, and tasks about the whole instance.
    All,
    /// Those that the function allows.
    Only(&'a dyn Fn(&str) -> bool),
}

/// One page of tasks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskPage {
    /// The tasks.
    pub results: Vec<TaskView>,
    /// How many match, whatever the page and the visibility.
    pub total: u64,
    /// Length of a page.
    pub limit: u32,
    /// Uid of the first result.
    pub from: Option<u32>,
    /// Where the next page starts.
    pub next: Option<u32>,
}

/// One page of batches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BatchPage {
    /// The batches.
    pub results: Vec<BatchView>,
    /// How many match, whatever the page and the visibility.
    pub total: u64,
    /// Length of a page.
    pub limit: u32,
    /// Uid of the first result.
    pub from: Option<u32>,
    /// Where the next page starts.
    pub next: Option<u32>,
}

/// The uids of one page, and where the next one starts.
pub(crate) fn page(filter: &TaskFilter, uids: &RoaringBitmap) -> (Vec<u32>, Option<u32>) {
    let length = (filter.limit as usize).saturating_add(1);
    let mut page: Vec<u32> = if filter.reverse {
        uids.range(filter.from.unwrap_or(0)..).take(length).collect()
    } else {
        uids.range(..=filter.from.unwrap_or(u32::MAX)).rev().take(length).collect()
    };
    let next = if page.len() == length { page.pop() } else { None };
    (page, next)
}

/// What matched: everything, and of that what may be shown.
pub(crate) struct Matches {
    pub(crate) total: u64,
    pub(crate) visible: RoaringBitmap,
}

/// A set under construction: the intersection of what was given so far.
struct Intersection(Option<RoaringBitmap>);

impl Intersection {
    fn with(&mut self, set: RoaringBitmap) {
        self.0 = Some(match self.0.take() {
            None => set,
            Some(before) => before & set,
        });
    }
}

/// One consistent view of the queue: a snapshot of the tables and what ran when it was taken.
pub(crate) struct View<'v> {
    pub(crate) store: &'v Store,
    pub(crate) txn: &'v Txn<'v>,
    pub(crate) running: Option<&'v Running>,
}

impl View<'_> {
    /// The tasks that wait or run, as stored: what runs is stored as waiting.
    fn stored_waiting(&self) -> Result<RoaringBitmap, StorageError> {
        self.store.tasks.waiting(self.txn)
    }

    /// The tasks that run: those of the running batch that the snapshot still shows as waiting.
    pub(crate) fn running_tasks(&self) -> Result<RoaringBitmap, StorageError> {
        match self.running {
            Some(running) => Ok(self.stored_waiting()? & &running.tasks),
            None => Ok(RoaringBitmap::new()),
        }
    }

    fn tasks_with_status(&self, status: Status) -> Result<RoaringBitmap, StorageError> {
        match status {
            Status::Processing => self.running_tasks(),
            Status::Enqueued => match self.running {
                Some(running) => Ok(self.stored_waiting()? - &running.tasks),
                None => self.stored_waiting(),
            },
            finished => self.store.tasks.sets.get(self.txn, SetKey::Status(finished)),
        }
    }

    /// The tasks that match `filter`, whatever its page.
    pub(crate) fn tasks(
        &self,
        filter: &TaskFilter,
        visibility: Visibility<'_>,
    ) -> Result<Matches, StorageError> {
        let sets = &self.store.tasks.sets;
        let mut matches = Intersection(None);
        if let Some(uids) = &filter.uids {
            matches.with(uids.iter().copied().collect());
        }
        if let Some(batch_uids) = &filter.batch_uids {
            let mut tasks = sets.union(self.txn, batch_uids.iter().map(|uid| SetKey::Batch(*uid)))?;
            if self.running.is_some_and(|running| batch_uids.contains(&running.batch_uid())) {
                tasks |= self.running_tasks()?;
            }
            matches.with(tasks);
        }
        if let Some(canceled_by) = &filter.canceled_by {
            matches.with(sets.union(self.txn, canceled_by.iter().map(|uid| SetKey::CanceledBy(*uid)))?);
        }
        if let Some(kinds) = &filter.types {
            matches.with(sets.union(self.txn, kinds.iter().map(|kind| SetKey::Kind(*kind)))?);
        }
        if let Some(index_uids) = &filter.index_uids {
            matches.with(sets.union(self.txn, index_uids.iter().map(|uid| SetKey::Index(uid)))?);
        }
        self.with_task_dates(filter, &mut matches)?;
        // Last: without another filter, and only then, this reads every task. It also drops uids that
        // are not those of a task.
        let statuses = filter.statuses.as_deref().unwrap_or(Status::ALL);
        let mut with_status = RoaringBitmap::new();
        for status in statuses {
            with_status |= self.tasks_with_status(*status)?;
        }
        matches.with(with_status);
        let matches = matches.0.unwrap_or_default();
        let total = matches.len();
        Ok(Matches { total, visible: self.visible_tasks(filter, visibility, matches)? })
    }

    fn with_task_dates(&self, filter: &TaskFilter, matches: &mut Intersection) -> Result<(), StorageError> {
        let dates = &self.store.tasks.dates;
        if !filter.enqueued().is_unbounded() {
            matches.with(dates.within(self.txn, Event::Enqueued, filter.enqueued())?);
        }
        if !filter.started().is_unbounded() {
            let mut started = dates.within(self.txn, Event::Started, filter.started())?;
            if self.running.is_some_and(|running| filter.started().contains(running.started_at())) {
                started |= self.running_tasks()?;
            }
            matches.with(started);
        }
        if !filter.finished().is_unbounded() {
            matches.with(dates.within(self.txn, Event::Finished, filter.finished())?);
        }
        Ok(())
    }

    /// Of `tasks`, those that may be shown: when indexes are asked for or restricted, only tasks tied to
    /// exactly one index; none that touches an index that the caller may not see.
    fn visible_tasks(
        &self,
        filter: &TaskFilter,
        visibility: Visibility<'_>,
        mut tasks: RoaringBitmap,
    ) -> Result<RoaringBitmap, StorageError> {
        let sets = &self.store.tasks.sets;
        if filter.index_uids.is_some() || matches!(visibility, Visibility::Only(_)) {
            tasks -= self.of_global_kinds(sets)?;
        }
        if let Visibility::Only(allowed) = visibility {
            for uid in sets.index_uids(self.txn)?.iter().filter(|uid| !allowed(uid)) {
                tasks -= sets.get(self.txn, SetKey::Index(uid))?;
            }
        }
        Ok(tasks)
    }

    fn of_global_kinds(&self, sets: &Sets) -> Result<RoaringBitmap, StorageError> {
        sets.union(self.txn, Kind::GLOBAL.iter().map(|kind| SetKey::Kind(*kind)))
    }

    /// The batches that match `filter`, whatever its page.
    pub(crate) fn batches(
        &self,
        filter: &TaskFilter,
        visibility: Visibility<'_>,
    ) -> Result<Matches, StorageError> {
        let mut matches = Intersection(None);
        if let Some(uids) = &filter.uids {
            matches.with(self.batches_of_tasks(uids)?);
        }
        if let Some(batch_uids) = &filter.batch_uids {
            matches.with(batch_uids.iter().copied().collect());
        }
        if let Some(canceled_by) = &filter.canceled_by {
            matches.with(self.batches_of_cancelations(canceled_by)?);
        }
        if let Some(kinds) = &filter.types {
            matches.with(self.batches_with(kinds.iter().map(|kind| SetKey::Kind(*kind)), |running| {
                kinds.iter().any(|kind| running.has_kind(*kind))
            })?);
        }
        if let Some(index_uids) = &filter.index_uids {
            matches.with(self.batches_with(index_uids.iter().map(|uid| SetKey::Index(uid)), |running| {
                index_uids.iter().any(|uid| running.touches(uid))
            })?);
        }
        self.with_batch_dates(filter, &mut matches)?;
        let statuses = filter.statuses.as_deref().unwrap_or(Status::ALL);
        matches.with(
            self.batches_with(
                Status::FINISHED
                    .iter()
                    .filter(|status| statuses.contains(status))
                    .map(|status| SetKey::Status(*status)),
                |_| statuses.contains(&Status::Processing),
            )?,
        );
        let matches = matches.0.unwrap_or_default();
        let total = matches.len();
        Ok(Matches { total, visible: self.visible_batches(filter, visibility, matches)? })
    }

    /// The finished batches of some sets, and the running one if `runs` says so.
    fn batches_with<'k>(
        &self,
        keys: impl Iterator<Item = SetKey<'k>>,
        runs: impl Fn(&Running) -> bool,
    ) -> Result<RoaringBitmap, StorageError> {
        let mut batches = self.store.batches.sets.union(self.txn, keys)?;
        if let Some(running) = self.running
            && runs(running)
        {
            batches.insert(running.batch_uid());
        }
        Ok(batches)
    }

    fn batches_of_tasks(&self, uids: &[u32]) -> Result<RoaringBitmap, StorageError> {
        let running_tasks = self.running_tasks()?;
        let mut batches = RoaringBitmap::new();
        for uid in uids {
            match self.running {
                Some(running) if running_tasks.contains(*uid) => {
                    batches.insert(running.batch_uid());
                }
                _ => {
                    let task = self.store.tasks.get(self.txn, *uid)?;
                    batches.extend(task.and_then(|task| task.batch_uid));
                }
            }
        }
        Ok(batches)
    }

    /// The batches of those `uids` that are cancelations and succeeded.
    fn batches_of_cancelations(&self, uids: &[u32]) -> Result<RoaringBitmap, StorageError> {
        let mut batches = RoaringBitmap::new();
        for uid in uids {
            if let Some(task) = self.store.tasks.get(self.txn, *uid)?
                && task.status == Status::Succeeded
                && matches!(task.content, TaskContent::TaskCancelation { .. })
            {
                batches.extend(task.batch_uid);
            }
        }
        Ok(batches)
    }

    fn with_batch_dates(&self, filter: &TaskFilter, matches: &mut Intersection) -> Result<(), StorageError> {
        for (event, range) in [
            (Event::Enqueued, filter.enqueued()),
            (Event::Started, filter.started()),
            (Event::Finished, filter.finished()),
        ] {
            if range.is_unbounded() {
                continue;
            }
            let mut batches = self.store.batches.dates.within(self.txn, event, range)?;
            if let Some(running) = self.running
                && running.has_event_within(event, range)
            {
                batches.insert(running.batch_uid());
            }
            matches.with(batches);
        }
        Ok(())
    }

    /// Of `batches`, those that may be shown: with at least one index that the caller may see.
    fn visible_batches(
        &self,
        filter: &TaskFilter,
        visibility: Visibility<'_>,
        mut batches: RoaringBitmap,
    ) -> Result<RoaringBitmap, StorageError> {
        let sets = &self.store.batches.sets;
        let restricted = filter.index_uids.is_some() || matches!(visibility, Visibility::Only(_));
        if restricted {
            batches -= self.of_global_kinds(sets)?;
            if let Some(running) = self.running
                && Kind::GLOBAL.iter().any(|kind| running.has_kind(*kind))
            {
                batches.remove(running.batch_uid());
            }
        }
        if let Visibility::Only(allowed) = visibility {
            let uids = sets.index_uids(self.txn)?;
            let allowed_uids = uids.iter().filter(|uid| allowed(uid)).map(|uid| SetKey::Index(uid));
            batches &= self.batches_with(allowed_uids, |running| running.touches_any(allowed))?;
        }
        Ok(batches)
    }
}
