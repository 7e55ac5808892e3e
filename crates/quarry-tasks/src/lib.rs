//! The task queue: durable tasks, batches, the scheduler.
//!
//! Reading order: [`content`] (what a task is to do), [`task`] and [`batch`] (the records and what clients
//! read of them), [`queue`] (register, list, wait), `batching` (which tasks share a batch), `scheduler` (one
//! thread, one loop), `aside` and `pick` (what runs next), `round` and `run` (how it runs), `stamp` and `recovery` (why
//! nothing runs twice), `store` (the tables).
//!
//! Invariants: a registered task survives a crash; a task has an effect exactly once or fails without one;
//! only the scheduler's thread changes indexes and the list of indexes.

mod aside;
pub mod batch;
mod batching;
mod compaction;
pub mod content;
mod details;
mod duration;
pub mod error;
mod features;
pub mod filters;
mod folder;
mod kind;
pub mod options;
mod outcome;
mod payloads;
mod pick;
pub mod progress;
pub mod queue;
mod recovery;
mod redact;
mod registrar;
mod retention;
mod round;
mod run;
mod running;
mod scheduler;
mod size;
mod stamp;
mod status;
mod stop_reason;
mod store;
pub mod task;
mod version;

pub use batch::{Batch, BatchView};
pub use compaction::CompactedBytes;
pub use content::{ExportIndex, Method, Swap, TaskContent};
pub use error::{OpenError, QueueError, RegisterError};
pub use filters::{BatchPage, TaskFilter, TaskPage, Visibility};
pub use kind::Kind;
pub use options::{BatchObserver, QueueOptions};
pub use outcome::Outcome;
pub use payloads::{PayloadFile, Payloads};
pub use queue::{QueueCounts, TaskQueue};
pub use redact::redacted;
pub use size::human_size;
pub use status::Status;
pub use stop_reason::StopReason;
pub use task::{NewTask, Task, TaskSummary, TaskView};
pub use version::DATABASE_VERSION;
