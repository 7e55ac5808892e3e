//! `/tasks`: list, get, cancel, delete.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use quarry_api::features::Feature;
use quarry_api::tasks::{ListTasks, SelectTasks, missing_task_filters, task_uid};
use quarry_auth::Permissions;
use quarry_error::{Code, ErrorResponse};
use quarry_tasks::{NewTask, QueueError, Task, TaskContent, TaskFilter, TaskQueue, Visibility, human_size};
use roaring::RoaringBitmap;
use serde::Serialize;
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::app::{App, blocking};
use crate::convert::tasks::{list_filter, selection_filter};
use crate::error::{Answer, HttpError};
use crate::extract::{PathParameter, QueryString, io_error};
use crate::guard::Allowed;

/// Bytes read at once from the documents of a task.
const CHUNK_BYTES: usize = 1 << 16;

/// Runs `read` with what the key may see.
pub(crate) fn with_visibility<T>(allowed: &Permissions, read: impl FnOnce(Visibility<'_>) -> T) -> T {
    if allowed.allows_all_indexes() {
        read(Visibility::All)
    } else {
        read(Visibility::Only(&|uid| allowed.allows_index(uid)))
    }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    query: QueryString,
) -> Answer {
    page(&app, allowed, &query, TaskQueue::tasks).await
}

/// The page of a list that the query string asks for, of what the key may see.
pub(crate) async fn page<P: Serialize + Send + 'static>(
    app: &Arc<App>,
    allowed: Permissions,
    query: &QueryString,
    read: fn(&TaskQueue, &TaskFilter, Visibility<'_>) -> Result<P, QueueError>,
) -> Answer {
    let filter = list_filter(query.parse::<ListTasks>()?);
    let page = blocking(app, move |app| {
        Ok(with_visibility(&allowed, |visibility| read(&app.queue, &filter, visibility))?)
    })
    .await?;
    Ok(Json(page).into_response())
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    PathParameter(uid): PathParameter,
) -> Answer {
    let uid = task_uid(&uid)?;
    let task = blocking(&app, move |app| visible_task(app, &allowed, uid)).await?;
    Ok(Json(task.view()).into_response())
}

/// The task, if the key may see it.
fn visible_task(app: &App, allowed: &Permissions, uid: u32) -> Result<Task, HttpError> {
    let filter = TaskFilter { uids: Some(vec![uid]), ..TaskFilter::default() };
    let visible = with_visibility(allowed, |visibility| app.queue.tasks(&filter, visibility))?;
    let task = if visible.results.is_empty() { None } else { app.queue.task(uid)? };
    task.ok_or_else(|| ErrorResponse::new(format!("Task `{uid}` not found."), Code::TaskNotFound).into())
}

pub(crate) async fn documents(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    PathParameter(uid): PathParameter,
) -> Answer {
    app.queue
        .features()
        .require(Feature::GetTaskDocumentsRoute, "Getting the documents of an enqueued task")?;
    let uid = task_uid(&uid)?;
    let file = blocking(&app, move |app| {
        visible_task(app, &allowed, uid)?;
        app.queue.task_documents(uid)?.ok_or_else(|| {
            let message = format!(
                "Task `{uid}` does not contain any documents. Only `documentAdditionOrUpdate` tasks with the \
                 statuses `enqueued` or `processing` contain documents"
            );
            ErrorResponse::new(message, Code::TaskFileNotFound).into()
        })
    })
    .await?;
    let body = Body::from(read_all(tokio::fs::File::from_std(file)).await?);
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

async fn read_all(mut file: tokio::fs::File) -> Result<Vec<u8>, HttpError> {
    let mut content = Vec::with_capacity(CHUNK_BYTES);
    file.read_to_end(&mut content).await.map_err(io_error)?;
    // Lines are ended in the file, but only separated in the answer.
    content.pop_if(|last| *last == b'\n');
    Ok(content)
}

pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    query: QueryString,
) -> Answer {
    select(&app, allowed, query, "cancel", |query, tasks| TaskContent::TaskCancelation { query, tasks }).await
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    query: QueryString,
) -> Answer {
    select(&app, allowed, query, "delete", |query, tasks| TaskContent::TaskDeletion { query, tasks }).await
}

/// Stores a task about the tasks that match now.
async fn select(
    app: &Arc<App>,
    allowed: Permissions,
    query: QueryString,
    verb: &str,
    content: impl FnOnce(String, RoaringBitmap) -> TaskContent + Send + 'static,
) -> Answer {
    let selection: SelectTasks = query.parse()?;
    if selection.is_empty() {
        return Err(missing_task_filters(verb).into());
    }
    let filter = selection_filter(selection);
    let task = blocking(app, move |app| {
        let tasks = with_visibility(&allowed, |visibility| app.queue.matching(&filter, visibility))?;
        let content = content(format!("?{}", query.0), tasks);
        Ok(app.queue.register(NewTask { content, custom_metadata: None })?)
    })
    .await?;
    Ok((StatusCode::OK, Json(task.summary())).into_response())
}

pub(crate) async fn compact(State(app): State<Arc<App>>) -> Answer {
    app.queue.features().require(Feature::TaskQueueCompactionRoute, "Using the /tasks/compact route")?;
    let compacted = blocking(&app, |app| Ok(app.queue.compact())).await?;
    let (status, summary) = match compacted {
        Ok(bytes) => {
            let summary = json!({
                "preSize": human_size(bytes.before),
                "postSize": human_size(bytes.after),
                "status": "succeeded",
                "actionRequired": "you must restart your instance",
            });
            (StatusCode::OK, summary)
        }
        Err(error) => {
            tracing::error!("the task queue was not compacted: {error}");
            let summary = json!({"status": "failed", "errorMessage": error.to_string()});
            (StatusCode::INTERNAL_SERVER_ERROR, summary)
        }
    };
    Ok((status, Json(summary)).into_response())
}
