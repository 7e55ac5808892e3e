//! Documents and settings of one index: one transaction of the index, then one of the queue.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use quarry_engine::{
    CatalogError, IndexError, IndexHandle, IndexProgress, Operation, OperationReport, SettingsUpdate, Write,
};
use quarry_error::{Code, ErrorResponse};
use serde_json::Value;

use super::{index_not_found, index_uid, may_create_index};
use crate::batching::Plan;
use crate::content::{Method, TaskContent};
use crate::outcome::Outcome;
use crate::recovery;
use crate::round::{Ending, Measures, Round, RoundError};
use crate::stamp::{BatchStamp, TaskResult};
use crate::task::Task;

type OperationResult = Result<OperationReport, IndexError>;

/// Runs additions, deletions, editions and settings of one index.
pub(super) fn write(round: &Round<'_>, mut tasks: Vec<Task>, plan: &Plan) -> Result<(), RoundError> {
    let Some(first) = tasks.first() else { return Ok(()) };
    let uid = index_uid(first);
    let Some(index) = open_or_create(round, &uid, may_create_index(&tasks))? else {
        return round.fail_all(tasks, &index_not_found(&uid));
    };
    if recovery::finish_of_index(round.shared, &uid, &index, &mut tasks)? {
        // What is left may batch otherwise: it is picked again.
        return Ok(());
    }
    let settings = match merged_settings(&tasks) {
        Ok(settings) => settings,
        Err(error) => return round.fail_all(tasks, &error),
    };
    let payloads: Vec<Option<PathBuf>> = tasks
        .iter()
        .map(|task| task.content.payload().map(|payload| round.shared.payloads.path(payload)))
        .collect();
    let results = |operations: &[OperationResult]| results(&uid, &tasks, plan, operations);
    let stamp = |operations: &[OperationResult]| {
        let batch = round.running.empty_batch();
        let stamp = BatchStamp {
            batch_uid: batch.uid,
            started_at: batch.started_at,
            strategy: batch.strategy,
            tasks: results(operations),
        };
        stamp.encode()
    };
    let write =
        Write { operations: operations(&tasks, &payloads, plan), settings: settings.as_ref(), stamp: &stamp };
    let progress = Arc::new(IndexProgress::default());
    round.running.progress.attach(Arc::clone(&progress));
    let cancelled = || round.running.must_stop();
    let report = match quarry_engine::write(&round.shared.indexer, &index, write, &cancelled, &progress) {
        Ok(report) => report,
        Err(error) if error.is_cancelled() => return Err(RoundError::Stopped),
        Err(error) => return round.fail_unless_done(tasks, &for_client(&uid, &error)),
    };
    let results = results(&report.operations);
    for (task, result) in tasks.iter_mut().zip(&results) {
        result.apply(task);
    }
    let measures = Measures::of(&report);
    let ending = Ending { changed_index: Some(index), measures, ..Ending::of(tasks) };
    round.complete(round.write_txn()?, ending)
}

/// The index, made first when it is missing and may be. What is made stays, even if the tasks fail.
fn open_or_create(
    round: &Round<'_>,
    uid: &str,
    may_create: bool,
) -> Result<Option<Arc<IndexHandle>>, RoundError> {
    let catalog = &round.shared.catalog;
    match catalog.get(uid) {
        Ok(index) => Ok(Some(index)),
        Err(CatalogError::NotFound { .. }) if may_create => {
            let mut txn = round.write_txn()?;
            let index = catalog.create(&mut txn, uid, None)?;
            txn.commit().inspect_err(|_| catalog.discard_unnamed(&index))?;
            Ok(Some(index))
        }
        Err(CatalogError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The settings of all tasks, later ones over earlier ones.
fn merged_settings(tasks: &[Task]) -> Result<Option<SettingsUpdate>, ErrorResponse> {
    let mut merged: Option<SettingsUpdate> = None;
    for task in tasks {
        let TaskContent::Settings { settings, .. } = &task.content else { continue };
        let update: SettingsUpdate = serde_json::from_value(Value::Object(settings.clone()))
            .map_err(|error| ErrorResponse::new(format!("internal: {error}."), Code::Internal))?;
        match &mut merged {
            Some(merged) => merged.merge(update),
            None => merged = Some(update),
        }
    }
    Ok(merged)
}

fn clears(plan: &Plan) -> bool {
    matches!(plan, Plan::Clear | Plan::ClearAndSettings { .. })
}

/// What the index is to do. When all documents go, nothing else matters.
fn operations<'t>(tasks: &'t [Task], payloads: &'t [Option<PathBuf>], plan: &Plan) -> Vec<Operation<'t>> {
    if clears(plan) {
        return vec![Operation::Clear];
    }
    tasks.iter().zip(payloads).filter_map(|(task, payload)| operation(&task.content, payload)).collect()
}

fn operation<'t>(content: &'t TaskContent, payload: &'t Option<PathBuf>) -> Option<Operation<'t>> {
    Some(match content {
        TaskContent::DocumentAddition { method, primary_key, skip_creation, .. } => Operation::Documents {
            payload: payload.as_deref()?,
            method: match method {
                Method::Replace => quarry_engine::Method::Replace,
                Method::Update => quarry_engine::Method::Update,
            },
            primary_key: primary_key.as_deref(),
            skip_creation: *skip_creation,
        },
        TaskContent::DocumentDeletion { ids, .. } => Operation::DeleteByIds(ids),
        TaskContent::DocumentDeletionByFilter { filter, .. } => Operation::DeleteByFilter(filter),
        TaskContent::DocumentClear { .. } => Operation::Clear,
        TaskContent::DocumentEdition { function, filter, context, .. } => {
            Operation::Edit { function, filter: filter.as_ref(), context: context.as_ref() }
        }
        _ => return None,
    })
}

/// How each task ended, from how the operations ended.
fn results(uid: &str, tasks: &[Task], plan: &Plan, operations: &[OperationResult]) -> Vec<TaskResult> {
    if clears(plan) {
        return results_of_clear(uid, tasks, operations);
    }
    let mut operations = operations.iter();
    let result = |task: &Task| {
        if matches!(task.content, TaskContent::Settings { .. }) {
            return TaskResult::of(task, Ok(None));
        }
        let result = match operations.next() {
            Some(Ok(report)) => Ok(Some(outcome(&task.content, plan, report))),
            Some(Err(error)) => Err(for_client(uid, error)),
            None => Err(ErrorResponse::new("internal: an operation has no report.", Code::Internal)),
        };
        TaskResult::of(task, result)
    };
    tasks.iter().map(result).collect()
}

/// The first task that deletes all documents reports them, further ones report none. What else was in the
/// batch succeeds without having run, so its counters stay unknown.
fn results_of_clear(uid: &str, tasks: &[Task], operations: &[OperationResult]) -> Vec<TaskResult> {
    let mut left = match operations.first() {
        Some(Ok(report)) => report.deleted,
        Some(Err(error)) => {
            let error = for_client(uid, error);
            return tasks.iter().map(|task| TaskResult::of(task, Err(error.clone()))).collect();
        }
        None => 0,
    };
    let result = |task: &Task| match task.content {
        TaskContent::DocumentClear { .. } => {
            TaskResult::of(task, Ok(Some(Outcome::Count(std::mem::take(&mut left)))))
        }
        _ => TaskResult::of(task, Ok(None)),
    };
    tasks.iter().map(result).collect()
}

fn outcome(content: &TaskContent, plan: &Plan, report: &OperationReport) -> Outcome {
    match content {
        TaskContent::DocumentAddition { .. } => Outcome::Count(report.indexed),
        // Beside additions, whether an id was there is not asked: what counts is what was given.
        TaskContent::DocumentDeletion { ids, .. } if matches!(plan, Plan::Addition { .. }) => {
            Outcome::Count(ids.iter().collect::<HashSet<_>>().len() as u64)
        }
        TaskContent::DocumentEdition { .. } => {
            Outcome::Edited { deleted: report.deleted, edited: report.edited }
        }
        _ => Outcome::Count(report.deleted),
    }
}

/// The error as clients read it: it names the index unless it is about the payload or about us.
fn for_client(uid: &str, error: &IndexError) -> ErrorResponse {
    let response = ErrorResponse::from_error(error);
    if error.is_payload() || matches!(error, IndexError::Panicked { .. }) {
        return response;
    }
    response.prefixed(&format!("Index `{uid}`: "))
}
