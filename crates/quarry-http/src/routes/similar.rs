//! `/indexes/{uid}/similar`: checked like every search, answered once vectors are there.

use std::sync::Arc;

use axum::extract::State;
use quarry_api::index_uid::IndexUid;
use quarry_api::similar::SimilarQuery;
use quarry_error::{Code, ErrorResponse};

use super::experimental::not_available;
use crate::app::{App, blocking};
use crate::convert::filter::{check_features, parse_filter};
use crate::convert::storage_error;
use crate::error::Answer;
use crate::extract::{IndexPath, JsonBody, QueryString};

pub(crate) async fn by_body(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    JsonBody(query): JsonBody<SimilarQuery>,
) -> Answer {
    answer(&app, uid, query).await
}

pub(crate) async fn by_query_string(
    State(app): State<Arc<App>>,
    IndexPath(uid): IndexPath,
    query: QueryString,
) -> Answer {
    let query = SimilarQuery::from_query_string(&query.0)?;
    answer(&app, uid, query).await
}

async fn answer(app: &Arc<App>, uid: IndexUid, query: SimilarQuery) -> Answer {
    if let Some(filter) = &query.filter
        && let Some(filter) = parse_filter(filter, Code::InvalidSimilarFilter)?
    {
        check_features(&filter, &app.queue.features())?;
    }
    let permit = app.search_queue.acquire().await?;
    blocking(app, move |app| {
        let handle = app.catalog().get(uid.as_str())?;
        let snapshot = handle.snapshot().map_err(storage_error)?;
        drop(permit);
        if !snapshot.settings().embedders.contains_key(&query.embedder) {
            let message = format!("Cannot find embedder with name `{}`.", query.embedder);
            return Err(ErrorResponse::new(message, Code::InvalidSimilarEmbedder).into());
        }
        if snapshot.document_id(&query.id.0).map_err(storage_error)?.is_none() {
            let message = format!("Document `{}` not found.", query.id.0);
            return Err(ErrorResponse::new(message, Code::NotFoundSimilarId).into());
        }
        Err(not_available("The search of similar documents"))
    })
    .await
}
