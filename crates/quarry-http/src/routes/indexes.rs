//! `/indexes`: list, get, create, change, delete, compact.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use quarry_api::index_uid::IndexUid;
use quarry_api::indexes::{CreateIndex, IndexView, ListIndexes, UpdateIndex};
use quarry_api::page::Page;
use quarry_auth::AuthError;
use quarry_engine::IndexInfo;
use quarry_tasks::{NewTask, TaskContent};

use crate::app::{App, blocking};
use crate::error::{Answer, HttpError};
use crate::extract::{IndexPath, JsonBody, QueryString};
use crate::guard::Allowed;

fn view(index: IndexInfo) -> IndexView {
    IndexView {
        uid: index.uid,
        created_at: index.created_at,
        updated_at: index.updated_at,
        primary_key: index.primary_key,
    }
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    query: QueryString,
) -> Answer {
    let page: ListIndexes = query.parse()?;
    let (offset, limit) = (page.offset.0, page.limit.0);
    let (indexes, total) =
        blocking(&app, move |app| Ok(app.catalog().list(offset, limit, &|uid| allowed.allows_index(uid))?))
            .await?;
    let results: Vec<IndexView> = indexes.into_iter().map(view).collect();
    Ok(Json(Page { results, offset, limit, total: total as usize }).into_response())
}

pub(crate) async fn get(State(app): State<Arc<App>>, IndexPath(uid): IndexPath) -> Answer {
    let index = blocking(&app, move |app| Ok(app.catalog().info(uid.as_str())?)).await?;
    Ok(Json(view(index)).into_response())
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    JsonBody(body): JsonBody<CreateIndex>,
) -> Answer {
    if !allowed.allows_index(body.uid.as_str()) {
        return Err(AuthError::InvalidKey.into());
    }
    let content = TaskContent::IndexCreation { index: body.uid.into_string(), primary_key: body.primary_key };
    enqueue(&app, content, None).await
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    JsonBody(body): JsonBody<UpdateIndex>,
) -> Answer {
    let new_uid = body.uid.map(IndexUid::try_from).transpose()?.map(IndexUid::into_string);
    let content =
        TaskContent::IndexUpdate { index: uid.into_string(), primary_key: body.primary_key, new_uid };
    enqueue(&app, content, None).await
}

pub(crate) async fn delete(State(app): State<Arc<App>>, IndexPath(uid): IndexPath) -> Answer {
    enqueue(&app, TaskContent::IndexDeletion { index: uid.into_string() }, None).await
}

pub(crate) async fn compact(State(app): State<Arc<App>>, IndexPath(uid): IndexPath) -> Answer {
    enqueue(&app, TaskContent::IndexCompaction { index: uid.into_string() }, None).await
}

/// Stores a task and answers with its summary.
pub(crate) async fn enqueue(app: &Arc<App>, content: TaskContent, custom_metadata: Option<String>) -> Answer {
    enqueue_with_status(app, content, custom_metadata, StatusCode::ACCEPTED).await
}

/// The same, with another status than 202.
pub(crate) async fn enqueue_with_status(
    app: &Arc<App>,
    content: TaskContent,
    custom_metadata: Option<String>,
    status: StatusCode,
) -> Answer {
    let task = blocking(app, move |app| {
        app.queue.register(NewTask { content, custom_metadata }).map_err(HttpError::from)
    })
    .await?;
    Ok((status, Json(task.summary())).into_response())
}
