//! The record of a task, and what clients read of it.

use quarry_error::ErrorResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::content::TaskContent;
use crate::details::details;
use crate::duration::iso_duration;
use crate::kind::Kind;
use crate::outcome::Outcome;
use crate::status::Status;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// What is to be done.
    pub content: TaskContent,
    /// A text of the client's, echoed in the task.
    pub custom_metadata: Option<String>,
}

impl From<TaskContent> for NewTask {
    fn from(content: TaskContent) -> Self {
        NewTask { content, custom_metadata: None }
    }
}

/// A task: what was asked, where it stands, what came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Counts from 0; never used twice.
    pub uid: u32,
    /// The batch that ran it; none while it waits.
    pub batch_uid: Option<u32>,
    /// Where it stands.
    pub status: Status,
    /// What was asked.
    pub content: TaskContent,
    /// What came out; none while it waits.
    pub outcome: Option<Outcome>,
    /// Why it failed.
    pub error: Option<ErrorResponse>,
    /// The cancelation that took it back.
    pub canceled_by: Option<u32>,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub enqueued_at: OffsetDateTime,
    /// When its batch started.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When its batch ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// The client's text.
    pub custom_metadata: Option<String>,
}

impl Task {
    /// The type.
    pub fn kind(&self) -> Kind {
        self.content.kind()
    }

    /// The index that it is about, if exactly one.
    pub fn index_uid(&self) -> Option<&str> {
        self.content.index_uid()
    }

    /// The details, as clients read them.
    pub fn details(&self) -> Option<Map<String, Value>> {
        details(&self.content, self.outcome.as_ref())
    }

    /// Whether the task is over.
    pub fn is_finished(&self) -> bool {
        Status::FINISHED.contains(&self.status)
    }

    /// What lists and single reads show.
    pub fn view(&self) -> TaskView {
        let duration = match (self.started_at, self.finished_at) {
            (Some(started_at), Some(finished_at)) => iso_duration(started_at, finished_at),
            _ => None,
        };
        TaskView {
            uid: self.uid,
            batch_uid: self.batch_uid,
            index_uid: self.index_uid().map(str::to_owned),
            status: self.status,
            kind: self.kind(),
            canceled_by: self.canceled_by,
            details: self.details(),
            error: self.error.clone(),
            duration,
            enqueued_at: self.enqueued_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            custom_metadata: self.custom_metadata.clone(),
        }
    }

    /// What the answer of a write route shows.
    pub fn summary(&self) -> TaskSummary {
        TaskSummary {
            task_uid: self.uid,
            index_uid: self.index_uid().map(str::to_owned),
            status: self.status,
            kind: self.kind(),
            enqueued_at: self.enqueued_at,
            custom_metadata: self.custom_metadata.clone(),
        }
    }

    pub(crate) fn succeed(&mut self, outcome: Option<Outcome>) {
        self.status = Status::Succeeded;
        self.outcome = outcome;
    }

    pub(crate) fn fail(&mut self, error: ErrorResponse) {
        self.status = Status::Failed;
        self.outcome = Some(Outcome::Nothing);
        self.error = Some(error);
    }

    pub(crate) fn cancel(&mut self, canceled_by: u32) {
        self.status = Status::Canceled;
        self.outcome = Some(Outcome::Nothing);
        self.canceled_by = Some(canceled_by);
    }
}

/// A task as lists and single reads show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct TaskView {
    pub uid: u32,
    pub batch_uid: Option<u32>,
    pub index_uid: Option<String>,
    pub status: Status,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub canceled_by: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
    pub error: Option<ErrorResponse>,
    pub duration: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub enqueued_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<String>,
}

/// A task as the answer of a write route shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct TaskSummary {
    pub task_uid: u32,
    pub index_uid: Option<String>,
    pub status: Status,
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(with = "time::serde::rfc3339")]
    pub enqueued_at: OffsetDateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_metadata: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;

    fn task() -> Task {
        Task {
            uid: 12,
            batch_uid: Some(3),
            status: Status::Succeeded,
            content: TaskContent::IndexDeletion { index: "movies".into() },
            outcome: Some(Outcome::Count(4)),
            error: None,
            canceled_by: None,
            enqueued_at: datetime!(2026-01-02 03:04:05.12 UTC),
            started_at: Some(datetime!(2026-01-02 03:04:06 UTC)),
            finished_at: Some(datetime!(2026-01-02 03:04:06.5 UTC)),
            custom_metadata: None,
        }
    }

    #[test]
    fn a_task_as_clients_read_it() {
        assert_eq!(
            serde_json::to_string(&task().view()).unwrap(),
            "{\"uid\":12,\"batchUid\":3,\"indexUid\":\"movies\",\"status\":\"succeeded\",\
             \"type\":\"indexDeletion\",\"canceledBy\":null,\"details\":{\"deletedDocuments\":4},\
             \"error\":null,\"duration\":\"PT0.500S\",\"enqueuedAt\":\"2026-01-02T03:04:05.12Z\",\
             \"startedAt\":\"2026-01-02T03:04:06Z\",\"finishedAt\":\"2026-01-02T03:04:06.5Z\"}"
        );
        let waiting = Task { custom_metadata: Some("abc".into()), status: Status::Enqueued, ..task() };
        assert_eq!(
            serde_json::to_string(&waiting.summary()).unwrap(),
            "{\"taskUid\":12,\"indexUid\":\"movies\",\"status\":\"enqueued\",\"type\":\"indexDeletion\",\
             \"enqueuedAt\":\"2026-01-02T03:04:05.12Z\",\"customMetadata\":\"abc\"}"
        );
    }
}
