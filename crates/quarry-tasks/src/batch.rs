//! The record of a batch, and what clients read of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::details::accumulate;
use crate::duration::iso_duration;
use crate::kind::Kind;
use crate::progress::ProgressView;
use crate::status::Status;
use crate::task::Task;

/// Tasks that ran together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Counts from 0.
    pub uid: u32,
    /// Where the work stands; only while the batch runs.
    #[serde(skip)]
    pub progress: Option<ProgressView>,
    /// The details of its tasks, summed up.
    pub details: Map<String, Value>,
    /// Counts and measurements.
    pub stats: BatchStats,
    /// When it started.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// When its tasks were registered.
    pub enqueued_at: Option<EnqueuedRange>,
    /// Why it holds the tasks it holds.
    pub strategy: String,
    /// Every index that its tasks touch, those of swaps and new names included.
    pub touched_indexes: BTreeSet<String>,
}

/// First and last registration among the tasks of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnqueuedRange {
    /// The first one.
    #[serde(with = "time::serde::rfc3339")]
    pub earliest: OffsetDateTime,
    /// The last one.
    #[serde(with = "time::serde::rfc3339", rename = "oldest")]
    pub latest: OffsetDateTime,
}

/// Counts and measurements of a batch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchStats {
    /// Number of tasks.
    #[serde(rename = "totalNbTasks")]
    pub tasks_count: u64,
    /// Tasks by status.
    pub status: BTreeMap<String, u64>,
    /// Tasks by type.
    pub types: BTreeMap<String, u64>,
    /// Tasks by index.
    pub index_uids: BTreeMap<String, u64>,
    /// Time spent in each step.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub progress_trace: Map<String, Value>,
    /// How often extraction waited for the writer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_channel_congestion: Option<Congestion>,
    /// Size of each table of the index, with the change.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub internal_database_sizes: Map<String, Value>,
}

/// How often extraction waited for the writer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Congestion {
    /// Frames sent.
    pub attempts: u64,
    /// Frames that had to wait for room.
    pub blocking_attempts: u64,
    /// Their ratio.
    pub blocking_ratio: f64,
}

impl Congestion {
    /// The ratio comes from the counts; 0 without attempts.
    pub fn of(attempts: u64, blocking_attempts: u64) -> Congestion {
        let blocking_ratio = if attempts == 0 { 0.0 } else { blocking_attempts as f64 / attempts as f64 };
        Congestion { attempts, blocking_attempts, blocking_ratio }
    }
}

impl Batch {
    /// A batch without tasks that starts at `started_at`.
    pub(crate) fn starting(uid: u32, started_at: OffsetDateTime, strategy: String) -> Batch {
        Batch {
            uid,
            progress: None,
            details: Map::new(),
            stats: BatchStats::default(),
            started_at,
            finished_at: None,
            enqueued_at: None,
            strategy,
            touched_indexes: BTreeSet::new(),
        }
    }

    /// Counts `task`, with `status` in place of its own.
    pub(crate) fn add(&mut self, task: &Task, status: Status) {
        accumulate(&mut self.details, &task.content, task.outcome.as_ref());
        self.stats.tasks_count += 1;
        *self.stats.status.entry(status.name().to_owned()).or_default() += 1;
        *self.stats.types.entry(task.kind().name().to_owned()).or_default() += 1;
        if let Some(index_uid) = task.index_uid() {
            *self.stats.index_uids.entry(index_uid.to_owned()).or_default() += 1;
        }
        self.touched_indexes.extend(task.content.index_uids().into_iter().map(str::to_owned));
        let date = task.enqueued_at;
        self.enqueued_at = Some(match self.enqueued_at {
            None => EnqueuedRange { earliest: date, latest: date },
            Some(EnqueuedRange { earliest, latest }) => {
                EnqueuedRange { earliest: earliest.min(date), latest: latest.max(date) }
            }
        });
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = Status> {
        self.stats.status.keys().filter_map(|name| Status::from_name(name))
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.stats.types.keys().filter_map(|name| Kind::from_name(name))
    }

    /// What lists and single reads show.
    pub fn view(&self) -> BatchView {
        BatchView {
            uid: self.uid,
            progress: self.progress.clone(),
            details: self.details.clone(),
            stats: self.stats.clone(),
            duration: self.finished_at.and_then(|finished_at| iso_duration(self.started_at, finished_at)),
            started_at: self.started_at,
            finished_at: self.finished_at,
            batch_strategy: self.strategy.clone(),
        }
    }
}

/// A batch as lists and single reads show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct BatchView {
    pub uid: u32,
    pub progress: Option<ProgressView>,
    pub details: Map<String, Value>,
    pub stats: BatchStats,
    pub duration: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    pub batch_strategy: String,
}
