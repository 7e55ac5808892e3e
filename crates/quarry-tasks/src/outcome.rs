//! What came out of a task: the few numbers that its details show beside what was asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What came out of a task. A waiting task has none, and its counters show as `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The task failed or was taken back: counters are 0.
    Nothing,
    /// Documents indexed or deleted, or tasks canceled or deleted, by the kind of task.
    Count(u64),
    /// Documents of an edition.
    Edited {
        /// Documents rewritten or deleted.
        deleted: u64,
        /// Documents edited.
        edited: u64,
    },
    /// A dump was written.
    Dump {
        /// Its uid, which is also its file name.
        uid: String,
    },
    /// An index was compacted.
    Compacted {
        /// Bytes on disk before.
        bytes_before: u64,
        /// Bytes on disk after.
        bytes_after: u64,
    },
    /// Documents were sent to another server.
    Exported {
        /// Documents by index uid.
        documents: BTreeMap<String, u64>,
    },
}
