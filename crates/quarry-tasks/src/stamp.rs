//! What an index remembers of the batch that it committed last, so that no task runs twice.
//!
//! An index and the queue are two environments: a crash can fall between their commits. So the outcomes of
//! a batch are committed in the index together with its data. A task that the queue shows as waiting, but
//! that the index has in its stamp, is finished from the stamp.
//!
//! Layout: one version byte, then JSON.

use quarry_error::ErrorResponse;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::outcome::Outcome;
use crate::task::Task;

const STAMP_VERSION: u8 = 1;

/// What the index remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BatchStamp {
    pub(crate) batch_uid: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) started_at: OffsetDateTime,
    pub(crate) strategy: String,
    pub(crate) tasks: Vec<TaskResult>,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskResult {
    pub(crate) uid: u32,
    /// Registration date of the task: tells it from a task with the same uid of another history, as after
    /// a restored backup of one of the two environments.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) enqueued_at: OffsetDateTime,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) error: Option<ErrorResponse>,
}

impl TaskResult {
    /// How `task` ended.
    pub(crate) fn of(task: &Task, result: Result<Option<Outcome>, ErrorResponse>) -> TaskResult {
        let (outcome, error) = match result {
            Ok(outcome) => (outcome, None),
            Err(error) => (None, Some(error)),
        };
        TaskResult { uid: task.uid, enqueued_at: task.enqueued_at, outcome, error }
    }

    /// Brings `task` to its end.
    pub(crate) fn apply(&self, task: &mut Task) {
        match &self.error {
            Some(error) => task.fail(error.clone()),
            None => task.succeed(self.outcome.clone()),
        }
    }
}

impl BatchStamp {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![STAMP_VERSION];
        serde_json::to_writer(&mut bytes, self).expect("a stamp has text keys and plain values only");
        bytes
    }

    /// The stamp in `bytes`; `None` when there is none or it is of another form, as in an index that was
    /// never written by a queue.
    pub(crate) fn decode(bytes: &[u8]) -> Option<BatchStamp> {
        match bytes.split_first() {
            Some((&STAMP_VERSION, json)) => serde_json::from_slice(json).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back() {
        let stamp = BatchStamp {
            batch_uid: 3,
            started_at: OffsetDateTime::UNIX_EPOCH,
            strategy: "batched all enqueued tasks".to_owned(),
            tasks: vec![TaskResult {
                uid: 7,
                enqueued_at: OffsetDateTime::UNIX_EPOCH,
                outcome: Some(Outcome::Count(2)),
                error: None,
            }],
        };
        assert_eq!(BatchStamp::decode(&stamp.encode()), Some(stamp));
        assert_eq!(BatchStamp::decode(b""), None);
        assert_eq!(BatchStamp::decode(b"\x09{}"), None);
    }
}
