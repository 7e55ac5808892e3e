//! Why a batch holds the tasks it holds, and no more: the `batchStrategy` that clients read.

use std::fmt;

use crate::kind::Kind;

/// Why no further task joined a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// Tasks of this type go together, never with others.
    KindOnly {
        /// The type.
        kind: Kind,
    },
    /// The task runs alone.
    Alone {
        /// The task.
        uid: u32,
        /// Its type.
        kind: Kind,
    },
    /// The next task of the index runs alone.
    BeforeAlone {
        /// The task that stays out.
        uid: u32,
        /// Its type.
        kind: Kind,
    },
    /// Nothing is left in the queue.
    AllEnqueued,
    /// Nothing is left for the index.
    AllEnqueuedForIndex {
        /// Index uid.
        index: String,
    },
    /// The limit on the number of tasks.
    TaskLimit {
        /// The limit.
        tasks_max: usize,
    },
    /// The limit on the size of payloads.
    SizeLimit {
        /// The limit, in bytes.
        bytes_max: u64,
        /// Bytes with the task that stayed out.
        bytes: u64,
    },
    /// A task names another primary key than the index has.
    PrimaryKeyOfIndex {
        /// The task.
        uid: u32,
        /// The key it names.
        task_key: String,
        /// The key of the index.
        index_key: String,
    },
    /// A task names another primary key than the batch.
    PrimaryKeyOfBatch {
        /// The task that stays out.
        uid: u32,
        /// The key it names.
        task_key: String,
        /// The key of the batch.
        batch_key: String,
    },
    /// A task names a primary key, and the batch has to guess it.
    PrimaryKeyGuess {
        /// The task that stays out.
        uid: u32,
        /// The key it names.
        task_key: String,
    },
    /// A task may make the index, the batch may not.
    IndexCreation {
        /// The task that stays out.
        uid: u32,
    },
    /// The last task deletes the index.
    IndexDeletion {
        /// The task.
        uid: u32,
    },
    /// Settings do not follow documents.
    SettingsAfterDocuments {
        /// The task that stays out.
        uid: u32,
    },
    /// A deletion by filter does not follow additions.
    FilterDeletionAfterDocuments {
        /// The task that stays out.
        uid: u32,
    },
    /// Documents do not follow settings.
    DocumentsAfterSettings {
        /// The task that stays out.
        uid: u32,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopReason::KindOnly { kind } => write!(
                formatter,
                "stopped after the last task of type `{kind}` because they cannot be batched with tasks of any \
                 other type."
            ),
            StopReason::Alone { uid, kind } => write!(
                formatter,
                "created batch containing only task with id {uid} of type `{kind}` that cannot be batched with \
                 any other task."
            ),
            StopReason::BeforeAlone { uid, kind } => write!(
                formatter,
                "stopped before task with id {uid} of type `{kind}` that cannot be batched with any other task."
            ),
            StopReason::AllEnqueued => formatter.write_str("batched all enqueued tasks"),
            StopReason::AllEnqueuedForIndex { index } => {
                write!(formatter, "batched all enqueued tasks for index `{index}`")
            }
            StopReason::TaskLimit { tasks_max } => {
                write!(formatter, "batched up to configured batch limit of {tasks_max} tasks")
            }
            StopReason::SizeLimit { bytes_max, bytes } => write!(
                formatter,
                "batched up to configured batch size limit of {bytes_max}B with a total of {bytes}B"
            ),
            StopReason::PrimaryKeyOfIndex { uid, task_key, index_key } => write!(
                formatter,
                "stopped batching before task with id {uid} because its primary key `{task_key}` is different \
                 from the primary key of the index `{index_key}`"
            ),
            StopReason::PrimaryKeyOfBatch { uid, task_key, batch_key } => write!(
                formatter,
                "stopped batching before task with id {uid} because its primary key `{task_key}` is different \
                 from the primary key of the batch `{batch_key}`"
            ),
            StopReason::PrimaryKeyGuess { uid, task_key } => write!(
                formatter,
                "stopped batching before task with id {uid} because it is setting the `{task_key}` primary key \
                 and it would interfere with primary key guessing of the batch"
            ),
            StopReason::IndexCreation { uid } => write!(
                formatter,
                "stopped batching before task with id {uid} because its index creation rules differ from the \
                 ones from the batch"
            ),
            StopReason::IndexDeletion { uid } => {
                write!(formatter, "stopped after task with id {uid} because it deletes the index")
            }
            StopReason::SettingsAfterDocuments { uid } => write!(
                formatter,
                "stopped before task with id {uid} because it is a settings change which cannot be batched with \
                 document operations"
            ),
            StopReason::FilterDeletionAfterDocuments { uid } => write!(
                formatter,
                "stopped before task with id {uid} because it is a deletion by filter which cannot be batched \
                 with document operations"
            ),
            StopReason::DocumentsAfterSettings { uid } => write!(
                formatter,
                "stopped before task with id {uid} because it is a document operation which cannot be batched \
                 with settings changes"
            ),
        }
    }
}
