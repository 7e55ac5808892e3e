//! `/experimental-features`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use quarry_api::features::FeaturesUpdate;

use crate::app::{App, blocking};
use crate::error::Answer;
use crate::extract::JsonBody;

pub(crate) async fn get(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(app.queue.features()).into_response())
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    JsonBody(update): JsonBody<FeaturesUpdate>,
) -> Answer {
    let features = blocking(&app, move |app| Ok(app.queue.update_features(update)?)).await?;
    Ok(Json(features).into_response())
}
