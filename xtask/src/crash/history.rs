//! The writes that were sent, in the order of their tasks, and what became of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::Model;
use super::operation::Operation;
use crate::server::Server;

/// A task whose end was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) task_type: &'static str,
    pub(super) status: String,
}

/// Every write that has a task, in the order of the uids.
#[derive(Default)]
pub(super) struct History {
    /// The first tasks.
    pub(super) checked: Vec<Checked>,
    /// Those after them.
    pub(super) pending: Vec<Operation>,
    /// Uids of checked tasks that were deleted.
    pub(super) deleted: BTreeSet<u64>,
    /// What the checked tasks left.
    pub(super) model: Model,
    /// Starts after which tasks still waited: the kill before was in the middle of work.
    pub(super) interrupted: u64,
    /// Sent, without an answer: has a task or not.
    unanswered: Option<Operation>,
    is_prepared: bool,
}

impl History {
    /// Writes that have a task.
    pub(super) fn len(&self) -> usize {
        self.checked.len() + self.pending.len()
    }

    /// After a start: finds out whether the write without answer has a task, and that no task is missing.
    pub(super) fn settle(&mut self, server: &Server) -> Result<(), String> {
        if !self.is_prepared {
            let features = json!({ "editDocumentsByFunction": true, "taskQueueCompactionRoute": true });
            server.ask("PATCH", "/experimental-features", Some(&features))?;
            self.is_prepared = true;
        }
        let waiting = &server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"];
        let newest = &server.get("/tasks?limit=1")?["results"][0]["uid"];
        let stored = newest.as_u64().map_or(0, |uid| uid as usize + 1);
        self.interrupted += u64::from(*waiting != 0);
        let acknowledged = self.len();
        match self.unanswered.take() {
            Some(operation) if stored == acknowledged + 1 => self.pending.push(operation),
            _ if stored == acknowledged => {}
            _ => {
                return Err(format!(
                    "{acknowledged} tasks were acknowledged, and {stored} are there after the start"
                ));
            }
        }
        Ok(())
    }

    /// Takes the answer to a write.
    pub(super) fn acknowledge(&mut self, operation: Operation, answer: &Value) -> Result<(), String> {
        if operation.task_type().is_none() {
            return Ok(());
        }
        let (uid, expected) = (answer["taskUid"].as_u64(), self.len() as u64);
        if uid != Some(expected) {
            return Err(format!("task {expected} was due, the answer is {answer}"));
        }
        self.pending.push(operation);
        Ok(())
    }

    /// The server was gone before it answered.
    pub(super) fn leave_unanswered(&mut self, operation: Operation) {
        self.unanswered = Some(operation).filter(|operation| operation.task_type().is_some());
    }
}
