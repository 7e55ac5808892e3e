//! What concerns the whole server: `/`, `/health`, `/version`, `/dumps`, `/snapshots`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use quarry_error::{Code, ErrorResponse};
use quarry_tasks::TaskContent;
use serde_json::json;

use super::indexes::enqueue;
use crate::app::App;
use crate::error::Answer;

pub(crate) async fn root() -> Answer {
    Ok(Json(json!({"status": "Meilisearch is running"})).into_response())
}

pub(crate) async fn health(State(app): State<Arc<App>>) -> Answer {
    if app.queue.must_restart() {
        let health = Json(json!({"status": "mustRestart"}));
        return Ok((StatusCode::INTERNAL_SERVER_ERROR, health).into_response());
    }
    if !app.queue.is_running() {
        let message = "internal: the thread that runs tasks has ended: see the log, then restart the server.";
        return Err(ErrorResponse::new(message, Code::Internal).into());
    }
    Ok(Json(json!({"status": "available"})).into_response())
}

pub(crate) async fn version(State(app): State<Arc<App>>) -> Answer {
    let options = &app.options;
    Ok(Json(json!({
        "commitSha": options.commit_sha.unwrap_or("unknown"),
        "commitDate": options.commit_date.unwrap_or("unknown"),
        "pkgVersion": options.package_version,
    }))
    .into_response())
}

pub(crate) async fn dump(State(app): State<Arc<App>>) -> Answer {
    enqueue(&app, TaskContent::DumpCreation, None).await
}

pub(crate) async fn snapshot(State(app): State<Arc<App>>) -> Answer {
    enqueue(&app, TaskContent::SnapshotCreation, None).await
}
