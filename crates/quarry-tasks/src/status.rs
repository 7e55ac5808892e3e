//! The states of a task.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a task stands.
///
/// `Processing` is never stored: it is laid over `Enqueued` from what runs in memory, so that a task
/// that was running when the process died simply waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Waits for its turn.
    Enqueued,
    /// Runs now.
    Processing,
    /// Done.
    Succeeded,
    /// Ended with an error, without effect.
    Failed,
    /// Taken back before it had an effect.
    Canceled,
}

impl Status {
    /// Every state, in the order in which messages list them.
    pub const ALL: &'static [Status] =
        &[Status::Enqueued, Status::Processing, Status::Succeeded, Status::Failed, Status::Canceled];

    /// The states in which a task will not change any more.
    pub const FINISHED: &'static [Status] = &[Status::Succeeded, Status::Failed, Status::Canceled];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Enqueued => "enqueued",
            Status::Processing => "processing",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Canceled => "canceled",
        }
    }

    /// The state with this name, whatever the case of its letters.
    pub fn from_name(name: &str) -> Option<Status> {
        Status::ALL.iter().copied().find(|status| status.name().eq_ignore_ascii_case(name))
    }

    /// The number in stored keys: never changed, never reused.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Status::Enqueued => 1,
            Status::Processing => 2,
            Status::Succeeded => 3,
            Status::Failed => 4,
            Status::Canceled => 5,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
