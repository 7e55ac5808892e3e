//! `/batches`: list, get.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use quarry_api::tasks::batch_uid;
use quarry_error::{Code, ErrorResponse};
use quarry_tasks::{TaskFilter, TaskQueue};

use super::tasks::{page, with_visibility};
use crate::app::{App, blocking};
use crate::error::Answer;
use crate::extract::{PathParameter, QueryString};
use crate::guard::Allowed;

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    query: QueryString,
) -> Answer {
    page(&app, allowed, &query, TaskQueue::batches).await
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Allowed(allowed): Allowed,
    PathParameter(uid): PathParameter,
) -> Answer {
    let uid = batch_uid(&uid)?;
    let batch = blocking(&app, move |app| {
        let filter = TaskFilter { batch_uids: Some(vec![uid]), ..TaskFilter::default() };
        let visible = with_visibility(&allowed, |visibility| app.queue.batches(&filter, visibility))?;
        let batch = if visible.results.is_empty() { None } else { app.queue.batch(uid)? };
        batch.ok_or_else(|| {
            ErrorResponse::new(format!("Batch `{uid}` not found."), Code::BatchNotFound).into()
        })
    })
    .await?;
    Ok(Json(batch.view()).into_response())
}
