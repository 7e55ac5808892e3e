//! How each kind of work runs. Each function ends with [`Round::complete`], or leaves everything as it was.

mod documents;
mod index;
mod relabel;
mod swap;
mod tasks;

use quarry_error::{Code, ErrorResponse};

use crate::batching::Plan;
use crate::content::TaskContent;
use crate::kind::Kind;
use crate::pick::{Picked, Work};
use crate::round::{Round, RoundError};
use crate::task::Task;

/// Runs a batch.
pub(crate) fn run(round: &Round<'_>, picked: Picked) -> Result<(), RoundError> {
    let Picked { tasks, work, .. } = picked;
    round.running.progress.enter(0, "processing tasks", 0, 2);
    match work {
        Work::Cancelation => tasks::cancel(round, tasks),
        Work::TaskDeletion => tasks::delete(round, tasks),
        Work::Index(Plan::IndexDeletion) => index::delete(round, tasks),
        Work::Index(Plan::Alone(kind)) if kind != Kind::DocumentEdition => run_alone(round, tasks, kind),
        Work::Index(plan) => documents::write(round, tasks, &plan),
    }
}

fn run_alone(round: &Round<'_>, mut tasks: Vec<Task>, kind: Kind) -> Result<(), RoundError> {
    match (kind, tasks.pop()) {
        (Kind::IndexCreation, Some(task)) => index::create(round, task),
        (Kind::IndexUpdate, Some(task)) => index::update(round, task),
        (Kind::IndexCompaction, Some(task)) => index::compact(round, task),
        (Kind::IndexSwap, Some(task)) => swap::swap(round, task),
        (kind, last) => {
            tasks.extend(last);
            let message = format!("Tasks of type `{kind}` are not supported by this version.");
            round.fail_all(tasks, &ErrorResponse::new(message, Code::Internal))
        }
    }
}

/// The error of a task about an index that is not there.
fn index_not_found(uid: &str) -> ErrorResponse {
    ErrorResponse::new(format!("Index `{uid}` not found."), Code::IndexNotFound)
}

/// The index uid of a task whose kind has one.
fn index_uid(task: &Task) -> String {
    task.index_uid().expect("only kinds with one index come here").to_owned()
}

/// Whether running one of `tasks` makes their index.
fn may_create_index(tasks: &[Task]) -> bool {
    tasks.iter().any(|task| TaskContent::may_create_index(&task.content))
}
